package provider

import (
	"strings"
	"unicode"
)

// Address is a mailbox of RFC 5322 section 3.4. Name is decoded and not
// cleaned; Addr is local-part@domain as the mail has it, and may be malformed.
type Address struct {
	Name string
	Addr string
}

// String reads "Ann Lee <ann@example.org>", the name quoted where RFC 5322
// section 3.2.3 asks for it. Control characters become spaces.
func (a Address) String() string {
	name, addr := oneLine(a.Name), oneLine(a.Addr)
	switch {
	case name == "":
		return addr
	case strings.ContainsAny(name, `()<>[]:;@\,."`):
		name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	if addr == "" {
		return name
	}
	return name + " <" + addr + ">"
}

func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s))
}
