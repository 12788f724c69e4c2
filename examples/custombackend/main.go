// Command custombackend shows a mail backend of one's own: a read-only one over a directory of message files.
//
//	go run ./examples/custombackend            # the few letters that come with it
//	go run ./examples/custombackend ~/letters  # directories with .eml files in them
//
// directory.go is the whole backend. What it can do the tools and everything else built on package provider can do with it;
// what it cannot do is not offered. directory_test.go proves it with the conformance suite.
package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"

	"github.com/postern-mail/postern/provider"
)

//go:embed mail
var letters embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "custombackend:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	files, err := fs.Sub(letters, "mail")
	if err != nil {
		return err
	}
	if len(args) > 0 {
		root, err := os.OpenRoot(args[0]) // no link leads out of it
		if err != nil {
			return err
		}
		defer func() { _ = root.Close() }()
		files = root.FS()
	}
	dir, err := Open("letters", files)
	if err != nil {
		return err
	}
	acct, err := provider.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = acct.Close() }()
	return list(ctx, acct, out)
}

// list prints the folders and the newest messages of each.
func list(ctx context.Context, acct *provider.Account, out io.Writer) error {
	fmt.Fprintf(out, "this account can: %s\n", acct.Capabilities())
	folders, err := acct.ListFolders(ctx)
	if err != nil {
		return err
	}
	for _, f := range folders {
		fmt.Fprintf(out, "\n%s (%d)\n", f.Path, f.Total)
		page, err := acct.ListMessages(ctx, provider.ListOptions{Folder: f.ID}, provider.PageRequest{})
		if err != nil {
			return err
		}
		for _, s := range page.Items {
			from := ""
			if len(s.From) > 0 {
				from = s.From[0].String()
			}
			// Subjects and names are a stranger's: %q keeps a terminal safe from them.
			fmt.Fprintf(out, "  %s  %q  %q\n", s.ID, from, s.Subject)
		}
	}
	return nil
}
