package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// operation is one thing to measure, as a model asks for it and as the wire
// can answer it at best.
type operation struct {
	name string
	runs int // repetitions without delay
	// calls is how many MCP calls one run makes, and readers how many callers
	// share them (0: one).
	calls, readers int
	noDelay        bool // says nothing more on a slow link
	most           float64
	hand           func(hands []*wire) error
	tool           func(ctx context.Context, s *served) (bytes int, err error)
}

const (
	// listed is what a page asks for, as imapmail does.
	listed = "(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (From To Cc Subject Date Message-ID In-Reply-To References)])"
	// whole is what a read asks for first: small messages are then there.
	whole    = "(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[]<0.32768>)"
	allText  = "(UID BODY.PEEK[HEADER] BODY.PEEK[1.1] BODY.PEEK[1.2])" // of a message too large to take whole
	pageSize = 20
	// readCount is how many messages the long rows read, one by one.
	readCount, readerCount, readsEach = 100, 16, 40
	// handCount is how many connections a backend holds by default.
	handCount = 2
)

// sample is what the operations work on: messages by their place in the folder
// and by the ids that the tools gave them.
type sample struct {
	uids []int
	ids  []string
	huge string
}

// rows is what the answer of a list holds that is needed here.
type rows struct {
	Rows   [][]string `json:"rows"`
	Cursor string     `json:"next_cursor"`
}

type listArgs struct {
	Folder string `json:"folder,omitempty"`
	Limit  int    `json:"limit,omitempty"`
	Cursor string `json:"cursor,omitempty"`
}

type searchArgs struct {
	Query   string   `json:"query"`
	Folders []string `json:"folders"`
	Limit   int      `json:"limit"`
}

type readArgs struct {
	IDs []string `json:"ids"`
}

// pick lists the newest messages of the mailbox, and the large one.
func pick(ctx context.Context, s *served, hand *wire, messages int) (*sample, error) {
	var out sample
	for cursor := ""; len(out.ids) < readCount; {
		page, err := list(ctx, s, listArgs{Limit: 50, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Rows {
			out.ids = append(out.ids, r[0])
		}
		if cursor = page.Cursor; cursor == "" {
			break
		}
	}
	large, err := list(ctx, s, listArgs{Folder: "Archive"})
	if err != nil {
		return nil, err
	}
	if len(out.ids) < readCount || len(large.Rows) != 1 {
		return nil, fmt.Errorf("the mailbox lists %d and %d messages", len(out.ids), len(large.Rows))
	}
	out.ids, out.huge = out.ids[:readCount], large.Rows[0][0]
	if out.uids, err = hand.search("ALL", readCount); err != nil {
		return nil, err
	}
	if len(out.uids) != readCount || out.uids[0] != messages {
		return nil, errors.New("the mail server does not number the messages as they were written")
	}
	return &out, nil
}

func list(ctx context.Context, s *served, args listArgs) (rows, error) {
	var page rows
	text, err := s.call(ctx, "list_messages", args)
	if err != nil {
		return page, err
	}
	return page, json.Unmarshal([]byte(text), &page)
}

// of returns the newest messages of the shapes, by place.
func (sm *sample) of(n int, shapes ...shape) []int {
	var out []int
	for place, uid := range sm.uids {
		for _, s := range shapes {
			if shapeOf(uid-1) == s && len(out) < n {
				out = append(out, place)
			}
		}
	}
	return out
}

// operations are the rows of the tables.
func operations(sm *sample, messages int) []operation {
	ten := sm.of(10, plainText, withHTML)
	return []operation{
		page(pageSize, messages, 4), page(50, messages, 0),
		search("search by sender", `from:`+senderName, `FROM "`+senderName+`"`, 15),
		search("search by subject", `subject:`+subjectWord, `SUBJECT "`+subjectWord+`"`, 15),
		search("search in bodies", `body:`+bodyWord, `BODY "`+bodyWord+`"`, 3),
		sm.read("read one, text and HTML", sm.of(1, withHTML), 0),
		sm.read("read one with 45 KB attached", sm.of(1, attached45), 0),
		sm.read("read ten", ten, 4),
		sm.readEach(), sm.readTogether(), sm.readHuge(),
	}
}

func page(n, messages int, most float64) operation {
	return operation{
		name: "page of " + strconv.Itoa(n), runs: 40, calls: 1, most: most,
		hand: func(hands []*wire) error {
			return hands[0].do(fmt.Sprintf("FETCH %d:* %s", messages-n+1, listed), nil)
		},
		tool: calling("list_messages", listArgs{Limit: n}),
	}
}

func search(name, query, key string, runs int) operation {
	return operation{
		name: name, runs: runs, calls: 1, most: 1.1,
		hand: func(hands []*wire) error {
			uids, err := hands[0].search(key, pageSize)
			if err != nil {
				return err
			}
			if len(uids) == 0 {
				return errors.New("nothing found: " + key)
			}
			return hands[0].do("UID FETCH "+joined(uids)+" "+listed, nil)
		},
		tool: calling("search_messages", searchArgs{Query: query, Folders: []string{"INBOX"}, Limit: pageSize}),
	}
}

func calling(tool string, args any) func(context.Context, *served) (int, error) {
	return func(ctx context.Context, s *served) (int, error) {
		text, err := s.call(ctx, tool, args)
		return len(text), err
	}
}

func (sm *sample) read(name string, places []int, most float64) operation {
	var ids []string
	var uids []int
	for _, p := range places {
		ids, uids = append(ids, sm.ids[p]), append(uids, sm.uids[p])
	}
	return operation{
		name: name, runs: 40, calls: 1, most: most,
		hand: func(hands []*wire) error { return hands[0].read(uids) },
		tool: calling("read_message", readArgs{ids}),
	}
}

// read fetches messages whole, and the text parts of those too large for that.
func (w *wire) read(uids []int) error {
	if err := w.do("UID FETCH "+joined(uids)+" "+whole, nil); err != nil {
		return err
	}
	for _, u := range uids {
		if s := shapeOf(u - 1); s == attached45 || s == attached370 {
			if err := w.do("UID FETCH "+strconv.Itoa(u)+" "+allText, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (sm *sample) readEach() operation {
	return operation{
		name: strconv.Itoa(readCount) + " reads in a row", runs: 3, calls: readCount, noDelay: true,
		hand: func(hands []*wire) error {
			for _, u := range sm.uids {
				if err := hands[0].read([]int{u}); err != nil {
					return err
				}
			}
			return nil
		},
		tool: func(ctx context.Context, s *served) (total int, err error) {
			for _, id := range sm.ids {
				text, err := s.call(ctx, "read_message", readArgs{[]string{id}})
				if err != nil {
					return total, err
				}
				total += len(text)
			}
			return total, nil
		},
	}
}

func (sm *sample) readTogether() operation {
	const all = readerCount * readsEach
	return operation{
		name: strconv.Itoa(readerCount) + " readers, " + strconv.Itoa(all) + " reads", runs: 3, calls: all, readers: readerCount, noDelay: true,
		hand: func(hands []*wire) error {
			return together(len(hands), all/len(hands), func(n int) error {
				return hands[n/(all/len(hands))].read([]int{sm.uids[n%readCount]})
			})
		},
		tool: func(ctx context.Context, s *served) (int, error) {
			sizes := make([]int, all)
			err := together(readerCount, readsEach, func(n int) error {
				text, err := s.call(ctx, "read_message", readArgs{[]string{sm.ids[n%readCount]}})
				sizes[n] = len(text)
				return err
			})
			total := 0
			for _, n := range sizes {
				total += n
			}
			return total, err
		},
	}
}

// readHuge is last: it makes the peak of memory, and leaves the INBOX.
func (sm *sample) readHuge() operation {
	return operation{
		name: "read one of 11 MB", runs: 10, calls: 1,
		hand: func(hands []*wire) error {
			for _, command := range []string{"EXAMINE Archive", "UID FETCH 1 " + whole, "UID FETCH 1 " + allText, "EXAMINE INBOX"} {
				if err := hands[0].do(command, nil); err != nil {
					return err
				}
			}
			return nil
		},
		tool: calling("read_message", readArgs{[]string{sm.huge}}),
	}
}
