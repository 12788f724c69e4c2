package mailtool_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
)

// picture is an image that readers of its type take.
func picture(t testing.TB, kind string, wide, high int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, wide, high))
	var b bytes.Buffer
	var err error
	switch kind {
	case "image/png":
		err = png.Encode(&b, img)
	case "image/jpeg":
		err = jpeg.Encode(&b, img, nil)
	case "image/gif":
		err = gif.Encode(&b, img, nil)
	case "image/webp":
		b.WriteString("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// noise does not shrink and is no text.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(r.UintN(256))
	}
	copy(data, "\x00\x01\x02\x03")
	return data
}

func TestAttachmentAsFile(t *testing.T) {
	d := newDesk(t, nil)
	wide := picture(t, "image/png", 8001, 1)
	for name, test := range map[string]struct {
		file             file
		format           string
		kind, called     string
		note             string
		tooLarge, isText bool
	}{
		"png":                     {file: file{kind: "image/png", name: "a.png", data: picture(t, "image/png", 3, 2)}, kind: "image/png", called: "a.png"},
		"jpeg, named as anything": {file: file{kind: "image/jpg", name: "photo", data: picture(t, "image/jpeg", 3, 2)}, kind: "image/jpeg", called: "photo.jpg"},
		"gif as octets":           {file: file{kind: "application/octet-stream", data: picture(t, "image/gif", 3, 2)}, kind: "image/gif", called: "attachment.gif"},
		"webp":                    {file: file{kind: "image/webp", name: "a.webp", data: picture(t, "image/webp", 0, 0)}, kind: "image/webp", called: "a.webp"},
		"png that says jpeg":      {file: file{kind: "image/jpeg", name: "a.jpg", data: picture(t, "image/png", 3, 2)}, kind: "image/png", called: "a.jpg"},
		"an image that is none":   {file: file{kind: "image/png", name: "a.png", data: noise(900)}, kind: "application/octet-stream", called: "a.png"},
		"a damaged image":         {file: file{kind: "image/png", name: "a.png", data: []byte("\x89PNG\r\n\x1a\nand no more")}, kind: "application/octet-stream", called: "a.png", note: "damaged"},
		"an image too wide":       {file: file{kind: "image/png", name: "a.png", data: wide}, kind: "application/octet-stream", called: "a.png", note: "too wide"},
		"a large image":           {file: file{kind: "image/jpeg", name: "a.jpg", data: append(picture(t, "image/jpeg", 3, 2), noise(600_000)...)}, kind: "image/jpeg", called: "a.jpg"},
		"a huge image":            {file: file{kind: "image/jpeg", name: "a.jpg", data: append(picture(t, "image/jpeg", 3, 2), noise(700_000)...)}, tooLarge: true, kind: "image/jpeg"},
		"a small file":            {file: file{kind: "application/x-thing", name: "a.bin", data: noise(1000)}, kind: "application/x-thing", called: "a.bin"},
		"no byte":                 {file: file{kind: "application/x-thing", name: "a.bin"}, kind: "application/x-thing", called: "a.bin"},
		"as much as fits":         {file: file{kind: "application/x-thing", name: "a.bin", data: noise(90_000)}, kind: "application/x-thing", called: "a.bin"},
		"a byte more":             {file: file{kind: "application/x-thing", name: "a.bin", data: noise(90_001)}, kind: "application/x-thing", tooLarge: true},
		"PDF, and no converter":   {file: file{kind: "application/pdf", name: "a.pdf", data: []byte("%PDF-1.7 ...")}, kind: "application/pdf", called: "a.pdf", note: "no text of PDF"},
		"a damaged document":      {file: file{kind: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", name: "a.docx", data: []byte("PK\x03\x04 and no more")}, kind: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", called: "a.docx", note: "could not be read as text"},
		"text, its bytes wanted":  {file: file{kind: "text/plain", name: "a.txt", data: []byte("Gr\xfc\xdfe")}, format: `,"format":"blob"`, kind: "text/plain", called: "a.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			id := d.deliver(letterWith(test.file))
			out := d.get(`{"handle":"` + string(id) + `:2"` + test.format + `}`)
			if out.Text != "" || out.NextOffset != 0 || out.Data != nil || out.Type != test.kind {
				t.Errorf("%+v", out)
			}
			if notes := strings.Join(out.Notes, "\n"); !strings.Contains(notes, test.note) || test.note == "" && notes != "" && !test.tooLarge {
				t.Errorf("notes %q, want %q", notes, test.note)
			}
			if test.tooLarge {
				if out.File || len(out.files) > 0 || !strings.Contains(strings.Join(out.Notes, "\n"), "format blob") || out.Size == 0 {
					t.Errorf("too large: %+v", out)
				}
				return
			}
			if len(out.files) != 1 || !out.File || out.Size != int64(len(test.file.data)) || !bytes.Equal(out.files[0].Data, test.file.data) {
				t.Fatalf("%d files, %d bytes", len(out.files), out.Size)
			}
			got := out.files[0]
			got.Data = nil
			if diff := cmp.Diff(mailtool.File{URI: out.URI, Name: test.called, Type: test.kind}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// whole reads on until there is no more, and counts the answers.
func whole(t testing.TB, d *desk, args string, part func(got) []byte) (all []byte, answers int) {
	t.Helper()
	var offset int64
	for answers = 1; answers < 1000; answers++ {
		out := d.get(fmt.Sprintf(`{%s,"offset":%d}`, args, offset))
		all = append(all, part(out)...)
		if out.NextOffset == 0 {
			return all, answers
		}
		if out.NextOffset <= offset {
			t.Fatalf("next_offset %d after %d", out.NextOffset, offset)
		}
		offset = out.NextOffset
	}
	t.Fatalf("%s does not end", args)
	return nil, 0
}

func bytesOf(g got) []byte {
	if len(g.files) > 0 {
		return g.files[0].Data
	}
	return g.Data
}

// TestPiecesMakeTheWhole: nothing is left out or comes twice, wherever the cuts are.
func TestPiecesMakeTheWhole(t *testing.T) {
	lines := strings.Repeat("A line of a log, as \"long\" as others.\r\n", 8_000)
	accents := strings.Repeat("Žluťoučký kůň 🐎 ", 9_000)
	big := noise(3_000_000)
	raw := letterWith(
		file{kind: "text/plain; charset=utf-8", name: "a.log", data: []byte(lines)}, file{kind: "application/x-thing", name: "a.bin", data: big},
		file{kind: "text/plain; charset=utf-8", name: "horse.txt", data: []byte(accents)},
	)
	d := newDesk(t, nil)
	id := string(d.deliver(raw))
	text := func(g got) []byte { return []byte(g.inner(t)) }
	for name, test := range map[string]struct {
		args string
		part func(got) []byte
		want string
	}{
		"a log":      {`"handle":"` + id + `:2"`, text, strings.TrimRight(strings.ReplaceAll(lines, "\r\n", "\n"), "\n")},
		"accents":    {`"handle":"` + id + `:4"`, text, strings.TrimRight(accents, " ")},
		"bytes":      {`"handle":"` + id + `:3","format":"blob"`, bytesOf, string(big)},
		"its bytes":  {`"handle":"` + id + `:2","format":"blob"`, bytesOf, lines},
		"the source": {`"id":"` + id + `","raw":true`, text, strings.ReplaceAll(string(raw), "\r\n", "\n")},
		"its octets": {`"id":"` + id + `","raw":true,"format":"blob"`, bytesOf, string(raw)},
	} {
		t.Run(name, func(t *testing.T) {
			got, answers := whole(t, d, test.args, test.part)
			if string(got) != test.want {
				at := 0
				for at < min(len(got), len(test.want)) && got[at] == test.want[at] {
					at++
				}
				t.Errorf("%d bytes in %d answers, want %d; first difference at %d: %.60q", len(got), answers, len(test.want), at, got[at:])
			}
		})
	}
	all, _ := whole(t, d, `"id":"`+id+`","all":true,"format":"blob"`, bytesOf)
	again, _ := whole(t, newDeskOf(t, d), `"id":"`+id+`","all":true,"format":"blob"`, bytesOf)
	if !bytes.Equal(all, again) {
		t.Error("the ZIP is another one the second time")
	}
	if diff := cmp.Diff(map[string]int{"a.log": len(lines), "a.bin": len(big), "horse.txt": len(accents)}, unzipped(t, all)); diff != "" {
		t.Error(diff)
	}
}

// newDeskOf is another process on the same mailbox: nothing is kept there.
func newDeskOf(t testing.TB, d *desk) *desk {
	other := newDesk(t, nil)
	other.box, other.caller = d.box, d.caller
	return other
}

func unzipped(t testing.TB, data []byte) map[string]int {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		sizes[f.Name] = len(content)
	}
	return sizes
}

// TestNamesInAZIP: a stranger's names are no paths, no devices, and no two alike.
func TestNamesInAZIP(t *testing.T) {
	d := newDesk(t, nil)
	var files []file
	for _, name := range []string{
		"../../etc/passwd", `..\..\boot.ini`, `C:\Windows\x.exe`, "/etc/shadow", "CON", "con.txt", "LPT1.log", "com¹.txt", "COM10.txt", "nul .txt",
		"invoice\u202egnp.exe", "a\u200bb.txt", "ab.txt", "AB.TXT", "", "...", " . ", "new\nline.txt", "a\x00b.txt", ".hidden", "trailing. ", "q?.t*t", "x/", strings.Repeat("ž", 300) + ".pdf",
		"a." + strings.Repeat("e", 300),
	} {
		files = append(files, file{kind: "application/x-thing", name: name, data: []byte{1}})
	}
	files = append(files, file{kind: "message/rfc822", data: []byte("Subject: x\r\n\r\ny"), plain: true}, file{kind: "image/png", data: []byte("no")})
	id := string(d.deliver(letterWith(files...)))
	out := d.get(`{"id":"` + id + `","all":true}`)
	if len(out.files) != 1 || out.Type != "application/zip" || out.files[0].Name != "attachments.zip" || out.URI != "mail://ann/"+id+"/all" {
		t.Fatalf("%+v", out)
	}
	seen := map[string]bool{}
	for name := range unzipped(t, out.files[0].Data) {
		if name == "" || strings.ContainsAny(name, "/\\:*?\"<>|\n\x00\u202e\u200b") || strings.Trim(name, " .") != name || len(name) > 210 || !utf8.ValidString(name) || seen[strings.ToLower(name)] {
			t.Errorf("name %q", name)
		}
		seen[strings.ToLower(name)] = true
		base, _, _ := strings.Cut(strings.ToLower(name), ".")
		switch strings.TrimSpace(base) {
		case "con", "nul", "lpt1", "com¹":
			t.Errorf("%q is a device", name)
		}
	}
	if len(seen) != len(files) {
		t.Errorf("%d of %d files", len(seen), len(files))
	}
	for _, want := range []string{"com10.txt", "_con", "_con.txt", "invoicegnp.exe", "ab.txt", "ab (2).txt", "ab (3).txt", "attachment", "attachment.eml", "attachment.png"} {
		if !seen[want] {
			t.Errorf("no %q in %v", want, seen)
		}
	}
}

// TestZIPBounds: too much is refused, before or while it is read, and never cut.
func TestZIPBounds(t *testing.T) {
	d := newDesk(t, nil)
	many := make([]file, 201)
	for i := range many {
		many[i] = file{kind: "application/x-thing", name: strconv.Itoa(i), data: []byte{1}}
	}
	id := string(d.deliver(letterWith(many...)))
	if _, err := d.try(`{"id":"` + id + `","all":true}`); !errors.Is(err, mailtool.TooLarge) {
		t.Errorf("201 files: %v", err)
	}
	id = string(d.deliver(letterWith(file{kind: "application/x-thing", name: "a.bin", data: make([]byte, 1<<20)})))
	if out := d.get(`{"id":"` + id + `","all":true}`); !out.File || len(out.files[0].Data) > 10_000 {
		t.Errorf("a megabyte of zeros: %+v", out)
	}
	for name, test := range map[string]struct {
		listed, size int64
		opened       int
		ok           bool
	}{
		"as much as may be": {0, 25 << 20, 1, true}, "a byte more": {0, 25<<20 + 1, 1, false},
		"it says so": {60 << 20, 60 << 20, 0, false}, "it says twice as much": {40 << 20, 20 << 20, 1, true},
	} {
		s := &stream{part: provider.Part{Type: "application/x-thing", Name: "a.bin"}, listed: test.listed, size: test.size, fill: func(p []byte, _ int64) { clear(p) }}
		d.caller = readerOf(t, s)
		out, err := d.try(`{"id":"ann-1.1","all":true}`)
		if ok := err == nil && out.File; ok != test.ok || !ok && !errors.Is(err, mailtool.TooLarge) || s.opened != test.opened {
			t.Errorf("%s: %v, opened %d times", name, err, s.opened)
		}
	}
}

// TestAnswersStayWithinBudgets asks for attachments of many sizes and kinds.
func TestAnswersStayWithinBudgets(t *testing.T) {
	d := newDesk(t, nil)
	odd := "\"\\\t\u0001é🐎\u2028\n"
	for _, size := range []int{0, 1, 2, 100, 9_999, 19_999, 20_000, 20_001, 41_999, 42_000, 42_001, 60_000, 89_999, 90_000, 90_001, 200_000, 699_000, 700_000, 700_001, 1_500_000} {
		img := picture(t, "image/png", 2, 2)
		name := strings.Repeat("\"ž", 300)
		id := string(d.deliver(letterWith(
			file{kind: "text/plain; charset=utf-8", name: name, data: []byte(strings.Repeat(odd, size/len(odd)+1)[:size])},
			file{kind: "application/x-" + strings.Repeat("x", 300), name: name, data: noise(max(size, 4))},
			file{kind: "image/png", name: name, data: append(img, noise(max(size, 4))...)},
		)))
		var calls []string
		for _, handle := range []string{`"handle":"` + id + `:2"`, `"handle":"` + id + `:3"`, `"handle":"` + id + `:4"`, `"id":"` + id + `","all":true`, `"id":"` + id + `","raw":true`} {
			calls = append(calls, handle, handle+`,"format":"blob"`)
		}
		for _, args := range calls {
			for offset, n := int64(0), 0; n < 4; n++ {
				out := d.get(fmt.Sprintf(`{%s,"offset":%d}`, args, offset))
				if out.size > 60_000 {
					t.Errorf("%d bytes: %s: %d bytes of JSON", size, args, out.size)
				}
				total, most := 2*out.size, 130_000 // as MCP sends it
				for _, f := range out.files {
					total += base64.StdEncoding.EncodedLen(len(f.Data))
					if strings.HasPrefix(f.Type, "image/") {
						most = 1 << 20
					}
				}
				if total > most {
					t.Errorf("%d bytes: %s: an answer of %d bytes", size, args, total)
				}
				if offset = out.NextOffset; offset == 0 {
					break
				}
			}
		}
	}
}

// TestSourceIsFenced: what is in a source forges no end of it.
func TestSourceIsFenced(t *testing.T) {
	d := newDesk(t, nil)
	id := string(d.deliver([]byte("Subject: x\u202e\r\nX-Odd: \xff\xfe\r\n\r\nignore\U000E0041 the fence\r\n")))
	out := d.get(`{"id":"` + id + `","raw":true}`)
	text := out.inner(t)
	if strings.ContainsAny(text, "\u202e\U000E0041") || !utf8.ValidString(text) || out.Dropped.Invisible < 2 || out.Type != "message/rfc822" || out.URI != "" {
		t.Errorf("%q, %+v", text, out)
	}
	if octets := d.get(`{"id":"` + id + `","raw":true,"format":"blob"}`); octets.URI != "mail://ann/"+id+"/source" || octets.files[0].Name != "message.eml" {
		t.Errorf("as bytes: %+v", octets)
	}
	if again := d.get(`{"handle":"` + id + `:` + string(provider.SourcePart) + `"}`); again.inner(t) != text {
		t.Errorf("by handle: %+v", again)
	}
}
