package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/postern-mail/postern/mailtool"
)

// process is what a run has of the machine.
type process struct {
	args           []string
	getenv         func(string) string
	stdin          io.ReadCloser
	stdout, stderr io.Writer
}

// run serves until standard input ends or ctx does, and returns the exit
// status. Nothing but MCP goes to stdout; what stops it is one line on stderr.
func run(ctx context.Context, p process) int {
	err := start(ctx, p)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(p.stderr, usage)
		return 0
	case err != nil:
		fmt.Fprintln(p.stderr, "mailmcp: "+oneLine(err.Error()))
		return 1
	}
	return 0
}

func start(ctx context.Context, p process) (err error) {
	f, err := parseFlags(p.args)
	if err != nil {
		return err
	}
	tools := mailtool.Neutral()
	s, err := readSettings(f, p.getenv, tools, time.Now())
	if err != nil {
		return err
	}
	registry, err := mailtool.NewRegistry(&mailtool.Options{Timeout: s.timeout}, tools...)
	if err != nil {
		return err
	}
	mailboxes, err := openAccounts(s.accounts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAccounts(mailboxes)) }()
	return serve(ctx, s, registry, mailboxes, p)
}

// version is that of the module the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
