package memmail

import (
	"cmp"
	"context"
	"encoding/json"
	"html"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/provider"
)

// Search finds messages. Labels are Unsupported; everything else is served, and words match in lower case.
func (b *Backend) Search(ctx context.Context, q provider.Query, req provider.PageRequest) (provider.Page[provider.Summary], error) {
	const op = "search"
	var none provider.Page[provider.Summary]
	done, err := b.begin(ctx, op)
	if err != nil {
		return none, err
	}
	defer done()
	if usesLabels(q) {
		return none, fail(op, provider.Unsupported, "this mailbox has no labels to search for")
	}
	all, epoch, err := b.scope(op, q)
	if err != nil {
		return none, err
	}
	asked, err := json.Marshal(q)
	if err != nil {
		return none, fail(op, provider.Internal, err.Error())
	}
	q = lower(q)
	var hits []hit
	for _, h := range all {
		if err := ctx.Err(); err != nil {
			return none, err
		}
		if matches(q, h) {
			hits = append(hits, h)
		}
	}
	key := func(h hit) placeKey { return placeKey{h.received.UnixNano(), h.validity, h.uid} }
	if len(q.In) == 1 {
		key = func(h hit) placeKey { return placeKey{uid: h.uid} }
	}
	slices.SortFunc(hits, func(x, y hit) int {
		kx, ky := key(x), key(y)
		return cmp.Or(cmp.Compare(ky.received, kx.received), cmp.Compare(ky.validity, kx.validity), cmp.Compare(ky.uid, kx.uid))
	})
	return b.page("search "+b.opts.Account+" "+string(asked), epoch, hits, req, key)
}

// scope copies the messages of the folders a query looks in, and names the state those folders' ids are in.
func (b *Backend) scope(op string, q provider.Query) ([]hit, string, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	folders := b.folders
	epoch := "all " + strconv.FormatUint(uint64(b.rebuilds), 36)
	if len(q.In) > 0 {
		folders, epoch = nil, "in"
		for _, id := range q.In {
			f, err := b.lookup(op, id)
			if err != nil {
				return nil, "", err
			}
			if !slices.Contains(folders, f) {
				folders = append(folders, f)
				epoch += " " + strconv.FormatUint(uint64(f.validity), 36)
			}
		}
	}
	var out []hit
	for _, f := range folders {
		if len(q.In) == 0 && !q.Everywhere && (f.role == provider.RoleTrash || f.role == provider.RoleJunk) {
			continue
		}
		var after uint32
		if q.After != "" {
			var err error
			if after, err = b.after(op, f, q.After); err != nil {
				return nil, "", err
			}
		}
		for _, m := range f.messages {
			if m.uid <= after {
				continue
			}
			out = append(out, hit{f.path, f.validity, *m})
		}
	}
	return out, epoch, nil
}

// words are a message's texts in lower case, for searching.
type words struct{ from, to, cc, subject, people, body, files, id string }

func (c *content) search() words {
	c.folded.Do(func() {
		m := c.parse()
		h := m.Header
		c.words = words{
			from: people(h.From), to: people(h.To, h.Cc, h.Bcc), cc: people(h.Cc), subject: strings.ToLower(h.Subject),
			people: people(h.From, h.Sender, h.To, h.Cc, h.Bcc, h.ReplyTo), body: strings.ToLower(m.Text), id: h.MessageID,
		}
		if m.HTML != "" {
			c.words.body += "\n" + strings.ToLower(visibleText(m.HTML))
		}
		for _, p := range m.Attachments {
			c.words.files += strings.ToLower(p.Name) + "\n"
		}
	})
	return c.words
}

// people joins addresses, a line each, so that no word spans two.
func people(lists ...[]mailmime.Address) string {
	var sb strings.Builder
	for _, list := range lists {
		for _, a := range list {
			sb.WriteString(strings.ToLower(a.Name + " <" + a.Mailbox + ">\n"))
		}
	}
	return sb.String()
}

// visibleText takes the tags out of HTML, good enough to look for words in.
func visibleText(s string) string {
	var sb strings.Builder
	for s != "" {
		text, rest, ok := strings.Cut(s, "<")
		sb.WriteString(text)
		if !ok {
			break
		}
		s = afterTag(rest)
		sb.WriteByte(' ')
	}
	return html.UnescapeString(sb.String())
}

// afterTag returns what follows a tag, and for tags whose content is not text what follows their end.
func afterTag(s string) string {
	if strings.HasPrefix(s, "!--") {
		_, rest, _ := strings.Cut(s[1:], "-->") // "<!-->" is a comment too (WHATWG 13.2.5.44)
		return rest
	}
	for _, name := range []string{"style", "script"} {
		if !hasPrefixFold(s, name) {
			continue
		}
		for end := "</" + name; !hasPrefixFold(s, end); {
			i := strings.Index(s[1:], "</")
			if i < 0 {
				return ""
			}
			s = s[1+i:]
		}
		break
	}
	_, rest, _ := strings.Cut(s, ">")
	return rest
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func usesLabels(q provider.Query) bool {
	return len(q.Labels) > 0 || slices.ContainsFunc(q.Not, usesLabels) ||
		slices.ContainsFunc(q.Any, func(g []provider.Query) bool { return slices.ContainsFunc(g, usesLabels) })
}

// lower brings the words of a query into the form that content.search has.
func lower(q provider.Query) provider.Query {
	for _, list := range []*[]string{&q.From, &q.To, &q.Cc, &q.Subject, &q.Text, &q.Body, &q.Filename} {
		*list = slices.Clone(*list)
		for i, w := range *list {
			(*list)[i] = strings.ToLower(w)
		}
	}
	q.HeaderID = strings.TrimSuffix(strings.TrimPrefix(q.HeaderID, "<"), ">")
	q.Not = lowerAll(q.Not)
	q.Any = slices.Clone(q.Any)
	for i, group := range q.Any {
		q.Any[i] = lowerAll(group)
	}
	return q
}

func lowerAll(list []provider.Query) []provider.Query {
	out := make([]provider.Query, 0, len(list))
	for _, q := range list {
		out = append(out, lower(q))
	}
	return out
}

func matches(q provider.Query, h hit) bool {
	size := int64(len(h.raw))
	switch {
	case !h.flags.Has(q.With), h.flags&q.Without != 0:
		return false
	case !q.Since.IsZero() && h.received.Before(q.Since), !q.Before.IsZero() && !h.received.Before(q.Before):
		return false
	case q.Larger > 0 && size <= q.Larger, q.Smaller > 0 && size >= q.Smaller:
		return false
	case q.HasAttach && !h.parse().HasFile():
		return false
	}
	return matchesWords(q, h.search()) && matchesNested(q, h)
}

func matchesWords(q provider.Query, w words) bool {
	for _, t := range []struct {
		in   string
		want []string
	}{
		{w.from, q.From}, {w.to, q.To}, {w.cc, q.Cc}, {w.subject, q.Subject}, {w.body, q.Body}, {w.files, q.Filename},
	} {
		for _, word := range t.want {
			if !strings.Contains(t.in, word) {
				return false
			}
		}
	}
	for _, word := range q.Text {
		if !strings.Contains(w.subject, word) && !strings.Contains(w.people, word) && !strings.Contains(w.body, word) {
			return false
		}
	}
	return q.HeaderID == "" || strings.EqualFold(q.HeaderID, w.id)
}

func matchesNested(q provider.Query, h hit) bool {
	for _, not := range q.Not {
		if matches(not, h) {
			return false
		}
	}
	for _, group := range q.Any {
		if !slices.ContainsFunc(group, func(one provider.Query) bool { return matches(one, h) }) {
			return false
		}
	}
	return true
}
