package mailfacts_test

import (
	"testing"

	"github.com/postern-mail/postern/internal/mailfacts"
	"github.com/postern-mail/postern/provider"
)

// TestHonestDomains: names that people of these languages write are no look-alikes.
func TestHonestDomains(t *testing.T) {
	for language, domain := range map[string]string{
		"Arabic": "موقع.example", "Armenian": "հայերեն.example", "Azerbaijani": "əli.example", "Bengali": "উদাহরণ.example", "Bulgarian": "пример.example",
		"Burmese": "ဥပမာ.example", "Catalan": "col·legi.example", "Chinese": "例子.example", "Chinese with Latin": "中国telecom.example", "Czech": "příklad.example",
		"Danish": "rødgrød.example", "Esperanto": "ĉiuĵaŭde.example", "Farsi": "نمونه.example", "French": "élève.example", "Georgian": "მაგალითი.example",
		"German": "straße.example", "Greek": "παράδειγμα.example", "Gujarati": "ઉદાહરણ.example", "Hebrew": "דוגמה.example", "Hindi": "उदाहरण.example",
		"Hungarian": "példűk.example", "Icelandic": "þórður.example", "Japanese": "コーヒー.example", "Japanese mixed": "お茶のセンター24.example", "Kannada": "ಉದಾಹರಣೆ.example",
		"Khmer": "ឧទាហរណ៍.example", "Korean": "예시lab.example", "Lao": "ຕົວຢ່າງ.example", "Maltese": "eżempju.example", "Mongolian": "жишээ.example",
		"Polish": "przykład.example", "Punjabi": "ਉਦਾਹਰਣ.example", "Romanian": "țară.example", "Serbian": "пример.срб", "Sinhala": "උදාහරණය.example", "Tamil": "உதாரணம்.example",
		"Telugu": "ఉదాహరణ.example", "Thai": "ตัวอย่างทำ.example", "Tibetan": "དཔེ.example", "Turkish": "ışık.example", "Ukrainian": "звʼязок.example", "Urdu": "مثال.example",
		"Vietnamese": "vídụđẹp.example", "Welsh": "tŷ.example", "Amharic": "ምሳሌ.example", "in ASCII": "xn--bcher-kva.example",
	} {
		t.Run(language, func(t *testing.T) {
			m := &provider.Message{Summary: provider.Summary{From: []provider.Address{{Addr: "x@" + domain}}}}
			if got := mailfacts.Of(m, mailfacts.Options{}).Warnings; len(got) > 0 {
				t.Errorf("%s: %q", domain, got)
			}
		})
	}
}
