package mailtext_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mailtext"
)

const letter = "Dear Ann,\n\nthe boiler in the second flat has stopped again last night, and the tenants are cold.\n" +
	"Could you please ask Mr Weber to come on Thursday morning before ten, and to bring the valve?\n\nBob"

const order = "the order of Friday is for twenty boards of oak at $ 12.50 each, the rebate is -5 percent, paid ✅ and they come to the yard on Monday\n"

const notice = "we have looked at the boards again with the yard on Friday, and for the price that you named in the letter we cannot\n" +
	"deliver all of the twenty boards of oak to the yard on Monday morning, nor the two of ash that you asked for later\n"

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
		{"a word less", letter, strings.Replace(letter, "has stopped again", "has again", 1), strings.Replace(letter, "has stopped again", "has again", 1)},
		{"a word less at the end of a line", notice, strings.Replace(notice, "cannot\n", "\n", 1), strings.Replace(notice, "cannot\n", "\n", 1)},
		{"another currency", order, strings.ReplaceAll(order, "$", "€"), strings.ReplaceAll(order, "$", "€")},
		{"another sign", order, strings.Replace(order, "-5", "5", 1), strings.Replace(order, "-5", "5", 1)},
		{"a tick that became a cross", order, strings.Replace(order, "✅", "❌", 1), strings.Replace(order, "✅", "❌", 1)},
		{"a number with its comma elsewhere", order, strings.Replace(order, "12.50", "1.250", 1), strings.Replace(order, "12.50", "1.250", 1)},
		{"the same in a quotation with bullets and lines", order, "│ • " + order, "[│ • " + order + "]"},
		{"common phrases", "Kind regards and many thanks in advance\n", "Kind regards and many thanks in advance\n", "Kind regards and many thanks in advance\n"},
		{"no text", letter, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := mailtext.NewOnce()
			o.Add(test.before)
			if diff := cmp.Diff(test.want, repeats(test.text, o.Spans(test.text))); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

// TestOnceIsBounded: behind a million words nothing more is remembered, and nothing left out for it.
func TestOnceIsBounded(t *testing.T) {
	var words strings.Builder
	for n := range 1<<20 + 8 {
		words.WriteString(strconv.Itoa(n))
		words.WriteByte(' ')
	}
	o := mailtext.NewOnce()
	o.Add(words.String())
	o.Add(letter)
	if got := repeats(letter, o.Spans(letter)); got != letter {
		t.Errorf("%q", got)
	}
	if got := repeats("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\n", o.Spans("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\n")); !strings.HasPrefix(got, "[") {
		t.Errorf("what came first is forgotten: %q", got)
	}
}

func FuzzOnce(f *testing.F) {
	f.Add(letter, "> "+letter)
	f.Add("a", "")
	f.Fuzz(func(t *testing.T, before, text string) {
		o := mailtext.NewOnce()
		o.Add(before)
		got := repeats(text, o.Spans(text))
		if strings.HasPrefix(got, "the spans ") && !strings.HasPrefix(text, "the spans ") {
			t.Error(got)
		}
	})
}
