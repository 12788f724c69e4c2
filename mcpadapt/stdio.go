package mcpadapt

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// maxLine bounds a message over stdio: attachments in base64 and then some.
const maxLine = 16 << 20

// ServeStdio is ServeIO on standard input and output, to which nothing else may
// write meanwhile.
func ServeStdio(ctx context.Context, s *mcp.Server) error {
	return ServeIO(ctx, s, os.Stdin, os.Stdout)
}

// ServeIO serves one client, whose messages are lines of at most 16 MiB, until
// it hangs up, which is no error, or ctx ends. Calls that came before the end of
// in are answered first. It closes in, not out.
func ServeIO(ctx context.Context, s *mcp.Server, in io.ReadCloser, out io.Writer) error {
	err := s.Run(ctx, lasting{&mcp.IOTransport{Reader: in, Writer: keepOpen{out}, MaxLineLength: maxLine}})
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// lasting is a transport that ends only after its calls. The SDK drops them at
// the end of input, so that a client that asks and closes its side, as
// "echo ... | server" does, would hear nothing.
type lasting struct{ mcp.Transport }

func (t lasting) Connect(ctx context.Context) (mcp.Connection, error) {
	c, err := t.Transport.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &lastingConn{Connection: c, answered: make(chan struct{}, 1), closed: make(chan struct{}), open: map[jsonrpc.ID]bool{}}, nil
}

type lastingConn struct {
	mcp.Connection
	answered chan struct{} // is ready after open went down
	closed   chan struct{}
	closing  sync.Once

	mu   sync.Mutex
	open map[jsonrpc.ID]bool // calls read and not answered
}

func (c *lastingConn) Read(ctx context.Context) (jsonrpc.Message, error) {
	msg, err := c.Connection.Read(ctx)
	// A stream of notifications is a call too, whose answer is the end itself.
	if call, ok := msg.(*jsonrpc.Request); ok && err == nil && call.IsCall() && call.Method != methodListen {
		c.mu.Lock()
		c.open[call.ID] = true
		c.mu.Unlock()
	}
	if errors.Is(err, io.EOF) {
		for c.busy() {
			select {
			case <-c.answered:
			case <-c.closed:
				return nil, err
			case <-ctx.Done():
				return nil, err
			}
		}
	}
	return msg, err
}

func (c *lastingConn) Write(ctx context.Context, msg jsonrpc.Message) error {
	err := c.Connection.Write(ctx, msg)
	if answer, ok := msg.(*jsonrpc.Response); ok && answer.ID.IsValid() {
		c.mu.Lock()
		delete(c.open, answer.ID)
		c.mu.Unlock()
		select {
		case c.answered <- struct{}{}:
		default:
		}
	}
	return err
}

func (c *lastingConn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	return c.Connection.Close()
}

func (c *lastingConn) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open) > 0
}
