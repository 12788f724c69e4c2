package scopes_test

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/scopes"
)

func TestFilterMethods(t *testing.T) {
	verbs := []scopes.Verb{"get", "list", "create", "update", "delete", "send", "custom"}
	for _, tc := range []struct {
		methods, want string
	}{
		{"", "get list create update delete send custom"},
		{"read", "get list"},
		{"write", "create update delete"},
		{"custom", "send custom"},
		{"read write", "get list create update delete"},
		{"read custom", "get list send custom"},
		{"get", "get"},
		{"list delete", "list delete"},
		{"send", "send"},
		{"read send", "get list send"},
		{"reply", ""},
		{"Read", ""},
		{"*", ""},
		{"wirte", ""},
	} {
		t.Run("methods "+tc.methods, func(t *testing.T) {
			f := scopes.Filter{Methods: strings.Fields(tc.methods)}
			var got []string
			for _, v := range verbs {
				if f.Match(v, nil) {
					got = append(got, string(v))
				}
			}
			if text := strings.Join(got, " "); text != tc.want {
				t.Errorf("lets %q through, want %q", text, tc.want)
			}
		})
	}
}

func TestFilterNeverMatchesAnInvalidVerb(t *testing.T) {
	for _, v := range []scopes.Verb{"", "GET", "read", "write", "two words"} {
		for _, f := range []scopes.Filter{{}, {Methods: []string{"custom"}}, {Methods: []string{string(v)}}} {
			if f.Match(v, []scopes.Tag{"messages"}) {
				t.Errorf("%+v lets verb %q through", f, v)
			}
		}
	}
}

func TestFilterTags(t *testing.T) {
	for _, tc := range []struct {
		name         string
		filter, tool []scopes.Tag
		want         bool
	}{
		{"no list filters nothing", nil, nil, true},
		{"empty list filters nothing", []scopes.Tag{}, []scopes.Tag{"messages"}, true},
		{"the tag is in the list", []scopes.Tag{"messages", "drafts"}, []scopes.Tag{"messages"}, true},
		{"one of the tool's tags is enough", []scopes.Tag{"sending"}, []scopes.Tag{"messages", "sending"}, true},
		{"none of them", []scopes.Tag{"drafts"}, []scopes.Tag{"messages", "sending"}, false},
		{"a tool without tags", []scopes.Tag{"drafts"}, nil, false},
		{"case counts", []scopes.Tag{"Messages"}, []scopes.Tag{"messages"}, false},
		{"the empty tag matches nothing", []scopes.Tag{""}, []scopes.Tag{""}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := (scopes.Filter{Tags: tc.filter}).Match(scopes.Get, tc.tool); got != tc.want {
				t.Errorf("Match = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestFilterNeedsBothDimensions(t *testing.T) {
	f := scopes.Filter{Methods: []string{"read"}, Tags: []scopes.Tag{"messages"}}
	for _, tc := range []struct {
		verb scopes.Verb
		tag  scopes.Tag
		want bool
	}{
		{"get", "messages", true}, {"get", "drafts", false}, {"delete", "messages", false}, {"delete", "drafts", false},
	} {
		if got := f.Match(tc.verb, []scopes.Tag{tc.tag}); got != tc.want {
			t.Errorf("%s on %s: %v, want %v", tc.verb, tc.tag, got, tc.want)
		}
	}
}

func TestFilterValidate(t *testing.T) {
	for _, m := range []string{"read", "write", "custom", "get", "list", "create", "update", "delete", "send", "reply", "respond", "lint", "set", "load", "bulk_move"} {
		if err := (scopes.Filter{Methods: []string{"get", m}}).Validate(); err != nil {
			t.Errorf("method %q: %v", m, err)
		}
	}
	for m, hint := range map[string]string{
		"": "exact verb", "Read": "exact verb", "read,write": "exact verb", " read": "exact verb", "*": "exact verb",
		"wirte": "perhaps write", "raed": "perhaps read", "reads": "perhaps read", "wite": "perhaps write", "updates": "perhaps update",
		"cutsom": "perhaps custom", "lists": "perhaps list", "delet": "perhaps delete", "gte": "perhaps get", "ceate": "perhaps create",
	} {
		err := (scopes.Filter{Methods: []string{"read", m}}).Validate()
		if err == nil || !strings.Contains(err.Error(), hint) || !strings.Contains(err.Error(), "read, write, custom") {
			t.Errorf("method %q: error %v, want one with %q and the allowed words", m, err, hint)
		}
	}
	for tag, ok := range map[scopes.Tag]bool{"messages": true, "shared labels": true, "": false, " messages": false, "messages\n": false} {
		if err := (scopes.Filter{Tags: []scopes.Tag{tag}}).Validate(); (err == nil) != ok {
			t.Errorf("tag %q: error %v, want ok %v", tag, err, ok)
		}
	}
}
