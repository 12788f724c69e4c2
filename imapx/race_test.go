//go:build race

package imapx_test

// raceDetector says that code runs several times slower than it is.
const raceDetector = true
