package calendar_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the same zones wherever the tests run

	"github.com/postern-mail/postern/internal/calendar"
	"github.com/postern-mail/postern/internal/golden"
)

func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestCorpus reads objects in the style of the programs that send them, and broken ones.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/*.ics")
	if err != nil || len(files) < 25 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	opts := calendar.Options{Zone: berlin(t)}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".ics"), func(t *testing.T) {
			object, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, truncated := calendar.Text(string(object), opts)
			if truncated {
				t.Error("truncated")
			}
			golden.Compare(t, strings.TrimSuffix(file, ".ics")+".txt", []byte(text+"\n"))
		})
	}
}
