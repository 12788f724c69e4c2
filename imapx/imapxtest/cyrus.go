package imapxtest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

const (
	cyrusVar    = "POSTERN_CYRUS"
	courierVar  = "POSTERN_COURIER"
	unpackFirst = "imapx/imapxtest/servers/unpack.sh, as root on Debian 12"
	// offsets of the ports cyrus.sh uses, from PORT0
	portCyrusLMTP, portCyrusIMAP, portCyrusIMAPS = 224, 243, 893
)

// Cyrus starts a private Cyrus 3.6, with the in-memory submission server beside
// it. It skips t, in one line, unless POSTERN_CYRUS=1; then what is missing is a
// failure: it needs root and what servers/unpack.sh unpacks.
//
// Accounts have the folders INBOX, Drafts, Sent, Trash, Junk and Archive, all
// subscribed and, INBOX apart, with their special use; the delimiter is "/". A
// start takes 200 ms. Rebuild of INBOX empties the account's other folders too.
func Cyrus(t testing.TB, options ...Options) *Server {
	t.Helper()
	opt := one(t, options)
	if opt.Quota != "" {
		t.Fatal("imapxtest: Cyrus is set up without a quota")
	}
	unpacked(t, cyrusVar)
	d := &cyrus{daemon{
		name: "Cyrus", script: "cyrus.sh", greeter: portCyrusIMAP, logs: []string{"cyrus.out"},
		offsets:  []int{portCyrusLMTP, portCyrusIMAP, portCyrusIMAPS},
		settings: []string{"SERVERS=" + unpackedDir(), "MAXCONN=" + maxConns(opt.MaxConns), "EXTRA=", "QUOTA_KB=", "MORE_USERS="},
	}}
	ca := d.settle(t)
	d.start(t)
	return beside(t, ca, opt.Hide, &host{
		imap: d.addr(portCyrusIMAP), imaps: d.addr(portCyrusIMAPS),
		addAccount: func(name, _ string) error { return d.verb("adduser", name) },
		renumber:   d.renumber,
	})
}

type cyrus struct{ daemon }

// unpacked skips t unless variable is set, and fails it where the server cannot
// run.
func unpacked(t testing.TB, variable string) {
	t.Helper()
	if v := os.Getenv(variable); v != "1" && v != "all" {
		t.Skipf("set %s=1 to run with this server (it comes by %s)", variable, unpackFirst)
	}
	if os.Getuid() != 0 {
		t.Fatalf("imapxtest: %s=1 but this server needs root", variable)
	}
	if _, err := os.Stat(filepath.Join(unpackedDir(), "usr")); err != nil {
		t.Fatalf("imapxtest: %s=1 but %v: run %s", variable, err, unpackFirst)
	}
	needs(t, variable, "bash openssl util-linux mawk", "bash", "openssl", "unshare", "setpriv", "awk")
}

// unpackedDir is where servers/unpack.sh puts what it unpacks.
func unpackedDir() string {
	if dir := os.Getenv("SERVERS"); dir != "" {
		return dir
	}
	return "/var/cache/postern-test-servers" // not in a home: the servers' own users walk in
}

// beside completes a server that takes no mail by itself with the in-memory
// submission server, and returns alice's view of it.
func beside(t testing.TB, ca authority, hide []string, h *host) *Server {
	t.Helper()
	h.ca = ca
	h.sink = &sink{
		passwords: func(name string) (string, bool) { return name + "-pw", isDiskUser(name) },
		imap:      h.imap, isAccount: isDiskUser, answers: make(answers),
	}
	h.smtp, h.smtps = h.sink.open(t, ca)
	add := h.addAccount
	h.addAccount = func(name, password string) error {
		if !isDiskUser(name) {
			return errTooManyUsers
		}
		return add(name, password)
	}
	return h.view(t, "alice", hide)
}

// renumber makes the account anew, since its INBOX alone cannot be deleted.
func (d *cyrus) renumber(t testing.TB, username, _ string) {
	t.Helper()
	c, err := dial(d.addr(portCyrusIMAP), "cyradmin", "cyradmin-pw")
	if err != nil {
		t.Fatalf("imapxtest: %v", err)
	}
	defer c.close()
	box := mailbox("user/" + username)
	for _, command := range []string{"SETACL " + box + " cyradmin kxtea", "DELETE " + box} {
		_, err = c.do(command, nil)
		if refused := (*refusal)(nil); err != nil && !errors.As(err, &refused) {
			break
		}
	}
	if err != nil {
		t.Fatalf("imapxtest: %v", err)
	}
}
