package imapmail

import (
	"bytes"
	"strings"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/mailmime"
)

// agrees tells whether a server's structure of a message of that size is what its first bytes say. Servers take apart otherwise
// than we do what is malformed, or made to be read in two ways; text read by such a structure would be other text, or none at all.
func agrees(structure *imapx.Part, start []byte, size int64) bool {
	if structure == nil {
		return false
	}
	start = start[:bytes.LastIndexByte(start, '\n')+1]
	message, _ := mailmime.Parse(bytes.NewReader(start), mailmime.Limits{}) // a slice does not fail
	read, said := message.Root, describe(structure).Root
	if leaf := len(read.Parts) == 0 && encoded(read) == ""; leaf && read.Size > 0 && said.Size+int64(len(start))-read.Size != size {
		return false // the text begins elsewhere
	}
	taken := structure.Walk(func(p *imapx.Part) bool { // a type that is none is read as another, which tells what is fetched
		as := partOf(said, p.Section())
		return as.ID == "" || as.Type == p.Type
	})
	return taken && sameShape(read, said, true)
}

// sameShape compares a part, as its start was read, with what a server says of it. last: it goes on behind what was read.
func sameShape(read, said mailmime.Part, last bool) bool {
	multipart := strings.HasPrefix(read.Type, "multipart/") && len(read.Parts) > 0
	if last && !multipart && read.Size == 0 {
		return true // its header may go on
	}
	if read.ID != said.ID || read.Type != said.Type || encoded(read) != encoded(said) || read.Disposition != said.Disposition {
		return false
	}
	switch {
	case multipart:
		if len(read.Parts) > len(said.Parts) || !last && len(read.Parts) != len(said.Parts) {
			return false
		}
		for i, child := range read.Parts {
			if !sameShape(child, said.Parts[i], last && i == len(read.Parts)-1) {
				return false
			}
		}
		return true
	case strings.HasPrefix(read.Type, "message/"):
		return true // servers count these as they like
	}
	// A server counts what is encoded, which is never less than what is in it.
	return read.Size <= said.Size && (last || encoded(read) != "" || read.Size == said.Size)
}

// encoded is the transfer encoding, where the content has to be decoded: servers say "7bit" where none is given.
func encoded(p mailmime.Part) string {
	switch p.Encoding {
	case "base64", "quoted-printable", "uuencode":
		return p.Encoding
	}
	return ""
}
