package vcard_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/golden"
	"github.com/postern-mail/postern/internal/vcard"
)

// TestCorpus reads cards in the style of the programs that write them, and broken ones.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/*.vcf")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".vcf"), func(t *testing.T) {
			card, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, truncated := vcard.Text(string(card))
			if truncated {
				t.Error("truncated")
			}
			golden.Compare(t, strings.TrimSuffix(file, ".vcf")+".txt", []byte(text+"\n"))
		})
	}
}
