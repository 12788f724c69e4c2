package memmail

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/postern-mail/postern/provider"
)

// delimiter joins the levels of a folder's path.
const delimiter = "/"

type folder struct {
	path     string
	role     provider.Role
	validity uint32 // names the folder in message ids, as UIDVALIDITY does (RFC 9051 section 2.3.1.1)
	lastUID  uint32
	messages []*message // by uid
}

// ListFolders returns all folders, INBOX first, then by path.
func (b *Backend) ListFolders(ctx context.Context) ([]provider.Folder, error) {
	done, err := b.begin(ctx, "list folders")
	if err != nil {
		return nil, err
	}
	defer done()
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := make([]provider.Folder, 0, len(b.folders))
	for _, f := range b.folders {
		out = append(out, f.describe())
	}
	slices.SortFunc(out, func(x, y provider.Folder) int {
		return cmp.Or(-compareBool(x.Role == provider.RoleInbox, y.Role == provider.RoleInbox), strings.Compare(x.Path, y.Path))
	})
	return out, nil
}

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	}
	return -1
}

func (f *folder) describe() provider.Folder {
	out := provider.Folder{
		ID: provider.FolderID(f.path), Path: f.path, Delimiter: delimiter, Role: f.role, Subscribed: true, Total: len(f.messages),
	}
	for _, m := range f.messages {
		if !m.flags.Has(provider.Seen) {
			out.Unread++
		}
	}
	return out
}

// CreateFolder makes a folder and those above it.
func (b *Backend) CreateFolder(ctx context.Context, path string) (provider.Folder, error) {
	const op = "create folder"
	done, err := b.begin(ctx, op)
	if err != nil {
		return provider.Folder{}, err
	}
	defer done()
	if err := checkPath(op, path); err != nil {
		return provider.Folder{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.find(path) != nil {
		return provider.Folder{}, fail(op, provider.Conflict, "folder "+strconv.Quote(path)+" exists")
	}
	return b.make(path).describe(), nil
}

// RenameFolder moves a folder and those below it. The ids of their messages stay.
func (b *Backend) RenameFolder(ctx context.Context, id provider.FolderID, path string) (provider.Folder, error) {
	const op = "rename folder"
	done, err := b.begin(ctx, op)
	if err != nil {
		return provider.Folder{}, err
	}
	defer done()
	if err := checkPath(op, path); err != nil {
		return provider.Folder{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := b.lookup(op, id)
	switch {
	case err != nil:
		return provider.Folder{}, err
	case f.role == provider.RoleInbox:
		return provider.Folder{}, fail(op, provider.Denied, "the inbox cannot be renamed")
	case strings.HasPrefix(path, f.path+delimiter):
		return provider.Folder{}, fail(op, provider.Invalid, "a folder cannot be moved below itself")
	case b.find(path) != nil:
		return provider.Folder{}, fail(op, provider.Conflict, "folder "+strconv.Quote(path)+" exists")
	}
	old := f.path
	for _, g := range b.folders {
		if rest, ok := strings.CutPrefix(g.path, old); ok && (rest == "" || strings.HasPrefix(rest, delimiter)) {
			g.path = path + rest
		}
	}
	b.makeParents(path)
	b.changed()
	return f.describe(), nil
}

// DeleteFolder removes a folder, with messages one that holds some.
func (b *Backend) DeleteFolder(ctx context.Context, id provider.FolderID, messages bool) error {
	const op = "delete folder"
	done, err := b.begin(ctx, op)
	if err != nil {
		return err
	}
	defer done()
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := b.lookup(op, id)
	switch {
	case err != nil:
		return err
	case f.role == provider.RoleInbox:
		return fail(op, provider.Denied, "the inbox cannot be deleted")
	case len(f.messages) > 0 && !messages:
		return fail(op, provider.Conflict, "folder "+strconv.Quote(f.path)+" holds "+strconv.Itoa(len(f.messages))+" messages")
	case slices.ContainsFunc(b.folders, func(g *folder) bool { return strings.HasPrefix(g.path, f.path+delimiter) }):
		return fail(op, provider.Conflict, "folder "+strconv.Quote(f.path)+" has folders below it")
	}
	b.folders = slices.DeleteFunc(b.folders, func(g *folder) bool { return g == f })
	b.changed()
	return nil
}

// Rebuild voids the ids and cursors of a folder, as a server does that lost its index. The messages stay.
func (b *Backend) Rebuild(path string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := b.lookup("rebuild", provider.FolderID(path))
	if err != nil {
		return err
	}
	f.validity, f.lastUID = b.nextValidity(), 0
	b.rebuilds++
	b.changed()
	for _, m := range f.messages {
		f.lastUID++
		m.uid = f.lastUID
	}
	return nil
}

func (b *Backend) nextValidity() uint32 {
	b.validity++
	return b.validity
}

// make adds a folder and those missing above it.
func (b *Backend) make(path string) *folder {
	b.makeParents(path)
	f := &folder{path: path, validity: b.nextValidity()}
	b.folders = append(b.folders, f)
	return f
}

func (b *Backend) makeParents(path string) {
	if i := strings.LastIndex(path, delimiter); i >= 0 && b.find(path[:i]) == nil {
		b.make(path[:i])
	}
}

// ensureRole returns the folder with a role, making it where it is missing.
func (b *Backend) ensureRole(role provider.Role) *folder {
	for _, f := range b.folders {
		if f.role == role {
			return f
		}
	}
	path := "INBOX"
	if role != provider.RoleInbox {
		path = strings.ToUpper(string(role[:1])) + string(role[1:])
	}
	f := b.find(path)
	if f == nil {
		f = b.make(path)
	}
	f.role = role
	return f
}

// find returns a folder by its path; INBOX in any case (RFC 9051 section 5.1).
func (b *Backend) find(path string) *folder {
	for _, f := range b.folders {
		if f.path == path || f.role == provider.RoleInbox && strings.EqualFold(path, f.path) {
			return f
		}
	}
	return nil
}

func (b *Backend) lookup(op string, id provider.FolderID) (*folder, error) {
	if f := b.find(string(id)); f != nil {
		return f, nil
	}
	return nil, fail(op, provider.NotFound, "no folder "+strconv.Quote(string(id)))
}

// checkPath refuses names that could not be told apart or shown.
func checkPath(op, path string) error {
	if strings.IndexFunc(path, unicode.IsControl) >= 0 {
		return fail(op, provider.Invalid, "a folder name holds a control character")
	}
	for level := range strings.SplitSeq(path, delimiter) {
		if strings.TrimSpace(level) == "" {
			return fail(op, provider.Invalid, "a level of the folder name "+strconv.Quote(path)+" is empty")
		}
	}
	return nil
}
