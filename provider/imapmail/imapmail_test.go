package imapmail

import (
	"slices"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/providertest"
)

// harness runs the conformance suite on one server, each check on an account
// of its own.
type harness struct {
	root *imapxtest.Server
	// cut: a rebuilt folder ends the sessions in it, as it does on Dovecot; the
	// in-memory server would keep showing them the old one.
	cut bool
	srv *imapxtest.Server
	b   *Backend
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
	uid := h.srv.Append(t, folder, raw)
	return h.b.newID(folder, h.srv.UIDValidity(t, folder), imapx.UID(uid))
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
}
