package imapxtest

import (
	"bufio"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// servers holds the scripts, so that a test binary finds them wherever it runs.
//
//go:embed servers/common.sh servers/dovecot.sh servers/cyrus.sh servers/courier.sh
var servers embed.FS

const (
	// diskUsers is how many accounts Fresh can give out per server on disk.
	diskUsers = 400
	// portTries bounds the search for a free block of ports; test packages
	// that run at the same time compete for them.
	portTries = 20
	// startTimeout is about a hundred times what a start takes.
	startTimeout = 10 * time.Second
	// shownLog is how much of its log a failed test shows.
	shownLog = 2000
	// firstPort and lastPort bound PORT0: above the system's ports, and with
	// the highest offset below those it gives out by itself.
	firstPort, lastPort = 10000, 31000
)

// daemon is a server that a script runs in a directory of its own.
type daemon struct {
	name     string
	script   string
	offsets  []int    // of the ports it takes, from PORT0
	greeter  int      // the offset that greets with mark
	login    bool     // it does not, but mark is an account
	logs     []string // files in base
	settings []string // of the script, in its environment

	base  string
	port0 int
}

func (d *daemon) addr(offset int) string { return fmt.Sprintf("127.0.0.1:%d", d.port0+offset) }

// needs fails t unless all tools are there.
func needs(t testing.TB, variable, packages string, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("imapxtest: %s=1 but %v (Debian packages %s)", variable, err, packages)
		}
	}
}

// settle makes the daemon's directory and the certificates in it. Its name is
// short: some servers keep Unix sockets below it, whose paths may have 107
// bytes, and t.TempDir holds the test's name.
func (d *daemon) settle(t testing.TB) authority {
	t.Helper()
	base, err := os.MkdirTemp(scratchDir(), "imapxtest")
	if err != nil {
		t.Fatalf("imapxtest: %v", err)
	}
	d.base = base
	t.Cleanup(func() { removeAll(t, base) })
	if err := os.Chmod(base, 0o711); err != nil { // its unprivileged users walk in
		t.Fatalf("imapxtest: %v", err)
	}
	for _, name := range []string{"common.sh", d.script} {
		script, err := servers.ReadFile("servers/" + name)
		if err != nil {
			t.Fatalf("imapxtest: %v", err)
		}
		if err := os.WriteFile(filepath.Join(base, name), script, 0o700); err != nil {
			t.Fatalf("imapxtest: %v", err)
		}
	}
	if err := os.Mkdir(filepath.Join(base, "tls"), 0o755); err != nil {
		t.Fatalf("imapxtest: %v", err)
	}
	return newAuthority(t, filepath.Join(base, "tls"))
}

// removeAll tries again for a while: processes that were just ended may still
// be writing.
func removeAll(t testing.TB, dir string) {
	var err error
	for range 100 {
		if err = os.RemoveAll(dir); err == nil {
			return
		}
		pause(10 * time.Millisecond)
	}
	t.Errorf("imapxtest: %v", err)
}

var errPortTaken = errors.New("a port was taken meanwhile")

func (d *daemon) start(t testing.TB) {
	t.Helper()
	var err error
	for range portTries {
		d.port0 = firstPort + rand.IntN(lastPort-firstPort)
		if !d.portsFree() {
			continue
		}
		if err = d.run(t); err == nil {
			return
		}
		if !errors.Is(err, errPortTaken) {
			break
		}
	}
	t.Fatalf("imapxtest: %s does not start: %v\n%s", d.name, err, d.log())
}

// portsFree looks whether this moment all ports could be opened.
func (d *daemon) portsFree() bool {
	for _, offset := range d.offsets {
		for _, ip := range []string{"127.0.0.1", "127.0.0.2"} {
			ln, err := net.Listen("tcp", fmt.Sprintf("%s:%d", ip, d.port0+offset))
			if err != nil {
				return false
			}
			ln.Close()
		}
	}
	return true
}

// environ is what the script sees: its settings, and PORT0 and MARK, which is a
// word that only this instance knows and shows when it is up.
func (d *daemon) environ() []string {
	return append(append(os.Environ(), d.settings...),
		"BASE="+d.base, fmt.Sprintf("PORT0=%d", d.port0), "MARK="+d.mark())
}

func (d *daemon) mark() string { return fmt.Sprintf("test-%d-%d", os.Getpid(), d.port0) }

// run starts the script's foreground mode, which ends the server when its
// standard input closes: in the cleanup, or when the test binary dies.
func (d *daemon) run(t testing.TB) error {
	t.Helper()
	cmd := exec.Command("bash", filepath.Join(d.base, d.script), "run")
	cmd.Env = d.environ()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := d.ready(); err != nil {
		stdin.Close()
		_ = cmd.Wait() // it was told to end; err says more
		return fmt.Errorf("%w\n%s", err, output.String())
	}
	t.Cleanup(func() {
		if t.Failed() {
			log := d.log()
			t.Logf("%s, at the end:\n%s", d.name, log[max(0, len(log)-shownLog):])
		}
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("imapxtest: stopping %s: %v\n%s", d.name, err, output.String())
		}
	})
	return nil
}

// ready waits for the greeting only this instance gives.
func (d *daemon) ready() error {
	deadline := time.Now().Add(startTimeout)
	for wait := time.Millisecond; time.Now().Before(deadline); wait = min(2*wait, 20*time.Millisecond) {
		if log := d.log(); strings.Contains(log, "Address already in use") {
			for _, name := range d.logs {
				os.Remove(filepath.Join(d.base, name))
			}
			return errPortTaken
		}
		if d.greets() {
			return nil
		}
		pause(wait)
	}
	return errors.New("no greeting")
}

func (d *daemon) greets() bool {
	if d.login {
		c, err := dial(d.addr(d.greeter), d.mark(), d.mark()+"-pw")
		if err == nil {
			c.close()
		}
		return err == nil
	}
	conn, err := net.Dial("tcp", d.addr(d.greeter))
	if err != nil {
		return false
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(startTimeout)); err != nil {
		return false
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.Contains(line, d.mark())
}

// verb runs another verb of the daemon's script.
func (d *daemon) verb(arguments ...string) error {
	cmd := exec.Command("bash", append([]string{filepath.Join(d.base, d.script)}, arguments...)...)
	cmd.Env = d.environ()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", d.script, arguments, err, out)
	}
	return nil
}

// log returns what the server said so far.
func (d *daemon) log() string {
	var all []byte
	for _, name := range d.logs {
		if text, err := os.ReadFile(filepath.Join(d.base, name)); err == nil {
			all = append(all, text...)
		}
	}
	return string(all)
}

// isDiskUser tells whether a server on disk was started with account name.
func isDiskUser(name string) bool {
	if name == "alice" || name == "bob" {
		return true
	}
	var n int
	if _, err := fmt.Sscanf(name, "u%d", &n); err != nil {
		return false
	}
	return name == fmt.Sprintf("u%d", n) && n >= 1 && n <= diskUsers
}

var errTooManyUsers = fmt.Errorf("only %d accounts", diskUsers)
