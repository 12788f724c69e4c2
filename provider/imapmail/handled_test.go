package imapmail

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// keeping answers like a server whose folders keep flags as told, by name, and
// notes the commands that speak of the keyword.
func keeping(permanent map[string]string, noted *[]string) func(string) string {
	var mu sync.Mutex
	return func(command string) string {
		mu.Lock()
		defer mu.Unlock()
		if strings.Contains(command, handledKeyword) {
			*noted = append(*noted, command)
		}
		verb, rest, _ := strings.Cut(command, " ")
		name := strings.Trim(strings.Fields(rest + " -")[0], `"`)
		switch {
		case verb == "LIST":
			return "* LIST () \"/\" INBOX\n* LIST () \"/\" Shared\n$ OK done\n"
		case verb == "SELECT" && permanent[name] == "refused":
			return "$ NO not for you\n"
		case verb == "SELECT" && permanent[name] == "": // says nothing
			return "* 3 EXISTS\n* OK [UIDVALIDITY 7] ok\n$ OK open\n"
		case verb == "SELECT":
			return "* 3 EXISTS\n* FLAGS (\\Seen \\Flagged)\n* OK [PERMANENTFLAGS (" + permanent[name] + ")] kept\n* OK [UIDVALIDITY 7] ok\n$ OK [READ-WRITE] open\n"
		case strings.HasPrefix(command, "UID STORE"):
			return "* 1 FETCH (UID 1 FLAGS (\\Flagged " + handledKeyword + "))\n$ OK done\n"
		}
		return ""
	}
}

// TestKeepsHandled: the inbox says whether an account keeps the mark.
func TestKeepsHandled(t *testing.T) {
	for _, tc := range []struct {
		name, permanent string
		want            bool
	}{
		{"any keyword", `\Seen \Flagged \*`, true},
		{"this keyword, in another case", `\Seen posternhandled`, true},
		{"no keyword", `\Seen \Flagged \Draft $MDNSent`, false},
		{"none at all", ` `, false},
		{"nothing said", "", false},
		{"the inbox is not opened for changes", "refused", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var noted []string
			server := talk(t, "UIDPLUS UNSELECT", keeping(map[string]string{"INBOX": tc.permanent}, &noted))
			acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) { o.IMAP = server })
			if acct.Capabilities().Can(provider.CapHandled) {
				t.Error("reported before anybody could know")
			}
			if _, err := acct.ListFolders(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := acct.Capabilities().Can(provider.CapHandled); got != tc.want {
				t.Errorf("reported: %v, want %v", got, tc.want)
			}
		})
	}
}

// TestFolderWithoutKeywords: one that keeps none answers for its own messages,
// before anything is stored there.
func TestFolderWithoutKeywords(t *testing.T) {
	var noted []string
	server := talk(t, "UIDPLUS UNSELECT", keeping(map[string]string{"INBOX": `\Seen \*`, "Shared": `\Seen \Flagged`}, &noted))
	acct, b, _ := account(t, imapxtest.Memory(t), func(o *Options) { o.IMAP = server })
	if _, err := acct.ListFolders(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, ids := range map[string][]provider.MessageID{
		"the good first": {b.newID("INBOX", 7, 1), b.newID("Shared", 7, 1)},
		"the bad first":  {b.newID("Shared", 7, 1), b.newID("INBOX", 7, 1)},
		"the bad alone":  {b.newID("Shared", 7, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			noted = nil
			out, err := acct.SetFlags(t.Context(), ids, provider.FlagChange{Add: provider.Handled | provider.Flagged})
			if err != nil || len(out) != len(ids) {
				t.Fatal(out, err)
			}
			var want []string
			for i, id := range ids {
				if good := id == b.newID("INBOX", 7, 1); good {
					want = []string{"UID STORE 1 +FLAGS"}
					if out[i].Err != nil {
						t.Error(out[i].Err)
					}
				} else {
					wantCode(t, out[i].Err, provider.Unsupported)
				}
			}
			for i, n := range noted {
				noted[i], _, _ = strings.Cut(n, " (")
			}
			if d := cmp.Diff(want, noted); d != "" {
				t.Errorf("commands (-want +got):\n%s", d)
			}
		})
	}
	if !acct.Capabilities().Can(provider.CapHandled) {
		t.Error("a folder of somebody else took the ability from the account")
	}
}
