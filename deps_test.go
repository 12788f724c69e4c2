package postern_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/postern-mail/postern"

// rule is what the non-test files of a package may import directly.
type rule struct {
	ours    []string // of this module, relative; "internal/..." is all below it, "..." everything
	outside []string // of other modules, by prefix; "..." everything
	why     string
}

// Modules outside, by what they are for.
const (
	mcpSDK     = "github.com/modelcontextprotocol/go-sdk"
	goIMAP     = "github.com/emersion/go-imap"
	goMessage  = "github.com/emersion/go-message"
	goSASL     = "github.com/emersion/go-sasl"
	goSMTP     = "github.com/emersion/go-smtp"
	goCmp      = "github.com/google/go-cmp"
	jsonschema = "github.com/google/jsonschema-go"
	openAI     = "github.com/openai/openai-go"
	anthropic  = "github.com/anthropics/anthropic-sdk-go"
	netX       = "golang.org/x/net"
	textX      = "golang.org/x/text"
	cryptoX    = "golang.org/x/crypto"
	oauth2X    = "golang.org/x/oauth2"
)

// rules is the table of docs/DESIGN.md section 2, "Who may import whom".
var rules = map[string]rule{
	".":      {why: "the root package is documentation"},
	"scopes": {why: "who may do what needs the standard library only"},

	"provider":              {why: "the domain needs the standard library only"},
	"provider/providertest": {ours: []string{"provider", "internal/leakcheck"}, outside: []string{goCmp}, why: "the suite must run for a backend outside this module"},
	"provider/memmail":      {ours: []string{"provider", "internal/mailmime"}, outside: []string{textX}, why: "a backend knows the domain and MIME; the sample letters are in many charsets"},
	"provider/imapmail": {
		ours:    []string{"provider", "imapx", "internal/mailmime", "internal/spread", "internal/submission"},
		outside: []string{goIMAP, goMessage, goSASL, textX}, why: "a backend knows the domain, its protocol and MIME, and how servers fold letters",
	},
	"provider/missive":      {ours: []string{"provider", "scopes", "mailtool", "mailtool/catalog", "internal/rest"}, why: "a REST backend brings its native tools"},
	"provider/trekmail":     {ours: []string{"provider", "scopes", "mailtool", "mailtool/catalog", "internal/rest", "internal/safehttp"}, why: "a REST backend brings its native tools"},
	"provider/missivetest":  {ours: []string{"provider/missive", "mailtool/catalog"}, why: "a fake knows its own backend"},
	"provider/trekmailtest": {ours: []string{"provider/trekmail", "mailtool/catalog"}, why: "a fake knows its own backend"},
	"provider/dav":          {ours: []string{"provider", "internal/safehttp"}, outside: []string{"github.com/emersion/"}, why: "a backend knows the domain and its protocol"},
	"provider/vault":        {ours: []string{"provider", "internal/sqldb", "internal/safehttp"}, outside: []string{cryptoX}, why: "it stores and opens accounts"},

	"imapx":             {ours: []string{"internal/..."}, outside: []string{goIMAP, goSASL}, why: "protocol code knows no domain"},
	"imapx/autoconfig":  {ours: []string{"internal/...", "imapx"}, outside: []string{netX}, why: "what it finds is in imapx's words; protocol code knows no domain"},
	"imapx/tokensource": {ours: []string{"imapx"}, outside: []string{oauth2X}, why: "it says in imapx's words when to sign in again; it is apart because it links HTTP"},
	"imapx/imapxtest":   {ours: []string{"imapx"}, outside: []string{goIMAP, goSASL, goSMTP}, why: "servers for tests know no backend"},

	"internal/mailfacts": {ours: []string{"provider", "internal/mailtext"}, outside: []string{netX}, why: "it reads the domain's messages, for mailtool"},

	"mailtool":         {ours: []string{"provider", "scopes", "internal/mailtext", "internal/mailfacts", "internal/calendar", "internal/doctext", "internal/spread"}, outside: []string{netX, textX}, why: "tools know no MCP, no HTTP and no backend"},
	"mailtool/catalog": {ours: []string{"mailtool", "provider", "scopes", "internal/rest", "internal/mailtext"}, why: "records become tools and requests"},
	"mailtool/journal": {ours: []string{"mailtool", "scopes", "internal/sqldb"}, why: "it stores what tools did"},
	"mailtool/funcall": {ours: []string{"mailtool", "scopes"}, why: "schemas for other hosts know no backend"},

	"mcpadapt": {ours: []string{"mailtool", "provider", "scopes"}, outside: []string{mcpSDK, jsonschema}, why: "it and oauthsrv meet in scopes.Grant only"},

	"oauthsrv":           {ours: []string{"scopes", "internal/safehttp"}, outside: []string{cryptoX, netX}, why: "it and mcpadapt meet in scopes.Grant only"},
	"oauthsrv/login":     {ours: []string{"oauthsrv", "scopes"}, outside: []string{cryptoX}, why: "who logs in is apart from what was granted"},
	"oauthsrv/sqlstore":  {ours: []string{"oauthsrv", "oauthsrv/login", "scopes", "internal/sqldb"}, why: "a Store knows what it stores"},
	"oauthsrv/storetest": {ours: []string{"oauthsrv", "oauthsrv/login", "scopes"}, outside: []string{goCmp}, why: "the suite must run for a Store outside this module"},
	"oauthsrv/console": {
		ours: []string{"oauthsrv", "oauthsrv/login", "provider", "provider/vault", "imapx/autoconfig", "mailtool", "mailtool/journal", "scopes"},
		why:  "the dashboard knows no backend and no MCP",
	},
}

// ruleFor also covers the two families whose members need no line each.
func ruleFor(pkg string) (rule, bool) {
	if r, ok := rules[pkg]; ok {
		return r, true
	}
	everything := []string{"..."}
	switch {
	case strings.HasPrefix(pkg, "examples/"):
		return rule{ours: everything, outside: everything, why: "programs may import anything"}, true
	case strings.HasPrefix(pkg, "internal/"):
		return rule{ours: []string{"internal/..."}, outside: everything, why: "internal packages serve the others and know none of them"}, true
	}
	return rule{}, false
}

// exceptions are the internal packages that drive the whole library from outside.
var exceptions = map[string]bool{"internal/conformance": true, "internal/bench": true, "internal/gendocs": true}

type goPackage struct {
	ImportPath, Name string
	Standard         bool
	Imports, Deps    []string
	GoFiles          []string
	Error            *struct{ Err string }
}

func (p *goPackage) path() string {
	rel := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
	if rel == "" {
		return "."
	}
	return rel
}

func isOurs(importPath string) bool {
	return importPath == module || strings.HasPrefix(importPath, module+"/")
}

// list runs go list and returns packages by import path.
func list(t *testing.T, args ...string) map[string]*goPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Name,Standard,Imports,Deps,GoFiles,Error"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	all := make(map[string]*goPackage)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(goPackage)
		if err := dec.Decode(p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		if isOurs(p.ImportPath) && p.Error != nil {
			t.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
		all[p.ImportPath] = p
	}
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if prefix, ok := strings.CutSuffix(pattern, "..."); ok {
			return strings.HasPrefix(name, prefix)
		}
		return name == pattern
	})
}

func matchesPrefix(prefixes []string, importPath string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		return prefix == "..." || importPath == prefix || strings.HasPrefix(importPath, strings.TrimSuffix(prefix, "/")+"/")
	})
}

// violations names the imports of p that r does not allow.
func violations(p *goPackage, r rule, all map[string]*goPackage) []string {
	var bad []string
	for _, imp := range p.Imports {
		ok := true
		switch {
		case isOurs(imp):
			target := (&goPackage{ImportPath: imp}).path()
			ok = matches(r.ours, target) || exceptions[p.path()]
		case all[imp] == nil || !all[imp].Standard:
			ok = matchesPrefix(r.outside, imp)
		case imp == "net/http":
			ok = p.path() != "mailtool" && p.path() != "provider" && p.path() != "scopes"
		}
		if !ok {
			bad = append(bad, imp)
		}
	}
	return bad
}

func TestImports(t *testing.T) {
	all := list(t, "-deps", "./...")
	for importPath, p := range all {
		if !isOurs(importPath) || len(p.GoFiles) == 0 {
			continue
		}
		r, ok := ruleFor(p.path())
		if !ok {
			t.Errorf("%s is not in the table of docs/DESIGN.md section 2: say there and in rules what it may import", p.path())
			continue
		}
		for _, imp := range violations(p, r, all) {
			t.Errorf("%s must not import %s: %s (docs/DESIGN.md section 2)", p.path(), imp, r.why)
		}
	}
	for pkg, r := range rules {
		if r.why == "" {
			t.Errorf("rule for %s gives no reason", pkg)
		}
	}
}

// TestOneUser: a library that may change, or that only one layer should know,
// is imported by that layer alone.
func TestOneUser(t *testing.T) {
	tests := []struct {
		outside, why string
		users        []string
	}{
		{mcpSDK, "MCP stays in the adapter, so that tools work without it", []string{"mcpadapt", "internal/conformance...", "internal/bench...", "examples/..."}},
		{goIMAP, "it is a beta: a change must not reach further", []string{"imapx", "imapx/imapxtest", "provider/imapmail", "internal/bench..."}},
		{openAI, "funcall writes the vendors' JSON itself, so that embedders choose their client", []string{"examples/functioncalling"}},
		{anthropic, "funcall writes the vendors' JSON itself, so that embedders choose their client", []string{"examples/functioncalling"}},
		{goSMTP, "its traps are dealt with in one place", []string{"internal/submission", "imapx/imapxtest", "examples/bridge"}},
	}
	for importPath, p := range list(t, "./...") {
		for _, tt := range tests {
			for _, imp := range p.Imports {
				if matchesPrefix([]string{tt.outside}, imp) && !matches(tt.users, p.path()) {
					t.Errorf("%s imports %s: %s", importPath, imp, tt.why)
				}
			}
		}
	}
}

// TestNothingHeavy: whoever embeds the library chooses driver and framework.
func TestNothingHeavy(t *testing.T) {
	frameworks := []string{
		"github.com/gin-gonic/gin", "github.com/labstack/echo", "github.com/gofiber/fiber", "github.com/go-chi/chi",
		"github.com/gorilla/mux", "github.com/spf13/cobra", "github.com/stretchr/testify", "gorm.io/gorm",
	}
	all := list(t, "-deps", "./...")
	for importPath, p := range all {
		if !isOurs(importPath) || strings.HasPrefix(p.path(), "examples/") {
			continue
		}
		for _, dep := range p.Deps {
			d := all[dep]
			if d == nil || d.Standard || isOurs(dep) {
				continue
			}
			if slices.Contains(d.Imports, "database/sql/driver") {
				t.Errorf("%s links %s, an SQL driver: only examples choose one", p.path(), dep)
			}
			if matchesPrefix(frameworks, dep) {
				t.Errorf("%s links %s: the library has no framework", p.path(), dep)
			}
		}
	}
}

// TestNoHTTP: mail alone does not need it, and it is the larger half of a small
// program.
func TestNoHTTP(t *testing.T) {
	all := list(t, "-deps", "./imapx", "./imapx/autoconfig", "./provider/imapmail")
	for _, name := range []string{"imapx", "imapx/autoconfig", "provider/imapmail"} {
		p := all[module+"/"+name]
		if p == nil {
			t.Errorf("%s is not there", name)
		} else if slices.Contains(p.Deps, "net/http") {
			t.Errorf("%s links net/http", name)
		}
	}
}

func TestPackageNames(t *testing.T) {
	drawers := []string{
		"util", "utils", "common", "helper", "helpers", "types", "type", "model", "models", "misc", "shared", "base",
		"lib", "core", "pkg", "interfaces", "constants", "consts", "tools", "stuff",
	}
	standard := make(map[string]string)
	for importPath, p := range list(t, "std") {
		if !strings.Contains(importPath, "internal/") && !strings.Contains(importPath, "vendor/") {
			standard[p.Name] = importPath
		}
	}
	for _, p := range list(t, "./...") {
		if p.Name == "main" {
			continue
		}
		if slices.Contains(drawers, p.Name) || slices.Contains(drawers, path.Base(p.path())) {
			t.Errorf("%s: name says nothing about what is in it, so everything lands there", p.path())
		}
		if std := standard[p.Name]; std != "" {
			t.Errorf("%s shadows %s: every file that needs both must rename one", p.path(), std)
		}
	}
}

// maxLines is where a file stops being one thing; 150 is the aim.
const maxLines = 600

func TestFileLength(t *testing.T) {
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name != "." && strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return fs.SkipDir
		case filepath.Ext(name) != ".go":
			return nil
		}
		n, err := lines(name)
		if err != nil {
			return err
		}
		if n > maxLines {
			t.Errorf("%s has %d lines, at most %d: nobody reviews a file that long", name, n, maxLines)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func lines(name string) (int, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n := 0
	for scanner := bufio.NewReader(f); ; n++ {
		if _, err := scanner.ReadString('\n'); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return 0, err
		}
	}
}

// TestRulesBite: the checks above fail on what they are for.
func TestRulesBite(t *testing.T) {
	all := map[string]*goPackage{"net/http": {Standard: true}, "fmt": {Standard: true}, mcpSDK + "/mcp": {}}
	tests := []struct {
		pkg, imp string
		bad      bool
	}{
		{"scopes", "fmt", false},
		{"scopes", module + "/provider", true},
		{"scopes", textX + "/width", true},
		{"mailtool", "net/http", true},
		{"mailtool", module + "/provider", false},
		{"mailtool", module + "/provider/memmail", true},
		{"mailtool", mcpSDK + "/mcp", true},
		{"mcpadapt", mcpSDK + "/mcp", false},
		{"mcpadapt", mcpSDK + "-other/mcp", true},
		{"mcpadapt", module + "/oauthsrv", true},
		{"oauthsrv", module + "/mcpadapt", true},
		{"imapx", module + "/internal/mailmime", false},
		{"imapx", module + "/provider", true},
		{"imapx/imapxtest", module + "/provider", true},
		{"internal/submission", module + "/provider", true},
		{"internal/bench", module + "/provider", false},
		{"examples/quickstart", "modernc.org/sqlite", false},
	}
	for _, tt := range tests {
		p := &goPackage{ImportPath: module + "/" + tt.pkg, Imports: []string{tt.imp}}
		r, ok := ruleFor(tt.pkg)
		if got := len(violations(p, r, all)) > 0; !ok || got != tt.bad {
			t.Errorf("%s importing %s: violation %v, want %v", tt.pkg, tt.imp, got, tt.bad)
		}
	}
	if _, ok := ruleFor("newthing"); ok {
		t.Error("an unlisted package has a rule")
	}
}

// TestTypedData: a typo in a map key compiles; one in a field name does not.
func TestTypedData(t *testing.T) {
	for _, dir := range []string{"mailtool", "provider", "scopes"} {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(names), err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, "_test.go") && bytes.Contains(text, []byte("map[string]any")) {
				t.Errorf("%s holds data in map[string]any: give it a type", name)
			}
		}
	}
}
