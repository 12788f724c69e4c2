package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mcpadapt"
	"github.com/postern-mail/postern/scopes"
)

// mcpPath is where -http serves MCP.
const mcpPath = "/mcp"

// Bounds of the HTTP server. Those of a request and its answer are lifted once a
// request is read: a call takes what it takes, and streams last.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10
)

// serveHTTP serves all clients of s.http until ctx ends, which is no error.
func serveHTTP(ctx context.Context, server *mcp.Server, s settings, stderr io.Writer) error {
	handler, err := mcpadapt.NewHTTPHandler(server, httpOptions(s))
	if err != nil {
		return err
	}
	listener, err := listen(ctx, s)
	if err != nil {
		return errors.Join(err, handler.Close())
	}
	posts := &posts{next: handler}
	mux := http.NewServeMux()
	mux.Handle(mcpPath, posts)
	mux.Handle("/{$}", posts) // for who leaves the path out
	srv := &http.Server{
		Handler: mux, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: bodyTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: log.New(io.Discard, "", 0), // what strangers send wrong is no news
	}
	fmt.Fprintf(stderr, "mailmcp: serving http://%s%s\n", listener.Addr(), mcpPath)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	select {
	case err = <-served:
		return errors.Join(err, handler.Close())
	case <-ctx.Done():
	}
	resume := posts.pause(2 * shutdownGrace) // closing drops answers that are to come
	err = handler.Close()                    // before Shutdown, which would wait for streams
	resume()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if srv.Shutdown(last) != nil {
		err = errors.Join(err, srv.Close())
	}
	if end := <-served; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

// posts holds running for reading while a request with a message is answered.
type posts struct {
	next    http.Handler
	running sync.RWMutex
}

// pause keeps new requests waiting and returns when none is running, or after
// most: a client can take for ever to send one.
func (p *posts) pause(most time.Duration) (resume func()) {
	idle, over := make(chan struct{}), make(chan struct{})
	go func() {
		p.running.Lock()
		defer p.running.Unlock()
		close(idle)
		<-over
	}()
	select {
	case <-idle:
	case <-time.After(most):
	}
	return func() { close(over) }
}

func (p *posts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		p.running.RLock()
		defer p.running.RUnlock()
	}
	p.next.ServeHTTP(w, r)
}

func listen(ctx context.Context, s settings) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.http)
	if err != nil {
		return nil, bad("-http", "%v", err)
	}
	// A name can mean any address: what counts is where it listens now.
	if s.token == "" && !onLoopback(listener.Addr()) {
		listener.Close()
		return nil, bad("-http", "%s is open to other machines: use a loopback address such as 127.0.0.1:8080, or set MAIL_HTTP_TOKEN", listener.Addr())
	}
	return listener, nil
}

func onLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// httpOptions asks for the token where there is one, and lets no web page and
// no name pass that is not this machine's.
func httpOptions(s settings) mcpadapt.HTTPOptions {
	if s.token == "" {
		return mcpadapt.HTTPOptions{}
	}
	want := sha256.Sum256([]byte(s.token)) // digests have one length, so comparing them tells nothing of it
	return mcpadapt.HTTPOptions{
		Hosts: hosts(s.http),
		Realm: "mailmcp",
		Verify: func(_ context.Context, token string) (scopes.Grant, error) {
			got := sha256.Sum256([]byte(token))
			if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
				return scopes.Grant{}, errors.New("not MAIL_HTTP_TOKEN")
			}
			return s.grant, nil
		},
	}
}

// hosts are the names and addresses by which clients reach addr: its own host,
// loopback, and this machine's name and addresses.
func hosts(addr string) []string {
	all := []string{"localhost", "127.0.0.1", "[::1]"}
	if host, _, err := net.SplitHostPort(addr); err == nil && host != "" && net.ParseIP(host) == nil {
		all = append(all, host)
	}
	if name, err := os.Hostname(); err == nil && name != "" {
		all = append(all, name)
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return all
	}
	for _, a := range addresses {
		prefix, ok := a.(*net.IPNet)
		switch {
		case !ok:
		case prefix.IP.To4() != nil:
			all = append(all, prefix.IP.String())
		default:
			all = append(all, "["+prefix.IP.String()+"]")
		}
	}
	return all
}
