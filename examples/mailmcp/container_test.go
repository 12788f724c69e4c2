package main

import (
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
)

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
