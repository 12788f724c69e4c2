package mailmime_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/mailmime"
)

const (
	bombMemory = 64 << 20 // allocated in all while reading, garbage included
	bombTime   = 2 * time.Second
	bombSize   = 50 << 20
)

// much reads n times s without holding it.
func much(s string, n int) io.Reader {
	return io.LimitReader(repeated(strings.Repeat(s, max(1, 4096/len(s)))), int64(n)*int64(len(s)))
}

func around(before string, middle io.Reader, after string) io.Reader {
	return io.MultiReader(strings.NewReader(before), middle, strings.NewReader(after))
}

// onEveryLevel nests multiparts with a line of text in each and n times what in the innermost.
func onEveryLevel(kind, what string, n int) io.Reader {
	var head, tail strings.Builder
	for i := range 99 {
		fmt.Fprintf(&head, "Content-Type: multipart/mixed; boundary=b%dx\r\n\r\n--b%dx\r\n\r\na\r\n--b%dx\r\n", i, i, i)
		fmt.Fprintf(&tail, "\r\n--b%dx--\r\n", 98-i)
	}
	return around(head.String()+"Content-Type: "+kind+"\r\n\r\n", much(what, n), tail.String())
}

type bomb struct {
	name string
	make func(n int) io.Reader
	n    int
	// what is left readable, and how the message says that something is missing
	text   string // a prefix of Text
	cut    bool   // TextTruncated
	defect string // within the list
}

func bombs() []bomb {
	const plainTail = "\r\n\r\nwords"
	mixed := "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	limit := "header longer than the limit"
	encoded := func(encoding string) string { return "Content-Transfer-Encoding: " + encoding + "\r\n\r\n" }
	return []bomb{
		{name: "nested multiparts", n: 10_000, make: func(n int) io.Reader { return strings.NewReader(nested(n)) }, defect: "nested too deeply"},
		{name: "nested multiparts with text on top", n: 10_000, make: func(n int) io.Reader {
			return around("Content-Type: multipart/mixed; boundary=top\r\n\r\n--top\r\n\r\nwords\r\n--top\r\n", strings.NewReader(nested(n)), "\r\n--top--\r\n")
		}, text: "words", defect: "nested too deeply"},
		{name: "nested multiparts of one boundary", n: 10_000, make: func(n int) io.Reader {
			return around("", much("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", n), "\r\nwords")
		}, defect: "nested too deeply"},
		{name: "nested messages", n: 10_000, make: func(n int) io.Reader {
			return around("", much("Content-Type: message/rfc822\r\n\r\n", n), "\r\nwords")
		}, defect: "nested too deeply"},
		{name: "parts", n: 300_000, make: func(n int) io.Reader { return around(mixed, much("--b\r\n\r\nx\r\n", n), "--b--\r\n") }, text: "x\n\nx", defect: "more than 1000 parts"},
		{name: "attached parts", n: 300_000, make: func(n int) io.Reader {
			return around(mixed, much("--b\r\nContent-Type: image/png; name=x.png\r\n\r\nx\r\n", n), "--b--\r\n")
		}, defect: "more than 1000 parts"},
		{name: "text on every level", n: 12_000_000, make: func(n int) io.Reader { return onEveryLevel("text/plain", "<", n) }, text: "a\n\na", cut: true},
		{name: "HTML on every level", n: 12_000_000, make: func(n int) io.Reader { return onEveryLevel("text/html", "<", n) }},
		{name: "alternatives", n: 1000, make: func(n int) io.Reader {
			return around("Content-Type: multipart/alternative; boundary=b\r\n\r\n", much("--b\r\n\r\n"+strings.Repeat("<", 50_000)+"\r\n--b\r\nContent-Type: text/html\r\n\r\n"+strings.Repeat("<", 50_000)+"\r\n", n/2), "--b--\r\n")
		}, text: "<<<"},
		{name: "one field", n: bombSize, make: func(n int) io.Reader { return around("X-Long: ", much("y", n), plainTail) }, text: "words", defect: limit},
		{name: "one subject", n: bombSize, make: func(n int) io.Reader { return around("Subject: ", much("y", n), plainTail) }, text: "words", defect: limit},
		{name: "one folded field", n: bombSize / 8, make: func(n int) io.Reader { return around("Subject: a", much("\r\n folds", n), plainTail) }, text: "words", defect: limit},
		{name: "fields", n: bombSize / 8, make: func(n int) io.Reader { return around("", much("X-Y: z\r\n", n), "\r\nwords") }, text: "words", defect: limit},
		{name: "lines of junk", n: bombSize / 6, make: func(n int) io.Reader { return around("Subject: x\r\n", much("junk\r\n", n), "\r\nwords") }, text: "junk\njunk", cut: true, defect: "no blank line"},
		{name: "lines of junk and fields", n: bombSize / 14, make: func(n int) io.Reader {
			return around("Subject: x\r\n", much("junk\r\nTo: x\r\n\t", n), "\r\n\r\nwords")
		}, text: "words", defect: limit},
		{name: "rows of junk and fields", n: bombSize / 608, make: func(n int) io.Reader {
			return around("Subject: x\r\n", much(strings.Repeat("junk\r\n", 100)+"To: a@b\r\n", n), "\r\nwords")
		}, text: "junk\njunk", cut: true, defect: "header line without"},
		{name: "header of a part, one field", n: bombSize, make: func(n int) io.Reader { return around(mixed+"--b\r\nX-Long: ", much("y", n), plainTail+"\r\n--b--\r\n") }, text: "words", defect: limit},
		{name: "header of a part, fields", n: bombSize / 8, make: func(n int) io.Reader { return around(mixed+"--b\r\n", much("X-Y: z\r\n", n), "\r\nwords\r\n--b--\r\n") }, text: "words", defect: limit},
		{name: "headers of many parts", n: 200, make: func(n int) io.Reader {
			return around(mixed, much("--b\r\nX-Long: "+strings.Repeat("y", 255<<10)+"\r\n\r\nx\r\n", n), "--b--\r\n")
		}, text: "x\n\nx", defect: limit},
		{name: "boundary", n: bombSize, make: func(n int) io.Reader {
			return around("Content-Type: multipart/mixed; boundary=", much("y", n), plainTail)
		}, defect: limit},
		{name: "base64 in one line", n: bombSize / 4, make: func(n int) io.Reader { return around(encoded("base64"), much("YWJj", n), "") }, text: "abcabc", cut: true},
		{name: "base64 in one line, attached", n: bombSize / 4, make: func(n int) io.Reader {
			return around("Content-Type: image/png\r\n"+encoded("base64"), much("YWJj", n), "")
		}},
		{name: "base64 of junk", n: bombSize, make: func(n int) io.Reader { return around(encoded("base64"), much("!", n), "d29yZHM=") }, text: "words"},
		{name: "base64 of padding", n: bombSize, make: func(n int) io.Reader { return around(encoded("base64"), much("=", n), "d29yZHM=") }, text: "words"},
		{name: "base64, a digit a line", n: bombSize / 3, make: func(n int) io.Reader { return around(encoded("base64"), much("Y\r\n", n), "") }, cut: true},
		{name: "soft breaks", n: bombSize / 3, make: func(n int) io.Reader { return around(encoded("quoted-printable"), much("=\r\n", n), "words") }, text: "words"},
		{name: "quoted-printable in one line", n: bombSize / 3, make: func(n int) io.Reader { return around(encoded("quoted-printable"), much("=41", n), "") }, text: "AAA", cut: true},
		{name: "blanks in quoted-printable", n: bombSize, make: func(n int) io.Reader { return around(encoded("quoted-printable"), much(" ", n), "words") }, cut: true},
		{name: "uuencode", n: bombSize / 63, make: func(n int) io.Reader {
			return around(encoded("uuencode")+"begin 644 a\r\n", much("M"+strings.Repeat("86)C", 15)+"\r\n", n), "end\r\n")
		}, text: "abcabc", cut: true},
		{name: "uuencode in one line", n: bombSize, make: func(n int) io.Reader { return around(encoded("uuencode")+"begin 644 a\r\n", much("M", n), "\r\nend") }},
		{name: "lines like delimiters", n: bombSize / 5, make: func(n int) io.Reader { return around(mixed+"--b\r\n\r\n", much("--c\r\n", n), "--b--\r\n") }, text: "--c\n--c", cut: true},
		{name: "bare CR", n: bombSize, make: func(n int) io.Reader { return around("Subject: x\r\r", much("\r", n), "") }, cut: true},
		{name: "preamble", n: bombSize, make: func(n int) io.Reader { return around(mixed, much("y", n), "\r\n--b\r\n\r\nwords\r\n--b--\r\n") }, text: "words"},
		{name: "preamble without parts", n: bombSize, make: func(n int) io.Reader { return around(mixed, much("y", n), "") }, text: "yyy", cut: true, defect: "without any part"},
		{name: "addresses", n: 1_000_000, make: func(n int) io.Reader { return around("To: ", much("a@b.example,\r\n ", n), "x@example.org"+plainTail) }, text: "words", defect: limit},
		{name: "addresses in one line", n: 1_000_000, make: func(n int) io.Reader { return around("To: ", much("a@b.c,", n), plainTail) }, text: "words", defect: limit},
		{name: "pieces of a parameter", n: 1_000_000, make: func(n int) io.Reader {
			return around("Content-Disposition: inline; filename*0=a", much(";\r\n filename*1*=%41", n), plainTail)
		}, text: "words", defect: limit},
		{name: "encoded words", n: 1_000_000, make: func(n int) io.Reader { return around("Subject: ", much("=?utf-8?q?=C3=9C?=\r\n ", n), plainTail) }, text: "words", defect: limit},
		{name: "unfinished encoded words", n: 1_000_000, make: func(n int) io.Reader { return around("Subject: ", much("=?a?q?", n), plainTail) }, text: "words", defect: limit},
		{name: "flowed quotes", n: bombSize, make: func(n int) io.Reader {
			return around("Content-Type: text/plain; format=flowed\r\n\r\n", much(">", n), "")
		}, cut: true},
		{name: "flowed lines", n: bombSize / 4, make: func(n int) io.Reader {
			return around("Content-Type: text/plain; format=flowed\r\n\r\n", much(">\r\n", n), "")
		}, cut: true},
		{name: "enriched", n: bombSize / 7, make: func(n int) io.Reader { return around("Content-Type: text/enriched\r\n\r\n", much("<param>", n), "") }, cut: true},
		{name: "shifts without letters", n: bombSize / 3, make: func(n int) io.Reader {
			return around("Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n", much("\x1b(B", n), "words")
		}, cut: true},
		{name: "utf-7", n: bombSize, make: func(n int) io.Reader {
			return around("Content-Type: text/plain; charset=utf-7\r\n\r\n", much("+", n), "")
		}, cut: true},
		{name: "utf-16", n: bombSize / 2, make: func(n int) io.Reader {
			return around("Content-Type: text/plain; charset=utf-16\r\n\r\n", much("a\x00", n), "")
		}, text: "aaa", cut: true},
		{name: "calendar", n: bombSize, make: func(n int) io.Reader { return around("Content-Type: text/calendar\r\n\r\n", much("B", n), "") }},
	}
}

// What is made to be costly is read within bounds, with what can be read of it, and says that something is missing.
func TestBombs(t *testing.T) {
	for _, b := range bombs() {
		t.Run(b.name, func(t *testing.T) {
			n := b.n
			if raceDetector {
				n /= 8
			}
			used, took, m := cost(t, b.make(n))
			t.Logf("%.1f MB, %.2f s", float64(used)/(1<<20), took.Seconds())
			if used > bombMemory {
				t.Errorf("%d MB allocated", used>>20)
			}
			if took > bombTime && !raceDetector {
				t.Errorf("took %v", took)
			}
			if !strings.HasPrefix(m.Text, b.text) || m.TextTruncated != b.cut {
				t.Errorf("text %.40q of %d bytes, truncated %v", m.Text, len(m.Text), m.TextTruncated)
			}
			if got := strings.Join(m.Defects, "; "); !strings.Contains(got, b.defect) || b.defect == "" && got != "" {
				t.Errorf("defects %.200q, want %q", got, b.defect)
			}
			if n := len(m.Text) + len(m.HTML) + len(m.Calendar); n > 3*mailmime.DefaultTextBytes {
				t.Errorf("%d bytes of text", n)
			}
			if m.Calendar != "" && !m.CalendarTruncated {
				t.Error("a calendar cut short does not say so")
			}
		})
	}
}

// cost reads a message and tells the bytes allocated for it, garbage included, and the processor time it took.
func cost(t *testing.T, r io.Reader) (used uint64, took time.Duration, m *mailmime.Message) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := processTime()
	m, err := mailmime.Parse(r, mailmime.Limits{})
	took = processTime() - start
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	return after.TotalAlloc - before.TotalAlloc, took, m
}

// stride counts what of a message was read how often: bytes asked for, and allocations made meanwhile.
type stride struct {
	r     io.Reader
	bytes int64
}

func (s *stride) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.bytes += int64(n)
	return n, err
}

// Four times the message costs at most four times the allocations, and each byte is read once.
func TestGrowthIsLinear(t *testing.T) {
	for _, b := range bombs() {
		t.Run(b.name, func(t *testing.T) {
			count := func(n int) float64 {
				return testing.AllocsPerRun(1, func() {
					in := &stride{r: b.make(n)}
					if _, err := mailmime.Parse(in, mailmime.Limits{}); err != nil {
						t.Error(err)
					}
					size, err := io.Copy(io.Discard, b.make(n))
					if err != nil || in.bytes != size {
						t.Errorf("%d bytes read of %d", in.bytes, size)
					}
				})
			}
			n := max(10, b.n/200)
			if small, large := count(n), count(4*n); large > 5*small+500 {
				t.Errorf("%d units cost %.0f allocations, %d cost %.0f", n, small, 4*n, large)
			}
		})
	}
}
