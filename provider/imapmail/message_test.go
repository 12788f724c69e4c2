package imapmail

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

func TestReadBounded(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		line := "a long line of a long letter\r\n"
		srv.Append(t, "INBOX", append(letter(1), strings.Repeat(line, 5000)...))
		acct, _, count := account(t, srv, nil)
		all := ids(list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items)
		for _, most := range []int64{10, 1000, 50_000} {
			count.Reset()
			got, err := acct.ReadMessages(t.Context(), all, provider.ReadOptions{MaxText: most})
			if err != nil || got[0].Err != nil {
				t.Fatal(err, got[0].Err)
			}
			m := got[0].Message
			if !m.TextTruncated || int64(len(m.Text)) > most || int64(len(m.Text)) < most-4 || !strings.HasPrefix(m.Text, "This is le") {
				t.Errorf("at most %d: %d bytes, truncated %v", most, len(m.Text), m.TextTruncated)
			}
			if n := count.Received(); n > 5*most+2*wholeUpTo {
				t.Errorf("at most %d: %d bytes came", most, n)
			}
		}
		count.Reset()
		got, err := acct.ReadMessages(t.Context(), all, provider.ReadOptions{HeadersOnly: true})
		if err != nil || got[0].Err != nil {
			t.Fatal(err, got[0].Err)
		}
		if m := got[0].Message; m.Text != "" || m.TextTruncated || m.Subject != "letter 1" || len(m.Header) != 5 || count.Received() > 10_000 {
			t.Errorf("headers only: %+v in %d bytes", m, count.Received())
		}
	})
}

// The invitation of a large message comes with its text: no round trip more,
// and never more of it than was asked for.
func TestReadLargeInvitation(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		event := "BEGIN:VCALENDAR\r\nDESCRIPTION:" + strings.Repeat("Gr\xfc\xdfe ", 3000) + "\r\nEND:VCALENDAR\r\n"
		raw := bytes.TrimSuffix(attached(100_000), []byte("--b--\r\n"))
		srv.Append(t, "INBOX", append(raw, "--b\r\nContent-Type: text/calendar; charset=iso-8859-1\r\n\r\n"+event+"\r\n--b--\r\n"...))
		acct, _, count := account(t, srv, nil)
		all := ids(list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items)
		whole := strings.NewReplacer("\r\n", "\n", "\xfc", "ü", "\xdf", "ß").Replace(event)
		for _, most := range []int64{1000, 1 << 20} {
			count.Reset()
			got, err := acct.ReadMessages(t.Context(), all, provider.ReadOptions{MaxText: most})
			if err != nil || got[0].Err != nil {
				t.Fatal(err, got[0].Err)
			}
			m, cut := got[0].Message, int64(len(whole)) > most
			if n := int64(len(m.Calendar)); m.CalendarTruncated != cut || !strings.HasPrefix(whole, m.Calendar) || n > most || n < min(most-4, int64(len(whole))) {
				t.Errorf("at most %d: %d of %d bytes, truncated %v", most, n, len(whole), m.CalendarTruncated)
			}
			if m.Text != "text" || m.TextTruncated || len(m.Parts) != 2 {
				t.Errorf("text %q, truncated %v, parts %+v", m.Text, m.TextTruncated, m.Parts)
			}
			if n := count.RoundTrips(); n > 2 {
				t.Errorf("%d round trips, want at most 2", n)
			}
		}
	})
}

// attached is a message with one file of n bytes as part 2.
func attached(n int) []byte {
	return []byte(strings.ReplaceAll("From: ann@example.org\nSubject: file\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n"+
		"--b\nContent-Type: application/octet-stream; name=x.bin\n\n"+strings.Repeat("0123456789\n", n/11)+"\n--b--\n", "\n", "\r\n"))
}

func TestOpenPart(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		uid := srv.Append(t, "INBOX", attached(3<<20))
		want := strings.Repeat("0123456789\r\n", (3<<20)/11)
		acct, _, _ := account(t, srv, nil)
		id := list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items[0].ID
		begin := func(t *testing.T) io.ReadCloser {
			t.Helper()
			_, r, err := acct.OpenPart(t.Context(), id, "2")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { r.Close() })
			if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
			return r
		}
		t.Run("several at once, on few connections", func(t *testing.T) {
			readers := []io.ReadCloser{begin(t), begin(t), begin(t), begin(t)}
			for _, r := range readers {
				rest, err := io.ReadAll(r)
				if err != nil || string(rest) != want[1000:] {
					t.Errorf("%d of %d bytes, %v", len(rest), len(want)-1000, err)
				}
			}
		})
		t.Run("over a lost connection", func(t *testing.T) {
			r := begin(t)
			srv.Cut()
			rest, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(rest, []byte(want[1000:])) {
				t.Errorf("%d of %d bytes, %v", len(rest), len(want)-1000, err)
			}
		})
		for part, code := range map[provider.PartID]provider.Code{"9": provider.NotFound, "1.1": provider.NotFound} {
			_, _, err := acct.OpenPart(t.Context(), id, part)
			wantCode(t, err, code)
		}
		t.Run("of a message that goes", func(t *testing.T) {
			r := begin(t)
			srv.Expunge(t, "INBOX", uid)
			rest, err := io.ReadAll(r)
			if !errors.Is(err, io.ErrUnexpectedEOF) || len(rest) >= len(want)-1000 {
				t.Errorf("%d bytes, %v", len(rest), err)
			}
			wantCode(t, err, provider.NotFound)
		})
		_, _, err := acct.OpenPart(t.Context(), id, "2")
		wantCode(t, err, provider.NotFound)
	})
}
