package imapx

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Folder is a mailbox as LIST and STATUS describe it.
type Folder struct {
	Name       string // decoded from modified UTF-7
	Delimiter  string // empty: no hierarchy
	Use        Use
	NoSelect   bool // holds mailboxes, not messages
	Subscribed bool
	Counts     *Counts // nil: not asked for, or refused
	attrs      []imap.MailboxAttr
}

// Counts is what STATUS says of a mailbox.
type Counts struct {
	Messages, Unseen int
	UIDValidity      uint32
}

// List lists every mailbox, with counts if asked for: in one round trip where
// the server has LIST-STATUS (RFC 5819), else in two.
func (c *Conn) List(ctx context.Context, counts bool) ([]Folder, error) {
	opts := &imap.ListOptions{
		ReturnSubscribed: c.caps.Has("LIST-EXTENDED"),
		ReturnSpecialUse: c.caps.Has("LIST-EXTENDED") && c.caps.Has("SPECIAL-USE"),
	}
	if counts && c.caps.Has("LIST-STATUS") {
		opts.ReturnStatus = statusWanted()
	}
	var folders []Folder
	var over bool
	err := c.run(ctx, "LIST", reads, func(cl *imapclient.Client) error {
		folders, over = nil, false
		cmd := cl.List("", "*", opts)
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			if over = over || len(folders) >= c.pool.opts.Limits.Folders; !over {
				folders = append(folders, newFolder(data))
			}
		}
		return cmd.Close()
	})
	if err != nil {
		return nil, err
	}
	if over {
		return nil, &Error{Op: "LIST", Kind: TooLarge, Err: errors.New("more than " + strconv.Itoa(c.pool.opts.Limits.Folders) + " mailboxes")}
	}
	assignUses(folders)
	if counts && opts.ReturnStatus == nil {
		err = c.countAll(ctx, folders)
	}
	return folders, err
}

func statusWanted() *imap.StatusOptions {
	return &imap.StatusOptions{NumMessages: true, NumUnseen: true, UIDValidity: true}
}

func newFolder(data *imap.ListData) Folder {
	f := Folder{Name: data.Mailbox, attrs: data.Attrs}
	if data.Delim != 0 {
		f.Delimiter = string(data.Delim)
	}
	for _, a := range data.Attrs {
		switch {
		case strings.EqualFold(string(a), string(imap.MailboxAttrNoSelect)), strings.EqualFold(string(a), string(imap.MailboxAttrNonExistent)):
			f.NoSelect = true
		case strings.EqualFold(string(a), string(imap.MailboxAttrSubscribed)):
			f.Subscribed = true
		}
	}
	if data.Status != nil {
		f.Counts = newCounts(data.Status)
	}
	return f
}

func newCounts(s *imap.StatusData) *Counts {
	if s.NumMessages == nil || s.NumUnseen == nil {
		return nil
	}
	return &Counts{Messages: int(*s.NumMessages), Unseen: int(*s.NumUnseen), UIDValidity: s.UIDValidity}
}

// statusBatch bounds the STATUS commands under way: enough for one round trip
// on ordinary trees, few enough for the buffers between.
const statusBatch = 100

// countAll asks for each mailbox, pipelined: STATUS answers carry the name and
// no command changes what another means. A mailbox that refuses has no counts.
func (c *Conn) countAll(ctx context.Context, folders []Folder) error {
	var ask []*Folder
	for i := range folders {
		if !folders[i].NoSelect {
			ask = append(ask, &folders[i])
		}
	}
	for len(ask) > 0 {
		batch := ask[:min(statusBatch, len(ask))]
		ask = ask[len(batch):]
		err := c.run(ctx, "STATUS", reads, func(cl *imapclient.Client) error {
			cmds := make([]*imapclient.StatusCommand, len(batch))
			for i, f := range batch {
				cmds[i] = cl.Status(f.Name, statusWanted())
			}
			var lost error
			for i, cmd := range cmds {
				data, err := cmd.Wait()
				if _, refused := isStatus(err); err != nil && !refused {
					lost = err
				} else if err == nil {
					batch[i].Counts = newCounts(data)
				}
			}
			return lost
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Create makes a mailbox, for a use where the server takes that (RFC 6154).
func (c *Conn) Create(ctx context.Context, name string, use Use) error {
	const op = "CREATE"
	if err := CheckName(op, name); err != nil {
		return err
	}
	var opts imap.CreateOptions
	if attr := use.attr(); attr != "" && c.caps.Has("CREATE-SPECIAL-USE") {
		opts.SpecialUse = []imap.MailboxAttr{attr}
	}
	return c.run(ctx, op, changes, func(cl *imapclient.Client) error { return cl.Create(name, &opts).Wait() })
}
