package mailtool

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// schema is the portable subset of JSON Schema that every model vendor takes:
// an object root, one type each, no references and no combinators.
type schema struct {
	Type        string // object, array, string, integer, number, boolean
	Description string
	Properties  []property // of an object, in the order of the Go fields
	Required    []string
	Items       *schema // of an array
	Enum        []string
	Min, Max    *int64 // of a number, or items of an array
	MaxLen      int    // of a string, in runes; 0 no bound; checked, and not written out: it costs every turn
	Format      string // what the string means; ours, not written out
	Open        bool   // an object may have further members; never in what a tool takes
}

type property struct {
	Name   string
	Schema *schema
}

// Formats of string parameters. Every other string refuses control characters.
const (
	formatText      = "text"       // several lines
	formatMessage   = "message_id" // routes the call to the id's account
	formatHandle    = "handle"     // of an attachment; routes too
	formatAddress   = "address"    // RFC 5322 mailbox
	formatRecipient = "recipient"  // an address that mail goes to
	formatTime      = "time"       // date or RFC 3339 time
	formatBase64    = "base64"     // RFC 4648 section 4
)

func (s *schema) property(name string) *schema {
	if s == nil {
		return nil
	}
	for _, p := range s.Properties {
		if p.Name == name {
			return p.Schema
		}
	}
	return nil
}

func (s *schema) requires(name string) bool { return slices.Contains(s.Required, name) }

// allows reports whether value is one of the enum of s, or of its items.
func (s *schema) allows(value string) bool {
	if s.Items != nil {
		return s.Items.allows(value)
	}
	return slices.Contains(s.Enum, value)
}

// opens reports whether s is, or has somewhere, an open object.
func (s *schema) opens() bool {
	return s.Open || s.Items != nil && s.Items.opens() ||
		slices.ContainsFunc(s.Properties, func(p property) bool { return p.Schema.opens() })
}

// at finds the schema of a parameter by its path, nil when there is none.
func (s *schema) at(path string) *schema {
	above, name := s.above(path)
	return above.property(name)
}

// above finds the object that holds the parameter at path, and its name there.
func (s *schema) above(path string) (*schema, string) {
	name, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		return s, name
	}
	inner := s.property(name)
	for inner != nil && inner.Items != nil {
		inner = inner.Items
	}
	return inner.above(rest)
}

// without returns a copy of the schema that lacks the properties and the enum
// values named by their path.
func (s *schema) without(drop func(path string) bool, value func(path, value string) bool) *schema {
	return s.pruned("", drop, value)
}

func (s *schema) pruned(at string, drop func(path string) bool, value func(path, value string) bool) *schema {
	out := *s
	switch {
	case s.Items != nil:
		out.Items = s.Items.pruned(at, drop, value)
	case s.Type == "object":
		below := at
		if at != "" {
			below += "."
		}
		out.Properties = nil
		for _, p := range s.Properties {
			if path := below + p.Name; !drop(path) {
				out.Properties = append(out.Properties, property{p.Name, p.Schema.pruned(path, drop, value)})
			}
		}
		out.Required = slices.DeleteFunc(slices.Clone(s.Required), func(name string) bool { return drop(below + name) })
	default:
		out.Enum = slices.DeleteFunc(slices.Clone(s.Enum), func(v string) bool { return value(at, v) })
	}
	return &out
}

// with returns a copy of the object schema with one more property in front.
func (s *schema) with(p property, required bool) *schema {
	out := *s
	out.Properties = append([]property{p}, s.Properties...)
	if required {
		out.Required = append([]string{p.Name}, s.Required...)
	}
	return &out
}

// json writes the schema in a stable order.
func (s *schema) json() json.RawMessage {
	var b bytes.Buffer
	s.write(&b)
	return b.Bytes()
}

func (s *schema) write(b *bytes.Buffer) {
	b.WriteString(`{"type":`)
	writeJSON(b, s.Type)
	member := func(name string, v any) {
		b.WriteString(`,"` + name + `":`)
		writeJSON(b, v)
	}
	if s.Description != "" {
		member("description", s.Description)
	}
	if len(s.Enum) > 0 {
		member("enum", s.Enum)
	}
	low, high := "minimum", "maximum"
	if s.Type == "array" {
		low, high = "minItems", "maxItems"
	}
	if s.Min != nil {
		member(low, *s.Min)
	}
	if s.Max != nil {
		member(high, *s.Max)
	}
	if s.Items != nil {
		b.WriteString(`,"items":`)
		s.Items.write(b)
	}
	if s.Type == "object" {
		s.writeObject(b)
	}
	b.WriteByte('}')
}

func (s *schema) writeObject(b *bytes.Buffer) {
	b.WriteString(`,"properties":{`)
	for i, p := range s.Properties {
		if i > 0 {
			b.WriteByte(',')
		}
		writeJSON(b, p.Name)
		b.WriteByte(':')
		p.Schema.write(b)
	}
	b.WriteByte('}')
	if len(s.Required) > 0 {
		b.WriteString(`,"required":`)
		writeJSON(b, s.Required)
	}
	if !s.Open {
		b.WriteString(`,"additionalProperties":false`)
	}
}

// writeJSON writes v compactly and without escaping <, > and &.
func writeJSON(b *bytes.Buffer, v any) {
	raw, err := compact(v)
	if err != nil { // strings, numbers and lists of strings always encode
		raw = []byte("null")
	}
	b.Write(raw)
}

func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
