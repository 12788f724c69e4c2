package mcpadapt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/scopes"
)

// Defaults of HTTPOptions.
const (
	// DefaultMaxBody holds a message with about 5 MB of attachments in base64.
	DefaultMaxBody = 8 << 20
	// DefaultSessionTimeout outlives a long think of a model.
	DefaultSessionTimeout = 30 * time.Minute
	// DefaultMaxSessions bounds what clients that never come back can hold.
	DefaultMaxSessions = 1000
)

// HTTPOptions for NewHTTPHandler. The zero value serves this machine alone,
// without tokens.
type HTTPOptions struct {
	// Hosts are the values of the Host header to serve: a name or address with a
	// port, or without one for any port. Empty: localhost and loopback addresses.
	Hosts []string
	// Origins are the web origins to serve, such as https://app.example.org,
	// besides requests without one and those from the host itself.
	Origins []string
	// Verify says what a bearer token grants. An error refuses the token, unless
	// it matches ErrUnavailable or is a deadline; its text is only logged. Nil:
	// no token is asked for, which is for loopback alone.
	Verify func(ctx context.Context, token string) (scopes.Grant, error)
	// Realm, ResourceMetadata (the URL of the RFC 9728 document) and Scopes
	// stand in challenges, when set. With ResourceMetadata a call that lacks
	// only scopes is answered with status 403 and the scopes to ask for.
	Realm            string
	ResourceMetadata string
	Scopes           []scopes.Scope

	MaxBody        int64         // bytes of a request; 0 means DefaultMaxBody
	SessionTimeout time.Duration // of an idle handshake session; 0 means DefaultSessionTimeout
	MaxSessions    int           // handshake sessions at a time; 0 means DefaultMaxSessions
	// Stateless serves handshake clients without sessions too: for several
	// processes behind one address. They then get no messages between calls.
	Stateless bool
	Logger    *slog.Logger // nil: silent
}

// HTTPHandler serves MCP at one address. It never redirects: mount it at an
// exact path. Limits on rate and on requests at a time are the embedder's.
type HTTPHandler struct {
	server    *mcp.Server
	opts      HTTPOptions
	gate      gate
	challenge challenge
	modern    http.Handler // 2026-07-28: every request stands alone
	handshake http.Handler // before: sessions

	mu      sync.Mutex
	closed  bool
	streams map[*http.Request]context.CancelFunc // that last until somebody ends them
}

// NewHTTPHandler serves s to both kinds of clients. It refuses faulty options.
func NewHTTPHandler(s *mcp.Server, opts HTTPOptions) (*HTTPHandler, error) {
	if s == nil {
		return nil, errors.New("mcp over http: no server")
	}
	if opts.MaxBody < 0 || opts.SessionTimeout < 0 || opts.MaxSessions < 0 {
		return nil, errors.New("mcp over http: a limit is negative")
	}
	opts.MaxBody = cmp.Or(opts.MaxBody, DefaultMaxBody)
	opts.SessionTimeout = cmp.Or(opts.SessionTimeout, DefaultSessionTimeout)
	opts.MaxSessions = cmp.Or(opts.MaxSessions, DefaultMaxSessions)
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	h := &HTTPHandler{server: s, opts: opts, streams: map[*http.Request]context.CancelFunc{}}
	var err error
	if h.gate, err = newGate(opts.Hosts, opts.Origins); err != nil {
		return nil, fmt.Errorf("mcp over http: %w", err)
	}
	if h.challenge, err = newChallenge(opts); err != nil {
		return nil, fmt.Errorf("mcp over http: %w", err)
	}
	h.modern = h.sdk(true)
	h.handshake = h.modern
	if !opts.Stateless {
		h.handshake = h.sdk(false)
	}
	return h, nil
}

// sdk makes the SDK's handler for one of the two eras: it serves 2026-07-28 only
// without sessions, and requests to handshake clients only with them.
func (h *HTTPHandler) sdk(stateless bool) http.Handler {
	return mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return h.server }, &mcp.StreamableHTTPOptions{
		Stateless:                    stateless,
		Logger:                       h.opts.Logger,
		SessionTimeout:               h.opts.SessionTimeout,
		MaxRequestBodyBytes:          -1,   // bounded before
		DisableLocalhostProtection:   true, // gate is stricter and knows proxies
		PropagateRequestCancellation: true,
	})
}

// ServeHTTP implements http.Handler.
func (h *HTTPHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Add("Vary", "Authorization")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no")
	head.Set("X-Content-Type-Options", "nosniff")
	switch {
	case h.isClosed():
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
	case !h.gate.host(r):
		http.Error(w, "this host is not served here", http.StatusForbidden)
	case !h.gate.origin(r):
		http.Error(w, "this origin is not served here", http.StatusForbidden)
	case r.URL.Query().Has("access_token"):
		// RFC 9700 section 4.3.2: tokens in URLs end up in logs and histories.
		h.challenge.write(w, http.StatusBadRequest, errInvalidRequest)
	case h.opts.Verify == nil:
		h.serve(w, r, nil)
	default:
		h.authenticated(w, r)
	}
}

// serve hands the request to the handler of its era.
func (h *HTTPHandler) serve(w http.ResponseWriter, r *http.Request, who *bearer) {
	var asked content
	if r.Method == http.MethodPost {
		var ok bool
		if asked, ok = h.read(w, r); !ok {
			return
		}
	}
	if who != nil && h.opts.ResourceMetadata != "" && asked.messages == 1 {
		who.stepUp = &stepUp{}
	}
	out := &responseWriter{ResponseWriter: w, handler: h, who: who}
	// The server's own deadlines are for a request and an answer of usual length,
	// not for a call that takes a minute or a stream; out sets one for each write.
	out.unlimited()
	defer out.finish()
	session := r.Header.Get("Mcp-Session-Id")
	switch {
	case session == "" && r.Method == http.MethodPost && (asked.modern || modernVersion(r.Header)):
		if asked.listens {
			ctx, cancel := context.WithCancel(r.Context())
			r = r.WithContext(ctx)
			defer h.stream(r, cancel)()
		}
		h.modern.ServeHTTP(out, r)
	case session == "" && r.Method == http.MethodPost && !h.opts.Stateless:
		h.open(out, r)
	default:
		h.handshake.ServeHTTP(out, r)
	}
}

// open serves a request that may begin a session.
func (h *HTTPHandler) open(w http.ResponseWriter, r *http.Request) {
	if h.sessions() >= h.opts.MaxSessions {
		http.Error(w, "too many sessions", http.StatusServiceUnavailable)
		return
	}
	h.handshake.ServeHTTP(w, r)
	if h.isClosed() {
		_ = h.closeSessions() // this one may have come too late for Close
	}
}

// sessions counts the server's sessions over HTTP; others have no id.
func (h *HTTPHandler) sessions() (n int) {
	for ss := range h.server.Sessions() {
		if ss.ID() != "" {
			n++
		}
	}
	return n
}

func (h *HTTPHandler) closeSessions() error {
	var errs []error
	for ss := range h.server.Sessions() {
		if ss.ID() != "" {
			errs = append(errs, ss.Close())
		}
	}
	return errors.Join(errs...)
}

// stream remembers an answer that lasts until its client hangs up or Close.
func (h *HTTPHandler) stream(r *http.Request, cancel context.CancelFunc) (forget func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		cancel()
	}
	h.streams[r] = cancel
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.streams, r)
		cancel()
	}
}

func (h *HTTPHandler) isClosed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

// Close refuses further requests and ends open streams and the server's HTTP
// sessions, waiting for calls in them. Call it before the http.Server's
// Shutdown, which waits for streams. It is idempotent.
func (h *HTTPHandler) Close() error {
	h.mu.Lock()
	h.closed = true
	for _, cancel := range h.streams {
		cancel()
	}
	h.mu.Unlock()
	return h.closeSessions()
}
