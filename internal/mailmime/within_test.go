package mailmime_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/postern-mail/postern/internal/mailmime"
)

// A multipart that has to be taken apart a second time keeps within the limits, and says what it lacks.
func TestMultipartWithin(t *testing.T) {
	const taken, asText = "the boundary of a multipart never comes; another was taken", "multipart without any part is read as text"
	head := "Content-Type: multipart/mixed; boundary=never\r\n\r\n"
	one := "--bb\r\nContent-Type: text/plain\r\n\r\none\r\n"
	for _, tt := range []struct {
		name, body, text string
		lim              mailmime.Limits
		cut              bool
		parts            int
		defects          []string
	}{
		{name: "plain", body: one + "--bb--\r\n", text: "one", parts: 1, defects: []string{taken}},
		{
			name: "little text asked for", body: "some lines before\r\n" + one + "--bb--\r\n", lim: mailmime.Limits{TextBytes: 4}, text: "one", parts: 1,
			defects: []string{taken},
		},
		{
			name: "larger than is held", body: one + "--bb\r\nContent-Type: image/png\r\n\r\n" + strings.Repeat("x", mailmime.DefaultTextBytes) + "\r\n--bb--\r\n",
			text: "one", cut: true, parts: 2, defects: []string{taken, "the message ends early: its multipart is not closed", "a multipart without any part is longer than the limit; the rest was skipped"},
		},
		{
			name: "such a one in such a one", body: "--bb\r\nContent-Type: multipart/mixed; boundary=neither\r\n\r\n--cc\r\nContent-Type: text/plain\r\n\r\ntwo\r\n--cc--\r\n--bb--\r\n",
			text: "--cc\nContent-Type: text/plain\n\ntwo\n--cc--", parts: 1, defects: []string{taken, asText},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, head+tt.body, tt.lim)
			if m.Text != tt.text || m.TextTruncated != tt.cut || len(m.Root.Parts) != tt.parts {
				t.Errorf("text %.60q, truncated %v, %d parts", m.Text, m.TextTruncated, len(m.Root.Parts))
			}
			if !slices.Equal(m.Defects, tt.defects) {
				t.Errorf("defects %q", m.Defects)
			}
			if m.Root.Size != int64(len(tt.body)) {
				t.Errorf("size %d of %d", m.Root.Size, len(tt.body))
			}
		})
	}
}

// An error of the source is no defect of the message.
func TestNothingButAnError(t *testing.T) {
	wrong := errors.New("wrong")
	m, err := mailmime.Parse(io.MultiReader(strings.NewReader("\r\n"), iotest.ErrReader(wrong)), mailmime.Limits{})
	if !errors.Is(err, wrong) || len(m.Defects) > 0 {
		t.Errorf("error %v, defects %q", err, m.Defects)
	}
}
