package imapx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
)

// reply is a message of a conversation.
func reply(id, fields string) []byte {
	return []byte("From: Ann <ann@example.org>\r\nSubject: keel\r\nMessage-ID: <" + id + "@example.org>\r\n" + fields + "Date: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nText.\r\n")
}

func TestThread(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		other := reply("x", "")
		if !has(t, srv, "THREAD=REFS") { // it joins by subject too
			other = bytes.Replace(other, []byte("keel"), []byte("rudder"), 1)
		}
		uids := srv.AppendAll(t, "INBOX", [][]byte{
			reply("a", ""), other, reply("b", "References: <a@example.org>\r\n"), reply("c", "In-Reply-To: <b@example.org>\r\n"),
		})
		read(t, pool(t, srv), "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			got, err := c.Thread(ctx, imapx.Criteria{}, imapx.UID(uids[2]), 10)
			if !c.Caps().Has("THREAD=REFS") && !c.Caps().Has("THREAD=REFERENCES") {
				wantKind(t, err, imapx.Unsupported)
				if !errors.Is(err, errors.ErrUnsupported) {
					t.Errorf("%v does not match ErrUnsupported", err)
				}
				return nil
			}
			slices.Sort(got)
			diff(t, "the thread", []imapx.UID{imapx.UID(uids[0]), imapx.UID(uids[2]), imapx.UID(uids[3])}, got)
			if err != nil {
				return err
			}
			got, err = c.Thread(ctx, imapx.Criteria{From: imapx.UID(uids[1])}, imapx.UID(uids[3]), 10)
			diff(t, "among the later ones", []imapx.UID{imapx.UID(uids[2]), imapx.UID(uids[3])}, got)
			if err != nil {
				return err
			}
			_, err = c.Thread(ctx, imapx.Criteria{}, imapx.UID(uids[2]), 2)
			wantKind(t, err, imapx.TooLarge)
			got, err = c.Thread(ctx, imapx.Criteria{}, 999, 2)
			diff(t, "of a message that is not there", []imapx.UID(nil), got)
			return err
		})
	})
}

// TestThreadByReferences: where the server joins by References and subject
// only, that is asked for; answers that lie leave the connection usable.
func TestThreadByReferences(t *testing.T) {
	srv := serve(t, inboxed("THREAD=REFERENCES", "EXAMINE")+
		"C: UID THREAD REFERENCES UTF-8 ALL\nS: * THREAD (2 5)(3)\nS: $ OK done\n"+
		"C: UID THREAD REFERENCES UTF-8 UID 3:*\nS: * THREAD (2 five)\nS: $ OK done\n"+
		"C: UID THREAD REFERENCES UTF-8 ALL\nS: * THREAD "+strings.Repeat("(", 600)+"5"+strings.Repeat(")", 600)+"\nS: $ OK done\n"+
		"C: UID THREAD REFERENCES UTF-8 ALL\nS: $ NO not now\n"+
		"C: UID THREAD REFERENCES UTF-8 ALL\nS: $ OK nothing\n"+
		"C: NOOP\nS: $ OK done\n")
	read(t, open(t, srv.options()), "INBOX", func(ctx context.Context, c *imapx.Conn) error {
		got, err := c.Thread(ctx, imapx.Criteria{}, 5, 10)
		diff(t, "the thread", []imapx.UID{2, 5}, got)
		if err != nil {
			return err
		}
		_, err = c.Thread(ctx, imapx.Criteria{From: 3}, 5, 10)
		wantKind(t, err, imapx.Protocol)
		_, err = c.Thread(ctx, imapx.Criteria{}, 5, 10)
		wantKind(t, err, imapx.TooLarge)
		_, err = c.Thread(ctx, imapx.Criteria{}, 5, 10)
		wantKind(t, err, imapx.Refused)
		got, err = c.Thread(ctx, imapx.Criteria{}, 5, 10)
		diff(t, "without an answer", []imapx.UID(nil), got)
		if err != nil {
			return err
		}
		_, err = c.Thread(ctx, imapx.Criteria{}, 0, 10)
		wantKind(t, err, imapx.Invalid)
		return c.Noop(ctx)
	})
}

// TestHostileThread: answers that would bury a tree are refused, or read in
// little memory.
func TestHostileThread(t *testing.T) {
	for name, f := range map[string]flood{
		"deep":           {"* THREAD ", "(", 3000, "\r\n"},
		"lists":          {"* THREAD ", "(7)", 2_000_000, "\r\n$ OK\r\n"},
		"numbers":        {"* THREAD (", "7 ", 3_000_000, ")\r\n$ OK\r\n"},
		"without an end": {"* THREAD (", "7 ", 8_000_000, ""},
	} {
		t.Run(name, func(t *testing.T) {
			srv := flooding(t, "THREAD=REFS", "UID THREAD", f)
			p := open(t, srv.options())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start, mostTime := time.Now(), time.Second
			if raceDetector {
				mostTime *= 10
			}
			err := p.Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
				got, err := c.Thread(t.Context(), imapx.Criteria{}, 5, 500)
				if err == nil && len(got) > 0 {
					t.Errorf("got %v", got)
				}
				return err
			})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 64<<20 || took > mostTime {
				t.Errorf("it took %v and allocated %d MB", took, allocated>>20)
			}
			switch name {
			case "lists", "numbers":
				if err != nil {
					t.Error(err)
				}
			default:
				wantKind(t, err, imapx.TooLarge)
			}
		})
	}
}

func TestSearchKin(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		var all [][]byte
		for i := range 30 {
			fields := ""
			if i > 0 {
				fields = fmt.Sprintf("References: <m%d@example.org>\r\n", i-1)
			}
			all = append(all, reply(fmt.Sprintf("m%d", i), fields))
		}
		all = append(all, reply("other", ""), reply("late", "In-Reply-To: <m7@example.org>\r\n"), reply("xm7", ""))
		uids := srv.AppendAll(t, "INBOX", all)
		read(t, pool(t, srv), "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			hits, err := c.SearchKin(ctx, imapx.Kin{Names: []string{"m7@example.org"}}, 10)
			if err != nil {
				return err
			}
			want := []imapx.UID{imapx.UID(uids[31]), imapx.UID(uids[8]), imapx.UID(uids[7])}
			diff(t, "around one", imapx.Hits{UIDs: want, Total: 3}, hits)
			var names []string
			for i := range 30 {
				names = append(names, fmt.Sprintf("m%d@example.org", i))
			}
			hits, err = c.SearchKin(ctx, imapx.Kin{Names: names}, 100)
			if err != nil {
				return err
			}
			if len(hits.UIDs) != 31 || hits.Total != 31 || hits.UIDs[0] != imapx.UID(uids[31]) {
				t.Errorf("around thirty: %v", hits)
			}
			hits, err = c.SearchKin(ctx, imapx.Kin{Names: names}, 5)
			if len(hits.UIDs) != 5 || hits.Total <= 5 || hits.UIDs[0] != imapx.UID(uids[31]) {
				t.Errorf("the newest five: %v", hits)
			}
			return err
		})
	})
}

// TestSearchKinQuotes: a stranger's words stay words.
func TestSearchKinQuotes(t *testing.T) {
	srv := serve(t, inboxed("ESEARCH", "EXAMINE")+"C: UID SEARCH RETURN\nS: * ESEARCH (TAG \"x\") UID COUNT 0\nS: $ OK done\n")
	p := open(t, srv.options())
	read(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
		_, err := c.SearchKin(ctx, imapx.Kin{Names: []string{`a"b\c{5}@example.org`}}, 10)
		for _, bad := range []string{"", "a b", "a\r\nb", "\x00", "\u00fc@example.org", strings.Repeat("a", 501)} {
			if imapx.CanName(bad) {
				t.Errorf("%q can be searched for", bad)
			}
			_, err := c.SearchKin(ctx, imapx.Kin{Names: []string{bad}}, 10)
			wantKind(t, err, imapx.Invalid)
		}
		_, nothing := c.SearchKin(ctx, imapx.Kin{}, 10)
		wantKind(t, nothing, imapx.Invalid)
		return err
	})
	if want := `HEADER References "<a\"b\\c{5}@example.org>"`; !strings.Contains(srv.heard(), want) {
		t.Errorf("%s is not in\n%s", want, srv.heard())
	}
}

// TestSearchKinOfTheServer: Gmail's and OBJECTID's own threads.
func TestSearchKinOfTheServer(t *testing.T) {
	for _, tt := range []struct {
		name, caps, command string
		kin                 imapx.Kin
	}{
		{"Gmail", "X-GM-EXT-1", "UID SEARCH X-GM-THRID 18446744073709551615", imapx.Kin{GmailThread: 1<<64 - 1}},
		{"OBJECTID", "OBJECTID", "UID SEARCH THREADID T-4_a", imapx.Kin{ThreadID: "T-4_a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, inboxed(tt.caps, "EXAMINE")+
				"C: "+tt.command+"\nS: * SEARCH 2 5 3 (MODSEQ 9)\nS: $ OK done\n"+
				"C: "+tt.command+"\nS: * SEARCH 2 x\nS: $ OK done\n")
			read(t, open(t, srv.options()), "INBOX", func(ctx context.Context, c *imapx.Conn) error {
				hits, err := c.SearchKin(ctx, tt.kin, 2)
				diff(t, "hits", imapx.Hits{UIDs: []imapx.UID{5, 3}, Total: 3}, hits)
				if err != nil {
					return err
				}
				_, err = c.SearchKin(ctx, tt.kin, 2)
				wantKind(t, err, imapx.Protocol)
				_, err = c.SearchKin(ctx, imapx.Kin{ThreadID: "a) NOOP"}, 2)
				wantKind(t, err, imapx.Invalid)
				return nil
			})
		})
	}
}

// TestSearchKinOfRev2: a server of IMAP4rev2 alone has no other answer than
// ESEARCH (RFC 9051 appendix E).
func TestSearchKinOfRev2(t *testing.T) {
	srv := serve(t, strings.ReplaceAll(inboxed("OBJECTID", "EXAMINE"), "IMAP4rev1", "IMAP4rev2")+
		"C: UID SEARCH RETURN (COUNT ALL) THREADID T-4_a\nS: * ESEARCH UID COUNT 3 ALL 2:3,5\nS: $ OK done\n")
	read(t, open(t, srv.options()), "INBOX", func(ctx context.Context, c *imapx.Conn) error {
		hits, err := c.SearchKin(ctx, imapx.Kin{ThreadID: "T-4_a"}, 2)
		diff(t, "hits", imapx.Hits{UIDs: []imapx.UID{5, 3}, Total: 3}, hits)
		return err
	})
}
