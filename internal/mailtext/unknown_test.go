package mailtext_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/mailtext"
)

// TestUnknownStyles: what may hide or reorder text and is not worked out is warned of, and nothing that honest pages do.
func TestUnknownStyles(t *testing.T) {
	for name, test := range map[string]struct {
		page string
		want string // the end of the warning
	}{
		"siblings":           {`<style>p + .x{display:none}</style><p>a<p class=x>b`, "left out: 1"},
		"places":             {`<style>p:nth-child(2){visibility:hidden} p{color:red}</style><p>a<p>b`, "left out: 1"},
		"a variable":         {`<style>:root{--d:none} .x{display:var(--d)}</style><p>a<p class=x>b`, "left out: 1"},
		"a variable inline":  {`<p>a<p style="opacity:var(--o)">b`, "left out: 1"},
		"letters overridden": {`<p>a <bdo dir=rtl>cba</bdo> <span style="unicode-bidi:bidi-override">b</span>`, "left out: 2"},
		"shown when pressed": {`<style>.x:hover,.y:checked ~ .z,p::before{display:none}</style><p class=x>a`, ""},
		"siblings coloured":  {`<style>u + .body .x{width:100%} p + p{color:#333;margin:0}</style><p>a<p>b`, ""},
		"a colour variable":  {`<style>:root{--ink:#111} p{color:var(--ink)}</style><p>a`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(mailtext.Body("", test.page, mailtext.Options{}).Warnings, "\n")
			if test.want == "" && got != "" || !strings.HasSuffix(got, test.want) {
				t.Errorf("warnings %q, want one that ends in %q", got, test.want)
			}
		})
	}
	pages, err := filepath.Glob("testdata/newsletter/*.html")
	if err != nil || len(pages) < 12 {
		t.Fatalf("%d newsletters, %v", len(pages), err)
	}
	for _, page := range pages {
		src, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range mailtext.Body("", string(src), mailtext.Options{}).Warnings {
			if strings.Contains(w, "left out") {
				t.Errorf("%s: %s", page, w)
			}
		}
	}
}
