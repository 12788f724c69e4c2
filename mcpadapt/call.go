package mcpadapt

import (
	"bytes"
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

// call runs a mail tool. Refusals and failures are results that say what to do
// next; only a tool that is not there for the caller is a protocol error.
func (a *adapter) call(ctx context.Context, req *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	caller, err := a.caller(ctx, req)
	if err != nil {
		return nil, err
	}
	name := req.Params.Name
	if caller == nil {
		return nil, unknownTool(name)
	}
	before := abilities(caller)
	caller, told := telling(ctx, req, caller)
	res, err := a.reg.Call(ctx, caller, name, req.Params.Arguments)
	told()
	if !slices.Equal(before, abilities(caller)) {
		a.renew(name)
	}
	if err == nil {
		out := answer(res.JSON, false)
		out.Content = append(out.Content, blocks(res.Files)...)
		return out, nil
	}
	var failure *mailtool.Error
	if !errors.As(err, &failure) {
		return nil, fmt.Errorf("call %s: %w", name, err)
	}
	if failure.Code == mailtool.UnknownTool {
		return nil, unknownTool(name)
	}
	if failure.Code == mailtool.InsufficientScope {
		bearerOf(req).wants(failure.Scopes)
	}
	return failed(failure)
}

// abilities are what each account can do as far as is known. The first login of
// an account can make them more, and with them the caller's tools: the server
// then sends notifications/tools/list_changed, as it does for a tool added anew.
func abilities(c *mailtool.Caller) []provider.CapabilitySet {
	var all []provider.CapabilitySet
	for _, account := range c.Accounts {
		if account.Mail != nil {
			all = append(all, account.Mail.Capabilities())
		}
	}
	return all
}

// callAlias runs a tool under a name that is never listed. A tool of the server
// by that name comes first.
func (a *adapter) callAlias(ctx context.Context, method string, req *mcp.CallToolRequest, name string, next mcp.MethodHandler) (mcp.Result, error) {
	res, err := next(ctx, method, req)
	if !isUnknown(err, req.Params.Name) {
		return res, err
	}
	renamed, params := *req, *req.Params
	params.Name = name
	renamed.Params = &params
	res, again := next(ctx, method, &renamed)
	if isUnknown(again, name) {
		return nil, err
	}
	return res, again
}

// unknownTool is the server's own answer for a name that it does not have, so
// that hidden tools and none look alike.
func unknownTool(name string) error {
	return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf("unknown tool %q", name)}
}

func isUnknown(err error, name string) bool {
	var got, want *jsonrpc.Error
	return errors.As(err, &got) && errors.As(unknownTool(name), &want) && got.Code == want.Code && got.Message == want.Message
}

// answer carries one compact JSON object, structured and as text.
func answer(object json.RawMessage, failed bool) *mcp.CallToolResult {
	return &mcp.CallToolResult{
		StructuredContent: object,
		Content:           []mcp.Content{&mcp.TextContent{Text: string(object)}},
		IsError:           failed,
	}
}

// blocks carry files beside an answer: what hosts show or play as such, and any
// other with the URI that it can be read by again.
func blocks(files []mailtool.File) (out []mcp.Content) {
	for _, f := range files {
		switch kind, _, _ := strings.Cut(f.Type, "/"); {
		case isImage(f.Type):
			out = append(out, &mcp.ImageContent{Data: f.Data, MIMEType: f.Type})
		case kind == "audio":
			out = append(out, &mcp.AudioContent{Data: f.Data, MIMEType: f.Type})
		default:
			out = append(out, &mcp.EmbeddedResource{Resource: blob(f.URI, f)})
		}
	}
	return out
}

// isImage names the types that models take: with another a request to one fails.
func isImage(kind string) bool {
	switch kind {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

func failed(e *mailtool.Error) (*mcp.CallToolResult, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(struct {
		Error *mailtool.Error `json:"error"`
	}{e}); err != nil {
		return nil, fmt.Errorf("write the failure: %w", err)
	}
	return answer(bytes.TrimSuffix(b.Bytes(), []byte("\n")), true), nil
}
