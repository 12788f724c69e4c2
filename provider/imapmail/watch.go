package imapmail

import (
	"context"
	"sync"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// Mark returns the id of a folder's newest message, in one round trip. That of
// an empty folder has the number 0, which no message has.
func (b *Backend) Mark(ctx context.Context, id provider.FolderID) (mark provider.MessageID, err error) {
	folder := inbox(string(id))
	err = b.pool.Read(ctx, folder, func(c *imapx.Conn) error {
		newest, _, err := c.FetchNewest(ctx, 1, imapx.Items{Flags: true})
		if err != nil {
			return err
		}
		var uid imapx.UID
		if len(newest.Messages) > 0 {
			uid = newest.Messages[0].UID
		}
		mark = b.newID(folder, c.Mailbox().UIDValidity, uid)
		return nil
	})
	if err != nil {
		return "", folderError(err)
	}
	b.learn(folder)
	return mark, nil
}

// Watch shares a connection with everybody who watches the same folder, see
// imapx.Pool.Watch.
func (b *Backend) Watch(ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var one sync.Mutex
	for _, id := range folders {
		wg.Go(func() {
			cancel(b.pool.Watch(ctx, inbox(string(id)), func() {
				one.Lock()
				defer one.Unlock()
				if ctx.Err() == nil {
					told(id)
				}
			}))
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); !isContext(err) {
		return folderError(err)
	}
	return context.Cause(ctx)
}
