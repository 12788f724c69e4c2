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
	"slices"
	"strings"
	"testing"
	"time"
)

// servers holds the scripts, so that a test binary finds them wherever it runs.
//
//go:embed servers/common.sh servers/dovecot.sh
var servers embed.FS

const (
	// dovecotUsers is how many accounts Fresh can give out per server.
	dovecotUsers = 400
	// portTries bounds the search for a free block of ports; test packages
	// that run at the same time compete for them.
	portTries = 20
	// startTimeout is about a hundred times what a start takes.
	startTimeout = 10 * time.Second
	// shownLog is how much of Dovecot's log a failed test shows.
	shownLog = 2000
	// firstPort and lastPort bound PORT0: above the system's ports, and with
	// the highest offset below those it gives out by itself.
	firstPort, lastPort = 10000, 31000
)

// offsets of the ports dovecot.sh uses, from PORT0.
const (
	portSASL, portLMTP, portIMAP, portSieve    = 12, 24, 143, 419
	portSubmissions, portSubmission, portIMAPS = 565, 587, 993
	dovecotVar                                 = "POSTERN_DOVECOT"
	dovecotPackages                            = "dovecot-imapd dovecot-lmtpd dovecot-submissiond"
)

// dovecotCaps is what Dovecot 2.3 announces after login; needed to leave some
// of it out, because its setting replaces the whole list.
const dovecotCaps = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS " +
	"THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED " +
	"I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE " +
	"SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE"

// Dovecot starts a private Dovecot 2.3 with its submission server, which hands
// what it takes to a sink in the test's own process. It skips t, in one line,
// unless POSTERN_DOVECOT=1; with it a missing Dovecot is a failure.
//
// Accounts alice and bob have the folders INBOX, Drafts, Sent, Trash, Junk and
// Archive, all subscribed and, INBOX apart, with their special use; the
// delimiter is "/". A start takes about 50 ms; Fresh is cheaper still. Whatever
// Hide names is only not announced. As root Dovecot keeps mail as nobody, else
// as the user who runs the test.
func Dovecot(t testing.TB, options ...Options) *Server {
	t.Helper()
	opt := one(t, options)
	if os.Getenv(dovecotVar) != "1" {
		t.Skipf("set %s=1 to run with Dovecot (Debian packages %s)", dovecotVar, dovecotPackages)
	}
	for _, tool := range []string{"bash", "dovecot", "doveadm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("imapxtest: %s=1 but %v (Debian packages %s)", dovecotVar, err, dovecotPackages)
		}
	}
	relay := listen(t)
	d := &dovecot{base: scratch(t), options: opt, relay: relay.Addr().(*net.TCPAddr).Port}
	if err := os.Mkdir(filepath.Join(d.base, "tls"), 0o755); err != nil {
		t.Fatalf("imapxtest: %v", err)
	}
	ca := newAuthority(t, filepath.Join(d.base, "tls"))
	d.start(t)

	k := &sink{imap: d.addr(portIMAP), isAccount: isDovecotUser, answers: make(answers)}
	k.serve(t, nil, relay)
	h := &host{
		imap: d.addr(portIMAP), imaps: d.addr(portIMAPS),
		smtp: d.addr(portSubmission), smtps: d.addr(portSubmissions),
		ca: ca, sink: k, setUIDInvalid: d.renumber,
		addAccount: func(name, _ string) error {
			if !isDovecotUser(name) {
				return fmt.Errorf("only %d accounts", dovecotUsers)
			}
			return nil
		},
	}
	return h.view(t, "alice")
}

// isDovecotUser tells whether the server was started with account name.
func isDovecotUser(name string) bool {
	if name == "alice" || name == "bob" {
		return true
	}
	var n int
	if _, err := fmt.Sscanf(name, "u%d", &n); err != nil {
		return false
	}
	return name == fmt.Sprintf("u%d", n) && n >= 1 && n <= dovecotUsers
}

type dovecot struct {
	base    string
	options Options
	relay   int
	port0   int
}

func (d *dovecot) addr(offset int) string { return fmt.Sprintf("127.0.0.1:%d", d.port0+offset) }

// scratch makes a short directory name: Dovecot keeps Unix sockets below it,
// whose paths may have 107 bytes, and t.TempDir holds the test's name.
func scratch(t testing.TB) string {
	t.Helper()
	base, err := os.MkdirTemp("", "dovecot")
	if err != nil {
		t.Fatalf("imapxtest: %v", err)
	}
	t.Cleanup(func() { removeAll(t, base) })
	if err := os.Chmod(base, 0o711); err != nil { // its unprivileged users walk in
		t.Fatalf("imapxtest: %v", err)
	}
	for _, name := range []string{"common.sh", "dovecot.sh"} {
		script, err := servers.ReadFile("servers/" + name)
		if err != nil {
			t.Fatalf("imapxtest: %v", err)
		}
		if err := os.WriteFile(filepath.Join(base, name), script, 0o700); err != nil {
			t.Fatalf("imapxtest: %v", err)
		}
	}
	return base
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

func (d *dovecot) start(t testing.TB) {
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
	t.Fatalf("imapxtest: Dovecot does not start: %v\n%s", err, d.log())
}

var errPortTaken = errors.New("a port was taken meanwhile")

// portsFree looks whether this moment all ports could be opened.
func (d *dovecot) portsFree() bool {
	for _, offset := range []int{portSASL, portLMTP, portIMAP, portSieve, portSubmissions, portSubmission, portIMAPS} {
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

// run starts the script's foreground mode, which ends Dovecot when its standard
// input closes: in the cleanup, or when the test binary dies.
func (d *dovecot) run(t testing.TB) error {
	t.Helper()
	greeting := fmt.Sprintf("test-%d-%d", os.Getpid(), d.port0)
	cmd := exec.Command("bash", filepath.Join(d.base, "dovecot.sh"), "run")
	cmd.Env = append(os.Environ(),
		"BASE="+d.base,
		fmt.Sprintf("PORT0=%d", d.port0),
		fmt.Sprintf("RELAY_PORT=%d", d.relay),
		fmt.Sprintf("MORE_USERS=%d", dovecotUsers),
		"CAPS="+d.caps(),
		"QUOTA="+d.options.Quota,
		"MAXCONN="+maxConns(d.options.MaxConns),
		"EXTRA=login_greeting = "+greeting,
		"FTS=", "STORE=", "PLAINTEXT=", // knobs of whoever runs the test do not count
	)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := d.ready(greeting); err != nil {
		stdin.Close()
		_ = cmd.Wait() // it was told to end; err says more
		return fmt.Errorf("%w\n%s", err, output.String())
	}
	t.Cleanup(func() {
		if t.Failed() {
			log := d.log()
			t.Logf("Dovecot, at the end:\n%s", log[max(0, len(log)-shownLog):])
		}
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("imapxtest: stopping Dovecot: %v\n%s", err, output.String())
		}
	})
	return nil
}

// ready waits for the greeting only this instance gives.
func (d *dovecot) ready(greeting string) error {
	deadline := time.Now().Add(startTimeout)
	for wait := time.Millisecond; time.Now().Before(deadline); wait = min(2*wait, 20*time.Millisecond) {
		if log := d.log(); strings.Contains(log, "Address already in use") {
			os.Remove(filepath.Join(d.base, "dovecot.log"))
			os.Remove(filepath.Join(d.base, "dovecot.err"))
			return errPortTaken
		}
		if d.greets(greeting) {
			return nil
		}
		pause(wait)
	}
	return errors.New("no greeting")
}

func (d *dovecot) greets(greeting string) bool {
	conn, err := net.Dial("tcp", d.addr(portIMAP))
	if err != nil {
		return false
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(startTimeout)); err != nil {
		return false
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.Contains(line, greeting)
}

func (d *dovecot) caps() string {
	if len(d.options.Hide) == 0 {
		return ""
	}
	all := strings.Fields(dovecotCaps)
	return strings.Join(slices.DeleteFunc(all, func(c string) bool { return slices.Contains(d.options.Hide, c) }), " ")
}

func maxConns(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// renumber gives a folder that cannot be deleted another UIDVALIDITY.
func (d *dovecot) renumber(t testing.TB, username, folder string) {
	t.Helper()
	value := fmt.Sprint(time.Now().Unix() + 1 + rand.Int64N(1_000_000))
	out, err := exec.Command("doveadm", "-c", filepath.Join(d.base, "dovecot.conf"),
		"mailbox", "update", "-u", username, "--uid-validity", value, folder).CombinedOutput()
	if err != nil {
		t.Fatalf("imapxtest: doveadm: %v\n%s", err, out)
	}
}

// log returns what Dovecot said so far.
func (d *dovecot) log() string {
	var all []byte
	for _, name := range []string{"dovecot.err", "dovecot.log"} {
		if text, err := os.ReadFile(filepath.Join(d.base, name)); err == nil {
			all = append(all, text...)
		}
	}
	return string(all)
}
