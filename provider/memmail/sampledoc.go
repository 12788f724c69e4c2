package memmail

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strconv"
	"strings"
)

// fileContent makes a file: "%pdf" and "%png" in the first line ask for one of that kind; all else is the text as it stands.
func fileContent(content string) []byte {
	kind, text, _ := strings.Cut(content, "\n")
	switch kind {
	case "%pdf":
		return pdf(strings.Split(strings.TrimRight(text, "\n"), "\n"))
	case "%png":
		return sketch()
	}
	return []byte(strings.ReplaceAll(content, "\n", "\r\n"))
}

// pdf writes one page of text (ISO 32000-1 section 7.5).
func pdf(lines []string) []byte {
	var page strings.Builder
	page.WriteString("BT /F1 11 Tf 60 780 Td 16 TL\n")
	for _, l := range lines {
		page.WriteString("(" + strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(l) + ") Tj T*\n")
	}
	page.WriteString("ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", page.Len(), page.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return b.Bytes()
}

// sketch draws the sheer line of a boat, 48 pixels wide.
func sketch() []byte {
	const width, height = 48, 24
	img := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.White, color.RGBA{30, 60, 110, 255}})
	for x := range width {
		bend := math.Pow(float64(x-width/2)/(width/2), 2)
		img.SetColorIndex(x, 12-int(6*bend), 1)
		img.SetColorIndex(x, height-2-int(14*bend*bend), 1)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil
	}
	return b.Bytes()
}

// logDays makes a body beyond what is read of one by default (1 MB).
const logDays = 36

// readings are what the yard's sensors measured, a line a minute.
func readings(days int) string {
	const minutes = 24 * 60
	var b []byte
	for i := range minutes {
		t := float64(i)
		b = append(b, byte('0'+i/600), byte('0'+i/60%10), ':', byte('0'+i/10%6), byte('0'+i%10))
		for _, v := range []float64{58 + 6*math.Sin(t/240), 14 + 4*math.Sin(t/720), 40 + 55*math.Max(0, math.Sin(t/480))} {
			b = append(b, ';')
			b = strconv.AppendFloat(b, v, 'f', 1, 64)
		}
		b = append(b, '\n')
	}
	const head = "time;store_humidity;shed_temperature;steam_box_temperature\n"
	return strings.Repeat(head+string(b), days)
}
