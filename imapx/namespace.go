package imapx

import (
	"context"
	"strings"
)

// Namespace is where an account's own mailboxes are (RFC 2342).
type Namespace struct {
	Prefix    string // "", or "INBOX." say
	Delimiter string // empty: no hierarchy
}

// Personal asks where new mailboxes belong. A server without NAMESPACE shows it
// by its mailboxes: where every other is below INBOX, new ones are too.
func (c *Conn) Personal(ctx context.Context) (Namespace, error) {
	if !c.caps.Has("NAMESPACE") {
		folders, err := c.List(ctx, false)
		return guessPersonal(folders), err
	}
	var out Namespace
	found := false
	_, err := c.own(ctx, reads, ownCommand{op: "NAMESPACE", args: "NAMESPACE", takes: []string{"NAMESPACE"}}, func(r response) error {
		out, found = personalOf(r)
		return nil
	})
	if err == nil && !found {
		folders, err := c.List(ctx, false)
		return guessPersonal(folders), err
	}
	return out, err
}

// personalOf reads the first personal namespace of an answer.
func personalOf(r response) (Namespace, bool) {
	if r.broken || len(r.values) == 0 || len(r.values[0].list) == 0 {
		return Namespace{}, false
	}
	first := r.values[0].list[0].list
	if len(first) < 2 {
		return Namespace{}, false
	}
	prefix, ok := decodeName(first[0].text)
	delimiter := first[1]
	switch {
	case !ok, first[0].kind != stringValue, CheckName("NAMESPACE", prefix+"x") != nil:
		return Namespace{}, false
	case delimiter.kind == nilValue, delimiter.kind == stringValue && len(delimiter.text) == 1:
		return Namespace{Prefix: prefix, Delimiter: delimiter.text}, true
	}
	return Namespace{}, false
}

// guessPersonal knows INBOX alone to say nothing: most servers hold mailboxes
// beside it.
func guessPersonal(folders []Folder) Namespace {
	var out Namespace
	below, beside := 0, 0
	for _, f := range folders {
		if f.Use == UseInbox {
			out.Delimiter = f.Delimiter
			continue
		}
		if f.Delimiter != "" && hasFold(f.Name, "INBOX"+f.Delimiter) {
			below++
		} else {
			beside++
		}
	}
	if below > 0 && beside == 0 && out.Delimiter != "" {
		out.Prefix = "INBOX" + out.Delimiter
	}
	return out
}

// Name puts a mailbox into the namespace.
func (n Namespace) Name(leaf string) string {
	if n.Delimiter != "" {
		leaf = strings.ReplaceAll(leaf, n.Delimiter, "_")
	}
	return n.Prefix + leaf
}

// below is the namespace of mailboxes below INBOX, for servers that take none
// beside it and do not say so.
func (n Namespace) below() (Namespace, bool) {
	if n.Prefix != "" || n.Delimiter == "" {
		return n, false
	}
	return Namespace{Prefix: "INBOX" + n.Delimiter, Delimiter: n.Delimiter}, true
}
