package provider

import "strings"

// Address is a mailbox of RFC 5322 section 3.4. Name is decoded and not
// cleaned; Addr is local-part@domain as the mail has it, and may be malformed.
type Address struct {
	Name string
	Addr string
}

// String reads "Ann Lee <ann@example.org>", the name quoted where RFC 5322
// section 3.2.3 asks for it. Control characters in the name become spaces.
func (a Address) String() string {
	name := strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, a.Name))
	switch {
	case name == "":
		return a.Addr
	case strings.ContainsAny(name, `()<>[]:;@\,."`):
		name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	if a.Addr == "" {
		return name
	}
	return name + " <" + a.Addr + ">"
}
