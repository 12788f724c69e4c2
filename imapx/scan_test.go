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
		route:  func(headKind, string) route { return pass },
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
		{name: "codes and brackets that end, or are none", answer: "* OK [X y] z\r\nT1 OK see [1\r\n+ go [on\r\n* 1 OK [X]\r\n", lines: "* OK [X y] z|T1 OK see [1|+ go [on|* 1 OK [X]", news: "1 OK"},
		{name: "a code without end", answer: "T1 OK [X y\r\n", midway: true, kind: Protocol},
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

// sortAll feeds answer in pieces of n bytes to a scanner that takes what begins
// with our tag, LIST and STATUS for our own, FETCH when it holds PREVIEW, and
// drops VANISHED and whatever is unknown.
func sortAll(answer string, n int) (out string, ours []string, err error) {
	s := &scanner{limits: Limits{Response: 200}.withDefaults(), status: func([]byte) {}, news: func(uint32, string) {}}
	s.route = func(kind headKind, word string) route {
		switch {
		case kind == headTag && strings.HasPrefix(word, "O1."), kind == headMore, kind == headWord && (word == "LIST" || word == "FETCH"):
			return take
		case kind == headTag, word == "OK", word == "EXISTS":
			return pass
		}
		return drop
	}
	s.taken = func(b []byte) bool {
		if strings.Contains(string(b), "FETCH") && !strings.Contains(string(b), "PREVIEW") {
			return false
		}
		ours = append(ours, string(b))
		return true
	}
	for b := []byte(answer); len(b) > 0 && err == nil; {
		k := min(n, len(b))
		if err = s.scan(b[:k]); err == nil {
			out, s.out, s.whole = out+string(s.out), s.out[:0], 0
		}
		b = b[k:]
	}
	return out, ours, err
}

func TestScannerSorts(t *testing.T) {
	for _, tt := range []struct {
		name, answer, out, ours string
		kind                    Kind
	}{
		{name: "an answer of ours between two of the library's", answer: "* 3 EXISTS\r\n* LIST () NIL a\r\nT1 OK x\r\nO1.0 OK y\r\n",
			out: "* 3 EXISTS\r\nT1 OK x\r\n", ours: "* LIST () NIL a\r\nO1.0 OK y\r\n"},
		{name: "lower case", answer: "* list () nil a\r\n* ok x\r\n", out: "* ok x\r\n", ours: "* list () nil a\r\n"},
		{name: "a literal of ours that looks like an answer", answer: "* LIST () NIL {14}\r\n* 3 EXISTS\r\nab\r\n* 4 EXISTS\r\n",
			out: "* 4 EXISTS\r\n", ours: "* LIST () NIL {14}\r\n* 3 EXISTS\r\nab\r\n"},
		{name: "unknown kinds", answer: "* VANISHED (EARLIER) 5:9\r\n* X-NEW {8}\r\n* 1 EXI\r\n* 7 FROZEN a\r\n* 5 EXISTS\r\n", out: "* 5 EXISTS\r\n"},
		{name: "lines without a word", answer: "*\r\n* \r\n* 12\r\n* 12 \r\n* 5 EXISTS\r\n", out: "* 5 EXISTS\r\n"},
		{name: "quotes that do not close in what is dropped", answer: "* X-NEW it's a \"test\r\n* 5 EXISTS\r\n", out: "* 5 EXISTS\r\n"},
		{name: "a quote that nobody escaped in ours", answer: "* LIST () NIL \"a\"b\"\r\n* 5 EXISTS\r\n", out: "* 5 EXISTS\r\n", ours: "* LIST () NIL \"a\"b\"\r\n"},
		{name: "a FETCH that proves not to be ours", answer: "* 2 FETCH (FLAGS ())\r\n* 2 FETCH (PREVIEW {2}\r\nhi)\r\n", out: "* 2 FETCH (FLAGS ())\r\n",
			ours: "* 2 FETCH (PREVIEW {2}\r\nhi)\r\n"},
		{name: "leave to go on", answer: "+ go\r\n* 5 EXISTS\r\n", out: "* 5 EXISTS\r\n", ours: "+ go\r\n"},
		{name: "bodies of ours have the limit of a response", answer: "* 2 FETCH (BODY[] {300}\r\n", kind: TooLarge},
		{name: "what is dropped has a limit too", answer: "* X-NEW {300}\r\n", kind: TooLarge},
	} {
		for _, n := range []int{1, 3, 1000} {
			t.Run(fmt.Sprint(tt.name, " by ", n), func(t *testing.T) {
				out, ours, err := sortAll(tt.answer, n)
				if out != tt.out || strings.Join(ours, "") != tt.ours || KindOf(err) != tt.kind {
					t.Errorf("out %q, ours %q, error %v", out, ours, err)
				}
			})
		}
	}
}

// TestScannerDisorder: only what the parser sorts has to be in order.
func TestScannerDisorder(t *testing.T) {
	var answer strings.Builder
	answer.WriteString("* THREAD (1")
	for i := range 100_000 {
		fmt.Fprintf(&answer, " %d", 100_000-i)
	}
	answer.WriteString(")\r\n")
	for _, where := range []route{take, drop, pass} {
		s := &scanner{
			limits: Limits{}.withDefaults(), route: func(headKind, string) route { return where },
			taken: func([]byte) bool { return true },
		}
		if err := s.scan([]byte(answer.String())); (err != nil) != (where == pass) {
			t.Errorf("route %d: %v", where, err)
		}
	}
}

// FuzzScannerSorts: however the stream is cut, the same responses go the same
// way, and nothing of one ends up in another.
func FuzzScannerSorts(f *testing.F) {
	for _, seed := range []string{
		"* LIST () NIL {3}\r\na\"b\r\n* 3 EXISTS\r\nO1.0 OK x\r\n", "* 1 FETCH (PREVIEW \"x\" UID 5)\r\n* 2 FETCH (FLAGS ())\r\n+ x\r\n* VANISHED 5\r\n",
	} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, answer []byte, n int) {
		out, ours, err := sortAll(string(answer), max(1, n%100))
		out2, ours2, err2 := sortAll(string(answer), len(answer)+1)
		if fmt.Sprint(ours) != fmt.Sprint(ours2) || fmt.Sprint(err) != fmt.Sprint(err2) || err == nil && out != out2 {
			t.Errorf("in pieces %q %q %v, at once %q %q %v", out, ours, err, out2, ours2, err2)
		}
		if len(out)+len(strings.Join(ours, "")) > len(answer) {
			t.Errorf("%d bytes came out of %d", len(out)+len(strings.Join(ours, "")), len(answer))
		}
	})
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
			s := &scanner{
				limits: Limits{}.withDefaults(), status: func([]byte) {}, news: func(uint32, string) {},
				route: func(headKind, string) route { return pass },
			}
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				s.out, s.whole = s.out[:0], 0
				if err := s.scan(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
