package imapmail

import (
	"testing"

	"github.com/postern-mail/postern/imapx"
)

// FuzzOutline: whatever a server says of a part, the outline has the parts that
// the structure has, under the same numbers.
func FuzzOutline(f *testing.F) {
	f.Add("image/png", "filename", "x.png", "attachment", "base64", "<a@b>")
	f.Add("text/plain\r\n\r\n--", "name\r\nX: y", "\"\r\n\r\n--1=", "inline;", "7bit\r\n--", ">\r\n")
	f.Add("message/rfc822", "filename*0*", "utf-8''%0d%0a", "", "", "")
	f.Add("multipart/mixed; boundary=x", "boundary", "x", "", "", "")
	f.Fuzz(func(t *testing.T, kind, name, value, disposition, encoding, id string) {
		odd := func(path ...int) *imapx.Part {
			params := map[string]string{name: value}
			return &imapx.Part{Path: path, Type: kind, Params: params, Disposition: disposition, DispositionParams: params, Encoding: encoding, ID: id}
		}
		m := describe(&imapx.Part{Type: "multipart/mixed", Params: map[string]string{name: value}, Children: []*imapx.Part{
			odd(1), {Path: []int{2}, Type: "multipart/related", Children: []*imapx.Part{odd(2, 1), odd(2, 2)}}, odd(3),
		}})
		if m.Root.Type != "multipart/mixed" || len(m.Root.Parts) != 3 || len(m.Root.Parts[1].Parts) != 2 {
			t.Fatalf("the outline reads as %+v", m.Root)
		}
		if m.Root.Parts[2].ID != "3" || m.Root.Parts[1].Parts[1].ID != "2.2" {
			t.Errorf("the outline reads as %+v", m.Root)
		}
		hasFile(&imapx.Part{Type: "multipart/mixed", Children: []*imapx.Part{odd(1)}})
	})
}
