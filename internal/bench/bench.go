package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"time"
)

// bench is one run.
type bench struct {
	settings
	root, scratch string
	log           io.Writer
	server        string // address of the mail server
	mailmcp       string // the built program
}

// report is everything a run found.
type report struct {
	settings
	dovecot string          // version
	modules []*debug.Module // that mailmcp is built of
	tables  []table
	starts  []start
}

// table is the operations at one delay over one transport.
type table struct {
	transport string
	delay     time.Duration
	rows      []row
}

// start is what a server costs before and behind the work.
type start struct {
	transport        string
	cold, emptyCold  time.Duration // medians
	idle, used, peak int64         // bytes; peak has the 11 MB message in it
	tools            int           // bytes of the list of tools
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }

func (b *bench) run(ctx context.Context) (rep *report, err error) {
	rep = &report{settings: b.settings}
	out, err := exec.CommandContext(ctx, "dovecot", "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("dovecot --version: %w", err)
	}
	rep.dovecot = firstWord(out)
	b.say("writing %d messages", b.messages)
	base := filepath.Join(b.scratch, "server")
	if err := fill(base, b.messages); err != nil {
		return nil, err
	}
	b.say("building mailmcp")
	b.mailmcp = filepath.Join(b.scratch, "mailmcp")
	build := exec.CommandContext(ctx, "go", "build", "-o", b.mailmcp, "./examples/mailmcp")
	build.Dir = b.root
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	info, err := buildinfo.ReadFile(b.mailmcp)
	if err != nil {
		return nil, err
	}
	rep.modules = info.Deps
	d, err := startDovecot(filepath.Join(b.root, "imapx", "imapxtest", "servers"), base)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	b.server = d.addr
	if err := b.warm(); err != nil {
		return nil, err
	}
	passed, err := b.count(ctx)
	if err != nil {
		return nil, err
	}
	for _, transport := range b.transports {
		for _, delay := range b.delays {
			b.say("%s, %v", transport, delay)
			if err := b.compare(ctx, rep, transport, delay, passed); err != nil {
				return nil, fmt.Errorf("%s, %v: %w", transport, delay, err)
			}
		}
	}
	return rep, nil
}

// warm fills the server's caches, as the mailbox of a person who uses it has them.
func (b *bench) warm() error {
	b.say("warming the mail server")
	w, err := dialWire(b.server)
	if err != nil {
		return err
	}
	defer w.close()
	for _, command := range []string{"EXAMINE INBOX", "FETCH 1:* " + listed, `UID SEARCH BODY "` + bodyWord + `"`} {
		if err := w.do(command, nil); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) programs(addr string) (mail, empty program, err error) {
	self, err := os.Executable()
	if err != nil {
		return mail, empty, err
	}
	mail = program{path: b.mailmcp, args: []string{"-http", "127.0.0.1:0"}, env: []string{
		"IMAP_ADDR=" + addr, "IMAP_USER=" + username, "IMAP_PASSWORD=" + password, "IMAP_TLS=none", "MAIL_TIMEZONE=UTC",
	}}
	return mail, program{path: self}, nil
}

// assemble starts both servers and the connections by hand, against addr.
func (b *bench) assemble(ctx context.Context, transport, addr string) (_ *rig, stop func() error, err error) {
	mail, empty, err := b.programs(addr)
	if err != nil {
		return nil, nil, err
	}
	empty.env = []string{emptyMode + "=" + transport}
	r := &rig{}
	var closers []func() error
	stop = func() error {
		var errs []error
		for _, c := range closers {
			errs = append(errs, c())
		}
		return errors.Join(errs...)
	}
	fail := func(err error) (*rig, func() error, error) { return nil, nil, errors.Join(err, stop()) }
	if r.mail, err = mail.start(ctx, transport); err != nil {
		return fail(err)
	}
	closers = append(closers, r.mail.close)
	if r.empty, err = empty.start(ctx, transport); err != nil {
		return fail(err)
	}
	closers = append(closers, r.empty.close)
	for range handCount {
		w, err := dialWire(addr)
		if err != nil {
			return fail(err)
		}
		closers = append(closers, func() error { w.close(); return nil })
		if err := w.do("EXAMINE INBOX", nil); err != nil {
			return fail(err)
		}
		r.hands = append(r.hands, w)
	}
	return r, stop, nil
}

// passed is what went over the wire for one operation.
type passed struct{ ours, hands counts }

// countDelay keeps pipelined commands together: they must arrive before the
// first answer is heard.
const countDelay = 6 * time.Millisecond

// count runs every operation once through a counting proxy.
func (b *bench) count(ctx context.Context) (_ map[string]passed, err error) {
	b.say("counting round trips")
	p, err := newProxy(b.server, countDelay)
	if err != nil {
		return nil, err
	}
	defer p.close()
	r, stop, err := b.assemble(ctx, overStdio, p.addr)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	sm, err := pick(ctx, r.mail, r.hands[0], b.messages)
	if err != nil {
		return nil, err
	}
	all := make(map[string]passed)
	for _, op := range operations(sm, b.messages) {
		if op.readers > 0 {
			continue // the same reads as in a row
		}
		var n passed
		for range 2 { // the second time is the warm one
			p.take()
			if err := op.hand(r.hands); err != nil {
				return nil, fmt.Errorf("%s by hand: %w", op.name, err)
			}
			n.hands = p.take()
			if _, err := op.tool(ctx, r.mail); err != nil {
				return nil, fmt.Errorf("%s: %w", op.name, err)
			}
			n.ours = p.take()
		}
		all[op.name] = n
	}
	return all, nil
}

// coldStarts is how often a server is started to see how long that takes.
const coldStarts = 15

func (b *bench) compare(ctx context.Context, rep *report, transport string, delay time.Duration, seen map[string]passed) (err error) {
	addr := b.server
	if delay > 0 {
		p, err := newProxy(b.server, delay)
		if err != nil {
			return err
		}
		defer p.close()
		addr = p.addr
	}
	st := start{transport: transport}
	if delay == 0 {
		if err := b.coldStarts(ctx, &st); err != nil {
			return err
		}
	}
	r, stop, err := b.assemble(ctx, transport, addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	st.tools = r.mail.tools
	if st.idle, _, err = r.mail.memory(); err != nil {
		return err
	}
	sm, err := pick(ctx, r.mail, r.hands[0], b.messages)
	if err != nil {
		return err
	}
	t := table{transport: transport, delay: delay}
	for _, op := range operations(sm, b.messages) {
		if delay > 0 && op.noDelay {
			continue
		}
		got, err := r.measure(ctx, op, op.reps(delay, b.quick))
		if err != nil {
			return err
		}
		got.wire, got.counted = seen[op.name]
		t.rows = append(t.rows, got)
	}
	rep.tables = append(rep.tables, t)
	if delay > 0 {
		return nil
	}
	if st.used, st.peak, err = r.mail.memory(); err != nil {
		return err
	}
	rep.starts = append(rep.starts, st)
	return nil
}

// coldStarts starts both servers in turn.
func (b *bench) coldStarts(ctx context.Context, st *start) error {
	mail, empty, err := b.programs(b.server)
	if err != nil {
		return err
	}
	empty.env = []string{emptyMode + "=" + st.transport}
	var ours, none []time.Duration
	n := coldStarts
	if b.quick {
		n = 5
	}
	for range n {
		for _, side := range []struct {
			program
			to *[]time.Duration
		}{{mail, &ours}, {empty, &none}} {
			s, err := side.start(ctx, st.transport)
			if err != nil {
				return err
			}
			*side.to = append(*side.to, s.cold)
			if err := s.close(); err != nil {
				return err
			}
		}
	}
	st.cold, st.emptyCold = median(ours), median(none)
	return nil
}
