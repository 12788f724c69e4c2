package imapx

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// scanAll feeds answer in pieces of n bytes and returns the status lines and
// numbered answers it held.
func scanAll(answer string, n int, limits Limits) (lines, news []string, midway bool, err error) {
	s := &scanner{
		limits: limits.withDefaults(),
		status: func(line []byte) { lines = append(lines, string(line)) },
		news:   func(n uint32, word string) { news = append(news, fmt.Sprint(n, " ", word)) },
	}
	for b := []byte(answer); len(b) > 0 && err == nil; {
		k := min(n, len(b))
		err = s.scan(b[:k])
		b = b[k:]
	}
	return lines, news, s.midway(), err
}

func TestScanner(t *testing.T) {
	small := Limits{Body: 50, Response: 100, Numbers: 200}
	for _, tt := range []struct {
		name, answer string
		lines, news  string // joined by |
		midway       bool
		kind         Kind
	}{
		{name: "status lines", answer: "* OK [ALERT] it's (a \"test {9}\r\nT1 NO [LIMIT] no\n+ go on {3}\r\n* bye\r\n",
			lines: "* OK [ALERT] it's (a \"test {9}|T1 NO [LIMIT] no|+ go on {3}|* bye"},
		{name: "bare line feed and a space before it", answer: "* LIST () NIL {3} \nabc\n* OK x\n", lines: "* OK x"},
		{name: "numbers", answer: "* 3 EXISTS\r\n* 1 expunge\r\n* 2 FETCH (UID 5)\r\n* 0 RECENT\r\n", news: "3 EXISTS|1 EXPUNGE|2 FETCH|0 RECENT"},
		{name: "a literal hides what is in it", answer: "* 2 FETCH (UID 5 BODY[] {15}\r\n((((\"\r\n* 9 EXPU)\r\n* 3 EXISTS\r\n", news: "2 FETCH|3 EXISTS"},
		{name: "an empty literal", answer: "* 2 FETCH (BODY[] {0}\r\n)\r\n* 3 EXISTS\r\n", news: "2 FETCH|3 EXISTS"},
		{name: "escaped quotes", answer: "* LIST () \"\\\"\" \"a\\\\\" {1}\r\n(\r\n* OK x\r\n", lines: "* OK x"},
		{name: "braces that are no literal", answer: "* LIST () NIL {x} {} {5\r\n* OK x\r\n", lines: "* OK x"},
		{name: "within a literal", answer: "* 2 FETCH (BODY[] {5}\r\nab", news: "2 FETCH", midway: true},
		{name: "within a line", answer: "* 2 FETCH (BO", news: "2 FETCH", midway: true},
		{name: "within a word", answer: "* ", midway: true},
		{name: "body at its limit", answer: "* 2 FETCH (BODY[TEXT]<0> {50}\r\n", news: "2 FETCH", midway: true},
		{name: "body over its limit", answer: "* 2 FETCH (BODY[TEXT]<0> {51}\r\n", news: "2 FETCH", midway: true, kind: TooLarge},
		{name: "body of a size beyond numbers", answer: "* 2 FETCH (BODY[] {99999999999999999999999999}\r\n", news: "2 FETCH", midway: true, kind: TooLarge},
		{name: "a literal that is no body", answer: "* 2 FETCH (ENVELOPE ({150}\r\n", news: "2 FETCH", midway: true, kind: TooLarge},
		{name: "a quoted bracket does not make a body", answer: "* 2 FETCH (ENVELOPE (\"]\" {150}\r\n", news: "2 FETCH", midway: true, kind: TooLarge},
		{name: "a literal in another answer", answer: "* LIST ] {150}\r\n", midway: true, kind: TooLarge},
		{name: "line over its limit", answer: "* LIST () NIL " + strings.Repeat("x", 100), midway: true, kind: TooLarge},
		{name: "status over its limit", answer: "* OK " + strings.Repeat("x", 100), midway: true, kind: TooLarge},
		{name: "numbers have a limit of their own", answer: "* SEARCH" + strings.Repeat(" 1", 90) + "\r\n"},
		{name: "numbers over their limit", answer: "* SEARCH" + strings.Repeat(" 1", 100), midway: true, kind: TooLarge},
		{name: "line end in quotes", answer: "* LIST () \"/\" \"a\r\n", midway: true, kind: Protocol},
		{name: "number out of range", answer: "* 4294967296 EXISTS\r\n", midway: true, kind: Protocol},
	} {
		for _, n := range []int{1, 3, 1000} {
			t.Run(fmt.Sprint(tt.name, " by ", n), func(t *testing.T) {
				lines, news, midway, err := scanAll(tt.answer, n, small)
				if got := strings.Join(lines, "|"); got != tt.lines {
					t.Errorf("status lines %q, want %q", got, tt.lines)
				}
				if got := strings.Join(news, "|"); got != tt.news {
					t.Errorf("news %q, want %q", got, tt.news)
				}
				if midway != tt.midway || tt.kind == "" && err != nil || tt.kind != "" && !errors.Is(err, tt.kind) {
					t.Errorf("midway %v, error %v", midway, err)
				}
			})
		}
	}
}

func TestScannerDepth(t *testing.T) {
	nested := func(n int) string { return "* 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", n) }
	if _, _, _, err := scanAll(nested(maxDepth-1), 100, Limits{}); err != nil {
		t.Error(err)
	}
	if _, _, _, err := scanAll(nested(maxDepth), 100, Limits{}); !errors.Is(err, TooLarge) {
		t.Errorf("error %v", err)
	}
}

// FuzzScanner: whatever comes, in whatever pieces, the verdict is the same and
// memory stays bounded.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		"* 1 FETCH (UID 5 FLAGS (\\Seen) BODY[HEADER.FIELDS (FROM)] {5}\r\nhello)\r\n", "* OK [COPYUID 1 2:3 4:5] x\r\n",
		"* ESEARCH (TAG \"T1\") UID ALL 1:5\r\n", "* LIST (\\Sent) \"/\" {3}\r\na\"b\r\n", "T1 BAD {4}\r\n+ \r\n", "* {1}\r\n\"\\",
	} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, answer []byte, n int) {
		limits := Limits{Body: 1000, Response: 500, Numbers: 800}
		lines, news, midway, err := scanAll(string(answer), max(1, n%100), limits)
		lines2, news2, midway2, err2 := scanAll(string(answer), len(answer)+1, limits)
		if fmt.Sprint(lines, news, midway, err) != fmt.Sprint(lines2, news2, midway2, err2) {
			t.Errorf("in pieces %q %q %v %v, at once %q %q %v %v", lines, news, midway, err, lines2, news2, midway2, err2)
		}
		for _, l := range lines {
			if len(l) > 500 {
				t.Errorf("a line of %d bytes was kept", len(l))
			}
		}
	})
}

func BenchmarkScanner(b *testing.B) {
	envelope := []byte(`* 12 FETCH (UID 4711 FLAGS (\Seen) INTERNALDATE "20-Nov-2026 10:00:00 +0000" RFC822.SIZE 12345 ` +
		`BODYSTRUCTURE ("text" "plain" ("charset" "utf-8") NIL NIL "quoted-printable" 4711 91 NIL NIL NIL NIL))` + "\r\n")
	for name, data := range map[string][]byte{
		"lines":  bytes.Repeat(envelope, 1000),
		"bodies": bytes.Repeat([]byte("* 1 FETCH (UID 5 BODY[] {50000}\r\n"+strings.Repeat("x", 50_000)+")\r\n"), 10),
	} {
		b.Run(name, func(b *testing.B) {
			s := &scanner{limits: Limits{}.withDefaults(), status: func([]byte) {}, news: func(uint32, string) {}}
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := s.scan(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
