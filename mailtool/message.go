package mailtool

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

func messageTools() []Tool {
	read := scopes.AllOf(scopes.MailRead)
	return []Tool{
		Define(Spec{
			Name:  "list_messages",
			Title: "List messages",
			Description: "Messages of a folder, newest first. Letters in flags: u unread, f flagged, a answered, h handled, d draft, x marked deleted, " +
				"@ has attachments. include_body adds each text's beginning.",
			Effect: scopes.Effect{Verb: scopes.List, Access: scopes.Read, Scopes: read},
			Needs:  provider.Caps(provider.CapRead, provider.CapFolders),
			Params: []Param{handledParam("unhandled_only")},
			Tags:   []scopes.Tag{"messages"},
		}, listMessages),
		Define(Spec{
			Name:        "read_message",
			Title:       "Read messages",
			Description: "Reads 1 to 10 messages: headers that matter, text, attachments. A long text goes on at next_offset. Changes no flag.",
			Effect:      scopes.Effect{Verb: scopes.Get, Access: scopes.Read, Scopes: read},
			Needs:       provider.Caps(provider.CapRead),
			Tags:        []scopes.Tag{"messages"},
		}, readMessage),
	}
}

type listIn struct {
	Folder        string `json:"folder,omitempty" jsonschema:"path or role, inbox unless given" maxlen:"1000"`
	UnreadOnly    bool   `json:"unread_only,omitempty" jsonschema:"only unread ones"`
	UnhandledOnly bool   `json:"unhandled_only,omitempty" jsonschema:"only ones not handled"`
	Since         string `json:"since,omitempty" jsonschema:"arrived at or after, date or time" format:"time"`
	Before        string `json:"before,omitempty" jsonschema:"arrived before" format:"time"`
	IncludeBody   bool   `json:"include_body,omitempty" jsonschema:"add a column preview; at most 20 rows"`
	Fields        string `json:"fields,omitempty" jsonschema:"full adds to, size, thread_id" enum:"full"`
	paging
}

func listMessages(ctx context.Context, env *Env, in listIn) (*Rows, error) {
	if in.Folder == "" {
		in.Folder = string(provider.RoleInbox)
	}
	folder, err := env.folder(ctx, in.Folder)
	if err != nil {
		return nil, err
	}
	opts := provider.ListOptions{Folder: folder.ID, UnreadOnly: in.UnreadOnly}
	if opts.Since, err = env.time(in.Since); err != nil {
		return nil, err
	}
	if opts.Before, err = env.time(in.Before); err != nil {
		return nil, err
	}
	opts.UnhandledOnly = in.UnhandledOnly && env.keepsHandled()
	page, err := env.sifted(ctx, in.request(in.IncludeBody), handledTerms{without: in.UnhandledOnly}, func(req provider.PageRequest) (provider.Page[provider.Summary], error) {
		return env.Mail.ListMessages(ctx, opts, req)
	})
	if err != nil {
		return nil, err
	}
	rows, err := env.table(ctx, page, in.Fields == "full", in.IncludeBody, false)
	if err != nil {
		return nil, err
	}
	rows.Total, rows.Folder = in.total(page), cleanLine(folder.Path)
	return rows, nil
}

func (env *Env) time(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return parseTime(text, env.Account.zone())
}

func (p paging) request(preview bool) provider.PageRequest {
	limit := p.Limit
	if preview && (limit == 0 || limit > previewRows) {
		limit = previewRows
	}
	return provider.PageRequest{Limit: limit, After: provider.Cursor(p.Cursor)}
}

// total is how many match in all, nil when that is unknown. None do when the
// first page is empty, the last, and lacks nothing.
func (p paging) total(page provider.Page[provider.Summary]) *int {
	none := len(page.Items)+len(page.Failed) == 0 && page.Next == "" && p.Cursor == ""
	if page.Total > 0 || none {
		return &page.Total
	}
	return nil
}

// table shows a page of summaries.
func (env *Env) table(ctx context.Context, page provider.Page[provider.Summary], full, preview, folders bool) (*Rows, error) {
	now := env.rowNow()
	rows := &Rows{
		Untrusted: untrustedRows(env.Nonce), Now: shortTime(now, now.Location()), Columns: []string{"id", "from", "subject", "date", "flags"},
		NextCursor: string(page.Next), at: page.At,
	}
	if page.Partial {
		rows.Partial = partial(page.Reached, env.Account.zone())
	}
	var texts map[provider.MessageID]string
	if preview {
		var err error
		if texts, err = env.previews(ctx, page.Items); err != nil {
			return nil, err
		}
		rows.Columns = append(rows.Columns, "preview")
	}
	if folders {
		rows.Columns = append(rows.Columns, "folder")
	}
	if full {
		rows.Columns = append(rows.Columns, "to", "size", threadColumn)
	}
	for _, s := range page.Items {
		row := []string{string(s.ID), addresses(s.From), cleanLine(s.Subject), rowTime(dateOf(s), now), letters(s)}
		if preview {
			row = append(row, texts[s.ID])
		}
		if folders {
			row = append(row, cleanLine(string(s.Folder)))
		}
		if full {
			row = append(row, addresses(s.To), strconv.FormatInt(s.Size, 10), cleanLine(s.ThreadID))
		}
		rows.Rows = append(rows.Rows, row)
		rows.keys = append(rows.keys, sortTime(s))
	}
	for _, f := range page.Failed {
		rows.Failed = append(rows.Failed, failure(f.ID, f.Err))
	}
	return rows, nil
}

// dateOf is the date to show: the sender's, else the server's.
func dateOf(s provider.Summary) time.Time {
	if s.Date.IsZero() {
		return s.Received
	}
	return s.Date
}

// sortTime is the time to merge by: the server's, which a sender cannot choose.
func sortTime(s provider.Summary) time.Time {
	if s.Received.IsZero() {
		return s.Date
	}
	return s.Received
}

func addresses(list []provider.Address) string {
	const shown = 10 // a list row needs no more; read_message names the others
	space := room(1000)
	var out []string
	for i, a := range list {
		text := cleanAddress(a)
		if i == shown || !space.takesBytes(textSize(text)+1) && i > 0 {
			out = append(out, andMore(len(list)-i))
			break
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func cleanAddress(a provider.Address) string {
	return provider.Address{Name: cleanLine(a.Name), Addr: cleanLine(a.Addr)}.String()
}

func letters(s provider.Summary) string {
	var b strings.Builder
	for _, l := range []struct {
		on     bool
		letter byte
	}{
		{!s.Flags.Has(provider.Seen), 'u'}, {s.Flags.Has(provider.Flagged), 'f'}, {s.Flags.Has(provider.Answered), 'a'},
		{s.Flags.Has(provider.Handled), 'h'}, {s.Flags.Has(provider.Draft), 'd'}, {s.Flags.Has(provider.Deleted), 'x'}, {s.HasAttach, '@'},
	} {
		if l.on {
			b.WriteByte(l.letter)
		}
	}
	return b.String()
}
