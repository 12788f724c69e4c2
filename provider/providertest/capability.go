package providertest

import (
	"context"
	"errors"
	"io"
	"reflect"
	"sync"

	"github.com/postern-mail/postern/provider"
)

func capabilityChecks() []check {
	return []check{
		{"capability/info", 0, checkInfo},
		{"capability/implemented", 0, checkImplemented},
		{"capability/reported works", 0, checkReported},
		{"capability/missing is unsupported", 0, checkMissing},
		{"capability/close", 0, checkClose},
	}
}

// operation is one call of one interface. on is an Account or the backend
// itself: they have the same methods.
type operation struct {
	name     string
	needs    provider.Capability
	changing bool
	call     func(ctx context.Context, on any, s scene) error
}

// scene is what operations work on.
type scene struct {
	inbox, other provider.Folder
	id           provider.MessageID // in the inbox, with an attachment as part 2
	from         provider.Address
}

const sceneID = "scene@test.invalid"

// scene makes the messages and folders that the account allows.
func (tr *trial) scene() scene {
	s := scene{inbox: tr.inbox(), other: provider.Folder{ID: "Nowhere"}}
	if tr.caps&provider.Caps(provider.CapFolderEdit, provider.CapMove) != 0 {
		s.other = tr.second()
	}
	if tr.caps&provider.Caps(provider.CapRead, provider.CapSearch, provider.CapModify, provider.CapMove, provider.CapDelete, provider.CapPurge, provider.CapThread) != 0 {
		s.id = tr.deliver(s.inbox, letter{id: sceneID, subject: "scene", text: "on stage\n", file: "prop.bin", data: []byte("prop")})
	}
	if identities := tr.acct.Info().Identities; len(identities) > 0 {
		s.from = identities[0]
	}
	return s
}

func operations() []operation {
	one := func(s scene) []provider.MessageID { return []provider.MessageID{s.id} }
	return append(watchOperations(), []operation{
		threadOperation(), handledOperation(),
		{"list folders", provider.CapFolders, false, func(ctx context.Context, on any, _ scene) error {
			_, err := on.(provider.Folders).ListFolders(ctx)
			return err
		}},
		{"create folder", provider.CapFolderEdit, true, func(ctx context.Context, on any, _ scene) error {
			_, err := on.(provider.FolderEditor).CreateFolder(ctx, "Made")
			return err
		}},
		{"rename folder", provider.CapFolderEdit, true, func(ctx context.Context, on any, s scene) error {
			_, err := on.(provider.FolderEditor).RenameFolder(ctx, s.other.ID, "Renamed")
			return err
		}},
		{"delete folder", provider.CapFolderEdit, true, func(ctx context.Context, on any, s scene) error {
			return on.(provider.FolderEditor).DeleteFolder(ctx, s.other.ID, true)
		}},
		{"list messages", provider.CapRead, false, func(ctx context.Context, on any, s scene) error {
			_, err := on.(provider.Reader).ListMessages(ctx, provider.ListOptions{Folder: s.inbox.ID}, provider.PageRequest{Limit: 10})
			return err
		}},
		{"read messages", provider.CapRead, false, func(ctx context.Context, on any, s scene) error {
			got, err := on.(provider.Reader).ReadMessages(ctx, one(s), provider.ReadOptions{MaxText: provider.DefaultMaxText})
			if err == nil && len(got) == 1 {
				err = got[0].Err
			}
			return err
		}},
		{"open part", provider.CapRead, false, func(ctx context.Context, on any, s scene) error {
			_, body, err := on.(provider.Reader).OpenPart(ctx, s.id, "2")
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, body)
			return errors.Join(err, body.Close())
		}},
		{"search", provider.CapSearch, false, func(ctx context.Context, on any, _ scene) error {
			_, err := on.(provider.Searcher).Search(ctx, provider.Query{Subject: []string{"scene"}}, provider.PageRequest{Limit: 10})
			return err
		}},
		{"set flags", provider.CapModify, true, func(ctx context.Context, on any, s scene) error {
			return outcome(on.(provider.Modifier).SetFlags(ctx, one(s), provider.FlagChange{Add: provider.Flagged}))
		}},
		{"move", provider.CapMove, true, func(ctx context.Context, on any, s scene) error {
			return outcome(on.(provider.Mover).Move(ctx, one(s), s.other.ID))
		}},
		{"delete", provider.CapDelete, true, func(ctx context.Context, on any, s scene) error {
			return outcome(on.(provider.Deleter).Delete(ctx, one(s), false))
		}},
		{"delete permanently", provider.CapPurge, true, func(ctx context.Context, on any, s scene) error {
			return outcome(on.(provider.Deleter).Delete(ctx, one(s), true))
		}},
		{"send", provider.CapSend, true, func(ctx context.Context, on any, s scene) error {
			_, err := on.(provider.Sender).Send(ctx, outgoing(s.from))
			return err
		}},
	}...)
}

func checkInfo(tr *trial) {
	first := tr.p.Info()
	if first.Account == "" || first.Service == "" {
		tr.errorf("the account or the service has no name: %+v", first)
	}
	if again := tr.p.Info(); !reflect.DeepEqual(first, again) {
		tr.errorf("Info changed from %+v to %+v", first, again)
	}
	if tr.caps.Can(provider.CapSend) && len(first.Identities) == 0 {
		tr.errorf("the backend can send, and has no address to send from")
	}
	if len(first.Identities) > 0 {
		was := first.Identities[0]
		first.Identities[0] = provider.Address{Addr: "changed@test.invalid"}
		if tr.p.Info().Identities[0] != was {
			tr.errorf("writing to Info().Identities changed the backend")
		}
	}
}

// checkImplemented: what a backend reports, its code has.
func checkImplemented(tr *trial) {
	if lost := tr.p.Capabilities() &^ tr.acct.Capabilities(); lost != 0 {
		tr.errorf("reported without an implementation: %s", lost)
	}
	if tr.remains && tr.caps.Can(provider.CapPurge) {
		tr.errorf("the server removes for good (%s), and originals are to remain", provider.CapPurge)
	}
	if tr.caps == 0 {
		tr.errorf("the backend reports nothing at all")
	}
}

func checkReported(tr *trial) {
	for _, op := range operations() {
		if !tr.caps.Can(op.needs) {
			continue
		}
		tr.again()
		s := tr.scene()
		if err := op.call(tr.ctx(), tr.acct, s); err != nil {
			tr.errorf("%s is reported (%s) and fails: %v", op.name, op.needs, err)
		}
	}
}

// again goes on with another fresh account.
func (tr *trial) again() {
	if err := tr.acct.Close(); err != nil {
		tr.errorf("close: %v", err)
	}
	tr.open()
}

// checkMissing: what is not reported, or not allowed, is unsupported.
func checkMissing(tr *trial) {
	s := tr.scene()
	for _, op := range operations() {
		on := tr.acct
		if tr.caps.Can(op.needs) {
			on = tr.acct.Restrict(provider.AllCaps() &^ provider.Caps(op.needs))
		}
		if err := op.call(tr.ctx(), on, s); !errors.Is(err, errors.ErrUnsupported) || !errors.Is(err, provider.Unsupported) {
			tr.errorf("%s without %s: got %v, want unsupported", op.name, op.needs, err)
		}
	}
}

// checkClose: Close waits, is idempotent, and what is called after it fails
// without hanging.
func checkClose(tr *trial) {
	s := tr.scene()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := tr.p.Close(); err != nil {
				tr.errorf("close: %v", err)
			}
		})
	}
	wg.Wait()
	if err := tr.p.Close(); err != nil {
		tr.errorf("close again: %v", err)
	}
	ctx, cancel := context.WithTimeout(tr.ctx(), tr.patience)
	defer cancel()
	for _, op := range operations() {
		if !tr.caps.Can(op.needs) {
			continue
		}
		err := op.call(ctx, tr.acct, s)
		if err == nil || errors.Is(err, context.DeadlineExceeded) {
			tr.errorf("%s after Close: got %v, want an error at once", op.name, err)
		}
	}
}
