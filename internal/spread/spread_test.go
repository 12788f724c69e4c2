package spread_test

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/postern-mail/postern/internal/spread"
)

func TestOver(t *testing.T) {
	for _, n := range []int{0, 1, 2, 10, 1000} {
		seen := make([]int32, n)
		spread.Over(n, func(i int) { atomic.AddInt32(&seen[i], 1) })
		if slices.ContainsFunc(seen, func(times int32) bool { return times != 1 }) {
			t.Errorf("of %d each is to be done once, were done %v", n, seen)
		}
	}
}

func TestOverPanics(t *testing.T) {
	for _, n := range []int{1, 2, 50} {
		func() {
			defer func() {
				if got := recover(); got != "broken" {
					t.Errorf("of %d: the caller sees %v", n, got)
				}
			}()
			spread.Over(n, func(i int) {
				if i == n-1 {
					panic("broken")
				}
			})
			t.Errorf("of %d: the panic is lost", n)
		}()
	}
}
