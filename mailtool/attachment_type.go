package mailtool

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
)

const (
	typePDF     = "application/pdf"
	typeUnknown = "application/octet-stream"
)

// typeOfFile is the media type to hand on: what the first bytes prove, where a
// host would stumble over another, else what the sender said.
func typeOfFile(said string, head []byte) string {
	for _, known := range []struct{ kind, magic string }{
		{"image/png", "\x89PNG\r\n\x1a\n"}, {"image/jpeg", "\xff\xd8\xff"}, {"image/gif", "GIF87a"}, {"image/gif", "GIF89a"}, {typePDF, "%PDF-"},
	} {
		if bytes.HasPrefix(head, []byte(known.magic)) {
			return known.kind
		}
	}
	if len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP" {
		return "image/webp"
	}
	said, _, _ = strings.Cut(strings.ToLower(said), ";")
	main, sub, ok := strings.Cut(strings.TrimSpace(said), "/")
	if !ok || !isTypeName(main) || !isTypeName(sub) || isImage(main+"/"+sub) {
		return typeUnknown
	}
	return main + "/" + sub
}

// isTypeName holds to the names of RFC 6838 section 4.2.
func isTypeName(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte("!#$&-^_.+", c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 127
}

// isImage reports whether models can look at images of this type.
func isImage(kind string) bool {
	switch kind {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

// maxSide is what models take of an image, in pixels.
const maxSide = 8_000

// shownAs is the type of a whole file to hand on. A request to a model fails for
// good with an image in it that is damaged or too large, so such a one is no image.
func shownAs(kind string, data []byte) (as, note string) {
	var config image.Config
	var err error
	switch kind {
	case "image/png":
		config, err = png.DecodeConfig(bytes.NewReader(data))
	case "image/jpeg":
		config, err = jpeg.DecodeConfig(bytes.NewReader(data))
	case "image/gif":
		config, err = gif.DecodeConfig(bytes.NewReader(data))
	default:
		return kind, ""
	}
	switch {
	case err != nil:
		return typeUnknown, "the image is damaged"
	case config.Width > maxSide || config.Height > maxSide || config.Width == 0 || config.Height == 0:
		return typeUnknown, "the image is too wide or too high to be looked at"
	}
	return kind, ""
}
