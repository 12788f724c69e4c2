package mailtool

import (
	"context"
	"slices"
	"strconv"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// everywhere is what folders takes for every folder, Trash and Junk among them.
const everywhere = "*"

func searchTools() []Tool {
	search := scopes.Effect{Verb: scopes.List, Access: scopes.Read, Scopes: scopes.AllOf(scopes.MailSearch)}
	reading := search
	reading.Scopes = scopes.AllOf(scopes.MailSearch, scopes.MailRead)
	return []Tool{Define(Spec{
		Name:  "search_messages",
		Title: "Search messages",
		Description: "Finds messages, newest first. query is Gmail's syntax (from: to: subject: has:attachment is:unread is:handled in: newer_than:7d " +
			"before:2026/11/20 larger:1M rfc822msgid: filename: -word \"phrase\" OR); the other fields narrow it. Columns as in list_messages.",
		Effect:   search,
		Escalate: []Escalation{{Param: "include_body", Effect: reading}},
		Needs:    provider.Caps(provider.CapSearch, provider.CapFolders),
		Params:   []Param{{Name: "include_body", Needs: provider.Caps(provider.CapRead)}, handledParam("unhandled_only")},
		Tags:     []scopes.Tag{"messages"},
	}, searchMessages)}
}

type searchIn struct {
	Query         string   `json:"query,omitempty" jsonschema:"Gmail search syntax" maxlen:"2000"`
	From          string   `json:"from,omitempty" jsonschema:"in the author" maxlen:"500"`
	To            string   `json:"to,omitempty" jsonschema:"in the recipients" maxlen:"500"`
	Subject       string   `json:"subject,omitempty" jsonschema:"in the subject" maxlen:"500"`
	Text          string   `json:"text,omitempty" jsonschema:"anywhere, also in the text" maxlen:"500"`
	Since         string   `json:"since,omitempty" jsonschema:"arrived at or after, date or time" format:"time"`
	Before        string   `json:"before,omitempty" jsonschema:"arrived before" format:"time"`
	Unread        bool     `json:"unread,omitempty" jsonschema:"only unread ones"`
	UnhandledOnly bool     `json:"unhandled_only,omitempty" jsonschema:"only ones not handled"`
	MessageID     string   `json:"message_id,omitempty" jsonschema:"this Message-ID, in every folder" maxlen:"500"`
	Folders       []string `json:"folders,omitempty" jsonschema:"paths or roles; all but trash and junk unless given; * is all" max:"50" maxlen:"1000"`
	IncludeBody   bool     `json:"include_body,omitempty" jsonschema:"add a column preview; at most 20 rows"`
	Fields        string   `json:"fields,omitempty" jsonschema:"full adds to, size, thread_id" enum:"full"`
	paging
}

func searchMessages(ctx context.Context, env *Env, in searchIn) (*Rows, error) {
	q, err := env.query(in)
	if err != nil {
		return nil, err
	}
	var only provider.Folder
	for i, name := range q.In {
		f, err := env.folder(ctx, string(name))
		if err != nil {
			return nil, err
		}
		q.In[i], only = f.ID, f
	}
	q, terms, err := env.handledTerms(ctx, q)
	if err != nil {
		return nil, err
	}
	page, err := env.sifted(ctx, in.request(in.IncludeBody), terms, func(req provider.PageRequest) (provider.Page[provider.Summary], error) {
		return env.Mail.Search(ctx, q, req)
	})
	if err != nil {
		return nil, err
	}
	rows, err := env.table(ctx, page, in.Fields == "full", in.IncludeBody, len(q.In) != 1)
	if err != nil {
		return nil, err
	}
	rows.Total = in.total(page)
	if len(q.In) == 1 {
		rows.Folder = cleanLine(only.Path)
	}
	return rows, nil
}

// query joins the Gmail query and the plain fields: both must match.
func (env *Env) query(in searchIn) (provider.Query, error) {
	q, leavesOut, err := parseSearch(in.Query, env.Now, env.Account.zone())
	if err != nil {
		return q, err
	}
	add := func(to *[]string, word string) {
		if word != "" {
			*to = append(*to, word)
		}
	}
	add(&q.From, in.From)
	add(&q.To, in.To)
	add(&q.Subject, in.Subject)
	add(&q.Text, in.Text)
	if in.Unread {
		q.Without |= provider.Seen
	}
	if in.UnhandledOnly {
		q.Without |= provider.Handled
	}
	if in.MessageID != "" {
		q.Any = append(q.Any, []provider.Query{{HeaderID: in.MessageID}})
	}
	since, err := env.time(in.Since)
	if err != nil {
		return q, err
	}
	if since.After(q.Since) {
		q.Since = since
	}
	before, err := env.time(in.Before)
	if err != nil {
		return q, err
	}
	if !before.IsZero() && (q.Before.IsZero() || before.Before(q.Before)) {
		q.Before = before
	}
	if q, err = env.own(q); err != nil {
		return q, err
	}
	if q, err = env.places(q, in.Folders); err != nil {
		return q, err
	}
	if len(q.In) == 0 && !leavesOut && asksForOne(q) {
		q.Everywhere = true // it is known; where it has been moved to is the question
	}
	return q, nil
}

// asksForOne reports a query that only messages with a certain Message-ID match.
func asksForOne(q provider.Query) bool {
	return q.HeaderID != "" || slices.ContainsFunc(q.Any, func(group []provider.Query) bool {
		return !slices.ContainsFunc(group, func(sub provider.Query) bool { return !asksForOne(sub) })
	})
}

// places adds the folders to search to those that the query names.
func (env *Env) places(q provider.Query, folders []string) (provider.Query, error) {
	if len(folders) == 0 {
		return q, nil
	}
	if len(q.In) > 0 || q.Everywhere {
		return q, refuse(Invalid, "both query and folders say where to search", "say it once")
	}
	for _, name := range folders {
		switch name {
		case everywhere:
			q.Everywhere = true
		case "":
			return q, paramFault("folders", "holds an empty name", "paths or roles")
		default:
			q.In = append(q.In, provider.FolderID(name))
		}
	}
	if q.Everywhere && len(q.In) > 0 {
		return q, paramFault("folders", "has "+strconv.Quote(everywhere)+" beside other folders", strconv.Quote(everywhere)+" alone, or folders")
	}
	return q, nil
}
