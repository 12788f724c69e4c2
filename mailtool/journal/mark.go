package journal

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/postern-mail/postern/mailtool"
)

// MaxMarks bounds the handled marks that a Memory keeps of one account: years of
// an agent's work, in about 3 MB.
const MaxMarks = 20_000

// spareMarks is how many of the oldest go at once, so that not every mark beyond costs a look at all.
const spareMarks = MaxMarks / 8

// Mark sets or clears handled marks.
func (m *Memory) Mark(_ context.Context, box mailtool.MarkBox, ids []string, handled bool, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	marks := m.marks[box]
	if !handled {
		for _, id := range ids {
			delete(marks, id)
		}
		if len(marks) == 0 {
			delete(m.marks, box)
		}
		return nil
	}
	if marks == nil {
		marks = map[string]time.Time{}
		m.marks[box] = marks
	}
	for _, id := range ids {
		marks[id] = now
	}
	if len(marks) > MaxMarks {
		thin(marks)
	}
	return nil
}

// thin forgets the marks set longest ago, spareMarks below MaxMarks.
func thin(marks map[string]time.Time) {
	ids := make([]string, 0, len(marks))
	for id := range marks {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(marks[a].Compare(marks[b]), cmp.Compare(a, b)) })
	for _, id := range ids[:len(ids)-MaxMarks+spareMarks] {
		delete(marks, id)
	}
}

// Marked returns those of ids that are marked, and how many marks there are.
func (m *Memory) Marked(_ context.Context, box mailtool.MarkBox, ids []string, now time.Time) (marked []string, all int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	marks := m.marks[box]
	for id, at := range marks {
		if now.Sub(at) >= mailtool.MarkKeep {
			delete(marks, id)
		}
	}
	if len(marks) == 0 {
		delete(m.marks, box)
	}
	for _, id := range ids {
		if _, ok := marks[id]; ok {
			marked = append(marked, id)
		}
	}
	return marked, len(marks), nil
}
