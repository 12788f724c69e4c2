package mailtool

import "github.com/postern-mail/postern/internal/mailtext"

// Bounds of an answer, in bytes of JSON.
const (
	maxAnswerBytes = 60_000 // hosts cut or refuse what is much longer
	answerFrame    = 1_000  // the members around what is counted
	reasonsBytes   = 8_000  // reasons of failures: beyond, their codes say enough
)

// room is what is left of an answer, in bytes of JSON.
type room int

// jsonSize is what v takes in an answer, with a comma.
func jsonSize(v any) int {
	raw, err := compact(v)
	if err != nil { // what answers are made of always encodes
		return 0
	}
	return len(raw) + 1
}

// takes reports whether there is room for v, and takes it.
func (r *room) takes(v any) bool {
	n := room(jsonSize(v))
	if n > *r {
		return false
	}
	*r -= n
	return true
}

// words returns text while there is room for it, then nothing.
func (r *room) words(text string) string {
	if !r.takes(text) {
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
	for size := jsonSize(part); size > most && len(part) > 1; size = jsonSize(part) {
		part, next = mailtext.Slice(text, offset, max(len(part)*most/size, 1))
		if jsonSize(part) >= size {
			break // one character
		}
	}
	return part, next
}
