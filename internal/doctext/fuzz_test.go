package doctext_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/doctext"
	"github.com/postern-mail/postern/internal/mailtext"
)

// check reads a document and looks at what must hold for every one.
func check(t *testing.T, kind, charset string, data []byte) {
	lim := doctext.Limits{Output: 16 << 10, Inflated: 4 << 20}
	got, err := doctext.Read(t.Context(), bytes.NewReader(data), kind, charset, nil, lim)
	var own *doctext.Error
	if err != nil && !errors.As(err, &own) {
		t.Fatalf("error %T: %v", err, err)
	}
	if err != nil && got.Text != "" {
		t.Errorf("text beside an error")
	}
	// A byte that is no UTF-8 becomes a character of three.
	if len(got.Text) > 3*int(lim.Output) || !utf8.ValidString(got.Text) {
		t.Errorf("%d bytes, valid UTF-8 %v", len(got.Text), utf8.ValidString(got.Text))
	}
	if clean, dropped := mailtext.Clean(got.Text); clean != got.Text || dropped.Invisible != 0 {
		t.Errorf("not clean: %q", got.Text)
	}
	again, againErr := doctext.Read(t.Context(), onlyReader{bytes.NewReader(data)}, kind, charset, nil, lim)
	if (err == nil) != (againErr == nil) {
		t.Errorf("in memory %v, streamed %v", err, againErr)
	}
	if diff := cmp.Diff(got, again); diff != "" && len(got.Notes) == 0 && len(again.Notes) == 0 {
		t.Errorf("in memory, then streamed:\n%s", diff)
	}
}

func FuzzArchive(f *testing.F) {
	for _, list := range [][]sample{wordSamples(f), sheetSamples(f), slideSamples(f), openSamples(f)} {
		for _, s := range list {
			f.Add(s.kind, s.data)
		}
	}
	f.Add("zip", pack(f, "a", "b"))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		switch kind {
		case "zip", "docx", "xlsx", "pptx", "odt", "ods", "odp":
			check(t, kind, "", data)
		default:
			check(t, doctext.Kind("", kind, data), "", data)
		}
	})
}

func FuzzDocx(f *testing.F) {
	for _, s := range wordSamples(f) {
		f.Add(readPart(f, s.data, "word/document.xml"), wordStyles, wordNumbering)
	}
	f.Fuzz(func(t *testing.T, body, styles, numbering string) {
		check(t, "docx", "", pack(t,
			"_rels/.rels", rels(transitional, "rId1", "officeDocument", "word/document.xml"),
			"word/_rels/document.xml.rels", rels(transitional, "rId1", "styles", "styles.xml", "rId2", "numbering", "numbering.xml", "rId3", "comments", "document.xml", "rId4", "header", "document.xml"),
			"word/document.xml", body, "word/styles.xml", styles, "word/numbering.xml", numbering))
	})
}

func FuzzXlsx(f *testing.F) {
	for _, s := range sheetSamples(f) {
		f.Add(readPart(f, s.data, "xl/worksheets/sheet1.xml"), sharedStrings, cellStylesXML)
	}
	f.Fuzz(func(t *testing.T, sheet, texts, styles string) {
		check(t, "xlsx", "", pack(t,
			"_rels/.rels", rels(transitional, "rId1", "officeDocument", "xl/workbook.xml"),
			"xl/workbook.xml", `<workbook `+sheetNS+`><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>`,
			"xl/_rels/workbook.xml.rels", rels(transitional, "rId1", "worksheet", "s.xml", "rId2", "sharedStrings", "sharedStrings.xml", "rId3", "styles", "styles.xml"),
			"xl/s.xml", sheet, "xl/sharedStrings.xml", texts, "xl/styles.xml", styles,
			"xl/_rels/s.xml.rels", rels(transitional, "rId1", "comments", "sharedStrings.xml")))
	})
}

func FuzzPptx(f *testing.F) {
	f.Add(slide(shape("title", "", "x")))
	for _, s := range slideSamples(f) {
		f.Add(readPart(f, s.data, "ppt/slides/slide1.xml"))
	}
	f.Fuzz(func(t *testing.T, body string) {
		check(t, "pptx", "", deck(t, "ppt/slides/slide1.xml", body, "ppt/slides/_rels/slide1.xml.rels", rels(transitional, "rId1", "notesSlide", "slide1.xml", "rId2", "comments", "slide1.xml")))
	})
}

func FuzzOpenDocument(f *testing.F) {
	for _, s := range openSamples(f) {
		f.Add(readPart(f, s.data, "content.xml"))
	}
	f.Fuzz(func(t *testing.T, content string) {
		check(t, "odt", "", pack(t, "content.xml", content, "styles.xml", content))
	})
}

func FuzzRTF(f *testing.F) {
	for _, s := range rtfSamples() {
		f.Add(s.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { check(t, "rtf", "", data) })
}

func FuzzText(f *testing.F) {
	f.Add("text", "utf-16", []byte("\xff\xfea\x00,\x00\"\x00"))
	f.Add("text", "iso-2022-jp", []byte("a;b\r\n\"c\r\nd\";\x1b$B$\"\x1b(B"))
	f.Add("html", "", []byte("<meta charset=utf-16><p>x"))
	f.Add("calendar", "", []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT"))
	f.Add("vcard", "", []byte("BEGIN:VCARD\r\nFN:x\r\nEND:VCARD"))
	f.Add("message", "", []byte("Subject: x\r\n\r\nbody"))
	f.Add("tar", "", append([]byte("name"), make([]byte, 1020)...))
	f.Add("ole", "", []byte("E\x00n\x00"))
	f.Fuzz(func(t *testing.T, kind, charset string, data []byte) { check(t, kind, charset, data) })
}

func FuzzKind(f *testing.F) {
	f.Add("text/plain", "a.txt", []byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, mediaType, name string, head []byte) {
		kind := doctext.Kind(mediaType, name, head)
		if kind == "" {
			return
		}
		_, err := doctext.Read(t.Context(), strings.NewReader(""), kind, "", nil, doctext.Limits{})
		if errors.Is(err, doctext.Unknown) {
			t.Errorf("Kind says %q, which Read does not know", kind)
		}
	})
}
