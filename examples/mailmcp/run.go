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
	presets        presetFinder // nil: the real services
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
	if len(p.args) > 0 {
		switch p.args[0] {
		case "login":
			return runLogin(ctx, p, p.args[1:])
		case "logout":
			return runLogout(ctx, p, p.args[1:])
		}
	}
	f, err := parseFlags(p.args)
	if err != nil {
		return err
	}
	st, err := openServed(ctx, f, p.getenv)
	if err != nil {
		return err
	}
	if st != nil {
		defer func() { err = errors.Join(err, st.Close()) }()
	}
	tools := mailtool.Neutral()
	env := environment{lookup: p.getenv, logins: p.logins(ctx, st)}
	s, err := readSettings(f, env, tools, time.Now())
	if err != nil {
		return err
	}
	registry, err := mailtool.NewRegistry(&mailtool.Options{Timeout: s.timeout}, tools...)
	if err != nil {
		return err
	}
	if f.discovery {
		if registry, err = registry.Discovery(); err != nil {
			return err
		}
	}
	open, err := openAccounts(s.accounts, st, p.finder())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, open.Close()) }()
	return serve(ctx, s, registry, open.accounts, p)
}

// version is that of the module the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
