package mailtool

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

func TestMe(t *testing.T) {
	_, caller, _ := fixture(t, "dm")
	env := &Env{Mail: caller.Accounts[0].Mail, Account: caller.Accounts[0], Now: testNow}
	var mine, toMe []provider.Query
	for _, id := range env.Mail.Info().Identities {
		mine = append(mine, provider.Query{From: []string{id.Addr}})
		toMe = append(toMe, provider.Query{To: []string{id.Addr}})
	}
	tests := []struct {
		in   searchIn
		want provider.Query
	}{
		{searchIn{Query: "from:me"}, provider.Query{Any: [][]provider.Query{mine}}},
		{searchIn{Query: "from:Me to:bob"}, provider.Query{To: []string{"bob"}, Any: [][]provider.Query{mine}}},
		{searchIn{From: "me"}, provider.Query{Any: [][]provider.Query{mine}}},
		{searchIn{To: "me", Query: "from:me"}, provider.Query{Any: [][]provider.Query{mine, toMe}}},
		{searchIn{Query: "-from:me"}, provider.Query{Not: []provider.Query{{Any: [][]provider.Query{mine}}}}},
		{searchIn{Query: "subject:me"}, provider.Query{Subject: []string{"me"}}},
		{searchIn{Query: "from:melody"}, provider.Query{From: []string{"melody"}}},
	}
	for _, test := range tests {
		t.Run(test.in.Query+" "+test.in.From+" "+test.in.To, func(t *testing.T) {
			got, err := env.query(test.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}
