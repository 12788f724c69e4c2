package main

import (
	"fmt"
	"strings"
	"unicode"
)

// settingError is a setting that cannot be used, and what may stand there. It
// reads as one line and holds no secret.
type settingError struct {
	setting string // "-provider", "IMAP_ADDR", ...
	problem string
}

func (e *settingError) Error() string { return e.setting + ": " + e.problem }

func bad(setting, format string, args ...any) error {
	return &settingError{setting, oneLine(fmt.Sprintf(format, args...))}
}

// oneLine keeps a value from the outside from breaking the one line.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// clip shortens a value for an error.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// words splits a list at its commas. An empty list or an empty word is refused.
func words(setting, list string) ([]string, error) {
	var all []string
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		if word == "" {
			return nil, bad(setting, "an empty word in %q: use words parted by commas, or leave the setting out", clip(list))
		}
		all = append(all, word)
	}
	return all, nil
}

// environment reads variables: with names, those of one account by the names
// that its entry in the config file gives them, and no others.
type environment struct {
	lookup func(string) string
	names  map[string]string // by standard name
	prefix string            // before the setting in errors
	logins loginFinder       // nil: no state file
}

// get returns the value of a variable, empty when there is none. An empty
// variable is like none: that is what an unset one becomes in many launchers.
func (e environment) get(name string) (string, error) {
	variable := name
	if e.names != nil {
		variable = e.names[name]
		if variable == "" {
			return "", nil
		}
	}
	value := e.lookup(variable)
	switch {
	case value == "" && e.names != nil:
		return "", e.bad(name, "the variable it names is empty or not set")
	case strings.ContainsFunc(value, unicode.IsControl):
		return "", e.bad(name, "the value holds a control character, perhaps a line end")
	}
	return value, nil
}

// need is get for a variable that must be there; what says what belongs into it.
func (e environment) need(name, what string) (string, error) {
	value, err := e.get(name)
	if err == nil && value == "" {
		err = e.bad(name, "is missing: %s", what)
	}
	return value, err
}

// anyOf returns the first of names that has a value.
func (e environment) anyOf(names ...string) string {
	for _, name := range names {
		if value, err := e.get(name); err != nil || value != "" {
			return name
		}
	}
	return ""
}

func (e environment) bad(name, format string, args ...any) error {
	return bad(e.prefix+name, format, args...)
}
