package mcpadapt_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/internal/golden"
	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/mcpadapt"
	"github.com/postern-mail/postern/scopes"
)

// modernMeta is what every request of the 2026-07-28 protocol carries.
const modernMeta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},` +
	`"io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"}}`

// TestTranscripts records whole conversations, message by message as they pass
// over the wire.
func TestTranscripts(t *testing.T) {
	handshake := []string{
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`,
		`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
	}
	calls := []string{
		`{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{%META%}}`,
		`{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{%META%,"name":"list_notes","arguments":{}}}`,
		`{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{%META%,"name":"list_notes"}}`,
		`{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{%META%,"name":"move_notes","arguments":{"to":"a","forever":true}}}`,
		`{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{%META%,"name":"list_notes","arguments":{"a":1,"a":2}}}`,
		`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{%META%,"name":"erase_notes","arguments":{"to":"a"}}}`,
		`{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{%META%,"name":"purge_notes","arguments":{"to":"a"}}}`,
		`{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{%META%,"name":"erase_notes","arguments":{"a":1,"a":2}}}`,
		`{"jsonrpc":"2.0","id":10,"method":"tools/call","params":{%META%,"name":"no_such_tool","arguments":{"a":1,"a":2}}}`,
		`{"jsonrpc":"2.0","id":11,"method":"tools/list","params":{%META%,"cursor":"x"}}`,
	}
	for name, tc := range map[string]struct {
		first []string
		meta  string
		grant scopes.Grant
	}{
		"reader":     {handshake, "", reader("g1")},
		"writer":     {handshake, "", writer("g1")},
		"owner":      {handshake, "", owner("g1")},
		"modern":     {[]string{`{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{` + modernMeta + `}}`}, modernMeta, owner("g1")},
		"no_scopes":  {handshake, "", grant("g2", scopes.AllAccess())},
		"dead_grant": {handshake, "", owner("")},
	} {
		t.Run(name, func(t *testing.T) {
			leakcheck.Check(t)
			s := mcpadapt.NewServer(&mcp.Implementation{Name: "mail", Version: "1"})
			install(t, s, mcpadapt.Fixed(caller(t, tc.grant)))
			lines := tc.first
			for _, line := range calls {
				if tc.meta == "" {
					line = strings.NewReplacer("%META%,", "", "%META%", "").Replace(line)
				}
				lines = append(lines, strings.ReplaceAll(line, "%META%", tc.meta))
			}
			golden.Compare(t, "testdata/"+name+".txt", converse(t, s, lines))
		})
	}
}

func install(t testing.TB, s *mcp.Server, who askCaller) {
	t.Helper()
	if err := mcpadapt.Install(s, registry(t), mcpadapt.Options{Caller: who}); err != nil {
		t.Fatal(err)
	}
}

// converse sends each line and writes down it and the answer, if one is due.
func converse(t *testing.T, s *mcp.Server, lines []string) []byte {
	t.Helper()
	toServer, ours := io.Pipe()
	theirs, fromServer := io.Pipe()
	ss, err := s.Connect(t.Context(), &mcp.IOTransport{Reader: toServer, Writer: fromServer}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = ours.Close()
		_ = ss.Wait()
	}()
	answers := bufio.NewReader(theirs)
	var transcript bytes.Buffer
	for _, line := range lines {
		transcript.WriteString("> " + line + "\n")
		if _, err := io.WriteString(ours, line+"\n"); err != nil {
			t.Fatal(err)
		}
		var message struct {
			ID json.RawMessage `json:"id"`
		}
		if err := json.Unmarshal([]byte(line), &message); err != nil || message.ID == nil {
			continue
		}
		answer, err := answers.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		transcript.WriteString("< ")
		transcript.Write(answer)
	}
	return transcript.Bytes()
}
