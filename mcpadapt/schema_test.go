package mcpadapt_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mcpadapt"
)

func resolve(t testing.TB, schema any) *jsonschema.Resolved {
	t.Helper()
	raw, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	r, err := s.Resolve(nil)
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return r
}

// TestResultsFitTheirSchemas validates answers and failures as a strict client
// does, and the text against the structured content.
func TestResultsFitTheirSchemas(t *testing.T) {
	s := mcpadapt.NewServer(nil)
	install(t, s, mcpadapt.Fixed(caller(t, owner("g1"))))
	cs := connect(t, s)
	list, err := cs.ListTools(t.Context(), nil)
	if err != nil || len(list.Tools) != 3 {
		t.Fatalf("list: %v, %d tools", err, len(list.Tools))
	}
	strict := map[string]*jsonschema.Resolved{}
	for _, tool := range registry(t).Tools() {
		strict[tool.Spec().Name] = resolve(t, tool.OutputSchema())
	}
	for _, tool := range list.Tools {
		for args, fails := range map[string]bool{`{"to":"a"}`: tool.Name == "list_notes", `{"nonsense":1}`: true, `{}`: tool.Name != "list_notes"} {
			res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: tool.Name, Arguments: json.RawMessage(args)})
			if err != nil {
				t.Fatal(err)
			}
			if res.IsError != fails {
				t.Errorf("%s %s: isError %v", tool.Name, args, res.IsError)
			}
			if err := resolve(t, tool.OutputSchema).Validate(res.StructuredContent); err != nil {
				t.Errorf("%s %s: %v does not fit what is listed: %v", tool.Name, args, res.StructuredContent, err)
			}
			if err := strict[tool.Name].Validate(res.StructuredContent); (err != nil) != fails {
				t.Errorf("%s %s: by the registry's schema: %v", tool.Name, args, err)
			}
			if len(res.Content) != 1 {
				t.Fatalf("%s %s: %d blocks", tool.Name, args, len(res.Content))
			}
			var text any
			if err := json.Unmarshal([]byte(res.Content[0].(*mcp.TextContent).Text), &text); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(res.StructuredContent, text); diff != "" {
				t.Errorf("%s %s: text differs from the structured content:\n%s", tool.Name, args, diff)
			}
		}
	}
}
