package main

import (
	"strings"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/scopes"
)

// gateVariable is the variable that speaks for a gate.
func gateVariable(g scopes.Gate) string { return "MAIL_ALLOW_" + strings.ToUpper(string(g)) }

// vote is what one source says about a gate; without a word it abstains.
type vote struct {
	by   string // what the operator would have to change
	word string // "true" or "false"
}

// gateSwitch opens a gate when one vote says true and none says false. A closed
// one is named after what keeps it closed.
func gateSwitch(g scopes.Gate, votes []vote) mailtool.Switch {
	yes := false
	var against []string
	for _, v := range votes {
		switch v.word {
		case "true":
			yes = true
		case "false":
			against = append(against, v.by)
		}
	}
	name := gateVariable(g)
	if len(against) > 0 {
		name = strings.Join(against, " and ")
	}
	return mailtool.Switch{Open: yes && len(against) == 0, Name: name}
}

// gates reads the switches of one account: own speaks for it alone, shared for
// every account, and -allow, when given, for every gate.
func gates(f flags, shared, own environment) (mailtool.Gates, error) {
	allowed, err := allowFlag(f)
	if err != nil {
		return mailtool.Gates{}, err
	}
	var all mailtool.Gates
	for _, one := range []struct {
		gate scopes.Gate
		to   *mailtool.Switch
	}{{scopes.Sending, &all.Sending}, {scopes.Destructive, &all.Destructive}, {scopes.Migration, &all.Migration}} {
		votes, err := environmentVotes(one.gate, shared, own)
		if err != nil {
			return mailtool.Gates{}, err
		}
		if f.given["allow"] {
			votes = append(votes, flagVote(one.gate, allowed))
		}
		*one.to = gateSwitch(one.gate, votes)
	}
	return all, nil
}

// allowFlag reads -allow. An empty list is meant: it closes every gate.
func allowFlag(f flags) (scopes.GateSet, error) {
	var allowed scopes.GateSet
	if f.allow == "" {
		return allowed, nil
	}
	list, err := words("-allow", f.allow)
	if err != nil {
		return allowed, err
	}
	if err := allowed.UnmarshalText([]byte(strings.Join(list, " "))); err != nil {
		return allowed, bad("-allow", "%v, parted by commas", err)
	}
	return allowed, nil
}

func flagVote(g scopes.Gate, allowed scopes.GateSet) vote {
	if allowed.Has(g) {
		return vote{word: "true"}
	}
	return vote{by: "-allow " + string(g) + ", or " + gateVariable(g) + " without -allow", word: "false"}
}

func environmentVotes(g scopes.Gate, shared, own environment) ([]vote, error) {
	name := gateVariable(g)
	sources := []environment{shared}
	if own.names != nil {
		sources = append(sources, own)
	}
	var votes []vote
	for _, env := range sources {
		word, err := env.get(name)
		if err != nil {
			return nil, err
		}
		switch word {
		case "", "true", "false":
		default:
			return nil, env.bad(name, "%q is not allowed: use true or false", clip(word))
		}
		by := name
		if env.names != nil && env.names[name] != "" {
			by = env.names[name]
		}
		votes = append(votes, vote{by, word})
	}
	return votes, nil
}
