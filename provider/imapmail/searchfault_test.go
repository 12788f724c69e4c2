package imapmail

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// TestSearchThatGetsNowhere: a page that could not look at anything is an
// error, not a cursor that leads to itself.
func TestSearchThatGetsNowhere(t *testing.T) {
	acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		o.IMAP = talk(t, "", func(command string) string {
			switch {
			case strings.HasPrefix(command, "UID SEARCH"):
				return "* SEARCH 1\n$ OK done\n"
			case strings.HasPrefix(command, "UID FETCH"):
				return "* BYE out of order\n"
			}
			return ""
		})
	})
	got, err := acct.Search(t.Context(), provider.Query{In: []provider.FolderID{"INBOX"}}, provider.PageRequest{})
	if err == nil {
		t.Fatalf("partial %v, %d hits, %d failed, next %q", got.Partial, len(got.Items), len(got.Failed), got.Next)
	}
	wantCode(t, err, provider.Unavailable)
	if !strings.Contains(err.Error(), "out of order") {
		t.Error(err)
	}
}

// TestTotalOfALaterPage: a folder that could be searched only for the second
// page says how many match in it, not how many there are.
func TestTotalOfALaterPage(t *testing.T) {
	busy := true
	acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		o.IMAP = talk(t, "", func(command string) string {
			switch {
			case strings.HasPrefix(command, `EXAMINE "Archive"`) && busy:
				busy = false
				return "$ NO [INUSE] later\n"
			case strings.HasPrefix(command, "UID SEARCH"):
				return "* SEARCH 1\n$ OK done\n"
			case strings.HasPrefix(command, "UID FETCH"):
				return listed(1, "", "hello")
			}
			return ""
		})
	})
	q := provider.Query{In: []provider.FolderID{"INBOX", "Archive"}}
	first, err := acct.Search(t.Context(), q, provider.PageRequest{})
	if err != nil || len(first.Items) != 1 || len(first.Failed) != 1 || first.Next == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := acct.Search(t.Context(), q, provider.PageRequest{After: first.Next})
	if err != nil || len(second.Items) != 1 || second.Next != "" {
		t.Fatalf("%+v, %v", second, err)
	}
	if second.Total != 0 {
		t.Errorf("%d match in all, and two were found", second.Total)
	}
}

// TestSearchOfFoldersWithOddNames: a folder that is listed twice is searched
// once, and one whose name cannot be sent fails no search.
func TestSearchOfFoldersWithOddNames(t *testing.T) {
	for _, tt := range []struct{ name, also string }{
		{"twice", "INBOX"},
		{"twice, in another case", "Inbox"},
		{"no name", `""`},
		{"a control character", "&AAE-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) {
				o.IMAP = talk(t, "", func(command string) string {
					switch {
					case strings.HasPrefix(command, "LIST"):
						return "* LIST () \"/\" INBOX\n* LIST () \"/\" " + tt.also + "\n$ OK done\n"
					case strings.HasPrefix(command, "UID SEARCH"):
						return "* SEARCH 1 2\n$ OK done\n"
					case strings.HasPrefix(command, "UID FETCH"):
						return strings.TrimSuffix(listed(2, "", "two"), "$ OK done\n") + listed(1, "", "one")
					}
					return ""
				})
				o.IMAP.MaxConns = 1
			})
			got, err := acct.Search(t.Context(), provider.Query{}, provider.PageRequest{})
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "found", "[two one], 2 in all", fmt.Sprintf("%v, %d in all", subjects(got.Items), got.Total))
		})
	}
}

// TestSearchNamesWhatWasNotAsked: a server that ignores the range of a later
// page would give the first page again and again.
func TestSearchNamesWhatWasNotAsked(t *testing.T) {
	acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		o.IMAP = talk(t, "", func(command string) string {
			switch {
			case strings.HasPrefix(command, "UID SEARCH"):
				return "* SEARCH 1 2 3\n$ OK done\n"
			case strings.HasPrefix(command, "UID FETCH"):
				return listed(3, "", "hello")
			}
			return ""
		})
	})
	q := provider.Query{In: []provider.FolderID{"INBOX"}}
	first, err := acct.Search(t.Context(), q, provider.PageRequest{Limit: 1})
	if err != nil || len(first.Items) != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := acct.Search(t.Context(), q, provider.PageRequest{Limit: 1, After: first.Next})
	if err == nil {
		t.Fatalf("again %q", subjects(second.Items))
	}
	wantCode(t, err, provider.Unavailable)
}

// TestHitsOfALostConnection: what came before the connection was lost is a page;
// the next one fails while the server refuses, and the same cursor goes on later.
func TestHitsOfALostConnection(t *testing.T) {
	box := &bigBox{n: 5000, uidNext: "* OK [UIDNEXT 5001] next\n", hits: map[int]bool{4990: true, 4980: true}}
	down, refusals, empty := false, 0, false
	acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		o.IMAP = talk(t, "", func(command string) string {
			if strings.HasPrefix(command, "EXAMINE") {
				empty = strings.Contains(command, "Archive")
			}
			switch {
			case empty && strings.HasPrefix(command, "UID SEARCH"):
				return "* SEARCH\n$ OK done\n"
			case empty && strings.HasPrefix(command, "EXAMINE"):
				return "* 0 EXISTS\n* OK [UIDVALIDITY 7] ok\n$ OK open\n"
			case strings.HasPrefix(command, "EXAMINE") && down && refusals == 0:
				refusals++
				return "$ NO [INUSE] later\n"
			case strings.HasPrefix(command, "UID SEARCH") && strings.Contains(command, ":4000") && !down:
				down = true
				return "* BYE tired\n"
			}
			return box.answer(command)
		})
		o.IMAP.MaxConns = 1
	})
	list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{Limit: 1}) // the connection is used
	q := provider.Query{In: []provider.FolderID{"INBOX", "Archive"}, Body: []string{"word"}}
	var got []string
	page := provider.PageRequest{}
	calls := 0
	for more := true; more; more = page.After != "" {
		p, err := acct.Search(t.Context(), q, page)
		if calls++; err != nil && calls == 2 {
			wantCode(t, err, provider.RateLimited)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got, page.After = append(got, subjects(p.Items)...), p.Next
	}
	if !down || refusals != 1 {
		t.Fatalf("down %v, %d refusals", down, refusals)
	}
	diff(t, "found", []string{"message 4990", "message 4980"}, got)
}

// TestFolderThatTimeRanOutFor: of two folders that share a connection, one
// takes all the time; nobody says of the other that it is slow.
func TestFolderThatTimeRanOutFor(t *testing.T) {
	box := &bigBox{n: 5000, uidNext: "* OK [UIDNEXT 5001] next\n", hits: map[int]bool{4990: true}}
	stop := make(chan struct{})
	var logins atomic.Int32
	acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		o.IMAP = talk(t, "", func(command string) string {
			switch {
			case strings.HasPrefix(command, "LOGIN") && logins.Add(1) == 2: // while there is another
				return "$ NO [LIMIT] one connection\n"
			case strings.HasPrefix(command, "UID SEARCH") && !strings.Contains(command, ":*"):
				<-stop
			}
			return box.answer(command)
		})
		o.IMAP.MaxConns = 2
		o.SearchTime = 100 * time.Millisecond
	})
	t.Cleanup(func() { close(stop) })
	q := provider.Query{In: []provider.FolderID{"INBOX", "Archive"}, Body: []string{"word"}}
	got, err := acct.Search(t.Context(), q, provider.PageRequest{})
	if err != nil || len(got.Items) != 1 || len(got.Failed) != 0 || !got.Partial || got.Next == "" {
		t.Errorf("%q, failed %v, partial %v, next %q, %v", subjects(got.Items), got.Failed, got.Partial, got.Next, err)
	}
}

// TestThreadBesideAFolderThatRefuses: the rest of the conversation is given, the
// folder named once, and nobody says that this is all.
func TestThreadBesideAFolderThatRefuses(t *testing.T) {
	asked := 0
	acct, b, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		o.IMAP = talk(t, "SPECIAL-USE", func(command string) string {
			switch {
			case strings.HasPrefix(command, "LIST"):
				return "* LIST () \"/\" INBOX\n* LIST (\\Archive) \"/\" Old\n$ OK done\n"
			case strings.HasPrefix(command, `EXAMINE "Old"`):
				asked++
				return "$ NO [NOPERM] not yours\n"
			case strings.HasPrefix(command, "UID SEARCH"):
				return "* SEARCH 1 2\n$ OK done\n"
			case strings.HasPrefix(command, "UID FETCH 1 "):
				return written(1, "Message-ID: <a@example.org>\n")
			case strings.HasPrefix(command, "UID FETCH"):
				return written(2, "Message-ID: <b@example.org>\nReferences: <a@example.org>\n")
			}
			return ""
		})
	})
	page, err := acct.Thread(t.Context(), b.newID("INBOX", 7, 1), provider.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "conversation", "a b", named(page.Items))
	if len(page.Failed) != 1 || page.Failed[0].ID != "" || page.Total != 0 || asked != 1 {
		t.Fatalf("failed %v, total %d, asked %d times", page.Failed, page.Total, asked)
	}
	wantCode(t, page.Failed[0].Err, provider.Denied)
	if !strings.Contains(page.Failed[0].Err.Error(), `folder "Old"`) {
		t.Error(page.Failed[0].Err)
	}
}

// written is the FETCH answer for a list entry with these header fields.
func written(uid int, fields string) string {
	return fmt.Sprintf("* %d FETCH (UID %d FLAGS () INTERNALDATE \"02-Nov-2026 10:00:00 +0000\" RFC822.SIZE 99 BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL "+
		"\"7bit\" 9 1) BODY[HEADER.FIELDS (SUBJECT)] {%d}\n%s\n)\n$ OK done\n", uid, uid, len(fields)+strings.Count(fields, "\n")+2, fields)
}
