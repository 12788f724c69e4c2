package mailtool

import (
	"context"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

func modifyTools() []Tool {
	return []Tool{Define(Spec{
		Name:        "flag_message",
		Title:       "Flag messages",
		Description: "Sets (true) or clears (false) flags; those not given stay. deleted only marks, it removes nothing.",
		Effect:      modifying(scopes.Update),
		Escalate:    []Escalation{{Param: "deleted", Effect: destroying(scopes.Update)}},
		Needs:       provider.Caps(provider.CapModify),
		Params:      append(dryRunNeedsRead(), handledParam("handled")),
		Tags:        []scopes.Tag{"messages"},
	}, flagMessage)}
}

type flagIn struct {
	batch
	Seen     *bool `json:"seen,omitempty" jsonschema:"read by the owner"`
	Flagged  *bool `json:"flagged,omitempty" jsonschema:"starred"`
	Answered *bool `json:"answered,omitempty" jsonschema:"answered"`
	Handled  *bool `json:"handled,omitempty" jsonschema:"dealt with by you: never changes seen"`
	Deleted  *bool `json:"deleted,omitempty" jsonschema:"marked deleted"`
}

func flagMessage(ctx context.Context, env *Env, in flagIn) (*changeOut, error) {
	var change provider.FlagChange
	for _, f := range []struct {
		value *bool
		flag  provider.Flags
	}{{in.Seen, provider.Seen}, {in.Flagged, provider.Flagged}, {in.Answered, provider.Answered}, {in.Handled, provider.Handled}, {in.Deleted, provider.Deleted}} {
		switch {
		case f.value == nil:
		case *f.value:
			change.Add |= f.flag
		default:
			change.Remove |= f.flag
		}
	}
	if change == (provider.FlagChange{}) {
		return nil, refuse(Invalid, "no flag is given", "give at least one of seen, flagged, answered, handled or deleted")
	}
	if env.DryRun {
		return env.rehearse(ctx, in.ids())
	}
	return changed(env.setFlags(ctx, in.ids(), change))
}
