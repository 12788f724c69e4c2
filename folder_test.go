package postern_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // so that it decodes charsets too

	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/internal/mailtext"
)

const (
	// slowest is what one message may take to be read and shown.
	slowest = 2 * time.Second
	// leastMemory is what reading one message may allocate in all, beside memoryPerByte for each of its bytes: texts exist
	// as transferred, decoded, as characters and as they are shown.
	leastMemory   = 64 << 20
	memoryPerByte = 16
	// biggest is the size from which a file is no message of these sets.
	biggest = 64 << 20
	// leastSpeed is our part of go-message's speed over the same files: it refuses what is malformed, we repair it.
	leastSpeed = 0.15
	// leastTimed is how many bytes of mail say anything about speed.
	leastTimed = 1 << 20
	// leastKnown is how many texts the sets that CI obtains have in common with testdata/mail/known.txt at least.
	leastKnown = 60
)

// TestFolder reads every message below the folders that POSTERN_MAIL_FOLDERS names: each gives something to read or a defect,
// within bounds; where testdata/mail/known.txt knows the text, it is compared; and the speed is put beside go-message's.
func TestFolder(t *testing.T) {
	folders := os.Getenv("POSTERN_MAIL_FOLDERS")
	if folders == "" {
		t.Skip("POSTERN_MAIL_FOLDERS names no folders of mail")
	}
	var mails []mail
	for _, folder := range filepath.SplitList(folders) {
		found := mailsBelow(t, folder)
		if len(found) == 0 {
			t.Errorf("no mail in %s", folder)
		}
		mails = append(mails, found...)
	}
	var total folderCount
	for _, m := range mails {
		total.read(t, m)
	}
	took := max(total.took, time.Microsecond)
	t.Logf("%d files, %d bytes: %d with something to read, %d with text, %d with defects; slowest %s in %v; %.1f MB/s with the text as shown",
		len(mails), total.bytes, total.some, total.text, total.defects, total.slow, total.slowTook.Round(10*time.Microsecond), float64(total.bytes)/took.Seconds()/1e6)
	compareKnown(t, mails)
	compareSpeed(t, mails, total.bytes)
}

type mail struct {
	path string
	raw  []byte
}

// mailsBelow reads the files that are mail by their names and, where those say little, by their first lines.
func mailsBelow(t *testing.T, folder string) []mail {
	t.Helper()
	var mails []mail
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		sure, maybe := mailName(path)
		if !sure && !maybe {
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > biggest {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if sure || startsAsMail(raw) {
			mails = append(mails, mail{path, raw})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return mails
}

// mailName: .eml and .raw are mail; text files, files without an extension and those of a maildir may be.
func mailName(path string) (sure, maybe bool) {
	name := strings.ToLower(filepath.Base(path))
	dir := filepath.Base(filepath.Dir(path))
	switch filepath.Ext(name) {
	case ".eml", ".raw":
		return true, true
	case ".txt", ".msg", ".mbox", ".mail", ".email", "":
		return false, true
	}
	return false, dir == "cur" || dir == "new" || strings.Contains(name, ":2,") || strings.Trim(filepath.Ext(name), ".0123456789") == ""
}

// startsAsMail: one of the first lines is a field that mail has.
func startsAsMail(raw []byte) bool {
	if bytes.HasPrefix(raw, []byte("From ")) {
		return true
	}
	lines := bufio.NewScanner(bytes.NewReader(raw[:min(len(raw), 4096)]))
	for lines.Scan() && lines.Text() != "" {
		name, _, ok := strings.Cut(lines.Text(), ":")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "from", "to", "subject", "received", "return-path", "message-id", "mime-version", "content-type", "delivered-to":
			if ok {
				return true
			}
		}
	}
	return false
}

type folderCount struct {
	bytes               int64
	some, text, defects int
	took, slowTook      time.Duration
	slow                string
}

// read shows one message, and says what is against the promises: a panic, nothing at all, too much time or memory.
func (c *folderCount) read(t *testing.T, m mail) {
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s: panic: %v", m.path, r)
		}
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	msg, err := mailmime.Parse(bytes.NewReader(m.raw), mailmime.Limits{})
	if err != nil {
		t.Errorf("%s: %v", m.path, err)
		return
	}
	body := mailtext.Body(msg.Text, msg.HTML, mailtext.Options{Subject: msg.Header.Subject})
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if took > slowest {
		t.Errorf("%s: %d bytes took %v", m.path, len(m.raw), took)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > leastMemory+memoryPerByte*uint64(len(m.raw)) {
		t.Errorf("%s: %d bytes took %d of memory", m.path, len(m.raw), used)
	}
	some := body.Text != "" || len(msg.Attachments) > 0 || len(msg.Header.Fields) > 0
	if !some && len(msg.Defects) == 0 {
		t.Errorf("%s: nothing to read, and no defect that says why", m.path)
	}
	c.bytes += int64(len(m.raw))
	c.some += count(some)
	c.text += count(body.Text != "")
	c.defects += count(len(msg.Defects) > 0)
	c.took += took
	if took > c.slowTook {
		c.slow, c.slowTook = filepath.Base(m.path), took
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// digest is how testdata/mail/known.txt names a file or a text.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// compareKnown compares subject and text with those that another mail reader found and a person looked through. The file keeps
// digests only, by the digest of the message: "file subject text", white space left out.
func compareKnown(t *testing.T, mails []mail) {
	raw, err := os.ReadFile("testdata/mail/known.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string][2]string{}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Fields(line); len(f) >= 3 && f[0] != "#" {
			known[f[0]] = [2]string{f[1], f[2]}
		}
	}
	compared, right := 0, 0
	seen := map[string]bool{}
	for _, m := range mails {
		id := digest(m.raw)
		want, ok := known[id]
		if !ok || seen[id] {
			continue
		}
		seen[id] = true
		compared++
		msg, err := mailmime.Parse(bytes.NewReader(m.raw), mailmime.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		text := msg.Text
		if strings.TrimSpace(text) == "" {
			text = msg.HTML
		}
		if got := [2]string{digest(solid(msg.Header.Subject)), digest(solid(text))}; got != want {
			t.Logf("%s (%s) is read otherwise: subject %v, text %v", m.path, id, got[0] == want[0], got[1] == want[1])
			continue
		}
		right++
	}
	t.Logf("%d of %d known texts are right", right, compared)
	if float64(right) < leastRight*float64(compared) {
		t.Errorf("%d of %d known texts are right, want at least %.0f%%", right, compared, 100*leastRight)
	}
	if os.Getenv("CI") != "" && compared < leastKnown {
		t.Errorf("%d known texts were found, want at least %d: are the sets other ones?", compared, leastKnown)
	}
}

// solid is s without white space.
func solid(s string) []byte {
	return []byte(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == 0 || r == '\uFEFF' {
			return -1
		}
		return r
	}, s))
}

// compareSpeed reads the messages that go-message can read by both in turn, some rounds, and compares the median.
func compareSpeed(t *testing.T, mails []mail, size int64) {
	mails = slices.DeleteFunc(slices.Clone(mails), func(m mail) bool {
		_, err := walkMessage(bytes.NewReader(m.raw))
		return err != nil
	})
	var reader mailmime.Reader
	var ratios []float64
	for range 7 {
		start := time.Now()
		for _, m := range mails {
			if _, err := reader.Parse(bytes.NewReader(m.raw), mailmime.Limits{}); err != nil {
				t.Fatal(err)
			}
		}
		ours := time.Since(start)
		start = time.Now()
		for _, m := range mails {
			if _, err := walkMessage(bytes.NewReader(m.raw)); err != nil {
				t.Fatal(err)
			}
		}
		ratios = append(ratios, time.Since(start).Seconds()/ours.Seconds())
	}
	slices.Sort(ratios)
	ratio := ratios[len(ratios)/2]
	t.Logf("%.2f of go-message's speed over the %d files it can read", ratio, len(mails))
	if ratio < leastSpeed && size > leastTimed && !raceDetector {
		t.Errorf("%.2f of go-message's speed, want at least %.2f", ratio, leastSpeed)
	}
}

// walkMessage decodes all text of a message with go-message, that of messages within it too, and gives its size.
func walkMessage(r io.Reader) (int, error) {
	e, err := message.Read(r)
	if err != nil {
		return 0, err
	}
	_, _ = e.Header.Text("Subject")
	return walkEntity(e)
}

func walkEntity(e *message.Entity) (int, error) {
	parts := e.MultipartReader()
	if parts == nil {
		kind, _, _ := e.Header.ContentType()
		switch {
		case kind == "message/rfc822":
			return walkMessage(e.Body)
		case !strings.HasPrefix(kind, "text/"):
			return 0, nil
		}
		text, err := io.ReadAll(e.Body)
		return len(text), err
	}
	total := 0
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return 0, fmt.Errorf("next part: %w", err)
		}
		n, err := walkEntity(part)
		if err != nil {
			return 0, err
		}
		total += n
	}
}
