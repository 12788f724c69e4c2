package mailtool

import (
	"context"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

func deleteTools() []Tool {
	return []Tool{Define(Spec{
		Name:        "delete_message",
		Title:       "Delete messages",
		Description: "Moves messages to Trash. permanent removes them for good, wherever they are.",
		Effect:      modifying(scopes.Delete),
		Escalate:    []Escalation{{Param: "permanent", Effect: destroying(scopes.Delete)}},
		Needs:       provider.Caps(provider.CapDelete),
		Params:      append(dryRunNeedsRead(), Param{Name: "permanent", Needs: provider.Caps(provider.CapPurge)}),
		Tags:        []scopes.Tag{"messages"},
	}, deleteMessage)}
}

type deleteIn struct {
	batch
	Permanent bool `json:"permanent,omitempty" jsonschema:"for good: cannot be taken back"`
}

func deleteMessage(ctx context.Context, env *Env, in deleteIn) (*changeOut, error) {
	if env.DryRun {
		return env.rehearse(ctx, in.ids())
	}
	return changed(env.Mail.Delete(ctx, in.ids(), in.Permanent))
}
