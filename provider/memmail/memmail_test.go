package memmail_test

import (
	"testing"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/provider/providertest"
)

// harness shows the suite what a Backend holds besides what its interfaces say.
type harness struct{ box *memmail.Backend }

const refused = "refused@test.invalid"

func (h *harness) Open(t *testing.T) provider.Provider {
	t.Helper()
	h.box = open(t, memmail.Options{Refuse: func(address string) *provider.Refusal {
		if address == refused {
			return &provider.Refusal{Status: 550, Text: "no such user here"}
		}
		return nil
	}})
	return h.box
}

func (h *harness) Deliver(t *testing.T, folder string, raw []byte) provider.MessageID {
	t.Helper()
	return deliver(t, h.box, folder, string(raw))
}

func (h *harness) Rebuild(t *testing.T, folder string) {
	t.Helper()
	if err := h.box.Rebuild(folder); err != nil {
		t.Fatal(err)
	}
}

func (h *harness) Sent(*testing.T) [][]byte {
	var out [][]byte
	for _, s := range h.box.Sent() {
		out = append(out, s.Raw)
	}
	return out
}

func (h *harness) Refused(*testing.T) string { return refused }

func TestConformance(t *testing.T) { providertest.Run(t, &harness{}) }

// open makes a mailbox of Ann's.
func open(t *testing.T, opts memmail.Options) *memmail.Backend {
	t.Helper()
	opts.Account = "mem"
	opts.Identities = []provider.Address{{Name: "Ann Lee", Addr: "ann@example.org"}, {Addr: "info@example.org"}}
	box, err := memmail.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return box
}

func deliver(t *testing.T, box *memmail.Backend, folder, raw string) provider.MessageID {
	t.Helper()
	id, err := box.Deliver(folder, []byte(raw), memmail.Delivery{})
	if err != nil {
		t.Fatal(err)
	}
	return id
}
