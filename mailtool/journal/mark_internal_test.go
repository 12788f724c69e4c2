package journal

import (
	"context"
	"testing"
	"time"

	"github.com/postern-mail/postern/mailtool"
)

// TestExpiredBoxesGo: owners who come once leave nothing behind.
func TestExpiredBoxesGo(t *testing.T) {
	m, box, now := NewMemory(nil), mailtool.MarkBox{Account: "work"}, time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	if err := m.Mark(context.Background(), box, []string{"a"}, true, now); err != nil {
		t.Fatal(err)
	}
	if _, all, err := m.Marked(context.Background(), box, nil, now.Add(mailtool.MarkKeep)); all != 0 || err != nil || len(m.marks) != 0 {
		t.Errorf("%d marks in %d boxes, %v", all, len(m.marks), err)
	}
}
