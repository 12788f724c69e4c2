// Package spread does independent pieces of work on all processors.
//
//	spread.Over(len(letters), func(i int) { texts[i] = read(letters[i]) })
package spread

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Over calls work for 0 to n-1, several at a time, and returns when all is
// done. A panic of work goes on in the caller, who knows what to do about it.
func Over(n int, work func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers < 2 {
		for i := range n {
			work(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	panics := make([]any, workers)
	for k := range workers {
		wg.Go(func() {
			defer func() { panics[k] = recover() }()
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				work(int(i))
			}
		})
	}
	wg.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
}
