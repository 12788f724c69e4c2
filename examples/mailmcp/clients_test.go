package main

import (
	"bytes"
	"debug/elf"
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

// container runs the image, or what it would hold where no Docker daemon answers.
type container struct {
	docker     bool
	dockerfile dockerfile
	binary     string // built by the Dockerfile's own line, without a daemon
}

func newContainer(t *testing.T) *container {
	t.Helper()
	c := &container{dockerfile: readDockerfile(t)}
	if exec.Command("docker", "info").Run() == nil {
		c.docker = true
		build := exec.Command("docker", "build", "-q", "-t", image, "-f", "examples/mailmcp/Dockerfile", ".")
		build.Dir = checkout
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("docker build: %v\n%s", err, out)
		}
		return c
	}
	t.Log("no Docker daemon answers: the Dockerfile's build line and entrypoint run directly, as the image's user where the test may choose")
	c.binary = c.dockerfile.build(t)
	return c
}

// command is the program that "docker run" of the launch starts.
func (c *container) command(t *testing.T, l launch) *exec.Cmd {
	t.Helper()
	args, env := dockerRun(t, l)
	if c.docker {
		cmd := exec.Command("docker", l.args...)
		cmd.Env = append(os.Environ(), environ(env)[1:]...)
		return cmd
	}
	cmd := exec.Command(c.binary, args...)
	cmd.Dir = "/"
	cmd.Env = environ(env)
	if !asUser(cmd, c.dockerfile.uid, c.dockerfile.gid) {
		t.Log("this system has no way to run it as another user")
	}
	return cmd
}

// dockerRun reads "run -i --rm -e NAME image args": the program's arguments and the variables that reach it.
func dockerRun(t *testing.T, l launch) (args []string, env map[string]string) {
	t.Helper()
	env = map[string]string{}
	at := slices.Index(l.args, image)
	if at < 0 || l.args[0] != "run" || !slices.Contains(l.args[:at], "-i") || !slices.Contains(l.args[:at], "--rm") {
		t.Fatalf("docker %q", l.args)
	}
	for i := 1; i < at; i++ {
		switch option := l.args[i]; option {
		case "-i", "--rm":
		case "--network":
			i++
			if l.args[i] != "none" || l.env["IMAP_ADDR"] != "" {
				t.Errorf("network %q", l.args[i])
			}
		case "-e":
			i++
			value, ok := l.env[l.args[i]]
			if !ok {
				t.Errorf("-e %s hands on a variable that the block does not set", l.args[i])
			}
			env[l.args[i]] = value
		default:
			t.Errorf("docker option %q", option)
		}
	}
	for variable := range l.env {
		if _, ok := env[variable]; !ok {
			t.Errorf("%s does not reach the container", variable)
		}
	}
	return l.args[at+1:], env
}

// dockerfile is what the test needs of the Dockerfile.
type dockerfile struct {
	line       string // what builds the program
	output     string // where it puts it
	entrypoint string
	uid, gid   uint32
}

func readDockerfile(t *testing.T) dockerfile {
	t.Helper()
	content, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var d dockerfile
	var from, user, copied string
	for line := range strings.SplitSeq(strings.ReplaceAll(string(content), "\\\n", " "), "\n") {
		instruction, rest, _ := strings.Cut(line, " ")
		switch instruction {
		case "FROM":
			from, user, copied = rest, "", ""
		case "RUN":
			if strings.Contains(rest, "go build") {
				d.line = rest
			}
		case "COPY":
			if words := strings.Fields(rest); len(words) == 3 && words[0] == "--from=build" && path.Base(words[1]) == image {
				copied = words[1] + " " + words[2]
			}
		case "USER":
			user = rest
		case "ENTRYPOINT":
			var words []string
			if err := json.Unmarshal([]byte(rest), &words); err != nil || len(words) != 1 {
				t.Fatalf("ENTRYPOINT %s is not one word in exec form", rest)
			}
			d.entrypoint = words[0]
		}
	}
	output := regexp.MustCompile(`-o (\S+)`).FindStringSubmatch(d.line)
	if output == nil {
		t.Fatalf("build line %q", d.line)
	}
	d.output = output[1]
	uid, gid, ok := strings.Cut(user, ":")
	u, errU := strconv.ParseUint(uid, 10, 32)
	g, errG := strconv.ParseUint(gid, 10, 32)
	if !ok || errU != nil || errG != nil || u == 0 || g == 0 {
		t.Errorf("the image runs as USER %q, not as a numbered user without rights", user)
	}
	if from != "scratch" || copied != d.output+" "+d.entrypoint {
		t.Errorf("the image is FROM %q and starts %q; built is %q and copied %q", from, d.entrypoint, d.output, copied)
	}
	d.uid, d.gid = uint32(u), uint32(g)
	return d
}

// build runs the build line in the checkout with the output elsewhere, where any user may start it.
func (d dockerfile) build(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("neither a Docker daemon nor sh: container blocks are not started")
	}
	dir, err := os.MkdirTemp("", "mailmcp-image-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, filepath.Base(d.entrypoint))
	build := exec.Command("sh", "-c", strings.ReplaceAll(d.line, "-o "+d.output, "-o "+binary))
	build.Dir = checkout
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", d.line, err, out)
	}
	if runtime.GOOS == "linux" {
		checkStatic(t, binary)
	}
	return binary
}

// checkStatic fails if the program needs a loader or libraries, of which the image has none.
func checkStatic(t *testing.T, binary string) {
	t.Helper()
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the program is not static")
		}
	}
}
