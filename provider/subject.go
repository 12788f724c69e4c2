package provider

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// baseSubject is a subject without what answering and passing on put before it
// and behind it (RFC 5256 section 2.1, and the prefixes of other languages).
func baseSubject(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	for {
		rest := s
		if len(rest) > 5 && strings.EqualFold(rest[len(rest)-5:], "(fwd)") {
			rest = rest[:len(rest)-5]
		}
		if n := strings.IndexAny(rest[:min(longestMark, len(rest))], ":\uff1a"); n >= 0 && isReplyMark(rest[:n]) {
			_, colon := utf8.DecodeRuneInString(rest[n:])
			rest = rest[n+colon:]
		}
		if strings.HasPrefix(rest, "[") {
			if _, behind, ok := strings.Cut(rest, "]"); ok && strings.TrimSpace(behind) != "" {
				rest = behind
			}
		}
		if rest = strings.TrimSpace(rest); rest == s {
			return s
		}
		s = rest
	}
}

// longestMark keeps the search for a mark from going through a long subject
// again and again.
const longestMark = 20

// isReplyMark knows "Re", "Re[2]" and the like.
func isReplyMark(s string) bool {
	s, _, _ = strings.Cut(strings.ToLower(s), "[")
	return slices.Contains([]string{
		"re", "fw", "fwd", "aw", "wg", "sv", "vs", "vb", "vl", "antw", "doorst", "ref", "tr", "rv", "res", "enc", "odp", "pd", "r", "i", "ynt", "ilt", "\u7b54\u590d", "\u56de\u590d", "\u8f6c\u53d1",
	}, strings.TrimSpace(s))
}
