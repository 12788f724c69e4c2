package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	clientsDoc = "../../docs/CLIENTS.md"
	checkout   = "../.."
	thisModule = "github.com/postern-mail/postern"
	image      = "mailmcp"
)

// fence is a fenced block of the document, under its second-level heading.
type fence struct {
	section, language, text string
	line                    int
}

// launch is a server as a client would start it.
type launch struct {
	name    string
	command string
	args    []string
	env     map[string]string
}

// TestClientBlocks starts what each block of docs/CLIENTS.md names and lists its tools.
func TestClientBlocks(t *testing.T) {
	binary := installed(t)
	container := newContainer(t)
	seen := map[string]bool{}
	for _, f := range fences(t) {
		t.Run(f.section+" line "+strconv.Itoa(f.line), func(t *testing.T) {
			if f.section == "" {
				checkSetup(t, f)
				return
			}
			if strings.HasPrefix(f.text, "mailmcp login ") {
				checkLogin(t, shellWords(t, f.text))
				return
			}
			for _, l := range launches(t, f) {
				checkVariables(t, l)
				kind := "binary"
				var cmd *exec.Cmd
				if l.command == "docker" {
					kind = "docker"
					cmd = container.command(t, l)
				} else {
					if path.Base(l.command) != "mailmcp" {
						t.Fatalf("command %q", l.command)
					}
					cmd = exec.Command(binary, l.args...)
					cmd.Env = environ(l.env)
				}
				seen[f.section+", "+kind] = true
				checkListed(t, cmd, l)
			}
		})
	}
	for _, client := range []string{"Claude Desktop", "Claude Code", "VS Code", "Cursor"} {
		for _, kind := range []string{"binary", "docker"} {
			if !seen[client+", "+kind] {
				t.Errorf("%s has no block for %s, %s", clientsDoc, client, kind)
			}
		}
	}
}

// fences reads every fenced block; one that is never closed is a failure.
func fences(t *testing.T) []fence {
	t.Helper()
	doc, err := os.ReadFile(clientsDoc)
	if err != nil {
		t.Fatal(err)
	}
	var all []fence
	var open *fence
	section := ""
	for i, line := range strings.Split(string(doc), "\n") {
		mark, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && open == nil:
			open = &fence{section: section, language: mark, line: i + 1}
		case isFence:
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case strings.HasPrefix(line, "## "):
			section = line[3:]
		}
	}
	if open != nil || len(all) == 0 {
		t.Fatalf("%s has %d whole blocks, one open: %v", clientsDoc, len(all), open != nil)
	}
	return all
}

// checkSetup checks a block that gets the program: its package or its Dockerfile exists.
func checkSetup(t *testing.T, f fence) {
	t.Helper()
	words := shellWords(t, f.text)
	switch {
	case len(words) == 3 && words[0] == "go" && words[1] == "install":
		pkg, ok := strings.CutPrefix(strings.TrimSuffix(words[2], "@latest"), thisModule+"/")
		if !ok || pkg != "examples/mailmcp" {
			t.Errorf("installs %q", words[2])
		}
	case len(words) > 2 && words[0] == "docker" && words[1] == "build":
		file := words[slices.Index(words, "-f")+1]
		if _, err := os.Stat(filepath.Join(checkout, file)); err != nil {
			t.Error(err)
		}
		if words[slices.Index(words, "-t")+1] != image || words[len(words)-1] != "." {
			t.Errorf("builds with %q", words)
		}
	default:
		t.Errorf("no way to check %q", f.text)
	}
}

// checkLogin checks a block that logs in: given a client, it is complete.
func checkLogin(t *testing.T, words []string) {
	t.Helper()
	f, err := parseLoginFlags(words[2:])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readLogin(f, env{"IMAP_OAUTH_CLIENT_ID": "client-1"}.get, builtInPreset); err != nil {
		t.Error(err)
	}
}

// launches reads the servers of a block.
func launches(t *testing.T, f fence) []launch {
	t.Helper()
	if f.language == "sh" {
		return []launch{claudeCode(t, shellWords(t, f.text))}
	}
	if f.language != "json" {
		t.Fatalf("a block in %q", f.language)
	}
	type server struct {
		Type    string            `json:"type"`
		Command string            `json:"command"`
		Args    []string          `json:"args"`
		Env     map[string]string `json:"env"`
	}
	var file struct {
		Inputs []struct {
			Type        string `json:"type"`
			ID          string `json:"id"`
			Description string `json:"description"`
			Password    bool   `json:"password"`
		} `json:"inputs"`
		Servers    map[string]server `json:"servers"`
		McpServers map[string]server `json:"mcpServers"`
	}
	decoder := json.NewDecoder(strings.NewReader(f.text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	servers := file.McpServers
	if f.section == "VS Code" {
		servers = file.Servers
	}
	if len(servers) == 0 {
		t.Fatal("no server under the member that this client reads")
	}
	var inputs []string
	for _, in := range file.Inputs {
		inputs = append(inputs, in.ID)
	}
	var all []launch
	for name, s := range servers {
		if (s.Type == "stdio") != (f.section == "VS Code") {
			t.Errorf("%s has type %q", name, s.Type)
		}
		for variable, value := range s.Env {
			s.Env[variable] = filled(t, f.section, value, inputs)
		}
		all = append(all, launch{name: name, command: s.Command, args: s.Args, env: s.Env})
	}
	return all
}

// filled puts a value where the client would take one from elsewhere.
func filled(t *testing.T, client, value string, inputs []string) string {
	t.Helper()
	m := regexp.MustCompile(`^\$\{(\w+):([\w-]+)\}$`).FindStringSubmatch(value)
	switch {
	case m == nil:
		return value
	case m[1] == "input" && client == "VS Code" && slices.Contains(inputs, m[2]):
	case m[1] == "env" && client == "Cursor":
	default:
		t.Errorf("%s does not fill in %q", client, value)
	}
	return "a password"
}

// claudeCode reads "claude mcp add [options] name -- command args".
func claudeCode(t *testing.T, words []string) launch {
	t.Helper()
	dashes := slices.Index(words, "--")
	if dashes < 4 || dashes == len(words)-1 || !slices.Equal(words[:3], []string{"claude", "mcp", "add"}) {
		t.Fatalf("not a claude command: %q", words)
	}
	l := launch{name: words[dashes-1], command: words[dashes+1], args: words[dashes+2:], env: map[string]string{}}
	options := words[3 : dashes-1]
	for i := 0; i < len(options); i += 2 {
		if i+1 == len(options) {
			t.Fatalf("option %q has no value", options[i])
		}
		switch value := options[i+1]; options[i] {
		case "--env":
			variable, content, ok := strings.Cut(value, "=")
			if !ok {
				t.Errorf("--env %q", value)
			}
			if strings.HasPrefix(content, "$") {
				content = "a password"
			}
			l.env[variable] = content
		case "--transport":
			if value != "stdio" {
				t.Errorf("transport %q", value)
			}
		default:
			t.Errorf("option %q", options[i])
		}
	}
	// --env takes every word that follows it and is no option.
	if len(options) > 1 && options[len(options)-2] == "--env" {
		t.Error("the name stands right behind --env, which would take it")
	}
	return l
}

// shellWords splits one command: blanks, double quotes and line continuations are all that the document uses.
func shellWords(t *testing.T, s string) []string {
	t.Helper()
	s = strings.TrimSpace(strings.ReplaceAll(s, "\\\n", " "))
	if strings.ContainsAny(s, "'`;|&<>\n\\") {
		t.Fatalf("more than one plain command: %q", s)
	}
	var words []string
	var word strings.Builder
	quoted := false
	for _, r := range s + " " {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted:
			if word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	if quoted {
		t.Fatalf("a quote is open in %q", s)
	}
	return words
}

// checkVariables fails on a variable that the program does not know.
func checkVariables(t *testing.T, l launch) {
	t.Helper()
	for variable := range l.env {
		if !regexp.MustCompile(`\b` + variable + `\b`).MatchString(usage) {
			t.Errorf("%s sets %s, which mailmcp -h does not name", l.name, variable)
		}
	}
}

// environ is the environment of a started program: what the block gives it and nothing of this machine's.
func environ(env map[string]string) []string {
	list := []string{"HOME=/nonexistent"}
	for variable, value := range env {
		list = append(list, variable+"="+value)
	}
	return list
}

// checkListed speaks MCP with the command and checks what it lists.
func checkListed(t *testing.T, cmd *exec.Cmd, l launch) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	session := handshake(t, &mcp.CommandTransport{Command: cmd})
	var names []string
	readOnly := true
	for _, tool := range tools(t, session) {
		names = append(names, tool.Name)
		readOnly = readOnly && tool.Annotations != nil && tool.Annotations.ReadOnlyHint
	}
	if err := session.Close(); err != nil {
		t.Errorf("%s: the program ended with %v", l.name, err)
	}
	if stderr.Len() > 0 {
		t.Errorf("%s: stderr %q", l.name, stderr.String())
	}
	for _, want := range []string{"list_accounts", "list_folders", "list_messages", "read_message", "search_messages"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s: no %s in %q", l.name, want, names)
		}
	}
	reading := slices.Contains(l.args, "-methods")
	sends := !reading && (l.env["SMTP_ADDR"] != "" || slices.Contains(l.args, demoProvider))
	if reading != readOnly {
		t.Errorf("%s: -methods read is %v, and only reading tools in %q is %v", l.name, reading, names, readOnly)
	}
	if got := slices.Contains(names, "send_message"); got != sends {
		t.Errorf("%s: sends %v, want %v; tools %q", l.name, got, sends, names)
	}
}

// installed builds the program as go install would.
func installed(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "mailmcp")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.Command("go", "build", "-o", binary, thisModule+"/examples/mailmcp")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}
