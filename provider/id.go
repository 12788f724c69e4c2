package provider

import (
	"crypto/sha256"
	"strings"
)

// MessageID names one message for as long as its folder lives: the account's
// tag, a dash, and the backend's own part. Opaque to callers; short and in
// lower case, so that a model copies it without error.
type MessageID string

// FolderID names a folder to its backend; for IMAP it is the path. Opaque.
type FolderID string

// PartID names a part of a message, as IMAP section numbers do ("1.2").
type PartID string

// SourcePart names the message itself: its source as it was sent, header first.
const SourcePart PartID = "source"

const (
	// maxIDLen bounds an ID on the way in; the longest we make has under 40.
	maxIDLen = 200
	tagLen   = 3
)

// Tag is the short name that an account's ids carry: the id itself when it has
// 2 or 3 lower-case letters or digits, else 3 characters of its digest. Two
// accounts of one caller must not share a tag.
func Tag(account string) string {
	if n := len(account); n >= 2 && n <= tagLen && plainID(account) {
		return account
	}
	return ShortHash(account, tagLen)
}

// idAlphabet leaves out 0, 1, l and o, which readers confuse.
const idAlphabet = "abcdefghijkmnpqrstuvwxyz23456789"

// ShortHash is a digest of s in n characters (5 bits each, 0 to 51) that fit an
// ID. It is a name, not a secret.
func ShortHash(s string, n int) string {
	sum := sha256.Sum256([]byte(s))
	var out [51]byte
	for i := range out { // base32 (RFC 4648 section 6) in an alphabet of our own
		at := 5 * i
		two := uint16(sum[at/8]) << 8
		if at/8+1 < len(sum) {
			two |= uint16(sum[at/8+1])
		}
		out[i] = idAlphabet[two>>(11-at%8)&31]
	}
	return string(out[:min(max(n, 0), len(out))])
}

// NewMessageID joins an account's tag and the backend's part: 1 to 190
// lower-case letters, digits, dots and dashes. With any other the id is malformed.
func NewMessageID(account, local string) MessageID {
	return MessageID(Tag(account) + "-" + local)
}

// Tag returns the tag of the account that id belongs to, "" when id is malformed.
func (id MessageID) Tag() string {
	tag, _, ok := id.split()
	if !ok {
		return ""
	}
	return tag
}

// Local returns the backend's part of id, "" when id is malformed.
func (id MessageID) Local() string {
	_, local, ok := id.split()
	if !ok {
		return ""
	}
	return local
}

func (id MessageID) split() (tag, local string, ok bool) {
	if len(id) > maxIDLen {
		return "", "", false
	}
	tag, local, ok = strings.Cut(string(id), "-")
	if !ok || len(tag) < 2 || len(tag) > tagLen || !plainID(tag) || local == "" {
		return "", "", false
	}
	for _, r := range local {
		if !plainRune(r) && r != '.' && r != '-' {
			return "", "", false
		}
	}
	return tag, local, true
}

func plainID(s string) bool {
	for _, r := range s {
		if !plainRune(r) {
			return false
		}
	}
	return true
}

func plainRune(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }
