package mailtool

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/postern-mail/postern/internal/mailtext"
)

// Bounds of an answer, in bytes of JSON.
const (
	maxAnswerBytes = 60_000 // hosts cut or refuse what is much longer
	answerFrame    = 1_000  // the members around what is counted
	reasonsBytes   = 8_000  // reasons of failures: beyond, their codes say enough
	failuresBytes  = 30_000 // failures of a list: as many as a page has rows
)

// room is what is left of an answer, in bytes of JSON.
type room int

// jsonSize is what v takes in an answer, with a comma.
func jsonSize(v any) int {
	switch v := v.(type) {
	case string:
		return textSize(v) + 1
	case []string:
		if v != nil {
			return rowSize(v) + 1
		}
	}
	var n tally // with the line end that Encode writes, which stands for the comma
	e := json.NewEncoder(&n)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // what answers are made of always encodes
		return 0
	}
	return int(n)
}

// tally counts what is written to it.
type tally int

func (n *tally) Write(p []byte) (int, error) {
	*n += tally(len(p))
	return len(p), nil
}

// rowSize is the length of what compact makes of a list that is not nil.
func rowSize(row []string) int {
	n := len("[]") + max(len(row)-1, 0)
	for _, cell := range row {
		n += textSize(cell)
	}
	return n
}

// textSize is the length of what compact makes of a text.
func textSize(s string) int {
	n := len(`""`) + len(s)
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '"', c == '\\', c == '\b', c == '\f', c == '\n', c == '\r', c == '\t':
				n += len(`\n`) - 1
			case c < ' ':
				n += len(`\u0000`) - 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
			n += len(`\u2028`) - size
		}
		i += size
	}
	return n
}

// takes reports whether there is room for v, and takes it.
func (r *room) takes(v any) bool { return r.takesBytes(jsonSize(v)) }

func (r *room) takesBytes(size int) bool {
	n := room(size)
	if n > *r {
		return false
	}
	*r -= n
	return true
}

// words returns text while there is room for it, then nothing.
func (r *room) words(text string) string {
	if !r.takesBytes(textSize(text) + 1) {
		return ""
	}
	return text
}

// keep returns the first items of list that take at most share of the room, and
// adds to left how many they leave out.
func keep[T any](r *room, share room, list []T, left *int) []T {
	before := share
	n := 0
	for n < len(list) && share.takes(list[n]) {
		n++
	}
	*r -= before - share
	*left += len(list) - n
	return list[:n]
}

// sliceJSON is mailtext.Slice with most counted as the text stands in JSON.
func sliceJSON(text string, offset, most int) (part string, next int) {
	part, next = mailtext.Slice(text, offset, most)
	for size := textSize(part) + 1; size > most && len(part) > 1; size = textSize(part) + 1 {
		part, next = mailtext.Slice(text, offset, max(len(part)*most/size, 1))
		if textSize(part)+1 >= size {
			break // one character
		}
	}
	return part, next
}
