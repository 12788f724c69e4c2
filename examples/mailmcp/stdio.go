package main

import (
	"context"
	"errors"
	"io"
	"syscall"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mcpadapt"
)

// serveStdio serves the one client on standard input and output until it hangs
// up or ctx ends; neither is an error. The end of ctx is made an end of input,
// so that calls that are running are answered first.
func serveStdio(ctx context.Context, server *mcp.Server, p process) error {
	input, feed := io.Pipe()
	// Not waited for: nothing can end a read of a terminal but the process's end.
	go func() {
		_, err := io.Copy(feed, p.stdin)
		feed.CloseWithError(err)
	}()
	defer context.AfterFunc(ctx, func() { feed.Close() })()
	err := mcpadapt.ServeIO(context.WithoutCancel(ctx), server, input, p.stdout)
	switch {
	case err == nil, ctx.Err() != nil:
		return nil
	case errors.Is(err, io.ErrClosedPipe), errors.Is(err, syscall.EPIPE):
		return nil // the client no longer listens, which is how some hang up
	}
	return bad("standard input", "%v", err)
}
