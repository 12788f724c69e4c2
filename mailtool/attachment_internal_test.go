package mailtool

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"
)

// long is a converter that keeps to no bound.
type long int

func (long) Types() []string { return []string{"application/pdf"} }

func (n long) Text(context.Context, []byte, int) (string, bool, error) {
	return strings.Repeat("a", int(n)), false, nil
}

// TestConverterIsCut: a text up to the bound is whole, and one byte more is cut and said.
func TestConverterIsCut(t *testing.T) {
	for n, cut := range map[long]bool{maxText: false, maxText + 1: true} {
		doc, err := converted(n)(t.Context(), nil, nil)
		if err != nil || len(doc.text) != maxText || doc.truncated != cut {
			t.Errorf("%d bytes: %d of them, truncated %v, %v", n, len(doc.text), doc.truncated, err)
		}
	}
}

// TestNotesOnce: what is odd about a document is said with its first piece.
func TestNotesOnce(t *testing.T) {
	env, doc := &Env{Nonce: "123456789012"}, documentText{text: "word", notes: []string{"odd"}}
	for offset, want := range map[int64]int{0: 1, 2: 0} {
		if out, err := env.showText(content{}, doc, offset); err != nil || len(out.Notes) != want {
			t.Errorf("from %d on: %+v, %v", offset, out, err)
		}
	}
}

// TestWindow: whatever the writes are, a window has the bytes from its start on,
// and knows whether there are more.
func TestWindow(t *testing.T) {
	const text = "0123456789"
	for start := range int64(12) {
		for most := 1; most < 12; most++ {
			for size := 1; size < 12; size++ {
				w := &window{start: start, most: most}
				var err error
				for at := 0; at < len(text) && err == nil; at += size {
					_, err = w.Write([]byte(text[at:min(at+size, len(text))]))
				}
				rest := text[min(int(start), len(text)):]
				want := rest[:min(most, len(rest))]
				if string(w.data) != want || w.more != (len(rest) > most) || w.more != errors.Is(err, errEnough) {
					t.Fatalf("%d bytes from %d on, written by %d: %q, more %v, %v", most, start, size, w.data, w.more, err)
				}
			}
		}
	}
}

// TestWindowFrom: a piece is given when the window has all of it.
func TestWindowFrom(t *testing.T) {
	cut, whole := &window{start: 10, data: []byte("abcdef"), more: true}, &window{start: 10, data: []byte("abcdef")}
	for _, tt := range []struct {
		name     string
		w        *window
		offset   int64
		n        int
		piece    string
		more, ok bool
	}{
		{"before it", cut, 9, 2, "", false, false},
		{"its beginning", cut, 10, 2, "ab", true, true},
		{"all of it, and there is more", cut, 10, 6, "abcdef", true, true},
		{"its end, and there is more", cut, 14, 2, "ef", true, true},
		{"beyond what it has", cut, 14, 3, "", false, false},
		{"the end of all", whole, 14, 2, "ef", false, true},
		{"less than asked for at the end of all", whole, 14, 3, "ef", false, true},
		{"behind all", whole, 16, 3, "", false, true},
		{"far behind all", whole, 17, 3, "", false, false},
	} {
		if piece, more, ok := tt.w.from(tt.offset, tt.n); string(piece) != tt.piece || more != tt.more || ok != tt.ok {
			t.Errorf("%s: %q, more %v, ok %v", tt.name, piece, more, ok)
		}
	}
}

// TestFillFails: what cannot be written is an error, but for the end that a window makes.
func TestFillFails(t *testing.T) {
	c := content{write: func(_ context.Context, w *window) error {
		if _, err := w.Write([]byte("abc")); err != nil {
			return err
		}
		return io.ErrUnexpectedEOF
	}}
	if w, err := c.fill(t.Context(), 0, 5); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%+v, %v", w, err)
	}
	if w, err := c.fill(t.Context(), 0, 2); err != nil || string(w.data) != "ab" {
		t.Errorf("%+v, %v", w, err)
	}
}

// TestShownAs: both sides of an image are held to the same bound.
func TestShownAs(t *testing.T) {
	for _, tt := range []struct {
		wide, high int
		want       string
	}{
		{maxSide, 1, "image/png"}, {1, maxSide, "image/png"}, {maxSide + 1, 1, typeUnknown}, {1, maxSide + 1, typeUnknown},
	} {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, tt.wide, tt.high))); err != nil {
			t.Fatal(err)
		}
		if as, note := shownAs("image/png", b.Bytes()); as != tt.want || (note == "") != (as == "image/png") {
			t.Errorf("%d by %d: %s, %q", tt.wide, tt.high, as, note)
		}
	}
}

// TestTypeNames holds to the length of RFC 6838 section 4.2.
func TestTypeNames(t *testing.T) {
	for n, want := range map[int]bool{0: false, 1: true, 127: true, 128: false} {
		if got := isTypeName(strings.Repeat("x", n)); got != want {
			t.Errorf("%d characters: %v", n, got)
		}
	}
}

// TestArgumentsOf: a URI is taken in the one form that the template gives it.
func TestArgumentsOf(t *testing.T) {
	for uri, want := range map[string]string{
		"mail://ann/m1/2":          `{"mailbox":"ann","handle":"m1:2"}`,
		"mail://a%2fb/m%201/2.1":   `{"mailbox":"a/b","handle":"m 1:2.1"}`,
		"mail://ann/m1/all":        `{"mailbox":"ann","id":"m1","all":true}`,
		"mail://ann/m1/source":     `{"mailbox":"ann","id":"m1","raw":true}`,
		"mail:///m1/2":             "",
		"mail://ann//2":            "",
		"mail://ann/m1/":           "",
		"mail://ann/m1":            "",
		"mail://ann/m1/2/3":        "",
		"mail://ann/m1/2?name=a":   "",
		"mail://ann/m1/2#a":        "",
		"mail://ann/m 1/2":         "",
		"mail://ann/m%311/2":       "",
		"mail://ann/m%ff/2":        "",
		"mail://ann/m%2/2":         "",
		"https://ann.example/m1/2": "",
	} {
		if args, ok := argumentsOf(uri); string(args) != want || ok != (want != "") {
			t.Errorf("%s: %s, %v", uri, args, ok)
		}
	}
}
