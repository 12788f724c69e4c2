package imapmail

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/providertest"
)

// harness runs the conformance suite on one server, each check on an account
// of its own.
type harness struct {
	root *imapxtest.Server
	// cut: a rebuilt folder ends the sessions in it, as it does on Dovecot; the
	// in-memory server and Courier would keep showing them the old one.
	cut bool
	// strict: the server takes no message with bare line feeds or with a line in
	// its header that is no field.
	strict bool
	// remains: there is neither MOVE nor UIDPLUS.
	remains bool
	srv     *imapxtest.Server
	b       *Backend
}

const refused = "nobody-at-all@example.com"

func (h *harness) Open(t *testing.T) provider.Provider {
	t.Helper()
	h.srv = h.root.Fresh(t)
	h.srv.RefuseRecipients(refused)
	h.b = open(t, options(h.srv))
	return h.b
}

func (h *harness) Deliver(t *testing.T, folder string, raw []byte) provider.MessageID {
	t.Helper()
	if h.strict && damaged(raw) {
		t.Skip("the server takes no such message")
	}
	uid := h.srv.Append(t, folder, raw)
	return h.b.newID(folder, h.srv.UIDValidity(t, folder), imapx.UID(uid))
}

// damaged tells messages that no strict server takes.
func damaged(raw []byte) bool {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if folded := bytes.HasPrefix(line, []byte(" ")) || bytes.HasPrefix(line, []byte("\t")); !folded && !bytes.Contains(line, []byte(":")) {
			return true
		}
	}
	return bytes.Count(raw, []byte("\n")) != bytes.Count(raw, []byte("\r\n"))
}

func (h *harness) Flags(t *testing.T, id provider.MessageID) provider.Flags {
	t.Helper()
	r, err := h.b.parseID(id)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := h.b.folderOf(t.Context(), r.hash, new(bool))
	if err != nil {
		t.Fatal(err)
	}
	flags, _ := readFlags(h.srv.Flags(t, folder, uint32(r.uid)))
	return flags
}

func (h *harness) Rebuild(t *testing.T, folder string) {
	t.Helper()
	var raws [][]byte
	for _, uid := range h.srv.UIDs(t, folder) {
		raws = append(raws, h.srv.Raw(t, folder, uid))
	}
	h.srv.Rebuild(t, folder)
	if h.cut {
		h.srv.Cut()
	}
	h.srv.AppendAll(t, folder, raws)
}

func (h *harness) Sent(t *testing.T) [][]byte {
	t.Helper()
	var out [][]byte
	for _, m := range h.srv.Sent() {
		out = append(out, slices.Clone(m.Data))
	}
	return out
}

func (h *harness) Refused(*testing.T) string { return refused }

func (h *harness) Remains() bool { return h.remains }

func TestConformance(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		breaks := "go-imap's in-memory server fails on the structure of a multipart without parts"
		providertest.Run(t, &harness{root: imapxtest.Memory(t), cut: true},
			providertest.Exception{Check: "corpus/no boundary parameter", Reason: breaks},
			providertest.Exception{Check: "corpus/boundary that never comes", Reason: breaks},
			providertest.Exception{Check: "corpus/line in the header that is none", Reason: "the in-memory server serves nothing of such a message"},
		)
	})
	t.Run("dovecot", func(t *testing.T) { providertest.Run(t, &harness{root: imapxtest.Dovecot(t)}) })
	t.Run("cyrus", func(t *testing.T) { providertest.Run(t, &harness{root: imapxtest.Cyrus(t), strict: true}) })
	t.Run("courier", func(t *testing.T) { providertest.Run(t, &harness{root: imapxtest.Courier(t), cut: true}) })
}

// hiddenTogether is how many suites run at a time: they wait for servers more
// than they compute.
const hiddenTogether = 6

// TestConformanceHidden runs the suite on Dovecot once for each capability that
// is used where there is one, and hides it; then without MOVE and UIDPLUS, where
// originals remain, and without any.
func TestConformanceHidden(t *testing.T) {
	if os.Getenv("POSTERN_HIDDEN") != "1" {
		t.Skip("set POSTERN_HIDDEN=1 and POSTERN_DOVECOT=1 to run with Dovecot lacking each capability in turn")
	}
	leakcheck.Check(t)
	var all sync.WaitGroup
	turn := make(chan struct{}, hiddenTogether)
	for _, hide := range []string{
		"ESEARCH", "SORT", "THREAD", "LIST-STATUS", "SPECIAL-USE", "MOVE", "UIDPLUS", "CONDSTORE", "BINARY", "LITERAL+",
		"IDLE", "PREVIEW", "QUOTA", "ID", "NAMESPACE", "ENABLE", "LIST-EXTENDED", "UNSELECT", "SASL-IR",
		"MOVE UIDPLUS",
		"ESEARCH SORT THREAD LIST-EXTENDED SPECIAL-USE MOVE UIDPLUS CONDSTORE BINARY LITERAL+ IDLE PREVIEW QUOTA ID NAMESPACE ENABLE UNSELECT SASL-IR",
	} {
		all.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			names := strings.Fields(hide)
			name := strings.Join(names, " and ")
			if len(names) > 2 {
				name = "all of them"
			}
			t.Run(name, func(t *testing.T) {
				root := imapxtest.Dovecot(t, imapxtest.Options{Quota: "1G", Hide: names})
				remains := slices.Contains(names, "MOVE") && slices.Contains(names, "UIDPLUS")
				providertest.RunBeside(t, &harness{root: root, remains: remains})
			})
		})
	}
	all.Wait()
}
