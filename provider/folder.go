package provider

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// Role is what a folder is for (RFC 6154, RFC 8621 section 2).
type Role string

// The roles, in the order a person expects them.
const (
	RoleNone    Role = ""
	RoleInbox   Role = "inbox"
	RoleSent    Role = "sent"
	RoleDrafts  Role = "drafts"
	RoleArchive Role = "archive"
	RoleJunk    Role = "junk"
	RoleTrash   Role = "trash"
	RoleAll     Role = "all"
	RoleFlagged Role = "flagged"
)

// Roles lists every role but RoleNone.
func Roles() []Role {
	return []Role{RoleInbox, RoleSent, RoleDrafts, RoleArchive, RoleJunk, RoleTrash, RoleAll, RoleFlagged}
}

// Folder is one folder. Path is for people, ID is for calls.
type Folder struct {
	ID         FolderID
	Path       string // whole name, levels joined by Delimiter
	Delimiter  string // empty: no hierarchy
	Role       Role
	Subscribed bool
	NoSelect   bool // holds folders, not messages
	Total      int  // messages; negative unknown
	Unread     int  // without \Seen; negative unknown
}

// Folders lists folders.
type Folders interface {
	// ListFolders returns all folders, the inbox first, then by path. A folder
	// whose counts could not be had has negative ones.
	ListFolders(ctx context.Context) ([]Folder, error)
}

// FolderEditor changes the folder tree. Names are paths in the delimiter that
// ListFolders reports.
type FolderEditor interface {
	// CreateFolder fails with Conflict when the folder exists.
	CreateFolder(ctx context.Context, path string) (Folder, error)
	// RenameFolder moves a folder and those below it.
	RenameFolder(ctx context.Context, id FolderID, path string) (Folder, error)
	// DeleteFolder removes an empty folder, and with messages one that is not.
	// Folders with children fail with Conflict.
	DeleteFolder(ctx context.Context, id FolderID, messages bool) error
}

// maxFolderName bounds a folder's path in bytes; servers stop far below.
const maxFolderName = 1000

// ListFolders returns all folders, the inbox first, then by path.
func (a *Account) ListFolders(ctx context.Context) ([]Folder, error) {
	const op = "list folders"
	f, err := use[Folders](ctx, a, op, CapFolders)
	if err != nil {
		return nil, err
	}
	folders, err := f.ListFolders(ctx)
	if err != nil {
		return nil, wrap(op, err)
	}
	a.folders.store(folders)
	return folders, nil
}

// CreateFolder makes a folder; Conflict when it exists.
func (a *Account) CreateFolder(ctx context.Context, path string) (Folder, error) {
	const op = "create folder"
	e, err := use[FolderEditor](ctx, a, op, CapFolderEdit)
	if err != nil {
		return Folder{}, err
	}
	if err := checkFolderName(op, path); err != nil {
		return Folder{}, err
	}
	defer a.folders.forget()
	f, err := e.CreateFolder(ctx, path)
	return f, wrap(op, err)
}

// RenameFolder moves a folder and those below it to path.
func (a *Account) RenameFolder(ctx context.Context, id FolderID, path string) (Folder, error) {
	const op = "rename folder"
	e, err := use[FolderEditor](ctx, a, op, CapFolderEdit)
	if err != nil {
		return Folder{}, err
	}
	for _, name := range []string{string(id), path} {
		if err := checkFolderName(op, name); err != nil {
			return Folder{}, err
		}
	}
	defer a.folders.forget()
	f, err := e.RenameFolder(ctx, id, path)
	return f, wrap(op, err)
}

// DeleteFolder removes a folder; one that holds messages only when messages is set.
func (a *Account) DeleteFolder(ctx context.Context, id FolderID, messages bool) error {
	const op = "delete folder"
	e, err := use[FolderEditor](ctx, a, op, CapFolderEdit)
	if err != nil {
		return err
	}
	if err := checkFolderName(op, string(id)); err != nil {
		return err
	}
	defer a.folders.forget()
	return wrap(op, e.DeleteFolder(ctx, id, messages))
}

// Folder finds a folder by id, path, role or, without regard to case, path.
// An unknown one is NotFound with the nearest names in the hint. It asks the
// backend only when the folders listed in the last 5 minutes do not hold
// exactly that id, path or role.
func (a *Account) Folder(ctx context.Context, name string) (Folder, error) {
	const op = "find folder"
	if _, err := use[Folders](ctx, a, op, CapFolders); err != nil {
		return Folder{}, err
	}
	if err := checkFolderName(op, name); err != nil {
		return Folder{}, err
	}
	if f, ok := matchExactly(a.folders.load(), name); ok {
		return f, nil
	}
	folders, err := a.ListFolders(ctx)
	if err != nil {
		return Folder{}, err
	}
	if f, ok := matchFolder(folders, name); ok {
		return f, nil
	}
	return Folder{}, &Error{
		Op: op, Code: NotFound, Hint: nearestHint(folders, name),
		Err: errors.New("no folder " + strconv.Quote(clip(name))),
	}
}

func matchFolder(folders []Folder, name string) (Folder, bool) {
	if f, ok := matchExactly(folders, name); ok {
		return f, true
	}
	return firstFolder(folders, func(f Folder) bool { return strings.EqualFold(f.Path, name) })
}

// matchExactly leaves out what a folder made since might match better.
func matchExactly(folders []Folder, name string) (Folder, bool) {
	return firstFolder(folders,
		func(f Folder) bool { return string(f.ID) == name },
		func(f Folder) bool { return f.Path == name },
		func(f Folder) bool { return f.Role != RoleNone && strings.EqualFold(string(f.Role), name) },
	)
}

func firstFolder(folders []Folder, tests ...func(Folder) bool) (Folder, bool) {
	for _, test := range tests {
		for _, f := range folders {
			if test(f) {
				return f, true
			}
		}
	}
	return Folder{}, false
}

func checkFolderName(op, name string) error {
	switch {
	case name == "":
		return invalid(op, "folder name is empty")
	case len(name) > maxFolderName:
		return invalid(op, "folder name is longer than "+strconv.Itoa(maxFolderName)+" bytes")
	case hasControl(name):
		return invalid(op, "folder name holds a control character")
	}
	return nil
}
