package mailtool

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

type query = provider.Query

// queryZone is ahead of UTC, so that a day mistaken for a UTC one shows.
func queryZone() *time.Location { return time.FixedZone("east", 2*60*60) }

func queryNow() time.Time { return time.Date(2026, 3, 31, 15, 4, 5, 678, time.UTC) }

func queryDay(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, queryZone())
}

func parse(q string) (query, error) { return parseQuery(q, queryNow(), queryZone()) }

func words(w ...string) []string { return w }

func text(w ...string) query { return query{Text: w} }

type queryCase struct {
	in   string
	want query
}

func plainQueries() []queryCase {
	return []queryCase{
		{"", query{}},
		{"   ", query{}},
		{"invoice", text("invoice")},
		{"invoice march", text("invoice", "march")},
		{"invoice AND march", text("invoice", "march")},
		{"  invoice \u00a0 march ", text("invoice", "march")},
		{`"two words"`, text("two words")},
		{`“two words”`, text("two words")},
		{`"a \"quoted\" one"`, text(`a "quoted" one`)},
		{`"C:\dir\\x"`, text(`C:\dir\x`)},
		{"Grüße", text("Grüße")},
		{"請求書", text("請求書")},
		{"or and not", text("or", "and", "not")},
		{`"OR"`, text("OR")},
		{"e-mail", text("e-mail")},
		{"10:30", text("10:30")},
		{"https://example.org/a?b=c:d", text("https://example.org/a?b=c:d")},
		{"+4912345", text("+4912345")},
		{"a*b", text("a*b")},
		{`"re: hello"`, text("re: hello")},
		{"$5.00 #12 @ann", text("$5.00", "#12", "@ann")},
		{"it's", text("it's")},
		{`back\slash`, text(`back\slash`)},
	}
}

func operatorQueries() []queryCase {
	return []queryCase{
		{"from:ann", query{From: words("ann")}},
		{"FROM:Ann", query{From: words("Ann")}},
		{`from:"Ann Lee"`, query{From: words("Ann Lee")}},
		{"from:ann from:lee", query{From: words("ann", "lee")}},
		{"from:(ann lee)", query{From: words("ann", "lee")}},
		{"to:bob cc:eve", query{To: words("bob"), Cc: words("eve")}},
		{"subject:re:hello", query{Subject: words("re:hello")}},
		{`subject:(dinner "next week")`, query{Subject: words("dinner", "next week")}},
		{"body:secret", query{Body: words("secret")}},
		{"filename:pdf", query{Filename: words("pdf")}},
		{`label:"Parent / Child"`, query{Labels: words("Parent / Child")}},
		{"has:attachment", query{HasAttach: true}},
		{"has:Attachments", query{HasAttach: true}},
		{"is:unread", query{Without: provider.Seen}},
		{"is:read", query{With: provider.Seen}},
		{"is:starred is:unread", query{With: provider.Flagged, Without: provider.Seen}},
		{"is:flagged", query{With: provider.Flagged}},
		{"is:unstarred", query{Without: provider.Flagged}},
		{"is:answered", query{With: provider.Answered}},
		{"is:unanswered", query{Without: provider.Answered}},
		{"is:draft", query{With: provider.Draft}},
		{"is:deleted", query{With: provider.Deleted}},
		{"is:(unread starred)", query{With: provider.Flagged, Without: provider.Seen}},
		{"in:inbox", query{In: []provider.FolderID{"inbox"}}},
		{`in:"Work/2026 plans"`, query{In: []provider.FolderID{"Work/2026 plans"}}},
		{"in:spam", query{In: []provider.FolderID{"junk"}}},
		{`in:"spam"`, query{In: []provider.FolderID{"spam"}}},
		{"in:bin", query{In: []provider.FolderID{"trash"}}},
		{"in:anywhere invoice", query{Everywhere: true, Text: words("invoice")}},
		{"in:*", query{Everywhere: true}},
		{"{in:inbox in:sent} x", query{In: []provider.FolderID{"inbox", "sent"}, Text: words("x")}},
		{"in:inbox OR in:sent", query{In: []provider.FolderID{"inbox", "sent"}}},
		{"in:{inbox sent archive}", query{In: []provider.FolderID{"inbox", "sent", "archive"}}},
		{"(in:inbox x) y", query{In: []provider.FolderID{"inbox"}, Text: words("x", "y")}},
		{"x -in:trash -in:spam", text("x")},
		{"-in:{trash junk}", query{}},
		{"larger:10M", query{Larger: 10 << 20}},
		{"larger:500k smaller:1gb", query{Larger: 500 << 10, Smaller: 1 << 30}},
		{"larger:1000", query{Larger: 1000}},
		{"larger:1M larger:2M smaller:9M smaller:8M", query{Larger: 2 << 20, Smaller: 8 << 20}},
		{"rfc822msgid:<a.b@example.org>", query{HeaderID: "a.b@example.org"}},
		{"rfc822msgid:a.b@example.org", query{HeaderID: "a.b@example.org"}},
		{"rfc822msgid:a@x rfc822msgid:b@x", query{HeaderID: "a@x", Any: [][]query{{{HeaderID: "b@x"}}}}},
		{"rfc822msgid:a@x rfc822msgid:a@x", query{HeaderID: "a@x"}},
	}
}

func dateQueries() []queryCase {
	now := time.Date(2026, 3, 31, 17, 4, 5, 0, queryZone())
	return []queryCase{
		{"after:2026/11/20", query{Since: queryDay(2026, 11, 20)}},
		{"after:2026-11-20", query{Since: queryDay(2026, 11, 20)}},
		{"since:2026/1/2", query{Since: queryDay(2026, 1, 2)}},
		{"newer:2026/01/02", query{Since: queryDay(2026, 1, 2)}},
		{"before:2024-02-29", query{Before: queryDay(2024, 2, 29)}},
		{"older:2024/02/29", query{Before: queryDay(2024, 2, 29)}},
		{"after:1700000000", query{Since: time.Unix(1700000000, 0)}},
		{"after:2026/01/01 after:2026/02/01 before:2026/06/01 before:2026/05/01", query{Since: queryDay(2026, 2, 1), Before: queryDay(2026, 5, 1)}},
		{"newer_than:2d", query{Since: now.AddDate(0, 0, -2)}},
		{"newer_than:12h", query{Since: now.Add(-12 * time.Hour)}},
		{"newer_than:2w", query{Since: now.AddDate(0, 0, -14)}},
		{"newer_than:1m", query{Since: time.Date(2026, 2, 28, 17, 4, 5, 0, queryZone())}},
		{"older_than:1Y", query{Before: time.Date(2025, 3, 31, 17, 4, 5, 0, queryZone())}},
	}
}

func groupQueries() []queryCase {
	return []queryCase{
		{"a OR b", query{Any: [][]query{{text("a"), text("b")}}}},
		{"a | b", query{Any: [][]query{{text("a"), text("b")}}}},
		{"{a b}", query{Any: [][]query{{text("a"), text("b")}}}},
		{"{a OR b c}", query{Any: [][]query{{text("a"), text("b"), text("c")}}}},
		{"{a {b c}} ", query{Any: [][]query{{text("a"), text("b"), text("c")}}}},
		{"a OR b OR c", query{Any: [][]query{{text("a"), text("b"), text("c")}}}},
		{"a b OR c d", query{Text: words("a", "d"), Any: [][]query{{text("b"), text("c")}}}},
		{"a AND b OR c", query{Text: words("a"), Any: [][]query{{text("b"), text("c")}}}},
		{"(a b) OR c", query{Any: [][]query{{text("a", "b"), text("c")}}}},
		{"(a b)(c)", text("a", "b", "c")},
		{"((a))", text("a")},
		{"{a}", text("a")},
		{"{a b} {c d}", query{Any: [][]query{{text("a"), text("b")}, {text("c"), text("d")}}}},
		{"from:{ann bob}", query{Any: [][]query{{{From: words("ann")}, {From: words("bob")}}}}},
		{"from:(ann OR bob) x", query{Text: words("x"), Any: [][]query{{{From: words("ann")}, {From: words("bob")}}}}},
		{"from:(ann -bob)", query{From: words("ann"), Not: []query{{From: words("bob")}}}},
		{"-a", query{Not: []query{text("a")}}},
		{`-"a b"`, query{Not: []query{text("a b")}}},
		{"-from:ann b", query{Text: words("b"), Not: []query{{From: words("ann")}}}},
		{"-(a b)", query{Not: []query{text("a", "b")}}},
		{"-{a b}", query{Not: []query{text("a"), text("b")}}},
		{"-(a OR b)", query{Not: []query{{Any: [][]query{{text("a"), text("b")}}}}}},
		{"-(-a)", query{Not: []query{{Not: []query{text("a")}}}}},
		{"-has:attachment", query{Not: []query{{HasAttach: true}}}},
		{"-is:unread", query{Not: []query{{Without: provider.Seen}}}},
		{"-a OR b", query{Any: [][]query{{{Not: []query{text("a")}}, text("b")}}}},
		{"is:unread OR newer_than:1d", query{Any: [][]query{{{Without: provider.Seen}, {Since: time.Date(2026, 3, 30, 17, 4, 5, 0, queryZone())}}}}},
		{"((((((((a))))))))", text("a")},
	}
}

func allQueries() []queryCase {
	var all []queryCase
	for _, part := range [][]queryCase{plainQueries(), operatorQueries(), dateQueries(), groupQueries()} {
		all = append(all, part...)
	}
	return all
}

func TestParseQuery(t *testing.T) {
	for _, tt := range allQueries() {
		t.Run(tt.in, func(t *testing.T) {
			got, err := parse(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("parseQuery(%q) (-want +got):\n%s", tt.in, diff)
			}
			checkReparse(t, got)
		})
	}
}

func TestParseQueryRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		says     []string
	}{
		{"control character", "a\tb", []string{"U+0009", "character 2"}},
		{"zero byte", "x\x00", []string{"U+0000", "character 2"}},
		{"not UTF-8", "a\xff", []string{"UTF-8"}},
		{"too long", strings.Repeat("a", maxQueryLen+1), []string{"2001", "at most 2000"}},
		{"long term", strings.Repeat("a", provider.MaxQueryText+1), []string{"too long", "500"}},
		{"too many terms", strings.Repeat("a ", provider.MaxQueryTerms+1), []string{"more than 100"}},
		{"too deep", "(((((((((a)))))))))", []string{`"("`, "character 9", "too deep"}},
		{"too deep minus", "-(-(-(-(-(a)))))", []string{"too deep"}},
		{"too deep when built", "-(b -(b OR -(c OR -(d OR -(e f OR g)))))", []string{"too deep"}},
		{"misspelt", "frm:ann", []string{`"frm:ann"`, "character 1", "write from:", "quotes"}},
		{"misspelt later", "grüße sbject:x", []string{`"sbject:x"`, "character 7", "write subject:"}},
		{"other name", "sender:ann", []string{"write from:"}},
		{"abbreviation", "attach:x subj:y", []string{`"attach:x"`, "operators: from: to:"}},
		{"prefix", "subj:y", []string{"write subject:"}},
		{"bcc", "bcc:ann", []string{"to: (it looks at To, Cc and Bcc)"}},
		{"size", "size:1000", []string{"larger: or smaller:"}},
		{"word with colon", "re:hello", []string{`"re:hello"`, "does not exist", "quotes"}},
		{"word with colon, other script", "тема:x", []string{"does not exist"}},
		{"group of unknown", "foo:(a b)", []string{`"foo:(a"`, "does not exist"}},
		{"no value", "from:", []string{"has no value", `from:word`}},
		{"space behind colon", "from: ann", []string{`"from:"`, "without a space"}},
		{"no value in group", "(from:)", []string{"character 2", "has no value"}},
		{"has what", "has:stars", []string{`"has:stars"`, "has:attachment"}},
		{"is what", "is:important", []string{"unread, read, starred"}},
		{"day", "after:2026/04/31", []string{"after:2026/11/20"}},
		{"month", "after:2026/13/01", []string{"does not take"}},
		{"no such year", "after:0000/01/01", []string{"does not take"}},
		{"before mail", "after:1969-01-01", []string{"does not take"}},
		{"first year", "after:0001-01-01", []string{"does not take"}},
		{"american date", "after:11/20/2026", []string{"after:2026/11/20"}},
		{"mixed separators", "after:2026/11-20", []string{"after:2026/11/20"}},
		{"two parts", "before:2026/11", []string{"before:2026/11/20"}},
		{"word as date", "before:yesterday", []string{"before:2026/11/20"}},
		{"signed date", "after:2026/+1/02", []string{"does not take"}},
		{"far future", "after:99999999999999", []string{"does not take"}},
		{"relative unit", "newer_than:2x", []string{"h, d, w, m or y"}},
		{"relative nothing", "newer_than:d", []string{"newer_than:2d"}},
		{"relative zero", "older_than:0d", []string{"older_than:2d"}},
		{"relative much", "older_than:10001d", []string{"older_than:2d"}},
		{"relative before mail", "older_than:9999y", []string{"older_than:2d"}},
		{"size zero", "larger:0", []string{"larger:10M"}},
		{"size with point", "larger:1.5M", []string{"larger:10M"}},
		{"size overflow", "larger:9999999999G", []string{"larger:10M"}},
		{"size signed", "smaller:-5", []string{"smaller:10M"}},
		{"size of nothing", "smaller:k", []string{"smaller:10M"}},
		{"message id", "rfc822msgid:<>", []string{"rfc822msgid:abc@example.org"}},
		{"message id with space", `rfc822msgid:"a b"`, []string{"rfc822msgid:abc@example.org"}},
		{"quote", `say "hello`, []string{"character 5", "never closed"}},
		{"escaped quote", `"hello\"`, []string{"never closed"}},
		{"empty phrase", `a ""`, []string{"character 3", "empty phrase"}},
		{"blank phrase", `from:"  "`, []string{"empty phrase"}},
		{"word then quote", `a"b"`, []string{`"a\"b\""`, "not set apart"}},
		{"phrase then word", `"a"b`, []string{"not set apart"}},
		{"word then bracket", "f(x)", []string{"not set apart"}},
		{"value then bracket", "from:f(x)", []string{"not set apart"}},
		{"open bracket", "(a b", []string{"the end", "character 5", `closing ")"`}},
		{"open brace", "{a b", []string{`closing "}"`}},
		{"crossed brackets", "(a }", []string{`"}"`, "closes nothing"}},
		{"crossed braces", "{a )", []string{`")"`, "closes nothing"}},
		{"closing bracket", "a )", []string{`")"`, "character 3", "closes nothing"}},
		{"smiley", "thanks :)", []string{"closes nothing"}},
		{"empty group", "a ()", []string{"empty group"}},
		{"empty braces", "{}", []string{"empty group"}},
		{"empty operator group", "from:()", []string{"empty group"}},
		{"OR first", "OR a", []string{`"OR" at character 1`, "term should"}},
		{"OR last", "a OR", []string{"the end", "term should"}},
		{"OR twice", "a OR OR b", []string{"character 6"}},
		{"OR at group end", "(a OR)", []string{`")"`, "closes nothing"}},
		{"AND first", "AND a", []string{`"AND" at character 1`}},
		{"AND last", "a AND", []string{"nothing behind"}},
		{"AND twice", "a AND AND b", []string{"character 7"}},
		{"AND OR", "a AND OR b", []string{`"OR"`}},
		{"OR AND", "a OR AND b", []string{`"AND"`}},
		{"AND in braces", "{a AND b}", []string{"braces", "( )"}},
		{"NOT", "a NOT b", []string{`"NOT"`, "-word"}},
		{"lone minus", "a - b", []string{"character 3", "leave out"}},
		{"minus at the end", "a -", []string{"leave out"}},
		{"two minuses", "--force", []string{`"--force"`}},
		{"minus before OR", "-OR", []string{`"OR"`}},
		{"minus before bracket", "(-)", []string{"leave out"}},
		{"wildcard", "inv*", []string{"wildcard"}},
		{"wildcard in value", "from:*@example.org", []string{"wildcard"}},
		{"plus", "+word", []string{"plus sign"}},
		{"operator in an operator group", "from:(ann subject:x)", []string{`"subject:x"`, "inside from:( )"}},
		{"group in an operator group", "from:(ann to:(x))", []string{`"to:"`, "inside from:( )"}},
		{"two folders", "in:inbox in:sent", []string{`"in:sent"`, "{in:a in:b}"}},
		{"folders that all must match", "in:(inbox sent)", []string{"second in:"}},
		{"anywhere and a folder", "{in:anywhere in:sent}", []string{"in:anywhere beside"}},
		{"folder or word", "in:inbox OR x", []string{`"in:inbox"`, "whole search"}},
		{"folder in a group", "{x (in:inbox y)}", []string{"whole search"}},
		{"not a folder", "-in:inbox", []string{`"in:inbox"`, "whole search"}},
		{"anywhere but trash", "in:anywhere -in:trash", []string{`"-in:trash"`, "another in:"}},
		{"blank folder", `in:"\\"  in:" "`, []string{"empty phrase"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(tt.in)
			var fault *Error
			if !errors.As(err, &fault) || fault.Code != Invalid || fault.Next == "" {
				t.Fatalf("parseQuery(%q) = %+v, %v", tt.in, got, err)
			}
			for _, want := range tt.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("parseQuery(%q): %q does not say %q", tt.in, err, want)
				}
			}
		})
	}
}

// Each operator is named in the error about an unknown one, and its example is understood.
func TestQueryOperatorForms(t *testing.T) {
	_, err := parse("zzzzzzzz:x")
	for _, op := range queryOperators() {
		if !strings.Contains(err.Error(), " "+op+":") {
			t.Errorf("%q does not name %s:", err, op)
		}
		form, _, _ := strings.Cut(operatorForm(op), " ")
		form = strings.TrimSuffix(form, ",")
		switch form {
		case "is:", "in:":
			continue // listed in words
		}
		if _, err := parse(form); err != nil {
			t.Errorf("example of %s: %v", op, err)
		}
	}
}

// checkReparse fails unless the query prints as one that parses to it.
func checkReparse(t *testing.T, q query) {
	t.Helper()
	printed := printQuery(q)
	again, err := parseQuery(printed, queryNow(), queryZone())
	if err != nil && (strings.Contains(err.Error(), "at most 2000") || strings.Contains(err.Error(), "too deep") && queryDepth(q) > 2) {
		return // the printer quotes every word and brackets every part
	}
	if err != nil {
		t.Fatalf("%s: %v", printed, err)
	}
	if diff := cmp.Diff(q, again); diff != "" {
		t.Fatalf("%s (-first +again):\n%s", printed, diff)
	}
}

// printQuery writes a query in the syntax that parseQuery reads.
func printQuery(q query) string {
	var terms []string
	put := func(op string, values ...string) {
		for _, v := range values {
			terms = append(terms, op+`"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`, "“", `\“`, "”", `\”`, "„", `\„`).Replace(v)+`"`)
		}
	}
	if q.Everywhere {
		terms = append(terms, "in:anywhere")
	}
	if len(q.In) > 0 {
		for _, f := range q.In {
			put("in:", string(f))
		}
		terms = []string{"{" + strings.Join(terms, " ") + "}"}
	}
	put("from:", q.From...)
	put("to:", q.To...)
	put("cc:", q.Cc...)
	put("subject:", q.Subject...)
	put("", q.Text...)
	put("body:", q.Body...)
	put("filename:", q.Filename...)
	put("label:", q.Labels...)
	if !q.Since.IsZero() {
		terms = append(terms, printTime("after", q.Since))
	}
	if !q.Before.IsZero() {
		terms = append(terms, printTime("before", q.Before))
	}
	terms = append(terms, printFlags(q)...)
	if q.Larger > 0 {
		terms = append(terms, fmt.Sprint("larger:", q.Larger))
	}
	if q.Smaller > 0 {
		terms = append(terms, fmt.Sprint("smaller:", q.Smaller))
	}
	if q.HasAttach {
		terms = append(terms, "has:attachment")
	}
	if q.HeaderID != "" {
		put("rfc822msgid:", "<"+q.HeaderID+">")
	}
	for _, not := range q.Not {
		terms = append(terms, "-("+printQuery(not)+")")
	}
	for _, group := range q.Any {
		var parts []string
		for _, one := range group {
			parts = append(parts, "("+printQuery(one)+")")
		}
		terms = append(terms, "{"+strings.Join(parts, " ")+"}")
	}
	return strings.Join(terms, " ")
}

func printTime(op string, t time.Time) string {
	if t.Equal(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, queryZone())) {
		return op + ":" + t.Format("2006/01/02")
	}
	return fmt.Sprintf("%s:%09d", op, t.Unix())
}

func printFlags(q query) []string {
	var terms []string
	for word, flag := range map[string]provider.Flags{"read": provider.Seen, "starred": provider.Flagged, "answered": provider.Answered, "draft": provider.Draft, "deleted": provider.Deleted} {
		if q.With.Has(flag) {
			terms = append(terms, "is:"+word)
		}
		if q.Without.Has(flag) {
			terms = append(terms, "is:un"+word)
		}
	}
	return terms
}

// queryDepth and queryTerms count as provider does.
func queryDepth(q query) int {
	deepest := 0
	for _, group := range append([][]query{q.Not}, q.Any...) {
		for _, sub := range group {
			deepest = max(deepest, 1+queryDepth(sub))
		}
	}
	return deepest
}

func queryTerms(q query) int {
	n := len(q.In) + len(q.From) + len(q.To) + len(q.Cc) + len(q.Subject) + len(q.Text) + len(q.Body) + len(q.Filename) + len(q.Labels) + len(q.Not)
	for _, group := range append([][]query{q.Not}, q.Any...) {
		for _, sub := range group {
			n += queryTerms(sub)
		}
	}
	for _, group := range q.Any {
		n += len(group)
	}
	return n
}

func FuzzParseQuery(f *testing.F) {
	for _, c := range allQueries() {
		f.Add(c.in)
	}
	for _, s := range []string{`{a -(b OR "c d") from:(x y)} in:{inbox sent}`, "a)(", "-{-{-a}}", `"\\\""`, "rfc822msgid:a rfc822msgid:b -(rfc822msgid:c rfc822msgid:d)", "f:::(", "after:1700000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := parseQuery(s, queryNow(), queryZone())
		if err != nil {
			var fault *Error
			if !errors.As(err, &fault) || fault.Code != Invalid || fault.Message == "" || fault.Next == "" {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if d, n := queryDepth(q), queryTerms(q); d > provider.MaxQueryDepth || n > provider.MaxQueryTerms {
			t.Fatalf("%q: depth %d, %d terms", s, d, n)
		}
		checkReparse(t, q)
	})
}

func TestNearestOperator(t *testing.T) {
	for name, want := range map[string]string{
		"author": "from:", "recipient": "to: (it looks at To, Cc and Bcc)", "title": "subject:", "mailbox": "in:", "keyword": "label:",
		"content": "body:", "attachments": "has:attachment or filename:", "sent": "after: and before:", "until": "before:",
		"message_id": "rfc822msgid:", "newerthan": "newer_than:", "lable": "label:", "inn": "in:", "re": "", "fwd": "", "x": "", "ünlesbar": "",
	} {
		if got := nearestOperator(name); got != want {
			t.Errorf("nearestOperator(%q) = %q, want %q", name, got, want)
		}
	}
}
