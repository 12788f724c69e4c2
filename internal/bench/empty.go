package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// emptyMode is the variable that makes this program the empty server: what MCP
// costs with no mail behind it.
const emptyMode = "POSTERN_BENCH_EMPTY"

// emptyTool is its one tool, which answers at once.
const emptyTool = "nothing"

// serveEmpty serves over stdio until the client hangs up, or over HTTP until
// the process is ended.
func serveEmpty(transport string) error {
	server := mcp.NewServer(&mcp.Implementation{Name: "empty", Version: "1"}, nil)
	server.AddTool(&mcp.Tool{Name: emptyTool, InputSchema: json.RawMessage(`{"type":"object"}`)},
		func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "{}"}}, StructuredContent: json.RawMessage("{}")}, nil
		})
	if transport == overStdio {
		return server.Run(context.Background(), &mcp.StdioTransport{})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "empty: serving http://%s/mcp\n", listener.Addr())
	srv := &http.Server{
		Handler:           mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, nil),
		ReadHeaderTimeout: 10 * time.Second,
	}
	return srv.Serve(listener)
}
