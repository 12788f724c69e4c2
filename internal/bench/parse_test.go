package main

import (
	"bytes"
	"testing"

	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/internal/mailtext"
)

// BenchmarkLetter reads one message of each shape: what a read costs beside
// the wire.
func BenchmarkLetter(b *testing.B) {
	names := map[shape]string{plainText: "plain", withHTML: "HTML", attached45: "45 KB"}
	done := map[shape]bool{attached370: true}
	for i := 0; len(done) < 4; i++ {
		s := shapeOf(i)
		if done[s] || isForeign(i) {
			continue
		}
		done[s] = true
		raw := bytes.ReplaceAll(letter(i, leastMessages), []byte("\n"), []byte("\r\n"))
		head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		msg, err := mailmime.Parse(bytes.NewReader(raw), mailmime.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		var reader mailmime.Reader
		for _, bm := range []struct {
			name string
			size int
			run  func()
		}{
			{"header", len(head), func() { reader.ParseHeader(head, "") }},
			{"parse", len(raw), func() { _, _ = reader.Parse(bytes.NewReader(raw), mailmime.Limits{}) }},
			{"body", len(msg.Text) + len(msg.HTML), func() { mailtext.Body(msg.Text, msg.HTML, mailtext.Options{}) }},
		} {
			b.Run(names[s]+"/"+bm.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(bm.size))
				for b.Loop() {
					bm.run()
				}
			})
		}
	}
}
