package mailtool

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postern-mail/postern/provider"
)

// FuzzFileName: no name of a stranger is a path, a device or hides its ending.
func FuzzFileName(f *testing.F) {
	for _, name := range []string{"../../etc/passwd", "CON", "a\u202egnp.exe", strings.Repeat("ž", 300), "a." + strings.Repeat("b", 300), ". .", "nul .txt", "\xff\xfe"} {
		f.Add(name, "image/png")
	}
	f.Fuzz(func(t *testing.T, name, kind string) {
		got := fileName(name, typeOfFile(kind, nil))
		base, _, _ := strings.Cut(got, ".")
		if got == "" || len(got) > maxFileName+8 || !utf8.ValidString(got) || strings.ContainsAny(got, "/\\:*?\"<>|\x00\n\r\u202e") || isDevice(base) || strings.Trim(got, " .") != got {
			t.Errorf("%q became %q", name, got)
		}
	})
}

// FuzzResourceURI: what is read as a URI is one that would be written so.
func FuzzResourceURI(f *testing.F) {
	for _, uri := range []string{"mail://ann/ann-1.1/2", "mail://bob%20smith/b-1/all", "mail://a/b/source", "mail://a//2", "mail://%zz/b/2", "mail://a/b/..%2f2", "file:///etc/passwd"} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		args, ok := argumentsOf(uri)
		if !ok {
			return
		}
		var call struct {
			Mailbox, Handle, ID string
			All, Raw            bool
		}
		if err := json.Unmarshal(args, &call); err != nil {
			t.Fatal(err)
		}
		id, part, _ := strings.Cut(call.Handle, ":")
		switch {
		case call.All:
			id, part = call.ID, bundlePart
		case call.Raw:
			id, part = call.ID, string(provider.SourcePart)
		}
		if again := uriScheme + expand(call.Mailbox) + "/" + expand(id) + "/" + expand(part); !strings.EqualFold(again, uri) && !strings.Contains(uri, "%3A") && !strings.Contains(uri, "%3a") {
			t.Errorf("%q read as %s, which is %q", uri, args, again)
		}
	})
}

// FuzzSourcePieces: pieces of any bytes make the whole, and none is over the budget.
func FuzzSourcePieces(f *testing.F) {
	f.Add([]byte("Subject: x\r\n\r\n\xff\x01é\U000E0041"), 7)
	f.Add(bytes.Repeat([]byte("\x01"), 9_000), 5_000)
	f.Fuzz(func(t *testing.T, data []byte, repeat int) {
		if len(data) == 0 {
			return
		}
		data = bytes.Repeat(data, max(1, min(repeat, 60_000/len(data))))
		env := &Env{Nonce: "123456789012"}
		for at := 0; at < len(data); {
			piece := data[at:min(len(data), at+sourceBytes)]
			out, err := env.showSource(content{}, piece, int64(at), at+len(piece) < len(data))
			if err != nil {
				t.Fatal(err)
			}
			if size := textSize(out.Text); size > readBudget+100 {
				t.Fatalf("a piece of %d bytes", size)
			}
			if out.NextOffset == 0 {
				return
			}
			if out.NextOffset <= int64(at) {
				t.Fatalf("from %d on to %d", at, out.NextOffset)
			}
			at = int(out.NextOffset)
		}
		t.Error("the last piece says that there is more")
	})
}
