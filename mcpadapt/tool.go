package mcpadapt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mailtool"
)

// registered is a tool as the server holds it, with its whole schema. Nobody
// sees it: lists are made from views.
func registered(t mailtool.Tool) (*mcp.Tool, error) {
	s := t.Spec()
	return viewed(mailtool.View{
		Name: s.Name, Title: s.Title, Description: s.Description,
		InputSchema: t.InputSchema(), OutputSchema: t.OutputSchema(),
	})
}

// viewed is a tool as one caller may use it. Every hint is said: some hosts
// refuse a tool that leaves one open.
func viewed(v mailtool.View) (*mcp.Tool, error) {
	output, err := withFailure(v.OutputSchema)
	if err != nil {
		return nil, fmt.Errorf("tool %s: %w", v.Name, err)
	}
	return &mcp.Tool{
		Name: v.Name, Title: v.Title, Description: v.Description,
		InputSchema: v.InputSchema, OutputSchema: output,
		Annotations: &mcp.ToolAnnotations{
			Title:           v.Title,
			ReadOnlyHint:    v.Hints.ReadOnly,
			DestructiveHint: &v.Hints.Destructive,
			IdempotentHint:  v.Hints.Idempotent,
			OpenWorldHint:   &v.Hints.OpenWorld,
		},
	}, nil
}

const failureSchema = `{"type":"object","description":"why the call failed; the other members are then absent","properties":{` +
	`"code":{"type":"string","description":"class of the failure"},` +
	`"message":{"type":"string","description":"what was wrong"},` +
	`"next":{"type":"string","description":"what to do about it"}},"required":["code","message"]}`

// withFailure lets a tool's output schema hold its failures too. Clients built
// on the TypeScript SDK check the structured content of failed calls as well and
// throw the failure away when it does not fit.
func withFailure(output json.RawMessage) (json.RawMessage, error) {
	members, err := membersOf(output)
	if err != nil {
		return nil, err
	}
	members = slices.DeleteFunc(members, func(m member) bool { return m.name == "required" })
	i := slices.IndexFunc(members, func(m member) bool { return m.name == "properties" })
	if i < 0 {
		return nil, fmt.Errorf("output schema without properties: %s", output)
	}
	properties, err := membersOf(members[i].raw)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(properties, func(m member) bool { return m.name == "error" }) {
		properties = append(properties, member{"error", json.RawMessage(failureSchema)})
		members[i].raw = object(properties)
	}
	return object(members), nil
}

// member is one name and value of a JSON object, whose order is kept.
type member struct {
	name string
	raw  json.RawMessage
}

func membersOf(raw json.RawMessage) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, fmt.Errorf("not a JSON object: %.60s", raw)
	}
	var members []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("read a member: %w", err)
		}
		m := member{name: name.(string)} // the decoder lets only strings be names
		if err := d.Decode(&m.raw); err != nil {
			return nil, fmt.Errorf("read %s: %w", m.name, err)
		}
		members = append(members, m)
	}
	return members, nil
}

func object(members []member) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", m.name) // names of schema keywords need no JSON escapes
		b.Write(m.raw)
	}
	b.WriteByte('}')
	return b.Bytes()
}
