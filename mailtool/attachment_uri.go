package mailtool

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/postern-mail/postern/provider"
)

// AttachmentTemplate is the URI template (RFC 6570) of what get_attachment
// reads: part is a part's number, "all" for a ZIP of all attachments, or
// "source" for the message's source.
const AttachmentTemplate = "mail://{account}/{message}/{part}"

const uriScheme = "mail://"

// uri names a part of a message on this account.
func (env *Env) uri(id provider.MessageID, part string) string {
	return uriScheme + expand(string(env.Account.ID)) + "/" + expand(string(id)) + "/" + expand(part)
}

// expand writes a value as RFC 6570 section 3.2.2 has it: all but unreserved
// characters in percent encoding.
func expand(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// HasAttachments reports whether get_attachment is one of the tools.
func (r *Registry) HasAttachments() bool {
	if r.behind != nil {
		return r.behind.HasAttachments()
	}
	_, ok := r.byName[attachmentTool]
	return ok
}

// ReadsAttachments reports whether the caller may read by AttachmentTemplate.
func (r *Registry) ReadsAttachments(c *Caller) bool {
	if r.behind != nil {
		return r.behind.ReadsAttachments(c)
	}
	return slices.ContainsFunc(r.Visible(c), func(v View) bool { return v.Name == attachmentTool })
}

// ReadAttachment reads what uri names by a call of get_attachment, which decides,
// bounds and records it as any other. A URI of another form is Invalid.
func (r *Registry) ReadAttachment(ctx context.Context, c *Caller, uri string) (Result, error) {
	if r.behind != nil {
		return r.behind.ReadAttachment(ctx, c, uri)
	}
	args, ok := argumentsOf(uri)
	if !ok {
		return Result{}, refuse(Invalid, "the URI is not one of "+AttachmentTemplate, "use one that "+attachmentTool+" gave")
	}
	return r.Call(ctx, c, attachmentTool, args)
}

// argumentsOf are those of the call that reads what uri names.
func argumentsOf(uri string) (args json.RawMessage, ok bool) {
	rest, ok := strings.CutPrefix(uri, uriScheme)
	names := strings.Split(rest, "/")
	if !ok || len(names) != 3 {
		return nil, false
	}
	for i, name := range names {
		plain, err := url.PathUnescape(name)
		if err != nil || plain == "" || !utf8.ValidString(plain) || !strings.EqualFold(expand(plain), name) {
			return nil, false
		}
		names[i] = plain
	}
	call := struct {
		Mailbox string `json:"mailbox"`
		Handle  string `json:"handle,omitempty"`
		ID      string `json:"id,omitempty"`
		All     bool   `json:"all,omitempty"`
		Raw     bool   `json:"raw,omitempty"`
	}{Mailbox: names[0]}
	switch names[2] {
	case bundlePart:
		call.ID, call.All = names[1], true
	case string(provider.SourcePart):
		call.ID, call.Raw = names[1], true
	default:
		call.Handle = names[1] + ":" + names[2]
	}
	args, err := json.Marshal(call)
	return args, err == nil
}
