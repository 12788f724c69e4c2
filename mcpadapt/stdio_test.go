package mcpadapt_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/mcpadapt"
)

const helloLines = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
`

const listCall = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"list_notes"}}` + "\n"

// childVar makes this test binary a server on its standard input and output.
const childVar = "POSTERN_STDIO_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) == "" {
		os.Exit(m.Run())
	}
	s := mcpadapt.NewServer(nil)
	addForeign(s, "weather")
	if err := mcpadapt.ServeStdio(context.Background(), s); err != nil {
		os.Exit(1)
	}
}

func TestServeStdio(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childVar+"=1")
	cmd.Stdin = strings.NewReader(helloLines + strings.Replace(listCall, "list_notes", "weather", 1))
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), "embedder's weather") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestAsksAndHangsUp sends everything at once and closes its side while the
// call still waits for the backend.
func TestAsksAndHangsUp(t *testing.T) {
	leakcheck.Check(t)
	in := &tellsEnd{Reader: strings.NewReader(helloLines + listCall), ended: make(chan struct{})}
	c := caller(t, reader("g1"))
	c.Accounts[0] = account(t, mailbox{account: "demo", gate: func(ctx context.Context) error {
		select {
		case <-in.ended:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
	s := mcpadapt.NewServer(nil)
	install(t, s, mcpadapt.Fixed(c))
	var out bytes.Buffer
	if err := mcpadapt.ServeIO(t.Context(), s, in, &out); err != nil {
		t.Errorf("a client hung up: %v", err)
	}
	if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); len(lines) != 2 || !strings.Contains(lines[1], "Fines") {
		t.Errorf("answers:\n%s", out.String())
	}
}

// TestListensAndHangsUp has a stream of notifications open at the end of input.
func TestListensAndHangsUp(t *testing.T) {
	leakcheck.Check(t)
	s := mcpadapt.NewServer(nil)
	install(t, s, mcpadapt.Fixed(caller(t, reader("g1"))))
	in := strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{` + modernMeta + `,"notifications":{"toolsListChanged":true}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{` + modernMeta + `,"name":"list_notes"}}
`)
	var out bytes.Buffer
	if err := mcpadapt.ServeIO(t.Context(), s, io.NopCloser(in), &out); err != nil {
		t.Errorf("a client hung up: %v", err)
	}
	if !strings.Contains(out.String(), "Fines") {
		t.Errorf("answers:\n%s", out.String())
	}
}

type tellsEnd struct {
	io.Reader
	ended chan struct{}
}

func (r *tellsEnd) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		select {
		case <-r.ended:
		default:
			close(r.ended)
		}
	}
	return n, err
}

func (*tellsEnd) Close() error { return nil }

func TestStdioOverPipes(t *testing.T) {
	leakcheck.Check(t)
	s := mcpadapt.NewServer(nil)
	install(t, s, mcpadapt.Fixed(caller(t, reader("g1"))))
	in, ours := io.Pipe()
	theirs, out := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- mcpadapt.ServeIO(t.Context(), s, in, out) }()
	answers := bufio.NewReader(theirs)
	for _, step := range []struct{ send, want string }{{helloLines, `"serverInfo"`}, {listCall, "Fines"}} {
		if _, err := io.WriteString(ours, step.send); err != nil {
			t.Fatal(err)
		}
		if got, err := answers.ReadString('\n'); err != nil || !strings.Contains(got, step.want) {
			t.Fatalf("%v: %s", err, got)
		}
	}
	if err := ours.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestStdioEndsWithItsContext(t *testing.T) {
	leakcheck.Check(t)
	s := mcpadapt.NewServer(nil)
	install(t, s, mcpadapt.Fixed(caller(t, reader("g1"))))
	in, ours := io.Pipe()
	defer ours.Close()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- mcpadapt.ServeIO(ctx, s, in, io.Discard) }()
	if _, err := io.WriteString(ours, helloLines); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-served; err != context.Canceled { //nolint:errorlint // context errors come bare
		t.Errorf("serve: %v", err)
	}
}

func TestEndlessLineIsRefused(t *testing.T) {
	leakcheck.Check(t)
	s := mcpadapt.NewServer(nil)
	install(t, s, mcpadapt.Fixed(caller(t, reader("g1"))))
	endless := io.NopCloser(io.MultiReader(strings.NewReader(`{"jsonrpc":"`), forever{}))
	if err := mcpadapt.ServeIO(t.Context(), s, endless, io.Discard); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("serve: %v", err)
	}
}

type forever struct{}

func (forever) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
