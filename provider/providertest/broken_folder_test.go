package providertest

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/provider"
)

type recreator struct{ *toy }

func (b recreator) CreateFolder(ctx context.Context, path string) (provider.Folder, error) {
	f, err := b.toy.CreateFolder(ctx, path)
	if provider.CodeOf(err) == provider.Conflict {
		return f, nil
	}
	return f, err
}

type mangler struct{ *toy }

func ascii(path string) string {
	return strings.Map(func(r rune) rune {
		if r > 126 {
			return '?'
		}
		return r
	}, path)
}

func (b mangler) CreateFolder(ctx context.Context, path string) (provider.Folder, error) {
	return b.toy.CreateFolder(ctx, ascii(path))
}

func (b mangler) RenameFolder(ctx context.Context, id provider.FolderID, path string) (provider.Folder, error) {
	return b.toy.RenameFolder(ctx, id, ascii(path))
}

type orphaner struct{ *toy }

func (b orphaner) RenameFolder(ctx context.Context, id provider.FolderID, path string) (provider.Folder, error) {
	b.mu.Lock()
	for _, f := range b.folders {
		if strings.HasPrefix(f.path, string(id)+toyDelimiter) {
			f.path = "orphan"
		}
	}
	b.mu.Unlock()
	return b.toy.RenameFolder(ctx, id, path)
}

type demolisher struct{ *toy }

func (b demolisher) DeleteFolder(ctx context.Context, id provider.FolderID, _ bool) error {
	return b.toy.DeleteFolder(ctx, id, true)
}

type disorderly struct{ *toy }

func (b disorderly) ListFolders(ctx context.Context) ([]provider.Folder, error) {
	got, err := b.toy.ListFolders(ctx)
	slices.Reverse(got[1:])
	return got, err
}

type miscounter struct{ *toy }

func (b miscounter) ListFolders(ctx context.Context) ([]provider.Folder, error) {
	got, err := b.toy.ListFolders(ctx)
	for i := range got {
		got[i].Unread = got[i].Total
	}
	return got, err
}

type inventor struct{ *toy }

func (b inventor) ListMessages(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
	p, err := b.toy.ListMessages(ctx, o, r)
	if provider.CodeOf(err) == provider.NotFound {
		return page{}, nil
	}
	return p, err
}
