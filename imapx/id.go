package imapx

import (
	"bytes"
	"runtime/debug"
	"strings"
)

// Some services turn away clients that do not say what they are (RFC 2971), and
// some people look into their server's log.

const (
	// idTag is that of the ID command, for whose answer nobody waits.
	idTag = "I0"
	// maxServerName bounds what a server says of itself.
	maxServerName = 80
	modulePath    = "github.com/postern-mail/postern"
)

// introduce has the first command bring ID along, in the same packet: it costs
// no round trip. Nothing in it is about the user or the machine.
func (c *Conn) introduce() {
	if !c.caps.Has("ID") {
		return
	}
	line := idTag + ` ID ("name" "postern"`
	if v := version(); v != "" {
		line += ` "version" ` + quote(v)
	}
	p := c.pool
	c.guard.bring([]byte(line+")\r\n"), func(name string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.server = name
	})
}

// version is this module's, as the program that holds it was built with.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == modulePath && strings.HasPrefix(m.Version, "v") {
			return printable(m.Version)
		}
	}
	return ""
}

// Server is what the server says it is, "Dovecot 2.3" say; empty when it has
// not said. It may be anything, and anybody's words.
func (p *Pool) Server() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server
}

// isID recognises the answer to ID.
func isID(response []byte) bool {
	return len(response) > 5 && bytes.EqualFold(response[:5], []byte("* ID "))
}

// serverName reads the answer to ID: a list of names and values, or NIL.
func serverName(response []byte) string {
	r := parseResponse(response)
	if r.broken || len(r.values) == 0 {
		return ""
	}
	name, version := "", ""
	r.values[0].items(func(key string, v value) {
		switch {
		case v.kind != stringValue:
		case key == "NAME":
			name = v.text
		case key == "VERSION":
			version = v.text
		}
	})
	if name == "" {
		return ""
	}
	said := strings.TrimSpace(printable(name + " " + version))
	if len(said) > maxServerName {
		said = strings.ToValidUTF8(said[:maxServerName], "") + "..."
	}
	return said
}
