package doctext

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// events writes what the scanner sees, texts joined.
func events(r io.Reader) (string, error) {
	var b strings.Builder
	s := newScanner(r)
	for {
		t, err := s.next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		switch t {
		case tokStart:
			fmt.Fprintf(&b, "<%s", s.name)
			for _, a := range s.attrs {
				fmt.Fprintf(&b, " %s=%q", s.kept[a.name.from:a.name.to], s.kept[a.value.from:a.value.to])
			}
			b.WriteString(">")
		case tokEnd:
			fmt.Fprintf(&b, "</%s>", s.name)
		case tokText:
			b.Write(s.text)
		}
	}
}

// reference writes the same as encoding/xml sees it.
func reference(src string) (string, error) {
	var b strings.Builder
	d := xml.NewDecoder(strings.NewReader(src))
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		switch t := t.(type) {
		case xml.StartElement:
			fmt.Fprintf(&b, "<%s", t.Name.Local)
			for _, a := range t.Attr {
				fmt.Fprintf(&b, " %s=%q", a.Name.Local, a.Value)
			}
			b.WriteString(">")
		case xml.EndElement:
			fmt.Fprintf(&b, "</%s>", t.Name.Local)
		case xml.CharData:
			b.Write(t)
		}
	}
}

func TestScanner(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"namespaces", `<?xml version="1.0"?><w:a xmlns:w="x" w:b='1' c = "2"><w:d/>t</w:a>`, `<a w="x" b="1" c="2"><d></d>t</a>`},
		{"entities", `<a b="&lt;&#65;&#x42;">&amp;&apos;&quot;&gt;</a>`, `<a b="<AB">&'"></a>`},
		{"cdata", `<a><![CDATA[<b>]] ]]]></a>`, `<a><b>]] ]</a>`},
		{"comments", `<a><!-- <b> - -- ---><!---->c</a>`, `<a>c</a>`},
		{"doctype", `<!DOCTYPE a [<!ENTITY b "]>"><!ENTITY c SYSTEM "file:///etc/passwd">]><a>&b;&c;</a>`, `<a>&b;&c;</a>`},
		{"bare ampersand", `<a b="x&y">AT&T &; &#xFFFFFFFF; &toolongforareference;</a>`, `<a b="x&y">AT&T &; &#xFFFFFFFF; &toolongforareference;</a>`},
		{"attribute without value", `<a b c=1 d="2">x</a>`, `<a d="2">x</a>`},
		{"ends that do not match", `<a><b></c></b></a></a>x`, `<a><b></c></b></a></a>x`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := events(iotest.OneByteReader(strings.NewReader(tt.in)))
			if err != nil || got != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestScannerBounds(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	s := newScanner(strings.NewReader(`<a b="` + long + `" c="1"><` + long + ` ` + strings.Repeat(`y="1" `, 1000) + `/>` + long))
	if _, err := s.next(); err != nil || len(s.attr("b")) != maxValue || s.attr("c") != "1" {
		t.Errorf("%d bytes of a value, then %q, %v", len(s.attr("b")), s.attr("c"), err)
	}
	if _, err := s.next(); err != nil || len(s.name) != maxName || len(s.attrs) != maxAttrs {
		t.Errorf("a name of %d bytes, %d attributes, %v", len(s.name), len(s.attrs), err)
	}
	_, _ = s.next()
	if _, err := s.next(); err != nil || len(s.text) > maxTextPiece+64 {
		t.Errorf("%d bytes of text, %v", len(s.text), err)
	}
}

// FuzzScanner: what encoding/xml reads is read alike, and everything ends.
func FuzzScanner(f *testing.F) {
	f.Add(`<?xml version="1.0"?><a:b xmlns:a="c" d='e'>f&amp;g<!--h--><![CDATA[i]]></a:b>`)
	f.Add(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`)
	f.Fuzz(func(t *testing.T, src string) {
		got, gotErr := events(strings.NewReader(src))
		again, againErr := events(iotest.OneByteReader(strings.NewReader(src)))
		if got != again || (gotErr == nil) != (againErr == nil) {
			t.Errorf("by pieces: %s, %v\nat once: %s, %v", again, againErr, got, gotErr)
		}
		want, err := reference(src)
		if err != nil || gotErr != nil || strings.ContainsAny(src, "\r") || strings.Contains(src, "<!") || strings.Contains(src, "<?") || len(src) > maxName {
			return // it refuses more than we do, turns line ends, and knows other bounds
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("encoding/xml differs (-xml +ours):\n%s", diff)
		}
	})
}
