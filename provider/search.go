package provider

import (
	"context"
	"strconv"
	"time"
	"unicode/utf8"
)

// Query says which messages to find. A message matches when every set field
// matches; the zero Query matches everything in the folders it looks in.
// Words match without regard to case, anywhere in the text.
type Query struct {
	// In and Everywhere say where to look and count at the top level only.
	// Neither set: every folder but Trash and Junk.
	In         []FolderID
	Everywhere bool
	// After leaves out what was there already when the message it names was the
	// newest of its folder, whether or not it is still there: an id of a message,
	// or from Watcher.Mark. In must name that folder alone, and the account must
	// have CapWatch. An id from before the folder was rebuilt is Conflict.
	After MessageID

	From     []string // words in the From field; all must match
	To       []string // words in To, Cc or Bcc
	Cc       []string
	Subject  []string
	Text     []string // words anywhere: subject, addresses or body
	Body     []string // words in the body
	Filename []string // words in the name of an attachment
	Labels   []string // exact labels or keywords

	Since, Before time.Time // received at or after, received before; to the day where the server knows no better
	With, Without Flags     // flags that must be set, or clear; Handled needs CapHandled
	Larger        int64     // bytes; 0 no bound
	Smaller       int64     // bytes; 0 no bound
	HasAttach     bool
	HeaderID      string // Message-ID, with or without angle brackets

	Not []Query   // none may match
	Any [][]Query // of each group at least one must match
}

// Bounds of a query: a model's question has a handful of terms.
const (
	MaxQueryTerms = 100 // words, folders and parts together
	MaxQueryDepth = 8
	MaxQueryText  = 500 // bytes of one term
)

// Searcher finds messages.
type Searcher interface {
	// Search finds messages, the last to arrive first within a folder, and
	// newest first over several. A term the server cannot serve is Unsupported
	// and named; it is never ignored.
	Search(ctx context.Context, q Query, page PageRequest) (Page[Summary], error)
}

// Search finds messages, newest first.
func (a *Account) Search(ctx context.Context, q Query, page PageRequest) (Page[Summary], error) {
	const op = "search"
	s, err := use[Searcher](ctx, a, op, CapSearch)
	if err != nil {
		return Page[Summary]{}, err
	}
	if err := q.validate(op); err != nil {
		return Page[Summary]{}, err
	}
	if err := a.checkHandled(op, q.flags()); err != nil {
		return Page[Summary]{}, err
	}
	if q.After != "" {
		if _, err := use[Watcher](ctx, a, op, CapWatch); err != nil {
			return Page[Summary]{}, err
		}
		if err := a.checkAfter(op, q); err != nil {
			return Page[Summary]{}, err
		}
	}
	if page, err = page.clamp(op); err != nil {
		return Page[Summary]{}, err
	}
	got, err := s.Search(ctx, q, page)
	return finish(op, got), a.folderGone(wrap(op, err))
}

// checkAfter refuses a place that is no id of this account.
func (a *Account) checkAfter(op string, q Query) error {
	if q.After == "" {
		return nil
	}
	_, err := a.checkIDs(op, []MessageID{q.After}, 1)
	return err
}

func (q Query) validate(op string) error {
	if len(q.In) > MaxQueryTerms {
		return tooManyTerms(op)
	}
	for _, f := range q.In {
		if err := checkFolderName(op, string(f)); err != nil {
			return err
		}
	}
	if len(q.In) > 0 && q.Everywhere {
		return invalid(op, "a search looks in named folders or everywhere, not both")
	}
	if q.After != "" && len(q.In) != 1 {
		return invalid(op, "what comes after a message is looked for in one folder")
	}
	terms := len(q.In)
	return q.check(op, 0, &terms)
}

func (q Query) check(op string, depth int, terms *int) error {
	if depth > MaxQueryDepth {
		return invalid(op, "the query is nested more than "+strconv.Itoa(MaxQueryDepth)+" levels deep")
	}
	if depth > 0 && (len(q.In) > 0 || q.Everywhere || q.After != "") {
		return invalid(op, "folders apply to the whole search, not to a part of it")
	}
	if *terms += q.terms(); *terms > MaxQueryTerms {
		return tooManyTerms(op)
	}
	if err := q.checkOwn(op); err != nil {
		return err
	}
	for _, group := range append([][]Query{q.Not}, q.Any...) {
		for _, sub := range group {
			if err := sub.check(op, depth+1, terms); err != nil {
				return err
			}
		}
	}
	return nil
}

// terms counts what q itself holds, before anything is done with it.
func (q Query) terms() int {
	n := len(q.Not)
	for _, words := range q.words() {
		n += len(words)
	}
	for _, group := range q.Any {
		n += max(len(group), 1)
	}
	return n
}

// checkOwn looks at what q holds beside its parts.
func (q Query) checkOwn(op string) error {
	for _, words := range q.words() {
		for _, w := range words {
			if err := checkTerm(op, w); err != nil {
				return err
			}
		}
	}
	if q.HeaderID != "" {
		if err := checkTerm(op, q.HeaderID); err != nil {
			return err
		}
	}
	for _, group := range q.Any {
		if len(group) == 0 {
			return invalid(op, "a group of alternatives is empty")
		}
	}
	switch {
	case q.Larger < 0 || q.Smaller < 0:
		return invalid(op, "a size is negative")
	case (q.With|q.Without)&^allFlags != 0:
		return invalid(op, "a flag does not exist")
	}
	return nil
}

// flags are those that q or a part of it speaks of.
func (q Query) flags() Flags {
	all := q.With | q.Without
	for _, group := range append([][]Query{q.Not}, q.Any...) {
		for _, sub := range group {
			all |= sub.flags()
		}
	}
	return all
}

func tooManyTerms(op string) error {
	return invalid(op, "the query has more than "+strconv.Itoa(MaxQueryTerms)+" words, folders and parts")
}

func (q Query) words() [][]string {
	return [][]string{q.From, q.To, q.Cc, q.Subject, q.Text, q.Body, q.Filename, q.Labels}
}

func checkTerm(op, term string) error {
	switch {
	case term == "":
		return invalid(op, "a search term is empty")
	case len(term) > MaxQueryText:
		return invalid(op, "a search term is longer than "+strconv.Itoa(MaxQueryText)+" bytes")
	case !utf8.ValidString(term):
		return invalid(op, "a search term is not UTF-8")
	case hasControl(term):
		return invalid(op, "a search term holds a control character")
	}
	return nil
}
