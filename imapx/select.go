package imapx

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Mailbox is a selected mailbox.
type Mailbox struct {
	Name        string
	UIDValidity uint32
	UIDNext     UID    // 0: the server does not say
	Messages    uint32 // when it was selected
	ReadOnly    bool
	permanent   []imap.Flag
}

// Keeps reports whether a flag stored here outlives the session, as far as the
// server said when the mailbox was opened for changes. Servers that take any
// keyword do not always name every flag of RFC 9051 section 2.3.2: what becomes
// of one shows in the answer.
func (m Mailbox) Keeps(flag string) bool {
	if len(m.permanent) == 0 { // RFC 9051 section 7.1: unsaid means all flags there are; a new keyword is none
		return strings.HasPrefix(flag, `\`)
	}
	return slices.ContainsFunc(m.permanent, func(f imap.Flag) bool {
		return strings.EqualFold(string(f), flag) || f == imap.FlagWildcard
	})
}

// CheckName refuses mailbox names that cannot be sent.
func CheckName(op, name string) error {
	if name == "" {
		return invalid(op, "mailbox name is empty")
	}
	if strings.IndexFunc(name, unicode.IsControl) >= 0 || strings.ToValidUTF8(name, "") != name {
		return invalid(op, "mailbox name holds a control character or is no UTF-8")
	}
	return nil
}

// Expect fails with Validity unless the selected mailbox still has the
// UIDVALIDITY that a message number was noted with.
func (c *Conn) Expect(validity uint32) error {
	if got := c.Mailbox().UIDValidity; got != validity {
		return &Error{Op: "SELECT", Kind: Validity, Err: errors.New("the mailbox was rebuilt: uidvalidity is " +
			strconv.FormatUint(uint64(got), 10) + ", not " + strconv.FormatUint(uint64(validity), 10))}
	}
	return nil
}

// Noop asks for news, and shows that the connection lives.
func (c *Conn) Noop(ctx context.Context) error {
	c.stale = false
	return c.run(ctx, "NOOP", reads, func(cl *imapclient.Client) error { return cl.Noop().Wait() })
}

// selectBox opens a mailbox, with EXAMINE for reading, unless it is open. CLOSE
// is never sent: it would expunge (RFC 9051 section 6.4.1).
func (c *Conn) selectBox(ctx context.Context, name string, e effect) error {
	op := "EXAMINE"
	if e == changes {
		op = "SELECT"
	}
	if err := CheckName(op, name); err != nil {
		return err
	}
	if c.openFor(name, e) {
		return nil
	}
	name = spelled(name)
	c.box, c.stale = nil, false
	var got *imap.SelectData
	err := c.run(ctx, op, reads, func(cl *imapclient.Client) (err error) {
		got, err = cl.Select(name, &imap.SelectOptions{ReadOnly: e == reads}).Wait()
		return err
	})
	if err != nil {
		return c.whyRefused(ctx, name, err)
	}
	if got.UIDValidity == 0 {
		// RFC 9051 section 6.3.2 requires it; without it no number is safe to keep.
		return &Error{Op: op, Kind: Protocol, Err: errors.New("the server sent no uidvalidity")}
	}
	c.fresh, c.boxFrom = true, time.Now()
	c.box = &Mailbox{
		Name: name, UIDValidity: got.UIDValidity, UIDNext: UID(got.UIDNext), Messages: got.NumMessages,
		ReadOnly: e == reads, permanent: got.PermanentFlags,
	}
	return nil
}

// openFor reports whether the mailbox is open already.
func (c *Conn) openFor(name string, e effect) bool {
	return c.box != nil && c.box.Name == spelled(name) && (e == reads || !c.box.ReadOnly)
}

// spelled gives the one name without case its usual form (RFC 9051 section 5.1).
func spelled(name string) string {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	return name
}

// reopen opens the selected mailbox again, in the same way.
func (c *Conn) reopen(ctx context.Context) error {
	if c.box == nil {
		return invalid("EXAMINE", "no mailbox is open")
	}
	was := *c.box
	c.box = nil
	if err := c.selectBox(ctx, was.Name, effect(!was.ReadOnly)); err != nil {
		return err
	}
	return c.Expect(was.UIDValidity)
}

// whyRefused tells a mailbox that is not there from one that is refused: many
// servers answer both with a plain NO.
func (c *Conn) whyRefused(ctx context.Context, name string, err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Kind != Refused || e.Code != "" || c.lost != nil {
		return err
	}
	found := false
	list := ownCommand{op: "LIST", args: `LIST "" ` + quoted(encodeName(name)), takes: []string{"LIST"}}
	_, listErr := c.own(ctx, reads, list, func(r response) error {
		found = found || newFolder(r).Name == name
		return nil
	})
	if listErr == nil && !found {
		e.Kind = NotFound
	}
	return err
}

// count is how many messages the mailbox has as far as the server has told.
func (c *Conn) count() int64 { return max(0, c.guard.messages.Load()) }
