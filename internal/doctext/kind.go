package doctext

import (
	"bytes"
	"path"
	"strings"
	"unicode/utf8"
)

// What a document can be read as. Kind says one of these.
const (
	kindText     = "text"
	kindHTML     = "html"
	kindCalendar = "calendar"
	kindCard     = "vcard"
	kindMessage  = "message"
	kindRTF      = "rtf"
	kindDocx     = "docx"
	kindXlsx     = "xlsx"
	kindPptx     = "pptx"
	kindODT      = "odt"
	kindODS      = "ods"
	kindODP      = "odp"
	kindZip      = "zip"
	kindTar      = "tar"
	// kindOLE is a compound file: an old Office document, a locked new one, or a message of Outlook.
	kindOLE = "ole"
)

// maxSniff is how much of head is looked at.
const maxSniff = 4 << 10

// Kind tells what a part can be read as, by its media type, else by its file name, else by its first bytes (512 are
// enough); "" when it is not a document with text. What the first bytes prove beats a type or name that says text:
// senders mislabel. Of the type's parameters the charset counts.
func Kind(mediaType, name string, head []byte) string {
	if len(head) > maxSniff {
		head = head[:maxSniff]
	}
	proven := kindOfMagic(head)
	if proven == other {
		return ""
	}
	marked := strings.Contains(strings.ToLower(mediaType), "charset=utf-16")
	said := kindOfType(mediaType)
	if said == "" || said == kindText {
		if byName := kindOfName(name); byName != "" {
			said = byName
		}
	}
	switch {
	case said == other:
		return ""
	case proven == "" && isWords(said) && !marked && binary(head):
		return ""
	case proven == "" && said != "":
		return said
	case proven == "":
		return kindOfWords(head)
	case proven == kindZip && isOffice(said), proven == kindOLE && isOffice(said):
		return map[bool]string{true: said, false: kindOLE}[proven == kindZip]
	}
	if proven == kindZip && said != kindZip {
		return kindOfArchive(head)
	}
	return proven
}

// other is a file that is known to be no document with text.
const other = "-"

func isOffice(kind string) bool {
	switch kind {
	case kindDocx, kindXlsx, kindPptx, kindODT, kindODS, kindODP:
		return true
	}
	return false
}

// kindOfType reads a media type in any case, with or without parameters.
func kindOfType(mediaType string) string {
	t, _, _ := strings.Cut(mediaType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	switch t {
	case "", "application/octet-stream", "application/x-download", "application/force-download", "application/binary",
		"application/unknown", "application/x-zip", "application/x-zip-compressed", "application/zip", "multipart/x-zip":
		// A name says more than these: documents are often sent as archives, since they are.
		return ""
	case "text/html", "application/xhtml+xml":
		return kindHTML
	case "text/calendar", "application/ics", "text/x-vcalendar":
		return kindCalendar
	case "text/vcard", "text/x-vcard", "text/directory", "application/vcard":
		return kindCard
	case "message/rfc822", "message/global", "message/news":
		return kindMessage
	case "text/rtf", "application/rtf", "application/x-rtf", "text/richtext":
		return kindRTF
	case "application/x-tar", "application/tar":
		return kindTar
	case "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", "application/vnd.ms-outlook":
		return "" // also sent for the new formats, and Excel's for CSV: name and bytes decide
	case "application/pdf", "application/gzip", "application/x-gzip", "application/x-7z-compressed", "application/pgp-signature",
		"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pkcs7-mime", "application/pgp-encrypted":
		return other
	case "application/json", "application/xml", "application/yaml", "application/x-yaml", "application/toml", "application/sql",
		"application/javascript", "application/x-javascript", "application/x-sh", "application/csv", "application/x-ndjson",
		"message/delivery-status", "message/disposition-notification", "message/global-delivery-status", "message/feedback-report":
		return kindText
	}
	if kind := kindOfOfficeType(t); kind != "" {
		return kind
	}
	major, _, _ := strings.Cut(t, "/")
	switch {
	case strings.HasSuffix(t, "+zip"):
		return kindZip
	case major == "image" && t != "image/svg+xml", major == "audio", major == "video", major == "font", major == "model":
		return other
	case major == "text", strings.HasSuffix(t, "+json"), strings.HasSuffix(t, "+xml"):
		return kindText
	}
	return ""
}

// kindOfOfficeType knows the types of OOXML (ECMA-376) and of OpenDocument, templates and macro forms included.
func kindOfOfficeType(t string) string {
	for _, family := range []struct{ prefix, kind string }{
		{"application/vnd.openxmlformats-officedocument.wordprocessingml.", kindDocx},
		{"application/vnd.openxmlformats-officedocument.spreadsheetml.", kindXlsx},
		{"application/vnd.openxmlformats-officedocument.presentationml.", kindPptx},
		{"application/vnd.ms-word.", kindDocx},
		{"application/vnd.ms-excel.sheet.macro", kindXlsx},
		{"application/vnd.ms-excel.template.macro", kindXlsx},
		{"application/vnd.ms-powerpoint.", kindPptx},
		{"application/vnd.oasis.opendocument.text", kindODT},
		{"application/vnd.oasis.opendocument.spreadsheet", kindODS},
		{"application/vnd.oasis.opendocument.presentation", kindODP},
	} {
		if strings.HasPrefix(t, family.prefix) {
			return family.kind
		}
	}
	return ""
}

// kindOfName goes by the ending of a file name.
func kindOfName(name string) string {
	name = strings.TrimRight(strings.ToLower(strings.ReplaceAll(name, `\`, "/")), " .")
	ext := strings.TrimPrefix(path.Ext(name), ".")
	switch ext {
	case "":
		return ""
	case "htm", "html", "xhtml":
		return kindHTML
	case "ics", "ical", "vcs", "ifb":
		return kindCalendar
	case "vcf", "vcard":
		return kindCard
	case "eml":
		return kindMessage
	case "rtf":
		return kindRTF
	case "docx", "docm", "dotx", "dotm":
		return kindDocx
	case "xlsx", "xlsm", "xltx", "xltm":
		return kindXlsx
	case "pptx", "pptm", "ppsx", "ppsm", "potx", "potm":
		return kindPptx
	case "odt", "ott":
		return kindODT
	case "ods", "ots":
		return kindODS
	case "odp", "otp":
		return kindODP
	case "zip", "jar", "war", "epub", "kmz":
		return kindZip
	case "tar":
		return kindTar
	}
	if strings.Contains(textNames, " "+ext+" ") {
		return kindText
	}
	return ""
}

// textNames are endings of files that are text as they stand.
const textNames = " txt text md markdown rst adoc log csv tsv tab psv json jsonl ndjson geojson xml xsd xsl xslt svg rss atom kml gpx yaml yml toml " +
	"ini cfg conf config properties env sql diff patch tex bib srt vtt po asc " +
	"go py rb rs c h cc cpp hpp cxx cs java kt kts scala swift m mm js mjs cjs jsx ts tsx vue php pl pm lua r jl hs ml ex exs erl clj dart groovy " +
	"sh bash zsh fish ps1 bat cmd awk sed css scss less graphql proto tf hcl gradle cmake mk dockerfile ipynb reg vbs asm s f90 pas "

// kindOfMagic says what the first bytes prove.
func kindOfMagic(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return kindZip
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return kindOLE
	case bytes.HasPrefix(head, []byte(`{\rt`)):
		return kindRTF
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return kindTar
	}
	for _, magic := range []string{
		"%PDF-", "\x89PNG\r\n", "\xff\xd8\xff", "GIF87a", "GIF89a", "\x1f\x8b\x08", "7z\xbc\xaf", "Rar!\x1a", "\x7fELF", "MZ\x90",
		"\xfd7zXZ", "II*\x00", "MM\x00*",
	} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return other
		}
	}
	for _, magic := range []string{"BZh", "OggS", "RIFF", "ID3"} { // a text may begin so
		if bytes.HasPrefix(head, []byte(magic)) && !mostlyText(head) {
			return other
		}
	}
	return ""
}

// kindOfArchive tells Office documents from other archives by the names of their first entries. Reading goes by what
// is really in them.
func kindOfArchive(head []byte) string {
	if i := bytes.Index(head, []byte("application/vnd.oasis.opendocument.")); i >= 0 {
		if kind := kindOfOfficeType(string(head[i:min(len(head), i+60)])); kind != "" {
			return kind
		}
	}
	for _, dir := range []struct{ name, kind string }{{"word/", kindDocx}, {"xl/", kindXlsx}, {"ppt/", kindPptx}} {
		if bytes.Contains(head, []byte(dir.name)) {
			return dir.kind
		}
	}
	if bytes.Contains(head, []byte("[Content_Types].xml")) || bytes.Contains(head, []byte("_rels/.rels")) {
		return kindDocx
	}
	return kindZip
}

// kindOfWords reads the beginning of a file that nothing else is known about.
func kindOfWords(head []byte) string {
	text := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return kindText
	}
	if len(text) == 0 || !mostlyText(text) {
		return ""
	}
	start := strings.ToLower(string(bytes.TrimLeft(text, " \t\r\n")))
	switch {
	case strings.HasPrefix(start, "<!doctype html"), strings.HasPrefix(start, "<html"):
		return kindHTML
	case strings.HasPrefix(start, "begin:vcalendar"):
		return kindCalendar
	case strings.HasPrefix(start, "begin:vcard"):
		return kindCard
	case strings.HasPrefix(start, "return-path:"), strings.HasPrefix(start, "received:"), strings.HasPrefix(start, "mime-version:"):
		return kindMessage
	}
	return kindText
}

// isWords reports kinds that are text as they stand.
func isWords(kind string) bool {
	return kind == kindText || kind == kindHTML || kind == kindCalendar || kind == kindCard
}

// binary reports bytes of which one in 32 is none that text has (WHATWG MIME Sniffing section 3, "binary data byte"; but
// for backspace, shifts of ISO 2022 and the end of a DOS file): a few are damage, more are another kind of file.
func binary(head []byte) bool {
	if unmarkedUTF16(head) != "" || bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return false
	}
	n := 0
	for _, c := range head {
		if c < ' ' && strings.IndexByte("\b\t\n\v\f\r\x0e\x0f\x1a\x1b", c) < 0 {
			n++
		}
	}
	return n*32 > len(head)
}

// unmarkedUTF16 tells UTF-16 without a byte order mark by where its NUL bytes are: nearly every other one in a Western
// text. In other alphabets only a label tells.
func unmarkedUTF16(head []byte) string {
	var nuls [2]int
	for i, c := range head {
		if c == 0 {
			nuls[i%2]++
		}
	}
	switch {
	case nuls[0] == 0 && nuls[1]*4 > len(head):
		return "utf-16le"
	case nuls[1] == 0 && nuls[0]*4 > len(head):
		return "utf-16be"
	}
	return ""
}

// mostlyText reports bytes without control characters that are UTF-8, up to a character cut at the end.
func mostlyText(b []byte) bool {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && size == 1:
			return !utf8.FullRune(b)
		case r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != 0x1b, r == 0x7f:
			return false
		}
		b = b[size:]
	}
	return true
}
