package mailtool

import (
	"context"
	"slices"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// batch are the parameters of every change to messages.
type batch struct {
	IDs    []string `json:"ids" jsonschema:"message ids, up to 1000" min:"1" max:"1000" format:"message_id"`
	DryRun bool     `json:"dry_run,omitempty" jsonschema:"only say what would happen"`
}

func (b batch) ids() []provider.MessageID {
	ids := make([]provider.MessageID, len(b.IDs))
	for i, id := range b.IDs {
		ids[i] = provider.MessageID(id)
	}
	return ids
}

// changeOut is the answer of every change. Items that went as asked and kept
// their id are only counted.
type changeOut struct {
	Done   int          `json:"done" jsonschema:"how many were changed; in a dry run, would be"`
	DryRun bool         `json:"dry_run,omitempty" jsonschema:"nothing was changed"`
	Folder string       `json:"folder,omitempty" jsonschema:"where they are now"`
	Items  []changeItem `json:"items,omitempty" jsonschema:"those that failed or have a new id"`
	// Unlisted is so that an answer on 1000 messages stays short.
	Unlisted int `json:"unlisted,omitempty" jsonschema:"how many more have a new id: list the folder to see it"`
}

type changeItem struct {
	ID      string `json:"id" jsonschema:"the id given"`
	NewID   string `json:"new_id,omitempty" jsonschema:"its id from now on"`
	Remains bool   `json:"remains,omitempty" jsonschema:"it was copied, and the original is left marked deleted"`
	Code    Code   `json:"code,omitempty" jsonschema:"class of the failure"`
	Error   string `json:"error,omitempty" jsonschema:"what was wrong; left out behind many others"`
}

// usualItem is what a failure without its reason takes of an answer, in bytes.
const usualItem = 65

// changed reports a batch. An error that came with outcomes stands in the items
// it stopped; without any, and for a single message, the call failed.
func changed(outcomes []provider.Outcome, err error) (*changeOut, error) {
	if err != nil && len(outcomes) == 0 {
		return nil, err
	}
	out := &changeOut{}
	stopped := 0
	for _, o := range outcomes {
		if o.Err != nil || o.Remains {
			stopped++
		}
	}
	reasons := room(max(reasonsBytes-8*stopped, reasonsBytes/8))
	space := maxAnswerBytes - answerFrame - reasons - room(stopped*usualItem)
	for _, o := range outcomes {
		if o.Err == nil {
			out.Done++
		}
		if o.Err == nil && o.NewID == "" && !o.Remains {
			continue
		}
		item := changeItem{ID: string(o.ID), NewID: string(o.NewID), Remains: o.Remains}
		if o.Err != nil {
			f := failure(o.ID, o.Err)
			item.Code, item.Error = f.Code, reasons.words(f.Error)
		} else if !o.Remains && !space.takes(item) {
			out.Unlisted++
			continue
		}
		out.Items = append(out.Items, item)
	}
	if len(outcomes) == 1 && outcomes[0].Err != nil {
		return nil, outcomes[0].Err
	}
	return out, nil
}

// rehearse looks which of the messages are there to be changed.
func (env *Env) rehearse(ctx context.Context, ids []provider.MessageID) (*changeOut, error) {
	outcomes, err := env.present(ctx, ids)
	if err != nil {
		return nil, err
	}
	out, err := changed(outcomes, nil)
	if err == nil {
		out.DryRun = true
	}
	return out, err
}

// present looks which of the messages are there, and changes nothing.
func (env *Env) present(ctx context.Context, ids []provider.MessageID) (outcomes []provider.Outcome, err error) {
	for chunk := range slices.Chunk(ids, provider.MaxRead) {
		results, err := env.Mail.ReadMessages(ctx, chunk, provider.ReadOptions{HeadersOnly: true})
		if err != nil {
			return nil, err
		}
		for _, r := range results {
			outcomes = append(outcomes, provider.Outcome{ID: r.ID, Err: r.Err})
		}
	}
	return outcomes, nil
}

// modifying is the effect of a change to messages that can be taken back.
func modifying(verb scopes.Verb) scopes.Effect {
	return scopes.Effect{Verb: verb, Access: scopes.Write, Scopes: scopes.AllOf(scopes.MailModify)}
}

// destroying is the same for one that cannot.
func destroying(verb scopes.Verb) scopes.Effect {
	return scopes.Effect{Verb: verb, Access: scopes.Destroy, Scopes: scopes.AllOf(scopes.MailModify), Gate: scopes.Destructive}
}

// dryRunNeedsRead: a rehearsal looks at the messages.
func dryRunNeedsRead() []Param {
	return []Param{{Name: "dry_run", Needs: provider.Caps(provider.CapRead)}}
}
