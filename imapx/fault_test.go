package imapx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
)

func body(n int64) imapx.Items {
	return imapx.Items{Flags: true, Sections: []imapx.Section{{Max: n}}}
}

func fetchOne(t *testing.T, p *imapx.Pool, uids ...imapx.UID) (f imapx.Fetched, err error) {
	t.Helper()
	err = p.Read(t.Context(), "INBOX", func(c *imapx.Conn) (err error) {
		f, err = c.Fetch(t.Context(), uids, body(1000))
		return err
	})
	return f, err
}

// TestAnswersThatBreak: each is one clear error when it comes again and again,
// or is told of the message; when it does not, the call itself or the next heals.
func TestAnswersThatBreak(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		change       func(*imapx.Options)
		kind         imapx.Kind
		text         string
	}{
		{name: "never answered", answer: "", kind: imapx.Unavailable, text: "no answer for 50ms",
			change: func(o *imapx.Options) { o.Progress = 50 * time.Millisecond }},
		{name: "half a line", answer: "S- * 1 FETCH (UID", kind: imapx.Unavailable, text: "no answer for 50ms",
			change: func(o *imapx.Options) { o.Progress = 50 * time.Millisecond }},
		{name: "bye", answer: "S: * BYE [UNAVAILABLE] shutting down for the night\nX:", kind: imapx.Unavailable, text: "shutting down for the night"},
		{name: "bye for too many", answer: "S: * BYE [LIMIT] too many of you\nX:", kind: imapx.Limit, text: "too many of you"},
		{name: "closed", answer: "X:", kind: imapx.Unavailable},
		{name: "literal cut short", answer: `S- * 1 FETCH (UID 5 FLAGS () BODY[]<0> {100}\r\n0123456789` + "\nX:", kind: imapx.Unavailable, text: "unexpected EOF"},
		{name: "literal of a gigabyte", answer: "S: * 1 FETCH (UID 5 FLAGS () BODY[]<0> {1073741824}", kind: imapx.TooLarge, text: "1073741824"},
		{name: "subject of 200 MB", answer: `S: * 1 FETCH (UID 5 ENVELOPE ("x" {200000000}`, kind: imapx.TooLarge},
		{name: "endless quoted string", answer: `S- * 1 FETCH (UID 5 ENVELOPE ("` + strings.Repeat("x", 1<<20), kind: imapx.TooLarge},
		{name: "endless word", answer: "S- * 1 " + strings.Repeat("x", 1<<20), kind: imapx.TooLarge},
		{name: "nested 3 million deep", answer: "S- * 1 FETCH (UID 5 BODYSTRUCTURE " + strings.Repeat("(", 3<<20), kind: imapx.TooLarge, text: "nesting"},
		{name: "break in a quoted string", answer: `S: * 1 FETCH (UID 5 ENVELOPE ("an "unescaped quote`, kind: imapx.Protocol},
		{name: "unknown item", answer: "S: * 1 FETCH (UID 5 X-GM-MSGID 12)", kind: imapx.Protocol, text: "X-GM-MSGID"},
		{name: "absurd number", answer: "S: * 99999999999 EXISTS", kind: imapx.Protocol},
		{name: "unknown tag", answer: "S: X9 OK who", kind: imapx.Protocol},
		{name: "bad", answer: "S: $ BAD what", kind: imapx.Protocol, text: "what"},
		{name: "no", answer: "S: $ NO [SERVERBUG] oops", kind: imapx.Unavailable, text: "oops"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			retry := inboxed("", "EXAMINE") + `C: UID FETCH 5
S: * 1 FETCH (UID 5 FLAGS (\Seen) BODY[]<0> {5}
S- hello
S: )
S: $ OK`
			first := inboxed("", "EXAMINE") + "C: UID FETCH 5\n" + tt.answer
			broken := first
			if tt.name == "bad" || tt.name == "no" {
				// The connection lives on, but its mailbox is opened anew.
				first += "\n" + retry[strings.Index(retry, "C: EXAMINE"):]
				retry = ""
			}
			change := func(srv *scripted) imapx.Options {
				opts := srv.options()
				if tt.change != nil {
					tt.change(&opts)
				}
				return opts
			}
			f, err := fetchOne(t, open(t, change(serve(t, broken, broken, broken, broken, broken, broken))), 5)
			if err == nil && len(f.Incomplete) == 1 {
				err = f.Why
			}
			wantKind(t, err, tt.kind)
			if !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %q lacks %q", err, tt.text)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			p := open(t, change(serve(t, first, retry)))
			if f, err = fetchOne(t, p, 5); err != nil {
				f, err = fetchOne(t, p, 5)
			}
			if err != nil || len(f.Messages) != 1 || string(f.Messages[0].Sections[0]) != "hello" {
				t.Errorf("the next call: %+v, %v", f, err)
			}
		})
	}
}

func TestDisplacedAnswers(t *testing.T) {
	const whole = "S: * 1 FETCH (UID 5 FLAGS () BODY[]<0> {5}\nS- first\nS: )\n"
	for _, tt := range []struct{ name, script, want string }{
		{"news of a flag in place of the answer", `C: UID FETCH 5:6
S: * 2 FETCH (UID 6 FLAGS (\Flagged))
` + whole + `S: * 2 FETCH (UID 6 FLAGS () BODY[]<0> {6}
S- second
S: )
S: $ OK
C: NOOP
S: $ OK
C: UID FETCH 6
S: * 2 FETCH (UID 6 FLAGS (\Flagged) BODY[]<0> {6}
S- second
S: )
S: $ OK`, "5 first, 6 second"},
		{"literal before the uid", `C: UID FETCH 5:6
` + whole + `S: * 2 FETCH (BODY[]<0> {6}
S- second
S:  UID 6 FLAGS ())
S: $ OK
C: NOOP
S: $ OK
C: UID FETCH 6
S: * 2 FETCH (UID 6 FLAGS () BODY[]<0> {6}
S- second
S: )
S: $ OK`, "5 first, 6 second"},
		{"left out once", `C: UID FETCH 5:6
` + whole + `S: $ OK
C: NOOP
S: $ OK
C: UID FETCH 6
S: * 2 FETCH (UID 6 FLAGS () BODY[]<0> {0}
S: )
S: $ OK`, "5 first, 6 "},
		{"empty twice", `C: UID FETCH 5:6
` + whole + `S: * 2 FETCH (UID 6 FLAGS () BODY[]<0> NIL)
S: $ OK
C: NOOP
S: $ OK
C: UID FETCH 6
S: * 2 FETCH (UID 6 FLAGS () BODY[]<0> NIL)
S: $ OK`, "5 first, missing [] [6]"},
		{"served empty because it has gone", `C: UID FETCH 5:6
` + whole + `S: * 2 FETCH (UID 6 FLAGS () BODY[]<0> {0}
S: )
S: $ OK [EXPUNGEISSUED] some are gone
C: NOOP
S: $ OK
C: UID FETCH 5:6
` + whole + `S: $ OK`, "5 first, missing [6] []"},
		{"gone", `C: UID FETCH 5:6
` + whole + `S: $ OK
C: NOOP
S: $ OK
C: UID FETCH 6
S: $ OK`, "5 first, missing [6] []"},
		{"not heard of before a NOOP", `C: UID FETCH 5:6
` + whole + `S: $ OK
C: NOOP
S: * 2 EXISTS
S: $ OK
C: UID FETCH 6
S: * 2 FETCH (UID 6 FLAGS () BODY[]<0> {6}
S- second
S: )
S: $ OK`, "5 first, 6 second"},
		{"marked, then gone", `C: UID FETCH 5:6
` + whole + `S: * 2 FETCH (UID 6 FLAGS (\Deleted))
S: $ OK
C: NOOP
S: $ OK
C: UID FETCH 6
S: $ OK`, "5 first, missing [6] []"},
		{"left out twice", `C: UID FETCH 5:6
` + whole + `S: * 2 FETCH (UID 6 FLAGS ())
S: $ OK
C: NOOP
S: $ OK
C: UID FETCH 6
S: * 2 FETCH (UID 6 FLAGS ())
S: $ OK`, "5 first, missing [] [6]"},
		{"not asked for", `C: UID FETCH 5:6
S: * 9 FETCH (UID 99 FLAGS () BODY[]<0> {5}
S- other
S: )
` + whole + `S: * 2 FETCH (UID 6 FLAGS () BODY[] "quoted")
S: $ OK`, "5 first, 6 quoted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, inboxed("", "EXAMINE")+tt.script)
			f, err := fetchOne(t, open(t, srv.options()), 5, 6)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range f.Messages {
				got = append(got, fmt.Sprintf("%d %s", m.UID, m.Sections[0]))
			}
			if len(f.Missing)+len(f.Incomplete) > 0 {
				got = append(got, fmt.Sprint("missing ", f.Missing, " ", f.Incomplete))
			}
			diff(t, "fetched", tt.want, strings.Join(got, ", "))
		})
	}
}

func TestEmptyPart(t *testing.T) {
	answer := "C: UID FETCH 5\nS: * 1 FETCH (UID 5 BODY[2]<0> NIL)\nS: $ OK\n"
	srv := serve(t, inboxed("", "EXAMINE")+answer+"C: NOOP\nS: $ OK\n"+answer)
	read(t, open(t, srv.options()), "INBOX", func(ctx context.Context, c *imapx.Conn) error {
		f, err := c.Fetch(ctx, []imapx.UID{5}, imapx.Items{Sections: []imapx.Section{{Path: []int{2}, Max: 10}}})
		if err == nil && (len(f.Messages) != 1 || len(f.Messages[0].Sections[0]) != 0) {
			t.Errorf("%+v", f)
		}
		return err
	})
}

func TestBodyBoundedByWhatWasAskedFor(t *testing.T) {
	srv := serve(t, inboxed("", "EXAMINE")+`C: UID FETCH 5
S: * 1 FETCH (UID 5 FLAGS () BODY[]<0> {2000}
S- `+strings.Repeat("x", 2000)+`
S: )
S: $ OK
C: NOOP
S: $ OK`)
	p := open(t, srv.options())
	read(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
		f, err := c.Fetch(ctx, []imapx.UID{5}, body(10))
		if err == nil && len(f.Messages[0].Sections[0]) != 10 {
			t.Errorf("%d bytes kept", len(f.Messages[0].Sections[0]))
		}
		return errors.Join(err, c.Noop(ctx))
	})
}

func TestSearchAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, caps, answer string
		want               imapx.Hits
	}{
		{"every number there is", "ESEARCH", `S: * ESEARCH (TAG "$") UID ALL 1:4294967295 COUNT 4294967295`, imapx.Hits{UIDs: []imapx.UID{4294967295, 4294967294}, Total: math.MaxInt32}},
		{"ranges", "ESEARCH", `S: * ESEARCH (TAG "$") UID ALL 1,7:9,3`, imapx.Hits{UIDs: []imapx.UID{9, 8}, Total: 5}},
		{"nothing", "ESEARCH", `S: * ESEARCH (TAG "$") UID`, imapx.Hits{}},
		{"plain", "", "S: * SEARCH 4 2 9", imapx.Hits{UIDs: []imapx.UID{9, 4}, Total: 3}},
		{"plain, nothing", "", "S: * SEARCH", imapx.Hits{}},
		{"plain, no answer at all", "", "S: * OK fine", imapx.Hits{}},
		{"zero", "", "S: * SEARCH 0 3", imapx.Hits{UIDs: []imapx.UID{3}, Total: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, inboxed(tt.caps, "EXAMINE")+"C: UID SEARCH\n"+strings.ReplaceAll(tt.answer, `"$"`, `"T2"`)+"\nS: $ OK done")
			p := open(t, srv.options())
			read(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
				got, err := c.Search(ctx, imapx.Criteria{}, 2)
				diff(t, "hits", tt.want, got)
				return err
			})
		})
	}
}

func TestSearchThatNamesTooFew(t *testing.T) {
	srv := serve(t, inboxed("ESEARCH", "EXAMINE")+"C: UID SEARCH\nS: * ESEARCH (TAG \"T2\") UID COUNT 3 ALL 4:5\nS: $ OK done")
	err := open(t, srv.options()).Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
		_, err := c.Search(t.Context(), imapx.Criteria{}, 2)
		return err
	})
	wantKind(t, err, imapx.Protocol)
}

func TestOddMailboxNames(t *testing.T) {
	srv := serve(t, hello("")+`C: LIST
S: * LIST () "/" inbox
S: * LIST () "/" "Q&A"
S: * LIST () "/" "an "unescaped" quote"
S: * LIST (
S: * LIST () "/" {5}
S- Q &- 
S: 
S: * LIST () NIL "a\"b\\c"
S: * LIST (\sent \hasnochildren) "/" &AOk-t&AOk-
S: * LIST () "/" "caf`+"\xe9"+`"
S: * LIST () "/" &BBA
S: * LIST () "/" ""
S: * LIST () "/" a&AAE-b
S: * LIST () "/" 2024
S: $ OK`)
	var got []string
	err := open(t, srv.options()).Read(t.Context(), "", func(c *imapx.Conn) error {
		folders, err := c.List(t.Context(), false)
		for _, f := range folders {
			name := f.Name + string(f.Use)
			if f.Odd && f.NoSelect {
				name = "odd: " + name
			}
			got = append(got, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "names", []string{
		"INBOXInbox", "odd: Q&A", `odd: () "/" "an "unescaped" quote"`, "odd: (", "Q & ", `a"b\c`, "étéSent", "odd: caf\uFFFD", "odd: &BBA", "odd: ", "odd: a&AAE-b", "2024",
	}, got)
}

// TestUnknownAnswers: what nobody asked for is not read at all.
func TestUnknownAnswers(t *testing.T) {
	srv := serve(t, inboxed("", "EXAMINE")+`C: UID FETCH 5
S: * VANISHED (EARLIER) 41:116
S: * LIST () "/" "Q&A"
S: * STATUS "x" (MESSAGES x)
S: * FLAGS (\Bad(\flag)
S: * X-NEWS it's "half a quote
S: * 7 X-FROZEN {3}
S: ab)
S: * CAPABILITY IMAP4rev1 (
S: * NAMESPACE nonsense
S: * 1 FETCH (UID 5 FLAGS () BODY[]<0> {5}
S- hello
S: )
S: $ OK`)
	f, err := fetchOne(t, open(t, srv.options()), 5)
	if err != nil || len(f.Messages) != 1 || string(f.Messages[0].Sections[0]) != "hello" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestTooManyMailboxes(t *testing.T) {
	srv := serve(t, hello("")+"C: LIST\n"+strings.Repeat("S: * LIST () NIL x\n", 50)+"S: $ OK", hello("")+"C: NOOP\nS: $ OK")
	opts := srv.options()
	opts.Limits.Folders = 20
	p := open(t, opts)
	err := p.Read(t.Context(), "", func(c *imapx.Conn) error {
		_, err := c.List(t.Context(), false)
		return err
	})
	wantKind(t, err, imapx.TooLarge)
	if err := noop(t, p); err != nil {
		t.Error(err)
	}
}

func TestSelectWithoutUIDValidity(t *testing.T) {
	srv := serve(t, hello("")+"C: EXAMINE INBOX\nS: * 3 EXISTS\nS: $ OK open")
	err := open(t, srv.options()).Read(t.Context(), "INBOX", func(*imapx.Conn) error { return nil })
	wantKind(t, err, imapx.Protocol)
}

func TestNewNumbersOfAMove(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         imapx.Moved
	}{
		{"in the server's order", "S: * OK [COPYUID 9 6,5 11:12] moved\nS: * 1 EXPUNGE\nS: * 1 EXPUNGE\nS: $ OK done",
			imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{5, 6}}, Validity: 9, New: map[imapx.UID]imapx.UID{6: 11, 5: 12}}},
		{"some were gone", "S: $ OK [COPYUID 9 5 11] moved",
			imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{5}, Missing: []imapx.UID{6}}, Validity: 9, New: map[imapx.UID]imapx.UID{5: 11}}},
		{"unknown, both moved", "S: * 1 EXPUNGE\nS: * 1 EXPUNGE\nS: $ OK done\nC: UID SEARCH\nS: * SEARCH\nS: $ OK",
			imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{5, 6}}}},
		{"unknown, both gone", "S: $ OK done\nC: UID SEARCH\nS: * SEARCH\nS: $ OK",
			imapx.Moved{Changed: imapx.Changed{Missing: []imapx.UID{5, 6}}}},
		{"unknown, one left where it was", "S: * 1 EXPUNGE\nS: $ OK done\nC: UID SEARCH\nS: * SEARCH 6\nS: $ OK",
			imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{5}, Unsure: []imapx.UID{6}}}},
		{"lists that do not match", "S: * OK [COPYUID 9 5:6 11] odd\nS: * 1 EXPUNGE\nS: * 1 EXPUNGE\nS: $ OK done\nC: UID SEARCH\nS: * SEARCH\nS: $ OK",
			imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{5, 6}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, inboxed("MOVE UIDPLUS", "SELECT")+"C: UID MOVE 5:6 \"Archive\"\n"+tt.answer)
			if tt.want.New == nil {
				tt.want.New = map[imapx.UID]imapx.UID{}
			}
			var got imapx.Moved
			write(t, open(t, srv.options()), "INBOX", func(ctx context.Context, c *imapx.Conn) (err error) {
				got, err = c.Move(ctx, []imapx.UID{5, 6}, "Archive")
				return err
			})
			diff(t, "moved", tt.want, got)
		})
	}
}

func TestMoveTakenBackInMidSession(t *testing.T) {
	srv := serve(t, inboxed("MOVE UIDPLUS", "SELECT")+"C: NOOP\nS: * OK [CAPABILITY IMAP4rev1] fewer\nS: $ OK")
	err := open(t, srv.options()).Write(t.Context(), "INBOX", func(c *imapx.Conn) error {
		if err := c.Noop(t.Context()); err != nil {
			return err
		}
		_, err := c.Move(t.Context(), []imapx.UID{5}, "Archive")
		return err
	})
	wantKind(t, err, imapx.Protocol)
	if sent := srv.heard(); strings.Contains(sent, "COPY") || strings.Contains(sent, "STORE") || strings.Contains(sent, "EXPUNGE") {
		t.Errorf("the client sent %s", sent)
	}
}

// TestMoveOfManyScattered: a long command leaves the library in pieces.
func TestMoveOfManyScattered(t *testing.T) {
	var uids []imapx.UID
	for i := range imapx.UID(imapx.ChunkSize) {
		uids = append(uids, 1_000_000+2*i)
	}
	srv := serve(t, inboxed("MOVE UIDPLUS", "SELECT")+"C: UID MOVE 1000000,\nS: * OK [COPYUID 9 1000000 11] moved\nS: $ OK done")
	var got imapx.Moved
	write(t, open(t, srv.options()), "INBOX", func(ctx context.Context, c *imapx.Conn) (err error) {
		got, err = c.Move(ctx, uids, "Archive")
		return err
	})
	if len(got.Done) != 1 || len(got.Missing) != len(uids)-1 {
		t.Errorf("%d done, %d missing", len(got.Done), len(got.Missing))
	}
}

func TestSlowButSteady(t *testing.T) {
	srv := serve(t, inboxed("", "EXAMINE")+`C: UID FETCH 5
S. * 1 FETCH (UID 5 FLAGS () BODY[]<0> {20}\r\nabcdefghijklmnopqrst)
S: 
S: $ OK`)
	opts := srv.options()
	opts.Progress = 500 * time.Millisecond
	start := time.Now()
	f, err := fetchOne(t, open(t, opts), 5)
	if err != nil || string(f.Messages[0].Sections[0]) != "abcdefghijklmnopqrst" {
		t.Fatalf("%+v, %v", f, err)
	}
	if took := time.Since(start); took < opts.Progress {
		t.Errorf("the whole took %v: nothing was shown", took)
	}
}

func TestKeywordTheMailboxForgets(t *testing.T) {
	box := strings.Replace(inboxed("", "SELECT"), "S: * OK [UIDVALIDITY", "S: * OK [PERMANENTFLAGS (\\Seen $Label)] ok\nS: * OK [UIDVALIDITY", 1)
	srv := serve(t, box+"C: UID STORE 5 +FLAGS ($Label)\nS: * 1 FETCH (UID 5 FLAGS ($Label))\nS: $ OK")
	write(t, open(t, srv.options()), "INBOX", func(ctx context.Context, c *imapx.Conn) error {
		_, err := c.Store(ctx, []imapx.UID{5}, []string{"$Other"}, nil)
		wantKind(t, err, imapx.Unsupported)
		_, err = c.Store(ctx, []imapx.UID{5}, []string{"$Label"}, nil)
		return err
	})
}

func TestAppendLimits(t *testing.T) {
	srv := serve(t, hello("APPENDLIMIT=100")+"C: NOOP\nS: $ OK")
	write(t, open(t, srv.options()), "", func(ctx context.Context, c *imapx.Conn) error {
		_, err := c.Append(ctx, "Sent", imapx.AppendOptions{}, strings.NewReader("x"), 101)
		wantKind(t, err, imapx.TooLarge)
		return c.Noop(ctx)
	})
}

func TestAppendRefusedBeforeTheData(t *testing.T) {
	srv := serve(t, hello("")+"C: APPEND \"Sent\" {9}\nS: $ NO [OVERQUOTA] full", hello("")+"C: NOOP\nS: $ OK")
	p := open(t, srv.options())
	err := p.Write(t.Context(), "", func(c *imapx.Conn) error {
		_, err := c.Append(t.Context(), "Sent", imapx.AppendOptions{}, io.LimitReader(strings.NewReader("some text"), 9), 9)
		return err
	})
	wantKind(t, err, imapx.Limit)
	if err := noop(t, p); err != nil {
		t.Error(err)
	}
}
