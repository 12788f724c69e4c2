package mailtext_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postern-mail/postern/internal/golden"
	"github.com/postern-mail/postern/internal/mailtext"
)

// parts reads a test mail of one part.
func parts(t testing.TB, file string) (plain, html string) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(file) == ".html" {
		return "", string(src)
	}
	return string(src), ""
}

func mails(t testing.TB, pattern string, least int) []string {
	t.Helper()
	var files []string
	for _, ext := range []string{".plain", ".html"} {
		list, err := filepath.Glob(pattern + ext)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, list...)
	}
	if len(files) < least {
		t.Fatalf("%d test mails, want %d", len(files), least)
	}
	return files
}

func TestFoldGolden(t *testing.T) {
	for _, file := range mails(t, "testdata/quote/*", 90) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			plain, html := parts(t, file)
			res := mailtext.Body(plain, html, mailtext.Options{})
			got := fmt.Sprintf("%s\n=====\nquoted %d, signature %d\n", res.Text, res.Folded.Quoted, res.Folded.Signature)
			golden.Compare(t, strings.TrimSuffix(file, filepath.Ext(file))+".txt", []byte(got))
			checkFold(t, plain, html, mailtext.Options{})
		})
	}
}

func TestFoldKeeps(t *testing.T) {
	for _, file := range mails(t, "testdata/quote/keep/*", 20) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			plain, html := parts(t, file)
			got := mailtext.Body(plain, html, mailtext.Options{})
			want := mailtext.Body(plain, html, mailtext.Options{Full: true})
			if got.Text != want.Text || got.Folded != (mailtext.Folded{}) {
				t.Errorf("folded %+v:\n%s", got.Folded, got.Text)
			}
		})
	}
}

// note returns the line that says what was folded, as the package documents it.
func note(f mailtext.Folded) string {
	switch {
	case f.Signature == 0:
		return fmt.Sprintf("[quoted text: %d characters]", f.Quoted)
	case f.Quoted == 0:
		return fmt.Sprintf("[signature: %d characters]", f.Signature)
	}
	return fmt.Sprintf("[quoted text: %d characters, signature: %d]", f.Quoted, f.Signature)
}

// checkFold fails unless the folded text is the full one without some of its lines, with the lines that say so, and
// the counts add up.
func checkFold(t testing.TB, plain, html string, opts mailtext.Options) {
	t.Helper()
	got := mailtext.Body(plain, html, opts)
	opts.Full = true
	full := mailtext.Body(plain, html, opts)
	if full.Folded != (mailtext.Folded{}) {
		t.Errorf("Full folded %+v", full.Folded)
	}
	if got.Folded == (mailtext.Folded{}) {
		if got.Text != full.Text {
			t.Errorf("changed without a count:\n%q\n%q", full.Text, got.Text)
		}
		return
	}
	if got.Folded.Quoted < 0 || got.Folded.Signature < 0 {
		t.Errorf("counts %+v", got.Folded)
	}
	said := "\n\n" + note(got.Folded)
	at := strings.LastIndex(got.Text, said)
	if at < 0 {
		t.Fatalf("no line says %+v:\n%s", got.Folded, got.Text)
	}
	kept := got.Text[:at] + got.Text[at+len(said):]
	lines, elided := strings.Split(full.Text, "\n"), 0
	for one := range strings.SplitSeq(kept, "\n") {
		found := false
		for n, theirs := range lines {
			if theirs == one {
				lines, found = lines[n+1:], true
				break
			}
		}
		if !found && one == "[...]" {
			elided += len(one) + 1
		} else if !found {
			t.Fatalf("%q is no line of the full text, or out of order", one)
		}
	}
	lost := utf8.RuneCountInString(full.Text) - utf8.RuneCountInString(kept) + elided
	if sum := got.Folded.Quoted + got.Folded.Signature; sum != lost {
		t.Errorf("counts %+v are %d characters, %d are left out", got.Folded, sum, lost)
	}
	if strings.TrimSpace(got.Text[:at]) == "" {
		t.Errorf("nothing is left of %q", full.Text)
	}
}

// TestFoldSeparators names a quoted message between dashes, in the words of many mail programs.
func TestFoldSeparators(t *testing.T) {
	const (
		said   = "Friday is fine, and the key is with me."
		header = "\nFrom: Bob Baker\nDate: 12 March 2024\n\n"
	)
	answered := []string{
		"-----Original Message-----", "----- Original Message -----", "-------- Original message --------", "-----Ursprüngliche Nachricht-----", "-------- Originalnachricht --------",
		"-----Message d'origine-----", "-------- Message d’origine --------", "-----Mensaje original-----", "-----Mensagem original-----", "-----Messaggio originale-----",
		"-----Oorspronkelijk bericht-----", "-----Oprindelig meddelelse-----", "-----Opprinnelig melding-----", "-----Ursprungligt meddelande-----", "-----Alkuperäinen viesti-----",
		"-----Wiadomość oryginalna-----", "-----Původní zpráva-----", "-----Pôvodná správa-----", "-----Eredeti üzenet-----", "-----Mesaj original-----", "-----Исходное сообщение-----",
		"-----Вихідне повідомлення-----", "-----Αρχικό μήνυμα-----", "-----Özgün İleti-----", "-----הודעה מקורית-----", "-----الرسالة الأصلية-----", "-----پیام اصلی-----",
		"------------------ 原始邮件 ------------------", "-----原始郵件-----", "-----元のメッセージ-----", "-----원본 메시지-----", "-----Thư gốc-----", "-----Pesan asli-----",
	}
	passedOn := []string{
		"---------- Forwarded message ---------", "Begin forwarded message:", "-------- Forwarded Message --------", "-------- Weitergeleitete Nachricht --------",
		"Anfang der weitergeleiteten Nachricht:", "-------- Message transféré --------", "Début du message transféré :", "---------- Mensaje reenviado ----------",
		"---------- Mensagem encaminhada ---------", "---------- Messaggio inoltrato ---------", "---------- Doorgestuurd bericht ----------", "---------- Videresendt meddelelse ---------",
		"---------- Vidarebefordrat meddelande ---------", "---------- Välitetty viesti ---------", "---------- Przekazana wiadomość ---------", "---------- Přeposlaná zpráva ---------",
		"---------- Preposlaná správa ---------", "---------- Továbbított üzenet ---------", "---------- Mesaj redirecționat ---------", "---------- Пересылаемое сообщение ---------",
		"---------- Переслане повідомлення ---------", "---------- Προωθημένο μήνυμα ---------", "---------- İletilmiş mesaj ---------", "---------- הודעה שהועברה ---------",
		"---------- رسالة محولة ---------", "---------- پیام هدایت شده ---------", "---------- 转发的邮件 ---------", "---------- 轉寄的郵件 ---------", "---------- 転送メッセージ ---------",
		"---------- 전달된 메일 ---------", "---------- Thư được chuyển tiếp ---------", "---------- Pesan terusan ---------",
	}
	for i, line := range append(answered, passedOn...) {
		t.Run(line, func(t *testing.T) {
			got := mailtext.Body(said+"\n\n"+line+header+story, "", mailtext.Options{})
			if folded := got.Folded.Quoted > 0; folded != (i < len(answered)) {
				t.Errorf("folded %+v: %q", got.Folded, got.Text)
			}
			// What is passed on is a quote, too: below much text of the sender's own it is folded.
			got = mailtext.Body(strings.Repeat(said+"\n", 10)+"\n"+line+header+story, "", mailtext.Options{})
			if got.Folded.Quoted == 0 {
				t.Errorf("not found: %q", got.Text)
			}
			for _, talk := range []string{strings.Trim(line, "-: ") + " was what I looked for.\n\n", line + "\n\n"} {
				if got := mailtext.Body(said+"\n\n"+talk+story, "", mailtext.Options{}); got.Folded != (mailtext.Folded{}) {
					t.Errorf("folded without a header, %+v: %q", got.Folded, got.Text)
				}
			}
		})
	}
}
