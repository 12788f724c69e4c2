// Command bench measures examples/mailmcp as a client sees it: over MCP, on a
// mailbox of its own in a throwaway Dovecot, each operation beside the same
// work done by hand on the wire and beside a call of an empty server on the
// same MCP SDK, in turn, so that a busy machine slows all three.
//
//	go run ./internal/bench            # 10,000 messages, a few minutes
//	go run ./internal/bench -quick     # fewer repetitions
//	go run ./internal/bench -write     # and put the tables into docs/BENCHMARKS.md
//
// It needs Dovecot 2.3, bash and openssl, listens on loopback only, ends by
// itself, and ends every process that it started.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

// longest bounds a whole run: 100,000 messages at every delay take a third of it.
const longest = 45 * time.Minute

func main() {
	if mode := os.Getenv(emptyMode); mode != "" {
		exit(serveEmpty(mode))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, longest)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	cancel()
	stop()
	exit(err)
}

func exit(err error) {
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// settings are what the command line says.
type settings struct {
	messages   int
	delays     []time.Duration
	transports []string
	quick      bool
	write      bool
}

// leastMessages lets every operation find what it looks for.
const leastMessages, mostMessages = 1000, 1_000_000

func parse(args []string, output io.Writer) (settings, error) {
	var s settings
	var delays, transport string
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(output)
	fs.IntVar(&s.messages, "messages", 10_000, "how many messages the mailbox holds")
	fs.StringVar(&delays, "delay", "0,20,80", "round-trip times to the mail server, in milliseconds")
	fs.StringVar(&transport, "transport", "stdio,http", "how to speak MCP: stdio, http or both")
	fs.BoolVar(&s.quick, "quick", false, "fewer repetitions")
	fs.BoolVar(&s.write, "write", false, "put the tables into "+document)
	if err := fs.Parse(args); err != nil {
		return s, err
	}
	if fs.NArg() > 0 {
		return s, fmt.Errorf("what is %q?", fs.Arg(0))
	}
	if s.messages < leastMessages || s.messages > mostMessages {
		return s, fmt.Errorf("-messages must be %d to %d", leastMessages, mostMessages)
	}
	for word := range strings.SplitSeq(delays, ",") {
		ms, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || ms < 0 || ms > 1000 {
			return s, fmt.Errorf("-delay: %q is no number of milliseconds from 0 to 1000", word)
		}
		s.delays = append(s.delays, time.Duration(ms)*time.Millisecond)
	}
	for word := range strings.SplitSeq(transport, ",") {
		switch word = strings.TrimSpace(word); word {
		case overStdio, overHTTP:
			s.transports = append(s.transports, word)
		default:
			return s, fmt.Errorf("-transport: %q is neither stdio nor http", word)
		}
	}
	return s, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if err := missing(); err != nil {
		return err
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, removeAll(scratch)) }()
	if err := os.Chmod(scratch, 0o711); err != nil { // the mail server's own users walk through it
		return err
	}
	b := &bench{settings: s, root: root, scratch: scratch, log: stderr}
	report, err := b.run(ctx)
	if err != nil {
		return err
	}
	text := report.markdown()
	if _, err := io.WriteString(stdout, text); err != nil {
		return err
	}
	if s.write {
		return writeDocument(root, text)
	}
	return nil
}

// removeAll tries again for a while: processes that were just ended may still
// be writing.
func removeAll(dir string) error {
	var err error
	for range 100 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}
