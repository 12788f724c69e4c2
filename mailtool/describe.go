package mailtool

import "slices"

// Parameter describes a parameter of a tool or a member of its answer, with
// the bounds that a schema for models leaves out because they cost every turn.
type Parameter struct {
	Name        string
	Type        string // object, array, string, integer, number, boolean
	Required    bool   // of a member of an answer: there even when empty
	Description string
	Values      []string // the only ones allowed
	Min, Max    *int64   // of a number, or items of an array
	MaxLen      int      // runes of a string; 0 no bound
	Format      string   // text, message_id, handle, address, recipient, time, base64; else one line
	Items       *Parameter
	Members     []Parameter // of an object
}

// Parameters describes what the tool takes, in the order of its schema, before
// any caller's view is taken.
func (t Tool) Parameters() []Parameter { return t.input.members() }

// Answer describes the members of the tool's answer, in their order.
func (t Tool) Answer() []Parameter { return t.output.members() }

func (s *schema) members() []Parameter {
	if s == nil {
		return nil
	}
	var out []Parameter
	for _, p := range s.Properties {
		d := p.Schema.describe()
		d.Name, d.Required = p.Name, s.requires(p.Name)
		out = append(out, d)
	}
	return out
}

func (s *schema) describe() Parameter {
	d := Parameter{
		Type: s.Type, Description: s.Description, Values: slices.Clone(s.Enum),
		MaxLen: s.MaxLen, Format: s.Format, Members: s.members(),
	}
	for to, from := range map[**int64]*int64{&d.Min: s.Min, &d.Max: s.Max} {
		if from != nil {
			n := *from
			*to = &n
		}
	}
	if s.Items != nil {
		items := s.Items.describe()
		d.Items = &items
	}
	return d
}
