package imapxtest

import (
	"bytes"
	"slices"
)

// maxTranscript is how much of each direction of a connection is kept: more
// than any session a test cuts into pieces.
const maxTranscript = 8 << 20

// Transcript is what passed over one connection, as it was received: after
// what the plans did to it. At most the first 8 MiB of each direction are kept.
type Transcript struct {
	FromServer, FromClient []byte
}

// Transcripts returns what the connections did since the start or the last
// Reset, the oldest connection first. Only a proxy made by Fault has any.
func (p *FaultProxy) Transcripts() []Transcript {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Transcript
	for _, l := range p.records {
		all = append(all, Transcript{FromServer: slices.Clone(l.seen[FromServer]), FromClient: slices.Clone(l.seen[FromClient])})
	}
	return all
}

// Boundaries returns the positions behind each complete IMAP response or
// command of a cleartext stream, ascending: line ends outside literals.
func Boundaries(stream []byte) []int64 {
	var ends []int64
	for at := 0; ; {
		n := bytes.IndexByte(stream[at:], '\n')
		if n < 0 {
			return ends
		}
		line := bytes.TrimRight(stream[at:at+n], "\r")
		at += n + 1
		if _, size, ok := cutLiteral(string(line)); ok {
			if size > len(stream)-at {
				return ends
			}
			at += size
			continue
		}
		ends = append(ends, int64(at))
	}
}
