package mcpadapt

import (
	"context"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mailtool"
)

// progressEvery is the least time between two notes on one call: they show that
// it goes on, and cost a model's host a message each.
const progressEvery = 2 * time.Second

// telling returns the caller with its notes going to the client, where that
// asked for them. After done none goes any more: the answer is the last word.
func telling(ctx context.Context, req *mcp.CallToolRequest, c *mailtool.Caller) (told *mailtool.Caller, done func()) {
	token := req.Params.GetProgressToken()
	if token == nil || c.Progress != nil {
		return c, func() {}
	}
	n := &notes{last: -1, send: func(text string, progress, total float64) {
		// A client that does not take a note can still take the answer.
		_ = req.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{ProgressToken: token, Message: text, Progress: progress, Total: total})
	}}
	own := *c
	own.Progress = n.tell
	return &own, n.done
}

// notes are those of one call.
type notes struct {
	send func(text string, progress, total float64)

	mu   sync.Mutex
	over bool
	last float64 // progress: the protocol has it increase with every note
	at   time.Time
}

func (n *notes) tell(text string, progress, total float64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.over || progress <= n.last || time.Since(n.at) < progressEvery {
		return
	}
	n.last, n.at = progress, time.Now()
	n.send(text, progress, total)
}

// done waits for a note under way; later ones are dropped.
func (n *notes) done() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.over = true
}
