package mailtool

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/provider"
)

func keptEnv(t *testing.T) *Env {
	t.Helper()
	acct, err := provider.Open(&recorder{account: "ann", caps: provider.AllCaps()})
	if err != nil {
		t.Fatal(err)
	}
	return &Env{Mail: acct, Account: Account{ID: "ann", Zone: time.UTC}}
}

// TestRecentIsOfOneAccount: two people's accounts that are called alike share nothing.
func TestRecentIsOfOneAccount(t *testing.T) {
	var r recent
	ann, other := keptEnv(t), keptEnv(t)
	r.put(keptPart{key: ann.kept("ann-1.1", "2", ""), text: &documentText{text: "Ann's"}})
	if got, ok := r.get(ann.kept("ann-1.1", "2", "")); !ok || got.text.text != "Ann's" {
		t.Errorf("%+v, %v", got, ok)
	}
	zoned := *ann
	zoned.Account.Zone = time.FixedZone("far", 3600)
	for name, key := range map[string]keptKey{
		"another account": other.kept("ann-1.1", "2", ""), "another message": ann.kept("ann-1.2", "2", ""),
		"another part": ann.kept("ann-1.1", "3", ""), "another format": ann.kept("ann-1.1", "2", "blob"), "another zone": zoned.kept("ann-1.1", "2", ""),
	} {
		if got, ok := r.get(key); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
	runtime.KeepAlive(ann)
}

// TestRecentIsBounded: in number and in time, from the last use on.
func TestRecentIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recent
		env := keptEnv(t)
		key := func(n int) keptKey { return env.kept("ann-1.1", string(rune('a'+n)), "") }
		for n := range keptParts {
			r.put(keptPart{key: key(n)})
			r.put(keptPart{key: key(n)}) // again, for the same
		}
		if _, ok := r.get(key(0)); !ok || len(r.items) != keptParts {
			t.Errorf("%d kept", len(r.items))
		}
		r.put(keptPart{key: key(keptParts)})
		if _, ok := r.get(key(1)); ok || len(r.items) != keptParts {
			t.Errorf("the one not asked for longest is kept, of %d", len(r.items))
		}
		<-time.After(keptFor - time.Second)
		if _, ok := r.get(key(0)); !ok {
			t.Error("gone too early")
		}
		<-time.After(keptFor - time.Second)
		if _, ok := r.get(key(0)); !ok || len(r.items) != 1 {
			t.Errorf("%d kept, want the one that was used", len(r.items))
		}
		<-time.After(keptFor)
		if _, ok := r.get(key(0)); ok || len(r.items) != 0 {
			t.Error("kept for ever")
		}
	})
}

// TestRecentHoldsNoAccount: what is kept goes with its account.
func TestRecentHoldsNoAccount(t *testing.T) {
	var r recent
	key := func() keptKey { return keptEnv(t).kept("ann-1.1", "2", "") }()
	r.put(keptPart{key: key})
	for range 100 {
		runtime.GC()
		if key.account.Value() == nil {
			break
		}
	}
	if _, ok := r.get(key); ok || key.account.Value() != nil {
		t.Error("an account that nobody has is held")
	}
}
