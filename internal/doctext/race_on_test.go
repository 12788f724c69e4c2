//go:build race

package doctext_test

// raceDetector says that time and memory are not what they are otherwise.
const raceDetector = true
