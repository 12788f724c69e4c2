package postern_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/golden"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/internal/mailtext"
)

// leastRight is the part of messages with a known text that must be read as a person would read them.
const leastRight = 0.95

// misread names messages of testdata/mail whose expected text is right and ours is not, with the reason.
var misread = map[string]string{}

// TestCorpus reads every message of testdata/mail and compares it with what a person sees of it in a good mail program, which
// stands in the .txt file beside it.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(files) < 120 {
		t.Fatalf("%d messages: %v", len(files), err)
	}
	ran, right := 0, 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		t.Run(name, func(t *testing.T) {
			ran++
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := readable(t, raw)
			path := strings.TrimSuffix(file, ".eml") + ".txt"
			reason, wrong := misread[name]
			if !wrong {
				golden.Compare(t, path, got)
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(defects.ReplaceAll(got, nil), defects.ReplaceAll(want, nil)) {
				right++
			}
			switch {
			case !wrong:
			case bytes.Equal(got, want):
				t.Errorf("is read right now: take it off the list of those that are not (%q)", reason)
			default: // and -update leaves the file as it is: it says what is right
				t.Logf("known to be wrong: %s (-want +got):\n%s", reason, cmp.Diff(string(want), string(got)))
			}
		})
	}
	for name := range misread {
		if _, err := os.Stat(filepath.Join("testdata/mail", name+".eml")); err != nil {
			t.Errorf("misread: %v", err)
		}
	}
	if ran == len(files) && float64(right) < leastRight*float64(ran) { // not where -run picked some
		t.Errorf("%d of %d texts are right, want at least %.0f%%", right, ran, 100*leastRight)
	}
	t.Logf("%d of %d texts are right; of all, %d are not what they should be, defects included", right, ran, len(misread))
}

// defects matches the line that is no text of the message.
var defects = regexp.MustCompile(`(?m)^defects: (yes|no)$`)

// folded matches the line that says how much was left out. How much is the business of mailtext's own tests.
var folded = regexp.MustCompile(`(?m)^\[(quoted text|signature): \d+( characters)?(, signature)?(: \d+)?\]$`)

// readable writes a message as a person would be shown it: the fields that matter, the text without what it quotes, the files.
func readable(t testing.TB, raw []byte) []byte {
	t.Helper()
	m, err := mailmime.Parse(bytes.NewReader(raw), mailmime.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	body := mailtext.Body(m.Text, m.HTML, mailtext.Options{Subject: m.Header.Subject})
	var b strings.Builder
	fmt.Fprintf(&b, "subject: %s\nfrom: %s\nto: %s\n", oneLine(m.Header.Subject), people(m.Header.From), people(m.Header.To))
	for _, part := range m.Attachments {
		kind := "part" // shown within the text, or not at all
		if part.File() {
			kind = "file"
		}
		fmt.Fprintf(&b, "%s: %s | %s | %d\n", kind, oneLine(part.Name), part.Type, part.Size)
	}
	malformed := "no"
	if len(m.Defects) > 0 {
		malformed = "yes"
	}
	fmt.Fprintf(&b, "defects: %s\n\n%s\n", malformed, folded.ReplaceAllString(body.Text, "[$1$3]"))
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return []byte(strings.Join(lines, "\n"))
}

func oneLine(s string) string {
	s, _ = mailtext.CleanLine(s, 0)
	return s
}

// people lists addresses as "Name <mailbox>", what is missing left out.
func people(list []mailmime.Address) string {
	var out []string
	for _, a := range list {
		name := oneLine(a.Name)
		if a.Mailbox != "" {
			name = strings.TrimSpace(name + " <" + oneLine(a.Mailbox) + ">")
		}
		out = append(out, name)
	}
	return strings.Join(out, "; ")
}

// TestCorpusBroken breaks every message at each of its lines: cut there, the line gone, twice, or joined with the next. What is
// left is read at once, and says something.
func TestCorpusBroken(t *testing.T) {
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	const most = 20_000 // bytes: longer ones are of one kind throughout
	var count folderCount
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) > most {
			continue
		}
		for at := 0; at < len(raw); {
			end := len(raw)
			if i := bytes.IndexByte(raw[at:], '\n'); i >= 0 {
				end = at + i + 1
			}
			before, line, after := raw[:at], raw[at:end], raw[end:]
			for how, broken := range map[string][]byte{
				"cut before":  before,
				"without":     slices.Concat(before, after),
				"twice":       slices.Concat(before, line, line, after),
				"joined with": slices.Concat(before, bytes.TrimRight(line, "\r\n"), after),
			} {
				if bytes.IndexByte(bytes.TrimSpace(broken), '\n') > 0 { // one line may be the mark of a mailbox file
					count.read(t, mail{fmt.Sprintf("%s, %s byte %d", file, how, at), broken})
				}
			}
			at = end
		}
	}
	t.Logf("%d bytes at %.1f MB/s", count.bytes, float64(count.bytes)/count.took.Seconds()/1e6)
}
