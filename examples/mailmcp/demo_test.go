package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/leakcheck"
)

// neutral are the tools of an account that can do everything.
func neutral() []string {
	return []string{
		"delete_message", "flag_message", "get_attachment", "list_accounts", "list_folders", "list_messages",
		"move_message", "read_message", "read_thread", "search_messages", "send_message", "wait_for_message",
	}
}

func TestDemo(t *testing.T) {
	leakcheck.Check(t)
	c := connect(t, env{"MAIL_TIMEZONE": "Asia/Kathmandu"})
	if diff := cmp.Diff(neutral(), c.names(t)); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	folders := c.do(t, "list_folders", nil)
	if paths := folders.column(t, "path"); !slices.Contains(paths, "INBOX") || len(paths) < 8 {
		t.Errorf("folders %q", paths)
	}
	list := c.do(t, "list_messages", args{"limit": 3})
	ids, subjects := list.column(t, "id"), list.column(t, "subject")
	if len(ids) != 3 {
		t.Fatalf("%d messages, want 3", len(ids))
	}
	message := c.do(t, "read_message", args{"ids": ids[:1]}).Messages[0]
	if message.Subject != subjects[0] || message.Body == "" || !strings.HasSuffix(message.Date, "+05:45") {
		t.Errorf("read %+v, want the subject %q, a body, and a time in Kathmandu", message, subjects[0])
	}
	moved := c.do(t, "move_message", args{"ids": ids[:1], "to": "archive"})
	if string(moved.Done) != "1" {
		t.Errorf("moved: %s", moved.text)
	}
}

// TestDiscovery: four tools stand for all.
func TestDiscovery(t *testing.T) {
	c := connect(t, env{}, "-discovery")
	if diff := cmp.Diff([]string{"call_reading_tool", "call_tool", "describe_tool", "find_tools"}, c.names(t)); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	list := c.do(t, "call_reading_tool", args{"name": "list_messages", "arguments": `{"limit":1}`})
	if ids := list.column(t, "id"); len(ids) != 1 {
		t.Errorf("ids %q", ids)
	}
	c.refused(t, "invalid", "call_reading_tool", args{"name": "delete_message", "arguments": `{"ids":["x"]}`})
	c.hidden(t, "list_messages", args{"limit": 1})
}

// A read-only server lists no changing tool and refuses one called by name.
func TestReadOnly(t *testing.T) {
	c := connect(t, env{}, "-methods", "read", "-allow", "sending,destructive")
	for _, tool := range tools(t, c.ClientSession) {
		if tool.Annotations == nil || !tool.Annotations.ReadOnlyHint {
			t.Errorf("%s is listed and not read-only", tool.Name)
		}
	}
	if got, want := c.names(t), []string{"get_attachment", "list_accounts", "list_folders", "list_messages", "read_message", "read_thread", "search_messages", "wait_for_message"}; !slices.Equal(got, want) {
		t.Errorf("tools %q, want %q", got, want)
	}
	list := c.do(t, "list_messages", args{"limit": 1, "fields": "full"})
	ids := list.column(t, "id")
	for tool, with := range map[string]args{
		"move_message":   {"ids": ids, "to": "trash"},
		"flag_message":   {"ids": ids, "seen": true},
		"delete_message": {"ids": ids},
		"send_message":   {"to": []string{"bob@example.org"}, "subject": "x", "body": "x", "confirm_send": true},
		"send_mail":      {"to": []string{"bob@example.org"}, "subject": "x", "body": "x", "confirm_send": true},
	} {
		c.hidden(t, tool, with)
	}
	after := c.do(t, "list_messages", args{"limit": 1, "fields": "full"})
	if diff := cmp.Diff(list.Rows, after.Rows); diff != "" {
		t.Errorf("the mailbox changed:\n%s", diff)
	}
}

// Scopes and tags narrow the tools.
func TestNarrowed(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"one scope":    {[]string{"-scopes", "mail:search"}, []string{"list_accounts", "search_messages"}},
		"tag":          {[]string{"-tags", "folders"}, []string{"list_folders"}},
		"verb":         {[]string{"-methods", "get"}, []string{"get_attachment", "read_message", "read_thread"}},
		"custom sends": {[]string{"-methods", "custom"}, []string{"send_message"}},
		"no sending":   {[]string{"-methods", "read,write"}, slices.DeleteFunc(neutral(), func(n string) bool { return n == "send_message" })},
		"all":          {[]string{"-tools", "all"}, neutral()},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, connect(t, env{}, tc.args...).names(t)); diff != "" {
				t.Errorf("tools (-want +got):\n%s", diff)
			}
		})
	}
	c := connect(t, env{}, "-scopes", "mail:search")
	if got := c.refused(t, "insufficient_scope", "list_messages", nil); !strings.Contains(got.Error.Next, "mail:read") {
		t.Errorf("%s does not name the scope", got.text)
	}
}

// Gates are closed until opened; a refusal names the variable.
func TestGatesOverMCP(t *testing.T) {
	send := args{"to": []string{"bob@example.net"}, "subject": "Hello", "body": "Hello Bob", "confirm_send": true}
	closed := connect(t, env{})
	if got := closed.refused(t, "gate_closed", "send_message", send); !strings.Contains(got.Error.Next, "MAIL_ALLOW_SENDING") {
		t.Errorf("%s does not name the variable", got.text)
	}
	ids := closed.do(t, "list_messages", args{"limit": 1}).column(t, "id")
	if got := closed.refused(t, "gate_closed", "delete_message", args{"ids": ids, "permanent": true}); !strings.Contains(got.Error.Next, "MAIL_ALLOW_DESTRUCTIVE") {
		t.Errorf("%s does not name the variable", got.text)
	}
	open := connect(t, env{"MAIL_ALLOW_SENDING": "true"}, "-policy", "allow")
	open.refused(t, "confirm_required", "send_message", args{"to": []string{"bob@example.net"}, "subject": "Hello", "body": "Hello Bob"})
	if got := open.do(t, "send_mail", send); got.Status != "sent" {
		t.Errorf("send_mail: %s", got.text)
	}
	if slices.Contains(open.names(t), "send_mail") {
		t.Error("send_mail is listed")
	}
	known := connect(t, env{}, "-allow", "sending", "-policy", "deny", "-allow-recipients", "@example.net")
	known.refused(t, "recipient_refused", "send_message", args{"to": []string{"eve@example.com"}, "subject": "x", "body": "x", "confirm_send": true})
	if got := known.do(t, "send_message", send); got.Status != "sent" {
		t.Errorf("send_message: %s", got.text)
	}
}

// Two accounts, one of a config file: lists join both, a message's id says
// which, and sending must say which.
func TestTwoAccounts(t *testing.T) {
	file := configFile(t, `[{"id":"play","provider":"demo","variables":{"MAIL_ALLOW_SENDING":"PLAY_ALLOW_SENDING"}}]`)
	c := connect(t, env{"PLAY_ALLOW_SENDING": "true"}, "-provider", "demo", "-config", file)
	var boxes []string
	for _, a := range c.do(t, "list_accounts", nil).Accounts {
		boxes = append(boxes, a.Mailbox)
	}
	if !slices.Equal(boxes, []string{"demo", "play"}) {
		t.Fatalf("accounts %q", boxes)
	}
	both := c.do(t, "list_messages", args{"limit": 10}).column(t, "mailbox")
	if !slices.Contains(both, "demo") || !slices.Contains(both, "play") {
		t.Errorf("a list of both has %q", both)
	}
	one := c.do(t, "list_messages", args{"limit": 1, "mailbox": "play"})
	c.do(t, "flag_message", args{"ids": one.column(t, "id"), "flagged": true})
	send := args{"to": []string{"bob@example.net"}, "subject": "Hello", "body": "Hello Bob", "confirm_send": true}
	c.refused(t, "invalid", "send_message", send)
	send["mailbox"] = "demo"
	c.refused(t, "gate_closed", "send_message", send)
	send["mailbox"] = "play"
	if got := c.do(t, "send_message", send); got.Status != "sent" {
		t.Errorf("send_message: %s", got.text)
	}
}
