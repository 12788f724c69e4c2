package mailtext_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/postern-mail/postern/internal/mailtext"
)

// numbered writes n pieces, each with its number.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestFromHTMLBombs holds time and memory of pages that are made to exhaust them. Memory is all that was allocated, garbage
// included, which is never less than what was in use at any time; the page itself is the caller's.
func TestFromHTMLBombs(t *testing.T) {
	const limit, memory = 2 * time.Second, 64 << 20
	rep := strings.Repeat
	bombs := []struct {
		name      string
		src       func() string
		truncated bool
	}{
		{"a million cells", func() string { return "<table>" + rep("<tr>"+rep("<td>1", 1000), 1000) }, true},
		{"a million empty cells", func() string { return "<table border=1><tr>" + rep("<td>", 1_000_000) + "x" }, false},
		{"100,000 elements deep", func() string { return rep("<div>", 100_000) + "deep" }, true},
		{"100,000 inline elements deep", func() string { return rep("<b style=color:red>", 100_000) + "deep" }, true},
		{"a million attributes", func() string { return "<p " + numbered("a%d=b ", 700_000) + ">x" }, false},
		{"a million attributes alike", func() string { return "<p " + rep("a=b ", 1_000_000) + ">x" }, false},
		{"a style block of 50 MB", func() string { return "<style>" + rep(".a{color:red}\n", 50<<20/14) + "</style>x" }, true},
		{"a million rules", func() string { return "<style>" + numbered(".a%d{opacity:0}", 1_000_000) + "</style><p class=a7>x" }, true},
		{"a million rules of one name", func() string { return "<style>" + numbered(".a%d p{opacity:0}", 1_000_000) + "</style><p class=a7>x" }, true},
		{"a million links", func() string { return numbered("<a href=//a.example/%d>x</a>", 1_000_000) }, true},
		{"a million links that say another host", func() string { return numbered("<a href=//a%d>www.b</a>", 1_000_000) }, true},
		{"8 MB of style", func() string { return "<p style='" + rep("color:red;", 800_000) + "'>x" }, true},
		{"8 MB of classes", func() string { return "<style>.c{color:red}</style><p class='" + rep("c ", 4_000_000) + "'>x" }, true},
		{"8 MB of address", func() string { return "<a href='http://a.example/" + rep("a", 8_000_000) + "'>x</a>" }, false},
		{"8 MB of references", func() string { return "<p title=x class='" + rep("&amp;", 1_600_000) + "'>x" }, false},
		{"unclosed everything", func() string { return rep("<table><tr><td><ul><li><p><b><a href=//a.example><blockquote>x", 100_000) }, true},
		{"a style of its own for each", func() string { return numbered("<p style='margin:%dpx'>x", 300_000) }, false},
		{"names of its own for each", func() string { return numbered("<x%d>x", 600_000) }, true},
		{"images", func() string { return numbered("<img src=http://a/%d width=1>", 250_000) }, false},
		{"marks", func() string { return "Z" + rep("\u0351", 4_000_000) }, false},
		{"tags of characters", func() string { return rep("\U0001F3F4\U000E0067", 1_000_000) }, true},
	}
	for _, tt := range bombs {
		t.Run(tt.name, func(t *testing.T) {
			src := tt.src()
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			got, _, truncated := mailtext.FromHTML(src, mailtext.Options{})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			used := after.TotalAlloc - before.TotalAlloc
			t.Logf("%.1f MB in %v, %d MB allocated, %d bytes of text, truncated %v", float64(len(src))/1e6, took.Round(time.Millisecond), used>>20, len(got), truncated)
			if took > limit*slack {
				t.Errorf("%v", took)
			}
			if used > memory && slack == 1 { // pools keep nothing under the race detector
				t.Errorf("%d MB allocated", used>>20)
			}
			if truncated != tt.truncated {
				t.Errorf("truncated %v", truncated)
			}
			if len(got) > mailtext.MaxOutput+70<<10 || !utf8.ValidString(got) {
				t.Errorf("%d bytes of text", len(got))
			}
		})
	}
}
