package mcpadapt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
)

// maxResource bounds a file read as a resource, which a host asks for and does
// not have to put before a model. Held with its base64 twice it is some 15 MB.
const maxResource = 4 << 20

func attachmentTemplate() *mcp.ResourceTemplate {
	return &mcp.ResourceTemplate{
		URITemplate: mailtool.AttachmentTemplate, Name: "attachment", Title: "Mail attachment",
		Description: "An attachment by its part's number, all of a message as a ZIP (all), or the message's source (source).",
	}
}

// listTemplates leaves out ours for a caller who may not read by it.
func (a *adapter) listTemplates(ctx context.Context, method string, req *mcp.ListResourceTemplatesRequest, next mcp.MethodHandler) (mcp.Result, error) {
	caller, err := a.caller(ctx, req)
	if err != nil {
		return nil, err
	}
	res, err := next(ctx, method, req)
	list, ok := res.(*mcp.ListResourceTemplatesResult)
	if err != nil || !ok || list == nil {
		return res, err
	}
	out := *list
	out.CacheScope = cachePrivate // it differs from caller to caller
	if caller == nil || !a.reg.ReadsAttachments(caller) {
		out.ResourceTemplates = slices.DeleteFunc(slices.Clone(list.ResourceTemplates), func(t *mcp.ResourceTemplate) bool {
			return t.URITemplate == mailtool.AttachmentTemplate
		})
	}
	return &out, nil
}

// readResource reads an attachment by the same call as the tool. What the caller
// may not read is not there.
func (a *adapter) readResource(ctx context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	caller, err := a.caller(ctx, req)
	if err != nil {
		return nil, err
	}
	uri := req.Params.URI
	if caller == nil {
		return nil, mcp.ResourceNotFoundError(uri)
	}
	own := *caller
	if own.FileBytes == 0 {
		own.FileBytes = maxResource
	}
	before := abilities(&own)
	res, err := a.reg.ReadAttachment(ctx, &own, uri)
	if !slices.Equal(before, abilities(&own)) {
		for name := range a.tools { // one stands for all
			a.renew(name)
			break
		}
	}
	if err != nil {
		return nil, resourceError(uri, err)
	}
	contents, err := contentsOf(uri, res)
	if err != nil {
		return nil, err
	}
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{contents}, Cacheable: mcp.Cacheable{CacheScope: cachePrivate}}, nil
}

// resourceError answers for what is missing and what is not granted alike; only
// a failure on the way to what is there is told.
func resourceError(uri string, err error) error {
	var failure *mailtool.Error
	if !errors.As(err, &failure) {
		return fmt.Errorf("read %s: %w", uri, err)
	}
	told := []mailtool.Code{
		mailtool.Timeout, mailtool.Canceled, mailtool.Busy, mailtool.Unavailable, mailtool.TooLarge, mailtool.Internal,
		mailtool.Code(provider.RateLimited), mailtool.Code(provider.Unauthenticated),
	}
	if !slices.Contains(told, failure.Code) {
		return mcp.ResourceNotFoundError(uri)
	}
	return &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: failure.Error()}
}

// contentsOf is what was read: its bytes, or its text below the notice that
// others wrote it.
func contentsOf(uri string, res mailtool.Result) (*mcp.ResourceContents, error) {
	if len(res.Files) > 0 {
		return blob(uri, res.Files[0]), nil
	}
	var read struct {
		Untrusted  string          `json:"untrusted"`
		Name       string          `json:"name"`
		Text       string          `json:"text"`
		Notes      []string        `json:"notes"`
		NextOffset int64           `json:"next_offset"`
		Dropped    json.RawMessage `json:"dropped"`
	}
	if err := json.Unmarshal(res.JSON, &read); err != nil {
		return nil, fmt.Errorf("read %s: %w", uri, err)
	}
	lines := []string{read.Untrusted}
	if read.Name != "" {
		lines = append(lines, read.Name)
	}
	if read.Text != "" {
		lines = append(lines, read.Text)
	}
	if read.NextOffset > 0 {
		lines = append(lines, fmt.Sprintf("It goes on: get_attachment with offset %d.", read.NextOffset))
	}
	lines = append(lines, read.Notes...)
	if len(read.Dropped) > 0 {
		lines = append(lines, "Left out: "+string(read.Dropped)) // numbers
	}
	return &mcp.ResourceContents{URI: uri, MIMEType: "text/plain", Text: strings.Join(lines, "\n")}, nil
}

func blob(uri string, f mailtool.File) *mcp.ResourceContents {
	data := f.Data
	if data == nil {
		data = []byte{} // a blob of no bytes is one too
	}
	return &mcp.ResourceContents{URI: uri, MIMEType: f.Type, Blob: data}
}
