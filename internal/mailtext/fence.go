package mailtext

import (
	"crypto/rand"
	"strings"
)

// nonceLen digits cannot be guessed by who wrote before the nonce was made: an answer has no room for a millionth of
// them. A model reads three digits as one token, and letters one by one.
const nonceLen = 12

// Nonce returns fresh random digits.
func Nonce() string {
	digits := make([]byte, 0, nonceLen)
	for len(digits) < nonceLen {
		var b [nonceLen]byte
		_, _ = rand.Read(b[:]) // never fails
		for _, c := range b {
			if c < 250 && len(digits) < nonceLen { // each digit as likely as the others
				digits = append(digits, '0'+c%10)
			}
		}
	}
	return string(digits)
}

// NonceFor returns a nonce that occurs in none of the texts.
func NonceFor(texts ...string) string { return nonceNotIn(Nonce, texts) }

func nonceNotIn(make func() string, texts []string) string {
	for {
		nonce, found := make(), false
		for _, t := range texts {
			found = found || strings.Contains(t, nonce)
		}
		if !found {
			return nonce
		}
	}
}

// Fence puts the nonce on a line of its own before and after body. Make the nonce with NonceFor; one that the body
// contains anyway is blotted out of it, so that a fence has exactly two ends. An empty nonce is replaced by a fresh one.
func Fence(nonce, body string) string {
	if nonce == "" {
		nonce = NonceFor(body)
	}
	body = strings.ReplaceAll(body, nonce, "\uFFFD")
	return nonce + "\n" + body + "\n" + nonce
}
