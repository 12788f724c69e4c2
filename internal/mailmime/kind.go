package mailmime

import "strings"

func (p Part) multipart() bool { return strings.HasPrefix(p.Type, "multipart/") }

func (p Part) message() bool { return p.Type == "message/rfc822" || p.Type == "message/global" }

func (p Part) html() bool { return p.Type == "text/html" || p.Type == "application/xhtml+xml" }

// IsCalendar tells whether a media type, in lower case, is an iCalendar object (RFC 5545 section 8.1, and what some attach it as).
func IsCalendar(kind string) bool { return kind == "text/calendar" || kind == "application/ics" }

// TextCharset is the charset of the first text part that names one, outside embedded messages: whoever writes raw 8-bit text
// in the header wrote it in the same.
func TextCharset(p Part) string {
	if !p.multipart() {
		if strings.HasPrefix(p.Type, "text/") {
			return p.Charset
		}
		return ""
	}
	for _, child := range p.Parts {
		if charset := TextCharset(child); charset != "" {
			return charset
		}
	}
	return ""
}

// IsTNEF tells whether a media type, in lower case, is Outlook's container for a rich message and its files.
func IsTNEF(kind string) bool {
	return kind == "application/ms-tnef" || kind == "application/vnd.ms-tnef"
}

// InBody tells whether a leaf is text to read in place rather than a file. later: some text stands before it, so that one
// with a name is a file.
func InBody(kind, disposition string, named, later bool) bool {
	if report(kind) {
		return true // whatever it is called: it says why a message did not arrive
	}
	return disposition != "attachment" && !(later && named) && readsAsText(kind)
}

// report names the parts that tell what became of a message (RFC 3464, 3798, 3886, 5965, 6533): lines a person can read.
func report(kind string) bool {
	switch kind {
	case "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
		"message/global-disposition-notification", "message/tracking-status", "message/feedback-report":
		return true
	}
	return false
}

// readsAsText: unknown kinds of text are read as plain (RFC 2046 section 4.1.4), but not those for programs, nor those that
// say once more what another part says.
func readsAsText(kind string) bool {
	if kind == "application/xhtml+xml" || kind == "message/partial" {
		return true
	}
	sub, ok := strings.CutPrefix(kind, "text/")
	switch sub {
	case "calendar", "vcard", "x-vcard", "directory", "rfc822-headers", "rtf", "csv", "tab-separated-values",
		"x-amp-html", "watch-html", "css", "javascript", "ecmascript", "x-javascript", "xml", "xml-external-parsed-entity", "xsl":
		return false
	}
	return ok
}

// isBody tells whether a leaf is part of the message's own text.
func (p Part) isBody(at place) bool {
	return !at.embedded && InBody(p.Type, p.Disposition, p.Name != "", at.later)
}

// unread says in words what a reader cannot see of a part, if anything.
func unread(part Part, params []param) string {
	switch part.Type {
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		switch strings.ToLower(lookupParam(params, "smime-type")) {
		case "signed-data":
			return "is signed with S/MIME in a form that hides the text; it is not opened"
		case "certs-only":
			return ""
		case "compressed-data":
			return "is compressed with S/MIME and not opened"
		}
		return "is encrypted with S/MIME and cannot be read"
	case "multipart/encrypted":
		return "is encrypted and cannot be read"
	case "message/partial":
		return "is one piece of a message that was sent in several"
	case "message/external-body":
		return "is not in the message, which only names where it is kept"
	}
	if IsTNEF(part.Type) || strings.EqualFold(part.Name, "winmail.dat") {
		return "is Outlook's winmail.dat; files within it are not shown"
	}
	return ""
}

// partName names a part in a defect; the root of a multipart has no number.
func partName(id string) string {
	if id == "" {
		return "the message"
	}
	return "part " + id
}
