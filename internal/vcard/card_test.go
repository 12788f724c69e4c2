package vcard_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/internal/vcard"
)

func TestRead(t *testing.T) {
	tests := []struct {
		name, lines string
		want        vcard.Card
	}{
		{"name from its parts", "N:Example;Ana,Maria;;Dr.;PhD", vcard.Card{Name: "Dr. Ana Maria Example PhD"}},
		{"first of two names", "FN:A\nFN:B\nN:C;D", vcard.Card{Name: "A"}},
		{"organization", `ORG:A\; B;C;`, vcard.Card{Organization: "A; B, C"}},
		{"mail of 2.1", "EMAIL;INTERNET;PREF:a@example.org", vcard.Card{Emails: []vcard.Entry{{Value: "a@example.org", Uses: []string{"pref"}}}}},
		{"mail as an address", "EMAIL:mailto:a%2Bb@example.org", vcard.Card{Emails: []vcard.Entry{{Value: "a+b@example.org"}}}},
		{"uses in one value", `TEL;TYPE="work,cell";TYPE=WORK:1`, vcard.Card{Phones: []vcard.Entry{{Value: "1", Uses: []string{"work", "cell"}}}}},
		{"the same twice", "TEL:1\nTEL;TYPE=home:1", vcard.Card{Phones: []vcard.Entry{{Value: "1"}}}},
		{"label of the group", "i.X-ABLabel:Lab\ni.TEL:1\nj.TEL:2", vcard.Card{Phones: []vcard.Entry{{Value: "1", Uses: []string{"lab"}}, {Value: "2"}}}},
		{"empty values", "TEL:\nFN: \nEMAIL;TYPE=work:", vcard.Card{}},
		{"postal label of 2.1", "LABEL;HOME:1 Road\\nTown", vcard.Card{Addresses: []vcard.Entry{{Value: "1 Road, Town", Uses: []string{"home"}}}}},
		{"label beside an address", "ADR:;;1 Road;Town\nLABEL:1 Road\\nTown", vcard.Card{Addresses: []vcard.Entry{{Value: "1 Road, Town"}}}},
		{"label of 4.0", `ADR;LABEL="1 Road\nTown\, X":;;2 Street;Town`, vcard.Card{Addresses: []vcard.Entry{{Value: "1 Road, Town, X"}}}},
		{"birthday", "BDAY:19850412T000000Z", vcard.Card{Birthday: "1985-04-12"}},
		{"birthday of 3.0", "BDAY:1985-04-12T00:00:00Z", vcard.Card{Birthday: "1985-04-12"}},
		{"birthday without its year", "BDAY:--0412", vcard.Card{Birthday: "--04-12"}},
		{"birthday in Apple's way", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12", vcard.Card{Birthday: "--04-12"}},
		{"birthday in words", "BDAY;VALUE=text:circa 1800", vcard.Card{Birthday: "circa 1800"}},
		{"picture", "PHOTO;ENCODING=b:AAAA\n BBBB\nKEY;ENCODING=b:AAAA", vcard.Card{Picture: true}},
		{"link nobody follows", "URL:data:text/html,x", vcard.Card{URLs: []vcard.Entry{{Value: "not shown: no address of the web"}}}},
		{"link without a scheme", "URL:www.example.org", vcard.Card{URLs: []vcard.Entry{{Value: "www.example.org"}}}},
		{"card of an assistant", "AGENT:\nBEGIN:VCARD\nFN:B\nEND:VCARD\nFN:A", vcard.Card{Name: "A"}},
		{"assistant by address", "AGENT:mailto:b@example.org\nFN:A", vcard.Card{Name: "A"}},
		{"group", "KIND:group\nMEMBER:a\nMEMBER:b", vcard.Card{Kind: "group", Members: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := vcard.Read("BEGIN:VCARD\n" + tt.lines + "\nEND:VCARD\n")
			if diff := cmp.Diff(vcard.Book{Cards: []vcard.Card{tt.want}}, b); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestNoCard(t *testing.T) {
	for _, text := range []string{"", "Hello,\nhow are you?", "BEGIN:VCALENDAR\nFN:x\nEND:VCALENDAR", "END:VCARD\nFN:A"} {
		if got, _ := vcard.Text(text); got != "" {
			t.Errorf("%q is %q", text, got)
		}
	}
}

func TestBombs(t *testing.T) {
	repeat := strings.Repeat
	tests := []struct{ name, text string }{
		{"a million lines", "BEGIN:VCARD\n" + repeat("TEL:1\n", 1_000_000)},
		{"cards", repeat("BEGIN:VCARD\nFN:x\nEND:VCARD\n", 100_000)},
		{"starts of cards", repeat("BEGIN:VCARD\n", 200_000)},
		{"assistants", repeat("BEGIN:VCARD\nAGENT:\n", 100_000)},
		{"endless fold", "BEGIN:VCARD\nNOTE:" + repeat("x\n ", 1_000_000)},
		{"labels", "BEGIN:VCARD\n" + repeat("i.X-ABLABEL:x\n", 50_000) + repeat("i.TEL:1\n", 80_000)},
		{"picture", "BEGIN:VCARD\nPHOTO;ENCODING=b:" + repeat("AAAA\n ", 300_000)},
		{"uses", "BEGIN:VCARD\n" + repeat("TEL;TYPE="+repeat("a,", 30_000)+":1\n", 40)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			var text string
			var truncated bool
			took := time.Hour
			for range 3 { // a busy machine is slow by chance, a bad loop each time
				runtime.ReadMemStats(&before)
				start := time.Now()
				text, truncated = vcard.Text(tt.text)
				took = min(took, time.Since(start))
				runtime.ReadMemStats(&after)
				if took < time.Second {
					break
				}
			}
			// All that was allocated is more than what was held at any time.
			if took > 2*time.Second || after.TotalAlloc-before.TotalAlloc > 64<<20 || !truncated {
				t.Errorf("%v, %d KiB, truncated %v", took, (after.TotalAlloc-before.TotalAlloc)>>10, truncated)
			}
			if wrong := check(text); wrong != "" || len(text) > 64<<10 {
				t.Errorf("%d bytes; %s", len(text), wrong)
			}
			t.Logf("%v, %d KiB", took, (after.TotalAlloc-before.TotalAlloc)>>10)
		})
	}
}

// words are what a line may start with: nobody else's line has a place in the text.
var words = []string{
	"Contact", "Organization", "Group", "Place", "Title", "Role", "Email", "Phone", "Address", "Web", "Messaging", "More",
	"Birthday", "Members", "Note", "Picture", "Defect",
}

// check returns what is wrong with a text, if anything.
func check(text string) string {
	if cleaned, _ := mailtext.Clean(text); cleaned != text {
		return "not clean"
	}
	for line := range strings.SplitSeq(text, "\n") {
		word, _, _ := strings.Cut(line, ":")
		plain := line == "" || strings.HasSuffix(line, " are not shown.") || strings.HasSuffix(line, "what was read.")
		if !plain && !slices.Contains(words, word) {
			return "a line of its own: " + line
		}
	}
	return ""
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.vcf")
	if err != nil || len(files) == 0 {
		f.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		card, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(card))
	}
	f.Fuzz(func(t *testing.T, file string) {
		b := vcard.Read(file)
		if len(b.Cards) > vcard.MaxCards {
			t.Fatalf("%d cards", len(b.Cards))
		}
		text, _ := b.Text()
		if wrong := check(text); wrong != "" {
			t.Error(wrong)
		}
	})
}
