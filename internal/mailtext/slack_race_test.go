//go:build race

package mailtext_test

// slack: the race detector makes a program some ten times slower.
const slack = 10
