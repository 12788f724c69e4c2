package contentline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/contentline"
)

type (
	line  = contentline.Line
	param = contentline.Param
)

func read(text string) (lines []line) {
	r := contentline.NewReader(text)
	for l, ok := r.Next(); ok; l, ok = r.Next() {
		lines = append(lines, l)
	}
	return lines
}

func one(name, value string, params ...param) line {
	return line{Name: name, Value: value, Params: params}
}

func named(name string, values ...string) param { return param{Name: name, Values: values} }

func TestLines(t *testing.T) {
	tests := []struct {
		name, text string
		want       []line
	}{
		{"ends of lines", "A:1\r\nB:2\nC:3\rD:4\r\r\nE:5", []line{one("A", "1"), one("B", "2"), one("C", "3"), one("D", "4"), one("E", "5")}},
		{"empty", "", nil},
		{"blank lines", "\n\nA:1\n \n\nB:2\n\n", []line{one("A", "1"), one("B", "2")}},
		{"no value", "A:\nB;X=1:", []line{one("A", ""), one("B", "", named("X", "1"))}},
		{"byte order mark", "\ufeffA:1", []line{one("A", "1")}},
		{"UTF-16", "\xff\xfeA\x00:\x00\xe9\x00\n\x00", []line{one("A", "é")}},
		{"lower case", "summary;language=de:x", []line{one("SUMMARY", "x", named("LANGUAGE", "de"))}},
		{"space around the name", "  A : 1", []line{one("A", " 1")}},
		{"group", "item1.TEL:1", []line{{Group: "item1", Name: "TEL", Value: "1"}}},

		{"folds", "A:one\r\n  two\n\tthree\r\n four", []line{one("A", "one twothreefour")}},
		{"space before a fold", "A:one \n two", []line{one("A", "one two")}},
		{"fold in the name", "SUMM\n ARY:x", []line{one("SUMMARY", "x")}},
		{"fold after a blank line", "A:one\r\n\r\n two\r\nB:1", []line{one("A", "onetwo"), one("B", "1")}},
		{"fold in a character", "A:\xe2\x82\n \xac", []line{one("A", "€")}},
		{"fold in a character that was decoded", "A:x\u00c3\n \u00bcy", []line{one("A", "xüy")}},
		{"fold in a long one that was decoded", "A:\u00f0\u0178\n \u02dc\u20ac", []line{one("A", "😀")}},
		{"fold between two characters", "A:é\n ü", []line{one("A", "éü")}},
		{"windows-1252", "A:caf\xe9 \u00e9", []line{one("A", "café é")}},

		{"quoted parameter", `A;X="a:b;c,d";Y=1,"2,3":v`, []line{one("A", "v", named("X", "a:b;c,d"), named("Y", "1", "2,3"))}},
		{"colon in the value", "A;X=1:b:c;d", []line{one("A", "b:c;d", named("X", "1"))}},
		{"quote never closed", `A;X="a;Y=b:v`, []line{one("A", "v", named("X", "a"), named("Y", "b"))}},
		{"quotes inside", `A;X=a "b" c:v`, []line{one("A", "v", named("X", "a b c"))}},
		{"caret escapes", "A;X=a^nb^^c^'d^e:v", []line{one("A", "v", named("X", "a\nb^c\"d^e"))}},
		{"parameters without names", "TEL;WORK;FAX:1", []line{one("TEL", "1", param{Values: []string{"WORK"}}, param{Values: []string{"FAX"}})}},
		{"empty parameters", "A;;X=:v", []line{one("A", "v", named("X", ""))}},

		{"text without a fold", "A:one\ntwo three\n12:30\nhttps://example.org/\n\nB:1",
			[]line{{Name: "A", Value: "one", Extra: "\ntwo three\n12:30\nhttps://example.org/"}, one("B", "1")}},
		{"junk first", "Hello,\nsee: nothing here is; a line\nA:1", []line{one("SEE", " nothing here is; a line"), one("A", "1")}},
		{"parameters without a value", "A;X=1\nB:2", []line{one("B", "2")}},

		{"quoted-printable", "A;ENCODING=QUOTED-PRINTABLE;CHARSET=iso-8859-1:caf=E9=\n au lait=\n!\nB:1",
			[]line{one("A", "café au lait!", named("ENCODING", "QUOTED-PRINTABLE"), named("CHARSET", "iso-8859-1")), one("B", "1")}},
		{"quoted-printable by a bare word", "A;quoted-printable:=41=zz=", []line{one("A", "A=zz=", param{Values: []string{"quoted-printable"}})}},
		{"equals sign without the encoding", "A:1=\nB:2", []line{one("A", "1="), one("B", "2")}},
		{"base64", "A;ENCODING=b:AAAA\n BBBB\nCCCC\nB:1", []line{
			{Name: "A", Params: []param{named("ENCODING", "b")}, Binary: true, Cut: true}, one("B", "1"),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, read(tt.text)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSkipped(t *testing.T) {
	r := contentline.NewReader("junk\nA:1\nmore\njunk\nB:2\n")
	for _, ok := r.Next(); ok; _, ok = r.Next() {
	}
	if r.Skipped() != 3 || r.Truncated() {
		t.Errorf("skipped %d, truncated %v", r.Skipped(), r.Truncated())
	}
}

func TestText(t *testing.T) {
	tests := []struct{ in, want string }{
		{`a\nb\Nc\,d\;e\\n`, "a\nb\nc,d;e\\n"},
		{`C:\temp\`, `C:\temp\`},
		{`\"x\":`, `"x":`},
		{"plain", "plain"},
	}
	for _, tt := range tests {
		if got := contentline.Unescape(tt.in); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
	l := line{Value: `a\nb`, Extra: "\nc"}
	if got := l.Text(); got != "a\nb\nc" {
		t.Errorf("got %q", got)
	}
	l.Cut = true
	if got := l.Text(); got != "a\nb\nc…" {
		t.Errorf("got %q", got)
	}
	if diff := cmp.Diff([]string{"a;b", "", "c", `d;e`}, contentline.Split(`a\;b;;c;d;e`, ';', 4)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	l = one("A", "", named("X", "1", "2"), named("X", "3"))
	if l.Param("X") != "1" || l.Param("Y") != "" {
		t.Errorf("got %q and %q", l.Param("X"), l.Param("Y"))
	}
}

// drain reads a text that is longer than what is read.
func drain(t *testing.T, text string) {
	t.Helper()
	r := contentline.NewReader(text)
	lines := 0
	for l, ok := r.Next(); ok; l, ok = r.Next() {
		lines++
		// A byte of windows-1252 is up to three of UTF-8.
		if len(l.Value) > 3*contentline.MaxLine || len(l.Extra) > 3*contentline.MaxLine || len(l.Params) > 100 {
			t.Fatalf("a line of %d and %d bytes with %d parameters", len(l.Value), len(l.Extra), len(l.Params))
		}
	}
	if !r.Truncated() || lines > contentline.MaxLines {
		t.Errorf("%d lines, truncated %v", lines, r.Truncated())
	}
}

// TestBounds: whatever comes is read in time that grows with its size, and kept within limits.
func TestBounds(t *testing.T) {
	const much = contentline.MaxInput + 1000
	fill := func(s string) string { return strings.Repeat(s, much/len(s)+1)[:much] }
	tests := []struct{ name, text string }{
		{"lines", fill("A:1\n")},
		{"blank lines", fill("\n")},
		{"one line", fill("A")},
		{"one value", "A:" + fill("x")},
		{"one fold", "A:" + fill("\n x")},
		{"empty folds", "A:" + fill("\n ")},
		{"soft breaks", "A;ENCODING=QUOTED-PRINTABLE:" + fill("=\n")},
		{"parameters", "A" + fill(";X=1,2")},
		{"quotes", "A;X=" + fill(`"`)},
		{"open quotes", "A;X=" + fill(`";`) + ":"},
		{"carets", "A;X=" + fill("^")},
		{"junk", "A:1\n" + fill("junk\n")},
		{"torn characters", "A:" + fill("\u00c3\n \u00bc")},
		{"bytes", "A:" + fill("\xff")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			took := time.Hour
			for i := 0; i < 3 && took > time.Second; i++ { // a busy machine is slow by chance, a bad loop each time
				start := time.Now()
				drain(t, tt.text)
				took = min(took, time.Since(start))
			}
			if took > 2*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestManyParams: punctuation makes a bounded number of parameters, and the value stays.
func TestManyParams(t *testing.T) {
	r := contentline.NewReader("X" + strings.Repeat(";A=b", 500) + ":value\n")
	line, ok := r.Next()
	if !ok || len(line.Params) != 64 || line.Value != "value" {
		t.Errorf("%d parameters, value %q", len(line.Params), line.Value)
	}
}
