package imapx

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Criteria says which messages to find; all set fields must match, the zero
// value matches every message (RFC 9051 section 6.4.4). Texts match anywhere
// in the field, without regard to case.
type Criteria struct {
	UIDs          []UID     // only these
	From, To      UID       // only this range; 0: open
	Since, Before time.Time // received, to the day, in the server's zone
	Header        []HeaderTerm
	MessageID     string // in the Message-ID field, without its angle brackets
	Body, Text    []string
	Flags         []string // all set
	NoFlags       []string // none set
	Larger        int64    // 0: no bound; counts as 2 GiB at most
	Smaller       int64    // 0: no bound; counts as 2 GiB at most
	Not           []Criteria
	Or            [][2]Criteria
}

// HeaderTerm is a header field and what it must hold; an empty Text means that
// the field is there.
type HeaderTerm struct{ Field, Text string }

// Hits is the result of a search.
type Hits struct {
	UIDs  []UID // newest first, at most as many as asked for
	Total int   // matches in all, at most math.MaxInt32
}

// Search finds messages in the selected mailbox and returns the newest n, in
// one round trip. An answer of millions costs no more memory than n, and with
// ESEARCH or PARTIAL few bytes. Text beyond ASCII is refused by some servers:
// IsCharset tells.
func (c *Conn) Search(ctx context.Context, crit Criteria, n int) (Hits, error) {
	const op = "UID SEARCH"
	if n <= 0 {
		return Hits{}, invalid(op, "no hit asked for")
	}
	if err := crit.check(op, 0); err != nil {
		return Hits{}, err
	}
	wasStale, before := c.stale, c.guard.news()
	hits, err := c.search(ctx, op, crit, n)
	if err == nil && wasStale && c.guard.news() != before {
		// The server may have brought us up to date only behind the search.
		hits, err = c.search(ctx, op, crit, n)
	}
	return hits, err
}

// search takes the library's command where every number comes by itself: it
// keeps a million of them in ranges.
func (c *Conn) search(ctx context.Context, op string, crit Criteria, n int) (Hits, error) {
	if c.caps.Has("ESEARCH") {
		return c.esearch(ctx, op, crit, n)
	}
	var data *imap.SearchData
	err := c.run(ctx, op, reads, func(cl *imapclient.Client) (err error) {
		data, err = cl.UIDSearch(crit.convert(), nil).Wait()
		return err
	})
	if err != nil {
		return Hits{}, err
	}
	set, _ := data.All.(imap.UIDSet)
	uids, total := newest(set, n)
	return Hits{UIDs: uids, Total: int(min(total, math.MaxInt32))}, nil
}

// IsCharset reports that the server refused a search for its text beyond
// ASCII. Few say so with BADCHARSET (RFC 9051 section 6.4.4); crit is what was
// searched for, and without such text no refusal is about it.
func IsCharset(err error, crit Criteria) bool {
	var e *Error
	if crit.ascii() || !errors.As(err, &e) {
		return false
	}
	switch {
	case e.Code == "BADCHARSET":
		return true
	case e.Code != "" || e.Err != nil: // for another reason, or no answer at all
		return false
	}
	return e.Kind == Refused || e.Kind == Protocol
}

// exists tells which of uids the mailbox holds.
func (c *Conn) exists(ctx context.Context, uids []UID) (map[UID]bool, error) {
	hits, err := c.Search(ctx, Criteria{UIDs: uids}, len(uids))
	if err != nil {
		return nil, err
	}
	return setOf(hits.UIDs), nil
}

func setOf(uids []UID) map[UID]bool {
	set := make(map[UID]bool, len(uids))
	for _, u := range uids {
		set[u] = true
	}
	return set
}

// maxSearchDepth is more than a person writes and little for a parser.
const maxSearchDepth = 20

func (cr Criteria) check(op string, depth int) error {
	if depth > maxSearchDepth {
		return invalid(op, "the search is nested too deeply")
	}
	texts := append(slices.Clone(cr.Body), cr.Text...)
	texts = append(texts, cr.MessageID)
	for _, h := range cr.Header {
		if !isToken(h.Field) {
			return invalid(op, "not a header field name")
		}
		texts = append(texts, h.Text)
	}
	for _, s := range texts {
		if strings.ContainsAny(s, "\x00\r\n") || strings.ToValidUTF8(s, "") != s {
			return invalid(op, "a search text holds a control character or is no UTF-8")
		}
	}
	if err := checkFlags(op, append(slices.Clone(cr.Flags), cr.NoFlags...)); err != nil {
		return err
	}
	if len(cr.UIDs) > ChunkSize || slices.Contains(cr.UIDs, 0) || cr.Larger < 0 || cr.Smaller < 0 {
		return invalid(op, "a number is out of range")
	}
	for _, sub := range cr.parts() {
		if err := sub.check(op, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (cr Criteria) parts() []Criteria {
	subs := slices.Clone(cr.Not)
	for _, or := range cr.Or {
		subs = append(subs, or[0], or[1])
	}
	return subs
}

func (cr Criteria) convert() *imap.SearchCriteria {
	out := &imap.SearchCriteria{
		Since: cr.Since, Before: cr.Before, Body: cr.Body, Text: cr.Text,
		Flag: flagsOf(cr.Flags), NotFlag: flagsOf(cr.NoFlags), Larger: sizeBound(cr.Larger), Smaller: sizeBound(cr.Smaller),
	}
	if len(cr.UIDs) > 0 {
		out.UID = append(out.UID, uidSet(cr.UIDs))
	}
	if cr.From > 1 || cr.To > 0 {
		r := imap.UIDRange{Start: imap.UID(max(cr.From, 1)), Stop: imap.UID(cr.To)}
		out.UID = append(out.UID, imap.UIDSet{r})
	}
	for _, h := range cr.Header {
		out.Header = append(out.Header, imap.SearchCriteriaHeaderField{Key: h.Field, Value: h.Text})
	}
	if cr.MessageID != "" {
		out.Header = append(out.Header, imap.SearchCriteriaHeaderField{Key: "Message-ID", Value: cr.MessageID})
	}
	for _, not := range cr.Not {
		out.Not = append(out.Not, *not.convert())
	}
	for _, or := range cr.Or {
		out.Or = append(out.Or, [2]imap.SearchCriteria{*or[0].convert(), *or[1].convert()})
	}
	return out
}
