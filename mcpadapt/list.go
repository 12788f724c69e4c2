package mcpadapt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mailtool"
)

// maxPages ends the reading of a tool list whose cursors never do.
const maxPages = 1000

// cachePrivate is the scope of answers that only the asking client may keep.
const cachePrivate = "private"

// list answers tools/list as the caller may see it: the mail tools by the
// registry, all others as the server has them.
func (a *adapter) list(ctx context.Context, method string, req *mcp.ListToolsRequest, next mcp.MethodHandler) (mcp.Result, error) {
	caller, err := a.caller(ctx, req)
	if err != nil {
		return nil, err
	}
	all, err := everyTool(ctx, method, req, next)
	if err != nil {
		return nil, err
	}
	visible := map[string]mailtool.View{}
	if caller != nil {
		for _, v := range a.reg.Visible(caller) {
			visible[v.Name] = v
		}
	}
	out := *all
	out.Tools = []*mcp.Tool{}
	for _, t := range all.Tools {
		if !a.owns(t) {
			out.Tools = append(out.Tools, t)
			continue
		}
		if v, ok := visible[t.Name]; ok {
			tool, err := viewed(v)
			if err != nil {
				return nil, err
			}
			out.Tools = append(out.Tools, tool)
		}
	}
	// The list differs from caller to caller: no cache between may serve it to
	// another (the protocol's default is "public").
	out.CacheScope = cachePrivate
	return &out, nil
}

// owns reports whether t is one of ours, not another that took the name later.
// Middleware may have copied it, so it is known by its schema.
func (a *adapter) owns(t *mcp.Tool) bool {
	ours, ok := a.tools[t.Name]
	if !ok {
		return false
	}
	have, _ := t.InputSchema.(json.RawMessage)
	want, _ := ours.InputSchema.(json.RawMessage)
	return bytes.Equal(have, want)
}

// everyTool reads all pages of the server's list. A cursor names the tool that
// it stands behind, which can be one that the caller must not know of, so pages
// are not handed on.
func everyTool(ctx context.Context, method string, req *mcp.ListToolsRequest, next mcp.MethodHandler) (*mcp.ListToolsResult, error) {
	var params mcp.ListToolsParams
	if req.Params != nil {
		params = *req.Params
	}
	if params.Cursor != "" {
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "invalid cursor"}
	}
	var all *mcp.ListToolsResult
	for range maxPages {
		asked := params
		page := *req
		page.Params = &asked
		res, err := next(ctx, method, &page)
		if err != nil {
			return nil, err
		}
		list, ok := res.(*mcp.ListToolsResult)
		if !ok || list == nil {
			return nil, errors.New("the tool list is not one")
		}
		if all == nil {
			first := *list
			all = &first
			all.Tools, all.NextCursor = nil, ""
		}
		all.Tools = append(all.Tools, list.Tools...)
		if params.Cursor = list.NextCursor; params.Cursor == "" {
			return all, nil
		}
	}
	return nil, errors.New("the tool list does not end")
}
