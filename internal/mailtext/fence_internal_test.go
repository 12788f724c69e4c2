package mailtext

import "testing"

func TestNonceNotIn(t *testing.T) {
	made := []string{"TAKEN", "ALSOTAKEN", "FREE"}
	next := func() string {
		n := made[0]
		made = made[1:]
		return n
	}
	if got := nonceNotIn(next, []string{"x TAKEN x", "", "ALSOTAKEN"}); got != "FREE" {
		t.Errorf("nonce %q", got)
	}
}
