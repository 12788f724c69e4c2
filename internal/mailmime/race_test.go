//go:build race

package mailmime_test

const raceDetector = true
