package imapmail

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/provider"
)

func TestSearchSeveralFolders(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		var want []string
		for i := range 12 {
			folder := []string{"INBOX", "Archive", "Sent", "Trash"}[i%4]
			srv.Append(t, folder, letter(100+i))
			if folder != "Trash" {
				want = append(want, fmt.Sprint("letter ", 100+i))
			}
		}
		slices.Sort(want)
		acct, _, _ := account(t, srv, nil)
		for _, limit := range []int{1, 2, 5, 9, 50} {
			var got []string
			q := provider.Query{Subject: []string{"letter"}}
			for s, err := range provider.All(t.Context(), provider.PageRequest{Limit: limit}, func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
				return acct.Search(ctx, q, page)
			}) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, s.Subject)
			}
			slices.Sort(got)
			diff(t, fmt.Sprint("pages of ", limit), want, got)
		}
		page, err := acct.Search(t.Context(), provider.Query{Subject: []string{"letter"}, Everywhere: true}, provider.PageRequest{})
		if err != nil || len(page.Items) != 12 || page.Total != 12 {
			t.Errorf("everywhere: %d of %d, %v", len(page.Items), page.Total, err)
		}
	})
}

func TestSearchGoesOnInARebuiltFolder(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		fill(t, srv, "Archive", 5)
		acct, _, _ := account(t, srv, nil)
		q := provider.Query{In: []provider.FolderID{provider.FolderID(srv.Path("Archive"))}}
		page, err := acct.Search(t.Context(), q, provider.PageRequest{Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		srv.Rebuild(t, "Archive")
		srv.Cut()
		_, err = acct.Search(t.Context(), q, provider.PageRequest{Limit: 2, After: page.Next})
		wantCode(t, err, provider.Conflict)
	})
}

func TestSearchesOfOneKind(t *testing.T) {
	part := func(name string) []byte {
		return []byte(strings.ReplaceAll("From: ann@example.org\nSubject: with "+name+"\nMessage-ID: <"+name+"@example.org>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"+
			"--b\n\nwords inside\n--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename="+name+"\n\nx\n--b--\n", "\n", "\r\n"))
	}
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		srv.Append(t, "INBOX", part("a.pdf"))
		srv.Append(t, "INBOX", letter(1), `\Seen`)
		srv.Append(t, "INBOX", part("b.pdf"), `\Seen`)
		srv.Append(t, "INBOX", letter(2))
		acct, _, _ := account(t, srv, nil)
		with := provider.Query{HasAttach: true}
		for _, tt := range []struct {
			name string
			q    provider.Query
			want []string
		}{
			{"attachment", with, []string{"with b.pdf", "with a.pdf"}},
			{"no attachment", provider.Query{Not: []provider.Query{with}}, []string{"letter 2", "letter 1"}},
			{"file name", provider.Query{Filename: []string{"A.PDF"}}, []string{"with a.pdf"}},
			{"attachment and words", provider.Query{HasAttach: true, Body: []string{"words"}, With: provider.Seen}, []string{"with b.pdf"}},
			{"attachment or unread", provider.Query{Any: [][]provider.Query{{with, {Without: provider.Seen}}}}, []string{"letter 2", "with b.pdf", "with a.pdf"}},
			{"message id", provider.Query{HeaderID: "<1@example.org>"}, []string{"letter 1"}},
			{"part of a message id", provider.Query{HeaderID: "@example.org"}, nil},
			{"one of one", provider.Query{Any: [][]provider.Query{{{Subject: []string{"letter 2"}}}}}, []string{"letter 2"}},
			{"one of three", provider.Query{Any: [][]provider.Query{{{Body: []string{"letter 1"}}, {Body: []string{"letter 2"}}, {Body: []string{"absent"}}}}}, []string{"letter 2", "letter 1"}},
			{"a label nobody can have", provider.Query{Labels: []string{"two words"}}, nil},
			{"to, cc or bcc", provider.Query{To: []string{"bob@"}}, []string{"letter 2", "letter 1"}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				tt.q.In = []provider.FolderID{"INBOX"}
				got, err := acct.Search(t.Context(), tt.q, provider.PageRequest{})
				if err != nil {
					t.Fatal(err)
				}
				diff(t, "found", tt.want, subjects(got.Items))
			})
		}
		for _, q := range []provider.Query{
			{Not: []provider.Query{{HasAttach: true, Body: []string{"x"}}}},
			{Any: [][]provider.Query{{with, {Text: []string{"x"}}}}},
		} {
			_, err := acct.Search(t.Context(), q, provider.PageRequest{})
			wantCode(t, err, provider.Unsupported)
		}
	})
}

// TestSearchWithoutCharset talks to a server that knows US-ASCII only.
func TestSearchWithoutCharset(t *testing.T) {
	srv := asciiServer(t, "NO [BADCHARSET (US-ASCII)] speak plainly", func() {})
	acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		o.IMAP = imapx.Options{Addr: srv, Security: imapx.Cleartext, Username: "ann", Password: "x", Progress: 2 * time.Second}
	})
	in := []provider.FolderID{"INBOX"}
	got, err := acct.Search(t.Context(), provider.Query{In: in, Subject: []string{"grüße", "an"}}, provider.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "found", []string{"Grüße an Ann"}, subjects(got.Items))
	for _, q := range []provider.Query{{In: in, HeaderID: "grüße@example.org"}, {In: in, Not: []provider.Query{{HeaderID: "grüße@example.org"}}}} {
		got, err := acct.Search(t.Context(), q, provider.PageRequest{})
		if err != nil || len(got.Items) != 2*len(q.Not) {
			t.Errorf("a Message-ID beyond ASCII: %d found, %v", len(got.Items), err)
		}
	}
	_, err = acct.Search(t.Context(), provider.Query{In: in, Body: []string{"grüße"}}, provider.PageRequest{})
	if err == nil {
		t.Fatal("a search that the server cannot do found something")
	}
	wantCode(t, err, provider.Unsupported)
}

// asciiServer has two messages in INBOX and refuses every CHARSET, counting.
func asciiServer(t *testing.T, refusal string, refused func()) string {
	t.Helper()
	return serve(t, func(conn net.Conn) {
		fmt.Fprint(conn, "* OK [CAPABILITY IMAP4rev1 LITERAL+] hello\r\n")
		for in := bufio.NewScanner(conn); in.Scan(); {
			answerASCII(conn, in, refusal, refused)
		}
	})
}

func answerASCII(conn net.Conn, in *bufio.Scanner, refusal string, refused func()) {
	tag, command, _ := strings.Cut(in.Text(), " ")
	literal := strings.HasSuffix(command, "+}")
	for rest := literal; rest; rest = strings.HasSuffix(in.Text(), "+}") {
		in.Scan()
	}
	head := func(n int, subject string) string {
		field := "Subject: " + subject + "\r\n\r\n"
		return fmt.Sprintf("* %d FETCH (UID %d FLAGS () INTERNALDATE \"02-Nov-2026 10:00:00 +0000\" RFC822.SIZE 99 "+
			"BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 9 1) BODY[HEADER.FIELDS (SUBJECT)] {%d}\r\n%s)\r\n", n, n, len(field), field)
	}
	switch {
	case strings.HasPrefix(command, "LOGIN"):
		fmt.Fprint(conn, tag+" OK [CAPABILITY IMAP4rev1 LITERAL+] in\r\n")
		return
	case strings.HasPrefix(command, "EXAMINE"):
		fmt.Fprint(conn, "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n")
	case strings.Contains(command, "CHARSET"):
		refused()
		fmt.Fprint(conn, tag+" "+refusal+"\r\n")
		return
	case strings.HasPrefix(command, "UID SEARCH"):
		fmt.Fprint(conn, "* SEARCH 1 2\r\n")
	case strings.HasPrefix(command, "UID FETCH"):
		fmt.Fprint(conn, head(1, "=?utf-8?q?Gr=C3=BC=C3=9Fe_an_Ann?="), head(2, "nothing of the kind"))
	}
	fmt.Fprint(conn, tag+" OK done\r\n")
}

func TestMatches(t *testing.T) {
	s := entry{structure: &imapx.Part{Path: []int{1}, Type: "application/pdf", Params: map[string]string{"name": "Invoice.pdf"}}}
	s.header.Bcc = []mailmime.Address{{Mailbox: "dora@example.com"}}
	s.Summary = provider.Summary{
		Subject: "Grüße aus Åre", HeaderID: "1@example.org", Size: 100, Flags: provider.Seen, Labels: []string{"$Todo"}, HasAttach: true,
		From: []provider.Address{{Name: "Ann Lee", Addr: "ann@example.org"}}, To: []provider.Address{{Addr: "bob@example.com"}},
		Cc: []provider.Address{{Addr: "carol@example.net"}}, Received: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC),
	}
	words := func(w ...string) []string { return w }
	for _, tt := range []struct {
		name string
		q    provider.Query
		want bool
	}{
		{"nothing asked", provider.Query{}, true},
		{"subject", provider.Query{Subject: words("GRÜSSE", "x")}, false},
		{"subject in another case", provider.Query{Subject: words("åre", "grüße")}, true},
		{"from", provider.Query{From: words("lee", "ann@")}, true},
		{"to finds cc", provider.Query{To: words("carol")}, true},
		{"to finds bcc", provider.Query{To: words("dora@")}, true},
		{"cc does not find bcc", provider.Query{Cc: words("dora@")}, false},
		{"cc does not find to", provider.Query{Cc: words("bob")}, false},
		{"file", provider.Query{Filename: words("invoice")}, true},
		{"other file", provider.Query{Filename: words("receipt")}, false},
		{"label", provider.Query{Labels: words("$todo")}, true},
		{"other label", provider.Query{Labels: words("$to")}, false},
		{"since", provider.Query{Since: s.Received}, true},
		{"before", provider.Query{Before: s.Received}, false},
		{"flags", provider.Query{With: provider.Seen, Without: provider.Flagged}, true},
		{"flags not there", provider.Query{With: provider.Seen | provider.Flagged}, false},
		{"larger", provider.Query{Larger: 100}, false},
		{"smaller", provider.Query{Smaller: 101}, true},
		{"id", provider.Query{HeaderID: "<1@example.org>"}, true},
		{"not", provider.Query{Not: []provider.Query{{HasAttach: true}}}, false},
		{"any", provider.Query{Any: [][]provider.Query{{{Subject: words("x")}, {Larger: 5}}}}, true},
		{"any of none", provider.Query{Any: [][]provider.Query{{{Subject: words("x")}}}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := matches(tt.q, s); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestNestedTermsAreExact: what is excluded, or one of several, is decided as
// well as what stands alone.
func TestNestedTermsAreExact(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		acct, b, _ := account(t, srv, nil)
		noon := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
		for n, at := range map[int]time.Time{1: noon.Add(-2 * time.Hour), 11: noon.Add(2 * time.Hour)} {
			err := b.pool.Write(t.Context(), "", func(c *imapx.Conn) error {
				_, err := c.Append(t.Context(), "INBOX", imapx.AppendOptions{Date: at}, bytes.NewReader(letter(n)), int64(len(letter(n))))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		since, before := provider.Query{Since: noon}, provider.Query{Before: noon}
		id, absent := provider.Query{HeaderID: "1@example.org"}, provider.Query{Subject: []string{"absent"}}
		body := provider.Query{Body: []string{"is letter 11"}}
		not := func(q provider.Query) provider.Query { return provider.Query{Not: []provider.Query{q}} }
		anyOf := func(q ...provider.Query) provider.Query { return provider.Query{Any: [][]provider.Query{q}} }
		for _, tt := range []struct {
			name string
			q    provider.Query
			want []string
		}{
			{"not since", not(since), []string{"letter 1"}},
			{"not before", not(before), []string{"letter 11"}},
			{"since or absent", anyOf(since, absent), []string{"letter 11"}},
			{"before or absent", anyOf(absent, before), []string{"letter 1"}},
			{"not since, as one of several", anyOf(not(since), absent), []string{"letter 1"}},
			{"one of several, excluded", not(anyOf(since, absent)), []string{"letter 1"}},
			{"not this id", not(id), []string{"letter 11"}},
			{"this id or absent", anyOf(id, absent), []string{"letter 1"}},
			{"this id or words in a body", anyOf(provider.Query{HeaderID: "11@example.org"}, body), []string{"letter 11"}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				tt.q.In = []provider.FolderID{"INBOX"}
				got, err := acct.Search(t.Context(), tt.q, provider.PageRequest{})
				if err != nil {
					t.Fatal(err)
				}
				diff(t, "found", tt.want, subjects(got.Items))
			})
		}
	})
}

// TestSearchBesideAFolderOfAKnownName: "Todos" is all mail to one service, and
// a list of things to do to everybody else.
func TestSearchBesideAFolderOfAKnownName(t *testing.T) {
	srv := imapxtest.Memory(t)
	for i, folder := range []string{"Todos", "Starred"} {
		srv.CreateFolder(t, folder)
		srv.Append(t, folder, letter(i))
	}
	srv.Append(t, "INBOX", letter(2))
	acct, _, _ := account(t, srv, nil)
	got, err := acct.Search(t.Context(), provider.Query{Subject: []string{"letter"}}, provider.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	found := subjects(got.Items)
	slices.Sort(found)
	diff(t, "found", []string{"letter 0", "letter 1", "letter 2"}, found)
}

// TestSearchSaysWhichFolder: one that refuses is named beside the hits of the
// others, and fails the search when there are no others.
func TestSearchSaysWhichFolder(t *testing.T) {
	for _, tt := range []struct {
		name, refusal string
		folders       []provider.FolderID
		want          provider.Code // of the folder, and of the call where all fail
		goesOn        bool          // there is a cursor to try the folder again
		all           bool
	}{
		{"one of two", "$ NO [NOPERM] not yours\n", nil, provider.Denied, false, false},
		{"one of two, for now", "$ NO [INUSE] not yours\n", nil, provider.RateLimited, true, false},
		{"the only one", "$ NO [NOPERM] not yours\n", []provider.FolderID{"Their mail"}, provider.Denied, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) {
				o.IMAP = talk(t, "", func(command string) string {
					switch {
					case strings.HasPrefix(command, "LIST"):
						return "* LIST () \"/\" INBOX\n* LIST () \"/\" \"Their mail\"\n$ OK done\n"
					case strings.HasPrefix(command, `EXAMINE "Their mail"`):
						return tt.refusal
					case strings.HasPrefix(command, "UID SEARCH"):
						return "* SEARCH 1\n$ OK done\n"
					case strings.HasPrefix(command, "UID FETCH"):
						return listed(1, "", "hello")
					}
					return ""
				})
			})
			got, err := acct.Search(t.Context(), provider.Query{In: tt.folders}, provider.PageRequest{})
			if !tt.all {
				if err != nil || len(got.Items) != 1 || len(got.Failed) != 1 || got.Failed[0].ID != "" || got.Total != 0 {
					t.Fatalf("%+v, %v", got, err)
				}
				err = got.Failed[0].Err
			}
			wantCode(t, err, tt.want)
			if !strings.Contains(err.Error(), `folder "Their mail"`) || !strings.Contains(err.Error(), "not yours") {
				t.Errorf("error %v", err)
			}
			if (got.Next != "") != tt.goesOn {
				t.Errorf("next %q", got.Next)
			}
		})
	}
}

// listed is the FETCH answer for a list entry; from may be empty.
func listed(uid int, from, subject string) string {
	if from != "" {
		from = "From: " + from + "\n"
	}
	return written(uid, from+"Subject: "+subject+"\n")
}

// TestPartInSmallPieces: a server that answers with less than was asked for is
// asked for the rest.
func TestPartInSmallPieces(t *testing.T) {
	const text = "0123456789abcdefghij"
	acct, b, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		o.IMAP = talk(t, "", func(command string) string {
			if !strings.HasPrefix(command, "UID FETCH") {
				return ""
			}
			from := 0
			if _, after, ok := strings.Cut(command, "<"); ok {
				_, _ = fmt.Sscan(strings.SplitN(after, ".", 2)[0], &from)
			}
			piece := text[from:min(from+7, len(text))]
			structure := ""
			if strings.Contains(command, "BODYSTRUCTURE") {
				structure = fmt.Sprintf(` BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" %d 1)`, len(text))
			}
			return fmt.Sprintf("* 1 FETCH (UID 1%s BODY[1]<%d> \"%s\")\n$ OK done\n", structure, from, piece)
		})
	})
	_, part, err := acct.OpenPart(t.Context(), b.newID("INBOX", 7, 1), "1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(part)
	if err != nil || string(got) != text {
		t.Errorf("%q, %v", got, err)
	}
}
