package mailtool

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/postern-mail/postern/provider"
)

// validate checks args against s and returns them in one form for all spellings
// of the same arguments: members in the order of s, 1.0 as 1, no needless
// escapes. The first fault is reported, by parameter.
func (s *schema) validate(args arguments) (arguments, error) {
	var out arguments
	for _, m := range args.members {
		p := s.property(m.name)
		if p == nil {
			return out, unknownParam(s, m.name)
		}
		raw, err := p.value(m.name, m.raw)
		if err != nil {
			return out, err
		}
		out.members = append(out.members, member{m.name, raw})
	}
	slices.SortFunc(out.members, func(a, b member) int { return cmp.Compare(s.place(a.name), s.place(b.name)) })
	for _, name := range s.Required {
		if _, ok := args.get(name); !ok {
			return out, paramFault(name, "is missing", s.property(name).wants())
		}
	}
	return out, nil
}

func (s *schema) place(name string) int {
	return slices.IndexFunc(s.Properties, func(p property) bool { return p.Name == name })
}

// value checks one value and returns it in its one form.
func (s *schema) value(name string, raw json.RawMessage) (json.RawMessage, error) {
	raw = bytes.TrimSpace(raw)
	wrong := func() (json.RawMessage, error) {
		return nil, paramFault(name, "is "+kindOf(raw), s.wants())
	}
	switch s.Type {
	case "boolean":
		if k := string(raw); k != "true" && k != "false" {
			return wrong()
		}
		return raw, nil
	case "integer", "number":
		if kindOf(raw) != "a number" {
			return wrong()
		}
		return s.number(name, raw)
	case "string":
		var text string
		if json.Unmarshal(raw, &text) != nil || raw[0] != '"' {
			return wrong()
		}
		if err := s.text(name, text); err != nil {
			return nil, err
		}
		return compact(text)
	case "array":
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil || raw[0] != '[' {
			return wrong()
		}
		return s.array(name, items)
	case "object":
		if raw[0] != '{' {
			return wrong()
		}
		inner, err := splitObject(raw)
		if err != nil {
			return nil, err
		}
		inner, err = s.validate(inner)
		return inner.json(), err
	}
	return wrong()
}

func (s *schema) array(name string, items []json.RawMessage) (json.RawMessage, error) {
	n := int64(len(items))
	if s.Min != nil && n < *s.Min || s.Max != nil && n > *s.Max {
		return nil, paramFault(name, "has "+strconv.FormatInt(n, 10)+" items", s.wants())
	}
	for i, item := range items {
		raw, err := s.Items.value(name+"["+strconv.Itoa(i)+"]", item)
		if err != nil {
			return nil, err
		}
		items[i] = raw
	}
	return compact(items)
}

// maxExact is where float64 stops telling whole numbers apart.
const maxExact = 1 << 53

func (s *schema) number(name string, raw json.RawMessage) (json.RawMessage, error) {
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.Abs(f) >= maxExact {
		return nil, paramFault(name, "is out of range", s.wants())
	}
	if s.Min != nil && f < float64(*s.Min) || s.Max != nil && f > float64(*s.Max) || s.Type == "integer" && f != math.Trunc(f) {
		return nil, paramFault(name, "is "+clip(string(raw)), s.wants())
	}
	if s.Type == "number" {
		return raw, nil
	}
	return strconv.AppendInt(nil, int64(f), 10), nil
}

func (s *schema) text(name, text string) error {
	if s.Format != formatText && strings.IndexFunc(text, unicode.IsControl) >= 0 {
		return paramFault(name, "holds a control character", "plain text on one line")
	}
	if s.MaxLen > 0 && utf8.RuneCountInString(text) > s.MaxLen {
		return paramFault(name, "is too long", s.wants())
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		return paramFault(name, "is "+strconv.Quote(clip(text)), s.wants())
	}
	return s.format(name, text)
}

func (s *schema) format(name, text string) error {
	bad := func() error { return paramFault(name, "is "+strconv.Quote(clip(text)), s.wants()) }
	switch s.Format {
	case formatMessage:
		if provider.MessageID(text).Tag() == "" {
			return bad()
		}
	case formatHandle:
		if _, _, ok := splitHandle(text); !ok {
			return bad()
		}
	case formatTime:
		if _, err := parseTime(text, time.UTC); err != nil {
			return bad()
		}
	case formatBase64:
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return paramFault(name, "is not base64", s.wants())
		}
	case formatAddress, formatRecipient:
		if _, err := parseAddress(text); err != nil {
			return bad()
		}
	}
	return nil
}

// wants says what a parameter takes, for a message.
func (s *schema) wants() string {
	within := func(unit string) string {
		switch {
		case s.Min != nil && s.Max != nil:
			return fmt.Sprintf(" of %d to %d%s", *s.Min, *s.Max, unit)
		case s.Min != nil:
			return fmt.Sprintf(" of at least %d%s", *s.Min, unit)
		case s.Max != nil:
			return fmt.Sprintf(" of at most %d%s", *s.Max, unit)
		}
		return ""
	}
	switch s.Type {
	case "boolean":
		return "true or false"
	case "integer":
		return "a whole number" + within("")
	case "number":
		return "a number" + within("")
	case "array":
		return "a list" + within(" items") + ", each " + s.Items.wants()
	case "object":
		return "an object"
	}
	switch {
	case len(s.Enum) > 0:
		return listed(s.Enum)
	case s.Format == formatMessage:
		return "a message id as a list, search or read gave it"
	case s.Format == formatHandle:
		return "an attachment's handle as read_message gave it"
	case s.Format == formatTime:
		return "a date such as 2026-11-20 or a time such as 2026-11-20T09:30:00Z"
	case s.Format == formatAddress, s.Format == formatRecipient:
		return "one address such as ann@example.org or Ann Lee <ann@example.org>; several are separate items"
	case s.Format == formatBase64:
		return "standard base64"
	case s.MaxLen > 0:
		return "a text of at most " + strconv.Itoa(s.MaxLen) + " characters"
	}
	return "a text"
}

func kindOf(raw json.RawMessage) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return string(raw)
	case 'n':
		return "null"
	}
	return "a number"
}

// parseTime reads a date in zone or an RFC 3339 time.
func parseTime(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	if t, err := time.Parse(minuteLayout, text); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, text)
}

// parseAddress reads one mailbox of RFC 5322 section 3.4.
func parseAddress(text string) (provider.Address, error) {
	a, err := mail.ParseAddress(text)
	if err != nil {
		return provider.Address{}, err
	}
	if strings.IndexFunc(a.Name+a.Address, unicode.IsControl) >= 0 {
		return provider.Address{}, fmt.Errorf("control character")
	}
	return provider.Address{Name: a.Name, Addr: a.Address}, nil
}
