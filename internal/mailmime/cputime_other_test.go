//go:build !unix

package mailmime_test

import "time"

// processTime is the clock, where the time used is not to be had.
func processTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
