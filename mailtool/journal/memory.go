// Package journal keeps what outlives a tool call: the audit trail, the record
// by which a send happens once, and marks that an account does not keep.
//
//	caller.Journal = journal.NewMemory(nil)
//
// Journals are safe for concurrent use. A Memory forgets everything when the
// process ends, so after a crash it cannot tell whether a message left.
package journal

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/postern-mail/postern/mailtool"
)

// MemoryOptions for NewMemory; nil means all defaults.
type MemoryOptions struct {
	AuditRows int // rows kept, the newest; 0 means DefaultAuditRows
}

// DefaultAuditRows is a day of a busy agent, in about 3 MB.
const DefaultAuditRows = 10_000

// Memory is a journal in memory.
type Memory struct {
	mu      sync.Mutex
	keep    int
	audit   []mailtool.AuditRow
	records map[mailtool.Key]entry
	marks   map[mailtool.MarkBox]map[string]time.Time // when each id was marked
	sends   map[string][]time.Time                    // by grant: when keys were claimed, within a day
}

type entry struct {
	record  mailtool.Record
	claimed time.Time
	expires time.Time
}

var _ mailtool.Journal = (*Memory)(nil)

// NewMemory makes an empty journal.
func NewMemory(opts *MemoryOptions) *Memory {
	keep := DefaultAuditRows
	if opts != nil && opts.AuditRows > 0 {
		keep = opts.AuditRows
	}
	return &Memory{keep: keep, records: map[mailtool.Key]entry{}, marks: map[mailtool.MarkBox]map[string]time.Time{}, sends: map[string][]time.Time{}}
}

// Audit adds a row and forgets the oldest beyond the limit.
func (m *Memory) Audit(_ context.Context, row mailtool.AuditRow) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.audit) >= 2*m.keep {
		m.audit = slices.Clone(m.audit[len(m.audit)-m.keep:])
	}
	m.audit = append(m.audit, row)
	return nil
}

// Trail returns the rows of one grant, or of all for "", the newest first.
func (m *Memory) Trail(grant string) []mailtool.AuditRow {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []mailtool.AuditRow
	for _, row := range slices.Backward(m.audit[max(0, len(m.audit)-m.keep):]) {
		if grant == "" || row.Grant == grant {
			rows = append(rows, row)
		}
	}
	return rows
}

// Lookup returns the record under key, if it has not expired.
func (m *Memory) Lookup(_ context.Context, key mailtool.Key, now time.Time) (mailtool.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.live(key, now).record, nil
}

// live is the entry under key. A call still running never expires: while it
// runs, nobody knows that it did not send.
func (m *Memory) live(key mailtool.Key, now time.Time) entry {
	e := m.records[key]
	if e.record.State != mailtool.Running && !now.Before(e.expires) {
		return entry{}
	}
	return e
}

// Claim takes the key and its share of the quota.
func (m *Memory) Claim(_ context.Context, c mailtool.Claim) (mailtool.ClaimResult, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.purge(c.Now)
	if e := m.live(c.Key, c.Now); e.record.State != "" {
		return mailtool.ClaimResult{Record: e.record}, nil
	}
	grant := c.Key.Grant
	if over := overQuota(m.sends[grant], c); over != "" {
		return mailtool.ClaimResult{OverQuota: over}, nil
	}
	m.sends[grant] = append(m.sends[grant], c.Now)
	m.records[c.Key] = entry{
		record:  mailtool.Record{State: mailtool.Running, ID: c.ID, Content: c.Content},
		claimed: c.Now, expires: c.Now.Add(c.Keep),
	}
	return mailtool.ClaimResult{Taken: true}, nil
}

// overQuota says which limit the claim would break.
func overQuota(sends []time.Time, c mailtool.Claim) string {
	within := func(d time.Duration) (n int) {
		for _, t := range sends {
			if t.After(c.Now.Add(-d)) {
				n++
			}
		}
		return n
	}
	switch {
	case c.Quota.SendsPerHour >= 0 && within(time.Hour) >= c.Quota.SendsPerHour:
		return "of an hour"
	case c.Quota.SendsPerDay >= 0 && within(24*time.Hour) >= c.Quota.SendsPerDay:
		return "of a day"
	}
	return ""
}

func (m *Memory) purge(now time.Time) {
	for key := range m.records {
		if m.live(key, now).record.State == "" {
			delete(m.records, key)
		}
	}
	for grant, sends := range m.sends {
		if sends = slices.DeleteFunc(sends, func(t time.Time) bool { return now.Sub(t) > 24*time.Hour }); len(sends) == 0 {
			delete(m.sends, grant)
		} else {
			m.sends[grant] = sends
		}
	}
}

// Finish stores what became of a claimed key; a Record without a State gives
// the key and its quota back.
func (m *Memory) Finish(_ context.Context, key mailtool.Key, record mailtool.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.records[key]
	if !ok {
		return nil
	}
	if record.State != "" {
		e.record = record
		m.records[key] = e
		return nil
	}
	delete(m.records, key)
	sends := m.sends[key.Grant]
	if i := slices.IndexFunc(sends, e.claimed.Equal); i >= 0 {
		m.sends[key.Grant] = slices.Delete(sends, i, i+1)
	}
	return nil
}
