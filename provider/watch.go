package provider

import (
	"context"
	"errors"
	"strconv"
)

// MaxWatch is the most folders that one Watch names: each may cost a connection.
const MaxWatch = 10

// Watcher tells of new mail.
type Watcher interface {
	// Mark returns an id for Query.After that all mail now in the folder stands
	// before: that of its newest message, or one that no message has.
	Mark(ctx context.Context, folder FolderID) (MessageID, error)
	// Watch calls told for each folder as soon as the watch on it stands, and
	// again whenever something may have arrived there since, or for no reason:
	// whoever looks on every call misses nothing. It calls told from one
	// goroutine at a time and never after it has returned. It outlives lost
	// connections, and blocks until ctx ends, with ctx's error, or nothing more
	// can be told: NotFound when a folder is not there, or not any more.
	Watch(ctx context.Context, folders []FolderID, told func(FolderID)) error
}

// Mark returns an id for Query.After: what arrives in the folder from now on
// comes behind it.
func (a *Account) Mark(ctx context.Context, folder FolderID) (MessageID, error) {
	const op = "mark"
	w, err := use[Watcher](ctx, a, op, CapWatch)
	if err != nil {
		return "", err
	}
	if err := checkFolderName(op, string(folder)); err != nil {
		return "", err
	}
	id, err := w.Mark(ctx, folder)
	return id, a.folderGone(wrap(op, err))
}

// Watch calls told for each folder at the start and whenever something may have
// arrived there, until ctx ends. told must return soon: look elsewhere.
func (a *Account) Watch(ctx context.Context, folders []FolderID, told func(FolderID)) error {
	const op = "watch"
	w, err := use[Watcher](ctx, a, op, CapWatch)
	if err != nil {
		return err
	}
	switch {
	case len(folders) == 0:
		return invalid(op, "no folder given")
	case len(folders) > MaxWatch:
		return invalid(op, "more than "+strconv.Itoa(MaxWatch)+" folders")
	case told == nil:
		return invalid(op, "nobody to tell")
	}
	once := make([]FolderID, 0, len(folders))
	seen := make(map[FolderID]bool, len(folders))
	for _, f := range folders {
		if err := checkFolderName(op, string(f)); err != nil {
			return err
		}
		if !seen[f] {
			seen[f], once = true, append(once, f)
		}
	}
	err = w.Watch(ctx, once, told)
	if err == nil { // a watch has no good end but ctx's
		err = &Error{Op: op, Code: Internal, Err: errors.New("the backend stopped watching and gave no reason")}
	}
	return a.folderGone(wrap(op, err))
}
