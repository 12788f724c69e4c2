package main

import (
	"os"
	"runtime/debug"
)

const (
	// garbage is how much may lie about, in percent of what is in use: a few
	// megabytes are, so collecting as often as Go does by itself would cost more
	// than reading mail.
	garbage = 400
	// softLimit is where it is collected more often again. It bounds nothing: what
	// is in use may be more.
	softLimit = 32 << 20
)

// spareTheCollector trades memory for time, unless the environment says how.
func spareTheCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit)
	}
}
