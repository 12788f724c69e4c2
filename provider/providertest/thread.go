package providertest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/provider"
)

func threadChecks() []check {
	thread := provider.Caps(provider.CapThread, provider.CapRead)
	all := []check{
		{"thread/own replies", thread, checkOwnReplies},
		{"thread/copies", thread, checkCopies},
		{"thread/forged id", thread, checkForgedID},
		{"thread/endless references", thread, checkEndlessReferences},
		{"thread/other folders", thread, checkThreadFolders},
		{"thread/pages", thread, checkThreadPages},
		{"thread/bad ids", thread, checkThreadIDs},
		{"thread/gone", thread | provider.Caps(provider.CapPurge), checkThreadGone},
		{"thread/stale id", thread, checkThreadStale},
		{"thread/cancel", thread, checkThreadCancel},
	}
	for _, tc := range conversations() {
		all = append(all, check{"thread/" + tc.name, thread, func(tr *trial) { checkConversation(tr, tc) }})
	}
	return all
}

// post is a letter with its place in a conversation: "b" is <b@test.invalid>.
type post struct {
	id, refs, replyTo string // ids separated by spaces; "" leaves the field out
	subject           string // "Re: topic" unless given
	from              string
}

// raw writes p; n orders the dates of the posts of one check.
func (p post) raw(n int) []byte {
	l := letter{id: p.id + "@test.invalid", from: p.from, subject: or(p.subject, "Re: topic"), text: "This is " + p.id + ".\n"}
	head, body, _ := strings.Cut(string(l.raw()), "\r\n\r\n")
	head = strings.Replace(head, written().Format(time.RFC1123Z), written().Add(time.Duration(n)*time.Minute).Format(time.RFC1123Z), 1)
	for _, f := range []struct{ name, ids string }{{"References", p.refs}, {"In-Reply-To", p.replyTo}} {
		if f.ids != "" {
			head += "\r\n" + f.name + ":"
			for id := range strings.FieldsSeq(f.ids) {
				head += "\r\n <" + id + "@test.invalid>"
			}
		}
	}
	return []byte(head + "\r\n\r\n" + body)
}

// conversationCase is what is in the inbox, oldest first, and for each message
// asked for the conversation it is in, "|" between orders that are both right:
// within a second only who answers whom tells.
type conversationCase struct {
	name  string
	posts []post
	want  map[string]string
}

func conversations() []conversationCase {
	return []conversationCase{
		{"chain", []post{{id: "a", subject: "topic"}, {id: "b", refs: "a", replyTo: "a"}, {id: "c", refs: "a b", replyTo: "b"}, {id: "d", refs: "a b c", replyTo: "c"}},
			map[string]string{"a": "a b c d", "c": "a b c d", "d": "a b c d"}},
		{"fork", []post{{id: "a", subject: "topic"}, {id: "b", refs: "a"}, {id: "c", refs: "a"}, {id: "d", refs: "a b"}, {id: "e", refs: "a c"}},
			map[string]string{"a": "a b c d e", "d": "a b c d e"}},
		{"lost beginning", []post{{id: "b", refs: "a"}, {id: "c", refs: "a"}, {id: "d", refs: "a b"}, {id: "x"}},
			map[string]string{"b": "b c d", "c": "b c d", "d": "b c d", "x": "x"}},
		{"lost in between", []post{{id: "a", subject: "topic"}, {id: "c", refs: "a b"}, {id: "e", refs: "a b c d"}},
			map[string]string{"a": "a c e", "c": "a c e", "e": "a c e"}},
		{"in-reply-to only", []post{{id: "a", subject: "topic"}, {id: "b", replyTo: "a"}, {id: "c", replyTo: "b"}, {id: "d", replyTo: "c"}},
			map[string]string{"a": "a b c d", "d": "a b c d"}},
		{"other subject", []post{{id: "a", subject: "topic"}, {id: "b", refs: "a", subject: "lunch (was: topic)"}, {id: "c", refs: "a b"}},
			map[string]string{"b": "a b c", "c": "a b c"}},
		{"same subject", []post{{id: "a"}, {id: "b"}, {id: "c", refs: "b"}, {id: "d", refs: "z"}},
			map[string]string{"a": "a", "b": "b c", "c": "b c", "d": "d"}},
		{"circle", []post{{id: "a", refs: "b"}, {id: "b", refs: "a"}, {id: "c", refs: "c"}, {id: "d", refs: "c d c"}},
			map[string]string{"a": "a b|b a", "b": "a b|b a", "c": "c d", "d": "c d"}},
		{"dropped fields", []post{{id: "a", subject: "topic"}, {id: "b"}, {id: "c", refs: "a b"}},
			map[string]string{"a": "a b c", "c": "a b c"}},
		{"two conversations named", []post{{id: "a", subject: "topic"}, {id: "x", subject: "secret"}, {id: "m", refs: "a x", subject: "secret", from: "eve@example.net"}, {id: "b", refs: "a"}},
			map[string]string{"a": "a b", "b": "a b", "x": "x m", "m": "x m"}},
	}
}

func checkConversation(tr *trial, tc conversationCase) {
	in := tr.inbox()
	at := map[string]provider.MessageID{}
	for i, p := range tc.posts {
		at[p.id] = tr.deliverRaw(in, p.raw(i))
	}
	for start, want := range tc.want {
		tr.converse(start, at[start], want)
	}
}

// converse asks for a conversation and compares it, and says what came.
func (tr *trial) converse(what string, start provider.MessageID, want string) []provider.Summary {
	page, err := tr.acct.Thread(tr.ctx(), start, provider.PageRequest{Limit: 100})
	if err != nil {
		tr.errorf("the conversation of %s: %v", what, err)
		return nil
	}
	names, threads := []string{}, map[string]bool{}
	for _, s := range page.Items {
		names = append(names, strings.TrimSuffix(s.HeaderID, "@test.invalid"))
		threads[s.ThreadID] = true
	}
	if got := strings.Join(names, " "); !slices.Contains(strings.Split(want, "|"), got) {
		tr.errorf("the conversation of %s is %q, want %q", what, got, want)
	}
	if len(threads) > 1 {
		tr.errorf("one conversation has %d thread ids: %v", len(threads), threads)
	}
	if page.Next != "" || len(page.Failed) > 0 || page.Total != 0 && page.Total != len(page.Items) {
		tr.errorf("the conversation of %s: next %q, failed %v, total %d of %d", what, page.Next, page.Failed, page.Total, len(page.Items))
	}
	return page.Items
}

// checkOwnReplies: what the account answered is part of the conversation,
// though it lies in another folder and others name nothing else.
func checkOwnReplies(tr *trial) {
	in := tr.inbox()
	sent, ok := tr.role(provider.RoleSent)
	if !ok {
		tr.skipf("the account has no folder for what it sent")
	}
	a := tr.deliverRaw(in, post{id: "a", subject: "topic"}.raw(0))
	b := tr.deliverRaw(sent, post{id: "b", refs: "a", replyTo: "a"}.raw(1))
	c := tr.deliverRaw(in, post{id: "c", replyTo: "b"}.raw(2))
	for what, start := range map[string]provider.MessageID{"the first": a, "our own": b, "the last": c} {
		got := tr.converse(what, start, "a b c")
		if len(got) == 3 && (got[1].ID != b || got[1].Folder != sent.ID) {
			tr.errorf("our own reply came as %s from %q", got[1].ID, got[1].Folder)
		}
	}
}

// checkCopies: a message comes once, and its copies are named.
func checkCopies(tr *trial) {
	in := tr.inbox()
	sent, ok := tr.role(provider.RoleSent)
	if !ok {
		tr.skipf("the account has no folder for what it sent")
	}
	ours := post{id: "a", subject: "topic", from: "me@example.org"}
	a := tr.deliverRaw(sent, ours.raw(0))
	ours.subject = "[list] topic, as a mailing list sends it on"
	listed := tr.deliverRaw(in, ours.raw(0))
	b := tr.deliverRaw(in, post{id: "b", refs: "a"}.raw(1))
	twice := tr.deliverRaw(in, post{id: "b", refs: "a"}.raw(1))
	for what, start := range map[string]provider.MessageID{"ours": a, "the list's": listed, "the answer": b} {
		got := tr.converse(what, start, "a b")
		if len(got) != 2 {
			continue
		}
		if got[0].ID != a || !slices.Equal(got[0].Copies, []provider.MessageID{listed}) {
			tr.errorf("asked for %s: our message is %s with the copies %v, want %s and %s", what, got[0].ID, got[0].Copies, a, listed)
		}
		if got[1].ID != b || !slices.Equal(got[1].Copies, []provider.MessageID{twice}) {
			tr.errorf("asked for %s: the answer is %s with the copies %v, want %s and %s", what, got[1].ID, got[1].Copies, b, twice)
		}
	}
	r := tr.deliverRaw(in, post{id: "r", subject: "other"}.raw(2))
	again := tr.deliverRaw(in, post{id: "r", subject: "other"}.raw(2))
	s := tr.deliverRaw(in, post{id: "s", refs: "r", subject: "Re: other"}.raw(3))
	for copied, start := range map[provider.MessageID]provider.MessageID{again: r, r: again} {
		got := tr.converse("one of two copies that began it", start, "r s")
		if len(got) == 2 && (got[0].ID != start || got[1].ID != s || !slices.Equal(got[0].Copies, []provider.MessageID{copied})) {
			tr.errorf("asked for %s: it is %s with the copies %v, want %s", start, got[0].ID, got[0].Copies, copied)
		}
	}
	if got := tr.converse("the second copy", twice, "a b"); len(got) == 2 && (got[1].ID != twice || !slices.Equal(got[1].Copies, []provider.MessageID{b})) {
		tr.errorf("asked for the second copy, got %s with the copies %v", got[1].ID, got[1].Copies)
	}
}

// checkForgedID: a stranger's message under a Message-ID in use neither takes
// the place of the real one nor brings its own conversation along.
func checkForgedID(tr *trial) {
	in := tr.inbox()
	a := tr.deliverRaw(in, post{id: "a", subject: "topic"}.raw(0))
	tr.deliverRaw(in, post{id: "b", refs: "a"}.raw(1))
	x := tr.deliverRaw(in, post{id: "x", subject: "other"}.raw(2))
	forged := tr.deliverRaw(in, post{id: "a", refs: "x", subject: "Re: other", from: "eve@example.net"}.raw(3))
	got := tr.converse("the real one", a, "a b")
	if len(got) == 2 && (got[0].ID != a || len(got[0].Copies) > 0) {
		tr.errorf("asked for %s, got %s with the copies %v", a, got[0].ID, got[0].Copies)
	}
	for what, start := range map[string]provider.MessageID{"the stranger's": forged, "what the stranger names": x} {
		got := tr.converse(what, start, "x a")
		if len(got) == 2 && got[1].ID != forged {
			tr.errorf("asked for %s, got %s, want %s", what, got[1].ID, forged)
		}
	}
}

// checkEndlessReferences: a header that names everything joins nothing.
func checkEndlessReferences(tr *trial) {
	in := tr.inbox()
	const n = 10_000
	var refs strings.Builder
	refs.WriteString("a x ")
	for i := range n {
		fmt.Fprintf(&refs, "%d ", i)
	}
	a := tr.deliverRaw(in, post{id: "a", subject: "topic"}.raw(0))
	x := tr.deliverRaw(in, post{id: "x", subject: "other"}.raw(1))
	m := tr.deliverRaw(in, post{id: "m", refs: refs.String(), from: "eve@example.net"}.raw(2))
	tr.deliverRaw(in, post{id: "b", refs: "a"}.raw(3))
	page, err := tr.acct.Thread(tr.ctx(), m, provider.PageRequest{})
	tr.must("the conversation of a message that names "+fmt.Sprint(n), err)
	if !slices.Contains(ids(page.Items), m) {
		tr.errorf("the message asked for is not in %v", headerIDs(page.Items))
	}
	both := 0
	for _, id := range ids(page.Items) {
		if id == a || id == x {
			both++
		}
	}
	if both > 1 {
		tr.errorf("one message made one conversation of two: %v", headerIDs(page.Items))
	}
	for _, start := range []provider.MessageID{a, x} {
		page, err := tr.acct.Thread(tr.ctx(), start, provider.PageRequest{})
		tr.must("a conversation that the message names", err)
		if slices.Contains(ids(page.Items), a) && slices.Contains(ids(page.Items), x) {
			tr.errorf("one message made one conversation of two: %v", headerIDs(page.Items))
		}
		if !slices.Contains(ids(page.Items), start) {
			tr.errorf("the message asked for is not in %v", headerIDs(page.Items))
		}
	}
}

// checkThreadFolders: the folder of the message asked for counts, whatever it
// is; Trash and Junk do not otherwise.
func checkThreadFolders(tr *trial) {
	in, other := tr.inbox(), tr.second()
	a := tr.deliverRaw(other, post{id: "a", subject: "topic"}.raw(0))
	tr.deliverRaw(in, post{id: "b", refs: "a"}.raw(1))
	tr.converse("one in another folder", a, "a b")
	trash, ok := tr.role(provider.RoleTrash)
	if !ok {
		tr.skipf("the account has no trash")
	}
	c := tr.deliverRaw(in, post{id: "c", subject: "rubbish"}.raw(2))
	d := tr.deliverRaw(trash, post{id: "d", refs: "c", subject: "rubbish"}.raw(3))
	tr.converse("one whose answer is in the trash", c, "c")
	if got := tr.converse("one in the trash", d, "c d"); len(got) == 2 && got[1].Folder != trash.ID {
		tr.errorf("the message in the trash came from %q", got[1].Folder)
	}
}

func checkThreadPages(tr *trial) {
	in := tr.inbox()
	var all []provider.MessageID
	refs := ""
	for i := range 9 {
		p := post{id: fmt.Sprintf("p%d", i), refs: refs}
		all = append(all, tr.deliverRaw(in, p.raw(i)))
		refs = strings.TrimSpace(refs + " " + p.id)
	}
	lone := tr.deliverRaw(in, post{id: "lone", subject: "alone"}.raw(10))
	get := func(start provider.MessageID) fetch {
		return func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
			return tr.acct.Thread(ctx, start, page)
		}
	}
	for _, limit := range []int{1, 2, 4, 9, 20} {
		if got := ids(tr.walk(limit, get(all[3]))); !slices.Equal(got, all) {
			tr.errorf("in pages of %d: %s", limit, difference(got, all))
		}
	}
	first, err := get(all[3])(tr.ctx(), provider.PageRequest{Limit: 4})
	tr.must("get a page", err)
	for i := range first.Items {
		c, err := first.At(i)
		tr.must("make a cursor within the page", err)
		rest, err := get(all[3])(tr.ctx(), provider.PageRequest{After: c})
		tr.must("go on within the page", err)
		if got := ids(rest.Items); !slices.Equal(got, all[i+1:]) {
			tr.errorf("after item %d: %s", i, difference(got, all[i+1:]))
		}
	}
	_, err = get(lone)(tr.ctx(), provider.PageRequest{After: first.Next})
	tr.want("a cursor of another conversation", err, provider.Invalid)
	_, err = get(all[3])(tr.ctx(), provider.PageRequest{After: "x"})
	tr.want("a garbled cursor", err, provider.Invalid)
}

func checkThreadIDs(tr *trial) {
	good := tr.deliverRaw(tr.inbox(), post{id: "a"}.raw(0))
	for _, bad := range []provider.MessageID{"", "x", good + "\n", provider.MessageID(tr.acct.Tag() + "-")} {
		_, err := tr.acct.Thread(tr.ctx(), bad, provider.PageRequest{})
		tr.want("the conversation of "+string(bad), err, provider.Invalid)
	}
	_, err := tr.acct.Thread(tr.ctx(), provider.MessageID(tr.acct.Tag()+"-"+"9.99999999999999999999"), provider.PageRequest{})
	tr.want("the conversation of an id that never was", err, provider.Invalid, provider.NotFound, provider.Conflict)
}

func checkThreadGone(tr *trial) {
	in := tr.inbox()
	a := tr.deliverRaw(in, post{id: "a", subject: "topic"}.raw(0))
	b := tr.deliverRaw(in, post{id: "b", refs: "a"}.raw(1))
	tr.converse("before", b, "a b")
	tr.must("purge", outcome(tr.acct.Delete(tr.ctx(), []provider.MessageID{a}, true)))
	_, err := tr.acct.Thread(tr.ctx(), a, provider.PageRequest{})
	tr.want("the conversation of a message that is gone", err, provider.NotFound)
	tr.converse("after", b, "b")
}

func checkThreadStale(tr *trial) {
	r, ok := tr.h.(Rebuilder)
	if !ok {
		tr.skipf("the harness cannot rebuild a folder")
	}
	in := tr.inbox()
	old := tr.deliverRaw(in, post{id: "a", subject: "topic"}.raw(0))
	tr.deliverRaw(in, post{id: "b", refs: "a"}.raw(1))
	tr.converse("before", old, "a b")
	r.Rebuild(tr.t, in.Path)
	_, err := tr.acct.Thread(tr.ctx(), old, provider.PageRequest{})
	tr.want("the conversation of a stale id", err, provider.Conflict)
	tr.converse("after", tr.list(in)[0].ID, "a b")
}

func checkThreadCancel(tr *trial) {
	in := tr.inbox()
	var start provider.MessageID
	refs := ""
	for i := range 10 {
		p := post{id: fmt.Sprintf("p%d", i), refs: refs}
		start = tr.deliverRaw(in, p.raw(i))
		refs = strings.TrimSpace(refs + " " + p.id)
	}
	tr.cancelled("thread", func(ctx context.Context) error {
		page, err := tr.acct.Thread(ctx, start, provider.PageRequest{})
		if err == nil && len(page.Items) != 10 {
			return fmt.Errorf("%d of 10 messages", len(page.Items))
		}
		return err
	})
	tr.converse("afterwards", start, refs)
}

// threadOperation asks for a conversation.
func threadOperation() operation {
	return operation{"thread", provider.CapThread, false, func(ctx context.Context, on any, s scene) error {
		t, ok := on.(provider.Threader)
		if !ok { // the backend itself, where the Account puts conversations together
			_, err := on.(provider.Reader).ReadMessages(ctx, []provider.MessageID{s.id}, provider.ReadOptions{})
			return err
		}
		_, err := t.Thread(ctx, s.id, provider.PageRequest{Limit: 10})
		return err
	}}
}
