package mailtext_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mailtext"
)

const letter = "Dear Ann,\n\nthe boiler in the second flat has stopped again last night, and the tenants are cold.\n" +
	"Could you please ask Mr Weber to come on Thursday morning before ten, and to bring the valve?\n\nBob"

// repeats shows the spans as text with what is repeated in brackets.
func repeats(text string, spans []mailtext.Span) string {
	var b strings.Builder
	at := 0
	for _, s := range spans {
		if s.Start != at || s.End <= s.Start {
			return "the spans leave a gap or overlap"
		}
		if at = s.End; s.Repeated {
			b.WriteString("[" + text[s.Start:s.End] + "]")
		} else {
			b.WriteString(text[s.Start:s.End])
		}
	}
	if at != len(text) {
		return "the spans end early"
	}
	return b.String()
}

func TestOnce(t *testing.T) {
	quoted := "> " + strings.ReplaceAll(letter, "\n", "\n> ")
	rewrapped := "the boiler in the second flat has stopped\n> again last night, and the tenants are\ncold. Could you please ask Mr Weber to\n>> come on Thursday morning before ten, and\nto bring the valve?\n"
	chinese := "请您务必在本周五之前把合同的最终版本发给我们的法务部门审核，谢谢合作，祝好。"
	tests := []struct {
		name, before, text, want string
	}{
		{"nothing came before", "", letter, letter},
		{"an answer above the quotation", letter, "He comes at nine.\n\n" + quoted, "He comes at nine.\n\n[" + quoted + "]"},
		{"other line breaks", letter, "Yes.\n" + rewrapped + "Carol", "Yes.\n[" + rewrapped + "]Carol"},
		{"an answer in the middle", letter,
			"> the boiler in the second flat has stopped again last night, and the tenants are cold.\nWhich of the two?\n> Could you please ask Mr Weber to come on Thursday morning before ten, and to bring the valve?\n",
			"> the boiler in the second flat has stopped again last night, and the tenants are cold.\nWhich of the two?\n> Could you please ask Mr Weber to come on Thursday morning before ten, and to bring the valve?\n"},
		{"a line with one more word", letter,
			"the boiler in the second flat has stopped again last night, and the tenants are cold. NOT\n",
			"the boiler in the second flat has stopped again last night, and the tenants are cold. NOT\n"},
		{"a script without blanks", chinese, "好的。\n> " + chinese + "\n", "好的。\n[> " + chinese + "\n]"},
		{"common phrases", "Kind regards and many thanks in advance\n", "Kind regards and many thanks in advance\n", "Kind regards and many thanks in advance\n"},
		{"no text", letter, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := mailtext.NewOnce()
			o.Spans(test.before)
			if diff := cmp.Diff(test.want, repeats(test.text, o.Spans(test.text))); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func FuzzOnce(f *testing.F) {
	f.Add(letter, "> "+letter)
	f.Add("a", "")
	f.Fuzz(func(t *testing.T, before, text string) {
		o := mailtext.NewOnce()
		o.Spans(before)
		got := repeats(text, o.Spans(text))
		if strings.HasPrefix(got, "the spans ") && !strings.HasPrefix(text, "the spans ") {
			t.Error(got)
		}
	})
}
