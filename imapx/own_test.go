package imapx

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func show(vs []value) string {
	var out []string
	for _, v := range vs {
		switch v.kind {
		case listValue:
			out = append(out, "("+show(v.list)+")")
		case nilValue:
			out = append(out, "NIL")
		case stringValue:
			out = append(out, fmt.Sprintf("%q", v.text))
		default:
			out = append(out, v.text)
		}
	}
	return strings.Join(out, " ")
}

func TestParseResponse(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		broken         bool
	}{
		{name: "fetch", in: "* 12 FETCH (UID 5 X-GM-LABELS (\\Inbox \"a b\") PREVIEW NIL)\r\n", want: `12 FETCH (UID 5 X-GM-LABELS (\Inbox "a b") PREVIEW NIL)`},
		{name: "list", in: "* list (\\Sent) \"/\" {3}\r\na b\r\n", want: `0 LIST (\Sent) "/" "a b"`},
		{name: "a literal within a list", in: "* 1 FETCH (PREVIEW {4}\r\n)\"( UID 5)\r\n", want: `1 FETCH (PREVIEW ")\"( " UID 5)`},
		{name: "a literal of exact size", in: "* 1 FETCH (PREVIEW {3}\r\n)\"( UID 5)\r\n", want: `1 FETCH (PREVIEW ")\"(" UID 5)`},
		{name: "body", in: "* 1 FETCH (BODY[HEADER.FIELDS (FROM TO)]<0> \"x\")\n", want: `1 FETCH (BODY[HEADER.FIELDS (FROM TO)]<0> "x")`},
		{name: "escapes", in: "* LIST () NIL \"a\\\"b\\\\c\"\r\n", want: `0 LIST () NIL "a\"b\\c"`},
		{name: "empty", in: "* SORT\r\n", want: "0 SORT "},
		{name: "thread", in: "* XTREE (2)(3 6 (4 23)(44 7 96))\r\n", want: "0 XTREE (2) (3 6 (4 23) (44 7 96))"},
		{name: "open list", in: "* XTREE (2 (3\r\n", want: "0 XTREE ", broken: true},
		{name: "one close too many", in: "* XTREE (2))\r\n", want: "0 XTREE (2)", broken: true},
		{name: "open quote", in: "* LIST () \"/\r\n", want: "0 LIST ()", broken: true},
		{name: "literal cut short", in: "* LIST {9}\r\nabc\r\n", want: "0 LIST ", broken: true},
		{name: "deep", in: "* XTREE " + strings.Repeat("(", 10_000) + strings.Repeat(")", 10_000) + "\r\n", want: "0 XTREE ", broken: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := parseResponse([]byte(tt.in))
			got := fmt.Sprint(r.number, " ", r.name, " ", show(r.values))
			if tt.broken != r.broken || !tt.broken && got != tt.want {
				t.Errorf("got %s, broken %v, want %s", got, r.broken, tt.want)
			}
		})
	}
}

func FuzzParseResponse(f *testing.F) {
	for _, seed := range []string{"* 12 FETCH (UID 5 X-GM-LABELS (\\Inbox \"a b\"))\r\n", "* LIST () {3}\r\nabc\r\n", "* XTREE ((1)(2 (3)))\r\n", "* 1 FETCH (BODY[A (B)]<0> \"\\\"\")"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if r := parseResponse(in); len(show(r.values)) > 8*len(in)+8 {
			t.Errorf("%d bytes became %d", len(in), len(show(r.values)))
		}
	})
}

// TestManySmallValues: an answer as long as the guard lets through, of the
// shortest values there are, costs little more than itself.
func TestManySmallValues(t *testing.T) {
	for _, value := range []string{"a ", "()"} {
		answer := []byte("* ESEARCH " + strings.Repeat(value, defaultNumbers/2) + "\r\n")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := parseResponse(answer)
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; !r.broken || spent > 4*defaultNumbers {
			t.Errorf("%q: broken %v, %d MB", value, r.broken, spent>>20)
		}
	}
}

func TestQuoted(t *testing.T) {
	for _, tt := range []struct{ in, want, before, literal, rest string }{
		{"plain", `"plain" x`, `"plain" x`, "", ""},
		{`a "b" \c {3}`, `"a \"b\" \\c {3}" x`, `"a \"b\" \\c {3}" x`, "", ""},
		{"", `"" x`, `"" x`, "", ""},
		{"é {2}\r\nab", "{10}\r\né {2}\r\nab x", "", "é {2}\r\nab", " x"},
		{"a\nb", "{3}\r\na\nb x", "", "a\nb", " x"},
	} {
		args := quoted(tt.in) + " x"
		if args != tt.want {
			t.Errorf("quoted(%q) is %q", tt.in, args)
		}
		before, literal, rest := cutLiteral(args)
		if before != tt.before || literal != tt.literal || rest != tt.rest {
			t.Errorf("%q is cut into %q %q %q", args, before, literal, rest)
		}
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ raw, name string }{
		{"INBOX", "INBOX"}, {"a&-b", "a&b"}, {"&AOk-t&AOk-", "été"}, {"&ZeVnLIqe-", "日本語"}, {"&2D3eAA-", "😀"}, {"~peter/mail", "~peter/mail"},
	} {
		if got, ok := decodeName(tt.raw); !ok || got != tt.name || encodeName(tt.name) != tt.raw {
			t.Errorf("%q is %q, %v; %q travels as %q", tt.raw, got, ok, tt.name, encodeName(tt.name))
		}
	}
	for _, raw := range []string{"Q&A", "&AOk", "&A-", "&AGE-", "&2D0-", "caf\xe9", "caf\u00e9", "&AOk-&AOk-", "&****-", "&"} {
		if got, ok := decodeName(raw); ok {
			t.Errorf("%q was read as %q", raw, got)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, seed := range []string{"INBOX", "&AOk-t&AOk-", "Q&A", "&2D3eAA-", "&-&-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if name, ok := decodeName(raw); ok && encodeName(name) != raw {
			t.Errorf("%q is read as %q, which travels as %q", raw, name, encodeName(name))
		}
	})
}

// leased runs fn on a connection of a scripted server; see own_script_test.go.
func leased(t *testing.T, opts Options, fn func(ctx context.Context, c *Conn)) {
	t.Helper()
	p, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Read(t.Context(), "", func(c *Conn) error { fn(t.Context(), c); return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestOwnCommand(t *testing.T) {
	xget := func(arg string) ownCommand {
		return ownCommand{op: "XGET", args: "XGET " + quoted(arg), takes: []string{"XGET", "FETCH"}, items: []string{"PREVIEW"}}
	}
	for _, tt := range []struct {
		name, caps, answer, arg, sent string
		want                          []string
		kind                          Kind
	}{
		{name: "answered", arg: "a", sent: `XGET "a"`, want: []string{"XGET 1", "FETCH (PREVIEW \"x\")"},
			answer: "* XGET 1\r\n* 3 EXISTS\r\n* 1 FETCH (FLAGS ())\r\n* 2 FETCH (PREVIEW \"x\")\r\n* OTHER 1\r\n$ OK done\r\n"},
		{name: "refused", arg: "a", sent: `XGET "a"`, answer: "$ NO [NOPERM] not you\r\n", kind: Refused},
		{name: "a literal with leave", arg: "é", sent: "XGET {2}|é", answer: "$ OK\r\n"},
		{name: "a literal without leave", arg: "é", sent: "XGET {2}", answer: "$ NO [CANNOT] no\r\n", kind: Refused},
		{name: "a literal that needs no leave", caps: "LITERAL+", arg: "é", sent: "XGET {2+}|é", answer: "$ OK\r\n"},
		{name: "lost", arg: "a", sent: `XGET "a"`, answer: "* XGET 1\r\n", want: []string{"XGET 1"}, kind: Unavailable},
		{name: "the end of a command there is not", arg: "a", sent: `XGET "a"`, answer: "O1.7 OK\r\n$ OK\r\n", kind: Protocol},
		{name: "another's tag", arg: "a", sent: `XGET "a"`, answer: "T9 OK\r\n", kind: Protocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := answering(t, tt.caps, tt.answer, tt.name != "a literal without leave")
			var got []string
			leased(t, srv.options(), func(ctx context.Context, c *Conn) {
				_, err := c.own(ctx, reads, xget(tt.arg), func(r response) error {
					got = append(got, r.name+" "+show(r.values))
					return nil
				})
				if KindOf(err) != tt.kind {
					t.Errorf("error %v, want kind %q", err, tt.kind)
				}
				if tt.kind == Protocol && c.usable() {
					t.Error("the connection goes on out of step")
				}
				if tt.kind == "" || tt.kind == Refused {
					if err := c.Noop(ctx); err != nil { // the library has missed nothing
						t.Error(err)
					}
				}
			})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answers: %s", diff)
			}
			if sent := srv.sent(); sent != tt.sent {
				t.Errorf("sent %q, want %q", sent, tt.sent)
			}
		})
	}
}

func TestOwnCommandIsCancelled(t *testing.T) {
	srv := answering(t, "", "* XGET 1\r\n", true)
	srv.stay = true
	leased(t, srv.options(), func(ctx context.Context, c *Conn) {
		ctx, cancel := context.WithCancel(ctx)
		_, err := c.own(ctx, reads, ownCommand{op: "XGET", args: "XGET", takes: []string{"XGET"}}, func(response) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}
