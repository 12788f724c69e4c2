package imapx

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// AppendOptions describes a message to store.
type AppendOptions struct {
	Flags []string
	Date  time.Time // INTERNALDATE; zero: the server's now
	// MessageID is that of the message, without angle brackets. With one that no
	// other message has, a lost answer is looked up.
	MessageID string
}

// Appended says where a stored message went. Both are 0 when the server does
// not say (RFC 4315).
type Appended struct {
	Validity uint32
	UID      UID
}

// Append stores exactly size bytes of body in mailbox, streaming. When body
// ends early, or the server refuses, the connection is spent. Unavailable says
// that nothing was stored, Uncertain that nobody knows.
func (c *Conn) Append(ctx context.Context, mailbox string, opts AppendOptions, body io.Reader, size int64) (Appended, error) {
	const op = "APPEND"
	if err := CheckName(op, mailbox); err != nil {
		return Appended{}, err
	}
	if err := checkFlags(op, opts.Flags); err != nil {
		return Appended{}, err
	}
	if size <= 0 {
		return Appended{}, invalid(op, "the message is empty")
	}
	if err := c.room(ctx, mailbox, size); err != nil {
		return Appended{}, err
	}
	if c.openFor(mailbox, reads) { // Courier refuses it when the mailbox is open for reading only
		if err := c.selectBox(ctx, mailbox, changes); err != nil {
			return Appended{}, err
		}
	}
	var data *imap.AppendData
	var n int64
	err := c.run(ctx, op, changes, func(cl *imapclient.Client) (err error) {
		cmd := cl.Append(mailbox, size, &imap.AppendOptions{Flags: flagsOf(opts.Flags), Time: opts.Date})
		n, err = io.Copy(cmd, io.LimitReader(body, size))
		if err == nil && n < size {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			c.guard.fail(err) // the server waits for the rest: only closing ends the command
		}
		closeErr := cmd.Close()
		got, waitErr := cmd.Wait()
		data = got
		return errors.Join(waitErr, err, closeErr)
	})
	switch {
	case err == nil:
		return Appended{Validity: data.UIDValidity, UID: UID(data.UID)}, nil
	case KindOf(err) == Uncertain && n < size:
		// RFC 9051 section 6.3.12: what never arrived whole is never stored.
		return Appended{}, lostBy(err)
	case lostAnswer(ctx, err):
		return c.afterLostAppend(ctx, mailbox, opts.MessageID, err)
	}
	return Appended{}, err
}

// afterLostAppend looks for the message, twice with a pause: the server may
// still be storing it.
func (c *Conn) afterLostAppend(ctx context.Context, mailbox, messageID string, lost error) (Appended, error) {
	if !tellingID(messageID) {
		return Appended{}, lost
	}
	c.box = nil
	if c.comeBack(ctx) != nil {
		return Appended{}, lost
	}
	for try := range 2 {
		if try > 0 && settled(ctx) != nil {
			break
		}
		c.box = nil // what has come meanwhile is to be seen
		if c.selectBox(ctx, mailbox, reads) != nil {
			break
		}
		hits, err := c.Search(ctx, Criteria{Header: []HeaderTerm{{"Message-ID", messageID}}}, 1)
		switch {
		case err != nil:
			return Appended{}, lost
		case hits.Total > 0:
			return Appended{Validity: c.box.UIDValidity, UID: hits.UIDs[0]}, nil
		case try > 0:
			return Appended{}, lostBy(lost)
		}
	}
	if ctx.Err() != nil {
		return Appended{}, ctx.Err()
	}
	return Appended{}, lost
}
