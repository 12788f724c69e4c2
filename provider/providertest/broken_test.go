package providertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/provider"
)

// Each broken backend must fail the named checks.
func TestBrokenBackendsFail(t *testing.T) {
	for _, tc := range brokenBackends() {
		t.Run(tc.name, func(t *testing.T) {
			for name := range strings.SplitSeq(tc.fails, ", ") {
				if r := perform(t, &toyHarness{spoil: tc.spoil}, named(t, name), brief); len(r.failures) == 0 {
					t.Errorf("%s does not see it", name)
				}
			}
		})
	}
}

// brief is the patience with backends that are meant to hang.
const brief = 200 * time.Millisecond

// Every check has a broken backend that fails it. The exceptions look at what an
// Account refuses by itself, or have their own test.
func TestEveryCheckIsProven(t *testing.T) {
	proven := map[string]bool{"capability/missing is unsupported": true, "modify/draft": true, "handled/where it is not kept": true, "search/invalid": true, "send/invalid": true}
	for _, tc := range queries() {
		proven["search/"+tc.name] = true // one check with other data
	}
	for _, b := range brokenBackends() {
		for name := range strings.SplitSeq(b.fails, ", ") {
			proven[name] = true
		}
	}
	for _, c := range checks() {
		if !proven[c.name] && !beyondToy(c.name) {
			t.Errorf("no broken backend fails %s", c.name)
		}
	}
}

func brokenBackends() []broken {
	return append(slices.Concat(bentBackends(), badWatchers(), badThreaders(), badHandlers()), []broken{
		{"drops a message from each page", func(b *toy) provider.Provider { return dropping{b} }, "cursor/pages, cursor/mail between pages, message/unread"},
		{"pages by offset", func(b *toy) provider.Provider { return byOffset{b} }, "cursor/mail between pages, cursor/bound to its listing, cursor/outdated, cursor/garbled"},
		{"lists oldest first", func(b *toy) provider.Provider { return oldestFirst{b} }, "cursor/pages, message/unread"},
		{"sets seen on reading", func(b *toy) provider.Provider { return seenOnRead{b} }, "message/reading sets no flag"},
		{"lets stale ids through", func(b *toy) provider.Provider { return staleThrough{b} }, "message/stale ids"},
		{"reads another message for an id that is gone", func(b *toy) provider.Provider { return anyMessage{b} }, "message/gone, message/read several, message/bad ids"},
		{"leaves bad ids out of the answer", func(b *toy) provider.Provider { return silent{b} }, "message/gone, message/read several"},
		{"is deaf to its context", func(b *toy) provider.Provider { return deaf{b} }, "cancel/before, cancel/deadline"},
		{"changes something, then looks at its context", func(b *toy) provider.Provider { return lateLook{b} }, "cancel/before"},
		{"wraps the context's error as unavailable", func(b *toy) provider.Provider { return wrapsContext{b} }, "cancel/before, cancel/deadline"},
		{"says it can search, and cannot", func(b *toy) provider.Provider { return boaster{b} }, "capability/reported works, search/subject"},
		{"reports what it does not implement", func(b *toy) provider.Provider { return claimant{b} }, "capability/implemented"},
		{"ignores a search term", func(b *toy) provider.Provider { return hardOfHearing{b} }, "search/from address, search/fields that exclude each other"},
		{"searches trash too", func(b *toy) provider.Provider { return rummager{b} }, "search/folders"},
		{"replaces flags instead of changing them", func(b *toy) provider.Provider { return replacer{b} }, "modify/set and clear"},
		{"purges all that is marked as deleted", func(b *toy) provider.Provider { return sweeper{b} }, "delete/only the named"},
		{"purges when asked to delete", func(b *toy) provider.Provider { return purger{b} }, "delete/to trash"},
		{"keeps the original when moving", func(b *toy) provider.Provider { return copier{b} }, "move/one, move/many, move/again, delete/to trash"},
		{"loses flags when moving", func(b *toy) provider.Provider { return forgetful{b} }, "move/one"},
		{"makes the folder that it moves to", func(b *toy) provider.Provider { return maker{b} }, "move/nowhere"},
		{"cuts attachments short", func(b *toy) provider.Provider { return shortPart{b} }, "message/part, message/source"},
		{"works on after Close", func(b *toy) provider.Provider { return undead{b} }, "capability/close"},
		{"gives no cursor within a page", func(b *toy) provider.Provider { return noAt{b} }, "cursor/within a page"},
		{"answers for some ids only", func(b *toy) provider.Provider { return terse{b} }, "modify/many, modify/in part"},
		{"flags the whole folder", func(b *toy) provider.Provider { return painter{b} }, "modify/set and clear, modify/many"},
		{"claims a move that another made", func(b *toy) provider.Provider { return generous{b} }, "concurrency/moving, message/gone, move/in part"},
		{"counts wrong", func(b *toy) provider.Provider { return miscounter{b} }, "folder/counts"},
		{"creates a folder twice", func(b *toy) provider.Provider { return recreator{b} }, "folder/create"},
		{"mangles names", func(b *toy) provider.Provider { return mangler{b} }, "folder/create, folder/rename"},
		{"leaves folders behind when renaming", func(b *toy) provider.Provider { return orphaner{b} }, "folder/rename"},
		{"deletes folders that are not empty", func(b *toy) provider.Provider { return demolisher{b} }, "folder/delete"},
		{"lists folders in any order", func(b *toy) provider.Provider { return disorderly{b} }, "folder/list"},
		{"shows hidden recipients", func(b *toy) provider.Provider { return indiscreet{b} }, "send/bcc"},
		{"sends twice", func(b *toy) provider.Provider { return insistent{b} }, "send/on the wire, send/copy"},
		{"sends to the rest when one is refused", func(b *toy) provider.Provider { return partial{b} }, "send/refused recipient"},
		{"writes what it is given into the header", func(b *toy) provider.Provider { return credulous{b} }, "send/control characters"},
		{"sends bare line feeds", func(b *toy) provider.Provider { return bareLines{b} }, "send/lines"},
		{"says filed, and files nothing", func(b *toy) provider.Provider { return unfiled{b} }, "send/copy"},
		{"loses a part on the way", func(b *toy) provider.Provider { return plainSender{b} }, "send/on the wire"},
		{"has no address", func(b *toy) provider.Provider { return nameless{b} }, "capability/info, capability/reported works"},
		{"makes folders that are missing", func(b *toy) provider.Provider { return inventor{b} }, "folder/missing"},
	}...)
}

// A reader of simple letters must fail the corpus in most places.
func TestCorpusIsHard(t *testing.T) {
	passed, failed := 0, map[string]bool{}
	for _, c := range checks() {
		if !beyondToy(c.name) {
			continue
		}
		if failed[c.name] = len(perform(t, &toyHarness{}, c, promptly).failures) > 0; !failed[c.name] {
			passed++
		}
	}
	if passed > len(failed)/2 {
		t.Errorf("a toy passes %d of %d", passed, len(failed))
	}
	for _, name := range []string{"koi8-r", "iso-2022-jp", "nested", "forwarded message", "continued name of rfc 2231", "no closing boundary", "unknown charset", "garbled base64"} {
		if !failed["corpus/"+name] {
			t.Errorf("a toy passes corpus/%s", name)
		}
	}
}

func named(t *testing.T, name string) check {
	t.Helper()
	all := checks()
	i := slices.IndexFunc(all, func(c check) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("no check %q", name)
	}
	return all[i]
}

type page = provider.Page[provider.Summary]

type dropping struct{ *toy }

func (b dropping) ListMessages(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
	p, err := b.toy.ListMessages(ctx, o, r)
	if n := len(p.Items); n > 0 && p.Next != "" {
		p.Items = p.Items[:n-1]
	}
	return p, err
}

type byOffset struct{ *toy }

func (b byOffset) ListMessages(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
	p, err := b.toy.ListMessages(ctx, o, provider.PageRequest{Limit: 1000})
	offset := 0
	_, _ = fmt.Sscan(string(r.After), &offset)
	p.Items = p.Items[min(offset, len(p.Items)):]
	if len(p.Items) > r.Limit {
		p.Items, p.Next = p.Items[:r.Limit], provider.Cursor(fmt.Sprint(offset+r.Limit))
	}
	return p, err
}

type oldestFirst struct{ *toy }

func (b oldestFirst) ListMessages(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
	p, err := b.toy.ListMessages(ctx, o, r)
	slices.Reverse(p.Items)
	return p, err
}

type seenOnRead struct{ *toy }

func (b seenOnRead) ReadMessages(ctx context.Context, ids []provider.MessageID, o provider.ReadOptions) ([]provider.ReadResult, error) {
	got, err := b.toy.ReadMessages(ctx, ids, o)
	_, _ = b.SetFlags(ctx, ids, provider.FlagChange{Add: provider.Seen})
	return got, err
}

type staleThrough struct{ *toy }

func (b staleThrough) ReadMessages(ctx context.Context, ids []provider.MessageID, o provider.ReadOptions) ([]provider.ReadResult, error) {
	got, err := b.toy.ReadMessages(ctx, ids, o)
	for i := range got {
		if errors.Is(got[i].Err, provider.Conflict) {
			got[i].Err, got[i].Message = nil, &provider.Message{Summary: provider.Summary{ID: got[i].ID}}
		}
	}
	return got, err
}

type anyMessage struct{ *toy }

func (b anyMessage) ReadMessages(ctx context.Context, ids []provider.MessageID, o provider.ReadOptions) ([]provider.ReadResult, error) {
	got, err := b.toy.ReadMessages(ctx, ids, o)
	for i := range got {
		if got[i].Err != nil {
			got[i].Err, got[i].Message = nil, &provider.Message{Summary: provider.Summary{ID: got[i].ID, Subject: "another"}}
		}
	}
	return got, err
}

type silent struct{ *toy }

func (b silent) ReadMessages(ctx context.Context, ids []provider.MessageID, o provider.ReadOptions) ([]provider.ReadResult, error) {
	got, err := b.toy.ReadMessages(ctx, ids, o)
	return slices.DeleteFunc(got, func(r provider.ReadResult) bool { return r.Err != nil }), err
}

type deaf struct{ *toy }

func (b deaf) ListMessages(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
	return b.toy.ListMessages(context.WithoutCancel(ctx), o, r)
}

type lateLook struct{ *toy }

func (b lateLook) SetFlags(ctx context.Context, ids []provider.MessageID, c provider.FlagChange) ([]provider.Outcome, error) {
	got, err := b.toy.SetFlags(context.WithoutCancel(ctx), ids, c)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return got, err
}

type wrapsContext struct{ *toy }

func (b wrapsContext) ListFolders(ctx context.Context) ([]provider.Folder, error) {
	if ctx.Err() != nil {
		return nil, &provider.Error{Op: "list", Code: provider.Unavailable, Err: ctx.Err()}
	}
	return b.toy.ListFolders(ctx)
}

type boaster struct{ *toy }

func (b boaster) Search(context.Context, provider.Query, provider.PageRequest) (page, error) {
	return page{}, toyError(provider.Unsupported, "no search today")
}

// claimant hides all that the toy implements.
type claimant struct{ provider.Provider }

type hardOfHearing struct{ *toy }

func (b hardOfHearing) Search(ctx context.Context, q provider.Query, r provider.PageRequest) (page, error) {
	q.From = nil
	return b.toy.Search(ctx, q, r)
}

type rummager struct{ *toy }

func (b rummager) Search(ctx context.Context, q provider.Query, r provider.PageRequest) (page, error) {
	q.Everywhere = len(q.In) == 0
	return b.toy.Search(ctx, q, r)
}

type replacer struct{ *toy }

func (b replacer) SetFlags(ctx context.Context, ids []provider.MessageID, c provider.FlagChange) ([]provider.Outcome, error) {
	c.Remove = 63 &^ c.Add
	return b.toy.SetFlags(ctx, ids, c)
}

type sweeper struct{ *toy }

func (b sweeper) Delete(ctx context.Context, ids []provider.MessageID, permanent bool) ([]provider.Outcome, error) {
	defer b.sweep()
	return b.toy.Delete(ctx, ids, permanent)
}

type purger struct{ *toy }

func (b purger) Delete(ctx context.Context, ids []provider.MessageID, _ bool) ([]provider.Outcome, error) {
	return b.toy.Delete(ctx, ids, true)
}

type copier struct{ *toy }

func (b copier) Move(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
	return b.eachTo(ctx, ids, to, func(target, f *toyFolder, i int) provider.MessageID {
		m := *f.messages[i]
		return b.put(target, &m)
	})
}

func (b copier) Delete(ctx context.Context, ids []provider.MessageID, permanent bool) ([]provider.Outcome, error) {
	if permanent {
		return b.toy.Delete(ctx, ids, true)
	}
	return b.Move(ctx, ids, "Trash")
}

type forgetful struct{ *toy }

func (b forgetful) Move(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
	_, _ = b.SetFlags(ctx, ids, provider.FlagChange{Remove: provider.Flagged})
	return b.toy.Move(ctx, ids, to)
}

type maker struct{ *toy }

func (b maker) Move(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
	b.mu.Lock()
	if _, err := b.folder(string(to)); err != nil {
		b.folders = append(b.folders, &toyFolder{path: string(to), epoch: 9})
	}
	b.mu.Unlock()
	return b.toy.Move(ctx, ids, to)
}

type shortPart struct{ *toy }

func (b shortPart) OpenPart(ctx context.Context, id provider.MessageID, part provider.PartID) (provider.Part, io.ReadCloser, error) {
	p, body, err := b.toy.OpenPart(ctx, id, part)
	if err != nil {
		return p, body, err
	}
	return p, io.NopCloser(io.LimitReader(body, 100_000)), nil
}

type undead struct{ *toy }

func (b undead) Close() error { return nil }

type noAt struct{ *toy }

func (b noAt) ListMessages(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
	p, err := b.toy.ListMessages(ctx, o, r)
	p.At = nil
	return p, err
}

type terse struct{ *toy }

func (b terse) SetFlags(ctx context.Context, ids []provider.MessageID, c provider.FlagChange) ([]provider.Outcome, error) {
	got, err := b.toy.SetFlags(ctx, ids, c)
	return got[:(len(got)+1)/2], err
}

type painter struct{ *toy }

func (b painter) SetFlags(ctx context.Context, ids []provider.MessageID, c provider.FlagChange) ([]provider.Outcome, error) {
	got, err := b.toy.SetFlags(ctx, ids, c)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.folders[0].messages {
		m.flags |= c.Add
	}
	return got, err
}

type generous struct{ *toy }

func (b generous) Move(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
	got, err := b.toy.Move(ctx, ids, to)
	for i := range got {
		got[i].Err = nil
	}
	return got, err
}
