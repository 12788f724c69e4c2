// Command gendocs writes docs/TOOLS.md from the tools themselves.
//
//	go generate ./mailtool
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/postern-mail/postern/mailtool"
)

func main() {
	out := flag.String("o", "", "file to write")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err) //nolint:forbidigo // a command says why it failed
		os.Exit(1)
	}
}

func run(out string) error {
	page, err := neutral()
	if err != nil {
		return err
	}
	return os.WriteFile(out, page, 0o644)
}

// neutral is the page of the tools that work on every backend. A faulty tool
// is an error: the page must not describe what no registry would take.
func neutral() ([]byte, error) {
	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		return nil, err
	}
	return page(reg.Tools()), nil
}
