package provider

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// Cursor marks a place in one listing. It is opaque, untrusted on the way back
// in, and carries no authority.
type Cursor string

// Place is what a backend puts into a cursor. Position is by key, not by
// offset, so that new mail does not shift pages.
type Place struct {
	Listing string // all that defines the listing: account, folder, filters
	Epoch   string // UIDVALIDITY or the like: when it changes, the place is void
	Key     string // position after the last item handed out; at most MaxCursorKey bytes
}

// Sizes of a cursor, in bytes. Digests are short: they detect mistakes, and a
// forged cursor can only point into a listing that the caller may read anyway.
const (
	MaxCursorKey   = 2640                                                 // the places of a search in 200 folders, at up to 13 bytes each
	maxCursorLen   = (cursorHead + MaxCursorKey + cursorChecksum) * 4 / 3 // in base64
	cursorVersion  = 1
	cursorListing  = 6
	cursorEpoch    = 4
	cursorChecksum = 4
	cursorHead     = 1 + cursorListing + cursorEpoch
)

// Cursor packs the place.
func (p Place) Cursor() (Cursor, error) {
	if len(p.Key) > MaxCursorKey {
		return "", &Error{Op: "cursor", Code: Internal, Err: errors.New("key too long")}
	}
	b := append([]byte{cursorVersion}, digest(p.Listing, cursorListing)...)
	b = append(b, digest(p.Epoch, cursorEpoch)...)
	b = append(b, p.Key...)
	b = append(b, digest(string(b), cursorChecksum)...)
	return Cursor(base64.RawURLEncoding.EncodeToString(b)), nil
}

// Resume checks c against the listing and epoch it is used on and returns its
// key: garbled or foreign gives Invalid, another epoch gives Conflict.
func Resume(c Cursor, listing, epoch string) (key string, err error) {
	key, sameEpoch, err := open(c, listing, epoch)
	if err != nil {
		return "", err
	}
	if !sameEpoch {
		return "", &Error{
			Op: "cursor", Code: Conflict, Hint: "start again without a cursor",
			Err: errors.New("the folder was rebuilt since this cursor was made"),
		}
	}
	return key, nil
}

func open(c Cursor, listing, epoch string) (key string, sameEpoch bool, err error) {
	bad := func(text string) (string, bool, error) {
		return "", false, &Error{
			Op: "cursor", Code: Invalid, Hint: "hand next_cursor back unchanged, with the same arguments, or start again without a cursor",
			Err: errors.New(text),
		}
	}
	if len(c) > maxCursorLen {
		return bad("cursor is too long")
	}
	b, err := base64.RawURLEncoding.DecodeString(string(c))
	if err != nil || len(b) < cursorHead+cursorChecksum || b[0] != cursorVersion {
		return bad("cursor is garbled")
	}
	if base64.RawURLEncoding.EncodeToString(b) != string(c) {
		return bad("cursor is garbled") // the decoder skips newlines and spare bits
	}
	body, sum := b[:len(b)-cursorChecksum], b[len(b)-cursorChecksum:]
	if !bytes.Equal(sum, digest(string(body), cursorChecksum)) {
		return bad("cursor is garbled")
	}
	if !bytes.Equal(body[1:1+cursorListing], digest(listing, cursorListing)) {
		return bad("cursor belongs to another listing")
	}
	sameEpoch = bytes.Equal(body[1+cursorListing:cursorHead], digest(epoch, cursorEpoch))
	return string(body[cursorHead:]), sameEpoch, nil
}

func digest(s string, n int) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:n]
}
