package mcpadapt

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		n := &notes{last: -1, send: func(text string, progress, total float64) {
			sent = append(sent, fmt.Sprint(text, " ", progress, "/", total))
		}}
		for _, step := range []struct {
			pause    time.Duration
			progress float64
		}{
			{0, 0}, {time.Second, 1}, {time.Second, 2}, {3 * time.Second, 2}, {3 * time.Second, 1}, {3 * time.Second, 3},
		} {
			<-time.After(step.pause)
			n.tell("at", step.progress, 9)
		}
		n.done()
		<-time.After(time.Minute)
		n.tell("late", 8, 9)
		if d := cmp.Diff([]string{"at 0/9", "at 2/9", "at 3/9"}, sent); d != "" {
			t.Errorf("notes (-want +got):\n%s", d)
		}
	})
}

// TestNotesEndBeforeTheAnswer: done waits for a note that is on its way.
func TestNotesEndBeforeTheAnswer(t *testing.T) {
	sending, gone := make(chan struct{}), false
	n := &notes{last: -1, send: func(string, float64, float64) {
		close(sending)
		<-time.After(50 * time.Millisecond)
		gone = true
	}}
	go n.tell("slow", 1, 2)
	<-sending
	n.done()
	if !gone {
		t.Error("the answer came before the note was gone")
	}
}
