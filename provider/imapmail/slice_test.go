package imapmail

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

func TestSlicer(t *testing.T) {
	const ms = time.Millisecond
	dense := imapx.Mailbox{Messages: 100_000, UIDNext: 100_001}
	sparse := imapx.Mailbox{Messages: 10_000, UIDNext: 1_000_001}
	for _, tt := range []struct {
		name  string
		box   imapx.Mailbox
		reads reads
		took  []time.Duration
		want  []uint64 // UIDs of each slice, and of the one behind the last
	}{
		{"no index", dense, readsBodies, []time.Duration{60 * ms, 960 * ms, 1000 * ms}, []uint64{1000, 16_000, 16_666, 16_666}},
		{"an index", dense, readsBodies, []time.Duration{2 * ms}, []uint64{1000, mostAtOnce}},
		{"quick with few messages in it", sparse, readsBodies, []time.Duration{2 * ms, 2 * ms}, []uint64{100_000, 1_600_000, 25_600_000}},
		{"slow", dense, readsBodies, []time.Duration{4 * time.Second, 2 * time.Second}, []uint64{1000, 250, 125}},
		{"hardly moving", dense, readsBodies, []time.Duration{time.Hour}, []uint64{1000, 62}},
		{"unknown numbers", imapx.Mailbox{Messages: 50_000}, readsBodies, []time.Duration{60 * ms}, []uint64{1000, 16_000}},
		{"fields", dense, readsFields, []time.Duration{20 * ms}, []uint64{10_000, 160_000}},
		{"fields nobody asked for before", dense, readsFields, []time.Duration{900 * ms}, []uint64{10_000, 11_111}},
		{"no bodies", dense, readsNothing, []time.Duration{time.Hour}, []uint64{500_000, 500_000}},
		{"no bodies, unknown numbers", imapx.Mailbox{Messages: 50_000}, readsNothing, []time.Duration{ms}, []uint64{1 << 32, 1 << 32}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSlicer(tt.box, tt.reads)
			got := []uint64{s.span}
			for _, d := range tt.took {
				s.took(d)
				got = append(got, s.span)
			}
			diff(t, "slices", tt.want, got)
		})
	}
	for _, tt := range []struct {
		span      uint64
		top, want imapx.UID
	}{{10, 100, 90}, {99, 100, 1}, {100, 100, 1}, {1 << 32, nothing, 1}, {1, 2, 1}} {
		if got := (&slicer{span: tt.span}).low(tt.top); got != tt.want {
			t.Errorf("%d below %d: from %d, want %d", tt.span, tt.top, got, tt.want)
		}
	}
}

func TestPace(t *testing.T) {
	now := time.Unix(1e9, 0)
	p := &pace{now: func() time.Time { return now }, began: now, most: 10 * time.Second}
	for _, tt := range []struct {
		name        string
		after       time.Duration
		hasty, some bool
		over        bool
	}{
		{"at first", 0, true, true, false},
		{"hits of a search that reads", firstHits, true, true, true},
		{"no hits yet", firstHits, true, false, false},
		{"hits of an index", firstHits, false, true, false},
		{"out of time", 10 * time.Second, false, false, true},
	} {
		now = p.began.Add(tt.after)
		p.hasty = tt.hasty
		p.some.Store(tt.some)
		if got := p.over(); got != tt.over {
			t.Errorf("%s: over %v", tt.name, got)
		}
	}
	if !p.begin() || p.begin() {
		t.Error("out of time, one folder is begun, not none and not two")
	}
}

// bigBox is a server without an index: a mailbox of n messages, some of which
// hold the word that is searched for.
type bigBox struct {
	mu       sync.Mutex
	n        int
	uidNext  string // its code, or nothing
	hits     map[int]bool
	searches []string
}

func (b *bigBox) answer(command string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case strings.HasPrefix(command, "EXAMINE"):
		return fmt.Sprintf("* %d EXISTS\n* OK [UIDVALIDITY 7] ok\n%s$ OK open\n", b.n, b.uidNext)
	case strings.HasPrefix(command, "UID SEARCH"):
		b.searches = append(b.searches, command)
		from, to := 1, b.n
		if f := strings.Fields(command); len(f) > 3 && f[2] == "UID" {
			first, last, _ := strings.Cut(f[3], ":")
			from, _ = strconv.Atoi(first)
			if to, _ = strconv.Atoi(last); last == "*" {
				to = b.n // and not the last message whatever from is, as on Courier
			}
		}
		out := "* SEARCH"
		for u := from; u <= to; u++ {
			if b.hits[u] || !strings.Contains(command, "BODY") {
				out += " " + strconv.Itoa(u)
			}
		}
		return out + "\n$ OK done\n"
	case strings.HasPrefix(command, "FETCH"):
		return fmt.Sprintf("* %d FETCH (UID %d)\n$ OK done\n", b.n, b.n)
	case strings.HasPrefix(command, "UID FETCH"):
		var out strings.Builder
		for set := range strings.SplitSeq(strings.Fields(command)[2], ",") {
			first, last, ranged := strings.Cut(set, ":")
			from, _ := strconv.Atoi(first)
			to := from
			if ranged {
				to, _ = strconv.Atoi(last)
			}
			for u := from; u <= to && u <= b.n; u++ {
				if strings.Contains(command, "HEADER") {
					out.WriteString(strings.TrimSuffix(listed(u, "", fmt.Sprint("message ", u)), "$ OK done\n"))
				} else {
					fmt.Fprintf(&out, "* %d FETCH (UID %d INTERNALDATE \"02-Nov-2025 10:00:00 +0000\")\n", u, u)
				}
			}
		}
		return out.String() + "$ OK done\n"
	}
	return ""
}

// TestBodySearchInSlices: each call looks at the newest messages nobody has
// looked at, says how far it got, and in the end has them all.
func TestBodySearchInSlices(t *testing.T) {
	for _, tt := range []struct{ name, uidNext string }{
		{"numbered", "* OK [UIDNEXT 4501] next\n"},
		{"without UIDNEXT", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			box := &bigBox{n: 4500, uidNext: tt.uidNext, hits: map[int]bool{4400: true, 4300: true, 1200: true, 7: true}}
			acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) {
				o.IMAP = talk(t, "", box.answer)
				o.SearchTime = 1 // each call is over after its first slice
			})
			q := provider.Query{In: []provider.FolderID{"INBOX"}, Body: []string{"word"}}
			var pages [][]string
			page := provider.PageRequest{}
			for more := true; more; more = page.After != "" {
				got, err := acct.Search(t.Context(), q, page)
				if err != nil {
					t.Fatal(err)
				}
				if got.Partial != (got.Next != "") || got.Partial == got.Reached.IsZero() {
					t.Errorf("page %d: partial %v, reached %v, next %q", len(pages), got.Partial, got.Reached, got.Next)
				}
				if len(pages) == 0 && len(box.searches) != 1 {
					t.Errorf("searches %q", box.searches)
				}
				pages, page.After = append(pages, subjects(got.Items)), got.Next
			}
			diff(t, "pages", [][]string{{"message 4400", "message 4300"}, nil, nil, {"message 1200"}, {"message 7"}}, pages[:min(5, len(pages))])
		})
	}
}

// TestBodySearchFillsAPage: a common word is found in the first slice, and the
// rest is left alone.
func TestBodySearchFillsAPage(t *testing.T) {
	box := &bigBox{n: 100_000, uidNext: "* OK [UIDNEXT 100001] next\n", hits: make(map[int]bool)}
	for u := 10; u <= box.n; u += 10 {
		box.hits[u] = true
	}
	acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) { o.IMAP = talk(t, "", box.answer) })
	got, err := acct.Search(t.Context(), provider.Query{In: []provider.FolderID{"INBOX"}, Body: []string{"word"}}, provider.PageRequest{})
	if err != nil || len(got.Items) != provider.DefaultLimit || got.Partial || got.Next == "" || got.Total != 0 {
		t.Fatalf("%d items, partial %v, next %q, total %d, %v", len(got.Items), got.Partial, got.Next, got.Total, err)
	}
	if got.Items[0].Subject != "message 100000" || len(box.searches) != 1 || !strings.Contains(box.searches[0], "UID 99001:*") {
		t.Errorf("first %q, searches %q", got.Items[0].Subject, box.searches)
	}
}

// TestBodySearchStalls: a server that never answers a slice ends the call, with
// what other slices had found.
func TestBodySearchStalls(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer int // slices that are answered
		want   int // hits; 0: an error
	}{
		{"at once", 0, 0},
		{"later", 1, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			box := &bigBox{n: 50_000, uidNext: "* OK [UIDNEXT 50001] next\n", hits: map[int]bool{49_990: true, 49_980: true}}
			slices := 0
			stop := make(chan struct{})
			acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) {
				o.IMAP = talk(t, "", func(command string) string {
					if strings.HasPrefix(command, "UID SEARCH") {
						if slices++; slices > tt.answer {
							<-stop
						}
					}
					return box.answer(command)
				})
				o.SearchTime = 300 * time.Millisecond
			})
			t.Cleanup(func() { close(stop) })
			got, err := acct.Search(t.Context(), provider.Query{In: []provider.FolderID{"INBOX"}, Body: []string{"word"}}, provider.PageRequest{})
			if tt.want == 0 {
				wantCode(t, err, provider.Unavailable)
				if !strings.Contains(err.Error(), "too long") {
					t.Error(err)
				}
				return
			}
			if err != nil || len(got.Items) != tt.want || !got.Partial || got.Next == "" {
				t.Errorf("%d items, partial %v, next %q, %v", len(got.Items), got.Partial, got.Next, err)
			}
		})
	}
}

// TestSearchWithoutTime looks into one folder a call, and leaves none out.
func TestSearchWithoutTime(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		want := 0
		for _, folder := range []string{"INBOX", "Archive", "Sent", "Drafts"} {
			fill(t, srv, folder, 3)
			want += 3
		}
		acct, _, _ := account(t, srv, func(o *Options) { o.SearchTime = 1 })
		seen := make(map[provider.MessageID]bool)
		partial := 0
		for s, err := range provider.All(t.Context(), provider.PageRequest{Limit: 2}, func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
			p, err := acct.Search(ctx, provider.Query{Subject: []string{"letter"}}, page)
			if p.Partial {
				partial++
			}
			return p, err
		}) {
			if err != nil {
				t.Fatal(err)
			}
			if seen[s.ID] {
				t.Errorf("%s comes twice", s.ID)
			}
			seen[s.ID] = true
		}
		if len(seen) != want || partial < 4 {
			t.Errorf("%d of %d messages, %d partial pages", len(seen), want, partial)
		}
	})
}
