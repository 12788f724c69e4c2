package imapmail

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/provider"
)

func TestAgrees(t *testing.T) {
	text := func(path ...int) *imapx.Part { return &imapx.Part{Path: path, Type: "text/plain", Size: 5} }
	with := func(p *imapx.Part, change func(*imapx.Part)) *imapx.Part { change(p); return p }
	mixed := func(children ...*imapx.Part) *imapx.Part {
		return &imapx.Part{Type: "multipart/mixed", Children: children}
	}
	two := "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b\r\n\r\nmor\r\n"
	for _, tt := range []struct {
		name, start string
		said        *imapx.Part
		want        bool
		rest        int // bytes of the message behind the start
	}{
		{"nothing said", "\r\nwords", nil, false, 0},
		{"a type that is none", "Content-Type: junk\r\n\r\nword\n", &imapx.Part{Path: []int{1}, Type: "junk", Size: 5}, false, 0},
		{"text that begins later", "Subject: x\r\nDear Ann,\r\n\r\nword\n", text(1), false, 0},
		{"alike", "\r\nword\n", text(1), true, 0},
		{"another type", "\r\nword\n", &imapx.Part{Path: []int{1}, Type: "application/octet-stream", Size: 5}, false, 0},
		{"another encoding", "Content-Transfer-Encoding: base64;\r\n\r\nword\n", text(1), false, 0},
		{"encoding that is none", "\r\nword\n", with(text(1), func(p *imapx.Part) { p.Encoding = "7bit" }), true, 0},
		{"encoding spelt otherwise", "Content-Transfer-Encoding: BASE64\r\n\r\nd29y\n", with(text(1), func(p *imapx.Part) { p.Encoding = "base64" }), true, 0},
		{"another disposition", "\r\nword\n", with(text(1), func(p *imapx.Part) { p.Disposition = "attachment" }), false, 0},
		{"less than there is", "\r\nmany words\n", text(1), false, 0},
		{"more than was read", "\r\nwo\n", text(1), true, 2},
		{"in the header still", "Subject: x\r\nContent-Ty", &imapx.Part{Path: []int{1}, Type: "text/html", Size: 5}, true, 0},
		{"parts alike", two, mixed(text(1), text(2)), true, 0},
		{"more parts to come", two, mixed(text(1), text(2), text(3)), true, 0},
		{"a part the server does not see", two, mixed(text(1)), false, 0},
		{"a part that ends sooner", two, mixed(with(text(1), func(p *imapx.Part) { p.Size = 4 }), text(2)), false, 0},
		{"a part that ends later", two, mixed(with(text(1), func(p *imapx.Part) { p.Size = 6 }), text(2)), false, 0},
		{"another kind of multipart", two, with(mixed(text(1), text(2)), func(p *imapx.Part) { p.Type = "multipart/related" }), false, 0},
		{"not taken apart", two, text(1), false, 0},
		{
			"more parts in one that is over", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n" + two + "--b--\r\n--a\r\n\r\nlast\r\n",
			mixed(&imapx.Part{Type: "multipart/mixed", Path: []int{1}, Children: []*imapx.Part{text(1, 1), with(text(1, 2), func(p *imapx.Part) { p.Size = 4 }), text(1, 3)}}, text(2)), false, 0,
		},
		{
			"a part of an encoding that is longer", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41=42\r\n--b\r\n\r\nmor\r\n",
			mixed(&imapx.Part{Path: []int{1}, Type: "text/plain", Encoding: "quoted-printable", Size: 6}, text(2)), true, 0,
		},
		{
			"a message within", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--b\r\n\r\nmor\r\n",
			mixed(&imapx.Part{Path: []int{1}, Type: "message/rfc822", Size: 1000, Children: []*imapx.Part{text(1, 1)}}, text(2)), true, 0,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			size := int64(len(tt.start) + tt.rest)
			if got := agrees(tt.said, []byte(tt.start), size); got != tt.want {
				t.Errorf("agrees = %v", got)
			}
		})
	}
}

// likeness is what reading by parts must give as reading the whole does.
type likeness struct {
	Text, HTML, Calendar string
	Parts                []string
}

// Every message of the corpus, made so large that it is read by its parts, reads as the whole does.
func TestCorpusByParts(t *testing.T) {
	files, err := filepath.Glob("../../testdata/mail/*.eml")
	if err != nil || len(files) < 120 {
		t.Fatalf("%d messages: %v", len(files), err)
	}
	pad := "\r\n" + strings.Repeat(strings.Repeat("- y ", 18)+"\r\n", 2*wholeUpTo/74)
	var names []string
	var raws [][]byte
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// Others are no mail to servers; of boundaries longer than any may be (RFC 2046 section 5.1.1) Dovecot misses the last.
		if bytes.HasPrefix(raw, []byte("From: ")) && len(raw) < 1<<20 && filepath.Base(file) != "multipart-boundary-200-characters.eml" {
			names, raws = append(names, filepath.Base(file)), append(raws, append(raw, pad...))
		}
	}
	check := func(t *testing.T, srv *imapxtest.Server) {
		taken := srv.AppendTaken(t, "INBOX", raws) // Cyrus refuses some headers
		if len(taken) < len(raws)/2 {
			t.Fatalf("the server took %d of %d messages", len(taken), len(raws))
		}
		_, b, _ := account(t, srv, nil)
		validity := srv.UIDValidity(t, "INBOX")
		for i, uid := range srv.UIDs(t, "INBOX") {
			name := names[taken[i]]
			got, err := b.ReadMessages(t.Context(), []provider.MessageID{b.newID("INBOX", validity, imapx.UID(uid))}, provider.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got[0].Err != nil {
				t.Errorf("%s: %v", name, got[0].Err)
				continue
			}
			m := got[0].Message
			have := likeness{Text: m.Text, HTML: m.HTML, Calendar: m.Calendar}
			for _, p := range m.Parts {
				have.Parts = append(have.Parts, string(p.ID)+" "+p.Type)
			}
			whole, err := mailmime.Parse(bytes.NewReader(srv.Raw(t, "INBOX", uid)), mailmime.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			want := likeness{Text: whole.Text, HTML: whole.HTML, Calendar: whole.Calendar}
			for _, p := range whole.Attachments {
				want.Parts = append(want.Parts, p.ID+" "+p.Type)
			}
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("%s (-whole +by parts):\n%s", name, diff)
			}
		}
	}
	// The in-memory server hangs up when asked for the structure of some.
	t.Run("dovecot", func(t *testing.T) { check(t, imapxtest.Dovecot(t, imapxtest.Options{})) })
	t.Run("cyrus", func(t *testing.T) { check(t, imapxtest.Cyrus(t, imapxtest.Options{})) })
}
