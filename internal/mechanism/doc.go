// Package mechanism holds the SASL mechanisms that go-sasl lacks, as its
// Clients: OAuth access tokens and passwords that are proven, not sent.
//
// A client serves one exchange in one goroutine.
package mechanism
