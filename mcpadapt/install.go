package mcpadapt

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mailtool"
)

// Options for Install.
type Options struct {
	// Caller says who makes a request, on which accounts. It is asked for every
	// list and every call with that request, and must take nobody's rights from
	// ctx, which can be that of a session's first request. Nil without an error:
	// none of the tools are there for this request. Required.
	Caller func(ctx context.Context, req mcp.Request) (*mailtool.Caller, error)
	// Logger is told the errors of Caller, which clients never see. Nil: nobody.
	Logger *slog.Logger
}

// adapter is one registry on one server.
type adapter struct {
	reg     *mailtool.Registry
	ask     func(ctx context.Context, req mcp.Request) (*mailtool.Caller, error)
	log     *slog.Logger
	tools   map[string]*mcp.Tool // as the server holds them, by name
	renew   func(tool string)    // tells clients that the list of tools is another
	aliases map[string]string    // to the tool's name
}

// Install adds the registry's tools to s, and with get_attachment among them the
// template of the resources that it reads. Tools that s has or gets besides are
// neither hidden nor changed; one with the very name of a mail tool is replaced,
// as [mcp.Server.AddTool] does. s then answers tools/list in a single page. Call
// it once for each registry.
func Install(s *mcp.Server, reg *mailtool.Registry, opts Options) error {
	switch {
	case s == nil:
		return errors.New("install mail tools: no server")
	case reg == nil:
		return errors.New("install mail tools: no registry")
	case opts.Caller == nil:
		return errors.New("install mail tools: Options.Caller is not set")
	}
	a := &adapter{reg: reg, ask: opts.Caller, log: opts.Logger, tools: map[string]*mcp.Tool{}, aliases: map[string]string{}}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	for _, t := range reg.Tools() {
		tool, err := registered(t)
		if err != nil {
			return err
		}
		a.tools[tool.Name] = tool
		for _, alias := range t.Spec().Aliases {
			a.aliases[alias] = tool.Name
		}
	}
	a.renew = func(tool string) { s.AddTool(a.tools[tool], a.call) }
	s.AddReceivingMiddleware(a.middleware)
	if reg.HasAttachments() {
		s.AddResourceTemplate(attachmentTemplate(), a.readResource)
	}
	for _, tool := range a.tools {
		s.AddTool(tool, a.call)
	}
	return nil
}

func (a *adapter) middleware(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		switch r := req.(type) {
		case *mcp.ListToolsRequest:
			return a.list(ctx, method, r, next)
		case *mcp.ListResourceTemplatesRequest:
			return a.listTemplates(ctx, method, r, next)
		case *mcp.CallToolRequest:
			if name, ok := a.aliases[r.Params.Name]; ok {
				return a.callAlias(ctx, method, r, name, next)
			}
		}
		return next(ctx, method, req)
	}
}

// caller asks who calls. What went wrong is for the operator, not the client.
func (a *adapter) caller(ctx context.Context, req mcp.Request) (*mailtool.Caller, error) {
	c, err := a.ask(ctx, req)
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	a.log.ErrorContext(ctx, "mail tools: who calls is not known", "error", err)
	return nil, &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: "the mail accounts of this request could not be determined"}
}

// Fixed makes every request c's, for a process that serves one caller, as over
// stdio. Each request works on its own copy.
func Fixed(c *mailtool.Caller) func(context.Context, mcp.Request) (*mailtool.Caller, error) {
	if c == nil {
		return func(context.Context, mcp.Request) (*mailtool.Caller, error) { return nil, nil }
	}
	own := *c
	own.Grant, own.Accounts = c.Grant.Clone(), slices.Clone(c.Accounts)
	return func(context.Context, mcp.Request) (*mailtool.Caller, error) {
		copied := own
		copied.Grant, copied.Accounts = own.Grant.Clone(), slices.Clone(own.Accounts)
		return &copied, nil
	}
}
