package vcard

import (
	"strconv"
	"strings"

	"github.com/postern-mail/postern/internal/mailtext"
)

// How many characters of a stranger's words are shown.
const (
	maxName  = 120
	maxValue = 200
	maxUse   = 30
	maxNote  = 500
)

// Text is Read and Book.Text in one; text is empty when there is no card.
func Text(file string) (text string, truncated bool) {
	b := Read(file)
	text, _ = b.Text()
	return text, b.Truncated
}

// Text says the cards in compact lines "Word: value", an empty line between cards. Each line of a stranger's words
// is clean and bounded, no value can make a line of its own, and what cleaning took out is counted.
func (b Book) Text() (string, mailtext.Dropped) {
	if len(b.Cards) == 0 {
		return "", mailtext.Dropped{}
	}
	var w writer
	for i := range b.Cards {
		if i > 0 {
			w.b.WriteByte('\n')
		}
		w.card(&b.Cards[i])
	}
	if len(b.Cards) > 1 && (b.More > 0 || b.Truncated || len(b.Defects) > 0) {
		w.b.WriteByte('\n')
	}
	if b.More > 0 {
		w.b.WriteString(strconv.Itoa(b.More) + " more cards are not shown.\n")
	}
	if b.Truncated {
		w.b.WriteString("The file is longer than what was read.\n")
	}
	for _, defect := range b.Defects {
		w.field("Defect", defect)
	}
	return strings.TrimSuffix(w.b.String(), "\n"), w.dropped
}

// writer writes the lines of cards, and counts what cleaning took out.
type writer struct {
	b       strings.Builder
	dropped mailtext.Dropped
}

func (w *writer) field(word, value string) {
	if value != "" {
		w.b.WriteString(word + ": " + value + "\n")
	}
}

func (w *writer) card(c *Card) {
	word := "Contact"
	switch c.Kind {
	case "org":
		word = "Organization"
	case "group":
		word = "Group"
	case "location":
		word = "Place"
	}
	who := w.clean(c.Name, maxName)
	if who == "" {
		who = "without a name"
	}
	if nick := w.clean(c.Nickname, maxName); nick != "" && nick != who {
		who += " (" + nick + ")"
	}
	w.field(word, who)
	w.field("Title", w.clean(c.Title, maxValue))
	w.field("Role", w.clean(c.Role, maxValue))
	if org := w.clean(c.Organization, maxValue); org != who {
		w.field("Organization", org)
	}
	w.entries("Email", c.Emails)
	w.entries("Phone", c.Phones)
	w.entries("Address", c.Addresses)
	w.entries("Web", c.URLs)
	w.entries("Messaging", c.Messaging)
	if c.More > 0 {
		w.field("More", strconv.Itoa(c.More)+" ways to reach them are not shown")
	}
	w.field("Birthday", w.clean(c.Birthday, maxUse))
	if c.Members > 0 {
		w.field("Members", strconv.Itoa(c.Members))
	}
	w.field("Note", w.clean(c.Note, maxNote))
	if c.Picture {
		w.field("Picture", "not shown")
	}
}

// entries writes them in one line: "Phone: +49 30 123 (work, cell); +49 30 124 (fax)".
func (w *writer) entries(word string, entries []Entry) {
	said := make([]string, 0, len(entries))
	for _, e := range entries {
		value := w.clean(strings.ReplaceAll(e.Value, ";", ","), maxValue)
		var uses []string
		for _, use := range e.Uses {
			if use = w.clean(use, maxUse); use != "" {
				uses = append(uses, use)
			}
		}
		if len(uses) > 0 {
			value += " (" + strings.Join(uses, ", ") + ")"
		}
		if value != "" {
			said = append(said, value)
		}
	}
	w.field(word, strings.Join(said, "; "))
}

// clean makes a stranger's words one bounded line.
func (w *writer) clean(s string, limit int) string {
	s, dropped := mailtext.CleanLine(s, limit)
	w.dropped.Add(dropped)
	return s
}
