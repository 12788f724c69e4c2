package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// portIMAP is where dovecot.sh puts IMAP, from PORT0.
	portIMAP = 143
	// firstPort and lastPort bound PORT0: above the system's ports, and with the
	// script's highest offset below those the system gives out by itself.
	firstPort, lastPort = 10000, 31000
	portTries           = 20
	startTimeout        = 15 * time.Second

	username, password = "alice", "alice-pw"
)

// missing says what a run needs and this machine lacks.
func missing() error {
	for tool, from := range map[string]string{
		"dovecot": "Dovecot 2.3 (Debian package dovecot-imapd)", "bash": "bash", "openssl": "openssl", "go": "the go command",
	} {
		if _, err := exec.LookPath(tool); err != nil {
			return errors.New(from + " is missing: it is needed for the throwaway mail server")
		}
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		return errors.New("/proc is missing: memory is read from it, so this runs on Linux")
	}
	return nil
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(out)))
	if _, err := os.Stat(filepath.Join(root, "examples", "mailmcp")); err != nil {
		return "", errors.New("run it inside the checkout: go run ./internal/bench")
	}
	return root, nil
}

// dovecot is a mail server of this run alone.
type dovecot struct {
	addr  string
	stdin io.Closer
	ended chan struct{}
	err   error // once ended
}

// startDovecot starts the server on the mail in base/mail. It ends with this
// process, however that ends: the script ends it when its input does.
func startDovecot(scripts, base string) (*dovecot, error) {
	err := errors.New("no free ports")
	for range portTries {
		port0 := firstPort + rand.IntN(lastPort-firstPort)
		if !portsFree(port0) {
			continue
		}
		var d *dovecot
		if d, err = tryDovecot(scripts, base, port0); err == nil {
			return d, nil
		}
		if !strings.Contains(serverLog(base), "in use") {
			break
		}
		os.Remove(filepath.Join(base, "dovecot.log"))
		os.Remove(filepath.Join(base, "dovecot.err"))
	}
	return nil, fmt.Errorf("start Dovecot: %w\n%s", err, serverLog(base))
}

func portsFree(port0 int) bool {
	for _, offset := range []int{12, 24, portIMAP, 419, 565, 587, 993} {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port0+offset))
		if err != nil {
			return false
		}
		ln.Close()
	}
	return true
}

func tryDovecot(scripts, base string, port0 int) (*dovecot, error) {
	cmd := exec.Command("bash", filepath.Join(scripts, "dovecot.sh"), "run")
	cmd.Env = append(os.Environ(), "BASE="+base, fmt.Sprintf("PORT0=%d", port0),
		"FTS=", "STORE=", "CAPS=", "QUOTA=", "MAXCONN=", "PLAINTEXT=", "EXTRA=", "MORE_USERS=") // knobs of whoever runs this do not count
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	d := &dovecot{addr: fmt.Sprintf("127.0.0.1:%d", port0+portIMAP), stdin: stdin, ended: make(chan struct{})}
	go func() {
		d.err = cmd.Wait()
		close(d.ended)
	}()
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		select {
		case <-d.ended:
			return nil, fmt.Errorf("it ended: %w %s", d.err, output.String())
		default:
		}
		if greets(d.addr) {
			return d, nil
		}
	}
	return nil, errors.Join(errors.New("no greeting"), d.stop())
}

func greets(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	defer conn.Close()
	if conn.SetDeadline(time.Now().Add(startTimeout)) != nil {
		return false
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.HasPrefix(line, "* OK")
}

func (d *dovecot) stop() error {
	err := d.stdin.Close()
	<-d.ended
	return errors.Join(err, d.err)
}

func serverLog(base string) string {
	var all []byte
	for _, name := range []string{"dovecot.err", "dovecot.log"} {
		if text, err := os.ReadFile(filepath.Join(base, name)); err == nil {
			all = append(all, text...)
		}
	}
	const shown = 2000
	return string(all[max(0, len(all)-shown):])
}

// fillers is how many goroutines write messages: writing is mostly waiting.
const fillers = 4

// fill writes n messages into the INBOX of the account and the large one into
// its Archive, straight into the Maildir: no protocol is as fast.
func fill(base string, n int) error {
	mail := filepath.Join(base, "mail", username, "Mail")
	for _, folder := range []string{".", ".Archive"} {
		for _, sub := range []string{"cur", "new", "tmp"} {
			if err := os.MkdirAll(filepath.Join(mail, folder, sub), 0o700); err != nil {
				return err
			}
		}
	}
	var wg sync.WaitGroup
	errs := make([]error, fillers)
	for k := range fillers {
		wg.Go(func() {
			for i := k; i < n && errs[k] == nil; i += fillers {
				errs[k] = deliver(filepath.Join(mail, "cur"), i, letter(i, n))
			}
		})
	}
	wg.Wait()
	return errors.Join(errors.Join(errs...), deliver(filepath.Join(mail, ".Archive", "cur"), 0, hugeLetter()))
}

// deliver names the file as Dovecot does, both sizes in it, so that nothing has
// to be read to list it.
func deliver(dir string, i int, raw []byte) error {
	flags := "S"
	if i%3 == 0 {
		flags = ""
	}
	at := received(i)
	name := fmt.Sprintf("%d.M%07dP1.bench,S=%d,W=%d:2,%s", at.Unix(), i, len(raw), len(raw)+bytes.Count(raw, []byte("\n")), flags)
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return err
	}
	return os.Chtimes(path, at, at)
}
