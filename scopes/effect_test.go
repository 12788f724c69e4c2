package scopes_test

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/scopes"
)

func TestVerbValid(t *testing.T) {
	for v, want := range map[scopes.Verb]bool{
		scopes.Get: true, scopes.List: true, scopes.Create: true, scopes.Update: true, scopes.Delete: true,
		"send": true, "custom": true, "bulk_move2": true, scopes.Verb(strings.Repeat("a", 32)): true,
		"": false, "Get": false, "read": false, "write": false, "two words": false, "send!": false,
		"_send": false, "2send": false, "sénd": false, scopes.Verb(strings.Repeat("a", 33)): false,
	} {
		if got := v.Valid(); got != want {
			t.Errorf("Verb(%q).Valid() = %v, want %v", v, got, want)
		}
	}
}

func TestEffectValidate(t *testing.T) {
	good := scopes.Effect{Verb: "send", Access: scopes.Send, Scopes: scopes.AllOf(scopes.MailSend), Gate: scopes.Sending}
	if err := good.Validate(); err != nil {
		t.Fatalf("a good effect: %v", err)
	}
	for name, tc := range map[string]struct {
		spoil func(*scopes.Effect)
		names string
	}{
		"zero":            {func(e *scopes.Effect) { *e = scopes.Effect{} }, "verb"},
		"no verb":         {func(e *scopes.Effect) { e.Verb = "" }, "verb"},
		"ambiguous verb":  {func(e *scopes.Effect) { e.Verb = "read" }, `"read"`},
		"no access":       {func(e *scopes.Effect) { e.Access = 0 }, "access"},
		"unknown access":  {func(e *scopes.Effect) { e.Access = 9 }, "9"},
		"unknown gate":    {func(e *scopes.Effect) { e.Gate = "sendings" }, `"sendings"`},
		"no scopes":       {func(e *scopes.Effect) { e.Scopes = nil }, "scopes.Public"},
		"unknown scope":   {func(e *scopes.Effect) { e.Scopes = scopes.AllOf("mail:all") }, `"mail:all"`},
		"any of no scope": {func(e *scopes.Effect) { e.Scopes = scopes.AnyOf() }, "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			e := good
			tc.spoil(&e)
			if err := e.Validate(); err == nil || !strings.Contains(err.Error(), tc.names) {
				t.Errorf("Validate() = %v, want an error that names %s", err, tc.names)
			}
		})
	}
}
