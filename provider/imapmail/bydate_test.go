package imapmail

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// putOn appends letter n as one that was received on a day of 2026.
func putOn(t *testing.T, b *Backend, folder string, n, day int) imapx.UID {
	t.Helper()
	var uid imapx.UID
	err := b.pool.Write(t.Context(), "", func(c *imapx.Conn) error {
		got, err := c.Append(t.Context(), folder, imapx.AppendOptions{Date: time.Date(2026, 1, day, 12, 0, 0, 0, time.UTC)}, bytes.NewReader(letter(n)), int64(len(letter(n))))
		uid = got.UID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return uid
}

// TestNewestFirstOverFolders: an old message that was filed this morning stands
// where its date says.
func TestNewestFirstOverFolders(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		acct, b, _ := account(t, srv, nil)
		for n, at := range []struct {
			folder string
			day    int
		}{{"INBOX", 20}, {"Archive", 30}, {"Archive", 2}, {"INBOX", 25}, {"Archive", 22}, {"Sent", 22}} {
			putOn(t, b, srv.Path(at.folder), n, at.day)
		}
		want := []string{"letter 1", "letter 3", "letter 4", "letter 5", "letter 0", "letter 2"}
		q := provider.Query{Subject: []string{"letter"}}
		all, err := acct.Search(t.Context(), q, provider.PageRequest{})
		for tries := 0; err == nil && all.Partial && tries < 5; tries++ { // a slow server's first look
			all, err = acct.Search(t.Context(), q, provider.PageRequest{})
		}
		if err != nil || all.Total != 6 || all.Next != "" {
			t.Fatalf("total %d, next %q, %v", all.Total, all.Next, err)
		}
		got := subjects(all.Items)
		if got[2] == "letter 5" { // received in the same second: by id
			got[2], got[3] = got[3], got[2]
		}
		diff(t, "newest first", want, got)
		for i := range all.Items {
			after, err := all.At(i)
			if err != nil {
				t.Fatal(err)
			}
			rest, err := acct.Search(t.Context(), q, provider.PageRequest{After: after})
			if err != nil {
				t.Fatal(err)
			}
			diff(t, fmt.Sprint("behind ", i), ids(all.Items[i+1:]), ids(rest.Items))
		}
		_, err = acct.Search(t.Context(), provider.Query{Subject: []string{"other"}}, provider.PageRequest{After: must(t)(all.At(2))})
		wantCode(t, err, provider.Invalid)
	})
}

func must(t *testing.T) func(provider.Cursor, error) provider.Cursor {
	return func(c provider.Cursor, err error) provider.Cursor {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

// TestNewestFirstWhileMailComesAndGoes: pages skip nothing and repeat nothing,
// whatever arrives between them or is removed, the last hit shown among it.
func TestNewestFirstWhileMailComesAndGoes(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		archive := srv.Path("Archive")
		acct, b, _ := account(t, srv, nil)
		for n := range 6 {
			putOn(t, b, []string{"INBOX", archive}[n%2], n, 10+n)
		}
		q := provider.Query{In: []provider.FolderID{"INBOX", provider.FolderID(archive)}, Subject: []string{"letter"}}
		// Each folder has three: a page of three has room for all of one.
		page, err := acct.Search(t.Context(), q, provider.PageRequest{Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "first page", []string{"letter 5", "letter 4", "letter 3"}, subjects(page.Items))
		putOn(t, b, "INBOX", 77, 29) // newer than the first page
		putOn(t, b, archive, 78, 12) // older than its end
		uid := srv.UIDs(t, archive)[1]
		srv.Do(t, "SELECT "+archive, fmt.Sprintf(`UID STORE %d +FLAGS (\Deleted)`, uid), "EXPUNGE") // letter 3, the last shown
		next, err := acct.Search(t.Context(), q, provider.PageRequest{Limit: 3, After: page.Next})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(subjects(next.Items), ", ")
		if got != "letter 78, letter 2, letter 1" && got != "letter 2, letter 78, letter 1" {
			t.Errorf("second page: %s", got)
		}
		last, err := acct.Search(t.Context(), q, provider.PageRequest{Limit: 3, After: next.Next})
		if err != nil || last.Next != "" {
			t.Fatal(last.Next, err)
		}
		diff(t, "last page", []string{"letter 0"}, subjects(last.Items))
	})
}

// TestByDateOutgrown: when a folder has grown far beyond a page, the order by
// date cannot be kept up, and that is said.
func TestByDateOutgrown(t *testing.T) {
	srv := imapxtest.Memory(t)
	acct, b, _ := account(t, srv, nil)
	putOn(t, b, "INBOX", 1, 20)
	putOn(t, b, "Archive", 2, 21)
	q := provider.Query{In: []provider.FolderID{"INBOX", "Archive"}}
	page, err := acct.Search(t.Context(), q, provider.PageRequest{Limit: 1})
	if err != nil || page.Next == "" {
		t.Fatal(page.Next, err)
	}
	const some = 50
	for range some {
		putOn(t, b, "Drafts", 3, 3)
	}
	commands := []string{"SELECT Drafts"}
	for range scanMost/some + 1 {
		commands = append(commands, "COPY 1:* INBOX")
	}
	srv.Do(t, commands...)
	_, err = acct.Search(t.Context(), q, provider.PageRequest{Limit: 1, After: page.Next})
	wantCode(t, err, provider.Conflict)
}

func FuzzUnpackDate(f *testing.F) {
	f.Add("")
	f.Add("\x80\x01abc.7.1")
	f.Add("\x01")
	f.Add("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x")
	f.Fuzz(func(t *testing.T, key string) {
		k, ok := unpackDate(key)
		if !ok {
			return
		}
		c, err := k.cursor(someSearch)
		if err != nil { // longer than a cursor may be
			return
		}
		again, ok, err := resumeByDate(c, someSearch)
		if err != nil || !ok || again != k {
			t.Errorf("%q is read as %+v, and that as %+v, %v", key, k, again, err)
		}
	})
}
