package imapxtest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// logins is Dovecot's configuration for the mechanisms beside PLAIN and LOGIN.
func logins(t testing.TB, opt Options) string {
	mechanisms := append([]string{"plain", "login"}, opt.Mechanisms...)
	lines := ""
	if opt.Tokens != nil {
		mechanisms = append(mechanisms, "xoauth2", "oauthbearer")
		path := filepath.Join(t.TempDir(), "oauth2.conf")
		conf := fmt.Sprintf("introspection_url = %s\nintrospection_mode = post\nusername_attribute = username\n"+
			"active_attribute = active\nactive_value = true\ntimeout_msecs = 5000\n", introspection(t, opt.Tokens))
		if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
			t.Fatalf("imapxtest: %v", err)
		}
		lines = "passdb {\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = " + path + "\n}\n"
	}
	return lines + "auth_mechanisms = " + strings.ToLower(strings.Join(mechanisms, " ")) + "\n"
}

// introspection serves RFC 7662 for Dovecot, which asks it about each token.
func introspection(t testing.TB, owner func(token string) (string, error)) (url string) {
	ln := listen(t)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, err := owner(r.PostFormValue("token"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(struct { // a connection that is gone needs no answer
			Active   bool   `json:"active"`
			Username string `json:"username,omitempty"`
		}{name != "", name})
	})}
	srv.SetKeepAlivesEnabled(false) // no goroutine of ours is left between two logins
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(ln) }()
	t.Cleanup(func() { srv.Close(); <-done })
	return "http://" + net.JoinHostPort("127.0.0.1", portOf(ln)) + "/introspect"
}

func portOf(ln net.Listener) string {
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}
