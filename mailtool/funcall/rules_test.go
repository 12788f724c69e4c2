package funcall_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/funcall"
	"github.com/postern-mail/postern/scopes"
)

// Where the rules are published.
const (
	openAIGuide      = "https://developers.openai.com/api/docs/guides/function-calling"
	openAIReference  = "https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create"
	openAIResponses  = "https://developers.openai.com/api/reference/resources/responses/methods/create"
	openAIStrict     = "https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas"
	openAIAzure      = "https://learn.microsoft.com/azure/ai-foundry/openai/how-to/function-calling"
	anthropicDefine  = "https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools"
	anthropicSubset  = "https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations"
	anthropicLimits  = "https://platform.claude.com/docs/en/build-with-claude/structured-outputs#schema-complexity-limits"
	anthropicKeys    = "https://platform.claude.com/docs/en/api/messages/create (the API's own refusal names the pattern)"
	geminiFunction   = "https://ai.google.dev/api/caching#FunctionDeclaration"
	geminiSchema     = "https://ai.google.dev/api/caching#Schema"
	geminiJSONSchema = "https://ai.google.dev/gemini-api/docs/structured-output#json-schema-support"
)

// declared is one tool of any vendor's list.
type declared struct {
	name, description string
	schema            node // nil: none
	strict            *bool
	both              bool // Gemini: parameters and parametersJsonSchema
}

// node is any JSON object.
type node map[string]any

type mode struct {
	api  funcall.API
	opts funcall.Options
}

func (m mode) String() string {
	return fmt.Sprintf("%s strict=%v json=%v", m.api, m.opts.Strict, m.opts.JSONSchema)
}

var (
	chat            = mode{api: funcall.OpenAIChat}
	chatStrict      = mode{funcall.OpenAIChat, funcall.Options{Strict: true}}
	responses       = mode{api: funcall.OpenAIResponses}
	responsesStrict = mode{funcall.OpenAIResponses, funcall.Options{Strict: true}}
	claude          = mode{api: funcall.Anthropic}
	claudeStrict    = mode{funcall.Anthropic, funcall.Options{Strict: true}}
	gemini          = mode{api: funcall.Gemini}
	geminiJSON      = mode{funcall.Gemini, funcall.Options{JSONSchema: true}}

	openAIModes, strictModes = []mode{chat, chatStrict, responses, responsesStrict}, []mode{chatStrict, responsesStrict}
	everyMode                = append(slices.Clone(openAIModes), claude, claudeStrict, gemini, geminiJSON)
)

// rule is one sentence of a vendor's documentation.
type rule struct {
	name, source string
	modes        []mode
	check        func([]declared) error
	breaks       []declared // tools that check must refuse
}

func rules() []rule {
	return slices.Concat(openAIRules(), strictRules(), anthropicRules(), geminiRules())
}

func openAIRules() []rule {
	off := false
	return []rule{
		{"at most 128 tools", openAIReference, openAIModes, atMost(128), make([]declared, 129)},
		{"name", openAIReference, openAIModes, names(`^[a-zA-Z0-9_-]{1,64}$`), []declared{{name: "a.b"}}},
		{"description of at most 1,024 characters", openAIAzure, openAIModes, each(func(d declared) error {
			return want(utf8.RuneCountInString(d.description) <= 1024, "long description")
		}), []declared{{description: strings.Repeat("ä", 1025)}}},
		{"parameters are an object schema", openAIGuide, openAIModes, each(objectRoot), []declared{{schema: node{"type": "array"}}}},
		{"strict is said where its default is true", openAIResponses, []mode{responses}, each(func(d declared) error {
			return want(d.strict != nil && !*d.strict, "strict is not false")
		}), []declared{{}}},
		{"strict is true", openAIGuide, strictModes, each(func(d declared) error { return want(d.strict != nil && *d.strict, "not strict") }), []declared{{strict: &off}}},
	}
}

func strictRules() []rule {
	known := "type description enum const anyOf properties required additionalProperties items $ref $defs pattern format multipleOf maximum exclusiveMaximum minimum exclusiveMinimum minItems maxItems"
	return []rule{
		{"root is an object and no anyOf", openAIStrict, strictModes, each(func(d declared) error {
			return want(d.schema["type"] == "object" && d.schema["anyOf"] == nil, "root")
		}), []declared{{schema: node{"anyOf": []any{}}}}},
		{"every property is required", openAIStrict, strictModes, everyObject(func(s node) error {
			return want(slices.Equal(sorted(keys(s["properties"])), sorted(strs(s["required"]))), "not all required: %v", s["required"])
		}), []declared{object(node{"a": node{"type": "string"}})}},
		{"additionalProperties is false", openAIStrict, strictModes, everyObject(closed), []declared{object(node{})}},
		{"known keywords only", openAIStrict, strictModes, keywords(known), []declared{{schema: node{"type": "string", "maxLength": 3.0}}}},
		{"known types only", openAIStrict, strictModes, types("string", "number", "boolean", "integer", "object", "array", "null"), []declared{{schema: node{"type": "any"}}}},
		{"enum values are of the type", openAIStrict, strictModes, everySchema(enumOfStrings), []declared{{schema: node{"type": []any{"string", "null"}, "enum": []any{1.0}}}}},
		{"at most 5,000 properties", openAIStrict, strictModes, each(func(d declared) error {
			n := 0
			visit(d.schema, 0, func(s node, _ int) { n += len(keys(s["properties"])) })
			return want(n <= 5000, "%d properties", n)
		}), []declared{object(wide(5001))}},
		{"at most 10 levels", openAIStrict, strictModes, each(func(d declared) error {
			deepest := 0
			visit(d.schema, 0, func(s node, depth int) {
				if s["type"] == "object" {
					deepest = max(deepest, depth+1)
				}
			})
			return want(deepest <= 10, "%d levels", deepest)
		}), []declared{nested(11)}},
		{"at most 120,000 characters of names and values", openAIStrict, strictModes, each(func(d declared) error {
			n := 0
			visit(d.schema, 0, func(s node, _ int) {
				for _, text := range append(keys(s["properties"]), strs(s["enum"])...) {
					n += len(text)
				}
			})
			return want(n <= 120_000, "%d characters", n)
		}), []declared{object(node{strings.Repeat("a", 120_001): node{}})}},
		{"at most 1,000 enum values", openAIStrict, strictModes, each(func(d declared) error {
			n := 0
			visit(d.schema, 0, func(s node, _ int) { n += len(strs(s["enum"])) })
			return want(n <= 1000, "%d values", n)
		}), []declared{{schema: node{"enum": many(1001, "a")}}}},
		{"more than 250 enum values have at most 15,000 characters", openAIStrict, strictModes, everySchema(func(s node) error {
			all := strs(s["enum"])
			return want(len(all) <= 250 || len(strings.Join(all, "")) <= 15_000, "long enum")
		}), []declared{{schema: node{"enum": many(251, strings.Repeat("a", 60))}}}},
	}
}

func anthropicRules() []rule {
	both, strict := []mode{claude, claudeStrict}, []mode{claudeStrict}
	on := true
	return []rule{
		{"name", anthropicDefine, both, names(`^[a-zA-Z0-9_-]{1,64}$`), []declared{{name: "a.b"}}},
		{"input_schema is an object", anthropicDefine, both, each(objectRoot), []declared{{}}},
		{"property keys", anthropicKeys, both, everyObject(keysMatch(`^[a-zA-Z0-9_.-]{1,64}$`)), []declared{object(node{"a b": node{}})}},
		{"no reference, no recursion", anthropicSubset, both, everySchema(func(s node) error { return want(s["$ref"] == nil, "reference") }), []declared{{schema: node{"$ref": "#"}}}},
		{"additionalProperties is false", anthropicSubset, strict, ifStrict(everyObject(closed)), []declared{{strict: &on, schema: node{"type": "object"}}}},
		{
			"no bounds of numbers, texts and lists", anthropicSubset, strict,
			ifStrict(keywords("type description enum const anyOf allOf items properties required additionalProperties minItems default format pattern $ref $defs")),
			[]declared{{strict: &on, schema: node{"type": "integer", "minimum": 1.0}}},
		},
		{"minItems is 0 or 1", anthropicSubset, strict, ifStrict(everySchema(func(s node) error {
			return want(s["minItems"] == nil || s["minItems"] == 0.0 || s["minItems"] == 1.0, "minItems %v", s["minItems"])
		})), []declared{{strict: &on, schema: node{"minItems": 2.0}}}},
		{"at most 20 strict tools", anthropicLimits, strict, func(all []declared) error {
			return want(len(strictOf(all)) <= 20, "%d strict tools", len(strictOf(all)))
		}, slices.Repeat([]declared{{strict: &on}}, 21)},
		{"at most 24 optional parameters in strict tools", anthropicLimits, strict, func(all []declared) error {
			n := 0
			for _, d := range strictOf(all) {
				visit(d.schema, 0, func(s node, _ int) { n += len(keys(s["properties"])) - len(strs(s["required"])) })
			}
			return want(n <= 24, "%d optional parameters", n)
		}, []declared{{strict: &on, schema: node{"properties": wide(25)}}}},
		{"at most 16 unions in strict tools", anthropicLimits, strict, func(all []declared) error {
			n := 0
			for _, d := range strictOf(all) {
				visit(d.schema, 0, func(s node, _ int) {
					if _, list := s["type"].([]any); list || s["anyOf"] != nil {
						n++
					}
				})
			}
			return want(n <= 16, "%d unions", n)
		}, slices.Repeat([]declared{{strict: &on, schema: node{"type": []any{"string", "null"}}}}, 17)},
		{"enum values differ in more than case", anthropicSubset, strict, everySchema(func(s node) error {
			seen := map[string]bool{}
			for _, v := range strs(s["enum"]) {
				if seen[strings.ToLower(v)] {
					return fmt.Errorf("%q twice", v)
				}
				seen[strings.ToLower(v)] = true
			}
			return nil
		}), []declared{{schema: node{"enum": []any{"a", "A"}}}}},
	}
}

func geminiRules() []rule {
	both, older := []mode{gemini, geminiJSON}, []mode{gemini}
	return []rule{
		{"name", geminiFunction, both, names(`^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$`), []declared{{name: "1a"}}},
		{"description is there", geminiFunction, both, each(func(d declared) error { return want(d.description != "", "none") }), []declared{{}}},
		{"parameter names", geminiFunction, both, everyObject(keysMatch(`^[a-zA-Z_][a-zA-Z0-9_]{0,63}$`)), []declared{object(node{"a-b": node{}})}},
		{"parameters or parametersJsonSchema", geminiFunction, both, each(func(d declared) error { return want(!d.both, "both") }), []declared{{both: true}}},
		{
			"fields of Schema only", geminiSchema, older,
			keywords("type format title description nullable enum maxItems minItems properties required minProperties maxProperties minLength maxLength pattern example anyOf propertyOrdering default items minimum maximum"),
			[]declared{{schema: node{"additionalProperties": false}}},
		},
		{"types of Type only", geminiSchema, older, types("STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT"), []declared{{schema: node{"type": "string"}}}},
		{"one type each", geminiSchema, older, everySchema(func(s node) error {
			_, one := s["type"].(string)
			return want(one, "type %v", s["type"])
		}), []declared{{schema: node{"type": []any{"STRING"}}}}},
		{"enum is of strings, by format", geminiSchema, older, everySchema(func(s node) error {
			return want(s["enum"] == nil || s["type"] == "STRING" && s["format"] == "enum" && enumOfStrings(s) == nil, "enum")
		}), []declared{{schema: node{"type": "INTEGER", "enum": []any{1.0}}}}},
		{"formats of the type", geminiSchema, older, everySchema(func(s node) error {
			allowed := map[any][]any{"STRING": {"enum", "date-time", "email", "byte"}, "INTEGER": {"int32", "int64"}, "NUMBER": {"float", "double"}}
			return want(s["format"] == nil || slices.Contains(allowed[s["type"]], s["format"]), "format %v", s["format"])
		}), []declared{{schema: node{"type": "STRING", "format": "uri"}}}},
		{"an object has properties, a list items", geminiSchema, older, everySchema(func(s node) error {
			return want((s["type"] != "OBJECT" || len(keys(s["properties"])) > 0) && (s["type"] != "ARRAY" || s["items"] != nil), "empty %v", s["type"])
		}), []declared{{schema: node{"type": "OBJECT", "properties": node{}}}}},
		{"required ones exist", geminiSchema, both, everySchema(func(s node) error {
			for _, name := range strs(s["required"]) {
				if !slices.Contains(keys(s["properties"]), name) {
					return fmt.Errorf("%s is required and not there", name)
				}
			}
			return nil
		}), []declared{{schema: node{"required": []any{"a"}}}}},
		{
			"known keywords of JSON Schema", geminiJSONSchema, []mode{geminiJSON},
			keywords("$id $defs $ref $anchor type format title description enum items prefixItems minItems maxItems minimum maximum anyOf oneOf properties additionalProperties required"),
			[]declared{{schema: node{"maxLength": 1.0}}},
		},
	}
}

// TestRules holds every tool, seen by several callers, to every published rule.
func TestRules(t *testing.T) {
	neutral, all := registry(t, mailtool.Neutral()...), registry(t, append(mailtool.Neutral(), synthetic()...)...)
	one, two := owner(t, "ann"), owner(t, "ann", "bob")
	readOnly := *one
	readOnly.Grant.Access = scopes.Accesses(scopes.Read)
	callers := map[string]*mailtool.Caller{"owner": one, "two accounts": two, "reader": &readOnly}
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			t.Log(r.source)
			for _, m := range r.modes {
				for who, caller := range callers {
					for _, reg := range []*mailtool.Registry{neutral, all} {
						tools, err := functions(t, m.api, reg, &m.opts).Tools(caller)
						if err != nil || len(tools) != len(reg.Visible(caller)) {
							t.Fatalf("%v: %s: %d tools, %v", m, who, len(tools), err)
						}
						if err := r.check(declaredOf(t, m.api, tools)); err != nil {
							t.Errorf("%v: %s: %v", m, who, err)
						}
					}
				}
			}
		})
	}
}

// TestRulesBite: each rule refuses what breaks it.
func TestRulesBite(t *testing.T) {
	for _, r := range rules() {
		if len(r.breaks) == 0 || len(r.modes) == 0 || !strings.HasPrefix(r.source, "https://") {
			t.Errorf("%s: no modes, no source or nothing that breaks it", r.name)
		}
		if r.check(r.breaks) == nil {
			t.Errorf("%s: takes what breaks it", r.name)
		}
	}
}

// declaredOf reads the vendors' lists.
func declaredOf(t testing.TB, api funcall.API, tools []json.RawMessage) []declared {
	t.Helper()
	var all []declared
	for _, raw := range tools {
		var in struct {
			Type              string
			Function          json.RawMessage
			Name, Description string
			Parameters        node
			InputSchema       node `json:"input_schema"`
			JSONSchema        node `json:"parametersJsonSchema"`
			Strict            *bool
		}
		exactly(t, raw, &in)
		if in.Function != nil {
			inner := in.Function
			in.Function = nil
			exactly(t, inner, &in)
		}
		if openAI := api == funcall.OpenAIChat || api == funcall.OpenAIResponses; openAI != (in.Type == "function") {
			t.Fatalf("%s: type %q", api, in.Type)
		}
		d := declared{name: in.Name, description: in.Description, schema: in.Parameters, strict: in.Strict, both: in.Parameters != nil && in.JSONSchema != nil}
		if api == funcall.Anthropic {
			d.schema = in.InputSchema
		} else if d.schema == nil {
			d.schema = in.JSONSchema
		}
		all = append(all, d)
	}
	return all
}

func matcher(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }
