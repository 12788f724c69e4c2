package leakcheck

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// recorder stands in for the test under check: it keeps cleanups and failures.
type recorder struct {
	testing.TB
	cleanups []func()
	failures []string
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) finish() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}

func blockHere(release <-chan struct{}, started, ended chan<- struct{}) {
	close(started)
	<-release
	close(ended)
}

func start() (release, ended chan struct{}) {
	release, ended = make(chan struct{}), make(chan struct{})
	started := make(chan struct{})
	go blockHere(release, started, ended)
	<-started
	return release, ended
}

func TestCheckReportsALeak(t *testing.T) {
	r := &recorder{TB: t}
	check(r, 20*time.Millisecond)
	release, ended := start()
	r.finish()
	close(release)
	<-ended

	if len(r.failures) != 1 {
		t.Fatalf("got %d failures, want 1", len(r.failures))
	}
	for _, want := range []string{"1 goroutines", "blockHere", "leakcheck_test.go"} {
		if !strings.Contains(r.failures[0], want) {
			t.Errorf("failure lacks %q:\n%s", want, r.failures[0])
		}
	}
}

func TestCheckIgnoresWhatRanBefore(t *testing.T) {
	release, ended := start()
	r := &recorder{TB: t}
	check(r, time.Minute)
	r.finish() // would take a minute if it waited for the older goroutine
	close(release)
	<-ended
	if len(r.failures) != 0 {
		t.Errorf("unexpected failures: %q", r.failures)
	}
}

func TestCheckWaitsForTheSlow(t *testing.T) {
	r := &recorder{TB: t}
	check(r, time.Minute)
	release, ended := start()
	timer := time.AfterFunc(30*time.Millisecond, func() { close(release) })
	defer timer.Stop()
	r.finish()
	<-ended
	if len(r.failures) != 0 {
		t.Errorf("unexpected failures: %q", r.failures)
	}
}

func TestCheckRunsAfterLaterCleanups(t *testing.T) {
	r := &recorder{TB: t}
	check(r, 20*time.Millisecond)
	release, ended := start()
	r.Cleanup(func() { close(release); <-ended })
	r.finish()
	if len(r.failures) != 0 {
		t.Errorf("unexpected failures: %q", r.failures)
	}
}

func TestCheckInARealTest(t *testing.T) {
	Check(t)
	t.Run("subtest", func(t *testing.T) {
		Check(t)
		release, ended := start()
		t.Cleanup(func() { close(release); <-ended })
	})
}
