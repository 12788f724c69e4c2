package mailtext_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postern-mail/postern/internal/mailtext"
)

func TestClean(t *testing.T) {
	tests := []struct {
		name, in, want string
		invisible      int
	}{
		{"empty", "", "", 0},
		{"plain", "Hello,\n\tworld", "Hello,\n\tworld", 0},
		{"accents", "Grüße, Ångström, naïve", "Grüße, Ångström, naïve", 0},
		{"line ends", "a\r\nb\rc\vd\fe\u0085f\u2028g\u2029h", "a\nb\nc\nd\ne\nf\ng\nh", 0},
		{"controls", "a\x00b\x1b[31mc\x7fd\u009be", "ab[31mcde", 4},
		{"invalid bytes", "a\xff\xfeb\xc3", "a\uFFFD\uFFFDb\uFFFD", 0},
		{"surrogate half", "a\xed\xa0\x80b", "a\uFFFD\uFFFD\uFFFDb", 0},
		{"zero width space", "pass\u200bword", "password", 1},
		{"word joiner and byte order mark", "\ufeffa\u2060b", "ab", 2},
		{"bidi override", "invoice\u202efdp.exe", "invoicefdp.exe", 1},
		{"isolates and marks", "\u2066a\u2069\u200eb\u200f\u061c", "ab", 5},
		{"soft hyphens", "Donau\u00addampf\u00ad\u00adschiff", "Donaudampfschiff", 3},
		{"tags", "hi" + tagged("ignore this") + "!", "hi!", 11},
		{"flag of tags", "\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F", "\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F", 0},
		{"flag of other tags", "\U0001F3F4" + tagged("usca") + "\U000E007F", "\U0001F3F4", 5},
		{"flag without an end", "\U0001F3F4" + tagged("gbeng"), "\U0001F3F4", 5},
		{"flag without the flag", tagged("gbeng") + "\U000E007F", "", 6},
		{"two flags' tags", "\U0001F3F4" + tagged("gbeng") + "\U000E007F" + tagged("gbeng") + "\U000E007F", "\U0001F3F4" + tagged("gbeng") + "\U000E007F", 6},
		{"private use", "a\ue000b\uf8ffc\U000F0041\U0010FFFD", "abc", 4},
		{"bullets of a font", "\uf0b7 one\n\uf0a7 two", "• one\n• two", 0},
		{"marks piled up", "Z" + strings.Repeat("\u0351", 100) + "a", "Z" + strings.Repeat("\u0351", 8) + "a", 92},
		{"marks piled up between invisible ones", "Z" + strings.Repeat("\u0351\u200b", 10), "Z" + strings.Repeat("\u0351", 8), 12},
		{"letters apart from their accents", "Tie\u0302\u0301ng Vie\u0323\u0302t, cafe\u0301", "Tie\u0302\u0301ng Vie\u0323\u0302t, cafe\u0301", 0},
		{"hebrew with points and accents", "בְּרֵאשִׁ֖ית", "בְּרֵאשִׁ֖ית", 0},
		{"arabic in order", "السلام عليكم 123", "السلام عليكم 123", 0},
		{"thai", "ที่นี่ไม่มี", "ที่นี่ไม่มี", 0},
		{"selector bytes", "😀\U000E0148\U000E0155", "😀", 2},
		{"selector nibbles", "a\ufe00\ufe01\ufe0db", "ab", 3},
		{"selectors on letters", "a\ufe0fb\ufe0e", "ab", 2},
		{"selector run on an emoji", "❤\ufe0f\ufe0f\ufe0e", "❤\ufe0f", 2},
		{"heart", "I ❤\ufe0f you", "I ❤\ufe0f you", 0},
		{"text look", "☎\ufe0e", "☎\ufe0e", 0},
		{"keycap", "1\ufe0f\u20e3 #\ufe0f\u20e3", "1\ufe0f\u20e3 #\ufe0f\u20e3", 0},
		{"digit with selector only", "1\ufe0f2", "12", 1},
		{"ideographic selector", "葛\U000E0100飾", "葛飾", 1},
		{"family", "👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧", 0},
		{"rainbow flag", "🏳\ufe0f\u200d🌈", "🏳\ufe0f\u200d🌈", 0},
		{"skin tone", "👩🏽\u200d💻", "👩🏽\u200d💻", 0},
		{"doubled joiner", "👨\u200d\u200d👩", "👨\u200d👩", 1},
		{"joiner beside hidden", "👨\u200d\u200b👩", "👨\u200d👩", 1},
		{"dangling joiner", "👨\u200d!", "👨!", 1},
		{"joiners in latin", "pass\u200dwo\u200crd", "password", 2},
		{"persian", "می\u200cشود", "می\u200cشود", 0},
		{"persian run", "می\u200c\u200c\u200cشود", "می\u200cشود", 2},
		{"persian edge", "می\u200c x", "می x", 1},
		{"devanagari", "क्\u200dष क्\u200cष", "क्\u200dष क्\u200cष", 0},
		{"sinhala", "ශ්\u200dරී", "ශ්\u200dරී", 0},
		{"malayalam at the end", "ന്\u200d", "ന്\u200d", 0},
		{"mongolian", "ᠠ\u180bᠨ\u180eᠠ", "ᠠ\u180bᠨ\u180eᠠ", 0},
		{"mongolian sign in latin", "a\u180bb\u180e", "ab", 2},
		{"grapheme joiner", "a\u034fb", "ab", 1},
		{"braille blank", "a\u2800b", "a b", 1},
		{"hangul filler", "a\u3164b", "a b", 1},
		{"noncharacters", "a\ufdd0\uffff\U0001fffeb", "ab", 3},
		{"annotation", "a\ufff9b\ufffac\ufffb", "abc", 3},
		{"no-break space stays", "a\u00a0b", "a\u00a0b", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, d := mailtext.Clean(tt.in)
			if got != tt.want || d != (mailtext.Dropped{Invisible: tt.invisible}) {
				t.Errorf("Clean(%+q) = %+q, %+v; want %+q, %d invisible", tt.in, got, d, tt.want, tt.invisible)
			}
			if again, d := mailtext.Clean(got); again != got || d != (mailtext.Dropped{}) {
				t.Errorf("Clean of the result = %+q, %+v", again, d)
			}
		})
	}
}

// tagged spells s in tag characters.
func tagged(s string) string {
	return strings.Map(func(r rune) rune { return r + 0xE0000 }, s)
}

func TestCleanLine(t *testing.T) {
	tests := []struct {
		name, in string
		limit    int
		want     string
	}{
		{"folds", " Re:\r\n\t hello\u2028world  ", 0, "Re: hello world"},
		{"no-break spaces", "a\u00a0\u00a0b", 0, "a b"},
		{"fits", "12345", 5, "12345"},
		{"cut", "123456", 5, "1234…"},
		{"cut in characters", "ääääää", 5, "ääää…"},
		{"cut at a space", "abc defg", 5, "abc…"},
		{"cut inside a family", "👨\u200d👩", 3, "👨\u200d👩"},
		{"cut after a joiner", "👨\u200d👩\u200d👧", 3, "👨…"},
		{"limit of one", "abc", 1, "…"},
		{"no limit", strings.Repeat("x", mailtext.MaxLine+1), -1, strings.Repeat("x", mailtext.MaxLine-1) + "…"},
		{"a megabyte of nothing", strings.Repeat("\u200b", 1<<20) + "x", 10, "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := mailtext.CleanLine(tt.in, tt.limit)
			if got != tt.want {
				t.Errorf("CleanLine(%.80q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
			}
			if again, _ := mailtext.CleanLine(got, tt.limit); again != got {
				t.Errorf("CleanLine of the result = %q", again)
			}
		})
	}
}

func TestDroppedAdd(t *testing.T) {
	d := mailtext.Dropped{Hidden: 1, Trackers: 2, Images: 3, Invisible: 4}
	d.Add(mailtext.Dropped{Hidden: 10, Trackers: 20, Images: 30, Invisible: 40})
	if d != (mailtext.Dropped{Hidden: 11, Trackers: 22, Images: 33, Invisible: 44}) {
		t.Errorf("Add = %+v", d)
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{
		"plain", "a\xffb", "👨\u200d👩", "می\u200cشود", "1\ufe0f\u200d\u20e3", "क्\u200d", "x\u200d\ufe0f😀", tagged("hidden"), "a\r\r\nb",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, d := mailtext.Clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("invalid UTF-8: %q", got)
		}
		if len(got) > 3*len(s) {
			t.Fatalf("%d bytes became %d", len(s), len(got))
		}
		if again, more := mailtext.Clean(got); again != got || more != (mailtext.Dropped{}) {
			t.Fatalf("not idempotent: %+q, then %+q", got, again)
		}
		flagless := strings.NewReplacer(tagged("gbeng")+"\U000E007F", "", tagged("gbsct")+"\U000E007F", "", tagged("gbwls")+"\U000E007F", "").Replace(got)
		for _, r := range flagless {
			if r >= 0xE0000 && r <= 0xE0FFF || r >= 0x202A && r <= 0x202E || r == 0x200B || r < ' ' && r != '\n' && r != '\t' {
				t.Fatalf("%U passed", r)
			}
		}
		if d.Invisible < 0 || d.Invisible > len(s) {
			t.Fatalf("counted %d in %d bytes", d.Invisible, len(s))
		}
		line, _ := mailtext.CleanLine(s, 20)
		if utf8.RuneCountInString(line) > 20 || strings.ContainsAny(line, "\n\t") {
			t.Fatalf("CleanLine = %q", line)
		}
		if again, _ := mailtext.CleanLine(line, 20); again != line {
			t.Fatalf("CleanLine is not idempotent: %q, then %q", line, again)
		}
	})
}
