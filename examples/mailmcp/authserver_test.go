package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/postern-mail/postern/imapx/autoconfig"
	"github.com/postern-mail/postern/provider/imapmail"
)

// asService names the stand-in of a service to a process of a test: a
// serviceFile in JSON.
const asService = "MAILMCP_STAND_IN"

// serviceFile is a preset that can be told to another process.
type serviceFile struct{ Auth, IMAP, SMTP string }

func (f serviceFile) preset() preset {
	return preset{
		imap: server{addr: f.IMAP, security: cleartext}, smtp: server{addr: f.SMTP, security: cleartext}, sentBy: imapmail.SentByServer,
		endpoint: oauth2.Endpoint{AuthURL: f.Auth + "/authorize", TokenURL: f.Auth + "/token", DeviceAuthURL: f.Auth + "/device"},
		scopes:   []string{"mail", "offline_access"}, issuer: f.Auth + "/{tenant}/v2", loopback: "127.0.0.1",
		params: []autoconfig.Param{{Name: "access_type", Value: "offline"}}, hosts: []string{"imap.example.org", "smtp.example.org"},
		revoke: f.Auth + "/revoke", grants: "https://accounts.example.org/apps",
	}
}

func (f serviceFile) find(name, tenant string) (preset, error) {
	if name != "gmail" && name != "microsoft" {
		return builtInPreset(name, tenant)
	}
	p := f.preset()
	if name == "gmail" {
		p.endpoint.DeviceAuthURL = ""
	} else {
		p.revoke = ""
	}
	return p, nil
}

func (f serviceFile) env() (name, value string) {
	data, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return asService, string(data)
}

// standInPresets is what a process of a test knows: the real services unless
// told of a stand-in.
func standInPresets(text string) presetFinder {
	var f serviceFile
	if json.Unmarshal([]byte(text), &f) != nil {
		return nil
	}
	return f.find
}

// testPresets are for settings: nobody answers there.
func testPresets(name, tenant string) (preset, error) {
	return serviceFile{Auth: "http://127.0.0.1:1", IMAP: "127.0.0.1:1143", SMTP: "127.0.0.1:1587"}.find(name, tenant)
}

// authServer stands in for an authorization server. It checks what a real one
// does and answers 400 otherwise.
type authServer struct {
	*httptest.Server
	lifetime int                  // of access tokens, in seconds; 0: not said
	rotate   bool                 // a refresh token works once
	redirect func(url.Values)     // changes what the browser brings; nil: nothing
	broken   http.HandlerFunc     // answers token requests in its place; nil: nothing
	before   func()               // runs before a token request is answered; nil: nothing
	device   func(map[string]any) // changes the answer of the device endpoint

	mu        sync.Mutex
	n         int
	codes     map[string]url.Values // what was asked at /authorize, by code
	refresh   map[string]bool       // refresh tokens: still good?
	access    map[string]bool       // access tokens: still good?
	polls     []string              // errors of the next polls
	asked     []url.Values          // at /token
	authorize url.Values            // the last at /authorize
}

func newAuthServer(t *testing.T) *authServer {
	s := &authServer{lifetime: 3600, codes: map[string]url.Values{}, refresh: map[string]bool{}, access: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", s.serveAuthorize)
	mux.HandleFunc("POST /device", s.serveDevice)
	mux.HandleFunc("POST /token", s.serveToken)
	mux.HandleFunc("POST /revoke", s.serveRevoke)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *authServer) presets() presetFinder { return serviceFile{Auth: s.URL}.find }

func (s *authServer) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	to, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case err != nil || to.Scheme != "http" || to.Hostname() != "127.0.0.1" || to.Path != "":
		http.Error(w, "redirect_uri", http.StatusBadRequest)
		return
	case q.Get("response_type") != "code" || q.Get("client_id") != "client-1" || q.Get("scope") != "mail offline_access" ||
		q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || len(q.Get("state")) < 22:
		http.Error(w, "a parameter is wrong", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.authorize = q
	s.n++
	code := fmt.Sprintf("code-%d", s.n)
	s.codes[code] = q
	back := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {s.URL + "/one/v2"}}
	if s.redirect != nil {
		s.redirect(back)
	}
	to.Path, to.RawQuery = "/", back.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

func (s *authServer) serveDevice(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("client_id") != "client-1" || r.FormValue("scope") != "mail offline_access" {
		refuse(w, "invalid_client", "")
		return
	}
	answer := map[string]any{
		"device_code": "device-1", "user_code": "ABCD-EFGH", "verification_uri": s.URL + "/enter", "expires_in": 600, "interval": 1,
	}
	if s.device != nil {
		s.device(answer)
	}
	reply(w, http.StatusOK, answer)
}

func (s *authServer) serveToken(w http.ResponseWriter, r *http.Request) {
	if s.broken != nil {
		s.broken(w, r)
		return
	}
	if s.before != nil {
		s.before()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		refuse(w, "invalid_request", err.Error())
		return
	}
	s.asked = append(s.asked, r.PostForm)
	if r.PostFormValue("client_id") != "client-1" || r.PostFormValue("client_secret") != "secret-1" {
		refuse(w, "invalid_client", "who is that?")
		return
	}
	switch r.PostFormValue("grant_type") {
	case "authorization_code":
		asked, ok := s.codes[r.PostFormValue("code")]
		delete(s.codes, r.PostFormValue("code"))
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if !ok || asked.Get("redirect_uri") != r.PostFormValue("redirect_uri") ||
			asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
			refuse(w, "invalid_grant", "the code or what goes with it is wrong")
			return
		}
		s.grant(w, "")
	case "refresh_token":
		old := r.PostFormValue("refresh_token")
		if !s.refresh[old] {
			refuse(w, "invalid_grant", "Token has been expired or revoked.")
			return
		}
		s.grant(w, old)
	case "urn:ietf:params:oauth:grant-type:device_code":
		if r.PostFormValue("device_code") != "device-1" {
			refuse(w, "invalid_grant", "")
			return
		}
		if len(s.polls) > 0 {
			code := s.polls[0]
			s.polls = s.polls[1:]
			refuse(w, code, "as the test says")
			return
		}
		s.grant(w, "")
	default:
		refuse(w, "unsupported_grant_type", "")
	}
}

// serveRevoke is RFC 7009 but for a token that it does not know, which Google
// refuses.
func (s *authServer) serveRevoke(w http.ResponseWriter, r *http.Request) {
	if s.broken != nil {
		s.broken(w, r)
		return
	}
	token := r.PostFormValue("token")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.PostFormValue("client_id") != "client-1" || r.PostFormValue("client_secret") != "secret-1" || r.PostFormValue("token_type_hint") != "refresh_token":
		refuse(w, "invalid_client", "who is that with "+token+"?")
	case !s.refresh[token]:
		refuse(w, "invalid_token", "")
	default:
		delete(s.refresh, token)
	}
}

// grant gives an access token, and a refresh token unless the old one stays.
func (s *authServer) grant(w http.ResponseWriter, old string) {
	s.n++
	access, next := fmt.Sprintf("access-%d", s.n), fmt.Sprintf("refresh-%d", s.n)
	s.access[access] = true
	answer := map[string]any{"access_token": access, "token_type": "Bearer"}
	if s.lifetime != 0 {
		answer["expires_in"] = s.lifetime
	}
	if old == "" || s.rotate {
		delete(s.refresh, old)
		s.refresh[next] = true
		answer["refresh_token"] = next
	}
	reply(w, http.StatusOK, answer)
}

// good reports whether an access token works; a mail server asks.
func (s *authServer) good(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.access[token]
}

// endAccess ends every access token, as time does.
func (s *authServer) endAccess() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.access)
}

// revoke ends every refresh token, as the owner can.
func (s *authServer) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.refresh)
}

// issue makes a refresh token.
func (s *authServer) issue(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh[token] = true
}

func (s *authServer) goodRefresh() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.refresh))
}

// requests counts the token requests of one kind.
func (s *authServer) requests(grantType string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, one := range s.asked {
		if strings.HasSuffix(one.Get("grant_type"), grantType) {
			n++
		}
	}
	return n
}

func refuse(w http.ResponseWriter, code, description string) {
	reply(w, http.StatusBadRequest, map[string]any{"error": code, "error_description": description})
}

func reply(w http.ResponseWriter, status int, answer map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

// within fails a test that waits for what does not come.
const within = 20 * time.Second
