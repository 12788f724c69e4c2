package mailmime_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/postern-mail/postern/internal/mailmime"
)

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("ReadAll: %v", err)
	}
	return string(b)
}

func TestDecodeTransfer(t *testing.T) {
	for _, tt := range []struct{ name, encoding, in, want string }{
		{"none", "", "a=41", "a=41"},
		{"7bit", "7bit", "a=41\r\n", "a=41\r\n"},
		{"unknown", "x-odd", "YWJj", "YWJj"},
		{"uppercase with comment", "BASE64 (yes)", "YWJj", "abc"},
		{"quoted name", `"base64"`, "YWJj", "abc"},
		{"base64 lines", "base64", "aGVs\r\nbG8g\r\nd29y\r\nbGQ=\r\n", "hello world"},
		{"base64 one line", "base64", "aGVsbG8gd29ybGQ=", "hello world"},
		{"base64 odd lines", "base64", "aGV\nsbG8\n\ngd29ybGQ=", "hello world"},
		{"base64 no padding", "base64", "aGVsbG8gd29ybGQ", "hello world"},
		{"base64 junk", "base64", "aGVs!bG8g\xffd2*9ybGQ=", "hello world"},
		{"base64 joined", "base64", "YQ==\r\nYmM=\r\n", "abc"},
		{"base64 joined on one line", "base64", "YQ==YmM=", "abc"},
		{"base64 with a footer", "base64", "aGVsbG8=\r\n_______\r\nThe crew list\r\n", "hello"},
		{"base64 padding only", "base64", "====", ""},
		{"base64 one digit left", "base64", "aGVsbG8hA=", "hello!"},
		{"base64 empty", "base64", "", ""},
		{"qp", "quoted-printable", "Gr=C3=BC=C3=9Fe=\r\n aus Kiel\r\n", "Grüße aus Kiel\r\n"},
		{"qp lower hex", "quoted-printable", "=c3=bc", "ü"},
		{"qp bad escape", "quoted-printable", "100=% and =ZZ and = x", "100=% and =ZZ and = x"},
		{"qp escape at the end", "quoted-printable", "a=4", "a=4"},
		{"qp soft break at the end", "quoted-printable", "a=", "a"},
		{"qp soft break with blanks", "quoted-printable", "a= \t\r\nb", "ab"},
		{"qp trailing blanks", "quoted-printable", "a  \r\nb\t", "a\r\nb"},
		{"qp encoded trailing blank", "quoted-printable", "a=20\r\n", "a \r\n"},
		{"qp raw 8-bit", "quoted-printable", "\xfc=41", "\xfcA"},
		{"qp bare LF", "quoted-printable", "a=\nb\nc", "ab\nc"},
		{"qp double equals", "quoted-printable", "==41=", "=A"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := readAll(t, mailmime.DecodeTransfer(strings.NewReader(tt.in), tt.encoding))
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			slow := readAll(t, iotest.OneByteReader(mailmime.DecodeTransfer(iotest.OneByteReader(strings.NewReader(tt.in)), tt.encoding)))
			if slow != tt.want {
				t.Errorf("byte by byte: got %q, want %q", slow, tt.want)
			}
		})
	}
}

// What the standard library encodes comes back whole, wherever the buffers' edges fall.
func TestDecodeTransferRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for size := range 40 {
		data := make([]byte, size*1717)
		for i := range data {
			data[i] = byte(rnd.Uint32())
			if rnd.IntN(3) > 0 {
				data[i] = " =\t aé0F"[rnd.IntN(8)]
			}
		}
		var qp bytes.Buffer
		w := quotedprintable.NewWriter(&qp)
		w.Binary = true
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		// The same without soft line breaks: one endless line.
		long := bytes.ReplaceAll(qp.Bytes(), []byte("=\r\n"), nil)
		for name, in := range map[string][]byte{"lines": qp.Bytes(), "one line": long} {
			if got := readAll(t, mailmime.DecodeTransfer(bytes.NewReader(in), "quoted-printable")); got != string(data) {
				t.Fatalf("quoted-printable, %s, %d bytes: differs", name, len(data))
			}
		}
		b64 := base64.StdEncoding.EncodeToString(data)
		if got := readAll(t, mailmime.DecodeTransfer(strings.NewReader(b64), "base64")); got != string(data) {
			t.Fatalf("base64 on one line, %d bytes: differs", len(data))
		}
	}
}

func TestDecodeTransferPassesErrorsOn(t *testing.T) {
	broken := errors.New("connection lost")
	for _, encoding := range []string{"7bit", "base64", "quoted-printable"} {
		in := io.MultiReader(strings.NewReader("YWJjZGVm\r\nYWJj"), iotest.ErrReader(broken))
		b, err := io.ReadAll(mailmime.DecodeTransfer(in, encoding))
		if !errors.Is(err, broken) {
			t.Errorf("%s: error %v, want %v", encoding, err, broken)
		}
		if len(b) == 0 {
			t.Errorf("%s: nothing of what came before the error", encoding)
		}
	}
}

func TestDecodeBody(t *testing.T) {
	for _, tt := range []struct{ name, encoding, charset, in, want string }{
		{"utf-8", "8bit", "utf-8", "Grüße\r\n", "Grüße\n"},
		{"latin1 qp", "quoted-printable", "ISO-8859-1", "caf=E9\r\n", "café\n"},
		{"windows-1251 base64", "base64", "windows-1251", "z/Do4uXyDQo=", "Привет\n"},
		{"iso-2022-jp", "7bit", "iso-2022-jp", "\x1b$BF|K\\8l\x1b(B\r\n", "日本語\n"},
		{"gb18030", "8bit", "gb18030", "\xd6\xd0\xce\xc4", "中文"},
		{"none, UTF-8", "", "", "Grüße", "Grüße"},
		{"none, latin1", "", "", "Gr\xfc\xdfe", "Grüße"},
		{"us-ascii with 8-bit", "8bit", "us-ascii", "Gr\xfc\xdfe", "Grüße"},
		{"utf-8 that is not", "8bit", "utf-8", "Gr\xfc\xdfe \xe2\x82\xac", "Grüße €"},
		{"utf-8 cut", "8bit", "utf-8", "a\xe2\x82", "aâ‚"},
		{"unknown", "8bit", "x-nothing", "Gr\xfc\xdfe", "Grüße"},
		{"utf-16", "base64", "utf-16le", "aABpAA==", "hi"},
		{"lone CR", "7bit", "", "a\rb\r\nc\n", "a\nb\nc\n"},
		{"broken multi-byte", "8bit", "gb18030", "\xd6", "\uFFFD"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := readAll(t, mailmime.DecodeBody(strings.NewReader(tt.in), tt.encoding, tt.charset))
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			slow := readAll(t, mailmime.DecodeBody(iotest.OneByteReader(strings.NewReader(tt.in)), tt.encoding, tt.charset))
			if slow != tt.want {
				t.Errorf("byte by byte: got %q, want %q", slow, tt.want)
			}
		})
	}
}

func TestEncodeCharset(t *testing.T) {
	for _, tt := range []struct{ label, in, want string }{
		{"", "grün", "grün"}, {"utf-8", "grün", "grün"}, {"iso-8859-1", "grün", "gr\xfcn"}, {"koi8-r", "Привет", "\xf0\xd2\xc9\xd7\xc5\xd4"},
		{"iso-2022-jp", "日本", "\x1b$BF|K\\\x1b(B"}, {"iso-8859-1", "日本", ""}, {"x-nothing", "a", ""},
	} {
		got, err := mailmime.EncodeCharset(tt.in, tt.label)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("EncodeCharset(%q, %q) = %q, %v; want %q", tt.in, tt.label, got, err, tt.want)
		}
	}
}
