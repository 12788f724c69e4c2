package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// The transports.
const (
	overStdio = "stdio"
	overHTTP  = "http"
)

// program is a command that serves MCP.
type program struct {
	path string
	args []string // to serve over HTTP
	env  []string
}

// served is a running program and the one client of it.
type served struct {
	*mcp.ClientSession
	cmd   *exec.Cmd
	http  bool
	ended chan struct{} // with http: closed when the process has ended
	tools int           // bytes of the list of tools
	cold  time.Duration // from the start of the process to the list of tools
}

// callTimeout is far above what any call takes.
const callTimeout = 2 * time.Minute

// start runs the program and asks it for its tools. The process ends with
// close, or when this one does: its standard input then ends too.
func (p program) start(ctx context.Context, transport string) (*served, error) {
	cmd := exec.CommandContext(ctx, p.path)
	cmd.Env = p.env
	s := &served{cmd: cmd, http: transport == overHTTP}
	began := time.Now()
	var how mcp.Transport = &mcp.CommandTransport{Command: cmd}
	if s.http {
		cmd.Args = append(cmd.Args, p.args...)
		url, err := s.serve()
		if err != nil {
			return nil, err
		}
		how = &mcp.StreamableClientTransport{Endpoint: url}
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "bench", Version: "1"}, nil)
	session, err := client.Connect(ctx, how, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect: %w", err), s.end())
	}
	s.ClientSession = session
	list, err := session.ListTools(ctx, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("list the tools: %w", err), s.close())
	}
	s.cold = time.Since(began)
	raw, err := json.Marshal(list.Tools)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.tools = len(raw)
	return s, nil
}

var serving = regexp.MustCompile(`serving (http://\S+)`)

// serve starts the process and returns the address that it says it serves at.
func (s *served) serve() (url string, err error) {
	said, err := s.cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := s.cmd.Start(); err != nil {
		return "", err
	}
	s.ended = make(chan struct{})
	lines := bufio.NewReader(said)
	for url == "" {
		line, err := lines.ReadString('\n')
		if found := serving.FindStringSubmatch(line); found != nil {
			url = found[1]
		} else if err != nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
			return "", fmt.Errorf("the server ended: %s %w", strings.TrimSpace(line), err)
		}
	}
	go func() {
		defer close(s.ended)
		_, _ = io.Copy(io.Discard, lines)
		_ = s.cmd.Wait()
	}()
	return url, nil
}

// end kills an HTTP server, which serves until then.
func (s *served) end() error {
	if !s.http {
		return nil
	}
	err := s.cmd.Process.Kill()
	<-s.ended
	return err
}

func (s *served) close() error { return errors.Join(s.ClientSession.Close(), s.end()) }

// call calls a tool and returns its answer as text.
func (s *served) call(ctx context.Context, tool string, args any) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	res, err := s.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		return "", fmt.Errorf("%s: %w", tool, err)
	}
	var text strings.Builder
	for _, c := range res.Content {
		if t, ok := c.(*mcp.TextContent); ok {
			text.WriteString(t.Text)
		}
	}
	if res.IsError {
		return "", fmt.Errorf("%s: %s", tool, text.String())
	}
	return text.String(), nil
}

// memory is what a process has in RAM now, and had at most, in bytes.
func (s *served) memory() (now, most int64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	return resident(status)
}

// clockTick is the unit of the times that Linux tells of processes.
const clockTick = time.Second / 100

// cpu is the processor time that the process has used.
func (s *served) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return used(stat)
}

// used reads proc(5)'s stat: the 14th and 15th field, counted behind the name,
// which may hold anything.
func used(stat []byte) (time.Duration, error) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, errors.New("the kernel does not tell the time of a process")
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	return time.Duration(user+system) * clockTick, errors.Join(err1, err2)
}

func resident(status []byte) (now, most int64, err error) {
	for line := range bytes.Lines(status) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		var to *int64
		switch string(name) {
		case "VmRSS":
			to = &now
		case "VmHWM":
			to = &most
		default:
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(value)), " kB"), 10, 64)
		if err != nil {
			return 0, 0, err
		}
		*to = kb << 10
	}
	if now == 0 || most == 0 {
		return 0, 0, errors.New("the kernel does not tell the memory of a process")
	}
	return now, most, nil
}

// together calls fn from so many goroutines, each so many times, and returns
// the first error.
func together(callers, times int, fn func(n int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, callers)
	for k := range callers {
		wg.Go(func() {
			for i := 0; i < times && errs[k] == nil; i++ {
				errs[k] = fn(k*times + i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
