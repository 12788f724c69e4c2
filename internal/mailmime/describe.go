package mailmime

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// node is a part with what only reading it needs.
type node struct {
	Part
	leafID   string // its ID if it turns out to have no parts
	boundary string
	start    string // the body among related parts
	unread   string // in words: what a reader does not see of it

	flowed, delsp bool // RFC 3676
}

// describe reads the fields that say what a part is.
func (p *parser) describe(fields []rawField, at place) node {
	part := node{Part: Part{Type: "text/plain"}}
	if at.digest {
		part.Type = "message/rfc822"
	}
	for _, name := range []string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition"} {
		if repeated(fields, name) {
			p.defect("more than one " + name + " field; the first is used")
		}
	}
	value, params := parseParams(labelled(lookupField(fields, "Content-Type"), p.written, false))
	if ambiguous(params, "boundary") { // readers differ in which they take, and so in what they show
		p.defect("more than one boundary is given; the first, or the extended one, is used")
	}
	if kind := mediaType(value); kind != "" {
		part.Type = kind
	} else if value != "" {
		p.defect("content type not understood")
	}
	disposition, dparams := parseParams(labelled(lookupField(fields, "Content-Disposition"), p.written, false))
	part.Disposition = strings.Trim(disposition, `"'`)
	part.Charset = normCharset(lookupParam(params, "charset"))
	if part.Charset, _, _ = strings.Cut(part.Charset, " "); !validToken(part.Charset) {
		part.Charset = ""
	}
	if p.written == "" && strings.HasPrefix(part.Type, "text/") {
		p.written = part.Charset
	}
	part.Name = lookupParam(dparams, "filename")
	if part.Name == "" {
		part.Name = lookupParam(params, "name")
	}
	if part.Name == "" && IsTNEF(part.Type) {
		part.Name = "winmail.dat"
	}
	if part.Type == "text/plain" {
		part.flowed = strings.EqualFold(lookupParam(params, "format"), "flowed")
		part.delsp = strings.EqualFold(lookupParam(params, "delsp"), "yes")
	}
	part.unread = unread(part.Part, params)
	part.Method = strings.ToUpper(lookupParam(params, "method"))
	part.ContentID = decodeText(strings.Trim(lookupField(fields, "Content-ID"), "<> \t"))
	part.Encoding = strings.ToValidUTF8(normEncoding(lookupField(fields, "Content-Transfer-Encoding")), "\uFFFD")
	part.boundary = strings.TrimRight(lookupParam(params, "boundary"), " \t")
	part.start = strings.Trim(lookupParam(params, "start"), "<> \t")
	return part
}

// mediaType is type/subtype without what senders put around it, empty when there is none.
func mediaType(value string) string {
	value = strings.Trim(value, `"'`)
	if value == "text" {
		return "text/plain"
	}
	main, sub, ok := strings.Cut(value, "/")
	sub = tokenPrefix(sub) // "text/html,charset=utf-8"
	if !ok || main == "" || sub == "" || !validToken(main) {
		return ""
	}
	return main + "/" + sub
}

// guessBoundary finds the first delimiter that a header field follows, among what is at hand.
func (p *parser) guessBoundary() string {
	window, err := p.s.br.Peek(p.s.size)
	if err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	return boundaryIn(window)
}

// boundaryIn finds the first delimiter that a header field follows.
func boundaryIn(window []byte) string {
	for len(window) > 0 {
		var line []byte
		line, window, _ = bytes.Cut(window, []byte("\n"))
		line = bytes.TrimRight(line, " \t\r")
		if len(line) > 3 && len(line) < 200 && string(line[:2]) == "--" && len(window) > 8 && bytes.EqualFold(window[:8], []byte("content-")) {
			return string(line[2:])
		}
	}
	return ""
}

func validToken(s string) bool { return tokenPrefix(s) == s }

// tokenPrefix is what of s is a token (RFC 2045 section 5.1); names of charsets hold colons.
func tokenPrefix(s string) string {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7F || strings.IndexByte(`()<>@,;\"/[]?=`, c) >= 0 {
			return s[:i]
		}
	}
	return s
}
