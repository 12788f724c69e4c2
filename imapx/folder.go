package imapx

import (
	"context"
	"errors"
	"math"
	"slices"
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
	NoSelect   bool // holds mailboxes, not messages, or is Odd
	Odd        bool // its name is not well encoded, or empty: it can be shown, and not opened
	Subscribed bool
	Counts     *Counts // nil: not asked for, or refused
	attrs      []imap.MailboxAttr
	raw        string // the name as it travels
}

// Counts is what STATUS says of a mailbox.
type Counts struct {
	Messages, Unseen int
	UIDValidity      uint32
}

// List lists every mailbox, with counts if asked for: in one round trip where
// the server has LIST-STATUS (RFC 5819), else in two.
func (c *Conn) List(ctx context.Context, counts bool) ([]Folder, error) {
	const op = "LIST"
	var want []string
	if c.caps.Has("LIST-EXTENDED") { // RFC 5258
		want = append(want, "SUBSCRIBED")
		if c.caps.Has("SPECIAL-USE") {
			want = append(want, "SPECIAL-USE")
		}
	}
	counted := counts && c.caps.Has("LIST-STATUS")
	if counted {
		want = append(want, "STATUS "+statusWanted)
	}
	args := `LIST "" "*"`
	if len(want) > 0 {
		args += " RETURN (" + strings.Join(want, " ") + ")"
	}
	cmds := []ownCommand{{op: op, args: args, takes: []string{"LIST", "STATUS"}}}
	if counts && c.box != nil {
		if err := c.putDown(ctx, &cmds); err != nil {
			return nil, err
		}
	}
	var folders []Folder
	err := c.ownAll(ctx, reads, cmds, func(r response) error {
		switch most := c.pool.opts.Limits.Folders; {
		case r.name == "STATUS":
			countOne(folders, r)
		case len(folders) >= most:
			return &Error{Op: op, Kind: TooLarge, Err: errors.New("more than " + strconv.Itoa(most) + " mailboxes")}
		default:
			folders = append(folders, newFolder(r))
		}
		return nil
	}, func(i int, st status) error {
		if i < len(cmds)-1 {
			return nil // an UNSELECT that is refused is no matter: the counts may then be old
		}
		return st.refusal()
	})
	if err != nil {
		return nil, err
	}
	assignUses(folders)
	if counts && !counted {
		err = c.countAll(ctx, folders)
	}
	return folders, err
}

// putDown has the selected mailbox given up before it is counted: of that one
// servers tell what the session has seen (RFC 9051 section 6.3.11), Dovecot also
// behind a NOOP in the same packet. Where there is no UNSELECT a NOOP goes ahead.
func (c *Conn) putDown(ctx context.Context, cmds *[]ownCommand) error {
	if !c.caps.Has("UNSELECT") {
		return c.Noop(ctx)
	}
	c.box, c.stale = nil, false
	list := (*cmds)[0]
	*cmds = []ownCommand{{op: list.op, args: "UNSELECT", takes: list.takes}, list}
	return nil
}

// newFolder reads a LIST answer (RFC 9051 section 7.3.1). One whose name has no
// right reading is listed as it came and hides no other.
func newFolder(r response) Folder {
	if r.broken || len(r.values) < 3 || r.values[0].kind != listValue || r.values[2].kind == listValue {
		return Folder{Name: oddName(r.text), Odd: true, NoSelect: true}
	}
	f := Folder{Delimiter: r.values[1].text, raw: r.values[2].text}
	name, ok := decodeName(f.raw)
	if f.Name = spelled(name); !ok || CheckName("LIST", f.Name) != nil {
		f.Name, f.Odd, f.NoSelect = oddName(f.raw), true, true
	}
	for _, a := range r.values[0].list {
		attr := imap.MailboxAttr(a.text)
		f.attrs = append(f.attrs, attr)
		switch {
		case a.is(string(imap.MailboxAttrNoSelect)), a.is(string(imap.MailboxAttrNonExistent)):
			f.NoSelect = true
		case a.is(string(imap.MailboxAttrSubscribed)):
			f.Subscribed = true
		}
	}
	return f
}

// oddName makes a name that nobody can decode fit to be shown.
func oddName(raw string) string { return printable(raw) }

const statusWanted = "(MESSAGES UNSEEN UIDVALIDITY)"

// countOne files a STATUS answer with the mailbox it names (RFC 9051 section 7.3.4).
func countOne(folders []Folder, r response) {
	if r.broken || len(r.values) < 2 {
		return
	}
	name := r.values[0].text
	for i := range folders {
		// The one asked about last is the one listed last, in general.
		if f := &folders[len(folders)-1-i]; f.raw == name || strings.EqualFold(name, "INBOX") && f.Name == "INBOX" {
			f.Counts = newCounts(r.values[1])
			return
		}
	}
}

func newCounts(list value) *Counts {
	var c Counts
	seen := 0
	list.items(func(name string, v value) {
		n, ok := v.number()
		if !ok || n > math.MaxUint32 {
			return
		}
		switch name {
		case "MESSAGES":
			c.Messages, seen = int(n), seen|1
		case "UNSEEN":
			c.Unseen, seen = int(n), seen|2
		case "UIDVALIDITY":
			c.UIDValidity = uint32(n)
		}
	})
	if seen != 3 {
		return nil
	}
	return &c
}

// statusBatch bounds the STATUS commands under way: enough for one round trip
// on ordinary trees, few enough for the buffers between.
const statusBatch = 100

// countAll asks for each mailbox, pipelined: STATUS answers carry the name and
// no command changes what another means. A mailbox that refuses has no counts.
func (c *Conn) countAll(ctx context.Context, folders []Folder) error {
	var ask []ownCommand
	for _, f := range folders {
		if !f.NoSelect {
			ask = append(ask, ownCommand{op: "STATUS", args: "STATUS " + quoted(f.raw) + " " + statusWanted, takes: []string{"STATUS"}})
		}
	}
	for batch := range slices.Chunk(ask, statusBatch) {
		err := c.ownAll(ctx, reads, batch, func(r response) error {
			countOne(folders, r)
			return nil
		}, func(int, status) error { return nil })
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
	err := c.run(ctx, op, changes, func(cl *imapclient.Client) error { return cl.Create(name, &opts).Wait() })
	if e := (*Error)(nil); errors.As(err, &e) && e.Kind == Refused && c.usable() {
		if _, there := c.statusArrival(ctx, name); there == nil { // some servers do not say why (RFC 5530 section 3)
			e.Kind = Exists
		}
	}
	return err
}
