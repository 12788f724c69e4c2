package imapx_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx"
)

// page is an answer for each of uids: flags and structure, whole but for those
// in bad.
func page(bad map[int]string, structure bool, uids ...int) string {
	var b strings.Builder
	for _, u := range uids {
		item := ""
		if structure {
			item = ` BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 5 1)`
			if bad[u] != "" {
				item = " " + bad[u]
			}
		}
		fmt.Fprintf(&b, "S: * %d FETCH (UID %d FLAGS () RFC822.SIZE 5%s)\n", u, u, item)
		if structure && bad[u] != "" {
			return b.String() // the client has gone by now
		}
	}
	return b.String() + "S: $ OK\n"
}

func TestPoisonMessages(t *testing.T) {
	items := imapx.Items{Flags: true, Size: true, Structure: true}
	box := inboxed("", "EXAMINE")
	for _, tt := range []struct {
		name    string
		scripts []string
		want    string // uid and size, "!" when damaged
	}{
		{name: "one structure that cannot be read", want: "4 5 6! 7 8", scripts: []string{
			box + "C: UID FETCH 4:8\n" + page(map[int]string{6: "BODYSTRUCTURE ()"}, true, 4, 5, 6),
			box + "C: UID FETCH 6:8\n" + page(map[int]string{6: "BODYSTRUCTURE ()"}, true, 6),
			box + "C: UID FETCH 6\n" + page(map[int]string{6: "BODYSTRUCTURE ()"}, true, 6),
			box + "C: UID FETCH 6 (UID\n" + page(nil, false, 6) + "C: UID FETCH 7:8\n" + page(nil, true, 7, 8),
		}},
		{name: "one nested too deep, and the last", want: "4 5!", scripts: []string{
			box + "C: UID FETCH 4:5\n" + page(nil, true, 4)[:0] + "S: * 4 FETCH (UID 4 FLAGS () RFC822.SIZE 5 BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 5 1))\nS- * 5 FETCH (UID 5 BODYSTRUCTURE " + strings.Repeat("(", 3000),
			box + "C: UID FETCH 5\nS- * 5 FETCH (UID 5 BODYSTRUCTURE " + strings.Repeat("(", 3000),
			box + "C: UID FETCH 5 (UID\n" + page(nil, false, 5),
		}},
		{name: "a size that cannot be read either", want: "5!0", scripts: []string{
			box + "C: UID FETCH 5\nS: * 5 FETCH (UID 5 FLAGS () RFC822.SIZE -1)",
			box + "C: UID FETCH 5\nS: * 5 FETCH (UID 5 FLAGS () RFC822.SIZE -1)",
			box + "C: UID FETCH 5 (UID\nS: * 5 FETCH (UID 5 FLAGS () RFC822.SIZE -1)",
			box + "C: UID FETCH 5 (UID FLAGS)\nS: * 5 FETCH (UID 5 FLAGS ())\nS: $ OK",
		}},
		{name: "nothing of it can be read", want: "incomplete [5]", scripts: []string{
			box + "C: UID FETCH 5\nS: * 5 FETCH (UID 5 FLAGS (\"))",
			box + "C: UID FETCH 5\nS: * 5 FETCH (UID 5 FLAGS (\"))",
			box + "C: UID FETCH 5\nS: * 5 FETCH (UID 5 FLAGS (\"))",
			box + "C: UID FETCH 5\nS: * 5 FETCH (UID 5 FLAGS (\"))",
		}},
		{name: "mended meanwhile", want: "4 5", scripts: []string{
			box + "C: UID FETCH 4:5\n" + page(map[int]string{4: "BODYSTRUCTURE ()"}, true, 4),
			box + "C: UID FETCH 4:5\n" + page(nil, true, 4, 5),
		}},
		{name: "the mailbox was rebuilt meanwhile", want: "validity", scripts: []string{
			box + "C: UID FETCH 4:5\n" + page(map[int]string{4: "BODYSTRUCTURE ()"}, true, 4),
			strings.Replace(box, "UIDVALIDITY 7", "UIDVALIDITY 8", 1),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, tt.scripts...)
			uids := []imapx.UID{4, 5, 6, 7, 8}
			switch {
			case strings.HasPrefix(tt.want, "4 5 6"):
			case strings.HasPrefix(tt.want, "4"), tt.want == "validity":
				uids = uids[:2]
			default:
				uids = uids[1:2]
			}
			var got []string
			err := open(t, srv.options()).Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
				f, err := c.Fetch(t.Context(), uids, items)
				for _, m := range f.Messages {
					word := fmt.Sprint(m.UID)
					if m.Damaged {
						word += "!"
					}
					if m.Size != 5 {
						word += fmt.Sprint(m.Size)
					}
					if m.Structure == nil {
						t.Errorf("message %d has no structure", m.UID)
					}
					got = append(got, word)
				}
				if len(f.Incomplete)+len(f.Missing) > 0 {
					got = append(got, fmt.Sprint("incomplete ", f.Incomplete))
				}
				return err
			})
			if tt.want == "validity" {
				wantKind(t, err, imapx.Validity)
				return
			}
			if err != nil || strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
			if srv.dialed() != len(tt.scripts) {
				t.Errorf("%d connections, want %d", srv.dialed(), len(tt.scripts))
			}
		})
	}
}

// TestPoisonEverywhere: a server that describes nothing right costs a bounded
// number of connections, and every message is named.
func TestPoisonEverywhere(t *testing.T) {
	script := inboxed("", "EXAMINE") + "C: UID FETCH\nS: * 1 FETCH (UID 1 BODYSTRUCTURE ())"
	scripts := make([]string, 40)
	for i := range scripts {
		scripts[i] = script
	}
	srv := serve(t, scripts...)
	uids := make([]imapx.UID, 50)
	for i := range uids {
		uids[i] = imapx.UID(i + 1)
	}
	err := open(t, srv.options()).Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
		f, err := c.Fetch(t.Context(), uids, imapx.Items{Structure: true})
		if len(f.Incomplete) != len(uids) {
			t.Errorf("%d of %d are named", len(f.Incomplete), len(uids))
		}
		return err
	})
	if err != nil || srv.dialed() > 30 {
		t.Errorf("error %v, %d connections", err, srv.dialed())
	}
}

func TestPoisonAmongTheNewest(t *testing.T) {
	box := inboxed("", "EXAMINE")
	srv := serve(t,
		box+"C: FETCH 2:*\n"+page(map[int]string{2: "BODYSTRUCTURE ()"}, true, 2),
		box+"C: UID SEARCH\nS: * SEARCH 1 2 3\nS: $ OK\nC: UID FETCH 2:3\n"+page(map[int]string{2: "BODYSTRUCTURE ()"}, true, 2),
		box+"C: UID FETCH 2:3\n"+page(map[int]string{2: "BODYSTRUCTURE ()"}, true, 2),
		box+"C: UID FETCH 2\n"+page(map[int]string{2: "BODYSTRUCTURE ()"}, true, 2),
		box+"C: UID FETCH 2 (UID\n"+page(nil, false, 2)+"C: UID FETCH 3\n"+page(nil, true, 3),
	)
	err := open(t, srv.options()).Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
		f, total, err := c.FetchNewest(t.Context(), 2, imapx.Items{Flags: true, Size: true, Structure: true})
		if total != 3 || len(f.Messages) != 2 || f.Messages[0].Damaged || !f.Messages[1].Damaged {
			t.Errorf("%d in all, %+v", total, f)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestPoisonAndClose: an account that closes meanwhile leaves nothing behind.
func TestPoisonAndClose(t *testing.T) {
	srv := serve(t, inboxed("", "EXAMINE")+"C: UID FETCH\nS: * 1 FETCH (UID 1 BODYSTRUCTURE ())", "S- * OK")
	p := open(t, srv.options())
	err := p.Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go p.Close()
		_, err := c.Fetch(ctx, []imapx.UID{1}, imapx.Items{Structure: true})
		return err
	})
	if err == nil {
		t.Error("no error")
	}
}
