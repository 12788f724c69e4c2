package mailtool

import (
	"strings"
	"unicode/utf8"

	"github.com/postern-mail/postern/provider"
)

// operatorForm is how an operator is written, for errors.
func operatorForm(op string) string {
	switch op {
	case "has":
		return "has:attachment"
	case "is":
		return "is: with unread, read, starred, unstarred, answered, unanswered, handled, unhandled, draft or deleted"
	case "in":
		return `in: with a folder's path or role, such as in:sent or in:"Work/2026", or in:anywhere`
	case "after", "before":
		return op + ":2026/11/20 or " + op + ":2026-11-20"
	case "newer_than", "older_than":
		return op + ":2d, with h, d, w, m or y for hours, days, weeks, months or years"
	case "larger", "smaller":
		return op + ":10M, with k, M or G, or bytes"
	case "rfc822msgid":
		return "rfc822msgid:abc@example.org"
	}
	return op + `:word or ` + op + `:"several words"`
}

// canonicalOperator gives the operator for a name in any case; empty when there is none.
func canonicalOperator(name string) string {
	name = strings.ToLower(name)
	switch name {
	case "since", "newer":
		return "after"
	case "older":
		return "before"
	}
	for _, op := range queryOperators() {
		if name == op {
			return op
		}
	}
	return ""
}

func queryOperators() []string {
	return []string{
		"from", "to", "cc", "subject", "body", "has", "is", "in", "label", "filename", "after", "before", "newer_than", "older_than",
		"larger", "smaller", "rfc822msgid",
	}
}

// unknownOperator says what is wrong with an operator that does not exist, and which is meant.
func unknownOperator(name string) (what, next string) {
	what = "begins with an operator that does not exist"
	next = "put the text in quotes to search for it as it is; operators: " + strings.Join(queryOperators(), ": ") + ":"
	if meant := nearestOperator(strings.ToLower(name)); meant != "" {
		next = "write " + meant + " if that is meant, or " + next
	}
	return what, next
}

// nearestOperator knows what other mail programs call things, then goes by spelling.
func nearestOperator(name string) string {
	switch name {
	case "sender", "author":
		return "from:"
	case "recipient", "bcc", "deliveredto":
		return "to: (it looks at To, Cc and Bcc)"
	case "title":
		return "subject:"
	case "folder", "mailbox":
		return "in:"
	case "tag", "keyword", "category":
		return "label:"
	case "text", "content", "message":
		return "body:"
	case "attachment", "attachments":
		return "has:attachment or filename:"
	case "date", "on", "sent", "received":
		return "after: and before:"
	case "until":
		return "before:"
	case "size":
		return "larger: or smaller:"
	case "messageid", "message_id", "msgid", "id":
		return "rfc822msgid:"
	}
	best, least := "", maxTypos+1
	for _, op := range queryOperators() {
		if len(name) >= 3 && strings.HasPrefix(op, name) {
			return op + ":"
		}
	}
	for _, op := range append(queryOperators(), "since") {
		if d := provider.EditDistance(name, op); d < least && d < utf8.RuneCountInString(op) {
			best, least = op+":", d
		}
	}
	return best
}

// maxTypos is how many letters a name may be off to be taken for an operator.
const maxTypos = 2
