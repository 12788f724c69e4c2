package providertest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/provider"
)

// Harness makes empty, isolated backends and puts known mail into them. Its
// methods are called one after another, from the test's goroutine.
type Harness interface {
	// Open returns a fresh backend on an account without any mail. It cleans up
	// by t.Cleanup; the suite may have closed the backend by then.
	Open(t *testing.T) provider.Provider
	// Deliver puts a raw message (RFC 5322, CRLF, sometimes damaged) unread into
	// a folder of the account opened last, where possible not through the
	// backend under test, and returns its id. folder is a path as ListFolders
	// gives it. The message is the folder's newest and visible on return.
	Deliver(t *testing.T, folder string, raw []byte) provider.MessageID
}

// FlagViewer is a Harness that looks at a message's flags by another client.
type FlagViewer interface {
	Flags(t *testing.T, id provider.MessageID) provider.Flags
}

// Rebuilder is a Harness that can make every id and cursor of a folder stale, as
// a new UIDVALIDITY does, while its messages stay.
type Rebuilder interface {
	Rebuild(t *testing.T, folder string)
}

// Outbox is a Harness that shows what was sent by the account opened last: each
// message once, as the submission server got it.
type Outbox interface {
	Sent(t *testing.T) [][]byte
}

// Refuser is a Harness whose submission server refuses one address.
type Refuser interface {
	Refused(t *testing.T) string
}

// Remainer is a Harness whose server may be unable to remove single messages.
// Where Remains is true a move copies, marks the original as deleted, and says so
// by Outcome.Remains; where it is false, and without a Remainer, it must not.
type Remainer interface {
	Remains() bool
}

// Exception names a check that a backend cannot meet and says why.
type Exception struct{ Check, Reason string }

// Run checks the backend that h opens: one subtest per check, each on an
// account of its own. An exception whose check does not fail is a failure.
func Run(t *testing.T, h Harness, except ...Exception) {
	t.Helper()
	run(t, h, leakcheck.Check, except)
}

// RunBeside is Run while other tests run: their goroutines cannot be told from
// the backend's, so it does not look for any that are left.
func RunBeside(t *testing.T, h Harness, except ...Exception) {
	t.Helper()
	run(t, h, func(testing.TB) {}, except)
}

func run(t *testing.T, h Harness, leaks func(testing.TB), except []Exception) {
	t.Helper()
	excused := excuses(t.Errorf, except)
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			leaks(t)
			failures, skip := perform(t, h, c, promptly).verdict(excused[c.name])
			for _, f := range failures {
				t.Error(f)
			}
			if len(failures) == 0 && skip != "" {
				t.Skip(skip)
			}
		})
	}
}

// excuses maps checks to reasons and reports exceptions that excuse nothing.
func excuses(errorf func(string, ...any), except []Exception) map[string]string {
	known := make(map[string]bool)
	for _, c := range checks() {
		known[c.name] = true
	}
	excused := make(map[string]string)
	for _, e := range except {
		if !known[e.Check] {
			errorf("exception for %q: there is no such check", e.Check)
		}
		if e.Reason == "" {
			errorf("exception for %q: it gives no reason", e.Check)
		}
		excused[e.Check] = e.Reason
	}
	return excused
}

// check is one thing that a backend with these capabilities must get right.
type check struct {
	name  string
	needs provider.CapabilitySet
	run   func(*trial)
}

func checks() []check {
	return slices.Concat(
		capabilityChecks(), folderChecks(), messageChecks(), corpusChecks(), cursorChecks(), searchChecks(),
		modifyChecks(), handledChecks(), moveChecks(), deleteChecks(), sendChecks(), watchChecks(), threadChecks(), cancelChecks(), concurrencyChecks(),
	)
}

// result is what came of one check.
type result struct {
	failures []string
	skipped  string
}

// verdict turns a result into what the test reports, given the reason of an
// exception for it, if any.
func (r result) verdict(excuse string) (failures []string, skip string) {
	switch {
	case excuse == "":
		return r.failures, r.skipped
	case len(r.failures) > 0:
		return nil, fmt.Sprintf("excused: %s (%s)", excuse, r.failures[0])
	}
	return []string{"nothing fails here any more: remove the exception (" + excuse + ")"}, ""
}
