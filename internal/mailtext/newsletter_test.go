package mailtext_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/postern-mail/postern/internal/golden"
	"github.com/postern-mail/postern/internal/mailtext"
)

// newsletters are mails as the great senders' programs make them: campaign builders, shops, payment services, word
// processors, webmail. All of them are written for these tests.
func newsletters(tb testing.TB) map[string]string {
	tb.Helper()
	files, err := filepath.Glob("testdata/newsletter/*.html")
	if err != nil || len(files) < 12 {
		tb.Fatalf("%d newsletters, %v", len(files), err)
	}
	pages := make(map[string]string, len(files))
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		pages[strings.TrimSuffix(filepath.Base(file), ".html")] = string(src)
	}
	return pages
}

func TestNewslettersGolden(t *testing.T) {
	for name, src := range newsletters(t) {
		t.Run(name, func(t *testing.T) {
			text, d, truncated := mailtext.FromHTML(src, mailtext.Options{Full: true})
			got := fmt.Sprintf("%s\n=====\nhidden %d, trackers %d, images %d, invisible %d, truncated %v\n",
				text, d.Hidden, d.Trackers, d.Images, d.Invisible, truncated)
			golden.Compare(t, "testdata/newsletter/"+name+".txt", []byte(got))
		})
	}
}

// TestNewslettersAreSmall holds the size of the text, list of links included, against the size of the page.
func TestNewslettersAreSmall(t *testing.T) {
	const median, worst = 0.10, 0.25
	var shares []float64
	for name, src := range newsletters(t) {
		text, _, _ := mailtext.FromHTML(src, mailtext.Options{Full: true})
		share := float64(len(text)) / float64(len(src))
		t.Logf("%-14s %6d -> %5d bytes, %4.1f%%", name, len(src), len(text), 100*share)
		shares = append(shares, share)
		if share > worst {
			t.Errorf("%s: %.1f%% of the page", name, 100*share)
		}
	}
	slices.Sort(shares)
	n := len(shares)
	middle := (shares[(n-1)/2] + shares[n/2]) / 2
	t.Logf("median %.1f%%, worst %.1f%%", 100*middle, 100*shares[n-1])
	if middle > median {
		t.Errorf("median %.1f%% of the page, want %.0f%% at most", 100*middle, 100*median)
	}
}

// TestNewslettersAreFast holds the time against that of the bare tokenizer, page by page in turns: of each the best of
// some rounds, since other programs run beside this one.
func TestNewslettersAreFast(t *testing.T) {
	if slack > 1 {
		t.Skip("the race detector slows this package down more than the tokenizer")
	}
	const rounds, want = 25, 0.6
	var bare, text time.Duration
	for _, src := range newsletters(t) {
		best := [2]time.Duration{time.Hour, time.Hour}
		for range rounds {
			start := time.Now()
			tokenize(src)
			middle := time.Now()
			mailtext.FromHTML(src, mailtext.Options{})
			best[0], best[1] = min(best[0], middle.Sub(start)), min(best[1], time.Since(middle))
		}
		bare, text = bare+best[0], text+best[1]
	}
	speed := float64(bare) / float64(text)
	t.Logf("tokenizer %v, text %v: %.2f of its speed", bare, text, speed)
	if speed < want {
		t.Errorf("%.2f of the tokenizer's speed, want %.1f", speed, want)
	}
}

// BenchmarkNewsletters reads the whole set: "next" is the tokenizer finding the ends of tags, "tokenizer" with all
// names and values asked for, "text" is this package.
func BenchmarkNewsletters(b *testing.B) {
	size := 0
	pages := newsletters(b)
	for _, src := range pages {
		size += len(src)
	}
	for _, one := range []struct {
		name string
		read func(string)
	}{
		{"next", func(src string) {
			z := html.NewTokenizer(strings.NewReader(src))
			for z.Next() != html.ErrorToken {
			}
		}},
		{"tokenizer", tokenize},
		{"text", func(src string) { mailtext.FromHTML(src, mailtext.Options{}) }},
	} {
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				for _, src := range pages {
					one.read(src)
				}
			}
		})
	}
}

// tokenize asks the bare tokenizer for all that a page holds.
func tokenize(src string) {
	z := html.NewTokenizer(strings.NewReader(src))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		switch kind {
		case html.TextToken:
			_ = z.Text()
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			_, more := z.TagName()
			for more {
				_, _, more = z.TagAttr()
			}
		}
	}
}
