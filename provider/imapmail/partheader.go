package imapmail

import (
	"bytes"
	"slices"
	"strings"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/mailmime"
)

// What a part is called is read from its own header, not from the server's
// structure: servers differ in what they make of a name that is not written by
// the rules, and a file has to be called the same wherever it is seen.

const (
	// maxPartHeader is as much of a part's header as is fetched; real ones stay
	// below 1 KB. Of a longer one the server's structure is believed.
	maxPartHeader = 16 << 10
	// maxPartHeaders bounds the headers fetched with a large message: one with
	// more parts is a digest, or made to cost.
	maxPartHeaders = 64
)

// partHeaders are the sections with the header of a part whose path is all that
// is known. Part 1 is the whole of a message that has no parts, and its header
// the message's.
func partHeaders(path []int) []imapx.Section {
	out := []imapx.Section{{Path: path, Kind: imapx.MIME, Max: maxPartHeader}}
	if len(path) == 1 && path[0] == 1 {
		out = append(out, imapx.Section{Fields: []string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID"}})
	}
	return out
}

// opened describes a part by what partHeaders brought, else by the structure.
func opened(structure, leaf *imapx.Part, sections [][]byte) mailmime.Part {
	if info, ok := describeLeaf(structure, leaf, ownHeader(structure, leaf, sections)); ok {
		return info
	}
	info := partOf(describe(structure).Root, leaf.Section())
	if info.ID == "" {
		info = mailmime.Part{ID: leaf.Section(), Type: leaf.Type, Size: leaf.Size}
	}
	info.Encoding = leaf.Encoding
	return info
}

// ownHeader picks, of what partHeaders brought, the header of leaf; nil: it is
// not known whole.
func ownHeader(structure, leaf *imapx.Part, sections [][]byte) []byte {
	switch {
	case len(sections) == 0:
		return nil
	case leaf == structure && len(sections) > 1:
		return wholeHeader(sections[1])
	}
	return wholeHeader(sections[0])
}

// wholeHeader is a part's header, nil when it was cut or says nothing.
func wholeHeader(header []byte) []byte {
	if len(header) >= maxPartHeader || len(bytes.TrimSpace(header)) == 0 {
		return nil
	}
	return header
}

// headed lists the parts of a large message whose headers are read with it.
func headed(structure *imapx.Part) []*imapx.Part {
	var out []*imapx.Part
	var visit func(*imapx.Part)
	visit = func(p *imapx.Part) {
		switch {
		case strings.HasPrefix(p.Type, "multipart/"):
			for _, child := range p.Children {
				visit(child)
			}
		case p != structure && len(out) < maxPartHeaders: // that of the whole comes anyway
			out = append(out, p)
		}
	}
	visit(structure)
	return out
}

// describeLeaf describes a part by its header. It is not ok where the header
// speaks of parts that the server does not number.
func describeLeaf(structure, leaf *imapx.Part, header []byte) (p mailmime.Part, ok bool) {
	if header == nil {
		return p, false
	}
	charset, digest := around(structure, leaf)
	p = mailmime.ParsePart(header, charset, digest)
	p.ID, p.Size = leaf.Section(), leaf.Size
	return p, strings.HasPrefix(leaf.Type, "multipart/") == strings.HasPrefix(p.Type, "multipart/")
}

func describes(structure, leaf *imapx.Part, header []byte) bool {
	_, ok := describeLeaf(structure, leaf, header)
	return ok
}

// contentFields keeps of a header the fields that say what a part is (RFC 2045
// section 3), as they stand there.
func contentFields(header []byte) []byte {
	const prefix = "content-"
	var out []byte
	keep := false
	for line := range bytes.Lines(header) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0:
			return out
		case line[0] != ' ' && line[0] != '\t':
			keep = len(line) > len(prefix) && strings.EqualFold(string(line[:len(prefix)]), prefix)
		}
		if keep {
			out = append(append(out, line...), "\r\n"...)
		}
	}
	return out
}

// around tells what decides how the header of leaf is read: the charset of the
// first text before it, and whether it stands in a digest (RFC 2046 section 5.1.5).
func around(structure, leaf *imapx.Part) (charset string, digest bool) {
	structure.Walk(func(p *imapx.Part) bool {
		digest = digest || p.Type == "multipart/digest" && slices.Contains(p.Children, leaf)
		if p != leaf && charset == "" && strings.HasPrefix(p.Type, "text/") {
			charset = p.Params["charset"]
		}
		return p != leaf
	})
	return charset, digest
}
