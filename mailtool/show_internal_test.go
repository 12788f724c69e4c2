package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

func numbered(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprint("defect ", i))
	}
	return list
}

// TestShow: what is told of a message, at the edges.
func TestShow(t *testing.T) {
	const spam = "mx.own.example; dkim=fail header.d=example.org; dmarc=fail header.from=example.org"
	invite := strings.ReplaceAll("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20261121T090000Z\nSUMMARY:Mee\u200bting\nEND:VEVENT\nEND:VCALENDAR\n", "\n", "\r\n")
	ann, bob := provider.Address{Addr: "ann@example.org"}, provider.Address{Addr: "bob@example.org"}
	many := func(n int) []provider.Address { return slices.Repeat([]provider.Address{ann}, n) }
	tests := []struct {
		name string
		m    provider.Message
		in   readIn
		look func(out messageOut) any
		want any
	}{
		{"answers go to the author", provider.Message{Summary: provider.Summary{From: many(1)}, ReplyTo: many(1)}, readIn{}, func(o messageOut) any { return len(o.ReplyTo) }, 0},
		{"answers go elsewhere", provider.Message{Summary: provider.Summary{From: many(1)}, ReplyTo: []provider.Address{bob}}, readIn{}, func(o messageOut) any { return o.ReplyTo }, []string{"bob@example.org"}},
		{"50 recipients", provider.Message{Summary: provider.Summary{To: many(50)}}, readIn{}, func(o messageOut) any { return o.To[49] }, "ann@example.org"},
		{"51 recipients", provider.Message{Summary: provider.Summary{To: many(51)}}, readIn{}, func(o messageOut) any { return o.To[50:] }, []string{"and 1 more"}},
		{"8 warnings", provider.Message{Text: "a", Defects: numbered(8)}, readIn{}, func(o messageOut) any { return o.Warnings }, numbered(8)},
		{"9 warnings", provider.Message{Text: "a", Defects: numbered(9)}, readIn{}, func(o messageOut) any { return o.Warnings }, append(numbered(7), "and 2 more")},
		{"text cut by the server, and here", provider.Message{Text: strings.Repeat("word ", 10_000), TextTruncated: true}, readIn{}, func(o messageOut) any { return len(o.Warnings) }, 0},
		{"text cut by the server, at its end", provider.Message{Text: "word", TextTruncated: true}, readIn{}, func(o messageOut) any { return o.Warnings }, []string{"the text is longer than this server reads"}},
		{"HTML cut by the server", provider.Message{HTML: "<p>word", HTMLTruncated: true}, readIn{}, func(o messageOut) any { return o.Warnings }, []string{"the text is longer than this server reads"}},
		{"source cut by the server", provider.Message{HTML: "<p>word", HTMLTruncated: true}, readIn{Format: formatHTML}, func(o messageOut) any { return o.Warnings[1:] }, []string{"the text is longer than this server reads"}},
		{"source of a text", provider.Message{Text: "word"}, readIn{Format: formatHTML}, func(o messageOut) any { return o.Format + strings.Fields(o.Body)[1] }, "word"},
		{"invitation", provider.Message{Text: "a", Calendar: invite}, readIn{}, func(o messageOut) any { return fmt.Sprint(o.Dropped.Invisible, o.Warnings) }, "1 []"},
		{"invitation cut by the server", provider.Message{Text: "a", Calendar: invite, CalendarTruncated: true}, readIn{}, func(o messageOut) any { return len(o.Warnings) }, 1},
		{"the owner's server", provider.Message{Text: "a", Summary: provider.Summary{From: many(1)}, Header: []provider.Field{{Name: "Authentication-Results", Value: spam}}}, readIn{}, func(o messageOut) any { return o.Auth != "" }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := &Env{Account: Account{Border: "mx.own.example"}, Nonce: "123456789012"}
			out := env.show(&tt.m, bodyOf(&tt.m, tt.in), tt.in, maxAnswerBytes)
			if diff := cmp.Diff(tt.want, tt.look(out)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestShowFits: a message takes its share of an answer and no more, whatever fills it.
func TestShowFits(t *testing.T) {
	env := &Env{Nonce: "123456789012"}
	m := &provider.Message{Text: strings.Repeat("\"a\" \\ b ", 20_000), Defects: numbered(40), Summary: provider.Summary{Subject: strings.Repeat("s", 300)}}
	for share := 2_000; share < 6_000; share += 7 {
		out := env.show(m, bodyOf(m, readIn{}), readIn{}, share)
		if n := jsonSize(out); n > share || n < share-2*bodyFrame {
			t.Fatalf("%d bytes of a share of %d", n, share)
		}
	}
}

// TestPreviewLength: a preview holds so many characters, and says when that is not all.
func TestPreviewLength(t *testing.T) {
	for _, tt := range []struct {
		name string
		m    provider.Message
		want string
	}{
		{"all", provider.Message{Text: strings.Repeat("ä", previewChars)}, strings.Repeat("ä", previewChars)},
		{"one more", provider.Message{Text: strings.Repeat("ä", previewChars) + "ä"}, strings.Repeat("ä", previewChars) + "..."},
		{"text read in part", provider.Message{Text: "a", TextTruncated: true}, "a..."},
		{"HTML read in part", provider.Message{HTML: "<p>a", HTMLTruncated: true}, "a..."},
	} {
		if diff := cmp.Diff(tt.want, preview(&tt.m)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestFitSharesFairly: warnings, which come first, leave the author room.
func TestFitSharesFairly(t *testing.T) {
	author := []string{strings.Repeat("a", 100)}
	m := messageOut{Warnings: slices.Repeat([]string{strings.Repeat("w", 200)}, 8), From: author}
	m.fit(1_300)
	if diff := cmp.Diff(author, m.From); diff != "" || len(m.Warnings) < 2 {
		t.Errorf("%d warnings, %s", len(m.Warnings), diff)
	}
}

// TestNothingRead: of several messages none of which can be read each says why; one alone is an error.
func TestNothingRead(t *testing.T) {
	reg, caller := worstFixture(t, "s", 1, "dm")
	res, err := reg.Call(t.Context(), caller, "read_message", json.RawMessage(`{`+idList(2)+`}`))
	var out readOut
	if err != nil || json.Unmarshal(res.JSON, &out) != nil || len(out.Messages) != 0 || len(out.Failed) != 2 {
		t.Errorf("%s, %v", res.JSON, err)
	}
	if res, err = reg.Call(t.Context(), caller, "read_message", json.RawMessage(`{`+idList(1)+`}`)); err == nil {
		t.Errorf("one alone: %s", res.JSON)
	}
}

// TestPreviewsEnd: once the context ends there is no list of messages that could not be read.
func TestPreviewsEnd(t *testing.T) {
	_, caller := worstFixture(t, "s", 1, "dm")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	env := &Env{Mail: caller.Accounts[0].Mail}
	if texts, err := env.previews(ctx, []provider.Summary{{ID: "dm-1"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", texts, err)
	}
}
