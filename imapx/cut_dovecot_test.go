package imapx_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

// cutServer is a mailbox of its own on a real server, with the letters of the
// session in it, behind a proxy that can cut.
type cutServer struct {
	srv   *imapxtest.Server
	proxy *imapxtest.FaultProxy
}

func newCutServer(t *testing.T, srv *imapxtest.Server) *cutServer {
	t.Helper()
	srv = srv.Fresh(t)
	for i := range 4 {
		var flags []string
		if i == 3 {
			flags = []string{`\Seen`}
		}
		srv.Append(t, "INBOX", []byte(letterFrom(i)), flags...)
	}
	return &cutServer{srv: srv, proxy: imapxtest.Fault(t, srv.Addr)}
}

func (s *cutServer) options() imapx.Options {
	return imapx.Options{
		Addr: s.proxy.Addr, Security: imapx.Cleartext, Username: s.srv.Username, Password: s.srv.Password,
		MaxConns: 1, Progress: cutProgress, DialTimeout: cutProgress,
	}
}

// truth asks the server itself where everything is.
func (s *cutServer) truth(t *testing.T) (out truth) {
	t.Helper()
	out.places = make(map[string][]string)
	for _, folder := range []string{"INBOX", "Archive", "Sent"} {
		for _, uid := range s.srv.UIDs(t, folder) {
			raw := string(s.srv.Raw(t, folder, uid))
			id, _, _ := strings.Cut(strings.TrimPrefix(raw, "Message-ID: <"), "@")
			flags := s.srv.Flags(t, folder, uid)
			place := folder
			if slices.Contains(flags, `\Deleted`) {
				place += " deleted"
			}
			out.places[id] = append(out.places[id], place)
			out.flagged = out.flagged || id == "m2" && slices.Contains(flags, `\Flagged`)
		}
	}
	return out
}

// TestCutOnDovecot cuts the session at every response boundary, a byte before
// and behind it, and at every 97th byte.
func TestCutOnDovecot(t *testing.T) {
	dovecot := imapxtest.Dovecot(t)
	leakcheck.Check(t)
	run := func(t *testing.T, s *cutServer) (said told, faults []string) {
		p, err := imapx.Open(s.options())
		if err != nil {
			t.Fatal(err)
		}
		fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
		said = session(t, p, fault)
		p.Close()
		s.truth(t).check(said, fault)
		return said, faults
	}
	whole := newCutServer(t, dovecot)
	said, faults := run(t, whole)
	if len(faults) > 0 || !said.right() {
		t.Fatalf("without any trouble: %+v %q", said, faults)
	}
	folders, stream := said.folders, whole.proxy.Transcripts()[0].FromServer
	places := map[int64]bool{}
	for _, end := range imapxtest.Boundaries(stream) {
		places[end-1], places[end], places[end+1] = true, true, true
	}
	for at := int64(0); at < int64(len(stream)); at += 97 {
		places[at] = true
	}
	next := make(chan int64)
	var workers sync.WaitGroup
	for range 8 { // they wait for the server more than they work
		workers.Go(func() {
			for at := range next {
				s := newCutServer(t, dovecot)
				s.proxy.Next(imapxtest.FromServer.Cut(at))
				said, faults := run(t, s)
				if said.listed && said.folders != folders {
					faults = append(faults, fmt.Sprintf("%d folders were listed", said.folders))
				}
				if len(faults) > 0 {
					t.Errorf("byte %d, behind %q: %s", at, tail(stream, 0, int(at)), strings.Join(faults, "; "))
				}
			}
		})
	}
	for at := range places {
		next <- at
	}
	close(next)
	workers.Wait()
	t.Logf("%d places in %d bytes", len(places), len(stream))
}
