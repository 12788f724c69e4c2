package mailtool

import (
	"context"
	"strconv"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

func folderTools() []Tool {
	return []Tool{Define(Spec{
		Name:        "list_folders",
		Title:       "List folders",
		Description: "All folders with their role (inbox, sent, drafts, archive, junk, trash), message and unread counts.",
		Effect:      scopes.Effect{Verb: scopes.List, Access: scopes.Read, Scopes: scopes.AllOf(scopes.MailFolders)},
		Needs:       provider.Caps(provider.CapFolders),
		Tags:        []scopes.Tag{"folders"},
	}, listFolders)}
}

type foldersIn struct{}

func listFolders(ctx context.Context, env *Env, _ foldersIn) (*Rows, error) {
	folders, err := env.Mail.ListFolders(ctx)
	if err != nil {
		return nil, err
	}
	rows := &Rows{Untrusted: untrusted(env.Nonce), Columns: []string{"path", "delimiter", "role", "total", "unread", "subscribed"}}
	for _, f := range folders {
		rows.Rows = append(rows.Rows, []string{
			cleanLine(f.Path), f.Delimiter, string(f.Role), count(f, f.Total), count(f, f.Unread), yes(f.Subscribed),
		})
	}
	return rows, nil
}

// count is empty where a folder holds no messages or the number is not known.
func count(f provider.Folder, n int) string {
	if f.NoSelect || n < 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// folder finds the folder that the caller names by path or role.
func (env *Env) folder(ctx context.Context, name string) (provider.Folder, error) {
	f, err := env.Mail.Folder(ctx, name)
	if err == nil && f.NoSelect {
		return f, refuse(Invalid, strconv.Quote(clip(name))+" holds folders, not messages", "list_folders shows the folders there are")
	}
	return f, err
}
