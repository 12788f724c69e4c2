package scopes

// Gate names a switch the operator holds and no model can reach. An effect has
// at most one. Only the names declared here mean anything.
type Gate string

// The gates. NoGate is the gate of effects that are behind none.
const (
	NoGate      Gate = ""
	Sending     Gate = "sending"
	Destructive Gate = "destructive"
	Migration   Gate = "migration"
)

// Known reports whether g is NoGate or one of the declared gates.
func (g Gate) Known() bool { return g == NoGate || g.bit() != 0 }

func (g Gate) bit() GateSet {
	switch g {
	case NoGate:
		return 0
	case Sending:
		return 1 << 0
	case Destructive:
		return 1 << 1
	case Migration:
		return 1 << 2
	}
	return 0
}

// GateSet is a set of open gates. In the zero GateSet all are closed.
type GateSet uint8

// Gates returns the set in which g are open; unknown gates are dropped.
func Gates(g ...Gate) GateSet {
	var set GateSet
	for _, one := range g {
		set |= one.bit()
	}
	return set
}

// AllGates returns the set in which every gate is open.
func AllGates() GateSet { return Gates(Sending, Destructive, Migration) }

// Has reports whether g is open. NoGate always is, an unknown gate never.
func (s GateSet) Has(g Gate) bool { return g == NoGate || s&g.bit() != 0 }

// Intersect returns the gates that are open in both.
func (s GateSet) Intersect(t GateSet) GateSet { return s & t & AllGates() }

// Slice returns the open gates in the order Sending, Destructive, Migration.
func (s GateSet) Slice() []Gate {
	var list []Gate
	for _, g := range [...]Gate{Sending, Destructive, Migration} {
		if s.Has(g) {
			list = append(list, g)
		}
	}
	return list
}
