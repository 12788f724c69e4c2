//go:build unix

package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// asUser makes cmd run as that user when the test may choose, else as the test's own, which has no special rights.
func asUser(cmd *exec.Cmd, uid, gid uint32) bool {
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	}
	return true
}

func TestAsUser(t *testing.T) {
	id, err := exec.LookPath("id")
	if err != nil {
		t.Skip("there is no id command to ask")
	}
	cmd := exec.Command(id, "-u")
	asUser(cmd, 65532, 65532)
	out, err := cmd.Output()
	if uid := strings.TrimSpace(string(out)); err != nil || uid == "0" {
		t.Errorf("runs as user %q, %v", uid, err)
	}
}
