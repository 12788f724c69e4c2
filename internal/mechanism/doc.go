// Package mechanism holds the SASL mechanisms that go-sasl lacks, as its
// Clients: OAuth access tokens and passwords that are proven, not sent.
//
// A client serves one exchange in one goroutine.
package mechanism

// Fault is what a client's Next refuses: the server does not keep to the
// mechanism, or says no in it.
type Fault string

func (f Fault) Error() string { return string(f) }
