package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/golden"
	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// TestToolsPageIsCurrent fails when a tool has changed and docs/TOOLS.md has
// not: go generate ./mailtool writes it.
func TestToolsPageIsCurrent(t *testing.T) {
	page, err := neutral()
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "../../docs/TOOLS.md", page)
}

func TestToolsPageHasEveryTool(t *testing.T) {
	page, err := neutral()
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range mailtool.Neutral() {
		s := tool.Spec()
		if n := bytes.Count(page, []byte("\n## "+s.Name+"\n")); n != 1 {
			t.Errorf("%d sections of %s", n, s.Name)
		}
		if n := bytes.Count(page, []byte("\n| "+link(s.Name)+" | ")); n != 1 {
			t.Errorf("%d rows of %s", n, s.Name)
		}
	}
}

type in struct {
	IDs   []string `json:"ids" jsonschema:"which" min:"1" max:"9" format:"message_id"`
	Mode  string   `json:"mode,omitempty" jsonschema:"a|b, <now> or *" enum:"soft|hard"`
	Count int      `json:"count,omitempty" jsonschema:"how many" min:"2"`
	Names []string `json:"names,omitempty" jsonschema:"words" max:"3" maxlen:"7"`
	Files []file   `json:"files,omitempty" jsonschema:"files"`
	Mark  bool     `json:"mark,omitempty" jsonschema:"mark it"`
}

type file struct {
	Name string `json:"name" jsonschema:"its name" maxlen:"5"`
	Data []byte `json:"data,omitempty" jsonschema:"bytes"`
	Mark bool   `json:"mark,omitempty" jsonschema:"another mark"`
}

type out struct {
	Done  int     `json:"done" jsonschema:"how many"`
	Items [][]int `json:"items,omitempty" jsonschema:"numbers"`
}

type nothing struct{}

func tools(t *testing.T) []mailtool.Tool {
	t.Helper()
	do := func(context.Context, *mailtool.Env, in) (out, error) { return out{}, nil }
	plain := func(context.Context, *mailtool.Env, nothing) (out, error) { return out{}, nil }
	list := []mailtool.Tool{
		mailtool.Define(mailtool.Spec{
			Name: "wipe", Aliases: []string{"erase", "zap"}, Title: "Wipe | clean", Description: "Wipes\n`all` of [it](x).",
			Effect: scopes.Effect{Verb: scopes.Delete, Access: scopes.Destroy, Gate: scopes.Destructive,
				Scopes: append(scopes.AllOf(scopes.MailRead), scopes.AnyOf(scopes.MailModify, scopes.MailDrafts)...)},
			Escalate: []mailtool.Escalation{
				{Param: "mode", Equals: "hard", Effect: scopes.Effect{Verb: "purge", Access: scopes.Destroy, Scopes: scopes.AllOf(scopes.MailModify)}},
				{Param: "mark", Effect: scopes.Effect{Verb: scopes.Update, Access: scopes.Write, Scopes: scopes.Public()}},
			},
			Needs:  provider.Caps(provider.CapPurge, provider.CapRead),
			Params: []mailtool.Param{{Name: "mark", Needs: provider.Caps(provider.CapModify)}},
			Tags:   []scopes.Tag{"messages", "destructive"}, Confirm: "mark",
		}, do),
		mailtool.Define(mailtool.Spec{
			Name: "look", Title: "Look", Description: "Looks.", Whole: true, Tags: []scopes.Tag{"messages"},
			Effect: scopes.Effect{Verb: scopes.Get, Access: scopes.Read, Scopes: scopes.Public()},
		}, plain),
	}
	if _, err := mailtool.NewRegistry(nil, list...); err != nil {
		t.Fatal(err)
	}
	return list
}

const wantPage = `| Tool | What | Scopes | Access | Verb | Gate | Tags |
| --- | --- | --- | --- | --- | --- | --- |
| [wipe](#wipe) | Wipe \| clean | §mail:read§, §mail:modify§ or §mail:drafts§ | destroy | delete | destructive | messages, destructive |
| [look](#look) | Look | §public§ | read | get | none | messages |

## wipe

**Wipe \| clean.** Wipes \§all\§ of \[it](x).

- Scopes: §mail:read§, §mail:modify§ or §mail:drafts§
- Access: destroy. Verb: delete. Gate: destructive. Tags: messages, destructive
- The account must be able to: read, purge
- Runs only with §mark: true§
- Also called, and never listed, as: §erase§, §zap§

### Parameters

| Name | Type | Required | What | Bounds |
| --- | --- | --- | --- | --- |
| §ids§ | array of string | yes | which | 1 to 9 items; an id from a list, a search or a read |
| §mode§ | string |  | a\|b, \<now> or \* | §soft§, §hard§ |
| §count§ | integer |  | how many | at least 2 |
| §names§ | array of string |  | words | at most 3 items; at most 7 characters |
| §files§ | array of object |  | files |  |
| §files[].name§ | string | yes | its name | at most 5 characters |
| §files[].data§ | string |  | bytes | base64 |
| §files[].mark§ | boolean |  | another mark |  |
| §mark§ | boolean |  | mark it | only where the account can: modify |

### Needs more

| When | Scopes | Access | Verb | Gate |
| --- | --- | --- | --- | --- |
| §mode§ is §hard§ | §mail:modify§ | destroy | purge | none |
| §mark§ is given and not false | §public§ | write | update | none |

### Answer

| Member | Type | Always there | What |
| --- | --- | --- | --- |
| §done§ | integer | yes | how many |
| §items§ | array of array of integer |  | numbers |

## look

**Look.** Looks.

- Scopes: §public§
- Access: read. Verb: get. Gate: none. Tags: messages
- The account must be able to: nothing special
- Works on all accounts of the grant at once

Takes no parameters.

### Answer

Members as in the answer of [wipe](#wipe).
`

func TestPage(t *testing.T) {
	got, found := strings.CutPrefix(string(page(tools(t))), head)
	if !found {
		t.Error("the page does not start with its head")
	}
	if diff := cmp.Diff(strings.ReplaceAll(wantPage, "§", "`"), got); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
}

func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "TOOLS.md")
	if err := run(path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := neutral()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("run wrote %d bytes, want %d, %v", len(got), len(want), err)
	}
	if err := run(filepath.Join(path, "nowhere")); err == nil {
		t.Error("a file that cannot be written is no error")
	}
}

func TestFormat(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "text": "may have several lines", "handle": "a handle from an answer", "time": "a date or an RFC 3339 time",
		"address": "an address, with or without a name", "base64": "base64", "a new one": "a new one",
	} {
		if got := format(name); got != want {
			t.Errorf("format(%q) = %q, want %q", name, got, want)
		}
	}
}
