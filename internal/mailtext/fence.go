package mailtext

import (
	"crypto/rand"
	"strings"
)

// nonceLen characters of base32 are 50 bits: a sender cannot guess one that is made after the mail was written.
const nonceLen = 10

// Nonce returns a fresh random word of upper-case letters and digits.
func Nonce() string { return rand.Text()[:nonceLen] }

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
