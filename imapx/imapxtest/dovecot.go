package imapxtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// offsets of the ports dovecot.sh uses, from PORT0.
const (
	portSASL, portLMTP, portIMAP, portSieve    = 12, 24, 143, 419
	portSubmissions, portSubmission, portIMAPS = 565, 587, 993
	dovecotVar                                 = "POSTERN_DOVECOT"
	dovecotPackages                            = "dovecot-imapd dovecot-lmtpd dovecot-submissiond"
)

// Dovecot starts a private Dovecot 2.3 with its submission server, which hands
// what it takes to a sink in the test's own process. It skips t, in one line,
// unless POSTERN_DOVECOT=1; with it a missing Dovecot is a failure.
//
// Accounts alice and bob have the folders INBOX, Drafts, Sent, Trash, Junk and
// Archive, all subscribed and, INBOX apart, with their special use; the
// delimiter is "/". A start takes about 50 ms; Fresh is cheaper still. As root
// Dovecot keeps mail as nobody, else as the user who runs the test.
func Dovecot(t testing.TB, options ...Options) *Server {
	t.Helper()
	opt := one(t, options)
	if os.Getenv(dovecotVar) != "1" {
		t.Skipf("set %s=1 to run with Dovecot (Debian packages %s)", dovecotVar, dovecotPackages)
	}
	needs(t, dovecotVar, dovecotPackages, "bash", "dovecot", "doveadm")
	index := ""
	if opt.Index {
		if found, _ := filepath.Glob(indexPlugin); len(found) == 0 {
			t.Skipf("install dovecot-fts-xapian to run with an index of words (%s)", indexPlugin)
		}
		index = "xapian"
	}
	relay := listen(t)
	d := &dovecot{daemon{
		name: "Dovecot", script: "dovecot.sh", greeter: portIMAP, logs: []string{"dovecot.err", "dovecot.log"},
		offsets: []int{portSASL, portLMTP, portIMAP, portSieve, portSubmissions, portSubmission, portIMAPS},
		settings: []string{
			fmt.Sprintf("RELAY_PORT=%d", relay.Addr().(*net.TCPAddr).Port),
			fmt.Sprintf("MORE_USERS=%d", diskUsers),
			"FAST=yes", "QUOTA=" + opt.Quota, "MAXCONN=" + maxConns(opt.MaxConns),
			"EXTRA=" + logins(t, opt), "CAPS=", "FTS=" + index, "STORE=", "PLAINTEXT=", // knobs of whoever runs the test do not count
		},
	}}
	ca := d.settle(t)
	d.start(t)

	k := &sink{imap: d.addr(portIMAP), isAccount: isDiskUser, answers: make(answers)}
	k.serve(t, nil, relay)
	h := &host{
		imap: d.addr(portIMAP), imaps: d.addr(portIMAPS),
		smtp: d.addr(portSubmission), smtps: d.addr(portSubmissions),
		ca: ca, sink: k, renumber: d.renumber,
		addAccount: func(name, _ string) error {
			if !isDiskUser(name) {
				return errTooManyUsers
			}
			return nil
		},
	}
	return h.view(t, "alice", opt.Hide)
}

type dovecot struct{ daemon }

// indexPlugin is where Dovecot has its index of words.
const indexPlugin = "/usr/lib*/dovecot/modules/lib21_fts_xapian_plugin.so"

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
