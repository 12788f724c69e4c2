package mailtext

import "strings"

const (
	// maxNested and maxInside bound how deep and how many rules stand inside others, and maxSelector what becomes of the
	// selectors of one, in bytes.
	maxNested   = 8
	maxInside   = 1024
	maxSelector = 4 << 10
)

// addRule adds a rule and those inside it (CSS Nesting 1).
func (s *sheet) addRule(head, body string, depth int) (added bool) {
	var says decls
	for body != "" {
		open := indexCSS(body, "{")
		if open < 0 {
			says.parseStyle(body, 0)
			break
		}
		inner := ""
		if semi := strings.LastIndexByte(body[:open], ';'); semi >= 0 {
			says.parseStyle(body[:semi], 0)
			inner = body[semi+1 : open]
		} else {
			inner = body[:open]
		}
		var block string
		block, body = cutBlock(body[open+1:])
		switch inner = strings.Trim(inner, " \t\r\n\f}"); {
		case depth >= maxNested || s.inside >= maxInside || len(head)*len(inner) > maxSelector:
			s.cut, s.partial = true, true
		case !strings.HasPrefix(inner, "@"):
			s.inside++
			added = s.addRule(nested(head, inner), block, depth+1) || added
		case always(inner):
			added = s.addRule(head, block, depth+1) || added
		default:
			s.partial = true
		}
	}
	if says != (decls{}) {
		added = s.add(head, &says) || added
	}
	return added
}

// nested joins the selectors of a rule and of one inside it, where "&" stands for the outer one's.
func nested(outer, inner string) string {
	var list []string
	for _, one := range splitSelector(inner, ",") {
		one = strings.TrimSpace(one)
		for _, above := range splitSelector(outer, ",") {
			above = strings.TrimSpace(above)
			if strings.Contains(one, "&") {
				list = append(list, strings.ReplaceAll(one, "&", above))
			} else {
				list = append(list, above+" "+one)
			}
		}
	}
	return strings.Join(list, ",")
}
