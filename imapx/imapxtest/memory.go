package imapxtest

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// Memory starts go-imap's in-memory server and an in-memory submission server
// with AUTH PLAIN. It starts in milliseconds and needs nothing installed.
//
// Accounts alice and bob have the folders INBOX, Drafts, Sent, Trash, Junk and
// Archive, all subscribed; the delimiter is "/".
//
// It announces IMAP4rev1 with NAMESPACE, UIDPLUS, ESEARCH, SEARCHRES,
// LIST-EXTENDED, LIST-STATUS, MOVE, STATUS=SIZE, BINARY, CHILDREN, IDLE, ENABLE,
// UNSELECT and LITERAL-. It lacks SPECIAL-USE (folders carry no role: a client
// must know them by name), SORT, THREAD, CONDSTORE, QUOTA, ACL, METADATA, ID,
// PREVIEW and OBJECTID. It stores keywords in lower case, leaves child folders
// behind on RENAME and DELETE, and never fails by itself.
func Memory(t testing.TB, options ...Options) *Server {
	t.Helper()
	opt := one(t, options)
	if opt.Quota != "" || opt.MaxConns != 0 {
		t.Fatal("imapxtest: the in-memory server has no quota and no connection limit")
	}
	ca := newAuthority(t, t.TempDir())
	tlsConfig := ca.server()

	m := &memory{server: imapmemserver.New(), passwords: make(map[string]string)}
	for _, name := range []string{"alice", "bob"} {
		if err := m.add(name, name+"-pw"); err != nil {
			t.Fatalf("imapxtest: account %s: %v", name, err)
		}
	}
	imapLn, imapsLn := listen(t), listen(t)
	m.serve(t, tlsConfig, imapLn, tls.NewListener(imapsLn, tlsConfig))

	k := &sink{
		passwords: m.password, imap: imapLn.Addr().String(), answers: make(answers),
		isAccount: func(name string) bool { _, ok := m.password(name); return ok },
	}
	h := &host{
		imap: imapLn.Addr().String(), imaps: imapsLn.Addr().String(),
		ca: ca, sink: k, addAccount: m.add,
	}
	h.smtp, h.smtps = k.open(t, ca)
	return h.view(t, "alice", opt.Hide)
}

func one(t testing.TB, options []Options) Options {
	t.Helper()
	switch len(options) {
	case 0:
		return Options{}
	case 1:
		return options[0]
	}
	t.Fatal("imapxtest: more than one Options")
	return Options{}
}

// memory is the in-memory server's accounts.
type memory struct {
	server *imapmemserver.Server

	mu        sync.Mutex
	passwords map[string]string
}

func (m *memory) password(username string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	password, ok := m.passwords[username]
	return password, ok
}

func (m *memory) add(username, password string) error {
	user := imapmemserver.NewUser(username, password)
	for _, folder := range []string{"INBOX", "Drafts", "Sent", "Trash", "Junk", "Archive"} {
		if err := user.Create(folder, nil); err != nil {
			return err
		}
		if err := user.Subscribe(folder); err != nil {
			return err
		}
	}
	m.server.AddUser(user)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.passwords[username] = password
	return nil
}

func memoryCaps() imap.CapSet {
	caps := make(imap.CapSet)
	for _, c := range []imap.Cap{
		imap.CapIMAP4rev1, imap.CapNamespace, imap.CapUIDPlus, imap.CapESearch, imap.CapSearchRes,
		imap.CapListExtended, imap.CapListStatus, imap.CapMove, imap.CapStatusSize, imap.CapBinary, imap.CapChildren,
	} {
		caps[c] = struct{}{}
	}
	return caps
}

func (m *memory) serve(t testing.TB, tlsConfig *tls.Config, listeners ...net.Listener) {
	var messages journal
	var moves sync.Mutex
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return newSession(m.server.NewSession(), &moves), nil, nil
		},
		Caps:         memoryCaps(),
		TLSConfig:    tlsConfig,
		InsecureAuth: true,
		Logger:       &messages,
	})
	var wg sync.WaitGroup
	for _, ln := range listeners {
		accepting := make(chan struct{})
		wg.Go(func() {
			if err := srv.Serve(&announced{Listener: ln, accepting: accepting}); err != nil {
				t.Errorf("imapxtest: IMAP: %v", err)
			}
		})
		<-accepting
	}
	t.Cleanup(func() {
		for _, ln := range listeners {
			ln.Close()
		}
		srv.Close()
		wg.Wait()
		if log := messages.String(); t.Failed() && log != "" {
			t.Logf("in-memory server:\n%s", log)
		}
	})
}

// announced tells when its first Accept begins: closing an imapserver before
// that is a data race.
type announced struct {
	net.Listener
	once      sync.Once
	accepting chan struct{}
}

func (a *announced) Accept() (net.Conn, error) {
	a.once.Do(func() { close(a.accepting) })
	return a.Listener.Accept()
}

// journal keeps what the server logs, to be shown when the test fails.
type journal struct {
	mu  sync.Mutex
	buf strings.Builder
}

func (j *journal) Printf(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	fmt.Fprintf(&j.buf, format+"\n", args...)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}
