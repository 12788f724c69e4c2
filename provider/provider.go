package provider

// Provider is the part every backend has. All work happens in the optional
// interfaces; Capabilities says which of them this login may use.
type Provider interface {
	// Info describes the account. It never changes and does no I/O.
	Info() Info
	// Capabilities reports what this login can do, as far as known without
	// dialling: before the first login the least that every server of the kind
	// can do, after it what that server said. It must not block.
	Capabilities() CapabilitySet
	// Close ends all work of the backend, waits for it, and is idempotent.
	Close() error
}

// Info describes an account. The same values for the account's whole life.
type Info struct {
	// Account is the embedder's id of the account, such as "work". Required.
	Account string
	// Service is the kind of backend: "imap", "memory", ...
	Service string
	// Identities are the addresses mail may be sent from; the first is the default.
	Identities []Address
}
