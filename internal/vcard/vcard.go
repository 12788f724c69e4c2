// Package vcard reads contact cards (vCard 4.0, RFC 6350; 3.0, RFC 2426; 2.1) as facts: who it is and how to reach
// them. Pictures, sounds and keys are skipped.
//
//	text, truncated := vcard.Text(file)
//
// It never fails: what is malformed is left out and named among the defects. All functions are safe for concurrent
// use.
package vcard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/internal/contentline"
)

const (
	// MaxCards is how many cards are read; the rest is counted. A signature has one, an exported address book any
	// number, and whoever wants one of those asks the address book.
	MaxCards = 50
	// maxEntries bounds each list of a card: people have a handful of numbers.
	maxEntries = 20
	// maxParts is how many components of a structured value are read; an address has seven.
	maxParts = 16
)

// Book is what a file says.
type Book struct {
	Cards     []Card
	More      int // cards beyond MaxCards
	Defects   []string
	Truncated bool // more than contentline.MaxInput bytes: the rest was not read
}

// Card is one contact. Strings are the sender's, not cleaned; Book.Text cleans them.
type Card struct {
	Name         string
	Nickname     string
	Kind         string // lower case: individual, org, group, location; often empty
	Organization string // with its units
	Title        string
	Role         string
	Birthday     string // as far as it is known: 1985-04-12, --04-12, or words
	Note         string

	Emails    []Entry
	Phones    []Entry
	Addresses []Entry
	URLs      []Entry
	Messaging []Entry
	More      int  // entries beyond those in the lists
	Members   int  // of a group
	Picture   bool // there is one, which is not shown
}

// Entry is a way to reach someone and what it is for: work, home, cell, fax, pref, or a label of its own.
type Entry struct {
	Value string
	Uses  []string
}

// Read returns what a file of cards says.
func Read(text string) Book {
	lines := contentline.NewReader(text)
	r := reader{}
	for line, ok := lines.Next(); ok; line, ok = lines.Next() {
		r.line(&line)
	}
	r.close(true)
	b := r.book
	b.Truncated = lines.Truncated()
	if n := lines.Skipped(); n > 0 {
		b.Defects = append(b.Defects, fmt.Sprintf("lines that are none of a card: %d", n))
	}
	return b
}

// reader sorts lines by card.
type reader struct {
	book    Book
	open    *draft
	surplus bool
	nested  int // open components inside a card: the AGENT of vCard 2.1 is a card of somebody else
}

func (r *reader) line(line *contentline.Line) {
	kind := strings.ToUpper(strings.TrimSpace(line.Value))
	switch {
	case line.Name == "BEGIN" && kind == "VCARD" && r.open != nil && r.open.agent:
		r.open.agent = false
		r.nested++
	case line.Name == "BEGIN" && kind == "VCARD":
		r.close(true)
		if len(r.book.Cards) == MaxCards {
			r.book.More++
			r.surplus = true
			return
		}
		r.open = new(draft)
	case line.Name == "BEGIN":
		r.nested++
	case line.Name == "END" && r.nested > 0:
		r.nested--
	case line.Name == "END":
		r.close(false)
	case r.nested > 0 || r.surplus || r.open == nil:
	default:
		r.open.property(line)
	}
}

// close ends the open card, if any; early says that its END is missing.
func (r *reader) close(early bool) {
	if r.open != nil {
		if early && !slices.Contains(r.book.Defects, noEnd) {
			r.book.Defects = append(r.book.Defects, noEnd)
		}
		r.book.Cards = append(r.book.Cards, r.open.finish())
	}
	r.open, r.surplus, r.nested = nil, false, 0
}

const noEnd = "a card has no end"
