package doctext_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/doctext"
)

// packStream makes an archive whose last entry is a pattern written many times.
func packStream(t testing.TB, head, tail string, pattern string, times int, name string, pairs ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	many := max(1, min(times, (1<<20)/len(pattern)))
	block := strings.Repeat(pattern, many)
	_, _ = io.WriteString(f, head)
	for ; times > 0; times -= many {
		if _, err := io.WriteString(f, block); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = io.WriteString(f, tail)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// zeros is an archive with one entry of that many gigabytes of one letter, at DEFLATE's best ratio, made without
// compressing them: a block that stands for a megabyte is repeated.
func zeros(t testing.TB, name string, gigabytes int, pairs ...string) []byte {
	t.Helper()
	var mega bytes.Buffer
	fw, err := flate.NewWriter(&mega, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = fw.Write(bytes.Repeat([]byte("a"), 1<<20))
	_ = fw.Flush()
	var body bytes.Buffer
	for range gigabytes << 10 {
		body.Write(mega.Bytes())
	}
	body.Write([]byte{1, 0, 0, 0xff, 0xff})
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(pairs); i += 2 {
		f, _ := w.Create(pairs[i])
		_, _ = io.WriteString(f, pairs[i+1])
	}
	f, err := w.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(nil), CompressedSize64: uint64(body.Len()), UncompressedSize64: uint64(gigabytes) << 30})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write(body.Bytes())
	_ = w.Close()
	return buf.Bytes()
}

// manyEntries is an archive of n empty entries.
func manyEntries(t testing.TB, n int) []byte {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := range n {
		if _, err := w.CreateHeader(&zip.FileHeader{Name: string(rune('a'+i%26)) + "/"}); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Close()
	return buf.Bytes()
}

// bomb is a document that is made when its turn comes, so that none but it is in memory.
type bomb struct {
	name, kind string
	make       func() []byte
}

func bombs(t testing.TB) []bomb {
	docxParts := []string{"_rels/.rels", rels(transitional, "rId1", "officeDocument", "word/document.xml")}
	xlsxParts := []string{
		"_rels/.rels", rels(transitional, "rId1", "officeDocument", "xl/workbook.xml"),
		"xl/workbook.xml", `<workbook ` + sheetNS + `><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", rels(transitional, "rId1", "worksheet", "worksheets/sheet1.xml", "rId2", "sharedStrings", "sharedStrings.xml"),
	}
	word := func(head, pattern, tail string, times int) []byte {
		return packStream(t, `<w:document `+wordNS+`><w:body>`+head, tail+`</w:body></w:document>`, pattern, times, "word/document.xml", docxParts...)
	}
	sheet := func(pattern string, times int) []byte {
		return packStream(t, `<worksheet `+sheetNS+`><sheetData>`, `</sheetData></worksheet>`, pattern, times, "xl/worksheets/sheet1.xml", xlsxParts...)
	}
	entry := pack(t, "word/document.xml", "<a/>")
	lied := bytes.Clone(entry)
	binary.LittleEndian.PutUint16(lied[len(lied)-12:], 0xfffe) // number of entries in the end record
	laughs := `<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]>`
	return []bomb{
		{"10 GB by ratio", "docx", func() []byte { return zeros(t, "word/document.xml", 10, docxParts...) }},
		{"10 GB in a text", "docx", func() []byte {
			return packStream(t, `<w:document><w:body><w:p><w:r><w:t>`, ``, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 6<<20, "word/document.xml", docxParts...)
		}},
		{"a million cells", "xlsx", func() []byte {
			return sheet(`<row><c><v>1234.5</v></c><c t="inlineStr"><is><t>word</t></is></c><c s="1"><v>3</v></c><c/></row>`, 250_000)
		}},
		{"a million empty cells", "xlsx", func() []byte { return sheet(`<c r="A1" s="1"/>`, 1_000_000) }},
		{"a million hidden cells", "xlsx", func() []byte { return sheet(`<row hidden="1"><c r="A1" t="str"><v>x</v></c></row>`, 1_000_000) }},
		{"a million far cells", "xlsx", func() []byte { return sheet(`<row><c r="XFD1"><v>1</v></c></row>`, 1_000_000) }},
		{"a million shared strings", "xlsx", func() []byte {
			return packStream(t, `<sst>`, `</sst>`, `<si><t>some text here</t></si>`, 1_000_000, "xl/sharedStrings.xml", append(xlsxParts, "xl/worksheets/sheet1.xml", `<worksheet><sheetData><row><c t="s"><v>7</v></c></row></sheetData></worksheet>`)...)
		}},
		{"a million paragraphs", "docx", func() []byte { return word("", `<w:p><w:r><w:t>x</w:t></w:r></w:p>`, "", 1_000_000) }},
		{"a million hidden runs", "docx", func() []byte {
			return word("<w:p>", `<w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r>`, "</w:p>", 1_000_000)
		}},
		{"a million comments", "docx", func() []byte { return word("<w:p>", `<w:commentReference w:id="1"/>`, "</w:p>", 1_000_000) }},
		{"relations", "docx", func() []byte {
			var b strings.Builder
			for i := range 50_000 {
				b.WriteString(`<Relationship Id="` + strconv.Itoa(i) + `" Type="a/header" Target="` + strings.Repeat("x", 990) + `"/>`)
			}
			return pack(t, append(docxParts, "word/document.xml", wordBody(p("", "x")), "word/_rels/document.xml.rels", `<Relationships>`+b.String()+`</Relationships>`)...)
		}},
		{"styles and lists", "docx", func() []byte {
			long := strings.Repeat("y", 990)
			many := func(head, body, tail string, n int) string {
				var b strings.Builder
				b.WriteString(head)
				for i := range n {
					b.WriteString(strings.ReplaceAll(body, "%", strconv.Itoa(i)))
				}
				return b.String() + tail
			}
			return pack(t, append(docxParts, "word/document.xml", wordBody(p("", "x")),
				"word/_rels/document.xml.rels", rels(transitional, "rId1", "styles", "styles.xml", "rId2", "numbering", "numbering.xml"),
				"word/styles.xml", many(`<w:styles>`, `<w:style w:styleId="%`+long+`"><w:basedOn w:val="%`+long+`"/><w:pPr><w:numPr><w:numId w:val="%`+long+`"/></w:numPr></w:pPr></w:style>`, `</w:styles>`, 8000),
				"word/numbering.xml", many(`<w:numbering>`, `<w:abstractNum w:abstractNumId="%`+long+`"><w:lvl w:ilvl="0"><w:lvlText w:val="`+long+`"/></w:lvl></w:abstractNum><w:num w:numId="%`+long+`"><w:abstractNumId w:val="%`+long+`"/></w:num>`, `</w:numbering>`, 8000))...)
		}},
		{"100,000 deep", "docx", func() []byte { return word("", `<w:p><w:tbl><w:tr><w:tc>`, "", 100_000) }},
		{"100,000 deep alternatives", "docx", func() []byte { return word("", `<mc:AlternateContent><mc:Choice><w:txbxContent><w:p>`, "", 100_000) }},
		{"1 GB of attributes", "docx", func() []byte { return word("<w:p ", `a="bbbbbbbbbbbbbbbbbbbbbbbbbbbbb" `, "", 32<<20) }},
		{"one attribute", "docx", func() []byte { return word(`<w:p a="`, `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb`, "", 4<<20) }},
		{"one name", "docx", func() []byte { return word(`<w:`, `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb`, "", 4<<20) }},
		{"comment without end", "docx", func() []byte { return word(`<!--`, `- - - - - - - - - - - - - - - - `, "", 4<<20) }},
		{"billion laughs", "docx", func() []byte {
			return packStream(t, laughs+`<w:document><w:body><w:p><w:r><w:t>`, `</w:t></w:r></w:p></w:body></w:document>`, "&lol9;", 1_000_000, "word/document.xml", docxParts...)
		}},
		{"a million slides", "pptx", func() []byte {
			return packStream(t, `<p:presentation xmlns:r="r"><p:sldIdLst>`, `</p:sldIdLst></p:presentation>`, `<p:sldId r:id="rId1"/>`, 1_000_000, "ppt/presentation.xml",
				"_rels/.rels", rels(transitional, "rId1", "officeDocument", "ppt/presentation.xml"), "ppt/_rels/presentation.xml.rels", rels(transitional, "rId1", "slide", "slides/s.xml"), "ppt/slides/s.xml", slide(shape("", "", repeat("x", 20000))))
		}},
		{"a million repeated cells", "ods", func() []byte {
			return packStream(t, `<o:document-content><o:spreadsheet><table:table>`, ``, `<table:table-row><table:table-cell table:number-columns-repeated="1000000"><text:p>x</text:p></table:table-cell></table:table-row>`, 500_000, "content.xml")
		}},
		{"entries", "zip", func() []byte { return manyEntries(t, 300_000) }},
		{"30,000 entries", "zip", func() []byte { return manyEntries(t, 30_000) }},
		{"nested", "zip", func() []byte { return pack(t, "42.zip", string(zeros(t, "0.dll", 1))) }},
		{"rich text", "rtf", func() []byte { return []byte(`{\rtf1 ` + strings.Repeat(`{\b `, 6<<20) + "x") }},
		{"rich binary", "rtf", func() []byte { return []byte(`{\rtf1 \bin999999999 ` + strings.Repeat("x", 20<<20)) }},
		{"rich hidden", "rtf", func() []byte { return []byte(`{\rtf1 ` + strings.Repeat(`\v x\v0 `, 3<<20)) }},
		{"text", "text", func() []byte { return bytes.Repeat([]byte("a\u200b "), 5<<20) }},
		{"html", "html", func() []byte { return bytes.Repeat([]byte("<div><table><td>x"), 1<<20) }},
		{"tar", "tar", func() []byte { return bytes.Repeat(append([]byte("a"), make([]byte, 511)...), 40<<10) }},
		{"ole", "ole", func() []byte { return bytes.Repeat([]byte("\xd0\xcf\x11\xe0"), 6<<20) }},
		{"calendar", "calendar", func() []byte { return bytes.Repeat([]byte("BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\n"), 500_000) }},
		{"card", "vcard", func() []byte { return bytes.Repeat([]byte("BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n"), 500_000) }},
		{"message", "message", func() []byte {
			return append([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n"), bytes.Repeat([]byte("--b\r\nContent-Disposition: attachment\r\n\r\n"), 400_000)...)
		}},
		{"wrong count", "docx", func() []byte { return lied }},
		{"cut archive", "docx", func() []byte { return entry[:len(entry)-30] }},
	}
}

// peak runs f and gives the most memory that was in use above what was before.
func peak(f func()) uint64 {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				runtime.ReadMemStats(&now)
				most.Store(max(most.Load(), now.HeapInuse))
			}
		}
	}()
	f()
	close(stop)
	<-done
	runtime.ReadMemStats(&now)
	top := max(most.Load(), now.HeapInuse)
	return top - min(top, before.HeapInuse)
}

// TestBombs: whatever a document says of itself, it costs less than 2 s and 64 MB.
func TestBombs(t *testing.T) {
	if raceDetector {
		t.Skip("time and memory are measured without -race")
	}
	const maxMemory, maxTime = 64 << 20, 2 * time.Second
	const allowed = maxTime + maxTime/4 // from the bound to the end of what was begun
	for _, b := range bombs(t) {
		t.Run(b.name, func(t *testing.T) {
			var (
				doc  doctext.Document
				err  error
				took time.Duration
				used uint64
			)
			data := b.make()
			// The machine may be busy with other tests: the best of three counts.
			for range 3 {
				used = peak(func() {
					start := time.Now()
					doc, err = doctext.Read(t.Context(), onlyRead{bytes.NewReader(data)}, b.kind, "", nil, doctext.Limits{})
					took = time.Since(start)
				})
				if took <= maxTime && used <= maxMemory {
					break
				}
			}
			var own *doctext.Error
			if err != nil && !errors.As(err, &own) {
				t.Errorf("error %v", err)
			}
			if len(doc.Text) > doctext.DefaultOutput || took > allowed || used > maxMemory {
				t.Errorf("%d bytes of text, %v, %d MB", len(doc.Text), took, used>>20)
			}
			t.Logf("%d KB in: %v, %d MB, %d bytes of text, truncated %v, notes %q, dropped %+v, error %v", len(data)>>10, took.Round(time.Millisecond), used>>20, len(doc.Text), doc.Truncated, doc.Notes, doc.Dropped, err)
		})
	}
}

// onlyRead hides that the bytes are in memory.
type onlyRead struct{ io.Reader }

// TestZip: a listing, of which nothing is unpacked.
func TestZip(t *testing.T) {
	got, err := doctext.Read(t.Context(), bytes.NewReader(pack(t, "../../etc/passwd", "x", "a\u202etxt.exe", "yy", "dir/", "", `C:\x`, "", "a\nb.txt", "")), "zip", "", nil, doctext.Limits{})
	const want = "../../etc/passwd (1 bytes)\natxt.exe (2 bytes)\ndir/\nC:\\x (0 bytes)\na b.txt (0 bytes)"
	if err != nil || got.Text != want || got.Dropped.Invisible != 1 {
		t.Errorf("got %+v, %v; want %q", got, err, want)
	}
}

// TestContentDecides: a document is read by what it is, not by what it was called.
func TestContentDecides(t *testing.T) {
	book := workbook(t, `<sheetData><row><c><v>1</v></c></row></sheetData>`)
	got, err := doctext.Read(t.Context(), bytes.NewReader(book), "docx", "", nil, doctext.Limits{})
	if err != nil || got.Text != "# Sheet: Data\n1" {
		t.Errorf("a workbook called docx: %+v, %v", got, err)
	}
	got, err = doctext.Read(t.Context(), bytes.NewReader(pack(t, "a.jpg", "x")), "docx", "", nil, doctext.Limits{})
	if err != nil || got.Text != "a.jpg (1 bytes)" || len(got.Notes) != 1 {
		t.Errorf("any archive called docx: %+v, %v", got, err)
	}
	if _, err = doctext.Read(t.Context(), strings.NewReader("PK\x03\x04 not really"), "docx", "", nil, doctext.Limits{}); !errors.Is(err, doctext.Damaged) {
		t.Errorf("no archive: %v", err)
	}
	for _, name := range []string{"word/document.xml", "content.xml"} {
		locked := pack(t, name, "<a/>")
		for i := range len(locked) - 4 {
			switch string(locked[i : i+4]) {
			case "PK\x03\x04":
				locked[i+6] |= 1
			case "PK\x01\x02":
				locked[i+8] |= 1
			}
		}
		if _, err = doctext.Read(t.Context(), bytes.NewReader(locked), "docx", "", nil, doctext.Limits{}); !errors.Is(err, doctext.Encrypted) {
			t.Errorf("%s locked: %v", name, err)
		}
	}
	twice := pack(t, "word/document.xml", wordBody(p("", "first")), "WORD/document.xml", wordBody(p("", "second")))
	got, err = doctext.Read(t.Context(), bytes.NewReader(twice), "docx", "", nil, doctext.Limits{})
	if err != nil || got.Text != "first" || len(got.Notes) != 1 {
		t.Errorf("two parts of one name: %+v, %v", got, err)
	}
}
