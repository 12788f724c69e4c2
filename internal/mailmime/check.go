package mailmime

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// EncodeMailbox checks an address to write to (RFC 5321 section 4.1.2) and returns it in ASCII: domains are converted to
// A-labels (RFC 5891). A non-ASCII local part is refused: few servers take one.
func EncodeMailbox(mailbox string) (string, error) {
	at := strings.LastIndexByte(mailbox, '@')
	if at < 0 {
		return "", badAddress(mailbox, "has no @")
	}
	local, domain := mailbox[:at], mailbox[at+1:]
	if why := checkLocal(local); why != "" {
		return "", badAddress(mailbox, why)
	}
	ascii, why := encodeDomain(domain)
	if why != "" {
		return "", badAddress(mailbox, why)
	}
	if len(local)+1+len(ascii) > maxMailbox {
		return "", badAddress(mailbox, "is longer than 254 characters")
	}
	return local + "@" + ascii, nil
}

const (
	maxMailbox = 254 // RFC 5321 section 4.5.3.1.3, less the angle brackets
	maxLocal   = 64  // section 4.5.3.1.1
	maxDomain  = 253 // RFC 1035 section 2.3.4, less the root
	maxLabel   = 63
)

func badAddress(mailbox, why string) *Error {
	if len(mailbox) > 100 {
		mailbox = mailbox[:100] + "..."
	}
	return &Error{Field: "address", Reason: strconv.QuoteToASCII(mailbox) + " " + why}
}

func checkLocal(s string) string {
	switch {
	case s == "":
		return "has nothing before the @"
	case len(s) > maxLocal:
		return "has more than 64 characters before the @"
	case s[0] == '"':
		return checkQuotedLocal(s)
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			return "has a character other than ASCII before the @, which mail servers commonly refuse"
		case c == '.' && (i == 0 || i == len(s)-1 || s[i-1] == '.'):
			return "has a dot out of place before the @"
		case c != '.' && !atext(c):
			return "has a character before the @ that is not allowed there: " + strconv.QuoteToASCII(s[i:i+1])
		}
	}
	return ""
}

// checkQuotedLocal checks a Quoted-string (RFC 5321 section 4.1.2).
func checkQuotedLocal(s string) string {
	const bad = "has a malformed quoted part before the @"
	if len(s) < 2 || s[len(s)-1] != '"' {
		return bad
	}
	in := s[1 : len(s)-1]
	for i := 0; i < len(in); i++ {
		if in[i] == '\\' {
			i++
		} else if in[i] == '"' {
			return bad
		}
		if i >= len(in) || in[i] < ' ' || in[i] > '~' {
			return bad
		}
	}
	return ""
}

func encodeDomain(s string) (ascii, why string) {
	if s == "" {
		return "", "has nothing behind the @"
	}
	if strings.HasPrefix(s, "[") {
		lit := strings.TrimPrefix(strings.TrimSuffix(s[1:], "]"), "IPv6:")
		if _, err := netip.ParseAddr(lit); err != nil || !strings.HasSuffix(s, "]") || strings.Contains(lit, "%") {
			return "", "has a malformed address literal behind the @"
		}
		return s, ""
	}
	if strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		a, err := idna.Lookup.ToASCII(s)
		if err != nil {
			return "", "has a domain that is not valid"
		}
		s = a
	}
	if len(s) > maxDomain {
		return "", "has a domain longer than 253 characters"
	}
	for label := range strings.SplitSeq(s, ".") {
		if !validLabel(label) {
			return "", "has a domain that is not valid"
		}
	}
	return s, ""
}

// validLabel takes the sub-domain of RFC 5321 section 4.1.2, and the underscore some internal domains have.
func validLabel(s string) bool {
	if s == "" || len(s) > maxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// ValidMessageID tells whether an id, without its angle brackets, can be written into Message-ID, In-Reply-To or References.
// Ids in received mail may fail it; leave those out.
func ValidMessageID(id string) bool {
	if id == "" || len(id) > maxMessageID {
		return false
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c > '~' || c == '<' || c == '>' {
			return false
		}
	}
	return true
}

// maxMessageID keeps the field on one line of at most 998 characters (RFC 5322 section 2.1.1).
const maxMessageID = 900

// checkText refuses what no header may carry: a line break would start a field of the writer's choice.
func checkText(field, s string) *Error {
	if !utf8.ValidString(s) {
		return &Error{Field: field, Reason: "is not valid UTF-8"}
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return &Error{Field: field, Reason: "holds the control character " + strconv.QuoteRuneToASCII(r)}
		}
	}
	return nil
}
