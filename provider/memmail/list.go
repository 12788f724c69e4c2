package memmail

import (
	"context"
	"fmt"
	"strconv"

	"github.com/postern-mail/postern/provider"
)

// hit is a message as it was when it was found, with its place.
type hit struct {
	folder   string
	validity uint32
	message
}

// ListMessages lists a folder, the last to arrive first.
func (b *Backend) ListMessages(ctx context.Context, opts provider.ListOptions, req provider.PageRequest) (provider.Page[provider.Summary], error) {
	const op = "list messages"
	var none provider.Page[provider.Summary]
	done, err := b.begin(ctx, op)
	if err != nil {
		return none, err
	}
	defer done()
	b.mu.RLock()
	f, err := b.lookup(op, opts.Folder)
	var hits []hit
	var epoch string
	if err == nil {
		epoch = strconv.FormatUint(uint64(f.validity), 36)
		for i := len(f.messages) - 1; i >= 0; i-- {
			if m := f.messages[i]; listed(m, opts) {
				hits = append(hits, hit{f.path, f.validity, *m})
			}
		}
	}
	b.mu.RUnlock()
	if err != nil {
		return none, err
	}
	listing := fmt.Sprintf("list %q %q %v %v %d %d", b.opts.Account, f.path, opts.UnreadOnly, opts.UnhandledOnly, opts.Since.UnixNano(), opts.Before.UnixNano())
	return b.page(listing, epoch, hits, req, func(h hit) placeKey { return placeKey{uid: h.uid} })
}

func listed(m *message, opts provider.ListOptions) bool {
	return !(opts.UnreadOnly && m.flags.Has(provider.Seen)) && !(opts.UnhandledOnly && m.flags.Has(provider.Handled)) &&
		(opts.Since.IsZero() || !m.received.Before(opts.Since)) &&
		(opts.Before.IsZero() || m.received.Before(opts.Before))
}

// placeKey orders the hits of one listing: larger keys come first. In one folder the uid decides, over several the time.
type placeKey struct {
	received int64
	validity uint32
	uid      uint32
}

func (k placeKey) after(than placeKey) bool {
	if k.received != than.received {
		return k.received < than.received
	}
	if k.validity != than.validity {
		return k.validity < than.validity
	}
	return k.uid < than.uid
}

func (k placeKey) String() string { return fmt.Sprintf("%d %d %d", k.received, k.validity, k.uid) }

func parseKey(s string) (k placeKey, err error) {
	_, err = fmt.Sscanf(s, "%d %d %d", &k.received, &k.validity, &k.uid)
	return k, err
}

// page cuts one page out of hits, which are in the order of their keys.
func (b *Backend) page(listing, epoch string, hits []hit, req provider.PageRequest, key func(hit) placeKey) (provider.Page[provider.Summary], error) {
	page := provider.Page[provider.Summary]{Total: len(hits)}
	if req.After != "" {
		text, err := provider.Resume(req.After, listing, epoch)
		if err != nil {
			return page, err
		}
		last, err := parseKey(text)
		if err != nil {
			return page, fail("cursor", provider.Invalid, "cursor is garbled")
		}
		for len(hits) > 0 && !key(hits[0]).after(last) {
			hits = hits[1:]
		}
	}
	limit := req.Limit
	if limit <= 0 {
		limit = provider.DefaultLimit
	}
	shown := hits[:min(limit, len(hits))]
	for _, h := range shown {
		page.Items = append(page.Items, b.summary(h))
	}
	if len(shown) == 0 {
		return page, nil
	}
	page.At = func(i int) (provider.Cursor, error) {
		if i < 0 || i >= len(shown) {
			return "", fail("cursor", provider.Invalid, "no such item on the page")
		}
		return provider.Place{Listing: listing, Epoch: epoch, Key: key(shown[i]).String()}.Cursor()
	}
	var err error
	if len(shown) < len(hits) {
		page.Next, err = page.At(len(shown) - 1)
	}
	return page, err
}
