package imapx_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/postern-mail/postern/imapx"
)

// responseCodes is RFC 5530 and its relatives, each with its kind.
func responseCodes() map[string]imapx.Kind {
	return map[string]imapx.Kind{
		"UNAVAILABLE": imapx.Unavailable, "AUTHENTICATIONFAILED": imapx.Auth, "AUTHORIZATIONFAILED": imapx.Auth,
		"EXPIRED": imapx.Auth, "PRIVACYREQUIRED": imapx.Auth, "CONTACTADMIN": imapx.Unavailable, "NOPERM": imapx.Refused,
		"INUSE": imapx.Limit, "EXPUNGEISSUED": imapx.Unavailable, "CORRUPTION": imapx.Unavailable, "SERVERBUG": imapx.Unavailable,
		"CLIENTBUG": imapx.Protocol, "CANNOT": imapx.Refused, "LIMIT": imapx.Limit, "OVERQUOTA": imapx.Limit,
		"ALREADYEXISTS": imapx.Exists, "NONEXISTENT": imapx.NotFound,
		"THROTTLED": imapx.Limit, "HASCHILDREN": imapx.Refused, "TOOBIG": imapx.TooLarge, "MESSAGELIMIT 10": imapx.TooLarge,
		"BADCHARSET (US-ASCII)": imapx.Refused, "TRYCREATE": imapx.NotFound, "UNKNOWN-CTE": imapx.Unsupported, "USEATTR": imapx.Unsupported,
		"X-OF-THEIR-OWN 1 2": imapx.Refused, "": imapx.Refused,
	}
}

// loginKind is what kind means before there is a mailbox: whoever says no to a
// login refuses it, unless he is busy.
func loginKind(kind imapx.Kind) imapx.Kind {
	switch kind {
	case imapx.Limit, imapx.Unavailable, imapx.Protocol:
		return kind
	default:
		return imapx.Auth
	}
}

// TestResponseCodes: a refusal is typed and keeps the server's words in every
// state, and the next call works.
func TestResponseCodes(t *testing.T) {
	inbox := func(p *imapx.Pool, change bool, fn func(*imapx.Conn) error) error {
		if change {
			return p.Write(t.Context(), "INBOX", fn)
		}
		return p.Read(t.Context(), "INBOX", fn)
	}
	nothing := func(*imapx.Conn) error { return nil }
	const open1 = "C: NOOP\nS: $ OK\n"
	for _, state := range []struct {
		name, before, after string // what is played up to the refusal, and behind it
		next                string // the next connection
		do                  func(*imapx.Pool) error
	}{
		{"login", "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\nC: AUTHENTICATE PLAIN\n", "", hello("") + open1,
			func(p *imapx.Pool) error {
				return p.Read(t.Context(), "", func(c *imapx.Conn) error { return c.Noop(t.Context()) })
			}},
		{"select", hello("") + "C: EXAMINE INBOX\n", "%LIST%" + afterLogin("EXAMINE"), "",
			func(p *imapx.Pool) error { return inbox(p, false, nothing) }},
		{"fetch", inboxed("", "EXAMINE") + "C: UID FETCH 5\n",
			afterLogin("EXAMINE") + "C: UID FETCH 5\nS: * 1 FETCH (UID 5 FLAGS ())\nS: $ OK\n", "",
			func(p *imapx.Pool) error {
				return inbox(p, false, func(c *imapx.Conn) error {
					_, err := c.Fetch(t.Context(), []imapx.UID{5}, imapx.Items{Flags: true})
					return err
				})
			}},
		{"store", inboxed("", "SELECT") + "C: UID STORE 5\n",
			afterLogin("SELECT") + "C: UID STORE 5\nS: * 1 FETCH (UID 5 FLAGS (\\Seen))\nS: $ OK\n", "",
			func(p *imapx.Pool) error {
				return inbox(p, true, func(c *imapx.Conn) error {
					_, err := c.Store(t.Context(), []imapx.UID{5}, []string{`\Seen`}, nil)
					return err
				})
			}},
		{"append", hello("") + "C: APPEND\n", "", hello("") + "C: APPEND\nS: + go on\nC+ some text\nS: $ OK done\n",
			func(p *imapx.Pool) error {
				return p.Write(t.Context(), "", func(c *imapx.Conn) error {
					_, err := c.Append(t.Context(), "Sent", imapx.AppendOptions{}, strings.NewReader("some text"), 9)
					return err
				})
			}},
		{"search", inboxed("", "EXAMINE") + "C: UID SEARCH\n", afterLogin("EXAMINE") + "C: UID SEARCH\nS: * SEARCH 5\nS: $ OK\n", "",
			func(p *imapx.Pool) error {
				return inbox(p, false, func(c *imapx.Conn) error {
					_, err := c.Search(t.Context(), imapx.Criteria{}, 5)
					return err
				})
			}},
	} {
		for code, kind := range responseCodes() {
			t.Run(state.name+"/"+code, func(t *testing.T) {
				refusal := "S: $ NO no such luck\n"
				if code != "" {
					refusal = "S: $ NO [" + code + "] no such luck\n"
				}
				after := strings.Replace(state.after, "%LIST%", map[bool]string{true: "C: LIST\nS: * LIST () \"/\" INBOX\nS: $ OK\n"}[code == ""], 1)
				scripts := []string{state.before + refusal + after}
				if state.name == "login" {
					kind = loginKind(kind)
				}
				again := kind != imapx.Auth || state.name != "login"
				if state.next != "" && again {
					scripts = append(scripts, state.next)
				}
				p := open(t, serve(t, scripts...).options())
				err := state.do(p)
				wantKind(t, err, kind)
				var e *imapx.Error
				word, _, _ := strings.Cut(code, " ")
				if !errors.As(err, &e) || e.Code != word || e.Text != "no such luck" || !strings.Contains(err.Error(), "no such luck") {
					t.Errorf("%#v", err)
				}
				switch err := state.do(p); {
				case !again:
					wantKind(t, err, imapx.Auth) // the same password is not tried again
				case err != nil:
					t.Errorf("the next call: %v", err)
				}
			})
		}
	}
}

// afterLogin is inboxed on a connection that is logged in.
func afterLogin(command string) string {
	return strings.TrimPrefix(inboxed("", command), hello(""))
}

func TestThrottledInWords(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"BAD Request is throttled. Suggested Backoff Time: 2500 milliseconds":         2500 * time.Millisecond,
		"NO Request is throttled. Suggested Backoff Time: 99999999999 milliseconds":   0,
		"NO Request is throttled. Suggested Backoff Time: 4000000000 milliseconds":    time.Hour,
		"NO Request is throttled. Suggested Backoff Time: soon":                       0,
		"NO [THROTTLED] slow down. Suggested Backoff Time: 10 milliseconds, or so":    10 * time.Millisecond,
		"NO [NONEXISTENT] nobody here. Suggested Backoff Time: 10 milliseconds later": 10 * time.Millisecond,
	} {
		srv := serve(t, inboxed("", "EXAMINE")+"C: UID SEARCH\nS: $ "+text+"\n")
		err := open(t, srv.options()).Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
			_, err := c.Search(t.Context(), imapx.Criteria{}, 5)
			return err
		})
		var e *imapx.Error
		if !errors.As(err, &e) || e.RetryAfter != want {
			t.Errorf("%s: %#v, want to wait %v", text, err, want)
		}
		if want > 0 && !strings.Contains(text, "NONEXISTENT") {
			wantKind(t, err, imapx.Limit)
		}
	}
}

// TestServersWordsAreFitToShow: nothing a server says steers a terminal, or
// turns the direction of writing.
func TestServersWordsAreFitToShow(t *testing.T) {
	const steering = "\x1b[2J\u009b\u202e\u2028\x9b\u200b"
	for _, tt := range []struct{ name, script string }{
		{"greeting", "S: * BYE [" + steering + "] go" + steering + "away\nX:"},
		{"login", "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\nC: AUTHENTICATE\nS: $ NO [X" + steering + "] " + steering + "no"},
		{"a long code", "S: * BYE [" + strings.Repeat("X", 5000) + "] go\nX:"},
		{"an own command", hello("") + "C: LIST\nS: $ NO [X" + steering + "] " + steering},
		{"goodbye", hello("") + "C: LIST\nS: * BYE [X" + steering + "] " + steering + "\nX:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, tt.script, tt.script)
			err := open(t, srv.options()).Read(t.Context(), "", func(c *imapx.Conn) error {
				_, err := c.List(t.Context(), false)
				return err
			})
			if err == nil || len(err.Error()) > 500 || strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsGraphic(r) }) {
				t.Errorf("%.200q", err.Error())
			}
		})
	}
}
