package funcall

import (
	"bytes"
	"encoding/json"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/golden"
	"github.com/postern-mail/postern/mailtool"
)

// samples are small files of each type that some vendor takes, images of this width.
func samples(t testing.TB, width int) map[string][]byte {
	t.Helper()
	var asPNG, asJPEG, asGIF bytes.Buffer
	picture := image.NewGray(image.Rect(0, 0, width, 1))
	for _, err := range []error{png.Encode(&asPNG, picture), jpeg.Encode(&asJPEG, picture, nil), gif.Encode(&asGIF, picture, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string][]byte{
		"image/png": asPNG.Bytes(), "image/jpeg": asJPEG.Bytes(), "image/gif": asGIF.Bytes(),
		"image/webp": webp("VP8L", width), "application/pdf": []byte("%PDF-1.7\ntrailer <</Size 1>>\nstartxref\n9\n%%EOF\n"),
	}
}

// webp is the header of an image one pixel high, in one of the format's three forms.
func webp(form string, width int) []byte {
	w := byte(width - 1)
	high := byte((width - 1) >> 8)
	chunk := map[string][]byte{
		"VP8L": {0x2f, w, high, 0, 0, 0, 0, 0, 0, 0},
		"VP8X": {0, 0, 0, 0, w, high, 0, 0, 0, 0},
		"VP8 ": {0, 0, 0, 0x9d, 0x01, 0x2a, byte(width), byte(width >> 8), 1, 0},
	}[form]
	body := append([]byte("WEBP"+form+"\x0a\x00\x00\x00"), chunk...)
	return append([]byte{'R', 'I', 'F', 'F', byte(len(body)), 0, 0, 0}, body...)
}

func vendors() map[API]vendor {
	return map[API]vendor{OpenAIChat: chat{}, OpenAIResponses: responses{}, Anthropic: anthropic{}, Gemini: gemini{}}
}

// TestFiles: each API gets the types that it publishes, by what the data is and
// not by what a mail says, and names the others.
func TestFiles(t *testing.T) {
	data := samples(t, 3)
	shown := map[API][]string{
		OpenAIResponses: {"image/png", "image/jpeg", "image/webp", "application/pdf"},
		Anthropic:       {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"},
		Gemini:          {"image/png", "image/jpeg", "image/webp", "application/pdf"},
	}
	for api, v := range vendors() {
		f := &Functions{vendor: v}
		for kind, body := range data {
			one := mailtool.File{URI: "mail://ann/m1/2", Name: "a\"b.bin", Type: "application/x-said", Data: body}
			answer := f.answer(call{id: "c1", name: "get_attachment"}, mailtool.Result{JSON: json.RawMessage(`{"type":"x"}`), Files: []mailtool.File{one}}, nil, &room{bytes: maxFiles})
			in, text := strings.Contains(string(answer.JSON), kind), string(answer.JSON)
			want := slices.Contains(shown[api], kind)
			if in != want || (len(answer.LeftOut) == 0) != want || strings.Contains(text, "files_left_out") == want {
				t.Errorf("%s %s: shown %v, want %v: %s", api, kind, in, want, text)
			}
			if !want && (!strings.Contains(text, "m1/2") || !strings.Contains(text, "owner")) {
				t.Errorf("%s %s: does not say what to do: %s", api, kind, text)
			}
			if want && strings.Contains(text, "a\\\"b.bin") {
				t.Errorf("%s %s: a stranger's file name stands outside the answer: %s", api, kind, text)
			}
		}
	}
}

// TestFileResults keeps a result with files as each API gets it, to the byte.
// TestOfficialLibraries reads the same file.
func TestFileResults(t *testing.T) {
	data := samples(t, 1)
	done := mailtool.Result{JSON: json.RawMessage(`{"handle":"h1"}`), Files: []mailtool.File{
		{URI: "mail://ann/m1/2", Name: "cat.webp", Type: "image/webp", Data: data["image/webp"]},
		{URI: "mail://ann/m1/3", Name: "bill.pdf", Type: "application/pdf", Data: data["application/pdf"]},
		{URI: "mail://ann/m1/4", Name: "run.exe", Type: "application/pdf", Data: []byte("MZ")},
	}}
	for _, api := range []API{OpenAIChat, OpenAIResponses, Anthropic, Gemini} {
		f := &Functions{vendor: vendors()[api]}
		answer := f.answer(call{id: "call_1", name: "get_attachment"}, done, nil, &room{bytes: maxFiles})
		golden.Compare(t, "testdata/files/"+string(api)+".json", append(answer.JSON, '\n'))
	}
}

// TestSniff: a vendor that gets what is no image refuses the whole conversation.
func TestSniff(t *testing.T) {
	good := samples(t, 3)
	for kind, data := range good {
		if got := sniff(data); got != kind {
			t.Errorf("%s is %q", kind, got)
		}
	}
	for kind, data := range samples(t, maxSide+1) {
		if strings.HasPrefix(kind, "image/") && sniff(data) != "" {
			t.Errorf("%s of %d pixels is taken", kind, maxSide+1)
		}
	}
	for kind, data := range good {
		if sniff(data[:len(data)-len(data)/3]) != "" {
			t.Errorf("%s that lacks its end is taken", kind)
		}
		if kind != "image/gif" && sniff(append(data[:len(data):len(data)], "\r\nand more"...)) != kind {
			t.Errorf("%s with something behind its end is not taken", kind)
		}
	}
	for _, form := range []string{"VP8L", "VP8X", "VP8 "} {
		if sniff(webp(form, maxSide)) != "image/webp" || sniff(webp(form, maxSide+1)) != "" {
			t.Errorf("webp %q is not held to %d pixels", form, maxSide)
		}
	}
	for name, data := range map[string]string{
		"empty": "", "text": "hello", "html": "<html>", "zip": "PK\x03\x04", "exe": "MZ", "wave": "RIFF\x10\x00\x00\x00WAVEfmt ", "short webp": "RIFF",
		"strange webp": string(webp("VP8L", 3)[:12]) + "ABCD" + string(webp("VP8L", 3)[16:]), "webp without its sign": strings.Replace(string(webp("VP8L", 3)), "/", "0", 1),
		"only called PDF": "%PDF-1.7\nhello", "locked PDF": "%PDF-1.7\ntrailer <</Size 1 /Encrypt 5 0 R>>\nstartxref\n9\n%%EOF\n",
		"cut png": string(good["image/png"][:20]), "cut jpeg": "\xff\xd8\xff", "cut gif": "GIF89a\x01", "no pixels": "GIF89a\x00\x00\x00\x00\x00\x00\x00",
	} {
		if got := sniff([]byte(data)); got != "" {
			t.Errorf("%s is %q", name, got)
		}
	}
}

// TestNoFiles: a model that takes no files gets none.
func TestNoFiles(t *testing.T) {
	for api, v := range vendors() {
		f := &Functions{vendor: v, opts: Options{NoFiles: true}}
		for kind, body := range samples(t, 3) {
			in, text, out := f.attach(mailtool.Result{JSON: json.RawMessage(`{}`), Files: []mailtool.File{{Data: body}}}, &room{bytes: maxFiles})
			if len(in) != 0 || len(out) != 1 || !strings.Contains(string(text), "files_left_out") {
				t.Errorf("%s %s: %d in, %d out, %s", api, kind, len(in), len(out), text)
			}
		}
	}
}

// TestFileBudget: a turn's files stay below what requests may hold.
func TestFileBudget(t *testing.T) {
	pdf := func(n int) mailtool.File {
		const begins, ends = "%PDF-", "startxref\n0\n%%EOF"
		return mailtool.File{URI: "mail://ann/m1/2", Data: []byte(begins + strings.Repeat(" ", n-len(begins+ends)) + ends)}
	}
	f, left := &Functions{vendor: anthropic{}}, &room{bytes: maxFiles}
	shown := func(files ...mailtool.File) int {
		in, _, out := f.attach(mailtool.Result{JSON: json.RawMessage(`{}`), Files: files}, left)
		if len(in)+len(out) != len(files) {
			t.Fatalf("%d in, %d out of %d", len(in), len(out), len(files))
		}
		return len(in)
	}
	if n := shown(pdf(maxFile + 1)); n != 0 {
		t.Errorf("a file above the limit is shown")
	}
	if n := shown(pdf(maxFile), pdf(maxFile)); n != 2 {
		t.Errorf("%d of two shown", n)
	}
	if n := shown(pdf(maxFile), pdf(maxFile), pdf(30)); n != 1 {
		t.Errorf("%d shown where one has room", n)
	}
}

func TestWithMember(t *testing.T) {
	for in, want := range map[string]string{
		`{}`: `{"m":1}`, `{ }`: `{"m":1}`, `{"a":2}`: `{"a":2,"m":1}`, "{\"a\":{}}\n": `{"a":{},"m":1}`, `[]`: `[]`,
	} {
		got := withMember(json.RawMessage(in), "m", json.RawMessage(`1`))
		var compact bytes.Buffer
		if err := json.Compact(&compact, got); err != nil {
			t.Fatalf("%s: %s: %v", in, got, err)
		}
		if diff := cmp.Diff(want, compact.String()); diff != "" {
			t.Errorf("%s:\n%s", in, diff)
		}
	}
}

func FuzzSniff(f *testing.F) {
	for _, data := range samples(f, 3) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := sniff(data)
		if got != "" && !(anthropic{}).takes(got) {
			t.Fatalf("%q", got)
		}
	})
}
