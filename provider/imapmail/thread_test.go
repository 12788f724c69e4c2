package imapmail

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/provider"
)

// note is a message of a conversation; fields end their lines.
func note(id, fields string) []byte {
	return []byte("From: Ann <ann@example.org>\r\nTo: bob@example.com\r\nSubject: keel\r\nMessage-ID: <" + id + "@example.org>\r\n" + fields +
		"Date: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThis is " + id + ".\r\n")
}

func refs(ids ...string) string {
	out := "References:"
	for _, id := range ids {
		out += " <" + id + "@example.org>"
	}
	return out + "\r\nIn-Reply-To: <" + ids[len(ids)-1] + "@example.org>\r\n"
}

func converse(t *testing.T, acct *provider.Account, id provider.MessageID) provider.Page[provider.Summary] {
	t.Helper()
	page, err := acct.Thread(t.Context(), id, provider.PageRequest{Limit: provider.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func named(list []provider.Summary) string {
	var out []string
	for _, s := range list {
		out = append(out, strings.TrimSuffix(s.HeaderID, "@example.org"))
	}
	return strings.Join(out, " ")
}

// threadCaps are the capabilities of THREAD that Dovecot has.
func threadCaps() []string {
	return []string{"THREAD=REFERENCES", "THREAD=REFS", "THREAD=ORDEREDSUBJECT"}
}

// onThreaders runs test with and without THREAD.
func onThreaders(t *testing.T, test func(t *testing.T, srv *imapxtest.Server, threads bool)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { test(t, imapxtest.Memory(t), false) })
	t.Run("dovecot", func(t *testing.T) { test(t, imapxtest.Dovecot(t), true) })
	t.Run("dovecot without THREAD", func(t *testing.T) {
		test(t, imapxtest.Dovecot(t, imapxtest.Options{Hide: threadCaps()}), false)
	})
}

// TestThreadRoundTrips counts on the wire what a conversation over three
// folders costs: of 6 messages, one of them ours in Sent, among 500 others.
func TestThreadRoundTrips(t *testing.T) {
	onThreaders(t, func(t *testing.T, srv *imapxtest.Server, threads bool) {
		fill(t, srv, "INBOX", 500)
		srv.AppendAll(t, "INBOX", [][]byte{note("a", ""), note("b", refs("a"))})
		srv.Append(t, "Sent", note("c", refs("a", "b")))
		srv.AppendAll(t, "INBOX", [][]byte{note("d", refs("a", "b", "c")), note("e", refs("a", "b", "c", "d")), note("f", refs("a", "b", "c"))})
		acct, _, count := account(t, srv, func(o *Options) { o.IMAP.MaxConns = 1 })
		inbox := list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{Limit: 5})
		converse(t, acct, inbox.Items[0].ID)
		list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{Limit: 5}) // INBOX is open again
		count.Reset()
		page := converse(t, acct, inbox.Items[0].ID)
		if got := named(page.Items); got != "a b c d e f" && got != "a b c d f e" || page.Total != 6 {
			t.Errorf("got %q of %d", got, page.Total)
		}
		if got := page.Items[2].Folder; got != "Sent" {
			t.Errorf("our own reply is from %q", got)
		}
		// With THREAD: threads and messages of INBOX (2) and a search for copies
		// (1), then EXAMINE and search of Archive (2) and of Sent, with a fetch (3).
		// Without: the message (1), search and fetch in INBOX (2), the same of the
		// others (5), and once more a search in each for what names those found
		// meanwhile (1 + 2 + 2).
		most := 13
		if threads {
			most = 8
		}
		if n := count.RoundTrips(); n > most {
			t.Errorf("%d round trips, want at most %d", n, most)
		} else {
			t.Logf("%d round trips, %d bytes", n, count.Received())
		}
	})
}

// TestThreadStepByStep: answers that name only the one before are followed to
// the end where the server threads, and as far as promised where it does not,
// which is then said.
func TestThreadStepByStep(t *testing.T) {
	onThreaders(t, func(t *testing.T, srv *imapxtest.Server, threads bool) {
		const n = threadRounds + 5
		var all [][]byte
		want := []string{}
		for i := range n {
			fields := ""
			if i > 0 {
				fields = fmt.Sprintf("In-Reply-To: <s%d@example.org>\r\n", i-1)
			}
			all = append(all, note(fmt.Sprintf("s%d", i), fields))
			want = append(want, fmt.Sprintf("s%d", i))
		}
		uids := srv.AppendAll(t, "INBOX", all)
		acct, b, _ := account(t, srv, nil)
		page := converse(t, acct, b.newID("INBOX", srv.UIDValidity(t, "INBOX"), imapx.UID(uids[0])))
		if threads {
			if got := named(page.Items); got != strings.Join(want, " ") || len(page.Failed) > 0 {
				t.Errorf("got %q, failed %v", got, page.Failed)
			}
			return
		}
		got := named(page.Items)
		if !strings.HasPrefix(strings.Join(want, " "), got) || len(page.Items) < threadRounds || page.Total != 0 {
			t.Errorf("got %q of %d", got, page.Total)
		}
		if len(page.Failed) != 1 || page.Failed[0].ID != page.Items[0].ID || !errors.Is(page.Failed[0].Err, provider.TooLarge) {
			t.Errorf("failed %v", page.Failed)
		}
	})
}

// TestThreadFolderGone: a folder that others removed is passed over; that of
// the message asked for is not.
func TestThreadFolderGone(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		srv.CreateFolder(t, "Project")
		a := srv.Append(t, "INBOX", note("a", ""))
		p := srv.Append(t, "Project", note("p", ""))
		acct, b, _ := account(t, srv, nil)
		if _, err := acct.ListFolders(t.Context()); err != nil {
			t.Fatal(err)
		}
		inProject := b.newID("Project", srv.UIDValidity(t, "Project"), imapx.UID(p))
		srv.DeleteFolder(t, "Archive")
		srv.DeleteFolder(t, "Project")
		if got := named(converse(t, acct, b.newID("INBOX", srv.UIDValidity(t, "INBOX"), imapx.UID(a))).Items); got != "a" {
			t.Errorf("got %q", got)
		}
		_, err := acct.Thread(t.Context(), inProject, provider.PageRequest{})
		wantCode(t, err, provider.NotFound)
	})
}

// threadServer is a scripted server: folders of messages, and what it says to
// commands that begin in some way.
type threadServer struct {
	caps    string
	exists  int
	folders []string          // LIST answers
	says    map[string]string // command prefix within a folder, "INBOX UID SEARCH", to its untagged answers

	mu    sync.Mutex
	heard []string
}

func (s *threadServer) talk(conn net.Conn) {
	say := func(line string) { _, _ = conn.Write([]byte(line + "\r\n")) }
	say("* PREAUTH [CAPABILITY IMAP4rev1 " + s.caps + "] in")
	folder := ""
	in := bufio.NewScanner(conn)
	for in.Scan() {
		tag, command, _ := strings.Cut(in.Text(), " ")
		switch {
		case strings.HasPrefix(command, "CAPABILITY"):
			say("* CAPABILITY IMAP4rev1 " + s.caps)
		case strings.HasPrefix(command, "LIST"):
			for _, f := range s.folders {
				say("* LIST " + f)
			}
		case strings.HasPrefix(command, "EXAMINE "):
			folder = strings.Trim(strings.TrimPrefix(command, "EXAMINE "), `"`)
			say(fmt.Sprintf("* %d EXISTS", s.exists))
			say("* OK [UIDVALIDITY 7] ok")
		default:
			s.mu.Lock()
			s.heard = append(s.heard, folder+" "+command)
			s.mu.Unlock()
			best := ""
			for prefix := range s.says {
				if strings.HasPrefix(folder+" "+command, prefix) && len(prefix) > len(best) {
					best = prefix
				}
			}
			answer := s.says[best]
			if strings.HasPrefix(answer, "NO") {
				say(tag + " " + answer)
				continue
			}
			if answer != "" {
				say(answer)
			}
		}
		say(tag + " OK done")
	}
}

// fetchAnswer is the answer for a message.
func fetchAnswer(uid int, id, fields string) string {
	head := "From: ann@example.org\r\nMessage-ID: <" + id + "@example.org>\r\n" + fields + "\r\n"
	return fmt.Sprintf("* %d FETCH (UID %d FLAGS () INTERNALDATE \"02-Nov-2026 10:00:%02d +0000\" RFC822.SIZE 99 "+
		"BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 5 1) "+
		"BODY[HEADER.FIELDS (\"From\" \"To\" \"Cc\" \"Subject\" \"Date\" \"Message-ID\" \"In-Reply-To\" \"References\")] {%d}\r\n%s)",
		uid, uid, uid, len(head), head)
}

func (s *threadServer) open(t *testing.T) (*provider.Account, *Backend) {
	t.Helper()
	leakcheck.Check(t)
	b := open(t, Options{Account: "work", IMAP: imapx.Options{
		Addr: serve(t, s.talk), Security: imapx.Cleartext, Username: "ann", Password: "x", Progress: 5 * time.Second, MaxConns: 1,
	}})
	acct, err := provider.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	return acct, b
}

func (s *threadServer) commands(containing string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, line := range s.heard {
		if strings.Contains(line, containing) {
			out = append(out, line)
		}
	}
	return out
}

// TestThreadOfGmail: one search of All Mail by Gmail's thread, which decides.
func TestThreadOfGmail(t *testing.T) {
	s := &threadServer{
		caps: "X-GM-EXT-1 THREAD=REFS", exists: 3,
		folders: []string{`() "/" INBOX`, `(\All) "/" "[Gmail]/All Mail"`, `(\Sent) "/" "[Gmail]/Sent Mail"`, `(\Trash) "/" "[Gmail]/Trash"`},
		says: map[string]string{
			"INBOX UID FETCH 5 (":                                fetchAnswer(5, "b", "References: <a@example.org>\r\n"),
			"INBOX UID FETCH 5 (UID X-GM-MSGID":                  "* 1 FETCH (UID 5 X-GM-MSGID 55 X-GM-THRID 77 X-GM-LABELS ())",
			"[Gmail]/All Mail UID SEARCH X-GM-THRID 77":          "* SEARCH 8 9",
			"[Gmail]/All Mail UID FETCH 8:9 (":                   fetchAnswer(8, "a", "") + "\r\n" + fetchAnswer(9, "b", "References: <a@example.org>\r\n"),
			"[Gmail]/All Mail UID FETCH 8:9 (UID X-GM-MSGID":     "",
			"[Gmail]/All Mail UID SEARCH RETURN (COUNT ALL) ALL": "",
		},
	}
	acct, b := s.open(t)
	page := converse(t, acct, b.newID("INBOX", 7, 5))
	if got := named(page.Items); got != "b a" && got != "a b" || page.Total != 2 {
		t.Errorf("got %q of %d, failed %v", got, page.Total, page.Failed)
	}
	for _, m := range page.Items {
		want := b.newID("INBOX", 7, 5)
		if m.HeaderID == "b@example.org" && (m.ID != want || !slices.Equal(m.Copies, []provider.MessageID{b.newID("[Gmail]/All Mail", 7, 9)})) {
			t.Errorf("the message asked for is %s with %v", m.ID, m.Copies)
		}
	}
	if got := append(s.commands("SEARCH"), s.commands("THREAD")...); len(got) != 1 {
		t.Errorf("searched with %q, want once", got)
	}
}

// TestThreadOfObjects: what the server counts to the conversation is part of
// it beside what References say, of which it may know less.
func TestThreadOfObjects(t *testing.T) {
	s := &threadServer{
		caps: "OBJECTID", exists: 3, folders: []string{`() "/" INBOX`, `(\Sent) "/" Sent`},
		says: map[string]string{
			"INBOX UID FETCH 5 (":                   fetchAnswer(5, "a", ""),
			"INBOX UID FETCH 5 (UID EMAILID":        "* 1 FETCH (UID 5 EMAILID (M5) THREADID (T7))",
			"INBOX UID SEARCH THREADID T7":          "* SEARCH 5 6",
			"INBOX UID FETCH 6 (":                   fetchAnswer(6, "unlinked", ""),
			"Sent UID SEARCH ":                      "* SEARCH 9",
			"Sent UID FETCH 9 (":                    fetchAnswer(9, "c", "References: <a@example.org>\r\n"),
			"Sent UID SEARCH THREADID T7":           "* SEARCH",
			"INBOX UID SEARCH HEADER Message-ID <a": "* SEARCH 5",
		},
	}
	acct, b := s.open(t)
	page := converse(t, acct, b.newID("INBOX", 7, 5))
	if got := named(page.Items); got != "a unlinked c" || page.Total != 3 || page.Items[0].ThreadID != page.Items[1].ThreadID {
		t.Errorf("got %q of %d, failed %v", got, page.Total, page.Failed)
	}
}

// TestThreadFallsBack: a server that has THREAD and does not serve it, and a
// mailbox that is too large to thread whole, are searched.
func TestThreadFallsBack(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		exists       int
		asked        int
	}{
		{"refused", "NO not now", 3, 1},
		{"garbled", "* THREAD (5 six)", 3, 1},
		{"not named", "* THREAD (6)", 3, 1},
		{"large mailbox", "* THREAD (5)", threadWhole + 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &threadServer{
				caps: "THREAD=REFS", exists: tt.exists, folders: []string{`() "/" INBOX`},
				says: map[string]string{
					"INBOX UID THREAD":    tt.answer,
					"INBOX UID FETCH 5 (": fetchAnswer(5, "a", ""),
					"INBOX UID SEARCH":    "* SEARCH 5 6",
					"INBOX UID FETCH 6 (": fetchAnswer(6, "b", "References: <a@example.org>\r\n"),
				},
			}
			acct, b := s.open(t)
			page := converse(t, acct, b.newID("INBOX", 7, 5))
			if got := named(page.Items); got != "a b" {
				t.Errorf("got %q, failed %v", got, page.Failed)
			}
			if got := s.commands("THREAD"); len(got) != tt.asked {
				t.Errorf("asked %q, want %d times", got, tt.asked)
			}
		})
	}
}

// TestThreadUnsearchable: what cannot be searched for is not searched for, and
// the answer says that there may be more.
func TestThreadUnsearchable(t *testing.T) {
	s := &threadServer{
		caps: "", exists: 3, folders: []string{`() "/" INBOX`},
		says: map[string]string{"INBOX UID FETCH 5 (": fetchAnswer(5, "gr\u00fc\u00dfe", "")},
	}
	acct, b := s.open(t)
	page := converse(t, acct, b.newID("INBOX", 7, 5))
	if len(page.Items) != 1 || len(page.Failed) != 1 || !errors.Is(page.Failed[0].Err, provider.TooLarge) {
		t.Errorf("%d messages, failed %v", len(page.Items), page.Failed)
	}
	if got := s.commands("SEARCH"); len(got) != 0 {
		t.Errorf("searched with %q", got)
	}
}
