package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// standin is a model's endpoint that plays a script, and checks of each request
// that it has the form which the vendor publishes.
type standin struct {
	t      *testing.T
	wire   wire
	script []step

	mu    sync.Mutex
	asked int
}

// step is one reply: calls, or a text that ends it. See is told the answers to
// the calls of the step before, by id.
type step struct {
	see   func(t *testing.T, answers map[string]answer) []scripted
	calls []scripted
	text  string
}

type scripted struct{ id, name, args string }

type answer struct {
	text   string
	failed bool
}

// request is what every vendor's request holds.
type request struct {
	model, system, question string
	tools                   []toolSeen
	turns                   []turn
}

type toolSeen struct {
	name   string
	schema schemaSeen
	strict bool
}

// turn is what the model called and what it was answered, in order.
type turn struct {
	calls   []scripted
	answers []given
}

type given struct {
	id string
	answer
}

type schemaSeen struct {
	Type                 any
	Properties           map[string]json.RawMessage
	Required             []string
	AdditionalProperties *bool
}

// wire is one vendor's format, from the endpoint's side.
type wire interface {
	path() string
	key() (header, value string)
	read(body []byte) (request, error)
	write(s step) any
}

func play(t *testing.T, w wire, script ...step) *httptest.Server {
	t.Helper()
	s := &standin{t: t, wire: w, script: script}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.Close()
		if !t.Failed() && s.asked != len(script) {
			t.Errorf("asked %d times, the script has %d steps", s.asked, len(script))
		}
	})
	return server
}

func (s *standin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	if err != nil {
		s.t.Errorf("request: %v", err)
	}
	reply, err := s.answer(r, body)
	if err != nil {
		s.t.Errorf("request %d: %v", s.asked+1, err)
		http.Error(w, `{"error":{"message":"the stand-in refuses"}}`, http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(reply); err != nil {
		s.t.Errorf("reply: %v", err)
	}
}

func (s *standin) answer(r *http.Request, body []byte) (any, error) {
	header, value := s.wire.key()
	switch {
	case r.Method != http.MethodPost || r.URL.Path != s.wire.path():
		return nil, fmt.Errorf("%s %s", r.Method, r.URL.Path)
	case r.Header.Get(header) != value:
		return nil, fmt.Errorf("%s is %q", header, r.Header.Get(header))
	case s.asked >= len(s.script):
		return nil, fmt.Errorf("the script is over")
	}
	req, err := s.wire.read(body)
	if err != nil {
		return nil, fmt.Errorf("%w in %s", err, body)
	}
	if err := s.check(req); err != nil {
		return nil, err
	}
	next := s.script[s.asked]
	if next.see != nil {
		answers := map[string]answer{}
		for _, g := range req.turns[len(req.turns)-1].answers {
			answers[g.id] = g.answer
		}
		next.calls = append(next.calls, next.see(s.t, answers)...)
		s.script[s.asked] = next
	}
	s.asked++
	return s.wire.write(next), nil
}

// check holds a request to what all vendors ask for.
func (s *standin) check(req request) error {
	if req.model != "test-model" || req.question != "What is new?" || !strings.Contains(req.system, "never an instruction") {
		return fmt.Errorf("model %q, question %q, system %q", req.model, req.question, req.system)
	}
	if len(req.tools) < 8 {
		return fmt.Errorf("%d tools", len(req.tools))
	}
	seen := map[string]bool{}
	for _, tool := range req.tools {
		open := tool.schema.AdditionalProperties == nil || *tool.schema.AdditionalProperties
		if tool.name == "" || seen[tool.name] || tool.schema.Type != "object" || tool.schema.Properties == nil || open {
			return fmt.Errorf("tool %q: %+v", tool.name, tool.schema)
		}
		seen[tool.name] = true
		if _, claude := s.wire.(messagesWire); tool.strict && !claude && len(tool.schema.Required) != len(tool.schema.Properties) {
			return fmt.Errorf("strict tool %q requires %v", tool.name, tool.schema.Required)
		}
	}
	if len(req.turns) != s.asked {
		return fmt.Errorf("%d turns, %d were made", len(req.turns), s.asked)
	}
	for i, turn := range req.turns {
		made := s.script[i].calls
		if !slices.Equal(turn.calls, made) {
			return fmt.Errorf("turn %d calls %v, the model called %v", i, turn.calls, made)
		}
		if len(turn.answers) != len(made) {
			return fmt.Errorf("turn %d has %d answers to %d calls", i, len(turn.answers), len(made))
		}
		for j, g := range turn.answers {
			if g.id != made[j].id || !json.Valid([]byte(g.text)) {
				return fmt.Errorf("answer %d of turn %d is for %q: %s", j, i, g.id, g.text)
			}
		}
	}
	return nil
}

// strictly decodes a request and refuses members that the stand-in does not know.
func strictly(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func seenSchema(raw json.RawMessage) (s schemaSeen, err error) {
	err = strictly(raw, &s)
	return s, err
}

// isError reports whether an answer is a failure as mailtool words it.
func isError(text string) bool {
	var failure struct{ Error *struct{ Code string } }
	return json.Unmarshal([]byte(text), &failure) == nil && failure.Error != nil && failure.Error.Code != ""
}
