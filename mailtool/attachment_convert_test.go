package mailtool_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/postern-mail/postern/mailtool"
)

// converter is one with the answer of a test.
type converter struct {
	types []string
	text  func(ctx context.Context, data []byte, max int) (string, bool, error)
}

func (c converter) Types() []string { return c.types }
func (c converter) Text(ctx context.Context, data []byte, max int) (string, bool, error) {
	return c.text(ctx, data, max)
}

func TestConverter(t *testing.T) {
	pdf := file{kind: "application/pdf", name: "a.pdf", data: []byte("%PDF-1.7 the bytes")}
	for name, test := range map[string]struct {
		file file
		text func(context.Context, []byte, int) (string, bool, error)
		want string // of the text; empty: the bytes come instead
		note string
	}{
		"text": {pdf, func(_ context.Context, data []byte, _ int) (string, bool, error) {
			return "read: " + string(data) + "\u200b\u202e", false, nil
		}, "read: %PDF-1.7 the bytes", ""},
		"found by its first bytes": {file{kind: "application/octet-stream", name: "a", data: pdf.data}, func(context.Context, []byte, int) (string, bool, error) {
			return "read", false, nil
		}, "read", ""},
		"more than it may": {pdf, func(_ context.Context, _ []byte, most int) (string, bool, error) {
			return strings.Repeat("é", most), false, nil
		}, strings.Repeat("é", 100), ""},
		"not all": {pdf, func(context.Context, []byte, int) (string, bool, error) { return "the beginning", true, nil }, "the beginning", "longer than this server reads"},
		"no text": {pdf, func(context.Context, []byte, int) (string, bool, error) { return "", false, nil }, "", "holds no text"},
		"an error": {pdf, func(context.Context, []byte, int) (string, bool, error) {
			return "half", false, errors.New("it is\nencrypted")
		}, "", "could not be read as text: it is encrypted"},
		"a panic": {pdf, func(context.Context, []byte, int) (string, bool, error) { panic("index out of range") }, "", "could not be read as text: its reader failed"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, &mailtool.Options{Converters: []mailtool.Converter{converter{[]string{"application/pdf"}, test.text}}})
			id := string(d.deliver(letterWith(test.file)))
			out := d.get(`{"handle":"` + id + `:2"}`)
			if notes := strings.Join(out.Notes, "\n"); !strings.Contains(notes, test.note) || test.note == "" && notes != "" {
				t.Errorf("notes %q, want %q", notes, test.note)
			}
			if test.want == "" {
				if !out.File && !strings.Contains(test.note, "no text") || out.File && string(out.files[0].Data) != string(pdf.data) {
					t.Errorf("%+v", out)
				}
				return
			}
			if text := out.inner(t); !strings.HasPrefix(text, test.want) || strings.Contains(text, "\u200b") || len(out.files) > 0 {
				t.Errorf("%.300q", text)
			}
			if blob := d.get(`{"handle":"` + id + `:2","format":"blob"}`); len(blob.files) != 1 {
				t.Errorf("its bytes: %+v", blob)
			}
		})
	}
}

// TestConverterEnds: a call that ends is not answered with bytes instead.
func TestConverterEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := newDesk(t, &mailtool.Options{Converters: []mailtool.Converter{converter{[]string{"application/pdf"}, func(ctx context.Context, _ []byte, _ int) (string, bool, error) {
		cancel()
		<-ctx.Done()
		return "", false, ctx.Err()
	}}}})
	id := string(d.deliver(letterWith(file{kind: "application/pdf", data: []byte("%PDF-1.7")})))
	if res, err := d.reg.Call(ctx, d.caller, "get_attachment", []byte(`{"handle":"`+id+`:2"}`)); !errors.Is(err, mailtool.Canceled) {
		t.Errorf("%s, %v", res.JSON, err)
	}
}

func TestConverterFaults(t *testing.T) {
	text := func(context.Context, []byte, int) (string, bool, error) { return "", false, nil }
	for name, list := range map[string][]mailtool.Converter{
		"nil":             {nil},
		"no types":        {converter{nil, text}},
		"no media type":   {converter{[]string{"pdf"}, text}},
		"capitals":        {converter{[]string{"Application/PDF"}, text}},
		"one type, twice": {converter{[]string{"application/pdf"}, text}, converter{[]string{"application/x-a", "application/pdf"}, text}},
	} {
		if _, err := mailtool.NewRegistry(&mailtool.Options{Converters: list}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
