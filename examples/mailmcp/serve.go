package main

import (
	"context"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/journal"
	"github.com/postern-mail/postern/mcpadapt"
)

// shutdownGrace is what calls that are running get to finish once the process
// is told to end, so that a message on its way out does not end as uncertain.
const shutdownGrace = 3 * time.Second

// serve gives the grant's tools to clients until ctx ends or, over stdio, the
// client hangs up.
func serve(ctx context.Context, s settings, registry *mailtool.Registry, open []mailtool.Account, p process) error {
	calls, cancelCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelCalls()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(shutdownGrace, cancelCalls) })()

	server := mcpadapt.NewServer(&mcp.Implementation{Name: "mailmcp", Title: "Postern mail", Version: version()})
	caller := &mailtool.Caller{Grant: s.grant, Accounts: open, Journal: journal.NewMemory(nil)}
	if err := mcpadapt.Install(server, registry, mcpadapt.Options{Caller: mcpadapt.Fixed(caller)}); err != nil {
		return err
	}
	server.AddReceivingMiddleware(endWith(calls))
	if s.http != "" {
		return serveHTTP(ctx, server, s, p.stderr)
	}
	return serveStdio(ctx, server, p)
}

// endWith makes every request end with calls. The SDK waits for requests when
// it closes and does not end them itself.
func endWith(calls context.Context) mcp.Middleware {
	return func(next mcp.MethodHandler) mcp.MethodHandler {
		return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(calls, cancel)()
			return next(ctx, method, req)
		}
	}
}
