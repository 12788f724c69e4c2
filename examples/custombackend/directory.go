package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"sync"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
)

// Directory is a read-only backend over a tree of message files: every directory is a folder, every .eml file in it a message.
// Files may come and go while it runs; a file that is there keeps its id. It reads what it needs and writes nothing.
//
// Parsing, paging and searching are memmail's: a backend that only has to bring messages in can keep them there.
type Directory struct {
	files fs.FS
	box   *memmail.Backend

	mu    sync.Mutex
	known map[string]provider.MessageID // by file name
}

// Open returns a backend for the files. Folders are found when they are first asked for.
func Open(account string, files fs.FS) (*Directory, error) {
	box, err := memmail.New(memmail.Options{Account: account})
	if err != nil {
		return nil, err
	}
	return &Directory{files: files, box: box, known: map[string]provider.MessageID{}}, nil
}

// Info describes the account.
func (d *Directory) Info() provider.Info {
	return provider.Info{Account: d.box.Info().Account, Service: "directory"}
}

// Capabilities is what can be done without writing.
func (d *Directory) Capabilities() provider.CapabilitySet {
	return provider.Caps(provider.CapFolders, provider.CapRead, provider.CapSearch)
}

// Close ends the backend.
func (d *Directory) Close() error { return d.box.Close() }

// ListFolders lists the directories, and INBOX, which every account has.
func (d *Directory) ListFolders(ctx context.Context) ([]provider.Folder, error) {
	if err := d.refresh(ctx); err != nil {
		return nil, err
	}
	folders, err := d.box.ListFolders(ctx)
	return slices.DeleteFunc(folders, func(f provider.Folder) bool {
		_, err := fs.Stat(d.files, f.Path)
		return err != nil && f.Role != provider.RoleInbox
	}), err
}

// ListMessages lists a directory, the newest file first.
func (d *Directory) ListMessages(ctx context.Context, opts provider.ListOptions, page provider.PageRequest) (provider.Page[provider.Summary], error) {
	if err := d.refresh(ctx); err != nil {
		return provider.Page[provider.Summary]{}, err
	}
	return d.box.ListMessages(ctx, opts, page)
}

// ReadMessages reads messages by id.
func (d *Directory) ReadMessages(ctx context.Context, ids []provider.MessageID, opts provider.ReadOptions) ([]provider.ReadResult, error) {
	return d.box.ReadMessages(ctx, ids, opts)
}

// OpenPart streams a part of a message.
func (d *Directory) OpenPart(ctx context.Context, id provider.MessageID, part provider.PartID) (provider.Part, io.ReadCloser, error) {
	return d.box.OpenPart(ctx, id, part)
}

// Search finds messages in all directories.
func (d *Directory) Search(ctx context.Context, q provider.Query, page provider.PageRequest) (provider.Page[provider.Summary], error) {
	if err := d.refresh(ctx); err != nil {
		return provider.Page[provider.Summary]{}, err
	}
	return d.box.Search(ctx, q, page)
}

// refresh brings in new files and removes the messages of those that are gone.
func (d *Directory) refresh(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := map[string]bool{}
	err := fs.WalkDir(d.files, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist) && name != ".":
			return nil // gone since it was listed
		case err != nil || name == ".":
			return err
		case e.IsDir():
			if _, err := d.box.CreateFolder(ctx, name); err != nil && !errors.Is(err, provider.Conflict) {
				return err
			}
		case path.Ext(name) == ".eml" && path.Dir(name) != ".":
			seen[name] = true
			if err := d.bring(name, e); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	})
	for name, id := range d.known {
		if err == nil && !seen[name] {
			if _, err = d.box.Delete(ctx, []provider.MessageID{id}, true); err == nil {
				delete(d.known, name)
			}
		}
	}
	return classify(err)
}

func (d *Directory) bring(name string, e fs.DirEntry) error {
	if d.known[name] != "" {
		return nil
	}
	info, err := e.Info()
	if err != nil {
		return err
	}
	raw, err := fs.ReadFile(d.files, name)
	if err != nil {
		return err
	}
	d.known[name], err = d.box.Deliver(path.Dir(name), raw, memmail.Delivery{Received: info.ModTime()})
	return err
}

// classify maps errors once, at the backend's edge. Those of the context, and those that have a code, pass as they are.
func classify(err error) error {
	var known *provider.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &provider.Error{Code: provider.Unavailable, Err: err}
}
