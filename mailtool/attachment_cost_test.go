package mailtool_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/imapmail"
)

// TestAttachmentRoundTrips counts on the wire what attachments cost over IMAP, and
// how much comes.
func TestAttachmentRoundTrips(t *testing.T) {
	srv := imapxtest.Memory(t)
	text := strings.Repeat("A line of a long log that goes on and on.\r\n", 5_000) // 215 kB
	srv.Append(t, "INBOX", letterWith(
		file{kind: "text/plain; charset=utf-8", name: "a.log", data: []byte(text)}, file{kind: "application/x-thing", name: "a.bin", data: noise(3 << 20)},
		file{kind: "text/plain; charset=iso-8859-2", name: "b.txt", data: []byte("\xb3\xf3d\xbc")},
	))
	count := imapxtest.Count(t, srv.TLSAddr)
	count.Hold(30 * time.Millisecond)
	leakcheck.Check(t)
	box, err := imapmail.Open(imapmail.Options{Account: "ann", IMAP: imapx.Options{
		Addr: count.Addr, TLSConfig: &tls.Config{RootCAs: srv.CA, ServerName: "localhost"}, Username: srv.Username, Password: srv.Password, Progress: 20 * time.Second,
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	d := newDesk(t, nil)
	d.caller = readerOf(t, box)
	page, err := d.caller.Accounts[0].Mail.ListMessages(t.Context(), provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	id := string(page.Items[0].ID)
	for _, test := range []struct {
		name, args string
		trips      int
		most       int64 // bytes
		check      func(got) bool
	}{
		{"a small text", `"handle":"` + id + `:4"`, 1, 10_000, func(g got) bool { return g.inner(t) == "łódź" }},
		{"a text", `"handle":"` + id + `:2"`, 2, 600_000, func(g got) bool { return g.NextOffset > 0 }},
		{"its next piece", `"handle":"` + id + `:2","offset":19000`, 0, 0, func(g got) bool { return g.NextOffset > 19000 }},
		{"a file too large", `"handle":"` + id + `:3"`, 1, 400_000, func(g got) bool { return len(g.Notes) > 0 && !g.File }},
		{"its first piece", `"handle":"` + id + `:3","format":"blob"`, 2, 3_500_000, func(g got) bool { return g.NextOffset == 42_000 }},
		{"its second", `"handle":"` + id + `:3","format":"blob","offset":42000`, 0, 0, func(g got) bool { return len(g.Data) == 42_000 }},
		{"one in the middle", `"handle":"` + id + `:3","format":"blob","offset":1500000`, 3, 5_000_000, func(g got) bool { return len(g.Data) == 42_000 }},
		{"the one behind", `"handle":"` + id + `:3","format":"blob","offset":1542000`, 0, 0, func(g got) bool { return len(g.Data) == 42_000 }},
		{"the source", `"id":"` + id + `","raw":true`, 1, 400_000, func(g got) bool { return strings.HasPrefix(g.inner(t), "From: Bob") }},
		{"its end", `"id":"` + id + `","raw":true,"offset":4500000`, 2, 900_000, func(g got) bool { return strings.HasSuffix(g.inner(t), "--edge--\n") || g.NextOffset > 0 }},
		{"all as a ZIP", `"id":"` + id + `","all":true`, 10, 6_000_000, func(g got) bool { return len(g.Notes) > 0 }},
	} {
		count.Reset()
		out := d.get("{" + test.args + "}")
		if !test.check(out) {
			t.Errorf("%s: %.500s", test.name, fmt.Sprintf("%+v", out))
		}
		if trips, n := count.RoundTrips(), count.Received(); trips > test.trips || n > test.most {
			t.Errorf("%s: %d round trips, %d bytes; want at most %d and %d", test.name, trips, n, test.trips, test.most)
		} else {
			t.Logf("%s: %d round trips, %d bytes", test.name, trips, n)
		}
	}
}

// stream is a backend with one endless supply of parts.
type stream struct {
	part provider.Part
	size int64
	fill func(p []byte, at int64)
	// listed is the size that a list of parts names; opened counts.
	listed int64
	opened int
	peak   uint64 // of the heap, seen while it is read
}

func (s *stream) Info() provider.Info                  { return provider.Info{Account: "ann"} }
func (s *stream) Capabilities() provider.CapabilitySet { return provider.Caps(provider.CapRead) }
func (s *stream) Close() error                         { return nil }
func (s *stream) ListMessages(context.Context, provider.ListOptions, provider.PageRequest) (provider.Page[provider.Summary], error) {
	return provider.Page[provider.Summary]{}, nil
}
func (s *stream) ReadMessages(_ context.Context, ids []provider.MessageID, _ provider.ReadOptions) ([]provider.ReadResult, error) {
	part := s.part
	part.ID, part.Size = "2", s.listed
	return []provider.ReadResult{{ID: ids[0], Message: &provider.Message{Parts: []provider.Part{part}}}}, nil
}
func (s *stream) OpenPart(context.Context, provider.MessageID, provider.PartID) (provider.Part, io.ReadCloser, error) {
	s.opened++
	return s.part, io.NopCloser(&streamReader{s: s}), nil
}

type streamReader struct {
	s        *stream
	at, next int64
}

func (r *streamReader) Read(p []byte) (int, error) {
	if r.at >= r.s.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), r.s.size-r.at))
	r.s.fill(p[:n], r.at)
	if r.at += int64(n); r.at >= r.next {
		r.next = r.at + 1<<20
		r.s.look()
	}
	return n, nil
}

func (s *stream) look() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.peak = max(s.peak, m.HeapAlloc)
}

// TestHugeAttachment: 50 MB cost little memory and time, whatever is asked of them.
func TestHugeAttachment(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // so that the heap is about what is in use
	fills := map[string]func(p []byte, at int64){
		"zeros": func(p []byte, _ int64) { clear(p) },
		"text": func(p []byte, at int64) {
			for i := range p {
				p[i] = "A line of text.\n"[(at+int64(i))%16]
			}
		},
	}
	for name, test := range map[string]struct {
		part provider.Part
		fill string
		args string
		want func(got, error) bool
	}{
		"text":            {provider.Part{Type: "text/plain", Size: 50 << 20}, "text", `"handle":"ann-1.1:2"`, func(g got, err error) bool { return err == nil && g.NextOffset > 0 }},
		"HTML":            {provider.Part{Type: "text/html", Size: 50 << 20}, "text", `"handle":"ann-1.1:2"`, func(g got, err error) bool { return err == nil && g.NextOffset > 0 }},
		"a document":      {provider.Part{Type: "application/rtf", Size: 50 << 20}, "text", `"handle":"ann-1.1:2"`, func(g got, err error) bool { return err == nil && !g.File }},
		"of unknown size": {provider.Part{Type: "application/rtf"}, "text", `"handle":"ann-1.1:2"`, func(g got, err error) bool { return err == nil && !g.File }},
		"a file":          {provider.Part{Type: "application/x-thing", Size: 50 << 20}, "zeros", `"handle":"ann-1.1:2"`, func(g got, err error) bool { return err == nil && !g.File && g.Size == 50<<20 }},
		"its end":         {provider.Part{Type: "application/x-thing", Size: 50 << 20}, "zeros", `"handle":"ann-1.1:2","format":"blob","offset":52428000`, func(g got, err error) bool { return err == nil && len(g.Data) == 50<<20-52428000 }},
		"the source":      {provider.Part{Type: "message/rfc822", Size: 50 << 20}, "text", `"id":"ann-1.1","raw":true,"offset":30000000`, func(g got, err error) bool { return err == nil && g.NextOffset > 30000000 }},
		"a ZIP":           {provider.Part{Type: "application/x-thing"}, "zeros", `"id":"ann-1.1","all":true,"format":"blob"`, func(_ got, err error) bool { return err != nil }},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stream{part: test.part, size: 50 << 20, fill: fills[test.fill]}
			d := newDesk(t, nil)
			d.caller = readerOf(t, s)
			runtime.GC()
			s.look()
			before := s.peak
			start := time.Now()
			out, err := d.try("{" + test.args + "}")
			s.look()
			if !test.want(out, err) {
				t.Errorf("%.300s, %v", fmt.Sprintf("%+v", out), err)
			}
			used, took := int64(s.peak-before)>>20, time.Since(start).Round(time.Millisecond)
			if used > 64 || took > 10*time.Second {
				t.Errorf("%d MB, %v", used, took)
			}
			t.Logf("%d MB, %v, base64 %d", used, took, base64.StdEncoding.EncodedLen(len(out.Data)))
		})
	}
}
