package mailtool

import (
	"math"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/provider"
)

// term makes the node of one word, phrase or operator with its value.
func (p *queryParser) term(t queryToken) (queryNode, error) {
	node := queryNode{at: t.at, text: t.text}
	op := t.op
	if p.op != "" {
		if op != "" {
			return node, p.fault(t, "stands inside "+p.op+":( )", "close that group first")
		}
		op = p.op
	}
	if len(t.value) > provider.MaxQueryText {
		return node, p.fault(t, "is too long", "search for at most "+strconv.Itoa(provider.MaxQueryText)+" bytes of it")
	}
	if op == "in" {
		return p.folder(node, t)
	}
	q, ok := textTerm(op, t.value)
	if !ok {
		var err error
		if q, err = p.fixedTerm(op, t); err != nil {
			return node, err
		}
	}
	node.leaf = &q
	return node, nil
}

// textTerm serves the operators whose value is looked for as it is.
func textTerm(op, value string) (q provider.Query, ok bool) {
	words := []string{value}
	switch op {
	case "":
		q.Text = words
	case "from":
		q.From = words
	case "to":
		q.To = words
	case "cc":
		q.Cc = words
	case "subject":
		q.Subject = words
	case "body":
		q.Body = words
	case "filename":
		q.Filename = words
	case "label":
		q.Labels = words
	default:
		return q, false
	}
	return q, true
}

// fixedTerm serves the operators that take certain values only.
func (p *queryParser) fixedTerm(op string, t queryToken) (q provider.Query, err error) {
	ok := true
	value := strings.ToLower(t.value)
	switch op {
	case "has":
		ok = value == "attachment" || value == "attachments"
		q.HasAttach = ok
	case "is":
		q.With, q.Without = flagTerm(value)
		ok = q.With|q.Without != 0
	case "after":
		q.Since, ok = p.date(value)
	case "before":
		q.Before, ok = p.date(value)
	case "newer_than":
		q.Since, ok = p.ago(value)
	case "older_than":
		q.Before, ok = p.ago(value)
	case "larger":
		q.Larger, ok = querySize(value)
	case "smaller":
		q.Smaller, ok = querySize(value)
	case "rfc822msgid":
		q.HeaderID = strings.TrimSuffix(strings.TrimPrefix(t.value, "<"), ">")
		ok = q.HeaderID != "" && !strings.ContainsAny(q.HeaderID, " <>")
	}
	if !ok {
		return q, p.fault(t, "has a value that "+op+": does not take", "write "+operatorForm(op))
	}
	return q, nil
}

func flagTerm(value string) (with, without provider.Flags) {
	switch value {
	case "unread", "unseen":
		return 0, provider.Seen
	case "read", "seen":
		return provider.Seen, 0
	case "starred", "flagged":
		return provider.Flagged, 0
	case "unstarred", "unflagged":
		return 0, provider.Flagged
	case "answered", "replied":
		return provider.Answered, 0
	case "unanswered", "unreplied":
		return 0, provider.Answered
	case "handled":
		return provider.Handled, 0
	case "unhandled":
		return 0, provider.Handled
	case "draft":
		return provider.Draft, 0
	case "deleted":
		return provider.Deleted, 0
	}
	return 0, 0
}

// folder serves in:. Names that other mail programs use for a role become the role.
func (p *queryParser) folder(node queryNode, t queryToken) (queryNode, error) {
	name := strings.TrimSpace(t.value)
	if name == "" {
		return node, p.fault(t, "names no folder", "write "+operatorForm("in"))
	}
	if !t.quoted {
		switch lower := strings.ToLower(name); lower {
		case "anywhere", "everywhere":
			name = everywhere
		case "spam":
			name = string(provider.RoleJunk)
		case "bin":
			name = string(provider.RoleTrash)
		case "draft":
			name = string(provider.RoleDrafts)
		}
	}
	node.folder = name
	return node, nil
}

// querySize reads a number of bytes, or of k, M or G (1024 each).
func querySize(s string) (int64, bool) {
	s = strings.TrimSuffix(s, "b")
	unit := int64(1)
	switch {
	case strings.HasSuffix(s, "k"):
		unit = 1 << 10
	case strings.HasSuffix(s, "m"):
		unit = 1 << 20
	case strings.HasSuffix(s, "g"):
		unit = 1 << 30
	}
	if unit > 1 {
		s = s[:len(s)-1]
	}
	n, ok := wholeNumber(s)
	if !ok || n == 0 || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}

// wholeNumber reads digits only.
func wholeNumber(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
