package mailtext_test

import (
	"testing"

	"github.com/postern-mail/postern/internal/mailtext"
)

func TestSentWith(t *testing.T) {
	const said = "Friday is fine for me, I shall be at home from eight o'clock on."
	for name, line := range map[string]string{
		"en": "Sent from my iPhone", "en-galaxy": "Sent from my Galaxy", "en-samsung": "Sent from Samsung tablet", "en-yahoo": "Sent from Yahoo Mail on Android",
		"en-proton": "Sent with Proton Mail secure email.", "en-outlook": "Get Outlook for iOS<https://example.org/o0ukef>", "en-blackberry": "Sent via BlackBerry from Example",
		"de": "Von meinem iPhone gesendet", "de-gmx": "Gesendet mit der GMX Mail App", "de-handy": "Von meinem Samsung Galaxy Smartphone gesendet.",
		"fr": "Envoyé de mon iPhone", "es": "Enviado desde mi iPhone", "pt": "Enviado do meu iPhone", "it": "Inviato da iPhone", "nl": "Verstuurd vanaf mijn iPhone",
		"da": "Sendt fra min iPhone", "no": "Sendt fra min iPad", "sv": "Skickat från min iPhone", "fi": "Lähetetty iPhonesta", "pl": "Wysłane z iPhone'a",
		"cs": "Odesláno z iPhonu", "sk": "Odoslané z iPhonu", "hu": "Az iPhone készülékemről küldve", "ro": "Trimis de pe iPhone-ul meu", "ru": "Отправлено с iPhone",
		"ru-mail": "Отправлено из Mail.ru для Android", "uk": "Надіслано з iPhone", "el": "Στάλθηκε από το iPhone μου", "tr": "iPhone'umdan gönderildi",
		"he": "נשלח מה-iPhone שלי", "ar": "تم الإرسال من الـ iPhone", "fa": "ارسال شده از iPhone من", "zh-cn": "发自我的 iPhone", "zh-tw": "從我的 iPhone 傳送",
		"ja": "iPhoneから送信", "ko": "나의 iPhone에서 보냄", "vi": "Đã gửi từ iPhone của tôi", "id": "Dikirim dari iPhone saya",
	} {
		t.Run(name, func(t *testing.T) {
			// Alone it costs less than the line that counts it; below a signature it is part of that.
			plain := said + "\n\n" + line + "\n\n-- \nAnn Archer\nExample Pumps Ltd, 5 Cellar Street\n"
			if got := mailtext.Body(plain, "", mailtext.Options{}); got.Folded.Signature == 0 {
				t.Errorf("signature not found: %q", got.Text)
			}
			quote := "\n\nOn 12/03/2024 10:05, Bob Baker wrote:\n> The pump in the cellar has failed again last night.\n"
			got := mailtext.Body(said+"\n\n"+line+quote, "", mailtext.Options{})
			if want := said + "\n\n" + note(got.Folded); got.Text != want || got.Folded.Signature == 0 || got.Folded.Quoted == 0 {
				t.Errorf("folded %+v: %q", got.Folded, got.Text)
			}
		})
	}
}

func TestSentWithNothing(t *testing.T) {
	for _, line := range []string{
		"The parcel was sent from the phone shop in the next street.", "Sent from my desk, which is much easier to write at than my mobile phone.",
		"Sent from the warehouse at nine o'clock on Friday.", "Outlook for the coming year: more rain, and more work for all of our pumps.",
	} {
		got := mailtext.Body("The pump is on its way to you.\n\n"+line+"\n", "", mailtext.Options{})
		if got.Folded != (mailtext.Folded{}) {
			t.Errorf("folded %+v: %q", got.Folded, got.Text)
		}
	}
}

func TestSignatureDashes(t *testing.T) {
	const said, lines = "See you on Friday.\n\n", "Ann Archer\nExample Pumps Ltd, 5 Cellar Street\n"
	tests := []struct {
		name, plain string
		folded      bool
	}{
		{"with the blank", said + "-- \n" + lines, true},
		{"with the blank, CRLF", said + "-- \r\n" + lines, true},
		{"without, short", said + "--\n" + lines, true},
		{"without, addressed", said + "--\n" + lines + "ann@example.org\nPhone 1\nPhone 2\n", true},
		{"without, a sentence", said + "--\nThe water sleeps without a sound, and\nnobody is awake at this hour.\n", false},
		{"without, long", said + "--\n" + lines + lines + lines, false},
		{"with the blank, long", said + "-- \n" + lines + lines + lines, true},
		{"with the blank, too long", said + "-- \n" + lines + lines + lines + lines + lines + lines + lines + lines + lines, true},
		{"twice without", said + "--\n\nAnd bring the tools.\n\n--\n" + lines, false},
		{"the one with the blank", said + "--\n\nAnd bring the tools.\n\n-- \n" + lines, true},
		{"nothing below", said + "And bring the tools, all of them.\n-- \n", false},
		{"more than dashes", said + "--- \n" + lines, false},
		{"indented", said + " -- \n" + lines, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := mailtext.Body(tt.plain, "", mailtext.Options{})
			if (got.Folded.Signature > 0) != tt.folded {
				t.Errorf("folded %+v: %q", got.Folded, got.Text)
			}
			checkFold(t, tt.plain, "", mailtext.Options{})
		})
	}
}
