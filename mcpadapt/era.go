package mcpadapt

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	// firstModern is the first protocol version without sessions.
	firstModern = "2026-07-28"
	// methodListen opens a stream of notifications.
	methodListen = "subscriptions/listen"
	// maxDepth is more than twice what the deepest tool's arguments need, inside
	// a batch.
	maxDepth = 40
	// maxBatch bounds the calls that one request (2025-03-26) starts at once.
	maxBatch = 32
)

var (
	errTooDeep  = errors.New("nested too deeply")
	errTooMany  = errors.New("too many messages in a batch")
	errNotValid = errors.New("not valid JSON")
)

// content is what the router must know of a body.
type content struct {
	messages int
	modern   bool // a message says its protocol version itself
	listens  bool // a message opens a stream of notifications
}

func modernVersion(h http.Header) bool { return h.Get("Mcp-Protocol-Version") >= firstModern }

// read takes the whole body, looks at it and puts it back. When it may not be
// served, read has answered.
func (h *HTTPHandler) read(w http.ResponseWriter, r *http.Request) (content, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.opts.MaxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
		return content{}, false
	case err != nil:
		http.Error(w, "the request could not be read", http.StatusBadRequest)
		return content{}, false
	}
	asked, err := peek(body)
	if err != nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"`+err.Error()+`"}}`)
		return content{}, false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	return asked, true
}

// peek looks at a message or a batch. Names count exactly as they are written:
// a server that took "Params" for "params" here would route by what the SDK
// does not see.
func peek(body []byte) (content, error) {
	if tooDeep(body) {
		return content{}, errTooDeep
	}
	var batch []json.RawMessage
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		if err := json.Unmarshal(body, &batch); err != nil {
			return content{}, errNotValid
		}
		if len(batch) > maxBatch {
			return content{}, errTooMany
		}
	} else if !json.Valid(body) {
		return content{}, errNotValid
	} else {
		batch = []json.RawMessage{body}
	}
	asked := content{messages: len(batch)}
	for _, raw := range batch {
		message := fields(raw)
		meta := fields(fields(message["params"])["_meta"])
		if _, ok := meta[mcp.MetaKeyProtocolVersion]; ok {
			asked.modern = true
		}
		var method string // the same name can be written with escapes
		if json.Unmarshal(message["method"], &method) == nil && method == methodListen {
			asked.listens = true
		}
	}
	return asked, nil
}

// fields are the members of a JSON object; anything else has none.
func fields(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

// tooDeep counts brackets outside strings, before any parser recurses.
func tooDeep(body []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
