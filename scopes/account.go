package scopes

import "slices"

// AccountID names one mailbox. The empty id names none.
type AccountID string

// AccountSet says which accounts a grant is for. The zero AccountSet has none;
// that it has every account must be said by [AllAccounts].
type AccountSet struct {
	all bool
	ids []AccountID // sorted, unique, never written after it is made
}

// Accounts returns the set of ids; the empty id is dropped.
func Accounts(ids ...AccountID) AccountSet {
	list := slices.DeleteFunc(slices.Clone(ids), func(id AccountID) bool { return id == "" })
	slices.Sort(list)
	return AccountSet{ids: slices.Compact(list)}
}

// AllAccounts returns the set of every account, later ones included.
func AllAccounts() AccountSet { return AccountSet{all: true} }

// All reports whether s was made by [AllAccounts].
func (s AccountSet) All() bool { return s.all }

// Has reports whether id is in the set; the empty id never is.
func (s AccountSet) Has(id AccountID) bool {
	if id == "" {
		return false
	}
	_, found := slices.BinarySearch(s.ids, id)
	return s.all || found
}

// Intersect returns the accounts that are in both.
func (s AccountSet) Intersect(t AccountSet) AccountSet {
	switch {
	case s.all:
		return t
	case t.all:
		return s
	}
	var both []AccountID
	for _, id := range s.ids {
		if t.Has(id) {
			both = append(both, id)
		}
	}
	return AccountSet{ids: both}
}

// Slice returns the named accounts, sorted. It is nil for [AllAccounts]: ask
// [AccountSet.All] first.
func (s AccountSet) Slice() []AccountID { return slices.Clone(s.ids) }

// Equal reports whether both have the same accounts.
func (s AccountSet) Equal(t AccountSet) bool { return s.all == t.all && slices.Equal(s.ids, t.ids) }
