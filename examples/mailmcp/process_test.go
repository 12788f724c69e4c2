package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/imapx/imapxtest"
)

// asCommand makes the test binary be mailmcp, for tests of a whole process.
const asCommand = "MAILMCP_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) == "1" {
		os.Exit(program(standInPresets(os.Getenv(asService))))
	}
	os.Exit(m.Run())
}

// command is mailmcp as a process with nothing but e in its environment.
func command(t *testing.T, e env, args ...string) (cmd *exec.Cmd, stdin io.WriteCloser, stdout io.ReadCloser, stderr *lockedBuffer) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.CommandContext(t.Context(), exe, args...)
	cmd.Env = []string{asCommand + "=1"}
	for name, value := range e {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	stderr = &lockedBuffer{}
	cmd.Stderr = stderr
	if stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if stdout, err = cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, stdin, stdout, stderr
}

// The process ends well when its client hangs up and on both signals, also
// when it has a connection to a mail server, and leaves none behind.
func TestEndOfTheProcess(t *testing.T) {
	srv := imapxtest.Memory(t)
	for name, end := range map[string]func(p *os.Process, stdin io.WriteCloser, stdout io.Closer) error{
		"end of input": func(_ *os.Process, stdin io.WriteCloser, _ io.Closer) error { return stdin.Close() },
		"SIGINT":       func(p *os.Process, _ io.WriteCloser, _ io.Closer) error { return p.Signal(syscall.SIGINT) },
		"SIGTERM":      func(p *os.Process, _ io.WriteCloser, _ io.Closer) error { return p.Signal(syscall.SIGTERM) },
		"nobody reads": func(_ *os.Process, stdin io.WriteCloser, stdout io.Closer) error {
			err := stdout.Close() // the client may close stdin for it
			_, _ = io.WriteString(stdin, `{"jsonrpc":"2.0","id":"last","method":"ping"}`+"\n")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := srv.Fresh(t)
			cmd, stdin, stdout, stderr := command(t, serverEnv(srv))
			c := &client{ClientSession: handshake(t, &mcp.IOTransport{Reader: stdout, Writer: stdin})}
			c.do(t, "list_folders", nil)
			if srv.Conns() == 0 {
				t.Fatal("no connection to the mail server")
			}
			begun := time.Now()
			if err := end(cmd.Process, stdin, stdout); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil || stderr.String() != "" {
				t.Errorf("ended with %v and said %q", err, stderr.String())
			}
			if took := time.Since(begun); took > shutdownGrace {
				t.Errorf("ending took %v", took)
			}
			srv.WaitConns(t, 0)
		})
	}
}

// A signal ends a call that a silent mail server keeps waiting.
func TestSignalDuringCall(t *testing.T) {
	silent := listenSilently(t)
	cmd, stdin, stdout, stderr := command(t, env{"IMAP_ADDR": silent.addr, "IMAP_TLS": "none", "IMAP_USER": "ann", "IMAP_PASSWORD": "x"})
	defer stdin.Close()
	session := handshake(t, &mcp.IOTransport{Reader: stdout, Writer: stdin})
	answered := make(chan error, 1)
	go func() {
		_, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "list_folders"})
		answered <- err
	}()
	<-silent.accepted
	begun := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || stderr.String() != "" {
		t.Errorf("ended with %v and said %q", err, stderr.String())
	}
	if took := time.Since(begun); took > 2*shutdownGrace {
		t.Errorf("ending took %v", took)
	}
	if err := <-answered; err != nil {
		t.Errorf("the call that was running got no answer: %v", err)
	}
}

// A bad setting ends a real process as run says.
func TestExitStatus(t *testing.T) {
	cmd, _, stdout, stderr := command(t, env{"IMAP_TLS": "tls"})
	out, err := io.ReadAll(stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("ended with %v", err)
	}
	if got := stderr.String(); len(out) != 0 || strings.Count(got, "\n") != 1 || !strings.Contains(got, "IMAP_TLS") {
		t.Errorf("stdout %q, stderr %q", out, got)
	}
}
