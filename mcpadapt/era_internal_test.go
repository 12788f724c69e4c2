package mcpadapt

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const modernPart = `"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}`

func TestPeek(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want content
		err  error
	}{
		"handshake":           {`{"method":"initialize","params":{"protocolVersion":"2026-07-28"}}`, content{messages: 1}, nil},
		"modern":              {`{"method":"tools/list",` + modernPart + `}`, content{messages: 1, modern: true}, nil},
		"modern, escaped":     {`{"params":{"\u005fmeta":{"io.modelcontextprotocol\/protocolVersion":1}}}`, content{messages: 1, modern: true}, nil},
		"other case":          {`{"Params":{"_meta":{"io.modelcontextprotocol/protocolVersion":1}}}`, content{messages: 1}, nil},
		"other place":         {`{"params":{"arguments":{"_meta":{"io.modelcontextprotocol/protocolVersion":1}}}}`, content{messages: 1}, nil},
		"in a text":           {`{"params":{"arguments":"\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":1}"}}`, content{messages: 1}, nil},
		"meta not an object":  {`{"params":{"_meta":["io.modelcontextprotocol/protocolVersion"]}}`, content{messages: 1}, nil},
		"batch of both":       {` [{"method":"ping"},{"method":"x",` + modernPart + `}]`, content{messages: 2, modern: true}, nil},
		"listens":             {`{"method":"subscriptions/listen",` + modernPart + `}`, content{messages: 1, modern: true, listens: true}, nil},
		"listens, escaped":    {`{"method":"subscriptions\/\u006cisten"}`, content{messages: 1, listens: true}, nil},
		"empty batch":         {`[]`, content{}, nil},
		"most messages":       {"[1" + strings.Repeat(",1", maxBatch-1) + "]", content{messages: maxBatch}, nil},
		"too many messages":   {"[1" + strings.Repeat(",1", maxBatch) + "]", content{}, errTooMany},
		"deepest":             {strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth), content{messages: 1}, nil},
		"too deep":            {strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), content{}, errTooDeep},
		"too deep and broken": {strings.Repeat(`{"a":`, 100000), content{}, errTooDeep},
		"broken":              {`{"a"`, content{}, errNotValid},
		"broken batch":        {`[{"a"`, content{}, errNotValid},
		"trailing":            {`{} {}`, content{}, errNotValid},
		"nothing":             {"", content{}, errNotValid},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := peek([]byte(tc.body)); got != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("%+v, %v; want %+v, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

func TestModernVersion(t *testing.T) {
	for version, want := range map[string]bool{"": false, "2024-11-05": false, "2025-11-25": false, "2026-07-28": true, "2027-01-01": true} {
		h := http.Header{}
		h.Set("MCP-Protocol-Version", version)
		if got := modernVersion(h); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}

// FuzzPeek holds peek against a second reader: it must not panic, change the
// body, let anything too deep or broken through, or refuse what is neither.
func FuzzPeek(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"tools/call",` + modernPart + `}`, `[{"method":"ping"},{` + modernPart + `}]`, `[[[[{}]]]]`,
		`{"a":"\\\"[["}`, `"\u005b"`, "{\"params\":{\"_meta\":null}}", "\xff", "[1,2", strings.Repeat("[", 41) + strings.Repeat("]", 41),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		got, err := peek(body)
		if !bytes.Equal(before, body) {
			t.Fatalf("the body became %q", body)
		}
		depth, items, valid := measure(body)
		switch {
		case err == nil && (!valid || depth > maxDepth || items > maxBatch):
			t.Fatalf("let through: valid %v, depth %d, %d items", valid, depth, items)
		case err != nil && valid && depth <= maxDepth && items <= maxBatch:
			t.Fatalf("refused: %v", err)
		case err == nil && got.messages != items:
			t.Fatalf("%d messages, want %d", got.messages, items)
		}
	})
}

// measure walks a document by tokens.
func measure(body []byte) (deepest, items int, valid bool) {
	if !json.Valid(body) {
		return 0, 0, false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // of any size
	var open []json.Delim
	batch := false
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return deepest, items, false
		}
		delim, _ := token.(json.Delim)
		if len(open) == 0 && delim == '[' {
			batch = true
		} else if closing := delim == ']' || delim == '}'; !closing && len(open) == 1 && batch {
			items++
		}
		switch delim {
		case '[', '{':
			open = append(open, delim)
			deepest = max(deepest, len(open))
		case ']', '}':
			open = slices.Delete(open, len(open)-1, len(open))
		}
	}
	if !batch {
		items = 1
	}
	return deepest, items, true
}
