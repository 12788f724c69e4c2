package mailtext

import (
	"bytes"
	"sort"
	"strings"
)

// maxRegions bounds the marked passages of a page; a reply chain has a few hundred.
const maxRegions = 4096

// role is what the markup of mail programs says of a passage.
type role uint8

const (
	roleNone   role = iota
	roleQuoted      // a message that this one answers or forwards
	roleThread      // the same, but answers may stand between the block quotes in it
	roleIntro       // says who wrote what follows
	roleRest        // a point: what follows is quoted
	roleHeader      // a point: what follows is quoted if it begins like a header
	roleSignature
	roleForward // a quoted message that is passed on
)

// region is a marked passage: first bytes of the writer's output, then lines of the text, both ends included.
type region struct {
	role     role
	from, to int
}

// beginRegion notes the passage that an element begins and returns its number, 0 for none. Inside of what is quoted
// whole nothing is noted.
func (r *renderer) beginRegion(t tag, a *attrs) int32 {
	const asked = 1<<attrClass | 1<<attrID | 1<<attrStyle | 1<<attrType | 1<<attrName | 1<<attrMarker
	if a.set&asked == 0 || r.inQuoted > 0 || len(r.regions) >= maxRegions {
		return 0
	}
	kind := roleOf(t, a)
	if kind == roleNone {
		return 0
	}
	if kind == roleQuoted || kind == roleForward {
		r.inQuoted++
	}
	r.regions = append(r.regions, region{kind, len(r.w.out), -1})
	return int32(len(r.regions))
}

func (r *renderer) endRegion(n int32) {
	if n == 0 {
		return
	}
	at := &r.regions[n-1]
	at.to = len(r.w.out)
	if at.role == roleQuoted || at.role == roleForward {
		r.inQuoted--
	}
}

// roleOf reads the marks that mail programs leave.
func roleOf(t tag, a *attrs) role {
	if a.has(attrID) {
		if kind := roleOfName(a.val[attrID]); kind != roleNone {
			return kind
		}
	}
	if a.has(attrClass) {
		for name := range bytes.FieldsSeq(a.val[attrClass]) {
			kind := roleOfName(name)
			if kind == roleThread && t == tagQuote {
				kind = roleNone // Gmail's button for block quotes sets the same class; the lines around decide
			}
			if kind != roleNone {
				return kind
			}
		}
	}
	switch {
	case t == tagQuote && bytes.EqualFold(a.val[attrType], []byte("cite")):
		return roleQuoted
	case a.has(attrName):
		return roleOfSection(string(a.val[attrName]))
	case a.has(attrMarker):
		return roleOfMarker(string(a.val[attrMarker]))
	case a.has(attrStyle) && t >= tagCount && ruled(a.val[attrStyle]):
		return roleHeader
	}
	return roleNone
}

// roleOfName knows ids and classes. Outlook puts x_ before those of what it quotes, once more each time.
func roleOfName(name []byte) role {
	if len(name) < 5 || len(name) > 80 {
		return roleNone
	}
	for bytes.HasPrefix(name, []byte("x_")) {
		name = name[2:]
	}
	switch string(name) {
	case "gmail_quote", "gmail_quote_container", "protonmail_quote", "tutanota_quote":
		return roleThread
	case "gmail_attr", "moz-cite-prefix", "reply-intro", "gmail_quote_attribution":
		return roleIntro
	case "moz-forward-container", "isForwardContent":
		return roleForward
	case "yahoo_quoted", "isReplyContent", "mail-editor-reference-message-container", "blockquote_zmail", "front-blockquote":
		return roleQuoted
	case "divRplyFwdMsg", "appendonsend", "stopSpelling":
		return roleRest
	case "gmail_signature", "AppleMailSignature", "moz-signature", "Signature", "protonmail_signature_block", "ms-outlook-mobile-signature",
		"Zm-_Id_-Sgn", "composer_signature", "front-signature", "gmail_signature_prefix":
		return roleSignature
	}
	if bytes.HasPrefix(name, []byte("ydp")) && bytes.HasSuffix(name, []byte("yahoo_quoted")) ||
		bytes.HasPrefix(name, []byte("yahoo_quoted_")) || bytes.HasPrefix(name, []byte("ydp")) && bytes.Contains(name, []byte("yahoo_quoted_")) {
		return roleQuoted
	}
	return roleNone
}

// roleOfSection knows the names of Spark's and of GMX's and WEB.DE's divisions.
func roleOfSection(name string) role {
	switch name {
	case "messageReplySection", "quote":
		return roleQuoted
	case "messageSignatureSection":
		return roleSignature
	}
	return roleNone
}

// roleOfMarker knows Zimbra's marks.
func roleOfMarker(marker string) role {
	switch marker {
	case "__DIVIDER__":
		return roleRest
	case "__SIG_PRE__", "__SIG_POST__":
		return roleSignature
	}
	return roleNone
}

// ruled reports the line that Outlook draws above the header of the message it quotes.
func ruled(style []byte) bool {
	if len(style) > 300 || !bytes.Contains(style, []byte("border-top")) {
		return false
	}
	s := strings.ToLower(string(style))
	for _, color := range []string{"e1e1e1", "b5c4df", "rgb(225, 225, 225)", "rgb(225,225,225)", "rgb(181, 196, 223)", "rgb(181,196,223)"} {
		if strings.Contains(s, color) {
			return true
		}
	}
	return false
}

// inLines turns bytes of the writer's output into lines of the text it became, those that lie in the region whole.
func inLines(regions []region, out, text string) []region {
	if len(regions) == 0 || strings.Count(out, "\n") != strings.Count(text, "\n") {
		return nil
	}
	var ends []int // where the lines of out end
	for i := range len(out) {
		if out[i] == '\n' {
			ends = append(ends, i)
		}
	}
	var list []region
	for _, one := range regions {
		if one.to < 0 {
			one.to = len(out)
		}
		from := sort.SearchInts(ends, one.from) // the line that from is in
		if one.from > 0 {
			from++ // text of a block begins with a line end; other text is the rest of a line
		}
		to := sort.SearchInts(ends, one.to)
		if one.to < len(out) && (to >= len(ends) || ends[to] != one.to) {
			to--
		}
		point := one.role == roleRest || one.role == roleHeader
		if from <= to || point {
			list = append(list, region{one.role, from, to})
		}
	}
	return list
}
