package funcall_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/postern-mail/postern/internal/golden"
	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/funcall"
	"github.com/postern-mail/postern/scopes"
)

// TestDeclarations keeps the synthetic tools as each vendor gets them.
func TestDeclarations(t *testing.T) {
	reg, caller := registry(t, synthetic()...), owner(t)
	for _, m := range everyMode {
		tools, err := functions(t, m.api, reg, &m.opts).Tools(caller)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		for _, raw := range tools {
			if err := json.Indent(&b, raw, "", " "); err != nil {
				t.Fatal(err)
			}
			b.WriteByte('\n')
		}
		name := string(m.api)
		switch {
		case m.opts.Strict:
			name += "-strict"
		case m.opts.JSONSchema:
			name += "-jsonschema"
		}
		golden.Compare(t, "testdata/tools/"+name+".json", b.Bytes())
	}
}

// resolved is an independent reading of a declared schema.
func resolved(t testing.TB, schema node) *jsonschema.Resolved {
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

func schemas(t testing.TB, m mode, reg *mailtool.Registry, c *mailtool.Caller) map[string]node {
	t.Helper()
	tools, err := functions(t, m.api, reg, &m.opts).Tools(c)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]node{}
	for _, d := range declaredOf(t, m.api, tools) {
		all[d.name] = d.schema
	}
	return all
}

// TestSchemasAgree makes up arguments, right and wrong ones, and asks an
// independent validator with each vendor's schema and mailtool with the call: a
// schema takes exactly what mailtool takes, but where the vendor knows no bounds.
func TestSchemasAgree(t *testing.T) {
	reg, caller := registry(t, tool("corners", scopes.Write, ran[corners])), owner(t)
	portable := schemas(t, chat, reg, caller)["corners"]
	strict := resolved(t, schemas(t, chatStrict, reg, caller)["corners"])
	plain := resolved(t, portable)
	loose := resolved(t, schemas(t, claudeStrict, reg, caller)["corners"])
	f := functions(t, funcall.OpenAIChat, reg, nil)
	random := rand.New(rand.NewPCG(4, 9))
	takes := func(r *jsonschema.Resolved, args any) bool { return r.Validate(args) == nil }
	taken := 0
	for i := range 4000 {
		args := made(random, portable, i%2 == 0)
		raw, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		answer := f.Call(t.Context(), caller, wrap(funcall.OpenAIChat, "c1", "corners", string(raw)))
		ours := answer.Failure == nil
		filled, err := json.Marshal(withNulls(portable, args))
		if err != nil {
			t.Fatal(err)
		}
		again := f.Call(t.Context(), caller, wrap(funcall.OpenAIChat, "c1", "corners", string(filled)))
		if ours {
			taken++
		}
		switch {
		case ours != (again.Failure == nil):
			t.Errorf("%s: %v, and with nulls for what is absent: %v", raw, answer.Failure, again.Failure)
		case ours != takes(strict, withNulls(portable, args)):
			t.Errorf("strict schema takes %s: %v; mailtool: %v", filled, !ours, answer.Failure)
		case ours != takes(plain, withoutNulls(args)):
			t.Errorf("portable schema takes %s: %v; mailtool: %v", raw, !ours, answer.Failure)
		case ours && !takes(loose, withoutNulls(args)):
			t.Errorf("schema without bounds refuses %s", raw)
		}
	}
	if taken < 400 || taken > 3600 {
		t.Errorf("%d of 4000 made-up arguments are right: too one-sided a test", taken)
	}
}

// made makes arguments for a schema; careful ones are right most of the time.
func made(r *rand.Rand, s node, careful bool) any {
	if !careful && r.IntN(40) == 0 {
		return []any{nil, "text", 7.0, true, []any{}, map[string]any{}}[r.IntN(6)]
	}
	switch s["type"] {
	case "string":
		if values := strs(s["enum"]); values != nil {
			return slices.Concat(values, []string{values[0], "other"})[r.IntN(len(values)+boolInt(!careful)*2)]
		}
		return []any{"", "a", "<b> & \"c\" ☃", strings.Repeat("x", 300)}[r.IntN(4)]
	case "boolean":
		return r.IntN(2) == 0
	case "integer":
		if careful {
			return 1.0 + float64(r.IntN(200))
		}
		return []any{0.0, 1.0, 200.0, 201.0, -5.0, -6.0, 1.5}[r.IntN(7)]
	case "number":
		return []any{0.5, 2.0, -1e9, 1.25, 2.5}[r.IntN(4+boolInt(!careful))]
	case "array":
		all := []any{}
		for range r.IntN(3) + boolInt(careful)*2 {
			all = append(all, made(r, asNode(s["items"]), careful))
		}
		if most, ok := s["maxItems"].(float64); ok && careful {
			all = all[:min(len(all), int(most))]
		}
		return all
	}
	out := map[string]any{}
	for _, name := range sorted(keys(s["properties"])) {
		required := slices.Contains(strs(s["required"]), name)
		switch n := r.IntN(30); {
		case n == 0 && !careful: // left out, required or not
		case required || n < 12:
			out[name] = made(r, asNode(asNode(s["properties"])[name]), careful)
		case n < 20:
			out[name] = nil
		}
	}
	if !careful && r.IntN(40) == 0 {
		out["stranger"] = 1.0
	}
	return out
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// withNulls gives every property that is absent as null, as strict hosts do.
func withNulls(s node, v any) any {
	switch v := v.(type) {
	case []any:
		all := []any{}
		for _, one := range v {
			all = append(all, withNulls(asNode(s["items"]), one))
		}
		return all
	case map[string]any:
		out := maps.Clone(v)
		for name, below := range asNode(s["properties"]) {
			out[name] = withNulls(asNode(below), out[name])
		}
		return out
	}
	return v
}

func withoutNulls(v any) any {
	switch v := v.(type) {
	case []any:
		all := []any{}
		for _, one := range v {
			all = append(all, withoutNulls(one))
		}
		return all
	case map[string]any:
		out := map[string]any{}
		for name, one := range v {
			if one != nil {
				out[name] = withoutNulls(one)
			}
		}
		return out
	}
	return v
}

// TestStrictKeepsTheTools: in strict mode every mail tool has the parameters
// that it has otherwise, and exactly the optional ones may be null.
func TestStrictKeepsTheTools(t *testing.T) {
	reg, caller := registry(t, mailtool.Neutral()...), owner(t, "ann", "bob")
	plain, strict := schemas(t, chat, reg, caller), schemas(t, chatStrict, reg, caller)
	for name := range plain {
		resolved(t, strict[name])
		compareStrict(t, name, plain[name], strict[name])
	}
}

func compareStrict(t *testing.T, at string, plain, strict node) {
	t.Helper()
	if got, want := fmt.Sprint(strict["description"], strict["enum"], strict["minimum"], strict["maximum"], strict["minItems"], strict["maxItems"]),
		fmt.Sprint(plain["description"], plain["enum"], plain["minimum"], plain["maximum"], plain["minItems"], plain["maxItems"]); got != want {
		t.Errorf("%s: %s, want %s", at, got, want)
	}
	if plain["items"] != nil {
		compareStrict(t, at+"[]", asNode(plain["items"]), asNode(strict["items"]))
	}
	for _, name := range keys(plain["properties"]) {
		before, after := asNode(asNode(plain["properties"])[name]), asNode(asNode(strict["properties"])[name])
		null := false
		if choices, ok := after["anyOf"].([]any); ok {
			null = asNode(choices[1])["type"] == "null"
			inner := maps.Clone(asNode(choices[0]))
			inner["description"] = after["description"]
			after = inner
		} else if both, ok := after["type"].([]any); ok {
			null = both[1] == "null"
			after = maps.Clone(after)
			after["type"] = both[0]
		}
		if required := slices.Contains(strs(plain["required"]), name); null == required {
			t.Errorf("%s.%s: required %v, null taken %v", at, name, required, null)
		}
		if before["type"] != after["type"] {
			t.Errorf("%s.%s: type %v, want %v", at, name, after["type"], before["type"])
		}
		compareStrict(t, at+"."+name, before, after)
	}
}
