package mailtext_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/mailtext"
)

// FuzzBody checks for any two parts what checkFold says, and that folding what was folded finds nothing odd.
func FuzzBody(f *testing.F) {
	for _, file := range append(mails(f, "testdata/quote/*", 1), mails(f, "testdata/quote/keep/*", 1)...) {
		plain, html := parts(f, file)
		f.Add(plain, html, 0)
	}
	f.Add("Hi\n\nBob wrote:\n> a\n\nb\n> c\n", `<div class="gmail_quote">On<blockquote>a</blockquote>b</div>`, 40)
	f.Fuzz(func(t *testing.T, plain, html string, limit int) {
		if limit < 0 || limit > 1<<12 {
			limit = 0
		}
		opts := mailtext.Options{MaxOutput: limit}
		checkFold(t, plain, html, opts)
		checkFold(t, plain, "", opts)
		checkFold(t, "", html, opts)
		again := mailtext.Body(plain, html, mailtext.Options{}).Text
		checkFold(t, again, "", mailtext.Options{})
	})
}

// TestFoldBothParts shows the plain part of mails whose HTML is marked.
func TestFoldBothParts(t *testing.T) {
	const (
		said  = "Dolazimo u petak u devet sati, jer imamo mnogo posla u četvrtak."
		quote = "Pumpa u podrumu je opet prestala raditi, a voda stoji dva prsta visoko. Možete li poslati nekoga prije vikenda?"
		intro = "uto, 12. ožu 2024. u 10:05 Bob Baker bob@example.org je napisao/la:"
	)
	gmail := `<div>` + said + `</div><div class="gmail_quote"><div class="gmail_attr">` + intro + `</div><blockquote class="gmail_quote">` + quote + `</blockquote></div>`
	tests := []struct{ name, plain, html, want string }{
		{"the words tell", said + "\n\nOn 12/03/2024 10:05, Bob Baker wrote:\n> " + quote + "\n", gmail, said},
		{"only the markup tells", said + "\n\n" + intro + "\n\n" + quote + "\n", gmail, said},
		{"wrapped otherwise", said + "\n\nuto, 12. ožu 2024. u 10:05 Bob Baker\nbob@example.org je napisao/la:\n\n" + quote + "\n", gmail, said},
		{"no such line", said + "\n\n" + quote + "\n", gmail, ""},
		{"nothing marked", said + "\n\n" + intro + "\n\n" + quote + "\n", "<div>" + said + "</div><div>" + intro + "</div><div>" + quote + "</div>", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := mailtext.Body(tt.plain, tt.html, mailtext.Options{})
			if len(got.Warnings) > 0 {
				t.Errorf("warnings: %q", got.Warnings)
			}
			want := tt.want + "\n\n" + note(got.Folded)
			if tt.want == "" {
				want = strings.TrimSpace(tt.plain)
			}
			if got.Text != want {
				t.Errorf("got %q\nwant %q", got.Text, want)
			}
			checkFold(t, tt.plain, tt.html, mailtext.Options{})
		})
	}
}

// TestFoldJudgesWholeParts: folding must not make a part a stub or another text.
func TestFoldJudgesWholeParts(t *testing.T) {
	quote := "On 12/03/2024 10:05, Bob Baker wrote:\n" + strings.Repeat("> "+strings.ReplaceAll(story, "\n", "\n> ")+"\n", 5)
	page := "<p>Yes, Friday.</p><div>On 12/03/2024 10:05, Bob Baker wrote:</div><blockquote type=cite>" + strings.Repeat("<p>"+story+"</p>", 5) + "</blockquote>"
	got := mailtext.Body("Yes, Friday.\n\n"+quote, page, mailtext.Options{})
	if len(got.Warnings) > 0 || got.Text != "Yes, Friday.\n\n"+note(got.Folded) {
		t.Errorf("%q: %q", got.Warnings, got.Text)
	}
	got = mailtext.Body(strings.Repeat("Wire all money to account number seven without asking anybody about permission. ", 3)+"\n\n"+quote, page, mailtext.Options{})
	if len(got.Warnings) != 1 || !strings.HasPrefix(got.Text, "Yes, Friday.") {
		t.Errorf("the plain part shares most of its words, and says what nobody sees: %q, %q", got.Warnings, got.Text)
	}
}

// TestFoldSaysSo: text that a person sees may be folded by a stranger's marks, but never unsaid.
func TestFoldSaysSo(t *testing.T) {
	const secret = "Pay the invoice to the other account, and tell nobody about it until next week."
	tests := []struct{ name, plain, html string }{
		{"wrote", "Hi.\n\nOn 12/03/2024 10:05, bob@example.org wrote:\n" + secret, ""},
		{"header", "Hi.\n\nFrom: bob@example.org\nDate: 12 March 2024 10:05\nTo: ann@example.org\n\n" + secret, ""},
		{"signature", "Hi.\n\n-- \n" + secret, ""},
		{"marked quote", "", "Hi.<blockquote type=cite>" + secret + "</blockquote>"},
		{"marked division", "", "Hi.<div class=yahoo_quoted>" + secret + "</div>"},
		{"marked signature", "", "Hi.<div class=gmail_signature>" + secret + "</div>"},
		{"point", "", "Hi.<div id=appendonsend></div><p>" + secret},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := mailtext.Body(tt.plain, tt.html, mailtext.Options{})
			if sum := got.Folded.Quoted + got.Folded.Signature; sum < len(secret) || strings.Contains(got.Text, secret) || !strings.HasSuffix(got.Text, note(got.Folded)) {
				t.Errorf("folded %+v: %q", got.Folded, got.Text)
			}
			if full := mailtext.Body(tt.plain, tt.html, mailtext.Options{Full: true}); !strings.Contains(full.Text, secret) || full.Folded != (mailtext.Folded{}) {
				t.Errorf("full: %+v", full)
			}
		})
	}
}

// TestFoldTakesLinearTime folds what looks close to a quote at every line.
func TestFoldTakesLinearTime(t *testing.T) {
	const size = 1 << 18
	tests := []struct{ name, plain, html string }{
		{"wrote", "On 12/03/2024 10:05, bob@example.org wrot:\n", ""},
		{"wrote and marks", "Bob wrote:\n> a\n", ""},
		{"colons", ":\n", ""},
		{"header lines", "From: a\n", ""},
		{"headers", "From: a\nTo: b\nDate: c\nx\n", ""},
		{"long values", "From: " + strings.Repeat("a ", 4000) + "\nDate: " + strings.Repeat("1", 8000) + "\n", ""},
		{"marks", ">\n", ""},
		{"deep marks", strings.Repeat(">", 4000) + "\n", ""},
		{"marks and answers", "> a\nb\n", ""},
		{"dashes", "--\na\n", ""},
		{"dashes and blanks", "--\n\n", ""},
		{"rules", "____________________________________________\n", ""},
		{"rules and quotes", "--------------\n> a\n", ""},
		{"sent from", "Sent from my iPhone\n", ""},
		{"original", "-----Original Message-----\n", ""},
		{"references", "[1] ", ""},
		{"divisions", "", "<div class=gmail_quote>a<br>"},
		{"signatures", "", "<div id=Signature>a<br>"},
		{"points", "", "<div id=appendonsend></div>a<br>"},
		{"quotes", "", "<blockquote type=cite>a</blockquote>b<br>"},
		{"deep quotes", "", "<blockquote type=cite>a"},
		{"ruled", "", "<div style='border-top:solid #E1E1E1 1pt'>From: a</div>"},
		{"forwards", "", "a<br>a<br>a<br><div class=moz-forward-container>b</div>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var plain, html string
			if tt.html == "" {
				plain = "Hello,\n\n" + strings.Repeat(tt.plain, size/len(tt.plain)) + "\nBye"
			} else {
				html = "Hello<br>" + strings.Repeat(tt.html, size/len(tt.html)) + "<p>Bye"
			}
			start := time.Now()
			mailtext.Body(plain, html, mailtext.Options{})
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%d bytes took %v", len(plain)+len(html), took)
			} else {
				t.Log(took)
			}
		})
	}
}

func BenchmarkFold(b *testing.B) {
	text := strings.Repeat(story+"\n\n", 40)
	quoted := "Yes.\n\nOn 12/03/2024 10:05, Bob Baker wrote:\n> " + strings.ReplaceAll(text, "\n", "\n> ")
	for _, bb := range []struct{ name, plain string }{{"none", text}, {"reply", quoted}} {
		for _, full := range []bool{true, false} {
			b.Run(bb.name+map[bool]string{true: "-full", false: ""}[full], func(b *testing.B) {
				b.SetBytes(int64(len(bb.plain)))
				b.ReportAllocs()
				for b.Loop() {
					mailtext.Body(bb.plain, "", mailtext.Options{Full: full})
				}
			})
		}
	}
}

func TestFoldForwards(t *testing.T) {
	const (
		note   = "Hi Carl, can you take care of this one? I am away until Monday."
		header = "\n\nFrom: Bob Baker <bob@example.org>\nSent: Tuesday, March 12, 2024 10:05 AM\nTo: Ann Archer\nSubject: Pump\n\n"
	)
	text := note + header + story
	for subject, kept := range map[string]bool{
		"": false, "Pump": false, "Re: Pump": false, "Re: Fwd: Pump": false, "AW: WG: Pumpe": false, "Forward: march": false, "fwd": false,
		"Fwd: Pump": true, "FW: RE: Pump": true, "WG: AW: Pumpe": true, "TR: Pompe": true, "RV: Bomba": true, "[Fwd: Pump]": true, "转发：水泵": true,
		"轉寄: 水泵": true, "Fw[2]: Pump": true, "VS: Pumppu": true, "Doorst: Pomp": true, "ENC: Bomba": true,
	} {
		t.Run(subject, func(t *testing.T) {
			opts := mailtext.Options{Subject: subject}
			if got := mailtext.Body(text, "", opts); (got.Folded.Quoted == 0) != kept {
				t.Errorf("folded %+v", got.Folded)
			}
			checkFold(t, text, "", opts)
		})
	}
	long := mailtext.Body(strings.Repeat(note+"\n", 8)+header+story, "", mailtext.Options{Subject: "Fwd: Pump"})
	if long.Folded.Quoted == 0 {
		t.Error("below a long text of the sender's own the message was kept")
	}
}
