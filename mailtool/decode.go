package mailtool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of arguments, before anything is looked at.
const (
	maxArgsBytes = 40 << 20 // attachments in base64 and their text; the HTTP adapter stops earlier
	maxArgsDepth = 8        // the deepest schema has five levels
	// maxArgsValues bounds what all those bytes can hold: 1000 ids and a few attachments are far below.
	maxArgsValues = 50_000
)

// arguments are a call's decoded members, in the order given.
type arguments struct {
	members []member
}

type member struct {
	name string
	raw  json.RawMessage
}

func (a arguments) get(name string) (json.RawMessage, bool) {
	for _, m := range a.members {
		if m.name == name {
			return m.raw, true
		}
	}
	return nil, false
}

// isTrue reports whether the member is given and true.
func (a arguments) isTrue(name string) bool {
	raw, ok := a.get(name)
	return ok && string(raw) == "true"
}

// texts returns the strings of a member that is a string or a list of strings.
func (a arguments) texts(name string) []string {
	raw, ok := a.get(name)
	if !ok {
		return nil
	}
	return textsOf(raw)
}

func textsOf(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	return nil
}

// at returns the values of the parameter with this path, those in each item of
// a list on the way.
func (a arguments) at(path string) []json.RawMessage {
	name, rest, deeper := strings.Cut(path, ".")
	raw, ok := a.get(name)
	switch {
	case !ok:
		return nil
	case !deeper:
		return []json.RawMessage{raw}
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		items = []json.RawMessage{raw}
	}
	var found []json.RawMessage
	for _, item := range items {
		if inner, err := splitObject(item); item[0] == '{' && err == nil {
			found = append(found, inner.at(rest)...)
		}
	}
	return found
}

// with returns a copy in which name has the value given, or is gone when raw is nil.
func (a arguments) with(name string, raw json.RawMessage) arguments {
	out := arguments{slices.DeleteFunc(slices.Clone(a.members), func(m member) bool { return m.name == name })}
	if raw != nil {
		out.members = append(out.members, member{name, raw})
	}
	return out
}

// json writes the members as one object.
func (a arguments) json() json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range a.members {
		if i > 0 {
			b.WriteByte(',')
		}
		writeJSON(&b, m.name)
		b.WriteByte(':')
		b.Write(m.raw)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// decodeArguments reads one JSON object strictly: no duplicate member at any
// depth, nothing behind it. A null member counts as absent, since strict hosts
// send every optional parameter. No arguments at all are an empty object.
func decodeArguments(raw json.RawMessage) (arguments, error) {
	if len(raw) > maxArgsBytes {
		return arguments{}, refuse(Invalid, "the arguments are larger than "+strconv.Itoa(maxArgsBytes>>20)+" MB", "send less, or fewer attachments")
	}
	trimmed := bytes.TrimSpace(raw)
	if len(trimmed) == 0 || string(trimmed) == "null" {
		return arguments{}, nil
	}
	if trimmed[0] != '{' {
		return arguments{}, refuse(Invalid, "the arguments are not a JSON object", "send an object of named parameters")
	}
	if err := scanValue(json.NewDecoder(bytes.NewReader(trimmed))); err != nil {
		return arguments{}, err
	}
	return splitObject(trimmed)
}

// splitObject takes an object that was scanned before into its members.
func splitObject(raw json.RawMessage) (arguments, error) {
	var args arguments
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return arguments{}, garbled(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return arguments{}, garbled(err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return arguments{}, garbled(err)
		}
		if name, ok := key.(string); ok && string(value) != "null" {
			args.members = append(args.members, member{name, value})
		}
	}
	return args, nil
}

func garbled(err error) error {
	return refuse(Invalid, "the arguments are not valid JSON: "+err.Error(), "send one JSON object of named parameters")
}

// scanValue walks one document and refuses duplicates, depth, trailing data and
// more values than anybody means.
func scanValue(d *json.Decoder) error {
	d.UseNumber()
	type level struct {
		object bool
		key    bool // the next token of an object is a key
		seen   map[string]bool
	}
	var stack []level
	for values := 0; ; values++ {
		if values > maxArgsValues {
			return refuse(Invalid, "the arguments hold more than "+strconv.Itoa(maxArgsValues)+" values", "send fewer at once")
		}
		token, err := d.Token()
		if err == io.EOF && len(stack) == 0 {
			return nil
		}
		if err != nil {
			return garbled(err)
		}
		top := len(stack) - 1
		if name, ok := token.(string); ok && top >= 0 && stack[top].object && stack[top].key {
			if stack[top].seen[name] {
				return refuse(Invalid, "parameter "+strconv.Quote(clip(name))+" is given twice", "give each parameter once")
			}
			stack[top].seen[name] = true
			stack[top].key = false
			continue
		}
		if delim, ok := token.(json.Delim); ok && (delim == '{' || delim == '[') {
			if len(stack) >= maxArgsDepth {
				return refuse(Invalid, "the arguments are nested too deeply", "send the parameters as the tool's schema has them")
			}
			stack = append(stack, level{object: delim == '{', key: true, seen: map[string]bool{}})
			continue
		} else if ok {
			stack = stack[:top]
			top--
		}
		if top >= 0 {
			stack[top].key = true
			continue
		}
		if _, err := d.Token(); err != io.EOF {
			return refuse(Invalid, "there is something behind the arguments", "send one JSON object")
		}
		return nil
	}
}

// clip shortens a caller's text for a message.
func clip(s string) string {
	const most = 60
	runes := []rune(strings.ToValidUTF8(s[:min(len(s), (most+1)*utf8.UTFMax)], "\uFFFD"))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most]) + "..."
}

// listed reads "a, b or c".
func listed(names []string) string {
	switch len(names) {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	}
	return fmt.Sprintf("%s or %s", strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
}
