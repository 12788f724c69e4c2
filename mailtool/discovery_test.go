package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// discovered is the fixture's registry behind the four tools.
func discovered(t *testing.T) (*Registry, *Registry, *Caller, map[string]*recorder) {
	t.Helper()
	reg, caller, backends := fixture(t, "dm")
	out, err := reg.Discovery()
	if err != nil {
		t.Fatal(err)
	}
	return out, reg, caller, backends
}

func namesOf(views []View) []string {
	names := []string{}
	for _, v := range views {
		names = append(names, v.Name)
	}
	return names
}

func TestDiscoveryLists(t *testing.T) {
	all := []string{callReading, callAny, describeTool, findTools}
	for name, test := range map[string]struct {
		narrow func(*scopes.Grant)
		want   []string
	}{
		"everything":   {func(*scopes.Grant) {}, all},
		"reading only": {func(g *scopes.Grant) { g.Filters = []scopes.Filter{{Methods: []string{"read"}}} }, []string{callReading, describeTool, findTools}},
		"sending only": {func(g *scopes.Grant) { g.Filters = []scopes.Filter{{Methods: []string{"custom"}}} }, []string{callAny, describeTool, findTools}},
		"nothing":      {func(g *scopes.Grant) { g.Filters = []scopes.Filter{{Methods: []string{"create"}}} }, []string{}},
		"expired":      {func(g *scopes.Grant) { g.Expires = testNow.Add(-1) }, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, caller, _ := discovered(t)
			test.narrow(&caller.Grant)
			got := namesOf(out.Visible(caller))
			slices.Sort(got)
			slices.Sort(test.want)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			for _, v := range out.Visible(caller) {
				if v.Hints.ReadOnly != (v.Name != callAny) {
					t.Errorf("%s: read-only %v", v.Name, v.Hints.ReadOnly)
				}
			}
		})
	}
}

// TestDiscoveryHints: call_tool is as bad as the worst of what it can call.
func TestDiscoveryHints(t *testing.T) {
	out, _, caller, _ := discovered(t)
	views := out.Visible(caller)
	i := slices.IndexFunc(views, func(v View) bool { return v.Name == callAny })
	if diff := cmp.Diff(Hints{Destructive: true, OpenWorld: true}, views[i].Hints); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

// TestDiscoveryExpired: who may no longer do anything hears why, whatever is called.
func TestDiscoveryExpired(t *testing.T) {
	out, _, caller, _ := discovered(t)
	caller.Grant.Expires = testNow.Add(-1)
	for _, name := range []string{findTools, callAny, "nonsense"} {
		if res, err := out.Call(t.Context(), caller, name, nil); !errors.Is(err, NotPermitted) {
			t.Errorf("%s: %s, %v", name, res.JSON, err)
		}
	}
}

// TestDiscoveryBounds: what a large catalogue has more of is counted, and what is
// too long is not described.
func TestDiscoveryBounds(t *testing.T) {
	views := make([]View, namedTools+7)
	for i := range views {
		views[i] = View{Name: "mail_" + strconv.Itoa(i), Description: "Does it. And more."}
	}
	if out := find(views, ""); len(out.Tools) != namedTools || out.More != 7 || out.Tools[0].What != "" {
		t.Errorf("names: %d and %d more", len(out.Tools), out.More)
	}
	if out := find(views, "mails"); len(out.Tools) != foundTools || out.More != len(views)-foundTools || out.Tools[0].What != "Does it" {
		t.Errorf("words: %d and %d more, %+v", len(out.Tools), out.More, out.Tools[0])
	}
	for size, fits := range map[int]bool{maxAnswerBytes - 200: true, maxAnswerBytes: false} {
		long := []View{{Name: "long", Description: strings.Repeat("a", size), InputSchema: json.RawMessage("{}")}}
		if _, err := describe(long, []string{"long"}); (err == nil) != fits {
			t.Errorf("a description of %d bytes: %v", size, err)
		}
	}
}

// through calls a tool behind the four, by the one that fits.
func callThrough(out *Registry, caller *Caller, by, name, args string) (Result, error) {
	raw, err := json.Marshal(callIn{Name: name, Arguments: args})
	if err != nil {
		return Result{}, err
	}
	return out.Call(context.Background(), caller, by, raw)
}

// TestDiscoveryIsThePredicate: whatever a grant allows directly, and nothing else, works through the four tools.
func TestDiscoveryIsThePredicate(t *testing.T) {
	grants := map[string]func(*scopes.Grant){
		"everything": func(*scopes.Grant) {},
		"nothing":    func(g *scopes.Grant) { g.Scopes = scopes.Set{} },
		"read":       func(g *scopes.Grant) { g.Scopes = scopes.NewSet(scopes.MailRead) },
		"no sending": func(g *scopes.Grant) { g.Gates = 0 },
		"methods":    func(g *scopes.Grant) { g.Filters = []scopes.Filter{{Methods: []string{"update"}}} },
		"no account": func(g *scopes.Grant) { g.Accounts = scopes.Accounts() },
	}
	for name, narrow := range grants {
		t.Run(name, func(t *testing.T) {
			out, reg, caller, backends := discovered(t)
			narrow(&caller.Grant)
			for _, c := range callables(t, reg) {
				caller.Journal = &testJournal{records: map[Key]Record{}}
				_, direct := reg.Call(context.Background(), caller, c.tool, json.RawMessage(c.args))
				want := backends["dm"].took() // folders are looked at once
				caller.Journal = &testJournal{records: map[Key]Record{}}
				_, through := callThrough(out, caller, callAny, c.tool, c.args)
				got := backends["dm"].took()
				offered := slices.Contains(namesOf(out.Visible(caller)), callAny)
				if offered && (direct == nil) != (through == nil) || offered && !strings.HasSuffix(want, got) || !offered && (through == nil || got != "") {
					t.Errorf("%s: directly %v (%s), through %v (%s)", c.name, direct, want, through, got)
				}
				if scoped := errors.Is(direct, InsufficientScope); offered && scoped != errors.Is(through, InsufficientScope) {
					t.Errorf("%s: directly %v, through %v", c.name, direct, through)
				}
			}
		})
	}
}

// TestDiscoveryReads: what a host need not ask about cannot change anything.
func TestDiscoveryReads(t *testing.T) {
	out, reg, caller, backends := discovered(t)
	for _, c := range callables(t, reg) {
		caller.Journal = &testJournal{records: map[Key]Record{}}
		_, err := callThrough(out, caller, callReading, c.tool, c.args)
		did := backends["dm"].took()
		reads := reg.byName[c.tool].hints().ReadOnly
		if reads != (err == nil) || !reads && (did != "" || !strings.Contains(err.Error(), callAny)) {
			t.Errorf("%s: %v, the backend saw %q", c.name, err, did)
		}
	}
	if _, err := callThrough(out, caller, callReading, "send_mail", `{"to":["a@b.test"],"subject":"x","body":"x","confirm_send":true}`); err == nil || backends["dm"].took() != "" {
		t.Errorf("an alias: %v", err)
	}
}

func TestDiscoveryOfDiscovery(t *testing.T) {
	out, _, caller, _ := discovered(t)
	again, err := out.Discovery()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := callThrough(again, caller, callReading, "list_folders", ""); err != nil {
		t.Error(err)
	}
}

// waking is an account that can change messages from a certain question about it on, as one does that was opened meanwhile.
type waking struct {
	*recorder
	asleep atomic.Int64
}

func (w *waking) Capabilities() provider.CapabilitySet {
	if w.asleep.Add(-1) >= 0 {
		return w.recorder.Capabilities() &^ provider.Caps(provider.CapModify)
	}
	return w.recorder.Capabilities()
}

// TestDiscoveryReadsWhileWaking: what an account can do may change at any moment of a call.
func TestDiscoveryReadsWhileWaking(t *testing.T) {
	out, _, caller, backends := discovered(t)
	account := &waking{recorder: backends["dm"]}
	acct, err := provider.Open(account)
	if err != nil {
		t.Fatal(err)
	}
	caller.Accounts[0].Mail = acct
	for asked := range int64(200) {
		account.asleep.Store(asked)
		_, err := callThrough(out, caller, callReading, "flag_message", `{"ids":["dm-1.1"],"seen":true}`)
		if did := backends["dm"].took(); err == nil || did != "" {
			t.Fatalf("asked %d times: %v, the backend saw %q", asked, err, did)
		}
	}
}

func TestDiscoveryCalls(t *testing.T) {
	out, _, caller, _ := discovered(t)
	for _, test := range []struct {
		name, tool, args string
		want             []string // in the answer or the error
		code             Code
	}{
		{"by name", findTools, `{"query":"thread"}`, []string{`{"name":"read_thread","what":"Reads the conversation`}, ""},
		{"by what it does", findTools, `{"query":"Mails verschicken, send a letter"}`, []string{`"tools":[{"name":"send_message"`}, ""},
		{"in the plural", findTools, `{"query":"accounts"}`, []string{`"list_accounts"`}, ""},
		{"nothing found", findTools, `{"query":"zzz"}`, []string{`{"tools":[]}`}, ""},
		{"all names", findTools, `{}`, []string{`{"name":"delete_message"},{"name":"flag_message"}`}, ""},
		{"description", describeTool, `{"names":["read_message","move_message"]}`, []string{`"reads":true,"input_schema":{"type":"object"`, `"name":"move_message","description"`}, ""},
		{"description of none", describeTool, `{"names":["erase_all"]}`, []string{"find_tools"}, NotFound},
		{"no names", describeTool, `{"names":[]}`, []string{"1 to 5"}, Invalid},
		{"arguments as an object", callReading, `{"name":"read_message","arguments":{"ids":["dm-1.1"]}}`, []string{`"messages":[{"id":"dm-1.1"`}, ""},
		{"arguments as text", callReading, `{"name":"read_message","arguments":"{\"ids\":[\"dm-1.1\"]}"}`, []string{`"messages":[{"id":"dm-1.1"`}, ""},
		{"no arguments", callReading, `{"name":"list_folders"}`, []string{`"rows"`}, ""},
		{"arguments that are no object", callReading, `{"name":"read_message","arguments":"dm-1.1"}`, nil, Invalid},
		{"a list of arguments", callReading, `{"name":"read_message","arguments":["dm-1.1"]}`, []string{"arguments is a list"}, Invalid},
		{"no tool", callAny, `{"name":"erase_all"}`, []string{"there is no tool erase_all", "find_tools"}, NotFound},
		{"itself", callAny, `{"name":"call_tool"}`, []string{"there is no tool"}, NotFound},
		{"directly", "read_message", `{"ids":["dm-1.1"]}`, []string{"no tool read_message"}, UnknownTool},
		{"unknown parameter", findTools, `{"q":"x"}`, []string{"q"}, Invalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			res, err := out.Call(context.Background(), caller, test.tool, json.RawMessage(test.args))
			if (err == nil) != (test.code == "") || err != nil && asError(err).Code != test.code {
				t.Fatalf("%v, want %q", err, test.code)
			}
			text := string(res.JSON)
			if err != nil {
				text = err.Error()
			}
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("%s does not say %s", text, want)
				}
			}
		})
	}
}

// TestDiscoveryAudits: a call behind the four leaves its own row.
func TestDiscoveryAudits(t *testing.T) {
	out, _, caller, _ := discovered(t)
	journal := &testJournal{records: map[Key]Record{}}
	caller.Journal = journal
	if _, err := callThrough(out, caller, callReading, "read_message", `{"ids":["dm-1.1"]}`); err != nil {
		t.Fatal(err)
	}
	if _, err := callThrough(out, caller, callReading, "flag_message", `{"ids":["dm-1.1"],"seen":true}`); err == nil {
		t.Fatal("a change by " + callReading)
	}
	if len(journal.audit) != 2 || journal.audit[0].Tool != "read_message" || journal.audit[0].Items != 1 || journal.audit[1].Code != Invalid {
		t.Errorf("%+v", journal.audit)
	}
}
