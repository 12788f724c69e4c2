package main

import (
	"errors"
	"flag"
	"io"
)

// flags is the command line as given, not yet checked.
type flags struct {
	provider, tools, scopes, methods, tags, allow, policy, recipients, http, state, config, timeout string
	discovery                                                                                       bool
	given                                                                                           map[string]bool
}

// parseFlags reads the command line. It fails with flag.ErrHelp for -h.
func parseFlags(args []string) (flags, error) {
	var f flags
	fs := flagSet(&f)
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return f, flag.ErrHelp
	case err != nil:
		return f, bad("command line", "%v", err)
	case fs.NArg() > 0:
		return f, bad("command line", "unexpected argument %q: see mailmcp -h", clip(fs.Arg(0)))
	}
	f.given = map[string]bool{}
	fs.Visit(func(one *flag.Flag) { f.given[one.Name] = true })
	return f, nil
}

// flagSet declares every flag. All with a value are strings, so that what is wrong
// with one is said in our words; what they mean is in usage.
func flagSet(f *flags) *flag.FlagSet {
	fs := newFlagSet("mailmcp")
	fs.StringVar(&f.provider, "provider", "", "")
	fs.StringVar(&f.config, "config", "", "")
	fs.StringVar(&f.tools, "tools", "", "")
	fs.BoolVar(&f.discovery, "discovery", false, "")
	fs.StringVar(&f.scopes, "scopes", "", "")
	fs.StringVar(&f.methods, "methods", "", "")
	fs.StringVar(&f.tags, "tags", "", "")
	fs.StringVar(&f.allow, "allow", "", "")
	fs.StringVar(&f.policy, "policy", "", "")
	fs.StringVar(&f.recipients, "allow-recipients", "", "")
	fs.StringVar(&f.http, "http", "", "")
	fs.StringVar(&f.state, "state", "", "")
	fs.StringVar(&f.timeout, "timeout", "", "")
	return fs
}

// newFlagSet says nothing by itself.
func newFlagSet(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}
