package imapmail

import "github.com/postern-mail/postern/provider"

// Capabilities is what every IMAP server can do before the first login, and
// what this one announced after it.
func (b *Backend) Capabilities() provider.CapabilitySet {
	set := provider.Caps(provider.CapFolders, provider.CapRead, provider.CapSearch, provider.CapModify)
	if b.opts.SMTP != nil {
		set |= provider.Caps(provider.CapSend)
	}
	caps, known := b.pool.Caps()
	if !known {
		return set
	}
	plus := caps.Has("UIDPLUS")
	if plus || caps.Has("MOVE") {
		// Without both, a moved message could not be removed where it was.
		set |= provider.Caps(provider.CapMove, provider.CapDelete)
	}
	if plus {
		// Without it only a plain EXPUNGE removes, which takes others' too.
		set |= provider.Caps(provider.CapPurge)
	}
	return set
}
