//go:build unix

package mailmime_test

import (
	"syscall"
	"time"
)

// processTime is what this process has used of the processors: unlike the clock it does not count what others used.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
