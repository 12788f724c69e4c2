package provider_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/provider"
)

// nested wraps q in Not or Any n times.
func nested(n int, wrap func(provider.Query) provider.Query) provider.Query {
	q := provider.Query{Text: []string{"x"}}
	for range n {
		q = wrap(q)
	}
	return q
}

func inNot(q provider.Query) provider.Query { return provider.Query{Not: []provider.Query{q}} }
func inAny(q provider.Query) provider.Query { return provider.Query{Any: [][]provider.Query{{q}}} }

type queryTest struct {
	name  string
	query provider.Query
	says  string // empty: fine
}

func repeatWord(n int) []string { return slices.Repeat([]string{"word"}, n) }

func inboxes(n int) []provider.FolderID { return slices.Repeat([]provider.FolderID{"INBOX"}, n) }

// longTerm is one byte too long.
func longTerm() string { return strings.Repeat("x", provider.MaxQueryText+1) }

func fineQueries() []queryTest {
	return []queryTest{
		{"everything", provider.Query{}, ""},
		{"named folders", provider.Query{In: inboxes(3)}, ""},
		{"everywhere", provider.Query{Everywhere: true}, ""},
		{"most terms", provider.Query{Text: repeatWord(provider.MaxQueryTerms)}, ""},
		{"most terms, spread", provider.Query{From: repeatWord(50), Not: []provider.Query{{To: repeatWord(24)}, {Cc: repeatWord(24)}}}, ""},
		{"deepest Not", nested(provider.MaxQueryDepth, inNot), ""},
		{"deepest Any", nested(provider.MaxQueryDepth, inAny), ""},
		{"longest term", provider.Query{Subject: []string{longTerm()[1:]}}, ""},
		{"a Message-ID", provider.Query{HeaderID: "<a.b@example.org>"}, ""},
		{"flags", provider.Query{With: provider.Seen | provider.Draft, Without: provider.Deleted}, ""},
		{"sizes", provider.Query{Larger: 1, Smaller: 1 << 40}, ""},
	}
}

func badQueries() []queryTest {
	return []queryTest{
		{"folders and everywhere", provider.Query{In: inboxes(1), Everywhere: true}, "not both"},
		{"folders inside Not", provider.Query{Not: []provider.Query{{In: inboxes(1)}}}, "whole search"},
		{"folders inside Any", provider.Query{Any: [][]provider.Query{{{In: inboxes(1)}}}}, "whole search"},
		{"everywhere inside Not", provider.Query{Not: []provider.Query{{Everywhere: true}}}, "whole search"},
		{"everywhere deep inside", nested(3, func(q provider.Query) provider.Query { q.Everywhere = true; return inAny(q) }), "whole search"},
		{"too many folders", provider.Query{In: inboxes(provider.MaxQueryTerms + 1)}, "100"},
		{"folders and terms", provider.Query{In: inboxes(51), Text: repeatWord(50)}, "100"},
		{"too many terms", provider.Query{Text: repeatWord(provider.MaxQueryTerms + 1)}, "100"},
		{"too many terms, spread", provider.Query{From: repeatWord(50), Not: []provider.Query{{To: repeatWord(25)}, {Cc: repeatWord(24)}}}, "100"},
		{"too many parts", provider.Query{Not: make([]provider.Query, provider.MaxQueryTerms+1)}, "100"},
		{"too deep in Not", nested(provider.MaxQueryDepth+1, inNot), "8"},
		{"too deep in Any", nested(provider.MaxQueryDepth+1, inAny), "8"},
		{"an empty group", provider.Query{Any: [][]provider.Query{{}}}, "empty"},
		{"an empty group, nested", provider.Query{Not: []provider.Query{{Any: [][]provider.Query{nil}}}}, "empty"},
		{"a negative size", provider.Query{Larger: -1}, "negative"},
		{"the other size", provider.Query{Smaller: -1}, "negative"},
		{"a size inside Not", provider.Query{Not: []provider.Query{{Smaller: -1}}}, "negative"},
		{"a Message-ID of two lines", provider.Query{HeaderID: "a\r\nb@example.org"}, "control character"},
		{"a Message-ID without end", provider.Query{HeaderID: longTerm()}, "500"},
		{"flags that do not exist", provider.Query{With: 1 << 7}, "flag"},
		{"the other flags", provider.Query{Without: 1 << 6}, "flag"},
	}
}

// badTerms puts each fault of a term into each field that takes one.
func badTerms() []queryTest {
	var tests []queryTest
	fields := map[string]func(string) provider.Query{
		"From":     func(s string) provider.Query { return provider.Query{From: []string{"ok", s}} },
		"To":       func(s string) provider.Query { return provider.Query{To: []string{s}} },
		"Cc":       func(s string) provider.Query { return provider.Query{Cc: []string{s}} },
		"Subject":  func(s string) provider.Query { return provider.Query{Subject: []string{s}} },
		"Text":     func(s string) provider.Query { return provider.Query{Text: []string{s}} },
		"Body":     func(s string) provider.Query { return provider.Query{Body: []string{s}} },
		"Filename": func(s string) provider.Query { return provider.Query{Filename: []string{s}} },
		"Labels":   func(s string) provider.Query { return provider.Query{Labels: []string{s}} },
		"in Not":   func(s string) provider.Query { return inNot(provider.Query{Text: []string{s}}) },
		"in Any":   func(s string) provider.Query { return inAny(provider.Query{Text: []string{s}}) },
	}
	for name, field := range fields {
		for fault, term := range map[string]string{"empty": "", "control character": "a\nb", "500": longTerm(), "UTF-8": "caf\xe9"} {
			tests = append(tests, queryTest{name + " " + fault, field(term), fault})
		}
	}
	return tests
}

func TestQuery(t *testing.T) {
	for _, test := range slices.Concat(fineQueries(), badQueries(), badTerms()) {
		t.Run(test.name, func(t *testing.T) {
			f := newFake("work")
			_, err := open(t, f).Search(t.Context(), test.query, provider.PageRequest{})
			if test.says == "" {
				if err != nil || len(f.called()) != 1 {
					t.Errorf("error %v, calls %v", err, f.called())
				}
				return
			}
			if provider.CodeOf(err) != provider.Invalid || !strings.HasPrefix(err.Error(), "search: invalid: ") || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want Invalid with %q", err, test.says)
			}
			if len(f.called()) > 0 {
				t.Errorf("the backend was called: %v", f.called())
			}
		})
	}
}

// TestQueryIsCheckedCheaply: refusing a huge query costs no multiple of it.
func TestQueryIsCheckedCheaply(t *testing.T) {
	groups := make([][]provider.Query, 3000)
	for i := range groups {
		groups[i] = []provider.Query{{Text: []string{"x"}}}
	}
	a := open(t, newFake("work"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := a.Search(t.Context(), provider.Query{Any: groups}, provider.PageRequest{})
	runtime.ReadMemStats(&after)
	if provider.CodeOf(err) != provider.Invalid {
		t.Errorf("error %v", err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d bytes allocated to refuse %d groups", got, len(groups))
	}
}

// TestQueryStays: checking must not write into slices the caller shares.
func TestQueryStays(t *testing.T) {
	not := make([]provider.Query, 1, 4)
	not[0] = provider.Query{Text: []string{"x"}}
	q := provider.Query{Not: not, Any: [][]provider.Query{{{Text: []string{"y"}}}}}
	if _, err := open(t, newFake("work")).Search(t.Context(), q, provider.PageRequest{}); err != nil {
		t.Fatal(err)
	}
	if spare := not[:2][1]; len(spare.Text) > 0 {
		t.Errorf("the caller's slice was written to: %+v", spare)
	}
}
