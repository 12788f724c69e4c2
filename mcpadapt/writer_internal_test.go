package mcpadapt

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// deadlines is a ResponseWriter that writes down what is done to it.
type deadlines struct {
	header http.Header
	events []string
}

func (d *deadlines) Header() http.Header { return d.header }
func (d *deadlines) WriteHeader(int)     { d.events = append(d.events, "header") }
func (d *deadlines) Flush()              { d.events = append(d.events, "flush") }
func (d *deadlines) Write(p []byte) (int, error) {
	d.events = append(d.events, "write")
	return len(p), nil
}

func (d *deadlines) SetWriteDeadline(when time.Time) error {
	event := "no write limit"
	if !when.IsZero() {
		event = "write limit"
	}
	d.events = append(d.events, event)
	return nil
}

// TestEveryWriteHasItsOwnTime guards streams against the server's WriteTimeout,
// and the server against clients that do not read.
func TestEveryWriteHasItsOwnTime(t *testing.T) {
	inner := &deadlines{header: http.Header{}}
	w := &responseWriter{ResponseWriter: inner}
	w.unlimited()
	for range 2 {
		if _, err := io.WriteString(w, "data: x\n\n"); err != nil {
			t.Fatal(err)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Fatal(err)
		}
	}
	http.Error(w, "unflushed", http.StatusOK)
	w.finish()
	want := strings.Fields("no-write-limit header write-limit write flush no-write-limit write-limit write flush no-write-limit write-limit write flush no-write-limit")
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], "-", " ")
	}
	if diff := cmp.Diff(want, inner.events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if got := inner.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
}
