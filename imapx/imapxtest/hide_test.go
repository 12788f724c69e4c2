package imapxtest_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

// answers sends a command and returns the untagged lines and the tagged one,
// without its tag.
func (c *talk) answers(command string) (untagged []string, tagged string) {
	c.t.Helper()
	c.write("z " + command + "\r\n")
	for {
		line, err := c.br.ReadString('\n')
		if err != nil {
			c.t.Fatalf("%s: %v", command, err)
		}
		line = strings.TrimRight(line, "\r\n")
		if rest, ok := strings.CutPrefix(line, "z "); ok {
			return untagged, rest
		}
		untagged = append(untagged, line)
	}
}

func listOf(t *testing.T, line string) []string {
	t.Helper()
	_, rest, found := strings.Cut(line, "CAPABILITY ")
	if !found {
		t.Fatalf("no capabilities in %q", line)
	}
	list, _, _ := strings.Cut(rest, "]")
	return strings.Fields(list)
}

func TestHiding(t *testing.T) {
	leakcheck.Check(t)
	const plain = "AUTHENTICATE PLAIN AGFAYQBh"
	// What to hide; what goes with it; what is refused then, and what is not.
	cases := map[string]struct{ gone, refused, fine []string }{
		"ESEARCH": {[]string{"ESEARCH", "ESORT", "SEARCHRES", "CONTEXT=SEARCH"},
			[]string{"SEARCH RETURN (ALL) ALL", "uid search return () ALL", "UID SORT RETURN (ALL) (DATE) US-ASCII ALL"},
			[]string{"SEARCH ALL", `UID SEARCH SUBJECT "RETURN ("`, "SORT (DATE) US-ASCII ALL"}},
		"SORT": {[]string{"SORT", "SORT=DISPLAY", "ESORT"}, []string{"SORT (DATE) US-ASCII ALL", "UID SORT (DATE) US-ASCII ALL"}, []string{"SEARCH ALL"}},
		"THREAD": {[]string{"THREAD=REFERENCES", "THREAD=REFS", "THREAD=ORDEREDSUBJECT"},
			[]string{"THREAD REFERENCES US-ASCII ALL", "UID THREAD REFS US-ASCII ALL"}, []string{"SEARCH ALL"}},
		"LIST-STATUS": {[]string{"LIST-STATUS"}, []string{`LIST "" * RETURN (SUBSCRIBED STATUS (MESSAGES))`},
			[]string{`LIST "" * RETURN (SUBSCRIBED)`, "STATUS INBOX (MESSAGES)"}},
		"SPECIAL-USE": {[]string{"SPECIAL-USE"}, []string{`LIST "" * RETURN (SPECIAL-USE)`, `LIST (SPECIAL-USE) "" *`, `CREATE x (USE (\Junk))`},
			[]string{`LIST "" * RETURN (SUBSCRIBED)`, "CREATE USE"}},
		"MOVE":    {[]string{"MOVE"}, []string{"MOVE 1 Trash", "uid move 1 Trash"}, []string{"COPY 1 Trash", "CREATE MOVE"}},
		"UIDPLUS": {[]string{"UIDPLUS"}, []string{"UID EXPUNGE 1"}, []string{"COPY 1 Trash", "EXPUNGE"}},
		"CONDSTORE": {[]string{"CONDSTORE", "QRESYNC"},
			[]string{"SELECT INBOX (CONDSTORE)", "FETCH 1 (MODSEQ)", "FETCH 1 FLAGS (CHANGEDSINCE 1)", "STATUS INBOX (HIGHESTMODSEQ)",
				`STORE 1 (UNCHANGEDSINCE 1) FLAGS (\Seen)`, "ENABLE CONDSTORE", "ENABLE QRESYNC", "SEARCH MODSEQ 1"},
			[]string{"FETCH 1 (FLAGS)", `SEARCH SUBJECT "MODSEQ"`}},
		"BINARY":        {[]string{"BINARY"}, []string{"FETCH 1 BINARY.PEEK[1]", "UID FETCH 1 (UID BINARY.SIZE[1])"}, []string{"FETCH 1 BODY.PEEK[1]"}},
		"LITERAL+":      {[]string{"LITERAL+"}, []string{"EXAMINE {5+}\r\nINBOX", "LOGIN {1+}\r\na {1+}\r\nb"}, []string{"NOOP"}},
		"IDLE":          {[]string{"IDLE"}, []string{"IDLE"}, []string{"NOOP"}},
		"PREVIEW":       {[]string{"PREVIEW", "PREVIEW=FUZZY", "SNIPPET=FUZZY"}, []string{"FETCH 1 (PREVIEW (LAZY))", "UID FETCH 1 SNIPPET"}, []string{"FETCH 1 (FLAGS)"}},
		"QUOTA":         {[]string{"QUOTA"}, []string{"GETQUOTAROOT INBOX", "GETQUOTA x"}, []string{"NOOP"}},
		"ID":            {[]string{"ID"}, []string{"ID NIL"}, []string{"NOOP"}},
		"NAMESPACE":     {[]string{"NAMESPACE"}, []string{"NAMESPACE"}, []string{"NOOP"}},
		"ENABLE":        {[]string{"ENABLE", "QRESYNC"}, []string{"ENABLE CONDSTORE"}, []string{"NOOP"}},
		"LIST-EXTENDED": {[]string{"LIST-EXTENDED", "LIST-STATUS"}, []string{`LIST "" * RETURN (SUBSCRIBED)`, `LIST (SUBSCRIBED) "" *`, `LIST "" (A B)`}, []string{`LIST "" "(a"`}},
		"UNSELECT":      {[]string{"UNSELECT"}, []string{"UNSELECT"}, []string{"CLOSE"}},
		"SASL-IR":       {[]string{"SASL-IR"}, []string{plain}, []string{"NOOP"}},
		"STATUS=SIZE":   {[]string{"STATUS=SIZE"}, []string{"STATUS INBOX (SIZE)"}, []string{"STATUS INBOX (MESSAGES)"}},
		"NOTIFY":        {[]string{"NOTIFY"}, []string{"NOTIFY NONE"}, []string{"NOOP"}},
		"SAVEDATE":      {[]string{"SAVEDATE"}, nil, []string{"NOOP"}}, // only not announced
	}
	srv := imapxtest.Dovecot(t, imapxtest.Options{Quota: "10M"})
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := srv.Hiding(t, name)
			s.Append(t, "INBOX", []byte(sample))
			conn, err := net.Dial("tcp", s.Addr)
			c := newTalk(t, conn, err)
			greeting, err := c.br.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			all := listOf(t, greeting)
			_, login := c.answers(fmt.Sprintf("LOGIN %s %s", s.Username, s.Password))
			all = append(all, listOf(t, login)...)
			answer, _ := c.answers("CAPABILITY")
			all = append(all, listOf(t, answer[0])...)
			for _, gone := range tc.gone {
				if slices.Contains(all, gone) {
					t.Errorf("%s is announced", gone)
				}
			}
			for _, kept := range []string{"IMAP4rev1", "CHILDREN", "WITHIN"} {
				if !slices.Contains(all, kept) {
					t.Errorf("%s went too", kept)
				}
			}
			c.answers("SELECT INBOX")
			for _, command := range tc.refused {
				if _, got := c.answers(command); !strings.HasPrefix(got, "BAD ") {
					t.Errorf("%s: %s", command, got)
				}
			}
			for _, command := range tc.fine {
				if _, got := c.answers(command); !strings.HasPrefix(got, "OK ") {
					t.Errorf("%s: %s", command, got)
				}
			}
		})
	}
}

// TestHidingWords looks at what servers say only if they have an extension.
func TestHidingWords(t *testing.T) {
	leakcheck.Check(t)
	srv := imapxtest.Dovecot(t)
	for name, tc := range map[string]struct{ hide, command, not string }{
		"COPYUID":      {"UIDPLUS", "COPY 1 Trash", "COPYUID"},
		"special uses": {"SPECIAL-USE", `LIST "" "*"`, `\Trash`},
	} {
		t.Run(name, func(t *testing.T) {
			for _, hidden := range []bool{false, true} {
				s := srv.Fresh(t)
				if hidden {
					s = srv.Hiding(t, tc.hide)
				}
				s.Append(t, "INBOX", []byte(sample))
				conn, err := net.Dial("tcp", s.Addr)
				c := newTalk(t, conn, err)
				c.answers(fmt.Sprintf("LOGIN %s %s", s.Username, s.Password))
				c.answers("SELECT INBOX")
				lines, tagged := c.answers(tc.command)
				if said := strings.Contains(strings.Join(append(lines, tagged), "\n"), tc.not); said == hidden {
					t.Errorf("hidden %v: said %v: %q %q", hidden, said, lines, tagged)
				}
				if !strings.HasPrefix(tagged, "OK ") {
					t.Errorf("hidden %v: %s", hidden, tagged)
				}
			}
		})
	}
}

// TestHidingIsSeeThrough works behind a veil as in front of none: literals that
// are refused, and TLS both ways.
func TestHidingIsSeeThrough(t *testing.T) {
	quick(t, func(t *testing.T, srv *imapxtest.Server) {
		s := srv.Hiding(t, "MOVE")
		options := &imapclient.Options{TLSConfig: &tls.Config{RootCAs: s.CA}}
		for name, dial := range map[string]func() (*imapclient.Client, error){
			"cleartext": func() (*imapclient.Client, error) { return imapclient.DialInsecure(s.Addr, nil) },
			"starttls":  func() (*imapclient.Client, error) { return imapclient.DialStartTLS(s.Addr, options) },
			"tls":       func() (*imapclient.Client, error) { return imapclient.DialTLS(s.TLSAddr, options) },
		} {
			t.Run(name, func(t *testing.T) {
				c, err := dial()
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if err := c.Login(s.Username, s.Password).Wait(); err != nil {
					t.Fatal(err)
				}
				if caps, err := c.Capability().Wait(); err != nil || caps.Has("MOVE") || name != "cleartext" && caps.Has("STARTTLS") {
					t.Errorf("%v, %v", caps, err)
				}
				app := c.Append("Archive", int64(len(sample)), nil)
				if _, err := io.WriteString(app, sample); err != nil {
					t.Fatal(err)
				}
				if err := app.Close(); err != nil {
					t.Fatal(err)
				}
				if _, err := app.Wait(); err != nil {
					t.Fatal(err)
				}
			})
		}
		if got := len(s.UIDs(t, "Archive")); got != 3 {
			t.Errorf("%d messages, want 3", got)
		}
		t.Run("too late to refuse", func(t *testing.T) {
			s := srv.Hiding(t, "MULTIAPPEND")
			conn, err := net.Dial("tcp", s.Addr)
			c := newTalk(t, conn, err)
			c.answers(fmt.Sprintf("LOGIN %s %s", s.Username, s.Password))
			c.write("a APPEND INBOX {1}\r\n")
			c.until("+")
			c.write("x {1}\r\n")
			c.until("* BYE")
			if rest, err := io.ReadAll(c.br); err == nil && len(rest) > 0 {
				t.Errorf("then %q", rest)
			}
		})
	})
}

func TestHidingRefusedLiteral(t *testing.T) {
	leakcheck.Check(t)
	s := imapxtest.Dovecot(t, imapxtest.Options{Hide: []string{"MOVE"}})
	conn, err := net.Dial("tcp", s.Addr)
	c := newTalk(t, conn, err)
	c.answers(fmt.Sprintf("LOGIN %s %s", s.Username, s.Password))
	c.write("a APPEND Missing {5}\r\n") // refused: the literal never comes
	c.until("a NO")
	if _, got := c.answers("NOOP"); !strings.HasPrefix(got, "OK") {
		t.Errorf("then: %s", got)
	}
}
