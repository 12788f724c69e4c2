package scopes

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Sets and decisions are written as words, for stores, settings and flags.
// Reading refuses a word that is not known, so that a slip in a setting is seen;
// [ParseSet] is the lenient way in, for what clients ask for.

// MarshalText returns [Set.String].
func (s Set) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads scopes parted by spaces and refuses unknown ones.
func (s *Set) UnmarshalText(text []byte) error {
	set, unknown := ParseSet(string(text))
	if len(unknown) > 0 {
		return fmt.Errorf("unknown scope %q", string(unknown[0]))
	}
	*s = set
	return nil
}

// MarshalText returns [Access.String]; an invalid class is an error.
func (a Access) MarshalText() ([]byte, error) {
	if !a.Valid() {
		return nil, fmt.Errorf("invalid access class %d", uint8(a))
	}
	return []byte(a.String()), nil
}

// UnmarshalText reads the name of one class.
func (a *Access) UnmarshalText(text []byte) error {
	return oneWord(a, string(text), "access class", AllAccess().Slice())
}

// String returns the classes joined by spaces.
func (s AccessSet) String() string { return joinWords(s.Slice()) }

// MarshalText returns [AccessSet.String].
func (s AccessSet) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads names of classes parted by spaces.
func (s *AccessSet) UnmarshalText(text []byte) error {
	list, err := words[Access](string(text), "access class", AllAccess().Slice())
	if err == nil {
		*s = Accesses(list...)
	}
	return err
}

// String returns the name of g, empty for [NoGate].
func (g Gate) String() string { return string(g) }

// String returns the open gates joined by spaces.
func (s GateSet) String() string { return joinWords(s.Slice()) }

// MarshalText returns [GateSet.String].
func (s GateSet) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads names of open gates parted by spaces.
func (s *GateSet) UnmarshalText(text []byte) error {
	list, err := words[Gate](string(text), "gate", AllGates().Slice())
	if err == nil {
		*s = Gates(list...)
	}
	return err
}

// MarshalText returns [Decision.String]; an invalid decision is an error.
func (d Decision) MarshalText() ([]byte, error) {
	if !d.Valid() {
		return nil, fmt.Errorf("invalid decision %d", uint8(d))
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads "ask", "allow" or "deny".
func (d *Decision) UnmarshalText(text []byte) error {
	return oneWord(d, string(text), "decision", []Decision{Ask, Allow, Deny})
}

// MarshalJSON writes "all" or the list of ids.
func (s AccountSet) MarshalJSON() ([]byte, error) {
	if s.all {
		return json.Marshal(allWord)
	}
	return json.Marshal(append([]AccountID{}, s.ids...))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *AccountSet) UnmarshalJSON(data []byte) error {
	var word string
	if json.Unmarshal(data, &word) == nil && word == allWord {
		*s = AllAccounts()
		return nil
	}
	var ids []AccountID
	if json.Unmarshal(data, &ids) != nil {
		return errors.New(`accounts are a list of ids or the word "all"`)
	}
	*s = Accounts(ids...)
	return nil
}

const allWord = "all"

func joinWords[T fmt.Stringer](list []T) string {
	text := make([]string, 0, len(list))
	for _, one := range list {
		text = append(text, one.String())
	}
	return strings.Join(text, " ")
}

func oneWord[T fmt.Stringer](to *T, word, what string, known []T) error {
	for _, k := range known {
		if k.String() == word {
			*to = k
			return nil
		}
	}
	return fmt.Errorf("unknown %s %q: use one of %s", what, word, joinWords(known))
}

func words[T fmt.Stringer](text, what string, known []T) ([]T, error) {
	var list []T
	for _, word := range strings.Fields(text) {
		var one T
		if err := oneWord(&one, word, what, known); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}
