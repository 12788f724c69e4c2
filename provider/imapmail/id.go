package imapmail

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// folderHash is the length of a folder's digest in an id, 35 bits: among a
// thousand folders two share one with a chance of 1 in 60 000, and then the
// ids of both are refused.
const folderHash = 7

// ref is what an id says.
type ref struct {
	id       provider.MessageID
	hash     string
	validity uint32
	uid      imapx.UID
}

func (b *Backend) newID(folder string, validity uint32, uid imapx.UID) provider.MessageID {
	return provider.NewMessageID(b.opts.Account, localID(provider.ShortHash(folder, folderHash), validity, uid))
}

func localID(hash string, validity uint32, uid imapx.UID) string {
	return hash + "." + strconv.FormatUint(uint64(validity), 36) + "." + strconv.FormatUint(uint64(uid), 36)
}

// parseID takes an id of this account apart. Only the form that newID writes
// is an id.
func (b *Backend) parseID(id provider.MessageID) (ref, error) {
	r, err := b.parseMark(id)
	if err != nil || r.uid == 0 {
		return ref{}, &provider.Error{
			Code: provider.Invalid, Hint: "use ids as a list, a search or a read gave them",
			Err: errors.New("not an id of this account: " + strconv.Quote(clip(string(id)))),
		}
	}
	return r, nil
}

// parseMark also takes what Mark returns of an empty folder.
func (b *Backend) parseMark(id provider.MessageID) (ref, error) {
	r, ok := parseLocal(id.Local())
	if !ok || id.Tag() != provider.Tag(b.opts.Account) {
		return ref{}, invalid("not a mark or id of this account: " + strconv.Quote(clip(string(id))))
	}
	r.id = id
	return r, nil
}

func parseLocal(local string) (ref, bool) {
	f := strings.Split(local, ".")
	if len(f) != 3 || len(f[0]) != folderHash {
		return ref{}, false
	}
	validity, err1 := strconv.ParseUint(f[1], 36, 32)
	uid, err2 := strconv.ParseUint(f[2], 36, 32)
	r := ref{hash: f[0], validity: uint32(validity), uid: imapx.UID(uid)}
	if err1 != nil || err2 != nil || validity == 0 || localID(r.hash, r.validity, r.uid) != local {
		return ref{}, false
	}
	return r, true
}

// batch is the ids of one folder and one UIDVALIDITY.
type batch struct {
	folder   string
	validity uint32
	refs     []ref
	err      error // why none of them can be served
}

func (g *batch) uids() []imapx.UID {
	uids := make([]imapx.UID, len(g.refs))
	for i, r := range g.refs {
		uids[i] = r.uid
	}
	return uids
}

// group sorts ids by folder. Folders not seen yet are looked up in one go; an
// id of a folder that is gone makes its batch fail, not the call.
func (b *Backend) group(ctx context.Context, ids []provider.MessageID) ([]*batch, error) {
	var out []*batch
	listed := false
	seen := make(map[string]bool)
	for _, id := range ids {
		r, err := b.parseID(id)
		if err != nil {
			return nil, err
		}
		if local := id.Local(); seen[local] {
			continue
		} else {
			seen[local] = true
		}
		i := slices.IndexFunc(out, func(g *batch) bool { return g.refs[0].hash == r.hash && g.validity == r.validity })
		if i < 0 {
			g := &batch{validity: r.validity, refs: []ref{r}}
			if g.folder, err = b.folderOf(ctx, r.hash, &listed); err != nil {
				if isContext(err) {
					return nil, err
				}
				g.err = err
			}
			out = append(out, g)
			continue
		}
		out[i].refs = append(out[i].refs, r)
	}
	return out, nil
}

// folderOf finds the folder of an id. When it is new to us all are listed,
// unless they have just been.
func (b *Backend) folderOf(ctx context.Context, hash string, listed *bool) (string, error) {
	names := b.named(hash)
	if len(names) == 0 && !*listed {
		if _, err := b.list(ctx, false); err != nil {
			return "", err
		}
		*listed = true
		names = b.named(hash)
	}
	switch len(names) {
	case 0:
		return "", &provider.Error{
			Code: provider.NotFound, Hint: "list or search again for new ids",
			Err: errors.New("the folder of this message is gone or was renamed"),
		}
	case 1:
		return names[0], nil
	}
	return "", &provider.Error{
		Code: provider.Conflict, Hint: "rename one of the two",
		Err: errors.New("ids do not tell " + strconv.Quote(names[0]) + " from " + strconv.Quote(names[1])),
	}
}

func (b *Backend) named(hash string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.byHash[hash])
}

// learn notes a folder that exists.
func (b *Backend) learn(folder string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note(folder)
}

// note is learn, with b.mu held.
func (b *Backend) note(folder string) {
	hash := provider.ShortHash(folder, folderHash)
	if !slices.Contains(b.byHash[hash], folder) {
		b.byHash[hash] = append(b.byHash[hash], folder)
	}
}

func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
