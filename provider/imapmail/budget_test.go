package imapmail

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// TestRoundTrips counts on the wire what a call costs on a warm connection.
func TestRoundTrips(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		needs(t, srv, "MOVE")
		needs(t, srv, "LIST-STATUS")
		fill(t, srv, "Drafts", 125) // a thousand single APPENDs take a server long
		commands := []string{"SELECT " + srv.Path("Drafts")}
		for range 8 {
			commands = append(commands, "COPY 1:* INBOX")
		}
		srv.Do(t, commands...)
		large := strings.Repeat("a long line of a long letter\r\n", 4000)
		for i := range 5 {
			srv.Append(t, "INBOX", append(letter(2000+i), large...))
		}
		acct, _, count := account(t, srv, nil)
		count.Hold(30 * time.Millisecond)
		inbox := provider.ListOptions{Folder: "INBOX"}
		first := list(t, acct, inbox, provider.PageRequest{})
		var thousand []provider.MessageID
		page := provider.PageRequest{Limit: provider.MaxLimit}
		for len(thousand) < provider.MaxBatch {
			p := list(t, acct, inbox, page)
			thousand, page.After = append(thousand, ids(p.Items)...), p.Next
		}
		thousand = thousand[:provider.MaxBatch]
		for _, tt := range []struct {
			name string
			most int
			do   func() error
		}{
			{"folders, and once what flags the inbox keeps", 2, func() error { _, err := acct.ListFolders(t.Context()); return err }},
			{"first page", 1, func() error { _, err := acct.ListMessages(t.Context(), inbox, provider.PageRequest{}); return err }},
			{"later page", 2, func() error {
				_, err := acct.ListMessages(t.Context(), inbox, provider.PageRequest{After: first.Next})
				return err
			}},
			{"unread only", 2, func() error {
				_, err := acct.ListMessages(t.Context(), provider.ListOptions{Folder: "INBOX", UnreadOnly: true}, provider.PageRequest{})
				return err
			}},
			{"unhandled only", 2, func() error {
				_, err := acct.ListMessages(t.Context(), provider.ListOptions{Folder: "INBOX", UnhandledOnly: true}, provider.PageRequest{})
				return err
			}},
			{"search", 2, func() error {
				_, err := acct.Search(t.Context(), provider.Query{In: []provider.FolderID{"INBOX"}, Subject: []string{"letter"}}, provider.PageRequest{})
				return err
			}},
			{"read ten small", 1, func() error {
				_, err := acct.ReadMessages(t.Context(), thousand[500:510], provider.ReadOptions{})
				return err
			}},
			{"read ten, some large", 2, func() error {
				got, err := acct.ReadMessages(t.Context(), thousand[:10], provider.ReadOptions{})
				for _, r := range got[:5] {
					if r.Err != nil || !strings.HasSuffix(r.Message.Text, strings.ReplaceAll(large, "\r\n", "\n")) {
						t.Errorf("large message: %v", r.Err)
					}
				}
				return err
			}},
			{"open the mailbox for changes", 3, func() error {
				_, err := acct.SetFlags(t.Context(), thousand[:1], provider.FlagChange{Add: provider.Flagged})
				return err
			}},
			{"mark a thousand as handled", 2, func() error {
				return whole(acct.SetFlags(t.Context(), thousand, provider.FlagChange{Add: provider.Handled}))
			}},
			{"flag a thousand", 2, func() error {
				return whole(acct.SetFlags(t.Context(), thousand, provider.FlagChange{Add: provider.Seen}))
			}},
			{"move a thousand", 1, func() error { return whole(acct.Move(t.Context(), thousand, provider.FolderID(srv.Path("Archive")))) }},
			{"folders", 1, func() error { _, err := acct.ListFolders(t.Context()); return err }},
		} {
			t.Run(tt.name, func(t *testing.T) {
				count.Reset()
				if err := tt.do(); err != nil {
					t.Fatal(err)
				}
				if n := count.RoundTrips(); n > tt.most {
					t.Errorf("%d round trips, want at most %d", n, tt.most)
				}
			})
		}
		if got := len(srv.UIDs(t, "Archive")); got != provider.MaxBatch {
			t.Errorf("%d messages arrived", got)
		}
	})
}

// whole turns the first item that failed into the call's error.
func whole(out []provider.Outcome, err error) error {
	for _, o := range out {
		if o.Err != nil {
			return o.Err
		}
	}
	return err
}

// TestHugeMessage: the text of a mail of 60 MB is read without its attachment,
// and the attachment streams.
func TestHugeMessage(t *testing.T) {
	t.Run("memory", func(t *testing.T) { checkHuge(t, imapxtest.Memory(t), 4<<20) }) // its every FETCH parses all of the message
	t.Run("dovecot", func(t *testing.T) { checkHuge(t, imapxtest.Dovecot(t), 44<<20) })
}

func checkHuge(t *testing.T, srv *imapxtest.Server, size int) {
	file := bytes.Repeat([]byte("Postern is a small guarded gate. "), size/33)
	srv.Append(t, "INBOX", huge(file))
	acct, _, count := account(t, srv, nil)
	page := list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
	if s := page.Items[0]; !s.HasAttach || s.Size < int64(size)*4/3 {
		t.Errorf("listed as %+v", s)
	}
	got, err := acct.ReadMessages(t.Context(), ids(page.Items), provider.ReadOptions{})
	if err != nil || got[0].Err != nil {
		t.Fatal(err, got[0].Err)
	}
	m := got[0].Message
	if m.Text != "The film is attached. Grüße" || m.HTML != "<p>The film is attached.</p>" || m.TextTruncated || m.HTMLTruncated {
		t.Errorf("text %q, html %q", m.Text, m.HTML)
	}
	if len(m.Parts) != 1 || m.Parts[0].Name != "Café film.mp4" || m.Parts[0].Type != "video/mp4" || m.Parts[0].Size < int64(len(file)) {
		t.Fatalf("parts %+v", m.Parts)
	}
	if n := count.Received(); n > 256<<10 {
		t.Errorf("%d bytes came for the text", n)
	}
	info, r, err := acct.OpenPart(t.Context(), m.ID, m.Parts[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	n, err := io.Copy(sum, r)
	if err != nil || n != int64(len(file)) || !bytes.Equal(sum.Sum(nil), digest(file)) || info.Name != "Café film.mp4" {
		t.Errorf("%d of %d bytes of %+v, %v", n, len(file), info, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Read(make([]byte, 1)); err == nil {
		t.Error("a closed part can be read")
	}
}

func digest(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

func huge(file []byte) []byte {
	var b bytes.Buffer
	b.WriteString(strings.ReplaceAll(`From: Ann <ann@example.org>
To: bob@example.com
Subject: film
Message-ID: <film@example.org>
Date: Mon, 2 Nov 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

The film is attached. Gr=FC=DFe
--inner
Content-Type: text/html; charset=utf-8

<p>The film is attached.</p>
--inner--
--outer
Content-Type: video/mp4
Content-Disposition: attachment; filename*=utf-8''Caf%C3%A9%20film.mp4
Content-Transfer-Encoding: base64

`, "\n", "\r\n"))
	line := make([]byte, base64.StdEncoding.EncodedLen(57))
	for i := 0; i < len(file); i += 57 {
		chunk := file[i:min(i+57, len(file))]
		n := base64.StdEncoding.EncodedLen(len(chunk))
		base64.StdEncoding.Encode(line, chunk)
		b.Write(line[:n])
		b.WriteString("\r\n")
	}
	fmt.Fprint(&b, "--outer--\r\n")
	return b.Bytes()
}
