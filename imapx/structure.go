package imapx

import (
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Part is a part of a message as the server describes it (BODYSTRUCTURE, RFC
// 9051 section 7.5.2). Strings are a stranger's words, not decoded.
type Part struct {
	Path     []int  // section number; a multipart at the top of a message has its message's
	Type     string // media type in lower case, "text/plain"
	Params   map[string]string
	ID       string // Content-ID
	Encoding string // transfer encoding in lower case
	Size     int64  // bytes as encoded; 0 for a multipart
	// Disposition is "attachment", "inline" or empty, in lower case.
	Disposition       string
	DispositionParams map[string]string
	Children          []*Part // of a multipart; the one body of a message/rfc822
	Truncated         bool    // parts beyond our limits were left out below this one
}

// Section names the part for Items.Sections, "1.2".
func (p *Part) Section() string {
	var b strings.Builder
	for i, n := range p.Path {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// Walk calls fn for p and everything below it, parents first, until fn returns false.
func (p *Part) Walk(fn func(*Part) bool) bool {
	if !fn(p) {
		return false
	}
	for _, child := range p.Children {
		if !child.Walk(fn) {
			return false
		}
	}
	return true
}

const (
	// maxPartDepth and maxParts bound what is shown of a message's structure;
	// real mail stays below 10 levels and 200 parts.
	maxPartDepth = 100
	maxParts     = 1000
)

func convertStructure(bs imap.BodyStructure) *Part {
	left := maxParts
	path := []int{1}
	if _, multi := bs.(*imap.BodyStructureMultiPart); multi {
		path = nil
	}
	return convertPart(bs, path, 0, &left)
}

func convertPart(bs imap.BodyStructure, path []int, depth int, left *int) *Part {
	*left--
	switch bs := bs.(type) {
	case *imap.BodyStructureMultiPart:
		p := &Part{Path: path, Type: "multipart/" + strings.ToLower(bs.Subtype)}
		if ext := bs.Extended; ext != nil {
			p.Params = ext.Params
			p.dispose(ext.Disposition)
		}
		for i, child := range bs.Children {
			if depth >= maxPartDepth || *left <= 0 {
				p.Truncated = true
				break
			}
			p.Children = append(p.Children, convertPart(child, below(path, i+1), depth+1, left))
		}
		return p
	case *imap.BodyStructureSinglePart:
		p := &Part{
			Path: path, Type: bs.MediaType(), Params: bs.Params, ID: bs.ID,
			Encoding: strings.ToLower(bs.Encoding), Size: int64(bs.Size),
		}
		if bs.Extended != nil {
			p.dispose(bs.Extended.Disposition)
		}
		if msg := bs.MessageRFC822; msg != nil && msg.BodyStructure != nil {
			if depth >= maxPartDepth || *left <= 0 {
				p.Truncated = true
				return p
			}
			// RFC 9051 section 6.4.5.1: a multipart at the top of an embedded
			// message shares its number, a single part is its number 1.
			inner := path
			if _, multi := msg.BodyStructure.(*imap.BodyStructureMultiPart); !multi {
				inner = below(path, 1)
			}
			p.Children = []*Part{convertPart(msg.BodyStructure, inner, depth+1, left)}
		}
		return p
	}
	return &Part{Path: path, Truncated: true}
}

func (p *Part) dispose(d *imap.BodyStructureDisposition) {
	if d != nil {
		p.Disposition, p.DispositionParams = strings.ToLower(d.Value), d.Params
	}
}

func below(path []int, n int) []int {
	return append(path[:len(path):len(path)], n)
}
