package imapmail

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// ListFolders lists all folders with their counts.
func (b *Backend) ListFolders(ctx context.Context) ([]provider.Folder, error) {
	list, err := b.list(ctx, true)
	if err != nil {
		return nil, err
	}
	b.learnHandled(ctx)
	out := make([]provider.Folder, len(list))
	for i, f := range list {
		out[i] = provider.Folder{
			ID: provider.FolderID(f.Name), Path: f.Name, Delimiter: f.Delimiter, Role: roleOf(f.Use),
			Subscribed: f.Subscribed, NoSelect: f.NoSelect, Total: -1, Unread: -1,
		}
		if f.Counts != nil {
			out[i].Total, out[i].Unread = f.Counts.Messages, f.Counts.Unseen
		}
	}
	slices.SortStableFunc(out, func(a, b provider.Folder) int {
		if inA, inB := a.Role == provider.RoleInbox, b.Role == provider.RoleInbox; inA != inB {
			if inA {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Path, b.Path)
	})
	return out, nil
}

// list asks the server, and remembers the answer for ids and roles.
func (b *Backend) list(ctx context.Context, counts bool) (list []imapx.Folder, err error) {
	err = b.pool.Read(ctx, "", func(c *imapx.Conn) (err error) {
		list, err = c.List(ctx, counts)
		return err
	})
	if err != nil {
		return nil, mapError(err)
	}
	b.remember(list)
	return list, nil
}

// remember replaces what is known, all at once: a call that looks up a folder
// meanwhile finds it before and after.
func (b *Backend) remember(list []imapx.Folder) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.folders = slices.Clone(list)
	clear(b.byHash)
	b.note("INBOX")
	for _, f := range list {
		b.note(f.Name)
	}
}

// known returns the folders as listed last, listing them the first time.
func (b *Backend) known(ctx context.Context) ([]imapx.Folder, error) {
	b.mu.Lock()
	list := b.folders
	b.mu.Unlock()
	if list != nil {
		return list, nil
	}
	return b.list(ctx, false)
}

// byUse finds the folder for a use. One that is not there may have been made
// since folders were listed last.
func (b *Backend) byUse(ctx context.Context, use imapx.Use) (string, error) {
	for _, ask := range []func(context.Context) ([]imapx.Folder, error){
		b.known,
		func(ctx context.Context) ([]imapx.Folder, error) { return b.list(ctx, false) },
	} {
		list, err := ask(ctx)
		if err != nil {
			return "", err
		}
		if i := slices.IndexFunc(list, func(f imapx.Folder) bool { return f.Use == use }); i >= 0 {
			return list[i].Name, nil
		}
	}
	return "", &provider.Error{
		Code: provider.NotFound, Hint: "create one, or name a folder",
		Err: errors.New("the account has no folder for " + string(roleOf(use))),
	}
}

// useOrCreate is byUse, and makes the folder where there is none.
func (b *Backend) useOrCreate(ctx context.Context, use imapx.Use) (string, error) {
	name, err := b.byUse(ctx, use)
	if !errors.Is(err, provider.NotFound) {
		return name, err
	}
	return b.create(ctx, use)
}

// create makes the folder for a use. Two calls that come to it at once make it
// once: the second finds it there.
func (b *Backend) create(ctx context.Context, use imapx.Use) (name string, err error) {
	err = b.pool.Write(ctx, "", func(c *imapx.Conn) (err error) {
		name, err = c.CreateUse(ctx, use)
		return err
	})
	if err != nil {
		return "", mapError(err)
	}
	if _, err := b.list(ctx, false); err != nil {
		b.learn(name)
	}
	return name, nil
}

func roleOf(u imapx.Use) provider.Role {
	switch u {
	case imapx.UseInbox:
		return provider.RoleInbox
	case imapx.UseSent:
		return provider.RoleSent
	case imapx.UseDrafts:
		return provider.RoleDrafts
	case imapx.UseArchive:
		return provider.RoleArchive
	case imapx.UseJunk:
		return provider.RoleJunk
	case imapx.UseTrash:
		return provider.RoleTrash
	case imapx.UseAll:
		return provider.RoleAll
	case imapx.UseFlagged:
		return provider.RoleFlagged
	default:
		return provider.RoleNone
	}
}
