package imapmail

import (
	"io"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// TestSeekFetchesOnlyWhatIsRead: the end of a large source, or of a part
// without a transfer encoding, costs as much as its beginning.
func TestSeekFetchesOnlyWhatIsRead(t *testing.T) {
	srv := imapxtest.Memory(t)
	file := strings.Repeat("0123456789abcde\n", 4<<20/16)
	raw := strings.ReplaceAll("Subject: log\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nSee the log.\n"+
		"--x\nContent-Type: text/plain; charset=ISO-8859-2; name=\"a.log\"\nContent-Disposition: attachment\n\n"+file+"--x--\n", "\n", "\r\n")
	srv.Append(t, "INBOX", []byte(raw))
	acct, _, count := account(t, srv, nil)
	m := list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items[0]
	for part, want := range map[provider.PartID]string{provider.SourcePart: raw, "2": strings.TrimSuffix(strings.ReplaceAll(file, "\n", "\r\n"), "\r\n")} {
		count.Reset()
		info, body, err := acct.OpenPart(t.Context(), m.ID, part)
		if err != nil {
			t.Fatal(err)
		}
		if part == "2" && info.Charset != "iso-8859-2" {
			t.Errorf("charset %q", info.Charset)
		}
		at := len(want) - 1000
		if _, err := body.(io.Seeker).Seek(int64(at), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if err != nil || string(got) != want[at:] {
			t.Errorf("%s: %d bytes, %v", part, len(got), err)
		}
		if trips, n := count.RoundTrips(), count.Received(); trips > 2 || n > firstChunk+100<<10 {
			t.Errorf("%s: %d round trips, %d bytes", part, trips, n)
		}
		for _, bad := range []struct {
			offset int64
			whence int
		}{{-1, io.SeekStart}, {0, io.SeekEnd}, {0, io.SeekCurrent}} {
			if _, err := body.(io.Seeker).Seek(bad.offset, bad.whence); err == nil {
				t.Errorf("%s: seek %+v worked", part, bad)
			}
		}
		if err := body.Close(); err != nil {
			t.Error(err)
		}
		if _, err := body.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s: read after Close", part)
		}
	}
}

// TestEncodedPartsDoNotSeek: where in the encoding a byte stands is not known.
func TestEncodedPartsDoNotSeek(t *testing.T) {
	srv := imapxtest.Memory(t)
	srv.Append(t, "INBOX", []byte(strings.ReplaceAll("Subject: file\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\ntext\n"+
		"--x\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\nMDEyMzQ1\nNjc4OQ==\n--x--\n", "\n", "\r\n")))
	acct, _, _ := account(t, srv, nil)
	m := list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items[0]
	_, body, err := acct.OpenPart(t.Context(), m.ID, "2")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, ok := body.(io.Seeker); ok {
		t.Error("a part in base64 seeks")
	}
	if got, err := io.ReadAll(body); err != nil || string(got) != "0123456789" {
		t.Errorf("%q, %v", got, err)
	}
}
