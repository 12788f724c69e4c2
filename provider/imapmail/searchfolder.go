package imapmail

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// slice is one folder's part of a page.
type slice struct {
	folder string
	place  place
	found
	searched bool
	err      error // why there is nothing of it
}

// searchFolders looks through folders, a few at a time, each from its place on.
// It fails when all fail, or for a reason that is not one folder's.
func (b *Backend) searchFolders(ctx context.Context, j searchJob) ([]slice, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	results := make([]slice, len(j.folders))
	next := make(chan int)
	for range b.workers(len(j.folders)) {
		wg.Go(func() {
			for i := range next {
				results[i] = b.searchFolder(ctx, j.folders[i], j)
				if err := results[i].err; err != nil && !ofFolder(err) {
					cancel(err)
				}
			}
		})
	}
	for _, i := range j.order() {
		next <- i
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		err := context.Cause(ctx)
		if isContext(err) {
			return nil, err
		}
		return nil, folderError(err)
	}
	return results, failedAll(results)
}

// order puts folders that no page has looked into before those that go on.
func (j searchJob) order() []int {
	var first, then []int
	for i, folder := range j.folders {
		if p, goesOn := j.places[folder]; goesOn && p != (place{}) {
			then = append(then, i)
		} else {
			first = append(first, i)
		}
	}
	return append(first, then...)
}

// failedAll is the error of a search in which no folder could be searched, and
// words the errors of the others.
func failedAll(results []slice) error {
	var first error
	for i, s := range results {
		if s.err != nil {
			results[i].err = inFolder(s.folder, s.err)
			first = cmp.Or(first, results[i].err)
		}
	}
	if slices.ContainsFunc(results, func(s slice) bool { return s.searched }) {
		return nil
	}
	return first
}

func (b *Backend) searchFolder(ctx context.Context, folder string, j searchJob) slice {
	at, goesOn := j.places[folder]
	s := slice{folder: folder, place: at, found: found{last: at.below}}
	if j.places != nil && !goesOn {
		return s // an earlier page has had all of it
	}
	none := s
	none.more, none.short = true, true
	if ctx.Err() == nil && j.pace.late() {
		return none
	}
	begun := false
	err := b.pool.Read(ctx, folder, func(c *imapx.Conn) error {
		if begun = begun || j.pace.begin(); !begun { // the time went by in waiting for the connection
			s = none
			return nil
		}
		if expected := cmp.Or(at.validity, j.plan.validity); expected > 0 {
			if err := c.Expect(expected); err != nil {
				return err
			}
		}
		f, err := b.scanCharset(ctx, c, at.below, j)
		if err == nil {
			s.place, s.found, s.searched = place{validity: c.Mailbox().UIDValidity, below: at.below}, f, true
		}
		return err
	})
	switch {
	case err == nil:
		b.learn(folder)
		return s
	case !j.named && errors.Is(err, imapx.NotFound):
		err = nil // it went away since the folders were listed
	}
	// What a connection found before it was lost comes with the next page.
	return slice{folder: folder, place: at, err: err}
}

// scanCharset does without the server for text beyond ASCII where it refuses
// that, if we can decide it ourselves.
func (b *Backend) scanCharset(ctx context.Context, c *imapx.Conn, below imapx.UID, j searchJob) (found, error) {
	job := scanJob{crit: j.plan.server, below: below, limit: j.limit, sieve: j.plan.sieve(), pace: j.pace}
	own := job
	if j.plan.ascii != nil {
		own.crit, own.sieve = *j.plan.ascii, j.plan.alone()
	}
	if j.plan.foreign && j.plan.ascii != nil && b.asciiOnly.Load() {
		return b.scan(ctx, c, own)
	}
	f, err := b.scan(ctx, c, job)
	if !imapx.IsCharset(err, j.plan.server) {
		return f, err
	}
	var e *imapx.Error
	certain := errors.As(err, &e) && (e.Code == "BADCHARSET" || e.Kind == imapx.Protocol)
	if j.plan.ascii == nil {
		return found{}, foreignText(err)
	}
	f, again := b.scan(ctx, c, own)
	if again != nil {
		return found{}, again
	}
	if certain {
		b.asciiOnly.Store(true)
	}
	return f, nil
}

func foreignText(err error) error {
	var e *imapx.Error
	errors.As(err, &e)
	return &provider.Error{
		Code: provider.Unsupported, Hint: "the server searches bodies for ASCII text only: search for other words", Err: told{e.Error(), err},
	}
}

// ofFolder tells a failure in one folder from one that others would meet too.
func ofFolder(err error) bool {
	var known *provider.Error
	var e *imapx.Error
	switch {
	case isContext(err):
		return false
	case errors.As(err, &known):
		return known.Code == provider.Unavailable
	case !errors.As(err, &e):
		return false
	}
	switch e.Kind {
	case imapx.Auth, imapx.TLS, imapx.Closed, imapx.Invalid:
		return false
	default:
	}
	switch e.Op {
	case "EXAMINE", "UID SEARCH", "UID FETCH", "FETCH":
		return true
	}
	return false
}

// lasting reports an error that the same question meets again.
func lasting(err error) bool {
	code := provider.CodeOf(err)
	return code != provider.Unavailable && code != provider.RateLimited
}

// inFolder says which folder failed, so that the others can be named instead.
func inFolder(folder string, err error) error {
	var known *provider.Error
	if err = folderError(err); errors.As(err, &known) && known.Err != nil {
		copied := *known
		copied.Err = told{"folder " + strconv.Quote(clip(folder)) + ": " + known.Err.Error(), known.Err}
		return &copied
	}
	return err
}
