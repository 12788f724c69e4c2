package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

// maxConfig bounds the config file in bytes: some thousand accounts.
const maxConfig = 1 << 20

// variableName is what a config file may hold as a setting's value. Passwords
// seldom look so; those that do name a variable that is not set.
var variableName = regexp.MustCompile(`^[A-Z_][A-Z0-9_]{0,99}$`)

// entry is one account of the config file.
type entry struct {
	id, provider string
	variables    map[string]string // by standard name
}

// configAccounts reads the accounts of -config FILE: a JSON list of
//
//	{"id": "work", "provider": "imap", "variables": {"IMAP_ADDR": "WORK_IMAP_ADDR", ...}}
//
// The file names variables and never holds what is in them.
func configAccounts(f flags, env environment) ([]account, error) {
	data, err := readBounded(f.config)
	if err != nil {
		return nil, bad("-config", "%v", err)
	}
	entries, err := parseConfig(data)
	if err != nil {
		return nil, bad("-config", "%s: %v", clip(f.config), err)
	}
	var all []account
	for _, e := range entries {
		own := environment{lookup: env.lookup, names: e.variables, prefix: "-config: account " + e.id + ": ", logins: env.logins}
		a, err := readAccount(f, e.id, e.provider, env, own)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

func readBounded(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxConfig+1))
	if err == nil && len(data) > maxConfig {
		err = fmt.Errorf("%s is over 1 MB", clip(name))
	}
	return data, err
}

// parseConfig reads the file strictly: exact names, none twice, none unknown.
// Its errors say where, and never what stands there: it could be a secret.
func parseConfig(data []byte) ([]entry, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, errors.New(`not a JSON list of accounts, each {"id", "provider", "variables"}`)
	}
	if len(list) == 0 {
		return nil, errors.New("the list of accounts is empty")
	}
	var all []entry
	for i, raw := range list {
		e, err := parseEntry(raw)
		if err != nil {
			return nil, fmt.Errorf("account %d: %w", i+1, err)
		}
		all = append(all, e)
	}
	return all, nil
}

func parseEntry(raw json.RawMessage) (e entry, err error) {
	members, err := object(raw, "an account")
	if err != nil {
		return e, err
	}
	for _, m := range members {
		switch m.name {
		case "id":
			e.id, err = m.text()
		case "provider":
			e.provider, err = m.text()
		case "variables":
			e.variables, err = parseVariables(m.value)
		default:
			err = errors.New("an unknown member: only id, provider and variables are allowed")
		}
		if err != nil {
			return e, err
		}
	}
	if !accountID.MatchString(e.id) {
		return e, errors.New("id is missing or not allowed: use a lower-case letter and up to 31 letters, digits, _ or -")
	}
	if e.variables == nil {
		e.variables = map[string]string{}
	}
	if err := checkProvider("provider", e.provider); err != nil {
		return e, err
	}
	if e.provider == demoProvider {
		for _, name := range append(serverVariables(), "IMAP_ADDR", "MAIL_FROM") {
			if e.variables[name] != "" {
				return e, errors.New("the sample mailbox has no " + name)
			}
		}
	}
	return e, nil
}

func parseVariables(raw json.RawMessage) (map[string]string, error) {
	members, err := object(raw, "variables")
	if err != nil {
		return nil, err
	}
	known := accountVariables()
	names := map[string]string{}
	for _, m := range members {
		if !slices.Contains(known, m.name) {
			return nil, errors.New("variables has an unknown member: only " + strings.Join(known, " ") + " are allowed")
		}
		name, err := m.text()
		if err != nil || !variableName.MatchString(name) {
			return nil, errors.New(m.name + " does not name a variable: use the name of an environment variable, such as WORK_" + m.name + ", never the value itself")
		}
		names[m.name] = name
	}
	return names, nil
}

// accountVariables are the settings that an account of the file may have.
func accountVariables() []string {
	return append(append(append([]string{"IMAP_ADDR"}, serverVariables()...), oauthVariables()...),
		"MAIL_FROM", "MAIL_TIMEZONE", "MAIL_AUTHSERV_ID", "MAIL_ALLOW_SENDING", "MAIL_ALLOW_DESTRUCTIVE", "MAIL_ALLOW_MIGRATION")
}

type member struct {
	name  string
	value json.RawMessage
}

func (m member) text() (string, error) {
	var s string
	if json.Unmarshal(m.value, &s) != nil {
		return "", errors.New(m.name + " is not a text")
	}
	return s, nil
}

// object reads the members of an object in their order. encoding/json alone
// would take names in any case, and the last of two equal ones.
func object(raw json.RawMessage, what string) ([]member, error) {
	fault := errors.New(what + " is not an object")
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, fault
	}
	var all []member
	for dec.More() {
		name, err := dec.Token()
		text, ok := name.(string)
		if err != nil || !ok {
			return nil, fault
		}
		m := member{name: text}
		if err := dec.Decode(&m.value); err != nil {
			return nil, fault
		}
		if slices.ContainsFunc(all, func(other member) bool { return other.name == text }) {
			return nil, errors.New(what + " has a member twice")
		}
		all = append(all, m)
	}
	return all, nil
}
