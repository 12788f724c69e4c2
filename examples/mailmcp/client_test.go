package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// callTimeout is far above what anything on loopback takes.
const callTimeout = 30 * time.Second

// client is a real MCP client on the command's standard input and output.
type client struct {
	*mcp.ClientSession
	done   chan struct{} // closed when the command has ended
	status int           // of the command, once done
	stderr lockedBuffer
	listed chan struct{} // has a token when the command said that its tools changed
}

// connect starts the command and a client to it. When the test ends the client
// hangs up, and the command must end well and without a word on stderr.
func connect(t *testing.T, e env, args ...string) *client {
	t.Helper()
	return connectWith(t, nil, e, args...)
}

func connectWith(t *testing.T, presets presetFinder, e env, args ...string) *client {
	t.Helper()
	fromClient, toCommand := io.Pipe()
	fromCommand, toClient := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	c := &client{done: make(chan struct{}), listed: make(chan struct{}, 1)}
	go func() {
		defer close(c.done)
		defer toClient.Close()
		c.status = run(ctx, process{args: args, getenv: e.get, stdin: fromClient, stdout: toClient, stderr: &c.stderr, presets: presets})
	}()
	t.Cleanup(func() {
		toCommand.Close()
		<-c.done
		cancel()
		fromCommand.Close()
		if c.status != 0 || c.stderr.String() != "" {
			t.Errorf("the command ended with status %d and said %q", c.status, c.stderr.String())
		}
	})
	c.ClientSession = greet(t, &mcp.IOTransport{Reader: fromCommand, Writer: toCommand}, func(context.Context, *mcp.ToolListChangedRequest) {
		select {
		case c.listed <- struct{}{}:
		default:
		}
	})
	return c
}

func handshake(t *testing.T, transport mcp.Transport) *mcp.ClientSession {
	t.Helper()
	return greet(t, transport, nil)
}

func greet(t *testing.T, transport mcp.Transport, changed func(context.Context, *mcp.ToolListChangedRequest)) *mcp.ClientSession {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
	defer cancel()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{ToolListChangedHandler: changed}).Connect(ctx, transport, nil)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

// names lists the tools.
func (c *client) names(t *testing.T) []string { return toolNames(t, c.ClientSession) }

func toolNames(t *testing.T, session *mcp.ClientSession) []string {
	t.Helper()
	var names []string
	for _, tool := range tools(t, session) {
		names = append(names, tool.Name)
	}
	return names
}

func tools(t *testing.T, session *mcp.ClientSession) []*mcp.Tool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
	defer cancel()
	list, err := session.ListTools(ctx, nil)
	if err != nil {
		t.Fatalf("list tools: %v", err)
	}
	return list.Tools
}

// answer is every member of an answer that the tests look at.
type answer struct {
	Untrusted json.RawMessage `json:"untrusted"`
	Accounts  []struct {
		Mailbox    string   `json:"mailbox"`
		Service    string   `json:"service"`
		Identities []string `json:"identities"`
		Tools      []string `json:"tools"`
	} `json:"accounts"`
	Columns  []string            `json:"columns"`
	Rows     [][]json.RawMessage `json:"rows"`
	Messages []struct {
		ID        string `json:"id"`
		MessageID string `json:"message_id"`
		Subject   string `json:"subject"`
		Body      string `json:"body"`
		Date      string `json:"date"`
	} `json:"messages"`
	Done      json.RawMessage `json:"done"`
	Status    string          `json:"status"`
	MessageID string          `json:"message_id"`
	Accepted  []string        `json:"accepted"`
	SentCopy  string          `json:"sent_copy"`
	Failed    []struct {
		Mailbox string `json:"mailbox"`
		Code    string `json:"code"`
		Error   string `json:"error"`
	} `json:"failed"`
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Next    string `json:"next"`
	} `json:"error"`
	isError bool
	text    string
}

// args are a tool's arguments.
type args map[string]any

// call calls a tool, which may fail as a tool does.
func call(t *testing.T, session *mcp.ClientSession, tool string, with args) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
	defer cancel()
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: with})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	if len(result.Content) != 1 {
		t.Fatalf("%s: %d content blocks, want 1", tool, len(result.Content))
	}
	block, ok := result.Content[0].(*mcp.TextContent)
	if !ok {
		t.Fatalf("%s: content %T, want text", tool, result.Content[0])
	}
	got := answer{isError: result.IsError, text: block.Text}
	if err := json.Unmarshal([]byte(block.Text), &got); err != nil {
		t.Fatalf("%s: %v in %s", tool, err, block.Text)
	}
	return got
}

// do calls a tool that must succeed.
func (c *client) do(t *testing.T, tool string, with args) answer {
	t.Helper()
	got := call(t, c.ClientSession, tool, with)
	if got.isError {
		t.Fatalf("%s %v: %s", tool, with, got.text)
	}
	return got
}

// refused calls a tool that must fail with code.
func (c *client) refused(t *testing.T, code, tool string, with args) answer {
	t.Helper()
	got := call(t, c.ClientSession, tool, with)
	if !got.isError || got.Error.Code != code {
		t.Fatalf("%s %v: %s, want the error %s", tool, with, got.text, code)
	}
	return got
}

// hidden calls a tool that must answer like one that does not exist.
func (c *client) hidden(t *testing.T, tool string, with args) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
	defer cancel()
	var unknown *jsonrpc.Error
	result, err := c.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: with})
	if !errors.As(err, &unknown) || unknown.Code != jsonrpc.CodeInvalidParams || !strings.Contains(unknown.Message, "unknown tool") {
		t.Errorf("%s: %v, %v; want an unknown tool", tool, result, err)
	}
}

// column returns the texts of a column of a list.
func (a answer) column(t *testing.T, name string) []string {
	t.Helper()
	at := slices.Index(a.Columns, name)
	if at < 0 {
		t.Fatalf("no column %s in %s", name, a.text)
	}
	texts := []string{}
	for _, row := range a.Rows {
		var text string
		if err := json.Unmarshal(row[at], &text); err != nil {
			t.Fatalf("column %s: %v in %s", name, err, a.text)
		}
		texts = append(texts, text)
	}
	return texts
}

// lockedBuffer takes what a command in another goroutine writes.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
