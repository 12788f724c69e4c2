package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func reported() *report {
	return &report{
		settings: settings{messages: 1000}, dovecot: "2.3.19",
		tables: []table{
			{transport: overStdio, rows: []row{
				{name: "page", calls: 1, most: 4, raw: time.Millisecond, empty: time.Millisecond, took: 4 * time.Millisecond, ratio: 3, result: 900,
					wire: passed{ours: counts{1, 10, 2000}, hands: counts{1, 10, 1500}}, counted: true},
				{name: "search", calls: 1, most: 1.1, ratio: 1.2},
				{name: "readers", calls: 100, readers: 16, empty: 10 * time.Millisecond, took: 40 * time.Millisecond, result: 200_000},
			}},
			{transport: overHTTP, rows: []row{{name: "page", calls: 1, most: 4, ratio: 9}}},
			{transport: overStdio, delay: 20 * time.Millisecond, rows: []row{{name: "page", calls: 1, most: 4, ratio: 9}}},
		},
		starts: []start{{transport: overStdio, cold: 19 * time.Millisecond, idle: 20 << 20, peak: 39 << 20}},
	}
}

// Only rows over stdio without delay have targets, and each says what became of it.
func TestTargets(t *testing.T) {
	var got []string
	for _, x := range reported().targets() {
		got = append(got, x.name+" | "+x.reached+" | "+verdict(x.met))
	}
	want := []string{
		"page: at most 4 × by hand, plus an empty call | 3.00 × | met",
		"search: at most 1.1 × by hand, plus an empty call | 1.20 × | missed",
		"16 readers: at least 2000 reads a second | 2500 | met",
		"cold start below 20.0 ms | 19.0 ms | met",
		"RSS idle below 20.0 MB | 20.0 MB | missed",
		"RSS peak with the 11 MB message below 40.0 MB | 39.0 MB | met",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("targets (-want +got):\n%s", d)
	}
}

func TestMarkdown(t *testing.T) {
	text := reported().markdown()
	for _, want := range []string{
		"Dovecot 2.3.19", "1000 messages",
		"| page | 1.00 ms | 1.00 ms | 4.00 ms | 3.00 | 0.00 ms | 1 (1) | 2.0 (1.5) | 900 B |",
		"| readers (2500/s; empty calls 10000/s) |", "| 200 KB |",
		"### Over http, mail server 0 ms away", "### Over stdio, mail server 20 ms away",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "|") && !strings.HasSuffix(line, "|\n") {
			t.Errorf("a row that is none: %q", line)
		}
	}
}

func TestBetween(t *testing.T) {
	got, err := between("head\n"+beginMark+"old\n"+endMark+"tail\n", "new\n")
	if want := "head\n" + beginMark + "\nnew\n\n" + endMark + "tail\n"; got != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{"", beginMark, endMark + beginMark} {
		if _, err := between(bad, "new"); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		list []float64
		want float64
	}{
		{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3},
	} {
		if got := median(tt.list); got != tt.want {
			t.Errorf("median(%v) = %v, want %v", tt.list, got, tt.want)
		}
	}
}
