package providertest

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/provider"
)

const toyDelimiter = "/"

func (b *toy) below(path string) bool {
	return slices.ContainsFunc(b.folders, func(f *toyFolder) bool { return strings.HasPrefix(f.path, path+toyDelimiter) })
}

func toyAsFolder(f *toyFolder) provider.Folder {
	return provider.Folder{ID: provider.FolderID(f.path), Path: f.path, Delimiter: toyDelimiter, Role: f.role, Total: -1, Unread: -1}
}

func (b *toy) CreateFolder(ctx context.Context, path string) (provider.Folder, error) {
	leave, err := b.enter(ctx)
	if err != nil {
		return provider.Folder{}, err
	}
	defer leave()
	if _, err := b.folder(path); err == nil {
		return provider.Folder{}, toyError(provider.Conflict, "there is a folder "+path)
	}
	b.uid++
	f := &toyFolder{path: path, epoch: 1000 + b.uid}
	b.folders = append(b.folders, f)
	slices.SortFunc(b.folders[1:], func(a, b *toyFolder) int { return strings.Compare(a.path, b.path) })
	return toyAsFolder(f), nil
}

func (b *toy) RenameFolder(ctx context.Context, id provider.FolderID, path string) (provider.Folder, error) {
	leave, err := b.enter(ctx)
	if err != nil {
		return provider.Folder{}, err
	}
	defer leave()
	f, err := b.folder(string(id))
	if err != nil {
		return provider.Folder{}, err
	}
	if _, err := b.folder(path); err == nil {
		return provider.Folder{}, toyError(provider.Conflict, "there is a folder "+path)
	}
	for _, g := range b.folders {
		if rest, ok := strings.CutPrefix(g.path, string(id)+toyDelimiter); ok {
			g.path = path + toyDelimiter + rest
		}
	}
	f.path = path
	slices.SortFunc(b.folders[1:], func(a, b *toyFolder) int { return strings.Compare(a.path, b.path) })
	return toyAsFolder(f), nil
}

func (b *toy) DeleteFolder(ctx context.Context, id provider.FolderID, messages bool) error {
	leave, err := b.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	f, err := b.folder(string(id))
	switch {
	case err != nil:
		return err
	case b.below(f.path):
		return toyError(provider.Conflict, "there are folders below")
	case len(f.messages) > 0 && !messages:
		return toyError(provider.Conflict, "there are messages in it")
	}
	b.folders = slices.DeleteFunc(b.folders, func(g *toyFolder) bool { return g == f })
	return nil
}
