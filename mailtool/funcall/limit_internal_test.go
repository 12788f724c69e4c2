package funcall

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/mailtool"
)

// TestOpenAIStrictLimits tries each limit at its edge and one beyond.
func TestOpenAIStrictLimits(t *testing.T) {
	text := func() *schema { return &schema{Type: kinds{"string"}} }
	object := func(ps ...property) *schema {
		return &schema{Type: kinds{"object"}, Properties: append(properties{}, ps...)}
	}
	wide := func(n int) *schema {
		var ps []property
		for i := range n {
			ps = append(ps, property{fmt.Sprint("p", i), text()})
		}
		return object(ps...)
	}
	nested := func(n int) *schema {
		s := object()
		for range n - 1 {
			s = object(property{"a", s})
		}
		return s
	}
	enum := func(n, length int) *schema {
		s := text()
		for range n {
			s.Enum = append(s.Enum, strings.Repeat("ä", length))
		}
		return object(property{"a", s})
	}
	tests := []struct {
		name     string
		fits, no *schema
		want     string
	}{
		{"properties", wide(5000), wide(5001), "5000 properties"},
		{"levels", nested(10), nested(11), "10 levels"},
		{"characters", object(property{strings.Repeat("ä", 120_000), text()}), object(property{strings.Repeat("ä", 120_001), text()}), "120000 characters"},
		{"enum values", enum(1000, 1), enum(1001, 1), "1000 enum values"},
		{"long enum", enum(251, 59), enum(251, 60), "15000 characters"},
		{"short enum of long values", enum(250, 60), enum(251, 60), "15000 characters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			one := tool{View: mailtool.View{Name: "t"}}
			if err := openAIFits(one, tt.fits, true); err != nil {
				t.Errorf("at the edge: %v", err)
			}
			if err := openAIFits(one, tt.no, true); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("beyond: %v, want %q", err, tt.want)
			}
			if err := openAIFits(one, tt.no, false); err != nil {
				t.Errorf("not strict: %v", err)
			}
		})
	}
}

// TestParseRefuses: a schema outside the portable subset is no surprise at the vendor's.
func TestParseRefuses(t *testing.T) {
	for name, raw := range map[string]string{
		"keyword":       `{"type":"object","properties":{},"oneOf":[]}`,
		"keyword below": `{"type":"object","properties":{"a":{"type":"string","pattern":"x"}}}`,
		"no object":     `{"type":"string"}`,
		"no properties": `{"type":"object"}`,
		"two types":     `{"type":["object","null"],"properties":{}}`,
		"list":          `{"type":"object","properties":[]}`,
		"no JSON":       `{`,
	} {
		if s, err := parse([]byte(raw)); err == nil {
			t.Errorf("%s: parsed as %+v", name, s)
		}
	}
}
