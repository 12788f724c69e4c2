package doctext_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/doctext"
	"github.com/postern-mail/postern/internal/golden"
)

// pack makes an archive of names and contents, in pairs.
func pack(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

const (
	xmlHead      = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	contentTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`
	transitional = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	strict       = "http://purl.oclc.org/ooxml/officeDocument/relationships/"
)

// rels writes a relationships part from id, kind and target; a target with a scheme is external.
func rels(family string, triples ...string) string {
	var b strings.Builder
	b.WriteString(xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for i := 0; i < len(triples); i += 3 {
		mode := ""
		if strings.Contains(triples[i+2], "://") {
			mode = ` TargetMode="External"`
		}
		fmt.Fprintf(&b, `<Relationship Id="%s" Type="%s" Target="%s"%s/>`, triples[i], family+triples[i+1], triples[i+2], mode)
	}
	return b.String() + `</Relationships>`
}

// shown is a document with everything that is said about it, as the golden files keep it.
func shown(d doctext.Document) []byte {
	var b strings.Builder
	b.WriteString(d.Text + "\n")
	b.WriteString("----\n")
	fmt.Fprintf(&b, "truncated: %v\ndropped: %+v\n", d.Truncated, d.Dropped)
	for _, n := range d.Notes {
		b.WriteString("note: " + n + "\n")
	}
	return []byte(b.String())
}

// sample is a document made for a test.
type sample struct {
	name, kind string
	data       []byte
}

func compareSamples(t *testing.T, samples []sample) {
	t.Helper()
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			zone := time.FixedZone("CET", 3600)
			got, err := doctext.Read(t.Context(), bytes.NewReader(s.data), s.kind, "", zone, doctext.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, "testdata/"+s.kind+"-"+s.name+".txt", shown(got))
			// The same from a reader that is not in memory.
			again, err := doctext.Read(t.Context(), onlyReader{bytes.NewReader(s.data)}, s.kind, "", zone, doctext.Limits{})
			if err != nil || string(shown(again)) != string(shown(got)) {
				t.Errorf("streamed: %v\n%s", err, shown(again))
			}
		})
	}
}

type onlyReader struct{ r *bytes.Reader }

func (o onlyReader) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 777)]) }

// readPart gives an entry of an archive, "" when there is none.
func readPart(t testing.TB, data []byte, name string) string {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := zr.Open(name)
	if err != nil {
		return ""
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
