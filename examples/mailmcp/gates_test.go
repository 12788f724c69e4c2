package main

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/mailtool"
)

// A gate is open when a source says true and none says false.
func TestGatePrecedence(t *testing.T) {
	const own = "WORK_ALLOW_SENDING"
	for name, tc := range map[string]struct {
		env  env
		args []string
		open bool
		says []string // in a closed switch's name
	}{
		"nothing said":                 {env{}, nil, false, []string{"MAIL_ALLOW_SENDING"}},
		"variable true":                {env{"MAIL_ALLOW_SENDING": "true"}, nil, true, nil},
		"variable false":               {env{"MAIL_ALLOW_SENDING": "false"}, nil, false, []string{"MAIL_ALLOW_SENDING"}},
		"another gate's variable":      {env{"MAIL_ALLOW_DESTRUCTIVE": "true"}, nil, false, []string{"MAIL_ALLOW_SENDING"}},
		"flag":                         {env{}, []string{"-allow", "sending"}, true, nil},
		"flag among others":            {env{}, []string{"-allow", "destructive, sending"}, true, nil},
		"flag and variable true":       {env{"MAIL_ALLOW_SENDING": "true"}, []string{"-allow", "sending"}, true, nil},
		"flag, variable false":         {env{"MAIL_ALLOW_SENDING": "false"}, []string{"-allow", "sending"}, false, []string{"MAIL_ALLOW_SENDING"}},
		"left out of the flag":         {env{}, []string{"-allow", "destructive"}, false, []string{"-allow sending", "MAIL_ALLOW_SENDING"}},
		"left out, variable true":      {env{"MAIL_ALLOW_SENDING": "true"}, []string{"-allow", "destructive"}, false, []string{"-allow sending"}},
		"empty flag, variable true":    {env{"MAIL_ALLOW_SENDING": "true"}, []string{"-allow", ""}, false, []string{"-allow sending"}},
		"own true":                     {env{own: "true"}, nil, true, nil},
		"own true, shared false":       {env{own: "true", "MAIL_ALLOW_SENDING": "false"}, nil, false, []string{"MAIL_ALLOW_SENDING"}},
		"own false, shared true":       {env{own: "false", "MAIL_ALLOW_SENDING": "true"}, nil, false, []string{own}},
		"own false, flag":              {env{own: "false"}, []string{"-allow", "sending"}, false, []string{own}},
		"own false, left out, and all": {env{own: "false", "MAIL_ALLOW_SENDING": "false"}, []string{"-allow", ""}, false, []string{own, "MAIL_ALLOW_SENDING", "-allow sending"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := parseFlags(tc.args)
			if err != nil {
				t.Fatal(err)
			}
			shared := environment{lookup: tc.env.get}
			mine := shared
			if tc.env[own] != "" {
				mine.names = map[string]string{"MAIL_ALLOW_SENDING": own}
			}
			got, err := gates(f, shared, mine)
			if err != nil {
				t.Fatal(err)
			}
			if got.Sending.Open != tc.open {
				t.Errorf("open is %v, want %v", got.Sending.Open, tc.open)
			}
			for _, want := range tc.says {
				if !strings.Contains(got.Sending.Name, want) {
					t.Errorf("the switch is called %q, want %q in it", got.Sending.Name, want)
				}
			}
		})
	}
}

// Each gate listens to its own variable and word.
func TestEachGate(t *testing.T) {
	for _, tc := range []struct {
		word string
		open func(mailtool.Gates) [3]bool
		want [3]bool
	}{
		{"sending", opens, [3]bool{true, false, false}},
		{"destructive", opens, [3]bool{false, true, false}},
		{"migration", opens, [3]bool{false, false, true}},
	} {
		variable := "MAIL_ALLOW_" + strings.ToUpper(tc.word)
		if got := tc.open(mustRead(t, env{variable: "true"}).accounts[0].gates); got != tc.want {
			t.Errorf("%s=true: %v, want %v", variable, got, tc.want)
		}
		if got := tc.open(mustRead(t, env{}, "-allow", tc.word).accounts[0].gates); got != tc.want {
			t.Errorf("-allow %s: %v, want %v", tc.word, got, tc.want)
		}
	}
}

func opens(g mailtool.Gates) [3]bool {
	return [3]bool{g.Sending.Open, g.Destructive.Open, g.Migration.Open}
}
