package imapmail

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// talk is a server in clear that answers each command with lines of answer's,
// "$" standing for the tag; where there are none it says OK.
func talk(t *testing.T, caps string, answer func(command string) string) imapx.Options {
	t.Helper()
	addr := serve(t, func(conn net.Conn) {
		say := func(s string) { _, _ = conn.Write([]byte(strings.ReplaceAll(s, "\n", "\r\n"))) }
		say("* OK [CAPABILITY IMAP4rev1 LITERAL+] hello\n")
		for in := bufio.NewScanner(conn); in.Scan(); {
			tag, command, _ := strings.Cut(in.Text(), " ")
			lines := answer(command)
			switch {
			case lines != "":
			case strings.HasPrefix(command, "LOGIN"):
				lines = "$ OK [CAPABILITY IMAP4rev1 LITERAL+ " + caps + "] in\n"
			case strings.HasPrefix(command, "SELECT"), strings.HasPrefix(command, "EXAMINE"):
				lines = "* 3 EXISTS\n* OK [UIDVALIDITY 7] ok\n$ OK open\n"
			default:
				lines = "$ OK done\n"
			}
			say(strings.ReplaceAll(lines, "$", tag))
			if strings.HasPrefix(lines, "* BYE") {
				return
			}
		}
	})
	return imapx.Options{Addr: addr, Security: imapx.Cleartext, Username: "ann", Password: "x", Progress: 2 * time.Second}
}

// TestChangeCutShort: what had happened when the caller gave up is told, and
// what may have.
func TestChangeCutShort(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	folders := "* LIST () \"/\" INBOX\n* LIST () \"/\" A\n* LIST () \"/\" B\n$ OK done\n"
	moves := 0
	server := talk(t, "MOVE UIDPLUS", func(command string) string {
		switch {
		case strings.HasPrefix(command, "LIST"):
			return folders
		case strings.HasPrefix(command, "UID MOVE"):
			if moves++; moves == 1 {
				return "* OK [COPYUID 9 1 11] moved\n* 1 EXPUNGE\n$ OK done\n"
			}
			cancel()
			return "* OK [COPYUID 9 1 12] half of it\n"
		}
		return ""
	})
	acct, b, _ := account(t, imapxtest.Memory(t), func(o *Options) { o.IMAP = server })
	all := []provider.MessageID{b.newID("A", 7, 1), b.newID("B", 7, 1), b.newID("B", 7, 2), b.newID("INBOX", 7, 1)}
	out, err := acct.Move(ctx, all, "Elsewhere")
	if err != context.Canceled || len(out) != len(all) { //nolint:errorlint // bare is the promise
		t.Fatalf("%+v, %v", out, err)
	}
	if out[0].Err != nil || out[0].NewID != b.newID("Elsewhere", 9, 11) {
		t.Errorf("moved before: %+v", out[0])
	}
	for i, o := range out[1:3] {
		if o.Err != nil && !errors.Is(o.Err, provider.Uncertain) || o.Err == nil && i > 0 {
			t.Errorf("under way: %+v", o)
		}
	}
	if out[3].Err != context.Canceled { //nolint:errorlint // bare is the promise
		t.Errorf("never tried: %+v", out[3])
	}
	if moves != 2 {
		t.Errorf("%d moves", moves)
	}
}
