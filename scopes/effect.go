package scopes

import "fmt"

// Verb says in one lower-case word what a tool does. A verb outside the five
// constants is custom; sending is, so that reading and writing do not send.
type Verb string

// The five verbs that the filter words "read" and "write" stand for.
const (
	Get    Verb = "get"
	List   Verb = "list"
	Create Verb = "create"
	Update Verb = "update"
	Delete Verb = "delete"
)

// maxVerb bounds a verb, in bytes; the longest verb in use has seven.
const maxVerb = 32

// Valid reports whether v is a word of lower-case ASCII letters, digits and
// underscores that starts with a letter. The words "read" and "write" are not
// verbs: in a [Filter] they stand for several.
func (v Verb) Valid() bool {
	if v == wordRead || v == wordWrite || v == "" || len(v) > maxVerb || v[0] < 'a' || v[0] > 'z' {
		return false
	}
	for _, c := range []byte(v) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// Tag sorts tools for filters, such as "messages" or "destructive". The empty
// tag is in no list.
type Tag string

// Effect is what a call does, as one value that listing and calling both check.
type Effect struct {
	Verb   Verb
	Access Access
	Scopes Requirement
	Gate   Gate
}

// Validate names the first fault of e. No grant permits an invalid effect.
func (e Effect) Validate() error {
	switch {
	case !e.Verb.Valid():
		return fmt.Errorf("invalid verb %q: one lower-case word, not read or write", string(e.Verb))
	case !e.Access.Valid():
		return fmt.Errorf("invalid access class %d", uint8(e.Access))
	case !e.Gate.Known():
		return fmt.Errorf("unknown gate %q", string(e.Gate))
	}
	return e.Scopes.Validate()
}
