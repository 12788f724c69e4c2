package imapmail

import (
	"bytes"
	"encoding/base64"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// BenchmarkAttachment streams an attachment of 50 MB. The aim: 10 MB more
// memory at most.
func BenchmarkAttachment(b *testing.B) {
	const size = 50 << 20
	srv := imapxtest.Dovecot(b)
	line := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("attached "), 6)[:54]) + "\r\n"
	var raw bytes.Buffer
	raw.WriteString("Subject: large\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n" +
		"--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	for range size / 54 {
		raw.WriteString(line)
	}
	raw.WriteString("--b--\r\n")
	srv.Append(b, "INBOX", raw.Bytes())
	raw = bytes.Buffer{}

	opts := options(srv)
	backend, err := Open(opts)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { backend.Close() })
	page, err := backend.ListMessages(b.Context(), provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{Limit: 1})
	if err != nil || len(page.Items) != 1 {
		b.Fatalf("%d messages, %v", len(page.Items), err)
	}
	read := func() {
		_, r, err := backend.OpenPart(b.Context(), page.Items[0].ID, "2")
		if err != nil {
			b.Fatal(err)
		}
		defer r.Close()
		if n, err := io.Copy(io.Discard, r); err != nil || n < size*99/100 {
			b.Fatalf("%d bytes, %v", n, err)
		}
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		read()
	}
	runtime.GC()
	if os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) != nil {
		return // only Linux tells the peak
	}
	before := peakMB(b)
	read()
	b.ReportMetric(peakMB(b)-before, "MB-more")
}

// peakMB is the most memory that this process has had since that was reset.
func peakMB(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return float64(kb) / 1024
}
