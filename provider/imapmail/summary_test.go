package imapmail

import (
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// fetched is a message with text, HTML and one attachment as a server
// describes it.
func fetched() imapx.Message {
	return imapx.Message{
		UID: 5, Flags: []string{`\Seen`, "$Todo"}, Date: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC), Size: 60_000,
		Structure: &imapx.Part{Type: "multipart/mixed", Children: []*imapx.Part{
			{Path: []int{1}, Type: "multipart/alternative", Children: []*imapx.Part{
				{Path: []int{1, 1}, Type: "text/plain", Params: map[string]string{"charset": "utf-8"}, Encoding: "quoted-printable", Size: 900},
				{Path: []int{1, 2}, Type: "text/html", Params: map[string]string{"charset": "utf-8"}, Encoding: "quoted-printable", Size: 4000},
			}},
			{Path: []int{2}, Type: "application/pdf", Params: map[string]string{"name": "=?utf-8?q?Gr=C3=BC=C3=9Fe.pdf?="}, Encoding: "base64", Size: 50_000,
				Disposition: "attachment", DispositionParams: map[string]string{"filename*": "utf-8''Gr%C3%BC%C3%9Fe%2C%20%22ja%22.pdf"}},
			{Path: []int{3}, Type: "message/rfc822", Size: 700, Children: []*imapx.Part{{Path: []int{3, 1}, Type: "text/plain", Size: 300}}},
			{Path: []int{4}, Type: "image/png", ID: "<pic@example.org>\r\nX-Evil: 1", Size: 10, Disposition: "inline\r\n\r\n--"},
		}},
		Sections: [][]byte{[]byte("From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\nTo: bob@example.com, Carol <carol@example.net>\r\n" +
			"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nDate: Mon, 2 Nov 2026 10:00:00 +0100\r\nMessage-ID: <3@example.org>\r\n" +
			"In-Reply-To: <2@example.org>\r\nReferences: <1@example.org> <2@example.org>\r\n\r\n")},
	}
}

func TestSummarize(t *testing.T) {
	b := open(t, Options{Account: "work", IMAP: imapx.Options{Addr: "imap.example.org:993", Username: "ann"}})
	box := imapx.Mailbox{Name: "INBOX", UIDValidity: 7}
	got := b.summarize(box, fetched())
	diff(t, "summary", provider.Summary{
		ID: b.newID("INBOX", 7, 5), Folder: "INBOX", ThreadID: provider.ThreadID("1@example.org", nil, nil), HeaderID: "3@example.org",
		From:    []provider.Address{{Name: "Jörg", Addr: "joerg@example.org"}},
		To:      []provider.Address{{Addr: "bob@example.com"}, {Name: "Carol", Addr: "carol@example.net"}},
		Subject: "Grüße", Date: time.Date(2026, 11, 2, 10, 0, 0, 0, time.FixedZone("", 3600)), Received: fetched().Date, Size: 60_000,
		Flags: provider.Seen, Labels: []string{"$Todo"}, HasAttach: true,
	}, got)
	var files []provider.Part
	for _, p := range describe(fetched().Structure).Attachments {
		files = append(files, partInfo(p))
	}
	diff(t, "parts", []provider.Part{
		{ID: "2", Type: "application/pdf", Name: `Grüße, "ja".pdf`, Size: 50_000},
		{ID: "3", Type: "message/rfc822", Size: 700},
		{ID: "4", Type: "image/png", Size: 10, Inline: true, ContentID: "pic@example.org>X-Evil: 1"}, // no field of its own
	}, files)
}

func TestOutlineOfNothing(t *testing.T) {
	for _, p := range []*imapx.Part{nil, {}, {Type: "multipart/mixed"}, {Path: []int{1}, Type: "text/plain"}} {
		if m := describe(p); m == nil || m.HasFile() {
			t.Errorf("%+v is %+v", p, m)
		}
	}
}

// TestHasFile: the short way and the long way agree.
func TestHasFile(t *testing.T) {
	named := func(kind, name string) *imapx.Part {
		return &imapx.Part{Type: kind, Params: map[string]string{"name": name}}
	}
	plain := &imapx.Part{Type: "text/plain"}
	multi := func(kind string, parts ...*imapx.Part) *imapx.Part {
		return &imapx.Part{Type: "multipart/" + kind, Children: parts}
	}
	for name, p := range map[string]*imapx.Part{
		"plain": plain, "html": {Type: "text/html"}, "nothing": nil, "file alone": named("application/pdf", "x.pdf"),
		"nameless data": {Type: "application/octet-stream"}, "named text alone": named("text/plain", "x.txt"),
		"attached text alone":        {Type: "text/plain", Disposition: "attachment"},
		"named text behind text":     multi("mixed", plain, named("text/plain", "x.txt")),
		"named text before text":     multi("mixed", named("text/plain", "x.txt"), plain),
		"footer":                     multi("mixed", plain, plain),
		"alternative":                multi("alternative", plain, &imapx.Part{Type: "text/html"}),
		"named alternative":          multi("alternative", plain, named("text/html", "x.html")),
		"calendar":                   multi("alternative", plain, &imapx.Part{Type: "text/calendar"}),
		"named calendar":             multi("mixed", plain, named("text/calendar", "invite.ics")),
		"calendar as an alternative": multi("alternative", plain, named("text/calendar", "invite.ics")),
		"bounce":                     multi("report", plain, &imapx.Part{Type: "message/delivery-status"}, &imapx.Part{Type: "message/rfc822"}),
		"bounce with names":          multi("report", plain, &imapx.Part{Type: "message/delivery-status", Disposition: "attachment", Params: map[string]string{"name": "details.txt"}}),
		"text of another kind":       multi("mixed", &imapx.Part{Type: "text/x-log"}, &imapx.Part{Type: "text/x-log", Params: map[string]string{"name": "x.log"}}),
		"winmail.dat without a name": multi("mixed", plain, &imapx.Part{Type: "application/ms-tnef"}),
		"embedded in UTF-8":          multi("mixed", plain, &imapx.Part{Type: "message/global"}),
		"table":                      multi("mixed", plain, &imapx.Part{Type: "text/csv"}),
		"forwarded":                  multi("mixed", plain, &imapx.Part{Type: "message/rfc822"}),
		"delivery status":            multi("report", plain, &imapx.Part{Type: "message/delivery-status"}),
		"picture in html":            multi("related", &imapx.Part{Type: "text/html"}, &imapx.Part{Type: "image/png", ID: "<a@b>"}),
		"attached picture":           multi("related", &imapx.Part{Type: "text/html"}, &imapx.Part{Type: "image/png", ID: "<a@b>", Disposition: "attachment"}),
		"signed":                     multi("signed", plain, &imapx.Part{Type: "application/pgp-signature"}),
		"name of rfc 2231":           multi("mixed", plain, &imapx.Part{Type: "image/png", DispositionParams: map[string]string{"filename*0*": "utf-8''x"}, Disposition: "inline"}),
		"nested":                     multi("mixed", multi("related", multi("alternative", plain)), named("image/png", "x.png")),
		"empty name":                 multi("mixed", plain, named("image/png", "")),
		"multipart without parts":    multi("mixed"),
		"text behind a nested text":  multi("mixed", multi("alternative", plain), named("text/plain", "x.txt")),
	} {
		number(p, nil)
		if got, want := hasFile(p), describe(p).HasFile(); got != want {
			t.Errorf("%s: %v, a whole reading says %v", name, got, want)
		}
	}
}

// number gives parts their section numbers.
func number(p *imapx.Part, path []int) {
	if p == nil {
		return
	}
	if p.Path = path; path == nil && len(p.Children) == 0 {
		p.Path = []int{1}
	}
	for i, child := range p.Children {
		number(child, append(path[:len(path):len(path)], i+1))
	}
}

func BenchmarkSummarize(b *testing.B) {
	backend, err := Open(Options{Account: "work", IMAP: imapx.Options{Addr: "imap.example.org:993", Username: "ann"}})
	if err != nil {
		b.Fatal(err)
	}
	defer backend.Close()
	m := fetched()
	b.ReportAllocs()
	for b.Loop() {
		backend.summarize(imapx.Mailbox{Name: "INBOX", UIDValidity: 7}, m)
	}
}
