package imapxtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// offsets of the ports courier.sh uses, from PORT0.
const portCourierIMAP, portCourierIMAPS = 343, 943

// Courier starts a private Courier 5.0, with the in-memory submission server
// beside it. It skips t, in one line, unless POSTERN_COURIER=1; then what is
// missing is a failure: it needs root, the right to make namespaces, and what
// servers/unpack.sh unpacks.
//
// Accounts have the folders INBOX, INBOX.Drafts, INBOX.Sent, INBOX.Trash,
// INBOX.Junk and INBOX.Archive, all subscribed and without special use; methods
// of Server take "Archive" for INBOX.Archive, see Path. It lacks MOVE, ESEARCH,
// CONDSTORE, LITERAL+, LIST-EXTENDED and UNSELECT. A start takes 400 ms.
func Courier(t testing.TB, options ...Options) *Server {
	t.Helper()
	opt := one(t, options)
	if opt.Quota != "" {
		t.Fatal("imapxtest: Courier is set up without a quota")
	}
	unpacked(t, courierVar)
	d := &courier{daemon{
		name: "Courier", script: "courier.sh", greeter: portCourierIMAP, login: true, logs: []string{"courier.log", "courier-auth.log"},
		offsets: []int{portCourierIMAP, portCourierIMAPS},
		settings: []string{
			"SERVERS=" + unpackedDir(), "MAXCONN=" + maxConns(opt.MaxConns), fmt.Sprintf("MORE_USERS=%d", diskUsers), "CAPS=", "QUOTA=",
		},
	}}
	ca := d.settle(t)
	d.start(t)
	return beside(t, ca, opt.Hide, &host{
		imap: d.addr(portCourierIMAP), imaps: d.addr(portCourierIMAPS),
		addAccount:    func(name, _ string) error { return d.verb("addbox", name) },
		path:          courierPath,
		renumber:      d.renumber,
		remove:        d.remove,
		keepsValidity: true,
	})
}

type courier struct{ daemon }

func courierPath(name string) string {
	if strings.EqualFold(name, "INBOX") || strings.HasPrefix(name, "INBOX.") {
		return name
	}
	return "INBOX." + strings.ReplaceAll(name, "/", ".")
}

// dir is where a folder's messages are.
func (d *courier) dir(username, folder string) string {
	dir := filepath.Join(d.base, "courier", "mail", username, "Maildir")
	if below, ok := strings.CutPrefix(courierPath(folder), "INBOX."); ok {
		return filepath.Join(dir, "."+below) // in UTF-8, as of Courier 5.0
	}
	return dir
}

// remove does what DELETE does, which sleeps for two seconds first.
func (d *courier) remove(t testing.TB, username, folder string) {
	t.Helper()
	dir := d.dir(username, folder)
	_, err := os.Stat(dir)
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		t.Fatalf("imapxtest: %v", err)
	}
}

// renumber writes another UIDVALIDITY into the folder's index: Courier takes
// the second in which a folder was made.
func (d *courier) renumber(t testing.TB, username, folder string) {
	t.Helper()
	index := filepath.Join(d.dir(username, folder), "courierimapuiddb")
	old, err := os.ReadFile(index)
	if err != nil {
		t.Fatalf("imapxtest: %v", err)
	}
	// Its first line is "1 UIDVALIDITY UIDNEXT".
	head, rest, _ := strings.Cut(string(old), "\n")
	fields := strings.Fields(head)
	if len(fields) < 3 || fields[0] != "1" {
		t.Fatalf("imapxtest: %s begins with %q", index, head)
	}
	fields[1] = fmt.Sprint(time.Now().Unix() - rand.Int64N(1_000_000) - 1)
	if err := os.WriteFile(index, []byte(strings.Join(fields, " ")+"\n"+rest), 0o644); err != nil {
		t.Fatalf("imapxtest: %v", err)
	}
}
