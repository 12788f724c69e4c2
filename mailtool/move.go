package mailtool

import (
	"context"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// notJunk is what move_message takes for "this was no junk".
const notJunk = "not_junk"

func moveTools() []Tool {
	return []Tool{Define(Spec{
		Name:        "move_message",
		Title:       "Move messages",
		Description: "Moves messages to a folder. to is a path or a role: archive, inbox, junk, not_junk, trash. Moved messages have new ids.",
		Effect:      modifying(scopes.Update),
		Needs:       provider.Caps(provider.CapMove, provider.CapFolders),
		Params:      dryRunNeedsRead(),
		Tags:        []scopes.Tag{"messages"},
	}, moveMessage)}
}

type moveIn struct {
	batch
	To string `json:"to" jsonschema:"path or role of the folder" maxlen:"1000"`
}

func moveMessage(ctx context.Context, env *Env, in moveIn) (*changeOut, error) {
	if in.To == notJunk {
		in.To = string(provider.RoleInbox)
	}
	to, err := env.folder(ctx, in.To)
	if err != nil {
		return nil, err
	}
	var out *changeOut
	if env.DryRun {
		out, err = env.rehearse(ctx, in.ids())
	} else {
		out, err = changed(env.carryMarks(ctx, func() ([]provider.Outcome, error) { return env.Mail.Move(ctx, in.ids(), to.ID) }))
	}
	if err != nil {
		return nil, err
	}
	out.Folder = cleanLine(to.Path)
	return out, nil
}
