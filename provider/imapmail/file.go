package imapmail

import (
	"bytes"
	"context"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// filingTime bounds filing in Sent once the message has left: the caller's
// context may be over by then, and the copy is part of a send that happened.
const filingTime = 30 * time.Second

// file puts a copy into Sent, in a second try when the first certainly stored
// nothing: the folder was not there, or the connection was lost. A full mailbox
// is not tried again.
func (b *Backend) file(ctx context.Context, headerID string, raw []byte) (provider.MessageID, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), filingTime)
	defer cancel()
	sent, err := b.useOrCreate(ctx, imapx.UseSent)
	if err != nil {
		return "", err
	}
	id, err := b.fileIn(ctx, sent, headerID, raw)
	switch {
	case imapx.KindOf(err) == imapx.NotFound: // RFC 9051 section 6.3.12, TRYCREATE
		if sent, err = b.create(ctx, imapx.UseSent); err != nil {
			return "", err
		}
	case imapx.KindOf(err) != imapx.Unavailable || ctx.Err() != nil:
		return id, err
	}
	return b.fileIn(ctx, sent, headerID, raw)
}

// fileIn is Uncertain when its time ends over the upload, or when nobody can
// tell whether the copy is there. Unavailable says that it is not.
func (b *Backend) fileIn(ctx context.Context, sent, headerID string, raw []byte) (provider.MessageID, error) {
	var got imapx.Appended
	begun := false
	err := b.pool.Write(ctx, "", func(c *imapx.Conn) (err error) {
		begun = true
		opts := imapx.AppendOptions{Flags: []string{`\Seen`}, MessageID: headerID}
		got, err = c.Append(ctx, sent, opts, bytes.NewReader(raw), int64(len(raw)))
		return err
	})
	if begun && isContext(err) {
		return "", unsure()
	}
	if err != nil || got.UID == 0 {
		return "", err
	}
	b.learn(sent)
	return b.newID(sent, got.Validity, got.UID), nil
}
