// Command mailmcp gives an MCP client the mail accounts that its environment
// names, or a sample mailbox, over stdio or HTTP.
//
//	mailmcp                                    # the sample mailbox
//	IMAP_ADDR=imap.example.org IMAP_USER=ann@example.org IMAP_PASSWORD=... mailmcp -methods read
//
// mailmcp -h names every flag and variable.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // MAIL_TIMEZONE works on machines without zone files
)

func main() {
	spareTheCollector()
	os.Exit(program(nil))
}

// program is the whole program; presets is nil but in tests.
func program(presets presetFinder) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Or a client that no longer listens would end the process at once.
	signal.Ignore(syscall.SIGPIPE)
	// A second signal ends the process even if closing takes long.
	context.AfterFunc(ctx, stop)
	return run(ctx, process{
		args: os.Args[1:], getenv: os.Getenv,
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		presets: presets,
	})
}
