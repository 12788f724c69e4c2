package provider_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

// at is a time of arrival n minutes into the test's day.
func at(n int) time.Time { return time.Date(2026, 11, 20, 9, n, 0, 0, time.UTC) }

// note is a message of a conversation; what it names is separated by spaces.
func note(n int, id, refs string) provider.Letter {
	return provider.Letter{
		Summary: provider.Summary{
			ID: workID(n), HeaderID: id, Received: at(n), Date: at(n), Subject: "Re: keel", Size: 100,
			From: []provider.Address{{Addr: "ann@example.org"}},
		},
		References: strings.Fields(refs),
	}
}

func workID(n int) provider.MessageID { return provider.NewMessageID("work", fmt.Sprint(n)) }

func conversation(start int, letters ...provider.Letter) *provider.Conversation {
	c := provider.NewConversation("work", workID(start))
	for _, l := range letters {
		c.Add(l)
	}
	return c
}

func page(t *testing.T, c *provider.Conversation) provider.Page[provider.Summary] {
	t.Helper()
	p, err := c.Page(provider.PageRequest{Limit: provider.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func names(list []provider.Summary) string {
	var out []string
	for _, s := range list {
		out = append(out, s.HeaderID)
	}
	return strings.Join(out, " ")
}

func TestConversation(t *testing.T) {
	with := func(l provider.Letter, change func(*provider.Letter)) provider.Letter {
		change(&l)
		return l
	}
	subject := func(s string) func(*provider.Letter) {
		return func(l *provider.Letter) { l.Summary.Subject = s }
	}
	for _, tt := range []struct {
		name    string
		start   int
		letters []provider.Letter
		want    string
	}{
		{"alone", 1, []provider.Letter{note(1, "a", "")}, "a"},
		{"without an id", 1, []provider.Letter{note(1, "", ""), note(2, "", "")}, ""},
		{"an answer without an id", 1, []provider.Letter{note(1, "a", ""), note(2, "", "a")}, "a "},
		{"arrived out of order", 2, []provider.Letter{note(3, "a", ""), note(2, "b", "a"), note(1, "c", "a b")}, "c b a"},
		{"arrived at once", 1, []provider.Letter{
			with(note(1, "c", "a b"), func(l *provider.Letter) { l.Summary.Received = at(5) }),
			with(note(2, "b", "a"), func(l *provider.Letter) { l.Summary.Received = at(5) }),
			with(note(3, "a", ""), func(l *provider.Letter) { l.Summary.Received = at(5) }),
		}, "a b c"},
		{"references win over in-reply-to", 1, []provider.Letter{
			note(1, "a", ""), note(2, "x", ""), with(note(3, "b", "a"), func(l *provider.Letter) { l.InReplyTo = []string{"x"} }),
		}, "a b"},
		{"only the first of in-reply-to", 1, []provider.Letter{
			note(1, "a", ""), note(2, "x", ""), with(note(3, "b", ""), func(l *provider.Letter) { l.InReplyTo = []string{"x", "a"} }),
		}, "a"},
		{"what is no id is passed over", 1, []provider.Letter{note(1, "a", ""), with(note(2, "b", ""), func(l *provider.Letter) {
			l.References = []string{"", "a", "b", "two words", "line\r\nbreak", strings.Repeat("x", 600), "\xff"}
		})}, "a b"},
		{"a long circle", 2, []provider.Letter{note(1, "a", "c"), note(2, "b", "a"), note(3, "c", "b"), note(4, "d", "")}, "a b c"},
		{"no second parent for a lost one", 1, []provider.Letter{note(1, "b", "a l"), note(2, "x", ""), note(3, "m", "x l"), note(4, "y", "x")}, "b m"},
		{"a subject alone makes no answer", 1, []provider.Letter{note(1, "a", ""), with(note(2, "b", ""), subject("keel")), note(3, "c", "a b")}, "a"},
		{"nor does another one", 1, []provider.Letter{note(1, "a", ""), with(note(2, "b", ""), subject("Re: sail")), note(3, "c", "a b")}, "a"},
		{"dropped fields", 1, []provider.Letter{with(note(1, "a", ""), subject("[boat] Keel (fwd)")), with(note(2, "b", ""), subject("AW: RE[2]: keel")), note(3, "c", "a b")}, "a b c"},
		{"counted by the service", 1, []provider.Letter{note(1, "a", ""), with(note(2, "z", ""), func(l *provider.Letter) { l.Counted = true })}, "a z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := page(t, conversation(tt.start, tt.letters...))
			if got := names(p.Items); got != tt.want || p.Total != len(p.Items) || p.Next != "" || len(p.Failed) > 0 {
				t.Errorf("got %q, %+v, want %q", got, p, tt.want)
			}
			if len(p.Items) > 1 && p.Items[0].ThreadID == "" && tt.name != "counted by the service" {
				t.Error("the conversation has no thread id")
			}
		})
	}
}

// TestConversationNext: what a hostile message names is looked for last, and
// only what can be looked for.
func TestConversationNext(t *testing.T) {
	c := conversation(2, note(1, "a", ""), note(2, "b", "r a"), note(3, "c", "x y z b"), note(4, "other", "q"))
	if diff := cmp.Diff([]string{"b", "r", "a"}, c.Next(3)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"c"}, c.Next(9)); diff != "" {
		t.Errorf("the rest: %s", diff)
	}
	if got := c.Next(9); got != nil {
		t.Errorf("asked for %q again", got)
	}
	if got := conversation(9, note(1, "a", "")).Next(9); got != nil {
		t.Errorf("without the message asked for: %q", got)
	}
}

func TestConversationCopies(t *testing.T) {
	copied := func(n int, change func(*provider.Letter)) provider.Letter {
		l := note(1, "a", "")
		l.Summary.ID, l.Summary.Received = workID(n), at(n)
		change(&l)
		return l
	}
	for _, tt := range []struct {
		name   string
		second func(*provider.Letter)
		best   int
		copies []int
	}{
		{"the same", func(*provider.Letter) {}, 1, []int{2}},
		{"another size", func(l *provider.Letter) { l.Summary.Size = 101 }, 1, nil},
		{"another size, in Sent", func(l *provider.Letter) { l.Summary.Size, l.Sent = 101, true }, 2, []int{1}},
		{"no size", func(l *provider.Letter) { l.Summary.Size = 0 }, 1, []int{2}},
		{"another date", func(l *provider.Letter) { l.Summary.Date = at(9) }, 1, nil},
		{"another sender", func(l *provider.Letter) { l.Summary.From = []provider.Address{{Addr: "eve@example.net"}} }, 1, nil},
		{"another sender, in Sent", func(l *provider.Letter) { l.Summary.From, l.Sent = nil, true }, 1, nil},
		{"the sender's name", func(l *provider.Letter) { l.Summary.From = []provider.Address{{Name: "A", Addr: "Ann@example.org"}} }, 1, []int{2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := page(t, conversation(1, note(1, "a", ""), copied(2, tt.second)))
			var want []provider.MessageID
			for _, n := range tt.copies {
				want = append(want, workID(n))
			}
			if len(p.Items) != 1 || p.Items[0].ID != workID(tt.best) || !cmp.Equal(p.Items[0].Copies, want) {
				t.Errorf("got %+v, want %s with %v", p.Items, workID(tt.best), want)
			}
		})
	}
}

// TestConversationIsBounded: the message asked for and those it answers are
// kept, and what is left out is said.
func TestConversationIsBounded(t *testing.T) {
	const n = provider.MaxThread + 100
	c := conversation(1, note(0, "root", ""), note(1, "a", "root"))
	for i := range n {
		c.Add(note(i+2, fmt.Sprint(i), "root"))
	}
	var got []provider.MessageID
	req := provider.PageRequest{Limit: provider.MaxLimit}
	for {
		p, err := c.Page(req)
		if err != nil {
			t.Fatal(err)
		}
		if p.Total != 0 || len(p.Failed) != 1 || p.Failed[0].ID != workID(1) || !errors.Is(p.Failed[0].Err, provider.TooLarge) {
			t.Errorf("total %d, failed %v", p.Total, p.Failed)
		}
		for _, s := range p.Items {
			got = append(got, s.ID)
		}
		if req.After = p.Next; req.After == "" {
			break
		}
	}
	if len(got) != provider.MaxThread || got[0] != workID(0) || got[1] != workID(1) || got[len(got)-1] != workID(n+1) {
		t.Errorf("%d messages, %v first", len(got), got[:2])
	}
}

// TestConversationIsFast: a stranger's chains and crowds cost no more than others.
func TestConversationIsFast(t *testing.T) {
	c := conversation(0, note(0, "0", ""))
	for i := 1; i < 2000; i++ {
		refs := make([]string, 0, 50)
		for k := range 50 {
			refs = append(refs, fmt.Sprintf("lost.%d.%d", i, k), fmt.Sprint(i-1))
		}
		l := note(i, fmt.Sprint(i%1000), strings.Join(refs, " "))
		l.Summary.Size = int64(i)
		c.Add(l)
	}
	const slow = 20 * time.Second // with the race detector; trying every pair takes far longer
	began := time.Now()
	if p := page(t, c); len(p.Items) == 0 || time.Since(began) > slow {
		t.Errorf("%d messages in %v", len(p.Items), time.Since(began))
	}
}

func TestConversationCursor(t *testing.T) {
	c := conversation(1, note(1, "a", ""), note(2, "b", "a"))
	p, err := c.Page(provider.PageRequest{Limit: 1})
	if err != nil || p.Next == "" {
		t.Fatalf("%+v, %v", p, err)
	}
	if _, err := p.At(1); !errors.Is(err, provider.Invalid) {
		t.Errorf("a cursor behind an item that is not there: %v", err)
	}
	if _, err := conversation(2, note(2, "b", "a")).Page(provider.PageRequest{After: p.Next}); !errors.Is(err, provider.Invalid) {
		t.Errorf("a cursor of another conversation: %v", err)
	}
	if _, err := conversation(9, note(1, "a", "")).Page(provider.PageRequest{}); !errors.Is(err, provider.NotFound) {
		t.Errorf("a message that was not added: %v", err)
	}
}

func TestThreadID(t *testing.T) {
	root := provider.ThreadID("root", nil, nil)
	for name, got := range map[string]string{
		"answer": provider.ThreadID("b", nil, []string{"root", "a"}), "in-reply-to": provider.ThreadID("b", []string{"root"}, nil),
		"blank": provider.ThreadID("b", []string{"root"}, []string{" "}),
	} {
		if got != root || len(root) != 10 {
			t.Errorf("%s: %q, want %q", name, got, root)
		}
	}
	if got := provider.ThreadID("", nil, nil); got != "" {
		t.Errorf("without any id: %q", got)
	}
}

// unthreaded is a backend without Threader over the fake.
type unthreaded struct {
	bare
	provider.Reader
	provider.Searcher
}

// TestThreadDerived: what a backend cannot do itself is put together from
// searches, and so it is where it says Unsupported.
func TestThreadDerived(t *testing.T) {
	mail := []provider.Letter{note(1, "a", ""), note(2, "b", "a"), note(3, "c", "a b"), note(4, "z", "")}
	library := func(f *fake) *answering { return &answering{fake: f, mail: mail} }
	for name, part := range map[string]func(f *fake) provider.Provider{
		"no threader": func(f *fake) provider.Provider { l := library(f); return unthreaded{bare{f}, l, l} },
		"unsupported": func(f *fake) provider.Provider {
			return struct {
				*answering
				refusing
			}{library(f), refusing{}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t, part(newFake("work")))
			for _, start := range []int{1, 3} {
				p, err := a.Thread(t.Context(), workID(start), provider.PageRequest{})
				if err != nil || names(p.Items) != "a b c" || p.Total != 3 {
					t.Errorf("from %d: %q, %v", start, names(p.Items), err)
				}
			}
			if _, err := a.Thread(t.Context(), workID(9), provider.PageRequest{}); !errors.Is(err, provider.NotFound) {
				t.Errorf("an id that is gone: %v", err)
			}
			for _, lost := range []provider.Capability{provider.CapRead, provider.CapSearch, provider.CapThread} {
				view := a.Restrict(provider.AllCaps() &^ provider.Caps(lost))
				if _, err := view.Thread(t.Context(), workID(1), provider.PageRequest{}); !errors.Is(err, provider.Unsupported) {
					t.Errorf("without %s: %v", lost, err)
				}
			}
		})
	}
}

// refusing is a Threader that cannot after all.
type refusing struct{}

func (refusing) Thread(context.Context, provider.MessageID, provider.PageRequest) (provider.Page[provider.Summary], error) {
	return provider.Page[provider.Summary]{}, provider.Unsupported
}

// answering reads and searches a few messages; the rest is the fake's.
type answering struct {
	*fake
	mail []provider.Letter
}

func (b *answering) ReadMessages(_ context.Context, ids []provider.MessageID, _ provider.ReadOptions) ([]provider.ReadResult, error) {
	var out []provider.ReadResult
	for _, id := range ids {
		r := provider.ReadResult{ID: id, Err: provider.NotFound}
		for _, l := range b.mail {
			if l.Summary.ID == id {
				r = provider.ReadResult{ID: id, Message: &provider.Message{Summary: l.Summary, References: l.References, InReplyTo: l.InReplyTo}}
			}
		}
		out = append(out, r)
	}
	return out, nil
}

func (b *answering) Search(_ context.Context, q provider.Query, _ provider.PageRequest) (provider.Page[provider.Summary], error) {
	var p provider.Page[provider.Summary]
	for _, l := range b.mail {
		if q.HeaderID == l.Summary.HeaderID || len(q.Subject) > 0 && strings.Contains(l.Summary.Subject, q.Subject[0]) {
			p.Items = append(p.Items, l.Summary)
		}
	}
	return p, nil
}

// FuzzConversation: whatever strangers write, every answer is finite, holds
// the message asked for, and nothing twice.
func FuzzConversation(f *testing.F) {
	f.Add("a| b|a c|b,a")
	f.Add("a|b b|a a|a,b,c |c x|")
	f.Add("a|x,y,z z|y y|z b|x,z a|b")
	f.Fuzz(func(t *testing.T, script string) {
		c := provider.NewConversation("work", workID(0))
		n := 0
		for _, word := range strings.Split(script, " ") {
			id, refs, _ := strings.Cut(word, "|")
			l := note(n, id, "")
			l.References = strings.Split(refs, ",")
			l.Sent = strings.HasPrefix(id, "s")
			c.Add(l)
			if n++; n == 300 {
				break
			}
		}
		p := page(t, c)
		seen := map[provider.MessageID]int{}
		for _, s := range p.Items {
			seen[s.ID]++
			for _, id := range s.Copies {
				seen[id]++
			}
		}
		for id, times := range seen {
			if times > 1 {
				t.Errorf("%s comes %d times", id, times)
			}
		}
		if p.Next == "" && seen[workID(0)] != 1 {
			t.Errorf("the message asked for is not in %v", p.Items)
		}
		for _, name := range c.Next(1000) {
			if len(name) > provider.MaxQueryText || strings.ContainsAny(name, "\r\n\x00 ") {
				t.Errorf("to look for: %q", name)
			}
		}
	})
}
