package funcall

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// schema is mailtool's portable subset of JSON Schema, and what the vendors'
// forms of it need besides: AnyOf, Format and a Type of several words.
type schema struct {
	Type        kinds       `json:"type,omitempty"`
	Description string      `json:"description,omitempty"`
	Format      string      `json:"format,omitempty"`
	Enum        []string    `json:"enum,omitempty"`
	Minimum     json.Number `json:"minimum,omitempty"`
	Maximum     json.Number `json:"maximum,omitempty"`
	MinItems    json.Number `json:"minItems,omitempty"`
	MaxItems    json.Number `json:"maxItems,omitempty"`
	AnyOf       []*schema   `json:"anyOf,omitempty"`
	Items       *schema     `json:"items,omitempty"`
	Properties  properties  `json:"properties,omitzero"` // not nil in an object
	Required    []string    `json:"required,omitzero"`
	Additional  *bool       `json:"additionalProperties,omitempty"`
}

// parse reads a schema as mailtool writes them. A keyword that no rule here
// speaks of is a fault: it would reach a vendor that may refuse it.
func parse(raw json.RawMessage) (*schema, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	s := &schema{}
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	if !s.is("object") || s.Properties == nil {
		return nil, errors.New("schema: the root is no object")
	}
	return s, nil
}

func (s *schema) is(kind string) bool { return len(s.Type) == 1 && s.Type[0] == kind }

func (s *schema) requires(name string) bool { return slices.Contains(s.Required, name) }

// walk visits s and every schema below it, with the number of objects around it.
func (s *schema) walk(depth int, visit func(s *schema, depth int)) {
	visit(s, depth)
	if s.Properties != nil {
		depth++
	}
	for _, p := range s.Properties {
		p.schema.walk(depth, visit)
	}
	for _, one := range s.AnyOf {
		one.walk(depth, visit)
	}
	if s.Items != nil {
		s.Items.walk(depth, visit)
	}
}

// changed copies s with each schema below it replaced by what change makes of it.
func (s *schema) changed(change func(*schema) *schema) *schema {
	out := *s
	if s.Items != nil {
		out.Items = change(s.Items)
	}
	if s.Properties != nil {
		out.Properties = properties{}
	}
	for _, p := range s.Properties {
		out.Properties = append(out.Properties, property{p.name, change(p.schema)})
	}
	return &out
}

// kinds is one type, or several any of which will do.
type kinds []string

func (k kinds) MarshalJSON() ([]byte, error) {
	if len(k) == 1 {
		return encode(k[0])
	}
	return encode([]string(k))
}

func (k *kinds) UnmarshalJSON(raw []byte) error {
	var one string
	if err := json.Unmarshal(raw, &one); err != nil {
		return err
	}
	*k = kinds{one}
	return nil
}

// properties keep their order: it is the order in which models write them.
type properties []property

type property struct {
	name   string
	schema *schema
}

func (ps properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range ps {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := encode(p.name)
		if err != nil {
			return nil, err
		}
		value, err := encode(p.schema)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (ps *properties) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("properties are no object")
	}
	*ps = properties{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		s := &schema{}
		if err := d.Decode(s); err != nil {
			return fmt.Errorf("%v: %w", name, err)
		}
		*ps = append(*ps, property{fmt.Sprint(name), s})
	}
	return nil
}
