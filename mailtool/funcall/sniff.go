package funcall

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
)

// maxSide is what Anthropic takes of an image, in pixels.
const maxSide = 8000

// sniff tells the few types that models read by what the data is, empty for any
// other, for an image whose header is broken or whose sides are too long, and for
// what lacks its end or is locked. The type that a mail claims is a stranger's word.
func sniff(data []byte) string {
	for _, kind := range []struct {
		begins, mediaType string
		config            func(io.Reader) (image.Config, error)
		whole             func(data []byte) bool
	}{
		{"\x89PNG\r\n\x1a\n", "image/png", png.DecodeConfig, wholePNG},
		{"\xff\xd8\xff", "image/jpeg", jpeg.DecodeConfig, wholeJPEG},
		{"GIF87a", "image/gif", gif.DecodeConfig, wholeGIF},
		{"GIF89a", "image/gif", gif.DecodeConfig, wholeGIF},
		{"%PDF-", "application/pdf", nil, openPDF},
		{"RIFF", "image/webp", webpConfig, wholeWebP},
	} {
		if !bytes.HasPrefix(data, []byte(kind.begins)) {
			continue
		}
		if !kind.whole(data) {
			return ""
		}
		if kind.config != nil {
			c, err := kind.config(bytes.NewReader(data))
			if err != nil || max(c.Width, c.Height) > maxSide || min(c.Width, c.Height) < 1 {
				return ""
			}
		}
		return kind.mediaType
	}
	return ""
}

// wholePNG looks for the last chunk, which is always the same.
func wholePNG(data []byte) bool { return bytes.Contains(data, []byte("IEND\xaeB`\x82")) }

// wholeJPEG looks for an end of the image behind the start of its last scan.
// Scans escape what looks like either; a preview in the header has both.
func wholeJPEG(data []byte) bool {
	return bytes.LastIndex(data, []byte("\xff\xd9")) > bytes.LastIndex(data, []byte("\xff\xda"))
}

func wholeGIF(data []byte) bool { return bytes.HasSuffix(bytes.TrimRight(data, "\x00"), []byte(";")) }

// wholeWebP holds to the length in the header, RFC 9649 section 2.4.
func wholeWebP(data []byte) bool {
	return len(data) >= 8 && uint64(len(data)-8) >= uint64(binary.LittleEndian.Uint32(data[4:]))
}

// openPDF reports whether the file has its end and no lock, which Anthropic refuses:
// https://platform.claude.com/docs/en/build-with-claude/pdf-support
// What locks it stands in a dictionary that nothing compresses.
func openPDF(data []byte) bool {
	return bytes.Contains(data, []byte("startxref")) && !bytes.Contains(data, []byte("/Encrypt"))
}

// webpConfig reads the sides from any of the three headers of RFC 9649 sections 2.5 to 2.7.
func webpConfig(r io.Reader) (c image.Config, err error) {
	var head [30]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return c, err
	}
	b := head[20:]
	switch form := string(head[8:16]); {
	case form == "WEBPVP8X":
		c.Width = 1 + (int(b[4]) | int(b[5])<<8 | int(b[6])<<16)
		c.Height = 1 + (int(b[7]) | int(b[8])<<8 | int(b[9])<<16)
	case form == "WEBPVP8L" && b[0] == 0x2f:
		sides := binary.LittleEndian.Uint32(b[1:])
		c.Width, c.Height = 1+int(sides&0x3fff), 1+int(sides>>14&0x3fff)
	case form == "WEBPVP8 " && string(b[3:6]) == "\x9d\x01\x2a":
		c.Width, c.Height = int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff)
	default:
		return c, errors.New("no WebP")
	}
	return c, nil
}
