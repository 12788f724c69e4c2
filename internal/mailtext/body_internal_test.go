package mailtext

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

// strayedByCount is strayed as it is defined, without its shortcut.
func strayedByCount(plain, page string) bool {
	has := map[string]bool{}
	for w := range words(page) {
		has[strings.ToLower(w)] = true
	}
	mine, shared := 0, 0
	for w := range words(plain) {
		mine++
		if has[strings.ToLower(w)] {
			shared++
		}
	}
	return mine >= minWords && shared*100 < mine*minShared
}

// wordsByRune is words as it is defined.
func wordsByRune(s string) []string {
	var list []string
	for field := range strings.FieldsSeq(s) {
		if isAddress(field) {
			continue
		}
		for _, w := range strings.FieldsFunc(field, func(r rune) bool { return !unicode.IsLetter(r) && (r < 0x80 || !unicode.IsMark(r)) }) {
			if len(w) >= 3 && !unspaced(w) {
				list = append(list, w)
			}
		}
	}
	return list
}

// tidyByLine is tidy as it is defined.
func tidyByLine(s string) string {
	var out []string
	empty := 0
	for one := range strings.SplitSeq(s, "\n") {
		if one = strings.TrimRightFunc(one, unicode.IsSpace); one == "" {
			empty++
			continue
		}
		if len(out) > 0 && empty > 0 {
			out = append(out, "")
		}
		out, empty = append(out, one), 0
	}
	return strings.Join(out, "\n")
}

func FuzzBodyShortcuts(f *testing.F) {
	letter := strings.Repeat("The weather on the coast was kind to everybody. ", 5)
	other := strings.Repeat("Nothing here speaks of any such journey whatsoever. ", 5)
	for _, pair := range [][2]string{
		{letter, letter}, {letter, other}, {letter + other, other}, {letter, strings.ToUpper(letter)}, {letter, "# Hello\n\n" + letter},
		{other + letter, letter + other}, {"", letter}, {letter, ""}, {"kurz", "kurz"},
		{"\n\na \n\n\n b\u00a0\n\nc\n", "a\n\nb"}, {" a", "a\t"}, {"na\u00efve caf\u00e9-bar \u6f22\u5b57\u6f22 e\u0301tude, n\u00e9 it's\u00a0so 1st\xff\xffabc", "x"}, {"a@b.example x", "https://example.org/ words"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, plain, page string) {
		if got, want := strayed(plain, page), strayedByCount(plain, page); got != want {
			t.Errorf("strayed(%q, %q) = %v", plain, page, got)
		}
		if got, want := slices.Collect(words(plain)), wordsByRune(plain); !slices.Equal(got, want) {
			t.Errorf("words(%q) = %q, want %q", plain, got, want)
		}
		if got, want := tidy(plain), tidyByLine(plain); got != want {
			t.Errorf("tidy(%q) = %q, want %q", plain, got, want)
		}
	})
}
