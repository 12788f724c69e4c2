package funcall_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The words in which rules_test.go says its rules.

func want(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

func each(check func(declared) error) func([]declared) error {
	return func(all []declared) error {
		for _, d := range all {
			if err := check(d); err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
		}
		return nil
	}
}

func everySchema(check func(node) error) func([]declared) error {
	return each(func(d declared) (err error) {
		visit(d.schema, 0, func(s node, _ int) {
			if e := check(s); e != nil && err == nil {
				err = fmt.Errorf("%w in %v", e, s)
			}
		})
		return err
	})
}

func everyObject(check func(node) error) func([]declared) error {
	return everySchema(func(s node) error {
		if s["properties"] == nil && s["type"] != "object" {
			return nil
		}
		return check(s)
	})
}

func ifStrict(check func([]declared) error) func([]declared) error {
	return func(all []declared) error { return check(strictOf(all)) }
}

func strictOf(all []declared) []declared {
	return slices.DeleteFunc(slices.Clone(all), func(d declared) bool { return d.strict == nil || !*d.strict })
}

func atMost(n int) func([]declared) error {
	return func(all []declared) error { return want(len(all) <= n, "%d tools", len(all)) }
}

func names(pattern string) func([]declared) error {
	match := matcher(pattern)
	return each(func(d declared) error { return want(match(d.name), "name") })
}

func keysMatch(pattern string) func(node) error {
	match := matcher(pattern)
	return func(s node) error {
		for _, key := range keys(s["properties"]) {
			if !match(key) {
				return fmt.Errorf("property %q", key)
			}
		}
		return nil
	}
}

func objectRoot(d declared) error {
	return want(d.schema["type"] == "object", "root is %v", d.schema["type"])
}

func closed(s node) error { return want(s["additionalProperties"] == false, "open") }

func keywords(known string) func([]declared) error {
	return everySchema(func(s node) error {
		for key := range s {
			if !slices.Contains(strings.Fields(known), key) {
				return fmt.Errorf("keyword %s", key)
			}
		}
		return nil
	})
}

func types(known ...any) func([]declared) error {
	return everySchema(func(s node) error {
		list, many := s["type"].([]any)
		if !many && s["type"] != nil {
			list = []any{s["type"]}
		}
		for _, one := range list {
			if !slices.Contains(known, one) {
				return fmt.Errorf("type %v", one)
			}
		}
		return nil
	})
}

func enumOfStrings(s node) error {
	list, ok := s["enum"].([]any)
	return want(s["enum"] == nil || ok && len(list) > 0 && len(strs(list)) == len(list), "enum %v", s["enum"])
}

// visit calls f for a schema and all below it, with the objects around each.
func visit(s node, depth int, f func(node, int)) {
	if s == nil {
		return
	}
	f(s, depth)
	if s["properties"] != nil {
		depth++
	}
	for _, below := range []any{s["items"], s["anyOf"]} {
		for _, one := range list(below) {
			visit(asNode(one), depth, f)
		}
	}
	for _, one := range asNode(s["properties"]) {
		visit(asNode(one), depth, f)
	}
}

func list(v any) []any {
	if many, ok := v.([]any); ok {
		return many
	}
	return []any{v}
}

func asNode(v any) node {
	switch v := v.(type) {
	case node:
		return v
	case map[string]any:
		return v
	}
	return nil
}

func keys(v any) []string { return slices.Collect(maps.Keys(asNode(v))) }

func strs(v any) (all []string) {
	many, _ := v.([]any)
	for _, one := range many {
		if s, ok := one.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

// object is a tool with these properties and nothing else right.
func object(properties node) declared {
	return declared{schema: node{"type": "object", "properties": properties}}
}

func wide(n int) node {
	all := node{}
	for i := range n {
		all[fmt.Sprint("p", i)] = node{"type": "string"}
	}
	return all
}

func nested(levels int) declared {
	s := node{"type": "object", "properties": node{}}
	for range levels - 1 {
		s = node{"type": "object", "properties": node{"a": s}}
	}
	return declared{schema: s}
}

func many(n int, value string) []any {
	var all []any
	for range n {
		all = append(all, value)
	}
	return all
}
