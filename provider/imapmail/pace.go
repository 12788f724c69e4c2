package imapmail

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

const (
	// defaultSearchTime is about as long as a person waits for a program that
	// says nothing; hosts give a tool call up to a minute.
	defaultSearchTime = 10 * time.Second
	// firstHits is how long the hits of a search that reads messages are held
	// back for more.
	firstHits = time.Second
	// overrun is what the command under way may take beyond the time, or as long
	// again if that is less. Closing the connection on it costs seven round trips.
	overrun = 5 * time.Second

	// firstBodies and firstFields are how many messages a search looks at before
	// it knows how fast the server is: bodies took 0.06 s on Dovecot and 0.13 s on
	// Courier, fields 0.02 s, and 0.9 s when nobody had asked for them before.
	firstBodies, firstFields = 1000, 10_000
	// sliceTime is what a slice should take: so soon hits are seen.
	sliceTime = time.Second
	// sliceGrowth bounds how much longer a slice is than the one before it, which
	// may have been in a cache, or had few messages in it.
	sliceGrowth = 16
	// indexedSlice is how long the first slice takes at most where the server has
	// an index (0.5 ms measured): then the rest is searched at once. Reading the
	// messages took at least ten times as long everywhere.
	indexedSlice = 5 * time.Millisecond
	// mostAtOnce is how many messages any search covers at once: so many hits
	// named one by one are half of what an answer may hold.
	mostAtOnce = 500_000
)

// reads is what a server without an index reads of each message.
type reads uint8

const (
	readsNothing reads = iota // its own index is enough
	readsFields
	readsBodies
)

func readsOf(crit imapx.Criteria) reads {
	switch {
	case crit.InBodies():
		return readsBodies
	case crit.InFields():
		return readsFields
	}
	return readsNothing
}

// pace bounds what one search looks at. The folders of a search share one.
type pace struct {
	now   func() time.Time
	hasty bool // hits are not held back
	began time.Time
	most  time.Duration
	some  atomic.Bool // a folder has hits
	ran   atomic.Bool // a folder has been begun
}

func (b *Backend) newPace(hasty bool) *pace {
	p := &pace{now: time.Now, hasty: hasty, most: b.opts.SearchTime}
	if p.most == 0 {
		p.most = defaultSearchTime
	}
	p.began = p.now()
	return p
}

// over reports that the search should hand over what it has.
func (p *pace) over() bool {
	took := p.now().Sub(p.began)
	return took >= p.most || p.hasty && p.some.Load() && took >= min(firstHits, p.most)
}

// begin reports whether there is time for another folder. There always is for
// one, so that every page gets further.
func (p *pace) begin() bool { return !p.ran.Swap(true) || !p.over() }

// late reports that begin would find no time.
func (p *pace) late() bool { return p.ran.Load() && p.over() }

// bound ends a command that takes far too long.
func (p *pace) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithDeadline(ctx, p.began.Add(p.most+min(overrun, max(p.most, firstHits))))
}

// slicer cuts a folder into ranges of UIDs, the newest first.
type slicer struct {
	messages uint64 // in the first slice, about
	span     uint64 // UIDs of the next slice
	dense    bool   // most UIDs below the highest are of messages
	first    bool   // nothing has been measured
	fixed    bool   // by number, not by time
}

func newSlicer(box imapx.Mailbox, what reads) *slicer {
	s := &slicer{messages: mostAtOnce, first: true}
	switch what {
	case readsBodies:
		s.messages = firstBodies
	case readsFields:
		s.messages = firstFields
	default:
		s.fixed = true
	}
	s.span = s.messages
	n, next := uint64(box.Messages), uint64(box.UIDNext)
	switch {
	case n > 0 && next > 0:
		s.span *= max(1, (next-1+n-1)/n) // so many UIDs have one message
		s.dense = next/n < 2
	case s.fixed:
		s.span = 1 << 32
	}
	return s
}

// low is the lowest UID of the slice that ends below top.
func (s *slicer) low(top imapx.UID) imapx.UID {
	if s.span >= uint64(top) {
		return 1
	}
	return imapx.UID(uint64(top) - s.span)
}

// took makes the next slice as long as the time of the last one suggests.
func (s *slicer) took(d time.Duration) {
	first := s.first
	s.first = false
	switch {
	case s.fixed:
	case first && s.dense && d <= indexedSlice:
		s.span = max(s.span, mostAtOnce)
	case d*sliceGrowth <= sliceTime:
		s.span = min(s.span*sliceGrowth, 1<<32)
	default:
		s.span = max(uint64(float64(s.span)*float64(sliceTime)/float64(d)), s.span/sliceGrowth, 1)
	}
}

// tooSlow is a server that did not get through the first slice.
func tooSlow() error {
	return &provider.Error{
		Code: provider.Unavailable, Hint: "narrow it by since, from or subject, or name one folder",
		Err: errors.New("the server takes too long to search its messages"),
	}
}
