package mailtool_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/postern-mail/postern/mailtool"
)

// TestTextThatIsNone: what is called text and is not comes as the file it is.
func TestTextThatIsNone(t *testing.T) {
	d := newDesk(t, nil)
	for name, test := range map[string]struct {
		kind string
		data []byte
		text string
	}{
		"noise":                    {"text/plain", noise(900), ""},
		"UTF-16 by its label":      {"text/plain; charset=utf-16le", []byte("\x2d\x4e\x87\x65\x2c\x67\x0a\x00\x22\x6f\x57\x5b\x00\x4e"), "中文本\n漢字一"},
		"UTF-16 without any label": {"text/plain", []byte("g\x00r\x00\xfc\x00n\x00"), "grün"},
	} {
		t.Run(name, func(t *testing.T) {
			out := d.get(`{"handle":"` + string(d.deliver(letterWith(file{kind: test.kind, name: "a.txt", data: test.data}))) + `:2"}`)
			if test.text != "" {
				if got := out.inner(t); got != test.text || out.Dropped.Invisible != 0 {
					t.Errorf("%q, %+v", got, out)
				}
				return
			}
			if len(out.files) != 1 || !bytes.Equal(out.files[0].Data, test.data) || out.Text != "" {
				t.Errorf("%+v", out)
			}
		})
	}
}

// TestSourceCutAtALineEnd: a cut between the two bytes of a line end makes no line.
func TestSourceCutAtALineEnd(t *testing.T) {
	d := newDesk(t, nil)
	for n := 19_900; n <= 20_010; n++ {
		raw := []byte("Subject: x\r\n\r\n" + strings.Repeat("y", n) + "\r\n\r\n" + strings.Repeat("z", 30_000) + "\r\nend\r\n")
		id := d.deliver(raw)
		got, _ := whole(t, d, `"id":"`+string(id)+`","raw":true`, func(g got) []byte { return []byte(g.inner(t)) })
		if want := strings.ReplaceAll(string(raw), "\r\n", "\n"); string(got) != want {
			t.Fatalf("a line of %d: %d bytes, want %d", n, len(got), len(want))
		}
	}
}

// TestPiecesAroundLimits: what joins is the whole, for sizes around each limit.
func TestPiecesAroundLimits(t *testing.T) {
	d := newDesk(t, nil)
	for _, around := range []int{20_000, 42_000, 90_000, 128 << 10, 2 << 20} {
		for n := around - 2; n <= around+2; n++ {
			data := noise(n)
			text := strings.Repeat("é", n/2) + strings.Repeat("x", n%2)
			id := string(d.deliver(letterWith(file{kind: "application/x-thing", data: data}, file{kind: "application/x-thing", data: data, plain: false}, file{kind: "text/plain; charset=utf-8", data: []byte(text)})))
			if got, _ := whole(t, d, `"handle":"`+id+`:2","format":"blob"`, bytesOf); !bytes.Equal(got, data) {
				t.Errorf("%d bytes come as %d", n, len(got))
			}
			if around > 1<<20 {
				continue // text ends at a megabyte
			}
			if got, _ := whole(t, d, `"handle":"`+id+`:4"`, func(g got) []byte { return []byte(g.inner(t)) }); string(got) != text {
				t.Errorf("%d bytes of text come as %d", n, len(got))
			}
		}
	}
}

// TestOffsetWithinACharacter: it goes on at a character, and nothing comes broken.
func TestOffsetWithinACharacter(t *testing.T) {
	d := newDesk(t, nil)
	id := string(d.deliver(letterWith(file{kind: "text/plain; charset=utf-8", data: []byte("añb🐎c")})))
	for offset := range 9 {
		out := d.get(fmt.Sprintf(`{"handle":"%s:2","offset":%d}`, id, offset))
		if got := out.inner(t); !strings.HasSuffix("añb🐎c", got) || strings.Contains(got, "\ufffd") {
			t.Errorf("from %d: %q", offset, got)
		}
	}
}

// alike folds what some file system does not tell apart.
func alike(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.ToUpper(norm.NFKC.String(name))), "ß", "ss")
}

// TestNamesInABundle: no two are one on any system, and other programs take the archive.
func TestNamesInABundle(t *testing.T) {
	d := newDesk(t, nil)
	long := strings.Repeat("ж", 500)
	names := []string{
		"caf\u00e9.txt", "cafe\u0301.txt", "CAFÉ.TXT", "straße.txt", "STRASSE.txt", "ſ.txt", "s.txt", "K.txt", "\u212a.txt", "..", ".", "...", "", "   ", "../../etc/passwd", `..\..\win.ini`, "/abs",
		"con", "NUL.tar.gz", "com1.txt", "aux .txt", "con .a.txt", "a\x00b.txt", "\u202etxt.exe", long + ".txt", long, "a." + long, ".bashrc", "a (2).txt", "a.txt", "a.txt", "A.txt", "x\u200by.txt", "xy.txt", "ﬁ.txt", "fi.txt",
	}
	var files []file
	for i, name := range names {
		files = append(files, file{kind: "application/x-thing", name: name, data: []byte(fmt.Sprint(i))})
	}
	id := string(d.deliver(letterWith(files...)))
	out := d.get(`{"id":"` + id + `","all":true}`)
	if len(out.files) != 1 {
		t.Fatalf("%+v", out)
	}
	found := unzipped(t, out.files[0].Data)
	if len(found) != len(names) {
		t.Errorf("%d names of %d files", len(found), len(names))
	}
	seen := map[string]string{}
	for name := range found {
		if name == "" || len(name) > 255 || strings.ContainsAny(name, "/\\\x00:\u202e\u200b") || strings.Trim(name, ". ") != name {
			t.Errorf("%q is no name", name)
		}
		first, _, _ := strings.Cut(strings.ToUpper(name), ".")
		switch strings.TrimSpace(first) {
		case "CON", "NUL", "COM1", "AUX":
			t.Errorf("%q is a device", name)
		}
		key := alike(name)
		if other, twice := seen[key]; twice {
			t.Errorf("%q and %q are one file on some systems", name, other)
		}
		seen[key] = name
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to open the archive with")
	}
	path := filepath.Join(t.TempDir(), "all.zip")
	if err := os.WriteFile(path, out.files[0].Data, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(python, "-m", "zipfile", "-t", path).CombinedOutput(); err != nil || !strings.Contains(string(said), "Done") {
		t.Errorf("%s, %v", said, err)
	}
}

// TestFileBytes: an embedder's bound on files beside the answer holds whatever it is.
func TestFileBytes(t *testing.T) {
	d := newDesk(t, nil)
	id := string(d.deliver(letterWith(file{kind: "application/x-thing", data: noise(1000)}, file{kind: "application/x-thing", data: noise(200_000)})))
	for bound, fits := range map[int][2]bool{999: {}, 1000: {true}, 199_999: {true}, 200_000: {true, true}, 1 << 30: {true, true}} {
		d.caller.FileBytes = bound
		for i, want := range fits {
			out, err := d.try(fmt.Sprintf(`{"handle":"%s:%d"}`, id, i+2))
			var e *mailtool.Error
			if want != (err == nil && len(out.files) == 1) || !want && (!errors.As(err, &e) || e.Code != mailtool.TooLarge) {
				t.Errorf("bound %d, part %d: %v", bound, i+2, err)
			}
		}
	}
}

// TestSourceOfAnyBytes: what JSON doubles, characters without a line end, and
// an early line fit the budget and join to the whole.
func TestSourceOfAnyBytes(t *testing.T) {
	d := newDesk(t, nil)
	for name, body := range map[string]string{
		"quotes":       strings.Repeat(`"`, 45_000),
		"characters":   "x" + strings.Repeat("é", 30_000),
		"an odd one":   strings.Repeat("é", 30_000),
		"a last piece": strings.Repeat(`"`, 15_000),
	} {
		raw := "Subject: x\n\n" + body
		id := string(d.deliver([]byte(raw)))
		got, answers := whole(t, d, `"id":"`+id+`","raw":true`, func(g got) []byte {
			if g.size > 21_000 {
				t.Errorf("%s: an answer of %d bytes", name, g.size)
			}
			return []byte(g.inner(t))
		})
		if string(got) != raw || answers > len(raw)*2/9_000+2 {
			t.Errorf("%s: %d bytes of %d in %d answers", name, len(got), len(raw), answers)
		}
	}
}

// TestNoSuchAttachment: a message that is there and lacks the part is told from
// one that is gone.
func TestNoSuchAttachment(t *testing.T) {
	d := newDesk(t, nil)
	id := string(d.deliver(letterWith(file{kind: "text/plain", name: "a.txt", data: []byte("words")})))
	for name, test := range map[string]struct{ handle, message, next string }{
		"no such part":        {id + ":9", "the message has no such attachment", "read_message names its attachments"},
		"no such inner part":  {id + ":2.1", "the message has no such attachment", "read_message names its attachments"},
		"no such message":     {id + "9:2", "", "it may have been moved or deleted: list or search again"},
		"no such message, 9.": {id + "9:9", "", "it may have been moved or deleted: list or search again"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.try(`{"handle":"` + test.handle + `"}`)
			var e *mailtool.Error
			if !errors.As(err, &e) || e.Code != mailtool.NotFound || e.Next != test.next || test.message != "" && e.Message != test.message {
				t.Fatalf("%#v", err)
			}
			if strings.Contains(e.Message, "mailmime") {
				t.Errorf("the message tells of packages: %q", e.Message)
			}
		})
	}
}
