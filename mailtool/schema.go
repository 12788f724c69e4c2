package mailtool

import (
	"bytes"
	"encoding/json"
	"slices"
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

// without returns a copy of the object schema that lacks the named properties
// and the named enum values.
func (s *schema) without(drop func(name string) bool, value func(name, value string) bool) *schema {
	out := *s
	out.Properties = nil
	for _, p := range s.Properties {
		if drop(p.Name) {
			continue
		}
		out.Properties = append(out.Properties, property{p.Name, p.Schema.withoutValues(func(v string) bool { return value(p.Name, v) })})
	}
	out.Required = slices.DeleteFunc(slices.Clone(s.Required), drop)
	return &out
}

func (s *schema) withoutValues(drop func(string) bool) *schema {
	switch {
	case s.Items != nil:
		items := s.Items.withoutValues(drop)
		if items == s.Items {
			return s
		}
		out := *s
		out.Items = items
		return &out
	case slices.ContainsFunc(s.Enum, drop):
		out := *s
		out.Enum = slices.DeleteFunc(slices.Clone(s.Enum), drop)
		return &out
	}
	return s
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
	b.WriteString(`,"additionalProperties":false`)
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
