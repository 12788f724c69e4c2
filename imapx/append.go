package imapx

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// AppendOptions describes a message to store.
type AppendOptions struct {
	Flags []string
	Date  time.Time // INTERNALDATE; zero: the server's now
}

// Appended says where a stored message went. Both are 0 when the server does
// not say (RFC 4315).
type Appended struct {
	Validity uint32
	UID      UID
}

// Append stores exactly size bytes of body in mailbox, streaming. When body
// ends early, or the server refuses, the connection is spent.
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
	if limit := c.caps.appendLimit(); limit > 0 && size > limit {
		return Appended{}, &Error{Op: op, Kind: TooLarge, Err: errors.New("the server takes at most " + strconv.FormatInt(limit, 10) + " bytes")}
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
	var own *Error
	switch {
	case err == nil:
		return Appended{Validity: data.UIDValidity, UID: UID(data.UID)}, nil
	case n < size && errors.As(err, &own) && own.Kind == Uncertain:
		// RFC 9051 section 6.3.12: what never arrived whole is never stored.
		return Appended{}, own.Err
	}
	return Appended{}, err
}
