package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// callable is one way to call a tool, with the operation that must and must
// only reach the backend when it is permitted.
type callable struct {
	name, tool, args string
	param            string          // path of the escalating one
	effects          []scopes.Effect // all that the arguments have
	tags             []scopes.Tag
	needs            provider.CapabilitySet
	reaches          string
	whole            bool
}

// callables has every tool, plain and with each escalating argument.
func callables(t *testing.T, reg *Registry) []callable {
	t.Helper()
	args := map[string]string{
		"list_accounts":    `{}`,
		"list_folders":     `{}`,
		"list_messages":    `{}`,
		"search_messages":  `{"subject":"hello"}`,
		"wait_for_message": `{"subject":"hello"}`,
		"read_message":     `{"ids":["dm-1.1"]}`,
		"read_thread":      `{"id":"dm-1.1"}`,
		"get_attachment":   `{"handle":"dm-1.1:2"}`,
		"move_message":     `{"ids":["dm-1.1"],"to":"archive"}`,
		"flag_message":     `{"ids":["dm-1.1"],"seen":true}`,
		"delete_message":   `{"ids":["dm-1.1"]}`,
		"send_message":     `{"to":["bob@example.com"],"subject":"Hi","body":"Hello","confirm_send":true}`,
	}
	extra := map[string]string{
		"include_body": `"include_body":true`, "permanent": `"permanent":true`, "deleted": `"deleted":true`,
		"attachments.handle": `"attachments":[{"name":"n.txt","data":"aGk="},{"handle":"dm-1.1:2"}]`,
	}
	reaches := map[string]string{
		"list_accounts": "", "list_folders": "folders", "list_messages": "list", "search_messages": "search", "read_message": "read", "wait_for_message": "list search", "read_thread": "thread read", "get_attachment": "open",
		"move_message": "move", "flag_message": "flags", "delete_message": "delete", "send_message": "send",
		"delete_message permanent": "purge", "send_message attachments.handle": "open send",
	}
	var all []callable
	for _, tool := range reg.Tools() {
		s := tool.Spec()
		base, ok := args[s.Name]
		if !ok {
			t.Fatalf("no arguments to try %s with: every tool is in this table", s.Name)
		}
		c := callable{name: s.Name, tool: s.Name, args: base, effects: []scopes.Effect{s.Effect}, tags: s.Tags, needs: s.Needs, reaches: reaches[s.Name], whole: s.Whole}
		all = append(all, c)
		for _, e := range s.Escalate {
			value, ok := extra[e.Param]
			if !ok {
				t.Fatalf("no value to try %s of %s with: every escalation is in this table", e.Param, s.Name)
			}
			c.name = s.Name + " " + e.Param
			c.args, c.param = withMember(base, value), e.Param
			c.effects = []scopes.Effect{s.Effect, e.Effect}
			if r, ok := reaches[c.name]; ok {
				c.reaches = r
			}
			all = append(all, c)
		}
	}
	return all
}

// allows is the rule of the table, written a second time: g permits every effect.
func allows(g scopes.Grant, c callable) bool {
	for _, e := range c.effects {
		for _, group := range e.Scopes {
			if !slices.ContainsFunc(group, func(s scopes.Scope) bool { return s == scopes.Public()[0][0] || g.Scopes.Has(s) }) {
				return false
			}
		}
		if !g.Access.Has(e.Access) || !g.Gates.Has(e.Gate) {
			return false
		}
		for _, f := range g.Filters {
			if !f.Match(e.Verb, c.tags) {
				return false
			}
		}
	}
	return true
}

// TestOnePredicate takes each right away in turn, and finds every tool listed
// exactly when calling it works, and no refusal that touched the backend.
func TestOnePredicate(t *testing.T) {
	grants := map[string]func(*scopes.Grant){"everything": func(*scopes.Grant) {}}
	for _, s := range scopes.AllScopes().Slice() {
		grants["only scope "+string(s)] = func(g *scopes.Grant) { g.Scopes = scopes.NewSet(s) }
		grants["all scopes but "+string(s)] = func(g *scopes.Grant) {
			g.Scopes = scopes.NewSet(slices.DeleteFunc(scopes.AllScopes().Slice(), func(o scopes.Scope) bool { return o == s })...)
		}
	}
	for _, a := range scopes.AllAccess().Slice() {
		grants["only access "+a.String()] = func(g *scopes.Grant) { g.Access = scopes.Accesses(a) }
		grants["all access but "+a.String()] = func(g *scopes.Grant) {
			g.Access = scopes.Accesses(slices.DeleteFunc(scopes.AllAccess().Slice(), func(o scopes.Access) bool { return o == a })...)
		}
	}
	for _, gate := range []scopes.Gate{scopes.Sending, scopes.Destructive, scopes.Migration} {
		grants["gate "+string(gate)+" closed by the grant"] = func(g *scopes.Grant) {
			g.Gates = scopes.Gates(slices.DeleteFunc(scopes.AllGates().Slice(), func(o scopes.Gate) bool { return o == gate })...)
		}
	}
	for _, methods := range [][]string{{"read"}, {"write"}, {"custom"}, {"read", "write"}, {"send"}, {"delete"}, {"nonsense"}} {
		grants["methods "+strings.Join(methods, "+")] = func(g *scopes.Grant) { g.Filters = []scopes.Filter{{Methods: methods}} }
	}
	for _, tag := range []scopes.Tag{"messages", "folders", "accounts", "sending", "destructive", "contacts"} {
		grants["tag "+string(tag)] = func(g *scopes.Grant) { g.Filters = []scopes.Filter{{Tags: []scopes.Tag{tag}}} }
	}
	grants["two filters"] = func(g *scopes.Grant) {
		g.Filters = []scopes.Filter{{Methods: []string{"read", "write"}}, {Tags: []scopes.Tag{"messages"}}}
	}
	grants["the zero grant"] = func(g *scopes.Grant) { *g = scopes.Grant{} }
	for name, narrow := range grants {
		t.Run(name, func(t *testing.T) {
			reg, caller, backends := fixture(t, "dm")
			narrow(&caller.Grant)
			for _, c := range callables(t, reg) {
				checkPredicate(t, reg, caller, backends["dm"], c)
			}
		})
	}
}

func checkPredicate(t *testing.T, reg *Registry, caller *Caller, backend *recorder, c callable) {
	t.Helper()
	want := caller.Grant.ID != "" && allows(caller.Grant, c)
	if listed := listedWith(reg, caller, c); listed != want {
		t.Errorf("%s: listed %v, want %v", c.name, listed, want)
	}
	caller.Journal = &testJournal{records: map[Key]Record{}}
	backend.took()
	_, err := reg.Call(context.Background(), caller, c.tool, json.RawMessage(c.args))
	did := backend.took()
	switch {
	case want && err != nil:
		t.Errorf("%s: permitted, and refused: %v", c.name, err)
	case want && c.reaches != "" && !strings.Contains(did, c.reaches):
		t.Errorf("%s: the backend saw %q, want %q", c.name, did, c.reaches)
	case !want && err == nil:
		t.Errorf("%s: not permitted, and it ran", c.name)
	case !want && did != "":
		t.Errorf("%s: refused, and the backend saw %q", c.name, did)
	case !want && !refusal(err):
		t.Errorf("%s: refused with %v", c.name, err)
	}
}

func refusal(err error) bool {
	return errors.Is(err, UnknownTool) || errors.Is(err, InsufficientScope) || errors.Is(err, NotPermitted)
}

// listedWith reports whether the caller sees the tool with every parameter of c.
func listedWith(reg *Registry, caller *Caller, c callable) bool {
	i := slices.IndexFunc(reg.Visible(caller), func(v View) bool { return v.Name == c.tool })
	if i < 0 {
		return false
	}
	var schema struct{ Properties map[string]json.RawMessage }
	if json.Unmarshal(reg.Visible(caller)[i].InputSchema, &schema) != nil {
		return false
	}
	args, err := decodeArguments(json.RawMessage(c.args))
	if err != nil {
		return false
	}
	if slices.ContainsFunc(args.members, func(m member) bool { _, ok := schema.Properties[m.name]; return !ok }) {
		return false
	}
	path := strings.Split(c.param, ".")
	return len(path) < 2 || strings.Contains(string(schema.Properties[path[0]]), `"`+path[1]+`":{`)
}

// TestNeeds takes each capability away from the account: a tool that needs it
// is gone, and a parameter that needs it too. Conversations are found by searching
// where the account has nothing better.
func TestNeeds(t *testing.T) {
	for _, missing := range provider.AllCaps().Slice() {
		t.Run(missing.String(), func(t *testing.T) {
			reg, caller, backends := fixture(t, "dm")
			backends["dm"].caps &^= provider.Caps(missing)
			for _, c := range callables(t, reg) {
				want := (!c.needs.Can(missing) || missing == provider.CapThread) &&
					(c.name != "search_messages include_body" && c.name != "send_message attachments.handle" || missing != provider.CapRead) &&
					(c.name != "delete_message permanent" || missing != provider.CapPurge)
				if listed := listedWith(reg, caller, c); listed != want {
					t.Errorf("%s: listed %v, want %v", c.name, listed, want)
				}
				caller.Journal = &testJournal{records: map[Key]Record{}}
				if _, err := reg.Call(context.Background(), caller, c.tool, json.RawMessage(c.args)); (err == nil) != want {
					t.Errorf("%s: called: %v, want success %v", c.name, err, want)
				}
			}
		})
	}
}

// TestOperatorGates: a tool behind a gate that the operator closed stays listed
// and refuses, naming the switch, and nothing reaches the backend.
func TestOperatorGates(t *testing.T) {
	for _, gate := range []scopes.Gate{scopes.Sending, scopes.Destructive} {
		t.Run(string(gate), func(t *testing.T) {
			reg, caller, backends := fixture(t, "dm")
			gates := &caller.Accounts[0].Gates
			*gates = Gates{Sending: Switch{Open: gate != scopes.Sending, Name: "ALLOW_SENDING"}, Destructive: Switch{Open: gate != scopes.Destructive, Name: "ALLOW_DESTRUCTIVE"}}
			for _, c := range callables(t, reg) {
				if !listedWith(reg, caller, c) {
					t.Errorf("%s is not listed", c.name)
				}
				behind := slices.ContainsFunc(c.effects, func(e scopes.Effect) bool { return e.Gate == gate })
				backends["dm"].took()
				_, err := reg.Call(context.Background(), caller, c.tool, json.RawMessage(c.args))
				switch did := backends["dm"].took(); {
				case !behind && err != nil:
					t.Errorf("%s: %v", c.name, err)
				case behind && (!errors.Is(err, GateClosed) || !strings.Contains(err.Error(), "ALLOW_"+strings.ToUpper(string(gate)))):
					t.Errorf("%s: %v, want a refusal that names the switch", c.name, err)
				case behind && did != "":
					t.Errorf("%s: the backend saw %q", c.name, did)
				}
			}
		})
	}
}
