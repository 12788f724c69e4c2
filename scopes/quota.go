package scopes

// What a grant may send when it says nothing. A person's mail rarely needs
// more, and a fooled agent stops early; mail services count in hundreds a day.
const (
	DefaultRecipients   = 50
	DefaultSendsPerHour = 30
	DefaultSendsPerDay  = 200
)

// Quota bounds sending: recipients of one message, and messages in any hour and
// any day. Zero means the package's default, negative means no limit.
type Quota struct {
	Recipients   int
	SendsPerHour int
	SendsPerDay  int
}

// Effective returns q with the defaults in place of zeros, and -1 for no limit.
func (q Quota) Effective() Quota {
	return Quota{
		Recipients:   effective(q.Recipients, DefaultRecipients),
		SendsPerHour: effective(q.SendsPerHour, DefaultSendsPerHour),
		SendsPerDay:  effective(q.SendsPerDay, DefaultSendsPerDay),
	}
}

// And returns the stricter effective value of each limit.
func (q Quota) And(other Quota) Quota {
	a, b := q.Effective(), other.Effective()
	return Quota{
		Recipients:   stricterLimit(a.Recipients, b.Recipients),
		SendsPerHour: stricterLimit(a.SendsPerHour, b.SendsPerHour),
		SendsPerDay:  stricterLimit(a.SendsPerDay, b.SendsPerDay),
	}
}

func effective(n, byDefault int) int {
	switch {
	case n == 0:
		return byDefault
	case n < 0:
		return -1
	}
	return n
}

func stricterLimit(a, b int) int {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}
