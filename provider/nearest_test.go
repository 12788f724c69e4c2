package provider

import (
	"fmt"
	"strings"
	"testing"
)

func TestNearestHint(t *testing.T) {
	folders := func(delimiter string, paths ...string) []Folder {
		var out []Folder
		for _, p := range paths {
			out = append(out, Folder{ID: FolderID(p), Path: p, Delimiter: delimiter})
		}
		return out
	}
	parent := Folder{Path: "Invoices", NoSelect: true}
	tests := []struct {
		name    string
		folders []Folder
		ask     string
		want    string
	}{
		{"no folders", nil, "Work", "list_folders shows the folders there are"},
		{"only one that holds no messages", []Folder{parent}, "Invoices", "list_folders shows the folders there are"},
		{"nearest first, at most three", folders("/", "Alpha", "Invoice", "Inbox", "Invoices 2025", "Zeta"), "invoces",
			`nearest names: "Invoice", "Inbox", "Invoices 2025"; list_folders shows all`},
		{"the last level counts", folders("/", "A/B/C", "Clients/Acme", "Zeta"), "acme", `nearest names: "Clients/Acme", "A/B/C", "Zeta"; list_folders shows all`},
		{"another delimiter", folders(".", "Clients.Acme", "Acne"), "acme", `nearest names: "Clients.Acme", "Acne"; list_folders shows all`},
		{"a delimiter of several bytes", folders("→", "Clients→Acme", "Acne"), "acme", `nearest names: "Clients→Acme", "Acne"; list_folders shows all`},
		{"a path that ends in its delimiter", folders("/", "Zeta/", "Acne"), "acme", `nearest names: "Acne", "Zeta/"; list_folders shows all`},
		{"a short name inside a long one is no likeness", folders("/", "E", "Projects"), "project", `nearest names: "Projects", "E"; list_folders shows all`},
		{"no hierarchy", folders("", "Clients/Acme", "Acmee"), "acme", `nearest names: "Clients/Acme", "Acmee"; list_folders shows all`},
		{"a hostile name stays in its quotes", folders("/", "Work\"\n\u202e"), "work", `nearest names: "Work\"\n\u202e"; list_folders shows all`},
		{"a name nobody can use is left out", folders("/", strings.Repeat("work", 1000), "Works"), "work", `nearest names: "Works"; list_folders shows all`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := nearestHint(test.folders, test.ask); got != test.want {
				t.Errorf("hint %.200s\nwant %.200s", got, test.want)
			}
		})
	}
}

// TestNearestHintIsBounded: of a mailbox with very many folders only the first
// are compared letter by letter, and none is left out.
func TestNearestHintIsBounded(t *testing.T) {
	var many []Folder
	for i := range nearestFolders {
		many = append(many, Folder{Path: fmt.Sprintf("%s/%d", strings.Repeat("Ordner", 9), i), Delimiter: "/"})
	}
	many = append(many, Folder{Path: "Clients/Acme"}, Folder{Path: "Acne"})
	if got, want := nearestHint(many, "acme"), `nearest names: "Clients/Acme", `; !strings.HasPrefix(got, want) || strings.Contains(got, "Acne") {
		t.Errorf("hint %s\nwant %s... without Acne", got, want)
	}
	if got, want := nearestHint(many[2:], "acme"), `nearest names: "Clients/Acme", "Acne", `; !strings.HasPrefix(got, want) {
		t.Errorf("hint %s\nwant %s...", got, want)
	}
}

func TestEditDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"kitten", "sitting", 3},
		{"straße", "strasse", 2},
		{"äöü", "aou", 3},
		{"abc", "abc", 0},
		{"ab", "ba", 2},
		{strings.Repeat("a", 1000), strings.Repeat("a", 61), 0}, // equal as far as compared
		{strings.Repeat("a", 1000), strings.Repeat("b", 1000), nearestCompared},
	}
	for _, test := range tests {
		if got := EditDistance(test.a, test.b); got != test.want {
			t.Errorf("EditDistance(%.10q, %.10q) = %d, want %d", test.a, test.b, got, test.want)
		}
		if got := EditDistance(test.b, test.a); got != test.want {
			t.Errorf("EditDistance(%.10q, %.10q) = %d, want %d", test.b, test.a, got, test.want)
		}
	}
}
