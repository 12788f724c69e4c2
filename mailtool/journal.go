package mailtool

import (
	"context"
	"encoding/json"
	"time"

	"github.com/postern-mail/postern/scopes"
)

// Journal is what outlives a call: the audit trail, the record by which a send
// happens once, and marks that an account does not keep. It is safe for
// concurrent use.
type Journal interface {
	// Audit adds a row to the trail. Rows hold names, counts and codes, never
	// mail. A failure is the operator's to see and does not undo the call.
	Audit(ctx context.Context, row AuditRow) error
	// Lookup returns the record under key. The zero Record: there is none.
	Lookup(ctx context.Context, key Key, now time.Time) (Record, error)
	// Claim takes a key, unless somebody has it or the grant's quota is used
	// up: of two callers with one key exactly one gets it, in one transaction
	// with the quota.
	Claim(ctx context.Context, c Claim) (ClaimResult, error)
	// Finish stores what became of a claimed key. A Record without a State
	// gives the key and its quota back: nothing happened.
	Finish(ctx context.Context, key Key, record Record) error
	// Mark sets or clears the handled mark of messages, all or none of them. A
	// mark lasts MarkKeep from when it was set last; of too many in one box the
	// oldest are forgotten.
	Mark(ctx context.Context, box MarkBox, ids []string, handled bool, now time.Time) error
	// Marked returns those of ids that are marked, in their order, and how many
	// marks the box holds in all.
	Marked(ctx context.Context, box MarkBox, ids []string, now time.Time) (marked []string, all int, err error)
}

// MarkBox is whose marks they are: every agent's of one owner, on one account.
type MarkBox struct {
	Subject, Account string
}

// MarkKeep is how long a mark lasts: what an agent left alone for longer it has
// to look at anyway.
const MarkKeep = 90 * 24 * time.Hour

// AuditRow is one call, also a refused one.
type AuditRow struct {
	Time    time.Time
	Grant   string
	Subject string
	Client  string
	Account string // empty: none or several
	Tool    string
	DryRun  bool
	Items   int  // ids named
	Code    Code // empty: it succeeded
	Took    time.Duration
}

// Key names one intent to send, within one grant, account and tool.
type Key struct {
	Grant, Account, Tool string
	Intent               string // the caller's idempotency_key, or a digest of the content
}

// Claim asks for a key.
type Claim struct {
	Key     Key
	ID      string        // names the intent for ever; the Message-ID is made of it
	Content string        // digest of what is sent: one key is for one message
	Keep    time.Duration // how long the key stays taken after it was claimed
	Quota   scopes.Quota
	Now     time.Time
}

// ClaimResult says whether the key is the caller's.
type ClaimResult struct {
	Taken     bool
	Record    Record // of the one who has it, when not Taken
	OverQuota string // what limit was reached, when that is why it is not Taken
}

// State is how far a claimed key got. The zero value is: not claimed.
type State string

// The states.
const (
	Running State = "running"
	Done    State = "done"
	Unknown State = "uncertain" // it may have happened
)

// Record is what the journal knows of a claimed key.
type Record struct {
	State   State
	ID      string
	Content string
	Answer  json.RawMessage // once Done or Unknown: what a repeated call is answered
}
