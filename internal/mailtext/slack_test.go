//go:build !race

package mailtext_test

// slack is how many times longer a page may take here.
const slack = 1
