package funcall

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/postern-mail/postern/mailtool"
)

// API is a vendor's wire format.
type API string

// The formats.
const (
	OpenAIChat      API = "openai-chat"      // Chat Completions, of OpenAI and the many servers that speak it
	OpenAIResponses API = "openai-responses" // Responses
	Anthropic       API = "anthropic"        // Messages
	Gemini          API = "gemini"           // generateContent
)

// Limits of one turn, unless Options say otherwise.
const (
	// DefaultMaxCalls is far above what models ask for at once; each call costs a round trip or more.
	DefaultMaxCalls = 32
	// DefaultMaxArguments holds the longest answer that models write today, several times over.
	DefaultMaxArguments = 1 << 20
)

// Options for New; nil means all defaults.
type Options struct {
	// Strict has the vendor force arguments into the schema. OpenAI: for every
	// tool. Anthropic: for as many as its limits on one request allow, those that
	// change something first. Gemini has no such switch and refuses it.
	Strict bool
	// JSONSchema declares Gemini's functions by parametersJsonSchema instead of
	// parameters, which older models and services know alone.
	JSONSchema bool
	// NoFiles leaves every file out of results, for models that take none, such as
	// Gemini's before version 3: one file fails their whole conversation.
	NoFiles      bool
	MaxCalls     int // run in one turn; the others are refused. 0 means DefaultMaxCalls
	MaxArguments int // bytes of one call's arguments; 0 means DefaultMaxArguments
}

// Functions is a registry's tools in one vendor's format.
type Functions struct {
	registry *mailtool.Registry
	opts     Options
	vendor   vendor
}

// vendor is how one API writes tools, calls and results.
type vendor interface {
	// declare writes the tools as the request's list has them, in order.
	declare(tools []tool, opts Options) ([]any, error)
	// read takes a call apart. Even a faulty one has the id that it names.
	read(raw json.RawMessage) (call, *mailtool.Error)
	// takes reports whether a tool's result may hold a file of this media type.
	takes(mediaType string) bool
	write(c call, r result) any
}

// tool is a view and its schema.
type tool struct {
	mailtool.View
	schema *schema
}

// New makes Functions for one API. Faulty options are refused.
func New(api API, registry *mailtool.Registry, opts *Options) (*Functions, error) {
	if opts == nil {
		opts = &Options{}
	}
	f := &Functions{registry: registry, opts: *opts}
	f.opts.MaxCalls = cmp.Or(f.opts.MaxCalls, DefaultMaxCalls)
	f.opts.MaxArguments = cmp.Or(f.opts.MaxArguments, DefaultMaxArguments)
	switch api {
	case OpenAIChat:
		f.vendor = chat{}
	case OpenAIResponses:
		f.vendor = responses{}
	case Anthropic:
		f.vendor = anthropic{}
	case Gemini:
		f.vendor = gemini{}
	default:
		return nil, fmt.Errorf("funcall: no API %q", api)
	}
	switch {
	case registry == nil:
		return nil, errors.New("funcall: no registry")
	case f.opts.MaxCalls < 0 || f.opts.MaxArguments < 0:
		return nil, errors.New("funcall: a limit is negative")
	case f.opts.Strict && api == Gemini:
		return nil, errors.New("funcall: gemini has no strict tools: set mode VALIDATED in the request's functionCallingConfig")
	case f.opts.JSONSchema && api != Gemini:
		return nil, errors.New("funcall: JSONSchema is for gemini; the others take nothing else")
	}
	return f, nil
}

// Tools declares what the caller may use, by name, each as one element of the
// request's list of tools (Gemini: of functionDeclarations). It fails when the
// tools break a rule that the vendor publishes, and names tool and rule; a
// narrower grant may help. It never blocks.
func (f *Functions) Tools(c *mailtool.Caller) ([]json.RawMessage, error) {
	if c == nil {
		c = &mailtool.Caller{} // may do nothing
	}
	var tools []tool
	for _, view := range f.registry.Visible(c) {
		s, err := parse(view.InputSchema)
		if err != nil {
			return nil, fmt.Errorf("funcall: tool %s: %w", view.Name, err)
		}
		tools = append(tools, tool{view, s})
	}
	declared, err := f.vendor.declare(tools, f.opts)
	if err != nil {
		return nil, fmt.Errorf("funcall: %w", err)
	}
	all := make([]json.RawMessage, 0, len(declared))
	for _, d := range declared {
		raw, err := encode(d)
		if err != nil {
			return nil, fmt.Errorf("funcall: %w", err)
		}
		all = append(all, raw)
	}
	return all, nil
}

// encode writes v compactly and without escaping <, > and &.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
