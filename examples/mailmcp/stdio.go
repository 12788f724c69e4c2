package main

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// serveStdio serves the one client on standard input and output until it hangs
// up or ctx ends; neither is an error.
func serveStdio(ctx context.Context, server *mcp.Server, p process) error {
	stdio := &mcp.IOTransport{Reader: p.stdin, Writer: keepOpen{p.stdout}}
	onEnd := func(f func()) func() bool { return context.AfterFunc(ctx, f) }
	err := server.Run(context.WithoutCancel(ctx), &answering{stdio, onEnd})
	if err == nil || errors.Is(err, io.EOF) || ctx.Err() != nil {
		return nil
	}
	return bad("standard input", "%v", err)
}

// keepOpen is a writer that does not close what it writes to.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// answering is a transport whose input ends only when every request before the
// end has its answer: of a client that asks and hangs up, as "echo ... | mailmcp"
// does, and of the process that is told to end. The SDK would drop those calls.
type answering struct {
	mcp.Transport
	onEnd func(f func()) (forget func() bool) // runs f when the process is to end
}

func (t *answering) Connect(ctx context.Context) (mcp.Connection, error) {
	conn, err := t.Transport.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &answeringConn{
		Connection: conn, onEnd: t.onEnd,
		open: map[jsonrpc.ID]bool{}, changed: make(chan struct{}, 1), closed: make(chan struct{}),
	}, nil
}

type answeringConn struct {
	mcp.Connection
	onEnd   func(f func()) (forget func() bool)
	changed chan struct{} // has a token when open became smaller
	closed  chan struct{}
	once    sync.Once

	mu   sync.Mutex
	open map[jsonrpc.ID]bool // requests without an answer
}

func (c *answeringConn) Read(ctx context.Context) (jsonrpc.Message, error) {
	msg, err := c.next(ctx)
	if err != nil && ctx.Err() == nil && (errors.Is(err, io.EOF) || errors.Is(err, context.Canceled)) {
		c.wait(ctx)
		return nil, io.EOF
	}
	if req, ok := msg.(*jsonrpc.Request); ok && err == nil && req.IsCall() {
		c.mu.Lock()
		c.open[req.ID] = true
		c.mu.Unlock()
	}
	return msg, err
}

// next reads a message, or fails with context.Canceled when the process is to end.
func (c *answeringConn) next(ctx context.Context) (jsonrpc.Message, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.onEnd(cancel)()
	return c.Connection.Read(ctx)
}

func (c *answeringConn) Write(ctx context.Context, msg jsonrpc.Message) error {
	err := c.Connection.Write(ctx, msg)
	if answer, ok := msg.(*jsonrpc.Response); ok {
		c.mu.Lock()
		delete(c.open, answer.ID)
		c.mu.Unlock()
		select {
		case c.changed <- struct{}{}:
		default:
		}
	}
	return err
}

func (c *answeringConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Connection.Close()
}

// wait returns when nothing is open. Every call ends in its own time.
func (c *answeringConn) wait(ctx context.Context) {
	for c.waiting() {
		select {
		case <-c.changed:
		case <-c.closed:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (c *answeringConn) waiting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open) > 0
}
