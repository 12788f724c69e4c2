package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/golden"
	"github.com/postern-mail/postern/provider/memmail"
)

// The sample's dates hang on the clock, and times are shown in the zone of the
// machine: the test sets both.
func TestOutput(t *testing.T) {
	defer func(zone *time.Location) { time.Local = zone }(time.Local)
	time.Local = time.UTC
	clock := func() time.Time { return time.Date(2026, time.March, 4, 9, 30, 0, 0, time.UTC) }

	var out bytes.Buffer
	show(&out, memmail.Options{Now: clock})
	// What marks a stranger's text is new in every answer.
	nonce := regexp.MustCompile(`(?m)^[0-9]{12}$`)
	if n := len(nonce.FindAll(out.Bytes(), -1)); n != 2 {
		t.Errorf("%d marks around the body, want 2", n)
	}
	golden.Compare(t, "testdata/output.txt", nonce.ReplaceAll(out.Bytes(), []byte("NONCE")))
}

// The best of some runs counts: the machine may have other things to do.
func TestFast(t *testing.T) {
	var took time.Duration
	for range 5 {
		begun := time.Now()
		show(io.Discard, memmail.Options{})
		if took = time.Since(begun); took < time.Second {
			return
		}
	}
	t.Errorf("it took %v, want less than a second", took)
}

// The program is the first thing that a newcomer reads: it stays short.
func TestShort(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(source, []byte("\n")); n >= 60 {
		t.Errorf("main.go has %d lines, want under 60", n)
	}
}
