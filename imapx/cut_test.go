package imapx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/imapx"
)

// A session of list, search, read, move, flag and append is recorded once, and
// then goes wrong at every single byte of it: cut in what the server sends, cut
// in what the client sends, or stalled for ever. Whatever happens, each call
// ends in time and says what is true, on a server that knows.

// told is what the calls of a session said.
type told struct {
	listed, found, read bool  // they succeeded, and were right
	why                 error // the first that did not
	folders             int
	moved               imapx.Moved
	moveErr             error
	flagged             imapx.Changed
	flagErr             error
	appendErr           error
}

// session runs the calls one after the other.
func session(t *testing.T, p *imapx.Pool, fault func(string, ...any)) (out told) {
	call := func(name string, do func(ctx context.Context) error) error {
		ctx, cancel := context.WithTimeout(t.Context(), cutBudget)
		defer cancel()
		start := time.Now()
		err := do(ctx)
		if took := time.Since(start); took > cutBudget+time.Second {
			fault("%s took %v", name, took)
		}
		if out.why == nil {
			out.why = err
		}
		if err != nil && imapx.KindOf(err) == "" {
			fault("%s: untyped error %v", name, err)
		}
		return err
	}
	out.listed = call("list", func(ctx context.Context) error {
		return p.Read(ctx, "", func(c *imapx.Conn) error {
			folders, err := c.List(ctx, true)
			if err != nil {
				return err
			}
			if out.folders = len(folders); len(folders) < 3 || slices.ContainsFunc(folders, func(f imapx.Folder) bool { return f.Counts == nil }) {
				fault("list left something out: %+v", folders)
			}
			return nil
		})
	}) == nil
	out.found = call("search", func(ctx context.Context) error {
		return p.Read(ctx, "INBOX", func(c *imapx.Conn) error {
			hits, err := c.Search(ctx, imapx.Criteria{NoFlags: []string{`\Seen`}}, 10)
			if err == nil && (hits.Total != 3 || !slices.Equal(hits.UIDs, []imapx.UID{3, 2, 1})) {
				fault("search left something out: %+v", hits)
			}
			return err
		})
	}) == nil
	out.read = call("read", func(ctx context.Context) error {
		return p.Read(ctx, "INBOX", func(c *imapx.Conn) error {
			f, err := c.Fetch(ctx, []imapx.UID{1, 2, 3, 4}, imapx.Items{Flags: true, Structure: true, Sections: []imapx.Section{{Max: 1000}}})
			if err != nil {
				return err
			}
			if len(f.Messages) != 4 {
				fault("read left something out: %+v", f)
			}
			for i, m := range f.Messages {
				if string(m.Sections[0]) != letterFrom(i) {
					fault("read %q of message %d", m.Sections[0], i)
				}
			}
			return nil
		})
	}) == nil
	out.moveErr = call("move", func(ctx context.Context) error {
		return p.Write(ctx, "INBOX", func(c *imapx.Conn) (err error) {
			out.moved, err = c.Move(ctx, []imapx.UID{1, 2}, "Archive")
			return err
		})
	})
	out.flagErr = call("flag", func(ctx context.Context) error {
		return p.Write(ctx, "INBOX", func(c *imapx.Conn) (err error) {
			out.flagged, err = c.Store(ctx, []imapx.UID{3}, []string{`\Flagged`}, nil)
			return err
		})
	})
	out.appendErr = call("append", func(ctx context.Context) error {
		return p.Write(ctx, "", func(c *imapx.Conn) error {
			raw := letterFrom(9)
			_, err := c.Append(ctx, "Sent", imapx.AppendOptions{MessageID: "m9@example.org"}, strings.NewReader(raw), int64(len(raw)))
			return err
		})
	})
	noop := func(ctx context.Context) error {
		return p.Read(ctx, "INBOX", func(c *imapx.Conn) error { return c.Noop(ctx) })
	}
	if call("one more", noop) != nil { // it may be what goes wrong
		if err := call("the next", noop); err != nil {
			fault("the next call does not work: %v", err)
		}
	}
	return out
}

// right reports a session in which nothing went wrong.
func (said told) right() bool {
	return said.listed && said.found && said.read && said.moveErr == nil && said.flagErr == nil && said.appendErr == nil
}

// truth is what a server holds after a session.
type truth struct {
	places  map[string][]string // of each message, by id: "INBOX", "Archive"
	flagged bool                // whether message 2 is
}

// check holds what was said against what is.
func (is truth) check(said told, fault func(string, ...any)) {
	for i, u := range []imapx.UID{1, 2} {
		places := strings.Join(is.places[fmt.Sprintf("m%d", i)], "+")
		allowed, ok := map[string][]string{
			"done":   {"Archive"},
			"remain": {"INBOX deleted+Archive"},
			"both":   {"INBOX+Archive", "INBOX deleted+Archive"},
			"unsure": {"INBOX", "Archive", "INBOX+Archive", "INBOX deleted+Archive"},
			"unsaid": {"INBOX"},
		}[verdict(said.moved, u)]
		if !ok || !slices.Contains(allowed, places) {
			fault("message %d is in %s, and the move said %s, %v", i, places, verdict(said.moved, u), said.moveErr)
		}
		if v := verdict(said.moved, u); said.moveErr == nil && v != "done" && v != "remain" {
			fault("the move said %s of message %d, and no error", v, i)
		}
	}
	for _, id := range []string{"m2", "m3"} {
		if !slices.Equal(is.places[id], []string{"INBOX"}) {
			fault("message %s, which nobody moved, is in %v", id, is.places[id])
		}
	}
	done, unsure := slices.Contains(said.flagged.Done, 3), slices.Contains(said.flagged.Unsure, 3)
	if done && !is.flagged || !done && !unsure && is.flagged || said.flagErr == nil && !done {
		fault("flagged is %v, and the change said done %v, unsure %v, %v", is.flagged, done, unsure, said.flagErr)
	}
	copies := len(is.places["m9"])
	uncertain := errors.Is(said.appendErr, imapx.Uncertain)
	if copies > 1 || said.appendErr == nil && copies != 1 || said.appendErr != nil && !uncertain && copies != 0 {
		fault("%d messages were appended, and the answer was %v", copies, said.appendErr)
	}
}

func verdict(m imapx.Moved, u imapx.UID) string {
	var all []string
	for name, list := range map[string][]imapx.UID{
		"done": m.Done, "remain": m.Remain, "both": m.Both, "unsure": m.Unsure, "marked": m.Marked, "missing": m.Missing, "partly": m.Partly,
	} {
		if slices.Contains(list, u) {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		return "unsaid"
	}
	slices.Sort(all)
	return strings.Join(all, " and ")
}

// run plays the session once under a plan and returns its faults.
func (s *effects) run(t *testing.T) (said told, faults []string) {
	synctest.Test(t, func(t *testing.T) {
		p, err := imapx.Open(imapx.Options{
			Addr: "127.0.0.1:143", Security: imapx.Cleartext, Username: "ann", Password: "open sesame",
			MaxConns: 1, Dial: s.dial, Progress: cutProgress, DialTimeout: cutProgress,
		})
		if err != nil {
			t.Fatal(err)
		}
		fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
		said = session(t, p, fault)
		p.Close()
		s.close() // the bubble ends only when every goroutine has
		s.truth().check(said, fault)
		faults = append(faults, s.faults...)
	})
	return said, faults
}

func cutCaps() map[string]string {
	return map[string]string{
		"everything":    "LITERAL+ MOVE UIDPLUS ESEARCH LIST-EXTENDED LIST-STATUS",
		"without move":  "UIDPLUS ESEARCH",
		"nothing known": "",
	}
}

// TestCutAtEveryByte cuts the session at every byte, from either side.
func TestCutAtEveryByte(t *testing.T) {
	troubleEverywhere(t, func(side, at int) trouble { return trouble{side: side, at: at} })
}

// TestStallAtEveryByte lets it fall silent there.
func TestStallAtEveryByte(t *testing.T) {
	troubleEverywhere(t, func(side, at int) trouble { return trouble{side: side, at: at, stall: true} })
}

func troubleEverywhere(t *testing.T, plan func(side, at int) trouble) {
	every := 11 // a sample, which takes a second; POSTERN_EVERY_BYTE=1 takes every one
	if os.Getenv("POSTERN_EVERY_BYTE") == "1" {
		every = 1
	}
	for name, caps := range cutCaps() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := newEffects(caps, trouble{at: -1})
			said, faults := whole.run(t)
			if len(faults) > 0 || !said.right() {
				t.Fatalf("without any trouble: %+v %q", said, faults)
			}
			runs, folders := 0, said.folders
			var mu sync.Mutex
			bad := 0
			for side, length := range whole.passed {
				for at := 0; at <= length; at += every {
					runs++
					said, faults := newEffects(caps, plan(side, at)).run(t)
					if in := bytes.Index(whole.record, []byte("* LIST")); side == 0 && at >= in && !(said.listed && said.found && said.read) {
						faults = append(faults, fmt.Sprintf("reading did not survive it: %v", said.why))
					}
					if said.listed && said.folders != folders {
						faults = append(faults, fmt.Sprintf("%d folders were listed", said.folders))
					}
					mu.Lock()
					if len(faults) > 0 {
						if bad++; bad <= 10 {
							t.Errorf("side %d, byte %d, behind %q: %s", side, at, tail(whole.record, side, at), strings.Join(faults, "; "))
						}
					}
					mu.Unlock()
				}
			}
			t.Logf("%d runs, %d bytes from the server, %d from the client, %d went wrong", runs, whole.passed[0], whole.passed[1], bad)
		})
	}
}

func tail(record []byte, side, at int) string {
	if side == 1 {
		return "a command"
	}
	return string(record[max(0, at-60):min(at, len(record))])
}

// TestMoveBesideATwin: a message that looks like the copy, as whoever sends two
// can make it look, does not make the original go.
func TestMoveBesideATwin(t *testing.T) {
	for name, caps := range map[string]string{"uidplus": "UIDPLUS", "nothing": ""} {
		t.Run(name, func(t *testing.T) {
			s := newEffects(caps, trouble{at: -1})
			s.deaf = "UID COPY"
			s.put("Archive", strings.Replace(letterFrom(0), "Subject: 0", "Subject: x", 1), nil)
			synctest.Test(t, func(t *testing.T) {
				p := open(t, imapx.Options{
					Addr: "127.0.0.1:143", Security: imapx.Cleartext, Username: "ann", Password: "open sesame", Dial: s.dial,
				})
				var errs []error
				for range 2 {
					errs = append(errs, p.Write(t.Context(), "INBOX", func(c *imapx.Conn) error {
						got, err := c.Move(t.Context(), []imapx.UID{1}, "Archive")
						if slices.Contains(got.Done, 1) || slices.Contains(got.Remain, 1) {
							t.Errorf("the move said %+v", got)
						}
						return err
					}))
				}
				p.Close()
				s.close()
				t.Logf("%v", errs)
			})
			b := s.boxes["INBOX"].messages
			if len(b) != 4 || len(b[0].flags) != 0 {
				t.Errorf("message 0 went, or was marked: %d left", len(b))
			}
			for _, f := range s.faults {
				t.Error(f)
			}
		})
	}
}
