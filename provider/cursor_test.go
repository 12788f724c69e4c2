package provider

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func mustCursor(t testing.TB, p Place) Cursor {
	t.Helper()
	c, err := p.Cursor()
	if err != nil {
		t.Fatalf("Cursor of %+v: %v", p, err)
	}
	return c
}

// forge makes a cursor with a right checksum over any body.
func forge(body []byte) Cursor {
	return Cursor(base64.RawURLEncoding.EncodeToString(append(bytes.Clone(body), digest(string(body), cursorChecksum)...)))
}

func forgedBody(listing, epoch, key string) []byte {
	b := append([]byte{cursorVersion}, digest(listing, cursorListing)...)
	return append(append(b, digest(epoch, cursorEpoch)...), key...)
}

func TestCursorRoundTrip(t *testing.T) {
	for _, key := range []string{"", "1", "2026-11-20T10:00:00Z/41", "\x00\xff\n", strings.Repeat("k", MaxCursorKey)} {
		for _, listing := range []string{"", "work/INBOX?unread", strings.Repeat("long", 10_000)} {
			c := mustCursor(t, Place{Listing: listing, Epoch: "1700000000", Key: key})
			got, err := Resume(c, listing, "1700000000")
			if err != nil || got != key {
				t.Errorf("Resume = %q, %v, want %q", got, err, key)
			}
			if len(c) > maxCursorLen {
				t.Errorf("a cursor of %d bytes, Resume takes %d", len(c), maxCursorLen)
			}
		}
	}
}

func TestCursorKeyTooLong(t *testing.T) {
	c, err := Place{Key: strings.Repeat("k", MaxCursorKey+1)}.Cursor()
	if c != "" || CodeOf(err) != Internal {
		t.Errorf("Cursor = %q, %v, want Internal", c, err)
	}
}

func TestResumeRefuses(t *testing.T) {
	place := Place{Listing: "work/INBOX", Epoch: "7", Key: "41"}
	good := mustCursor(t, place)
	otherVersion := forgedBody(place.Listing, place.Epoch, place.Key)
	otherVersion[0]++
	tests := []struct {
		name           string
		cursor         Cursor
		listing, epoch string
		want           Code
		text           string
	}{
		{"empty", "", place.Listing, place.Epoch, Invalid, "garbled"},
		{"no base64", "next page!", place.Listing, place.Epoch, Invalid, "garbled"},
		{"padded", good + "==", place.Listing, place.Epoch, Invalid, "garbled"},
		{"newline at the end", good + "\n", place.Listing, place.Epoch, Invalid, "garbled"},
		{"newline inside", good[:8] + "\r\n" + good[8:], place.Listing, place.Epoch, Invalid, "garbled"},
		{"cut short", good[:len(good)-4], place.Listing, place.Epoch, Invalid, "garbled"},
		{"another version", forge(otherVersion), place.Listing, place.Epoch, Invalid, "garbled"},
		{"too short a body", forge(forgedBody(place.Listing, place.Epoch, "")[:cursorHead-1]), place.Listing, place.Epoch, Invalid, "garbled"},
		{"a key longer than we make", forge(forgedBody(place.Listing, place.Epoch, strings.Repeat("k", MaxCursorKey+1))), place.Listing, place.Epoch, Invalid, ""},
		{"a megabyte", Cursor(strings.Repeat("A", 1<<20)), place.Listing, place.Epoch, Invalid, "too long"},
		{"another listing", good, "work/Sent", place.Epoch, Invalid, "another listing"},
		{"another listing and epoch", good, "work/Sent", "8", Invalid, "another listing"},
		{"another epoch", good, place.Listing, "8", Conflict, "rebuilt"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			key, err := Resume(test.cursor, test.listing, test.epoch)
			if key != "" || CodeOf(err) != test.want {
				t.Fatalf("Resume = %.40q, %v, want code %q", key, err, test.want)
			}
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Hint, "start again") {
				t.Errorf("%v does not say to start again", err)
			}
			if !strings.Contains(err.Error(), test.text) {
				t.Errorf("%q does not say %q", err, test.text)
			}
			if len(err.Error()) > 200 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

// TestResumeGarbledAnywhere changes each character to every other one: none
// may be taken for a cursor of ours, also not one that says the same.
func TestResumeGarbledAnywhere(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=\n. "
	for _, key := range []string{"", "4", "41", "417"} { // every length modulo 3, for the spare bits at the end
		good := mustCursor(t, Place{Listing: "work/INBOX", Epoch: "7", Key: key})
		for i := range len(good) {
			for _, c := range []byte(alphabet) {
				if good[i] == c {
					continue
				}
				bad := good[:i] + Cursor(c) + good[i+1:]
				if got, err := Resume(bad, "work/INBOX", "7"); CodeOf(err) != Invalid {
					t.Errorf("byte %d of %q as %q: %q, %v, want Invalid", i, good, c, got, err)
				}
			}
			if got, err := Resume(good[:i]+good[i+1:], "work/INBOX", "7"); CodeOf(err) != Invalid {
				t.Errorf("%q without byte %d: %q, %v, want Invalid", good, i, got, err)
			}
		}
	}
}

func FuzzResume(f *testing.F) {
	place := Place{Listing: "work/INBOX", Epoch: "7", Key: "41"}
	good := mustCursor(f, place)
	f.Add(string(good), place.Listing, place.Epoch)
	f.Add(string(good), place.Listing, "8")
	f.Add(string(good)+"\n", place.Listing, place.Epoch)
	f.Add(string(good[:9])+"\r"+string(good[9:]), place.Listing, place.Epoch)
	f.Add(string(forge(forgedBody(place.Listing, place.Epoch, strings.Repeat("k", MaxCursorKey+9)))), place.Listing, place.Epoch)
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, cursor, listing, epoch string) {
		key, err := Resume(Cursor(cursor), listing, epoch)
		switch CodeOf(err) {
		case "":
			if again := mustCursor(t, Place{Listing: listing, Epoch: epoch, Key: key}); string(again) != cursor {
				t.Errorf("Resume took %q, Cursor makes %q", cursor, again)
			}
		case Conflict:
			b, err := base64.RawURLEncoding.DecodeString(cursor)
			if err != nil || base64.RawURLEncoding.EncodeToString(b) != cursor {
				t.Errorf("Resume knew the listing of %q, which Cursor never makes", cursor)
			}
		case Invalid:
			if key != "" {
				t.Errorf("Resume = %q with %v", key, err)
			}
		default:
			t.Errorf("Resume: unexpected %v", err)
		}
	})
}
