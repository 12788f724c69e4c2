package provider_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

func TestPartID(t *testing.T) {
	tests := []struct {
		part provider.PartID
		ok   bool
	}{
		{"1", true},
		{"1.2", true},
		{"10.20.300", true},
		{"4294967295", true},
		{provider.PartID("1" + strings.Repeat(".1", 49)), true},
		{provider.PartID("1" + strings.Repeat(".1", 50)), false},
		{"4294967296", false},
		{"1.99999999999999999999", false},
		{"", false},
		{"0", false},
		{"01", false},
		{"1.0", false},
		{".1", false},
		{"1.", false},
		{"1..2", false},
		{".", false},
		{"1.2 ", false},
		{"-1", false},
		{"+1", false},
		{"1.MIME", false},
		{"TEXT", false},
		{"1]", false},
		{"1\r\n", false},
		{"\uff11", false}, // a full-width digit
		{"\xff", false},
	}
	for _, test := range tests {
		t.Run(string(test.part), func(t *testing.T) {
			f := newFake("work")
			_, body, err := open(t, f).OpenPart(t.Context(), workIDs(1)[0], test.part)
			if test.ok {
				if err != nil || body == nil {
					t.Errorf("OpenPart(%q): %v", test.part, err)
				}
				return
			}
			if provider.CodeOf(err) != provider.Invalid || body != nil || len(f.called()) > 0 {
				t.Errorf("OpenPart(%q): %v, calls %v, want Invalid and none", test.part, err, f.called())
			}
		})
	}
	f := newFake("work")
	_, _, err := open(t, f).OpenPart(t.Context(), workIDs(1)[0], provider.PartID(strings.Repeat("x", 1<<20)))
	if provider.CodeOf(err) != provider.Invalid || len(err.Error()) > 200 {
		t.Errorf("a part of a megabyte: an error of %d bytes", len(err.Error()))
	}
}

func TestOpenPart(t *testing.T) {
	f := newFake("work")
	f.part, f.body = provider.Part{ID: "2", Name: "plan.txt"}, "the plan"
	a := open(t, f)
	part, body, err := a.OpenPart(t.Context(), workIDs(1)[0], "2")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(body)
	if err != nil || string(got) != "the plan" || part != f.part {
		t.Errorf("part %+v, body %q, %v", part, got, err)
	}
	for _, id := range []provider.MessageID{"", "x", provider.NewMessageID("home", "1")} {
		if _, _, err := a.OpenPart(t.Context(), id, "1"); provider.CodeOf(err) != provider.Invalid {
			t.Errorf("id %q: %v", id, err)
		}
	}
	if n := len(f.called()); n != 1 {
		t.Errorf("%d calls", n)
	}
}

func TestReadMessagesAnswersForEveryID(t *testing.T) {
	ids := workIDs(5)
	letterOf := func(id provider.MessageID) *provider.Message {
		return &provider.Message{Summary: provider.Summary{ID: id}}
	}
	f := newFake("work")
	f.reads = func([]provider.MessageID) []provider.ReadResult {
		return []provider.ReadResult{ // out of order, with a stranger among them
			{ID: ids[3], Message: letterOf(ids[3]), Err: &provider.Error{Code: provider.Conflict}},
			{ID: provider.NewMessageID("work", "other"), Message: letterOf(ids[0])},
			{ID: ids[1], Err: provider.NotFound},
			{ID: ids[0], Message: letterOf(ids[0])},
			{ID: ids[2]},
		}
	}
	got, err := open(t, f).ReadMessages(t.Context(), ids, provider.ReadOptions{})
	if err != nil || len(got) != len(ids) {
		t.Fatalf("%d results, %v", len(got), err)
	}
	want := []provider.Code{"", provider.NotFound, provider.Unavailable, provider.Conflict, provider.Unavailable}
	for i, r := range got {
		if r.ID != ids[i] || provider.CodeOf(r.Err) != want[i] {
			t.Errorf("result %d: %s, %v, want %s, code %q", i, r.ID, r.Err, ids[i], want[i])
		}
		if (r.Message == nil) != (r.Err != nil) {
			t.Errorf("result %d: message %v beside error %v", i, r.Message, r.Err)
		}
		if r.Err != nil && !strings.HasPrefix(r.Err.Error(), "read messages: ") {
			t.Errorf("result %d: %q names no operation", i, r.Err)
		}
	}
}

func TestReadMessagesError(t *testing.T) {
	f := newFake("work")
	f.err = &provider.Error{Code: provider.Unauthenticated}
	got, err := open(t, f).ReadMessages(t.Context(), workIDs(1), provider.ReadOptions{})
	if got != nil || !errors.Is(err, provider.Unauthenticated) {
		t.Errorf("ReadMessages = %v, %v", got, err)
	}
}

func TestReadOptionsDefault(t *testing.T) {
	for given, want := range map[int64]int64{0: provider.DefaultMaxText, -1: provider.DefaultMaxText, 1: 1, 5 << 20: 5 << 20} {
		f := newFake("work")
		opts := provider.ReadOptions{MaxText: given, HeadersOnly: true}
		if _, err := open(t, f).ReadMessages(t.Context(), workIDs(1), opts); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(provider.ReadOptions{MaxText: want, HeadersOnly: true}, f.read); diff != "" {
			t.Errorf("MaxText %d (-want +got):\n%s", given, diff)
		}
	}
}

func TestPagePassesThrough(t *testing.T) {
	f := newFake("work")
	f.page = provider.Page[provider.Summary]{
		Items: []provider.Summary{{ID: workIDs(1)[0], Subject: "one"}}, Next: "next", Total: 7,
		Failed: []provider.Outcome{{ID: workIDs(2)[1], Err: provider.TooLarge}},
		At:     func(int) (provider.Cursor, error) { return "after one", nil },
	}
	a := open(t, f)
	found, err := a.Search(t.Context(), provider.Query{}, provider.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	listed, err := a.ListMessages(t.Context(), provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []provider.Page[provider.Summary]{found, listed} {
		if c, err := got.At(0); c != "after one" || err != nil {
			t.Errorf("At(0) = %q, %v", c, err)
		}
		if got.Items[0].Subject != "one" || got.Next != "next" || got.Total != 7 || len(got.Failed) != 1 {
			t.Errorf("page %+v", got)
		}
	}
}
