package mailtext

import (
	"strings"
	"unicode/utf8"
)

// Slice returns at most max bytes of text from offset on and the offset of the rest, 0 when there is none. It cuts
// after a line, else after a word, else between characters, and always makes progress: a max below one
// character's size yields that character. An offset inside a character means its start; one beyond the end
// yields nothing. The same text and max give the same cuts.
func Slice(text string, offset, max int) (part string, next int) {
	if offset < 0 {
		offset = 0
	}
	if offset >= len(text) {
		return "", 0
	}
	offset = runeStart(text, offset)
	rest := text[offset:]
	if max < 1 {
		max = 1
	}
	if len(rest) <= max {
		return rest, 0
	}
	cut := runeStart(rest, max)
	if cut == 0 {
		_, cut = utf8.DecodeRuneInString(rest)
	}
	// A line in the second half is worth the shorter part; so is a word in the last quarter.
	if i := strings.LastIndexByte(rest[:cut], '\n'); i >= cut/2 {
		cut = i + 1
	} else if i := strings.LastIndexAny(rest[:cut], " \t\n"); i >= cut-cut/4 {
		cut = i + 1
	} else {
		cut = beforeMarks(rest, cut)
	}
	if cut == len(rest) {
		return rest, 0
	}
	return rest[:cut], offset + cut
}

// maxMarks is how many combining characters a cut goes back to keep them with their letter.
const maxMarks = 8

// beforeMarks moves a cut back so that joiners, selectors and combining marks stay with what they follow.
func beforeMarks(s string, cut int) int {
	at := cut
	for range maxMarks {
		r, _ := utf8.DecodeRuneInString(s[at:])
		last, size := utf8.DecodeLastRuneInString(s[:at])
		if !clings(r) && last != zwj {
			return at
		}
		at -= size
		if at <= 0 {
			return cut
		}
	}
	return cut
}

// runeStart returns the start of the character that the byte at i belongs to, i itself in invalid text.
func runeStart(s string, i int) int {
	if i >= len(s) {
		return len(s)
	}
	for j := i; j >= 0 && j > i-utf8.UTFMax; j-- {
		if utf8.RuneStart(s[j]) {
			if _, size := utf8.DecodeRuneInString(s[j:]); j+size > i {
				return j
			}
			return i
		}
	}
	return i
}
