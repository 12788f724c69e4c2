package imapx

import (
	"slices"
	"strconv"
	"strings"
)

// Caps is what a server announced after login. The zero value offers nothing.
type Caps struct{ names map[string]bool }

func parseCaps(list string) Caps {
	c := Caps{names: make(map[string]bool)}
	for _, name := range strings.Fields(list) {
		c.names[strings.ToUpper(name)] = true
	}
	return c
}

func (c Caps) known() bool { return c.names != nil }

// Has reports whether the server offers an extension, "MOVE" or "UIDPLUS" say.
// A server that speaks IMAP4rev2 alone offers what is part of it.
func (c Caps) Has(name string) bool {
	name = strings.ToUpper(name)
	return c.names[name] || c.rev2() && slices.Contains(partOfRev2(), name)
}

// rev2 reports whether the connection speaks IMAP4rev2. With both revisions it
// speaks the first one until ENABLE (RFC 9051 section 6.3.1), which we never send.
func (c Caps) rev2() bool { return c.names["IMAP4REV2"] && !c.names["IMAP4REV1"] }

// partOfRev2 is RFC 9051 appendix E as far as we ask for it.
func partOfRev2() []string {
	return []string{
		"NAMESPACE", "UNSELECT", "UIDPLUS", "ESEARCH", "SEARCHRES", "ENABLE", "IDLE", "SASL-IR",
		"LIST-EXTENDED", "LIST-STATUS", "MOVE", "LITERAL-", "CHILDREN",
	}
}

// appendLimit is the largest message the server takes, 0 when it does not say
// (RFC 7889).
func (c Caps) appendLimit() int64 {
	for name := range c.names {
		if limit, ok := strings.CutPrefix(name, "APPENDLIMIT="); ok {
			n, err := strconv.ParseInt(limit, 10, 64)
			if err == nil && n > 0 {
				return n
			}
		}
	}
	return 0
}

// greeting is the line that the client library gets in place of the server's:
// already logged in, and with the only capabilities it acts on by itself. So
// it asks for none in the background, and does not take IMAP4rev2 for agreed.
func (c Caps) greeting() string {
	list := "IMAP4rev1"
	if c.rev2() {
		list = "IMAP4rev2"
	}
	for _, name := range []string{"LITERAL-", "LITERAL+", "MOVE", "UIDPLUS", "ESEARCH", "UNSELECT"} {
		if c.Has(name) {
			list += " " + name
		}
	}
	return "* PREAUTH [CAPABILITY " + list + "] ready\r\n"
}
