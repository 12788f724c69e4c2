//go:build !race

package postern_test

const raceDetector = false
