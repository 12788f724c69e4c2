package imapxtest

import (
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// session mends the library's in-memory session: its answer to a MOVE that
// finds no message is COPYUID with empty sets, which no client can read.
type session struct {
	imapserver.SessionIMAP4rev2
	moves *sync.Mutex // of the server: nobody else moves between looking and moving
}

func newSession(s imapserver.Session, moves *sync.Mutex) imapserver.Session {
	full, ok := s.(imapserver.SessionIMAP4rev2)
	if !ok {
		return s
	}
	return &session{SessionIMAP4rev2: full, moves: moves}
}

// Move answers a bare OK when there is nothing to move (RFC 6851 section 3.3).
func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	s.moves.Lock()
	defer s.moves.Unlock()
	var which imap.SearchCriteria
	switch set := set.(type) {
	case imap.UIDSet:
		which.UID = []imap.UIDSet{set}
	case imap.SeqSet:
		which.SeqNum = []imap.SeqSet{set}
	}
	found, err := s.Search(imapserver.NumKindUID, &which, &imap.SearchOptions{ReturnAll: true})
	if err != nil {
		return err
	}
	if found.All == nil || len(found.AllUIDs()) == 0 {
		return nil
	}
	return s.SessionIMAP4rev2.Move(w, set, dest)
}
