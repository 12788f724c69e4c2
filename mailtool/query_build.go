package mailtool

import (
	"strconv"
	"strings"

	"github.com/postern-mail/postern/provider"
)

// query makes the Query of a whole search: folders are taken from its top level, the rest must match.
func (p *queryParser) query(node queryNode) (q provider.Query, leavesOut bool, err error) {
	b := queryBuilder{src: p.src}
	if err := b.top(node, &q); err != nil {
		return provider.Query{}, false, err
	}
	if b.leftOut != nil && (q.Everywhere || len(q.In) > 0) {
		return provider.Query{}, false, b.fault(*b.leftOut, "cannot be combined with another in:", "name the folders to look in only")
	}
	if depth, at := b.depth, b.deepest; depth > provider.MaxQueryDepth {
		return provider.Query{}, false, b.fault(at, "is nested too deep", "nest at most "+strconv.Itoa(provider.MaxQueryDepth)+" levels")
	}
	if b.terms > provider.MaxQueryTerms {
		return provider.Query{}, false, refuse(Invalid, "query has more than "+strconv.Itoa(provider.MaxQueryTerms)+" terms", "ask for less at once")
	}
	return q, b.leftOut != nil, nil
}

// queryBuilder turns nodes into a Query and keeps count of what that takes.
type queryBuilder struct {
	src     string
	places  *queryNode // the in: that says where to look
	leftOut *queryNode // an -in: that the default grants
	terms   int
	depth   int
	deepest queryNode
}

func (b *queryBuilder) fault(n queryNode, what, next string) error {
	return queryFault(b.src, n.at, n.text, what, next)
}

// top takes a node that every message must match.
func (b *queryBuilder) top(n queryNode, q *provider.Query) error {
	switch {
	case n.all != nil:
		for _, one := range n.all {
			if err := b.top(one, q); err != nil {
				return err
			}
		}
		return nil
	case folderNames(n) != nil:
		return b.look(n, q)
	case n.not != nil && leavesOut(*n.not):
		b.leftOut = &n
		return nil
	}
	return b.add(n, q, 0)
}

// folderNames returns the folders of an in: or of alternatives that are nothing else.
func folderNames(n queryNode) []string {
	if n.folder != "" {
		return []string{n.folder}
	}
	if n.leaf != nil || n.not != nil {
		return nil
	}
	if len(n.all) == 1 {
		return folderNames(n.all[0])
	}
	var names []string
	for _, one := range n.any {
		more := folderNames(one)
		if more == nil {
			return nil
		}
		names = append(names, more...)
	}
	return names
}

// leavesOut reports folders that a search without in: leaves out anyway.
func leavesOut(n queryNode) bool {
	names := folderNames(n)
	for _, name := range names {
		if r := strings.ToLower(name); r != string(provider.RoleTrash) && r != string(provider.RoleJunk) {
			return false
		}
	}
	return names != nil
}

func (b *queryBuilder) look(n queryNode, q *provider.Query) error {
	if b.places != nil {
		return b.fault(n, "is a second in:, and no message is in two folders", "write {in:a in:b} to look in both")
	}
	b.places = &n
	for _, name := range folderNames(n) {
		b.terms++
		if name == everywhere {
			q.Everywhere = true
		} else {
			q.In = append(q.In, provider.FolderID(name))
		}
	}
	if q.Everywhere && len(q.In) > 0 {
		return b.fault(n, "has in:anywhere beside another folder", "write one of them")
	}
	return nil
}

// add makes q match what it does and the node too.
func (b *queryBuilder) add(n queryNode, q *provider.Query, depth int) error {
	b.reach(n, depth)
	switch {
	case n.leaf != nil:
		b.terms++
		if q.HeaderID != "" && n.leaf.HeaderID != "" {
			b.reach(n, depth+1)
		}
		joinQueries(q, *n.leaf)
		return nil
	case n.folder != "":
		return b.fault(n, "stands inside a group or behind a minus", "in: applies to the whole search: write it beside the group; trash and junk are left out unless named")
	case n.not != nil:
		return b.exclude(*n.not, q, depth)
	case n.any != nil:
		var group []provider.Query
		for _, one := range n.any {
			var sub provider.Query
			if err := b.add(one, &sub, depth+1); err != nil {
				return err
			}
			group = append(group, sub)
			b.terms++
		}
		q.Any = append(q.Any, group)
		return nil
	}
	for _, one := range n.all {
		if err := b.add(one, q, depth); err != nil {
			return err
		}
	}
	return nil
}

func (b *queryBuilder) reach(n queryNode, depth int) {
	if depth > b.depth {
		b.depth, b.deepest = depth, n
	}
}

// exclude makes q match only what the node does not.
func (b *queryBuilder) exclude(n queryNode, q *provider.Query, depth int) error {
	if n.any != nil {
		for _, one := range n.any {
			if err := b.exclude(one, q, depth); err != nil {
				return err
			}
		}
		return nil
	}
	var sub provider.Query
	if err := b.add(n, &sub, depth+1); err != nil {
		return err
	}
	b.terms++
	q.Not = append(q.Not, sub)
	return nil
}

// joinQueries makes q match what both match; neither says where to look.
func joinQueries(q *provider.Query, with provider.Query) {
	q.From = append(q.From, with.From...)
	q.To = append(q.To, with.To...)
	q.Cc = append(q.Cc, with.Cc...)
	q.Subject = append(q.Subject, with.Subject...)
	q.Text = append(q.Text, with.Text...)
	q.Body = append(q.Body, with.Body...)
	q.Filename = append(q.Filename, with.Filename...)
	q.Labels = append(q.Labels, with.Labels...)
	q.Not = append(q.Not, with.Not...)
	q.Any = append(q.Any, with.Any...)
	q.With |= with.With
	q.Without |= with.Without
	q.HasAttach = q.HasAttach || with.HasAttach
	q.Larger = max(q.Larger, with.Larger)
	if q.Smaller == 0 || with.Smaller != 0 && with.Smaller < q.Smaller {
		q.Smaller = with.Smaller
	}
	if with.Since.After(q.Since) {
		q.Since = with.Since
	}
	if q.Before.IsZero() || !with.Before.IsZero() && with.Before.Before(q.Before) {
		q.Before = with.Before
	}
	switch {
	case q.HeaderID == "":
		q.HeaderID = with.HeaderID
	case with.HeaderID != "" && with.HeaderID != q.HeaderID:
		// No message has two Message-IDs, so this finds nothing, as was asked.
		q.Any = append(q.Any, []provider.Query{{HeaderID: with.HeaderID}})
	}
}
