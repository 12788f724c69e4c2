package scopes

import (
	"errors"
	"slices"
	"time"
)

// Grant is what a token, a server link or an embedder's own code resolves to:
// who may do what, until when. It is a value; empty means none everywhere but
// in Filters. The zero Grant permits nothing.
type Grant struct {
	ID         string          // required: a grant without it is not alive
	Subject    string          // the person who granted
	Client     string          // the program that acts
	Scopes     Set             //
	Access     AccessSet       //
	Filters    []Filter        // all must pass
	Accounts   AccountSet      //
	Gates      GateSet         // gates this grant leaves open; the operator's switch still counts
	Recipients RecipientPolicy //
	Quota      Quota           //
	Created    time.Time       //
	Expires    time.Time       // zero: never
}

// Alive returns nil while g may be used: it has an ID and, at now, has not
// expired. A grant ends at Expires exactly; a zero Expires means that only
// revoking ends it. A zero now is refused, as it would outlive every expiry.
func (g Grant) Alive(now time.Time) error {
	switch {
	case g.ID == "":
		return &Error{Reason: Invalid, Err: errors.New("grant without an id")}
	case now.IsZero():
		return &Error{Reason: Invalid, Err: errors.New("the time of the check is not set")}
	case !g.Expires.IsZero() && !now.Before(g.Expires):
		return &Error{Reason: Expired}
	}
	return nil
}

// Check returns nil when g permits a tool with these tags to have effect e, else
// an *[Error] that names everything missing. It looks at neither the account nor
// the time: see [AccountSet.Has] and [Grant.Alive].
func (g Grant) Check(e Effect, tags []Tag) error {
	if err := e.Validate(); err != nil {
		return &Error{Reason: Invalid, Err: err}
	}
	refusal := Error{Missing: g.Scopes.Missing(e.Scopes)}
	if !g.Access.Has(e.Access) {
		refusal.Access = e.Access
	}
	refusal.Filtered = slices.ContainsFunc(g.Filters, func(f Filter) bool { return !f.Match(e.Verb, tags) })
	if !g.Gates.Has(e.Gate) {
		refusal.Gate = e.Gate
	}
	if refusal.classify() {
		return &refusal
	}
	return nil
}

// And returns a grant that permits what both permit and no more. (Alternatives
// must be met by a scope that both grant.) ID, Subject and Client stay g's,
// unless other has no ID: then the result has none either and is not alive.
// Created is the later, Expires the earlier.
func (g Grant) And(other Grant) Grant {
	both := g.Clone()
	if other.ID == "" {
		both.ID = ""
	}
	both.Scopes = g.Scopes.Intersect(other.Scopes)
	both.Access = g.Access.Intersect(other.Access)
	both.Filters = append(both.Filters, cloneFilters(other.Filters)...)
	both.Accounts = g.Accounts.Intersect(other.Accounts)
	both.Gates = g.Gates.Intersect(other.Gates)
	both.Recipients = g.Recipients.And(other.Recipients)
	both.Quota = g.Quota.And(other.Quota)
	if other.Created.After(g.Created) {
		both.Created = other.Created
	}
	if g.Expires.IsZero() || !other.Expires.IsZero() && other.Expires.Before(g.Expires) {
		both.Expires = other.Expires
	}
	return both
}

// Clone returns a copy that shares no slice with g.
func (g Grant) Clone() Grant {
	g.Filters = cloneFilters(g.Filters)
	g.Recipients = g.Recipients.clone()
	return g
}
