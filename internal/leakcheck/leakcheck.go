// Package leakcheck fails a test that leaves goroutines behind.
//
//	func TestPool(t *testing.T) {
//		leakcheck.Check(t) // first, so that it looks last
//		...
//	}
//
// It compares goroutines by number, so those that ran before the call do not
// count. It looks at the whole process: in a test that runs beside others
// (t.Parallel) their goroutines would be reported too, so use it only in
// tests that run alone.
package leakcheck

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	// grace is how long goroutines may take to end once the test is over:
	// long enough for a loaded machine under the race detector.
	grace = 5 * time.Second
	// firstPoll is short because most goroutines are gone at once; each later
	// wait is twice as long, up to lastPoll.
	firstPoll = 50 * time.Microsecond
	lastPoll  = 50 * time.Millisecond
	// firstDump holds the stacks of an ordinary test; maxDump bounds what a
	// process with very many goroutines may cost.
	firstDump = 64 << 10
	maxDump   = 64 << 20
)

// Check makes t fail, with their stacks, if goroutines started after this call
// are still there when t and its later cleanups have ended and a grace period
// of 5 seconds has passed. Call it before anything that starts a goroutine.
func Check(t testing.TB) {
	t.Helper()
	check(t, grace)
}

func check(t testing.TB, grace time.Duration) {
	t.Helper()
	before := make(map[string]bool)
	for _, g := range running() {
		before[g.id] = true
	}
	t.Cleanup(func() {
		t.Helper()
		left := wait(before, grace)
		if len(left) == 0 {
			return
		}
		var b strings.Builder
		for _, g := range left {
			fmt.Fprintf(&b, "\n\n%s", g.stack)
		}
		t.Errorf("leakcheck: %d goroutines still there %v after the test:%s", len(left), grace, b.String())
	})
}

// wait polls until every goroutine started since has ended or grace is over,
// and returns those that are left.
func wait(before map[string]bool, grace time.Duration) []goroutine {
	deadline := time.Now().Add(grace)
	for pause := firstPoll; ; pause = min(2*pause, lastPoll) {
		left := slices.DeleteFunc(running(), func(g goroutine) bool { return before[g.id] || g.ours() })
		rest := time.Until(deadline)
		if len(left) == 0 || rest <= 0 {
			return left
		}
		<-time.After(min(pause, rest))
	}
}

type goroutine struct {
	id    string
	stack string
}

// ours tells goroutines of the runtime and the testing package: they live as
// long as the process or the test binary wants.
func (g goroutine) ours() bool {
	_, creator, found := strings.Cut(g.stack, "\ncreated by ")
	if !found {
		return true // the main goroutine
	}
	for _, prefix := range []string{"testing.", "runtime.", "runtime/", "os/signal."} {
		if strings.HasPrefix(creator, prefix) {
			return true
		}
	}
	return false
}

// running returns every goroutine but the calling one.
func running() []goroutine {
	dump := make([]byte, firstDump)
	for {
		n := runtime.Stack(dump, true)
		if n < len(dump) || len(dump) >= maxDump {
			dump = dump[:n]
			break
		}
		dump = make([]byte, 2*len(dump))
	}
	var all []goroutine
	for i, block := range bytes.Split(dump, []byte("\n\n")) {
		if i == 0 {
			continue // runtime.Stack puts the caller first
		}
		var id string
		if _, err := fmt.Sscanf(string(block), "goroutine %s ", &id); err == nil {
			all = append(all, goroutine{id: id, stack: strings.TrimSpace(string(block))})
		}
	}
	return all
}
