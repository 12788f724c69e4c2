package providertest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/provider"
)

func searchChecks() []check {
	search := provider.Caps(provider.CapSearch)
	all := []check{
		{"search/folders", search, checkSearchFolders},
		{"search/order", search, checkSearchOrder},
		{"search/flags", search | provider.Caps(provider.CapModify), checkSearchFlags},
		{"search/dates", search | provider.Caps(provider.CapRead), checkSearchDates},
		{"search/invalid", search, checkSearchInvalid},
	}
	for _, tc := range queries() {
		all = append(all, check{"search/" + tc.name, search, func(tr *trial) { checkQuery(tr, tc) }})
	}
	return all
}

// library is what the queries are asked of; a letter is named by its id.
func library() []letter {
	return []letter{
		{id: "plain", from: "Ann Lee <ann@example.org>", to: "me@example.org", subject: "Quarterly report", text: "The numbers are fine.\n"},
		{id: "cc", from: "bob@example.net", to: "team@example.org", cc: "Carla Ruiz <carla@example.com>", subject: "Lunch", text: "Pasta or rice? The report can wait.\n"},
		{id: "intl", from: "=?utf-8?Q?J=C3=B6rg?= <joerg@example.org>", to: "me@example.org", subject: "Gr\u00fc\u00dfe aus \u6771\u4eac", text: "Sch\u00f6ne Stra\u00dfe, \u6771\u4eac\u30bf\u30ef\u30fc\n"},
		{id: "file", from: "dora@example.com", to: "me@example.org", subject: "Invoice", text: "See the attachment.\n", file: "invoice-2026.pdf", data: []byte("%PDF-1.4 x")},
		{id: "big", from: "list@example.net", to: "all@example.org", subject: "Digest", text: "Many words.\n", filler: 60_000},
	}
}

// queryCase is a query and the letters that it finds. Only basic terms must be
// served by every backend that searches; others may be refused by name.
type queryCase struct {
	name  string
	basic bool
	q     provider.Query
	want  string // ids, newest first
}

func queries() []queryCase {
	words := func(w ...string) []string { return w }
	return []queryCase{
		{"everything", true, provider.Query{}, "big file intl cc plain"},
		{"from address", true, provider.Query{From: words("ann@example.org")}, "plain"},
		{"from name without case", true, provider.Query{From: words("aNN lEE")}, "plain"},
		{"from not in other fields", true, provider.Query{From: words("me@example.org")}, ""},
		{"to", true, provider.Query{To: words("team@example.org")}, "cc"},
		{"to finds cc", true, provider.Query{To: words("carla@example.com")}, "cc"},
		{"cc", false, provider.Query{Cc: words("Carla")}, "cc"},
		{"cc is not to", false, provider.Query{Cc: words("team@example.org")}, ""},
		{"subject", true, provider.Query{Subject: words("report")}, "plain"},
		{"part of a word", true, provider.Query{Subject: words("uarter")}, "plain"},
		{"all words of a field", true, provider.Query{Subject: words("report", "quarterly")}, "plain"},
		{"one word of two is not enough", true, provider.Query{Subject: words("report", "lunch")}, ""},
		{"text in subject or body", true, provider.Query{Text: words("report")}, "cc plain"},
		{"body", false, provider.Query{Body: words("report")}, "cc"},
		{"fields together", true, provider.Query{From: words("bob"), Subject: words("lunch")}, "cc"},
		{"fields that exclude each other", true, provider.Query{From: words("bob"), Subject: words("invoice")}, ""},
		{"non-ASCII subject", true, provider.Query{Subject: words("Gr\u00fc\u00dfe")}, "intl"},
		{"non-ASCII subject without case", false, provider.Query{Subject: words("GR\u00dc")}, "intl"},
		{"ideographs", true, provider.Query{Subject: words("\u6771\u4eac")}, "intl"},
		{"non-ASCII sender", true, provider.Query{From: words("J\u00f6rg")}, "intl"},
		{"non-ASCII body", true, provider.Query{Text: words("\u30bf\u30ef\u30fc")}, "intl"},
		{"quotes and wildcards are plain text", true, provider.Query{Subject: words(`"Invoice" * %`)}, ""},
		{"file name", false, provider.Query{Filename: words("invoice-2026")}, "file"},
		{"has attachment", false, provider.Query{HasAttach: true}, "file"},
		{"larger", false, provider.Query{Larger: 50_000}, "big"},
		{"smaller", false, provider.Query{Smaller: 50_000, From: words("example.net")}, "cc"},
		{"message id", true, provider.Query{HeaderID: "intl@test.invalid"}, "intl"},
		{"message id in brackets", true, provider.Query{HeaderID: "<intl@test.invalid>"}, "intl"},
		{"message id unknown", true, provider.Query{HeaderID: "none@test.invalid"}, ""},
		{"not", false, provider.Query{Not: []provider.Query{{From: words("example.org")}}}, "big file cc"},
		{"neither", false, provider.Query{Not: []provider.Query{{From: words("ann")}, {Subject: words("digest")}}}, "file intl cc"},
		{"either", false, provider.Query{Any: [][]provider.Query{{{From: words("ann")}, {Subject: words("lunch")}}}}, "cc plain"},
		{"alternatives beside a field", false, provider.Query{Text: words("report"), Any: [][]provider.Query{{{From: words("bob")}, {From: words("dora")}}}}, "cc"},
		{"two groups of alternatives", false, provider.Query{Any: [][]provider.Query{
			{{From: words("ann")}, {From: words("bob")}}, {{Subject: words("lunch")}, {Subject: words("invoice")}}}}, "cc"},
		{"not within an alternative", false, provider.Query{Any: [][]provider.Query{{{Subject: words("report"), Not: []provider.Query{{From: words("ann")}}}, {Subject: words("digest")}}}}, "big"},
		{"nothing", true, provider.Query{Subject: words("xyzzy")}, ""},
	}
}

func checkQuery(tr *trial, tc queryCase) {
	in := tr.inbox()
	for _, l := range library() {
		l.id += "@test.invalid"
		tr.deliver(in, l)
	}
	if !tc.basic {
		tr.skipIfRefused(tc.q)
	}
	if got := strings.ReplaceAll(strings.Join(headerIDs(tr.search(tc.q)), " "), "@test.invalid", ""); got != tc.want {
		tr.errorf("found %q, want %q", got, tc.want)
	}
}

// skipIfRefused ends the check when the server cannot serve a term and says so.
func (tr *trial) skipIfRefused(q provider.Query) {
	_, err := tr.acct.Search(tr.ctx(), q, provider.PageRequest{})
	var e *provider.Error
	if errors.Is(err, provider.Unsupported) {
		if !errors.As(err, &e) || e.Err == nil && e.Hint == "" {
			tr.errorf("a term is refused without saying which: %v", err)
		}
		tr.skipf("the server cannot serve this term: %v", err)
	}
}

// checkSearchFolders: a search looks where it is told, and by default
// everywhere but in Trash and Junk.
func checkSearchFolders(tr *trial) {
	put := func(f provider.Folder, name string) {
		tr.deliver(f, letter{id: name + "@test.invalid", subject: "wanted"})
	}
	in, other := tr.inbox(), tr.second()
	put(in, "inbox")
	put(other, "other")
	wantDefault, wantAll := []string{"inbox", "other"}, []string{"inbox", "other"}
	for _, r := range []provider.Role{provider.RoleTrash, provider.RoleJunk} {
		if f, ok := tr.role(r); ok {
			put(f, string(r))
			wantAll = append(wantAll, string(r))
		}
	}
	for _, tc := range []struct {
		name string
		q    provider.Query
		want []string
	}{
		{"one folder", provider.Query{In: []provider.FolderID{other.ID}}, []string{"other"}},
		{"two folders", provider.Query{In: []provider.FolderID{in.ID, other.ID}}, []string{"inbox", "other"}},
		{"the same folder twice", provider.Query{In: []provider.FolderID{in.ID, in.ID}}, []string{"inbox"}},
		{"by default", provider.Query{}, wantDefault},
		{"everywhere", provider.Query{Everywhere: true}, wantAll},
	} {
		tc.q.Subject = []string{"wanted"}
		var got []string
		for _, id := range headerIDs(tr.search(tc.q)) {
			got = append(got, strings.TrimSuffix(id, "@test.invalid"))
		}
		slices.Sort(got)
		slices.Sort(tc.want)
		if !slices.Equal(got, tc.want) {
			tr.errorf("%s: found in %q, want %q", tc.name, got, tc.want)
		}
	}
}

// checkSearchOrder: newest first over several folders, page by page too.
func checkSearchOrder(tr *trial) {
	folders := []provider.Folder{tr.inbox(), tr.second()}
	for i, l := range numbered(9) {
		tr.deliver(folders[i%2], l)
	}
	q := provider.Query{In: []provider.FolderID{folders[0].ID, folders[1].ID}}
	whole := tr.search(q)
	for i := 1; i < len(whole); i++ {
		if whole[i].Received.After(whole[i-1].Received) {
			tr.errorf("%s, received %v, comes after %s, received %v", whole[i].HeaderID, whole[i].Received, whole[i-1].HeaderID, whole[i-1].Received)
		}
	}
	var paged []provider.MessageID
	for s, err := range provider.All(tr.ctx(), provider.PageRequest{Limit: 2}, func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
		return tr.acct.Search(ctx, q, page)
	}) {
		tr.must("walk", err)
		paged = append(paged, s.ID)
	}
	if len(whole) != 9 || !slices.Equal(paged, ids(whole)) {
		tr.errorf("%d of 9 found; in pages of 2: %s", len(whole), difference(paged, ids(whole)))
	}
}

func checkSearchFlags(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 4)
	set := func(f provider.Flags, list ...provider.MessageID) {
		_, err := tr.acct.SetFlags(tr.ctx(), list, provider.FlagChange{Add: f})
		tr.must("set flags", err)
	}
	set(provider.Seen, all[0], all[1])
	set(provider.Flagged, all[1], all[2])
	set(provider.Answered, all[3])
	for _, tc := range []struct {
		name          string
		with, without provider.Flags
		want          []provider.MessageID
	}{
		{"seen", provider.Seen, 0, all[:2]},
		{"unseen", 0, provider.Seen, all[2:]},
		{"seen and flagged", provider.Seen | provider.Flagged, 0, all[1:2]},
		{"flagged, unseen", provider.Flagged, provider.Seen, all[2:3]},
		{"neither seen nor flagged", 0, provider.Seen | provider.Flagged, all[3:]},
		{"answered", provider.Answered, 0, all[3:]},
	} {
		if got := ids(tr.search(provider.Query{With: tc.with, Without: tc.without})); !slices.Equal(got, tc.want) {
			tr.errorf("%s: %s", tc.name, difference(got, tc.want))
		}
	}
}

// checkSearchDates allows a server that compares days only.
func checkSearchDates(tr *trial) {
	in := tr.inbox()
	tr.fill(in, 1)
	at := tr.list(in)[0].Received
	if at.IsZero() {
		tr.skipf("the backend does not know when a message arrived")
	}
	const days = 48 * time.Hour
	for _, tc := range []struct {
		name string
		q    provider.Query
		want int
	}{
		{"since two days earlier", provider.Query{Since: at.Add(-days)}, 1},
		{"since two days later", provider.Query{Since: at.Add(days)}, 0},
		{"before two days later", provider.Query{Before: at.Add(days)}, 1},
		{"before two days earlier", provider.Query{Before: at.Add(-days)}, 0},
		{"between", provider.Query{Since: at.Add(-days), Before: at.Add(days)}, 1},
	} {
		if got := tr.search(tc.q); len(got) != tc.want {
			tr.errorf("%s: %d messages, want %d", tc.name, len(got), tc.want)
		}
	}
}

func checkSearchInvalid(tr *trial) {
	deep := provider.Query{}
	for range provider.MaxQueryDepth + 1 {
		deep = provider.Query{Not: []provider.Query{deep}}
	}
	for name, q := range map[string]provider.Query{
		"an empty word":            {Subject: []string{""}},
		"a control character":      {Text: []string{"a\r\nb"}},
		"a word that is too long":  {Text: []string{strings.Repeat("a", provider.MaxQueryText+1)}},
		"too many words":           {Text: slices.Repeat([]string{"a"}, provider.MaxQueryTerms+1)},
		"nested too deeply":        deep,
		"an empty alternative":     {Any: [][]provider.Query{{}}},
		"folders and everywhere":   {In: []provider.FolderID{tr.inbox().ID}, Everywhere: true},
		"a folder within the tree": {Not: []provider.Query{{Everywhere: true}}},
		"a negative size":          {Larger: -1},
	} {
		_, err := tr.acct.Search(tr.ctx(), q, provider.PageRequest{})
		tr.want(name, err, provider.Invalid)
	}
}
