package scopes

import "fmt"

// Access is the worst a call can do. The zero value is invalid on purpose. The
// values are a set, not an order: sending and destroying are not comparable.
type Access uint8

// The classes of access. Whatever makes mail leave, now or later, is Send: also
// redirecting rules, automatic replies, forwarding and invitations.
const (
	Read    Access = iota + 1 // changes nothing
	Write                     // changes mail or settings, can be undone
	Send                      // makes mail leave
	Destroy                   // loses data
)

const accessCount = 4

// Valid reports whether a is one of the declared classes.
func (a Access) Valid() bool { return a >= Read && a <= Destroy }

// String returns "read", "write", "send" or "destroy".
func (a Access) String() string {
	switch a {
	case Read:
		return "read"
	case Write:
		return "write"
	case Send:
		return "send"
	case Destroy:
		return "destroy"
	}
	return fmt.Sprintf("access(%d)", uint8(a))
}

// AccessSet is a set of access classes. The zero AccessSet allows nothing, not
// even reading.
type AccessSet uint8

// Accesses returns the set of a; invalid classes are dropped.
func Accesses(a ...Access) AccessSet {
	var set AccessSet
	for _, one := range a {
		if one.Valid() {
			set |= 1 << (one - 1)
		}
	}
	return set
}

// AllAccess returns the set of every class.
func AllAccess() AccessSet { return 1<<accessCount - 1 }

// Has reports whether a is in the set; an invalid class never is.
func (s AccessSet) Has(a Access) bool { return a.Valid() && s&(1<<(a-1)) != 0 }

// Intersect returns what both sets allow.
func (s AccessSet) Intersect(t AccessSet) AccessSet { return s & t & AllAccess() }

// Slice returns the classes in the order Read, Write, Send, Destroy.
func (s AccessSet) Slice() []Access {
	var list []Access
	for a := Read; a <= Destroy; a++ {
		if s.Has(a) {
			list = append(list, a)
		}
	}
	return list
}
