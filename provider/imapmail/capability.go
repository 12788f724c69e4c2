package imapmail

import "github.com/postern-mail/postern/provider"

// Capabilities is what every IMAP server can do before the first login, and
// what this one announced after it.
func (b *Backend) Capabilities() provider.CapabilitySet {
	// Every server can move: where one has neither MOVE nor UIDPLUS, the message is
	// copied and the original stays, marked \Deleted, as its Outcome says.
	set := provider.Caps(
		provider.CapFolders, provider.CapRead, provider.CapSearch, provider.CapModify, provider.CapMove, provider.CapDelete, provider.CapThread, provider.CapWatch,
	)
	if b.opts.SMTP != nil {
		set |= provider.Caps(provider.CapSend)
	}
	if caps, known := b.pool.Caps(); known && caps.Has("UIDPLUS") {
		// Without it only a plain EXPUNGE removes, which takes others' too.
		set |= provider.Caps(provider.CapPurge)
	}
	if b.handled.kept.Load() {
		set |= provider.Caps(provider.CapHandled)
	}
	return set
}
