package journal_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/journal"
)

func marked(t *testing.T, j mailtool.Journal, box mailtool.MarkBox, at time.Time, ids ...string) ([]string, int) {
	t.Helper()
	got, all, err := j.Marked(context.Background(), box, ids, at)
	if err != nil {
		t.Fatal(err)
	}
	return got, all
}

func mark(t *testing.T, j mailtool.Journal, box mailtool.MarkBox, on bool, at time.Time, ids ...string) {
	t.Helper()
	if err := j.Mark(context.Background(), box, ids, on, at); err != nil {
		t.Fatal(err)
	}
}

// TestMarks is what every journal must do.
func TestMarks(t *testing.T) {
	ann := mailtool.MarkBox{Subject: "ann", Account: "work"}
	tests := []struct {
		name string
		do   func(mailtool.Journal)
		box  mailtool.MarkBox
		at   time.Duration
		want []string
		all  int
	}{
		{"none", func(mailtool.Journal) {}, ann, 0, nil, 0},
		{"set, in the order asked", func(j mailtool.Journal) { mark(t, j, ann, true, start, "c", "a", "x") }, ann, 0, []string{"a", "c"}, 3},
		{"set twice", func(j mailtool.Journal) {
			mark(t, j, ann, true, start, "a", "a")
			mark(t, j, ann, true, start, "a")
		}, ann, 0, []string{"a"}, 1},
		{"cleared", func(j mailtool.Journal) {
			mark(t, j, ann, true, start, "a", "b")
			mark(t, j, ann, false, start, "a", "never set")
		}, ann, 0, []string{"b"}, 1},
		{"nothing to set", func(j mailtool.Journal) { mark(t, j, ann, true, start) }, ann, 0, nil, 0},
		{"another owner's", func(j mailtool.Journal) {
			mark(t, j, mailtool.MarkBox{Subject: "bob", Account: "work"}, true, start, "a")
		}, ann, 0, nil, 0},
		{"another account's", func(j mailtool.Journal) {
			mark(t, j, mailtool.MarkBox{Subject: "ann", Account: "home"}, true, start, "a")
		}, ann, 0, nil, 0},
		{"joined names are no other box", func(j mailtool.Journal) {
			mark(t, j, mailtool.MarkBox{Subject: "annw", Account: "ork"}, true, start, "a")
		}, ann, 0, nil, 0},
		{"still kept", func(j mailtool.Journal) { mark(t, j, ann, true, start, "a") }, ann, mailtool.MarkKeep - 1, []string{"a"}, 1},
		{"expired", func(j mailtool.Journal) { mark(t, j, ann, true, start, "a") }, ann, mailtool.MarkKeep, nil, 0},
		{"renewed", func(j mailtool.Journal) {
			mark(t, j, ann, true, start, "a", "b")
			mark(t, j, ann, true, start.Add(time.Hour), "b")
		}, ann, mailtool.MarkKeep, []string{"b"}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := journal.NewMemory(nil)
			test.do(j)
			got, all := marked(t, j, test.box, start.Add(test.at), "a", "b", "c")
			if d := cmp.Diff(test.want, got); d != "" || all != test.all {
				t.Errorf("%d marks, want %d (-want +got):\n%s", all, test.all, d)
			}
		})
	}
}

// TestMarksAreBounded: of too many the oldest go, and only the box's own.
func TestMarksAreBounded(t *testing.T) {
	j := journal.NewMemory(nil)
	box, other := mailtool.MarkBox{Account: "work"}, mailtool.MarkBox{Account: "home"}
	mark(t, j, other, true, start, "old")
	const sets = 30
	for n := range sets {
		var ids []string
		for i := range 1000 {
			ids = append(ids, fmt.Sprintf("%d.%d", n, i))
		}
		mark(t, j, box, true, start.Add(time.Duration(n)*time.Minute), ids...)
	}
	got, all := marked(t, j, box, start.Add(time.Hour), "0.0", "5.1", fmt.Sprintf("%d.999", sets-1), "15.0")
	if d := cmp.Diff([]string{"29.999", "15.0"}, got); d != "" || all < journal.MaxMarks*3/4 || all > journal.MaxMarks {
		t.Errorf("%d marks (-want +got):\n%s", all, d)
	}
	if got, _ := marked(t, j, other, start, "old"); len(got) != 1 {
		t.Error("another account's mark went")
	}
}

func TestMarksTogether(t *testing.T) {
	j := journal.NewMemory(nil)
	box := mailtool.MarkBox{Account: "work"}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 100 {
				id := fmt.Sprintf("%d.%d", n, i)
				if err := j.Mark(context.Background(), box, []string{id}, true, start); err != nil {
					t.Error(err)
				}
				if got, _, err := j.Marked(context.Background(), box, []string{id}, start); err != nil || len(got) != 1 {
					t.Error(got, err)
				}
			}
		})
	}
	wg.Wait()
	if _, all := marked(t, j, box, start); all != 800 {
		t.Errorf("%d marks", all)
	}
}
