package mailtool

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/internal/mailtext"
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

type foldersIn struct {
	Cursor string `json:"cursor,omitempty" jsonschema:"next_cursor, unchanged" maxlen:"16384"`
}

func listFolders(ctx context.Context, env *Env, in foldersIn) (*Rows, error) {
	folders, err := env.Mail.ListFolders(ctx)
	if err != nil {
		return nil, err
	}
	if folders, err = env.foldersAfter(folders, provider.Cursor(in.Cursor)); err != nil {
		return nil, err
	}
	rows := &Rows{Untrusted: untrusted(env.Nonce), Columns: []string{"path", "delimiter", "role", "total", "unread", "subscribed"}}
	rows.at = func(i int) (provider.Cursor, error) {
		return provider.Place{Listing: env.folderListing(), Key: folderKey(folders[i])}.Cursor()
	}
	for _, f := range folders {
		path, _ := mailtext.CleanLine(f.Path, longestPath)
		rows.Rows = append(rows.Rows, []string{
			path, cleanLine(f.Delimiter), string(f.Role), count(f, f.Total), count(f, f.Unread), yes(f.Subscribed),
		})
	}
	return rows, nil
}

// longestPath is in runes: a path that was cut could not be used.
const longestPath = 1000

// foldersAfter leaves out the folders up to the one that the cursor names.
func (env *Env) foldersAfter(folders []provider.Folder, cursor provider.Cursor) ([]provider.Folder, error) {
	if cursor == "" {
		return folders, nil
	}
	key, err := provider.Resume(cursor, env.folderListing(), "")
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(folders, func(f provider.Folder) bool { return folderKey(f) == key })
	if i < 0 {
		return nil, refuse(Code(provider.Conflict), "the folder that this cursor goes on after is gone", "start again without a cursor")
	}
	return folders[i+1:], nil
}

func (env *Env) folderListing() string { return env.Mail.Tag() + " folders" }

// folderKey names a folder in a cursor, which has no room for a long path.
func folderKey(f provider.Folder) string { return provider.ShortHash(string(f.ID), 26) }

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
	if role := otherName(name); role != provider.RoleNone && errors.Is(err, provider.NotFound) {
		f, err = env.Mail.Folder(ctx, string(role))
	}
	if err == nil && f.NoSelect {
		return f, refuse(Invalid, strconv.Quote(clip(name))+" holds folders, not messages", "list_folders shows the folders there are")
	}
	return f, err
}

// otherName is the role that other programs call by this name. A folder of that
// very name comes first.
func otherName(name string) provider.Role {
	switch strings.ToLower(name) {
	case "spam":
		return provider.RoleJunk
	case "bin", "deleted":
		return provider.RoleTrash
	case "draft":
		return provider.RoleDrafts
	}
	return provider.RoleNone
}
