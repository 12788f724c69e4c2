package vcard

import (
	"net/url"
	"slices"
	"strings"

	"github.com/postern-mail/postern/internal/contentline"
)

// draft is a card whose labels are not yet matched: "item1.X-ABLabel" may follow "item1.TEL".
type draft struct {
	Card
	structured string // the name from its components
	labels     []label
	agent      bool
}

type label struct{ group, text string }

func (d *draft) property(line *contentline.Line) {
	if line.Binary {
		d.Picture = d.Picture || line.Name == "PHOTO" || line.Name == "LOGO"
		return
	}
	switch line.Name {
	case "FN":
		set(&d.Name, line.Text())
	case "N":
		set(&d.structured, fullName(line.Value))
	case "NICKNAME":
		set(&d.Nickname, joined(line.Value, ',', ", "))
	case "KIND", "X-ADDRESSBOOKSERVER-KIND":
		set(&d.Kind, strings.ToLower(line.Value))
	case "ORG":
		set(&d.Organization, joined(line.Value, ';', ", "))
	case "TITLE":
		set(&d.Title, line.Text())
	case "ROLE":
		set(&d.Role, line.Text())
	case "BDAY":
		set(&d.Birthday, birthday(line))
	case "NOTE":
		set(&d.Note, line.Text())
	case "MEMBER", "X-ADDRESSBOOKSERVER-MEMBER":
		d.Members++
	case "PHOTO", "LOGO":
		d.Picture = true
	case "AGENT":
		d.agent = strings.TrimSpace(line.Value) == ""
	case "X-ABLABEL":
		if line.Group != "" && len(d.labels) < maxParts*maxParts {
			d.labels = append(d.labels, label{line.Group, appleLabel(line.Text())})
		}
	default:
		d.reach(line)
	}
}

// reach reads the ways to reach someone.
func (d *draft) reach(line *contentline.Line) {
	switch line.Name {
	case "EMAIL":
		d.add(&d.Emails, line, without(contentline.Unescape(line.Value), "mailto:"))
	case "TEL":
		d.add(&d.Phones, line, without(contentline.Unescape(line.Value), "tel:"))
	case "ADR":
		// RFC 6350 section 6.3.1: the address as on an envelope.
		value := strings.ReplaceAll(contentline.Unescape(line.Param("LABEL")), "\n", ", ")
		if value == "" {
			value = postal(line.Value)
		}
		d.add(&d.Addresses, line, value)
	case "LABEL":
		if len(d.Addresses) == 0 {
			d.add(&d.Addresses, line, strings.ReplaceAll(line.Text(), "\n", ", "))
		}
	case "URL":
		d.add(&d.URLs, line, link(contentline.Unescape(line.Value)))
	case "IMPP":
		d.add(&d.Messaging, line, contentline.Unescape(line.Value))
	case "X-AIM", "X-ICQ", "X-JABBER", "X-MSN", "X-SKYPE", "X-SKYPE-USERNAME", "X-YAHOO", "X-QQ", "X-TWITTER":
		name := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(line.Name, "X-"), "-USERNAME"))
		if value := strings.TrimSpace(contentline.Unescape(line.Value)); value != "" {
			d.add(&d.Messaging, line, name+":"+value)
		}
	}
}

func (d *draft) finish() Card {
	c := d.Card
	if c.Name == "" {
		c.Name = d.structured
	}
	for _, entries := range [][]Entry{c.Emails, c.Phones, c.Addresses, c.URLs, c.Messaging} {
		for i := range entries {
			entries[i].Uses = d.labelled(entries[i].Uses)
		}
	}
	return c
}

// labelled replaces the group that add left with the label of that group.
func (d *draft) labelled(uses []string) []string {
	if len(uses) == 0 || !strings.HasPrefix(uses[0], groupMark) {
		return uses
	}
	group := uses[0][len(groupMark):]
	if uses = uses[1:]; len(uses) == 0 {
		uses = nil
	}
	for _, l := range d.labels {
		if strings.EqualFold(l.group, group) {
			return append([]string{l.text}, uses...)
		}
	}
	return uses
}

// groupMark starts the first use of an entry while its group is not yet looked up; no use has a NUL.
const groupMark = "\x00"

func (d *draft) add(entries *[]Entry, line *contentline.Line, value string) {
	value = strings.TrimSpace(value)
	known := slices.ContainsFunc(*entries, func(e Entry) bool { return e.Value == value })
	if value == "" || known {
		return
	}
	if len(*entries) == maxEntries {
		d.More++
		return
	}
	e := Entry{Value: value}
	if line.Group != "" {
		e.Uses = append(e.Uses, groupMark+line.Group)
	}
	for _, p := range line.Params {
		if p.Name != "TYPE" && p.Name != "" && p.Name != "PREF" {
			continue
		}
		if p.Name == "PREF" {
			p.Values = []string{"pref"}
		}
		for _, v := range p.Values {
			for use := range strings.SplitSeq(v, ",") {
				use = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(use)), "x-")
				if tells(use) && !slices.Contains(e.Uses, use) && len(e.Uses) < maxParts {
					e.Uses = append(e.Uses, use)
				}
			}
		}
	}
	*entries = append(*entries, e)
}

// tells leaves out what every entry is, and the bare words of vCard 2.1 that are encodings.
func tells(use string) bool {
	switch use {
	case "", "internet", "voice", "x400", "quoted-printable", "base64", "8bit", "7bit", "postal", "parcel", "dom", "intl":
		return false
	}
	return true
}

// fullName puts family; given; additional; prefix; suffix into the order of speech.
func fullName(value string) string {
	parts := contentline.Split(value, ';', maxParts)
	var said []string
	for _, i := range []int{3, 1, 2, 0, 4} {
		if i < len(parts) {
			if s := strings.TrimSpace(strings.ReplaceAll(parts[i], ",", " ")); s != "" {
				said = append(said, s)
			}
		}
	}
	return strings.Join(said, " ")
}

// postal puts the parts of an address, from the post box to the country, in their order.
func postal(value string) string { return joined(value, ';', ", ") }

func joined(value string, sep byte, with string) string {
	var said []string
	for _, part := range contentline.Split(value, sep, maxParts) {
		if part = strings.TrimSpace(strings.ReplaceAll(part, "\n", ", ")); part != "" {
			said = append(said, part)
		}
	}
	return strings.Join(said, with)
}

// birthday brings 19850412 and --0412 (RFC 6350 section 4.3.1) into the form with hyphens. Apple writes 1604 for a year
// it does not know, and says so.
func birthday(line *contentline.Line) string {
	s := strings.TrimSpace(line.Text())
	day, _, _ := strings.Cut(s, "T")
	digits := strings.Trim(day, "0123456789") == ""
	switch {
	case len(day) == 8 && digits:
		s = day[:4] + "-" + day[4:6] + "-" + day[6:]
	case len(day) == 6 && strings.HasPrefix(day, "--"):
		s = day[:4] + "-" + day[4:]
	case len(day) == 10 && day[4] == '-' && day[7] == '-':
		s = day
	}
	if omit := line.Param("X-APPLE-OMIT-YEAR"); omit != "" && strings.HasPrefix(s, omit+"-") {
		s = "-" + s[len(omit):]
	}
	return s
}

// appleLabel takes Apple's own labels out of their marks: _$!<HomePage>!$_.
func appleLabel(s string) string {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "_$!<"), ">!$_")
	return strings.ToLower(s)
}

// link passes on what a person could follow.
func link(s string) string {
	scheme, _, found := strings.Cut(strings.TrimSpace(s), ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp", "mailto", "tel", "sip", "xmpp":
		return s
	}
	if found {
		return "not shown: no address of the web"
	}
	return s
}

// without cuts a scheme off and resolves its escapes.
func without(s, scheme string) string {
	s = strings.TrimSpace(s)
	if len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return s
	}
	s = s[len(scheme):]
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// set keeps the first value that says something.
func set(field *string, value string) {
	if *field == "" {
		*field = strings.TrimSpace(value)
	}
}
