package memmail

import (
	"cmp"
	"embed"
	"errors"
	"io/fs"
	"slices"

	"github.com/postern-mail/postern/provider"
)

//go:embed sample/*.txt
var sampleFiles embed.FS

// NewDemo returns the mailbox of Ann Lee, who designs and builds wooden boats: some 200 messages in eight folders, with
// threads, newsletters, attachments, an invitation, bounces, several languages and charsets, and mail that means harm.
// All people and companies are made up. Zero options mean the account "demo" and Ann's addresses. Dates are counted back
// from opts.Now, so the same clock gives the same mailbox.
func NewDemo(opts Options) (*Backend, error) {
	if opts.Account == "" {
		opts.Account = "demo"
	}
	if len(opts.Identities) == 0 {
		opts.Identities = []provider.Address{{Name: "Ann Lee", Addr: "ann@example.org"}, {Name: "Lee Boatworks", Addr: "office@example.org"}}
	}
	b, err := New(opts)
	if err != nil {
		return nil, err
	}
	letters, err := readSample(newClock(b.opts.Now()))
	if err != nil {
		return nil, err
	}
	// Uids grow with the time of arrival, as on a server.
	slices.SortStableFunc(letters, func(x, y letter) int { return x.received.Compare(y.received) })
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, path := range []string{"Projects/Lighthouse", "Receipts"} {
		b.folders = append(b.folders, &folder{path: path, validity: b.nextValidity()})
	}
	for _, l := range letters {
		f := b.find(l.folder)
		if f == nil {
			return nil, fail("open", provider.Internal, "the sample names a folder "+l.folder)
		}
		b.deliver(f, l.raw, Delivery{Flags: l.flags, Received: l.received})
	}
	return b, nil
}

// readSample makes the messages of every sample file, in the order of the files' names: a reply comes after what it answers.
func readSample(at clock) ([]letter, error) {
	names, err := fs.Glob(sampleFiles, "sample/*.txt")
	if err != nil {
		return nil, fail("open", provider.Internal, err.Error())
	}
	slices.SortFunc(names, cmp.Compare[string])
	w := &writer{clock: at, threads: map[string]thread{}}
	for _, name := range names {
		text, err := sampleFiles.ReadFile(name)
		if err != nil {
			return nil, fail("open", provider.Internal, err.Error())
		}
		if err := w.file(string(text)); err != nil {
			return nil, &provider.Error{Op: "open", Code: provider.Internal, Err: errors.New(name + ": " + err.Error())}
		}
	}
	return w.letters, nil
}
