package provider

import (
	"context"
	"errors"
	"strconv"
)

// arrivals tells what is new in a folder by listing it.
type arrivals struct {
	a      *Account
	folder FolderID
	known  map[MessageID]bool
	empty  bool // the mark is that of an empty folder
}

const (
	// headSize is how many of a folder's newest messages are remembered: a wait
	// goes on as long as one of them is there.
	headSize = 50
	// headPages bounds how far back a mark is looked for.
	headPages = 10
)

// emptyMark is the mark of a folder without messages.
func (s *arrivals) emptyMark() MessageID { return NewMessageID(s.a.Info().Account, "0") }

func (s *arrivals) mark(ctx context.Context) (MessageID, error) {
	page, err := s.a.ListMessages(ctx, ListOptions{Folder: s.folder}, PageRequest{Limit: headSize})
	if err != nil {
		return "", err
	}
	s.remember(page.Items)
	if len(page.Items) == 0 {
		s.empty = true
		return s.emptyMark(), nil
	}
	return page.Items[0].ID, nil
}

func (s *arrivals) remember(items []Summary) {
	if s.known == nil {
		s.known = make(map[MessageID]bool)
	}
	for _, m := range items {
		s.known[m.ID] = true
	}
}

// since lists what stands before mark or any message that was behind it.
func (s *arrivals) since(ctx context.Context, mark MessageID) (map[MessageID]bool, error) {
	if s.known == nil {
		s.known, s.empty = map[MessageID]bool{mark: true}, mark == s.emptyMark()
	}
	fresh := make(map[MessageID]bool)
	req := PageRequest{Limit: headSize}
	for range headPages {
		page, err := s.a.ListMessages(ctx, ListOptions{Folder: s.folder}, req)
		if err != nil {
			return nil, err
		}
		for i, m := range page.Items {
			if s.known[m.ID] {
				s.remember(page.Items[i:])
				return fresh, nil
			}
			fresh[m.ID] = true
		}
		if req.After = page.Next; req.After == "" {
			break
		}
	}
	if s.empty && req.After == "" {
		return fresh, nil
	}
	return nil, &Error{
		Op: "wait", Code: Conflict, Hint: "wait again without the mark; since takes a time",
		Err: errors.New("the message that marks the place is not among the newest " + strconv.Itoa(headSize*headPages)),
	}
}
