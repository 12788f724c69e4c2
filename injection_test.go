package postern_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
)

// leastInjections is how many messages the set holds at least.
const leastInjections = 60

// unstopped names messages of testdata/injection of which something gets through, with the reason.
var unstopped = map[string]string{
	"file-svg":            "a drawing is shown as its source, like any text, and nothing says that a person sees less",
	"html-color-mix":      "colours that are mixed are not computed: text of one may be white",
	"html-covered":        "what lies behind or below other elements is not known without a layout",
	"html-letter-spacing": "letters drawn one over the other count as legible",
	"html-mask":           "masks are not read",
	"mime-unclosed":       "parts that are joined to one page are hidden by an element that an earlier one leaves open; counted as hidden",
}

// attack is a message of testdata/injection. Its first lines, which are not delivered, say what to expect of its words.
type attack struct {
	raw       []byte
	secret    []string // X-Secret: in no answer, but for what the lists below allow, the source and the header
	flagged   []string // X-Flagged: only beside a warning
	folded    []string // X-Folded: only in format full
	visible   []string // X-Visible: in the text
	invite    []string // X-Invite: in the invitation
	file      []string // X-File: in the text of an attachment
	flags     []string // X-Flag: what read_message must say
	fileFlags []string // X-File-Flag: what get_attachment must say
}

func readAttack(t testing.TB, path string) attack {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var a attack
	lists := map[string]*[]string{
		"X-Secret": &a.secret, "X-Flagged": &a.flagged, "X-Folded": &a.folded, "X-Visible": &a.visible, "X-Invite": &a.invite,
		"X-File": &a.file, "X-Flag": &a.flags, "X-File-Flag": &a.fileFlags,
	}
	for {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		name, value, _ := strings.Cut(string(line), ": ")
		list := lists[name]
		if list == nil {
			break
		}
		*list, raw = strings.Fields(value), rest
	}
	a.raw = bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
	return a
}

// TestInjection: of what a person does not see nothing reaches a model without a flag, and what a person sees forges nothing.
func TestInjection(t *testing.T) {
	files, err := filepath.Glob("testdata/injection/*.eml")
	if err != nil || len(files) < leastInjections {
		t.Fatalf("%d messages: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		t.Run(name, func(t *testing.T) {
			faults := readAttack(t, file).run(newTarget(t))
			reason, known := unstopped[name]
			switch {
			case known && len(faults) == 0:
				t.Errorf("is stopped now: take it off the list of those that are not (%q)", reason)
			case known:
				t.Logf("known to get through: %s\n%s", reason, strings.Join(faults, "\n"))
			case len(faults) > 0:
				t.Error(strings.Join(faults, "\n"))
			}
		})
	}
	for name := range unstopped {
		if _, err := os.Stat(filepath.Join("testdata/injection", name+".eml")); err != nil {
			t.Errorf("unstopped: %v", err)
		}
	}
}

// target is a mailbox and who reads it for a model.
type target struct {
	t      *testing.T
	box    *memmail.Backend
	reg    *mailtool.Registry
	caller *mailtool.Caller
	shapes map[string]*shape // of each tool's answer
	faults []string
}

func newTarget(t *testing.T) *target {
	t.Helper()
	g := &target{t: t, box: emptyBox(t), shapes: map[string]*shape{}}
	g.reg, g.caller = fiveScopes(t, g.box)
	for _, tool := range g.reg.Visible(g.caller) {
		var s shape
		if err := json.Unmarshal(tool.OutputSchema, &s); err != nil {
			t.Fatal(err)
		}
		g.shapes[tool.Name] = &s
	}
	return g
}

func emptyBox(t *testing.T) *memmail.Backend {
	t.Helper()
	box, err := memmail.New(memmail.Options{Account: "work", Identities: []provider.Address{{Addr: "ann@example.org"}}})
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// emptied is the target with another mailbox and without faults: to make a registry takes longer than to read a message.
func (g *target) emptied(t *testing.T) *target {
	t.Helper()
	box := emptyBox(t)
	acct, err := provider.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = acct.Close() })
	caller := *g.caller
	caller.Accounts = []mailtool.Account{{ID: "work", Mail: acct, Zone: time.UTC}}
	return &target{t: t, box: box, reg: g.reg, caller: &caller, shapes: g.shapes}
}

func (g *target) deliver(raw []byte) string {
	g.t.Helper()
	id, err := g.box.Deliver("INBOX", raw, memmail.Delivery{})
	if err != nil {
		g.t.Fatal(err)
	}
	return string(id)
}

func (g *target) fault(format string, args ...any) {
	g.faults = append(g.faults, fmt.Sprintf(format, args...))
}

// ask is what a tool is asked.
type ask struct {
	IDs         []string `json:"ids,omitempty"`
	ID          string   `json:"id,omitempty"`
	Handle      string   `json:"handle,omitempty"`
	Query       string   `json:"query,omitempty"`
	Format      string   `json:"format,omitempty"`
	Offset      int64    `json:"offset,omitempty"`
	IncludeBody bool     `json:"include_body,omitempty"`
	Fields      string   `json:"fields,omitempty"`
	Raw         bool     `json:"raw,omitempty"`
}

// answer is what any of the tools says, as far as this test looks at it.
type answer struct {
	Untrusted  string
	Columns    []string
	Rows       [][]string
	Messages   []answered
	Text       string
	Notes      []string
	Dropped    map[string]int
	NextOffset int64 `json:"next_offset"`
	NextCursor string

	all string // every string of it, one after the other
}

type answered struct {
	Body, Format, Invite string
	Warnings             []string
	Dropped, Folded      map[string]int
	Attachments          []struct{ Handle string }
	NextOffset           int64 `json:"next_offset"`
}

// call checks whatever comes back; an answer without anything stands for a refusal.
func (g *target) call(tool string, in ask) answer {
	g.t.Helper()
	args, err := json.Marshal(in)
	if err != nil {
		g.t.Fatal(err)
	}
	res, err := g.reg.Call(context.Background(), g.caller, tool, args)
	if err != nil {
		g.checkText(tool+" refuses", []string{err.Error()})
		return answer{}
	}
	var out answer
	if err := json.Unmarshal(res.JSON, &out); err != nil {
		g.fault("%s: %v", tool, err)
		return out
	}
	texts, err := g.shapes[tool].texts(res.JSON)
	if err != nil {
		g.fault("%s: %v in %s", tool, err, res.JSON)
	}
	g.checkText(tool, texts)
	g.checkNonce(tool, out, string(res.JSON))
	out.all = strings.Join(texts, "\n")
	return out
}

// pages reads one message or file from its beginning to its end.
func (g *target) pages(tool string, in ask) []answer {
	const most = 200 // a megabyte, and then some
	var out []answer
	for range most {
		a := g.call(tool, in)
		out = append(out, a)
		next := a.NextOffset
		for _, m := range a.Messages {
			next = m.NextOffset
		}
		if next == 0 {
			return out
		}
		if next <= in.Offset {
			g.fault("%s goes on at %d after %d", tool, next, in.Offset)
			return out
		}
		in.Offset = next
	}
	g.fault("%s has no end", tool)
	return out
}

// run delivers the message, reads it in every way and returns what should not be.
func (a attack) run(g *target) []string {
	id := g.deliver(a.raw)
	for _, tool := range []string{"list_messages", "search_messages"} {
		a.inList(g, g.call(tool, ask{}))
		a.inList(g, g.call(tool, ask{IncludeBody: true}))
		a.inList(g, g.call(tool, ask{Fields: "full"}))
	}
	a.inText(g, "text", g.pages("read_message", ask{IDs: []string{id}}))
	a.inText(g, "full", g.pages("read_message", ask{IDs: []string{id}, Format: "full"}))
	a.inText(g, "thread", []answer{g.call("read_thread", ask{ID: id})})
	a.inSource(g, g.pages("read_message", ask{IDs: []string{id}, Format: "html"}))
	g.call("read_message", ask{IDs: []string{id}, Format: "headers"})
	g.pages("get_attachment", ask{ID: id, Raw: true})
	a.inFiles(g, id)
	return g.faults
}

// leaks are the secret words of a text that nothing allows there.
func (a attack) leaks(text string, allowed ...[]string) []string {
	var out []string
	for _, w := range a.secret {
		if strings.Contains(text, w) && !slices.Contains(slices.Concat(allowed...), w) {
			out = append(out, w)
		}
	}
	return out
}

func (a attack) inList(g *target, out answer) {
	if len(out.Rows) != 1 {
		g.fault("a list of %d rows", len(out.Rows))
	}
	at := slices.Index(out.Columns, "preview")
	for _, row := range out.Rows {
		if at < 0 {
			break
		}
		// A cell has no member for a warning: its first words are one.
		if strings.HasPrefix(row[at], warnedCell) {
			row[at] = ""
		}
		if words := a.leaks(row[at]); words != nil {
			g.fault("preview shows %q: %q", words, row[at])
		}
		row[at] = ""
	}
	for _, row := range out.Rows {
		if words := a.leaks(strings.Join(row, "\n")); words != nil {
			g.fault("row shows %q: %q", words, row)
		}
	}
}

// warnedCell begins a preview that has something to warn of.
const warnedCell = "[warning: "

func (a attack) inText(g *target, format string, pages []answer) {
	var body, invite, warnings strings.Builder
	flags := map[string]bool{}
	for _, p := range pages {
		for _, m := range p.Messages {
			body.WriteString(m.Body)
			invite.WriteString(m.Invite)
			warnings.WriteString(strings.Join(m.Warnings, "\n"))
			for _, counts := range []map[string]int{m.Dropped, m.Folded} {
				for name, n := range counts {
					flags[name] = n > 0
				}
			}
			flags["warning"] = flags["warning"] || len(m.Warnings) > 0
		}
		allowed := [][]string{nil}
		if format == "full" {
			allowed = append(allowed, a.folded)
		}
		if flags["warning"] {
			allowed = append(allowed, a.flagged)
		}
		if words := a.leaks(p.all, allowed...); words != nil {
			g.fault("%s shows %q: %q", format, words, p.all)
		}
	}
	for _, w := range a.visible {
		if more := pages[len(pages)-1].Messages; len(more) > 0 && more[0].NextOffset > 0 {
			break // read_thread leaves the rest to read_message
		}
		if !strings.Contains(body.String(), w) {
			g.fault("%s lacks %q: %q", format, w, body.String())
		}
	}
	for _, w := range a.invite {
		if !strings.Contains(invite.String(), w) {
			g.fault("%s lacks %q in the invitation: %q", format, w, invite.String())
		}
	}
	for _, f := range a.flags {
		if !flags[f] && (format != "full" || f != "quoted" && f != "signature") {
			g.fault("%s does not say %q, only %v and %q: %q", format, f, flags, warnings.String(), body.String())
		}
	}
	for _, w := range a.folded {
		if format == "full" && !strings.Contains(body.String(), w) {
			g.fault("full lacks %q: %q", w, body.String())
		}
	}
}

// inSource: the source of a page holds all that is hidden in it, and says so.
func (a attack) inSource(g *target, pages []answer) {
	for _, p := range pages {
		for _, m := range p.Messages {
			words := a.leaks(m.Body, a.folded, a.flagged)
			if len(words) > 0 && (m.Format != "html" || len(m.Warnings) == 0) {
				g.fault("the source shows %q without a warning: %q", words, m.Body)
			}
		}
	}
}

func (a attack) inFiles(g *target, id string) {
	var text strings.Builder
	flags := map[string]bool{}
	for _, m := range g.call("read_message", ask{IDs: []string{id}}).Messages {
		for _, file := range m.Attachments {
			for _, p := range g.pages("get_attachment", ask{Handle: file.Handle}) {
				text.WriteString(p.Text)
				for name, n := range p.Dropped {
					flags[name] = n > 0
				}
				flags["notes"] = flags["notes"] || len(p.Notes) > 0
				if words := a.leaks(p.all, a.file); words != nil {
					g.fault("get_attachment shows %q: %q", words, p.all)
				}
			}
		}
	}
	for _, w := range a.file {
		if !strings.Contains(text.String(), w) {
			g.fault("get_attachment lacks %q: %q", w, text.String())
		}
	}
	for _, f := range a.fileFlags {
		if !flags[f] {
			g.fault("get_attachment does not say %q, only %v: %q", f, flags, text.String())
		}
	}
}
