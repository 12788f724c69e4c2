package mailtool

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxSchemaDepth keeps schemas shallow: some vendors stop at five levels.
const maxSchemaDepth = 5

// schemaOf derives a schema from a struct. Tags: json (name, omitempty makes a
// parameter optional), jsonschema (description), enum (a|b|c), min, max, maxlen, format.
func schemaOf(t reflect.Type) (*schema, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is not a struct", t)
	}
	return objectOf(t, nil)
}

func objectOf(t reflect.Type, above []reflect.Type) (*schema, error) {
	switch {
	case slices.Contains(above, t):
		return nil, fmt.Errorf("%s is recursive", t)
	case len(above) >= maxSchemaDepth:
		return nil, fmt.Errorf("%s is nested too deeply", t)
	}
	s := &schema{Type: "object"}
	var faults []error
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() || f.Tag.Get("json") == "-" {
			continue
		}
		if err := s.addField(f, append(above, t)); err != nil {
			faults = append(faults, fmt.Errorf("%s.%s: %w", t.Name(), f.Name, err))
		}
	}
	return s, errors.Join(faults...)
}

func (s *schema) addField(f reflect.StructField, above []reflect.Type) error {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		return errors.New("no json name")
	}
	if s.property(name) != nil {
		return fmt.Errorf("two properties %q", name)
	}
	p, err := typeOf(f.Type, above)
	if err != nil {
		return err
	}
	if p.Description = f.Tag.Get("jsonschema"); p.Description == "" {
		return errors.New("no description")
	}
	if err := p.bound(f.Tag); err != nil {
		return err
	}
	s.Properties = append(s.Properties, property{name, p})
	if !strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero") {
		s.Required = append(s.Required, name)
	}
	return nil
}

func typeOf(t reflect.Type, above []reflect.Type) (*schema, error) {
	if t == reflect.TypeFor[json.RawMessage]() {
		return &schema{Type: "object", Open: true}, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeOf(t.Elem(), above)
	case reflect.String:
		return &schema{Type: "string"}, nil
	case reflect.Bool:
		return &schema{Type: "boolean"}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &schema{Type: "integer"}, nil
	case reflect.Float32, reflect.Float64:
		return &schema{Type: "number"}, nil
	case reflect.Struct:
		return objectOf(t, above)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return &schema{Type: "string", Format: formatBase64}, nil
		}
		items, err := typeOf(t.Elem(), above)
		return &schema{Type: "array", Items: items}, err
	default:
		return nil, fmt.Errorf("%s has no portable schema", t)
	}
}

// bound reads the tags that limit a value. On an array, enum, maxlen and format
// speak of the items.
func (s *schema) bound(tag reflect.StructTag) error {
	leaf := s
	for leaf.Items != nil {
		leaf = leaf.Items
	}
	if v := tag.Get("enum"); v != "" {
		leaf.Enum = strings.Split(v, "|")
	}
	if v := tag.Get("format"); v != "" {
		leaf.Format = v
	}
	if v := tag.Get("maxlen"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n <= 0 {
			return fmt.Errorf("maxlen %q", v)
		}
		leaf.MaxLen = n
	}
	for key, to := range map[string]**int64{"min": &s.Min, "max": &s.Max} {
		if v := tag.Get(key); v != "" {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return fmt.Errorf("%s %q", key, v)
			}
			*to = &n
		}
	}
	if (len(leaf.Enum) > 0 || leaf.MaxLen > 0 || leaf.Format != "") && leaf.Type != "string" {
		return fmt.Errorf("enum, maxlen and format are for strings, not %s", leaf.Type)
	}
	return nil
}
