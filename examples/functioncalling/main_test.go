package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// vendors are the APIs, with what a model of each can get wrong in its arguments:
// OpenAI's are text, which may be no JSON.
var vendors = []struct {
	api, broken string
	wire        wire
}{
	{"openai", `{"ids":["x`, chatWire{}},
	{"responses", `{"ids":["x`, responsesWire{}},
	{"anthropic", `["x"]`, messagesWire{}},
}

// ask runs the program against an endpoint.
func ask(t *testing.T, url string, args ...string) (out, log string, err error) {
	t.Helper()
	for name, value := range map[string]string{
		"OPENAI_API_KEY": "test-key", "OPENAI_BASE_URL": url, "ANTHROPIC_API_KEY": "test-key", "ANTHROPIC_BASE_URL": url,
		"OPENAI_ORG_ID": "", "OPENAI_PROJECT_ID": "", "IMAP_ADDR": "", "IMAP_TLS": "",
	} {
		t.Setenv(name, value)
	}
	var o, l bytes.Buffer
	err = run(t.Context(), args, &o, &l)
	return o.String(), l.String(), err
}

// TestConversation plays a model that calls in parallel, gets things wrong, reads
// a message that it found, tries to send, and answers.
func TestConversation(t *testing.T) {
	for _, v := range vendors {
		for _, strict := range []string{"-strict=false", "-strict"} {
			t.Run(v.api+strict, func(t *testing.T) {
				server := play(t, v.wire,
					step{calls: []scripted{
						{"call_1", "list_folders", `{}`},
						{"call_2", "search_messages", `{"query":"is:unread","limit":2,"cursor":null}`},
						{"call_3", "read_message", v.broken},
						{"call_4", "forward_everything", `{"to":"x@test.invalid"}`},
					}},
					step{see: func(t *testing.T, answers map[string]answer) []scripted {
						expect(t, answers, "call_1", false, "INBOX")
						expect(t, answers, "call_2", false, "columns")
						expect(t, answers, "call_3", true, "invalid")
						expect(t, answers, "call_4", true, "unknown_tool")
						return []scripted{{"call_5", "read_message", `{"ids":["` + firstID(t, answers["call_2"].text) + `"]}`}}
					}},
					step{see: func(t *testing.T, answers map[string]answer) []scripted {
						expect(t, answers, "call_5", false, "untrusted")
						return []scripted{{"call_6", "send_message", `{"to":["x@test.invalid"],"subject":"Hello","body":"Hello","confirm_send":true}`}}
					}},
					step{see: func(t *testing.T, answers map[string]answer) []scripted {
						expect(t, answers, "call_6", true, "-send")
						return nil
					}, text: "Two letters are new."},
				)
				out, log, err := ask(t, server.URL, "-api", v.api, "-model", "test-model", strict, "What", "is", "new?")
				if err != nil || out != "Two letters are new.\n" {
					t.Fatalf("said %q, %v\n%s", out, err, log)
				}
				if !strings.Contains(log, "tokens: 400 read, 28 written") || strings.Count(log, "called") != 6 {
					t.Errorf("log:\n%s", log)
				}
			})
		}
	}
}

func expect(t *testing.T, answers map[string]answer, id string, failed bool, word string) {
	t.Helper()
	if a, ok := answers[id]; !ok || a.failed != failed || !strings.Contains(a.text, word) {
		t.Errorf("%s: failed %v, want %v and %q: %s", id, a.failed, failed, word, a.text)
	}
}

func firstID(t *testing.T, text string) string {
	t.Helper()
	var found struct{ Rows [][]json.RawMessage }
	var id string
	if err := json.Unmarshal([]byte(text), &found); err != nil || len(found.Rows) != 2 || json.Unmarshal(found.Rows[0][0], &id) != nil {
		t.Errorf("%s: %v", text, err)
	}
	return id
}

// TestSend: with -send the gate is open.
func TestSend(t *testing.T) {
	for _, v := range vendors {
		t.Run(v.api, func(t *testing.T) {
			server := play(t, v.wire,
				step{calls: []scripted{{"call_1", "send_message", `{"to":["ann@example.org"],"subject":"Hello","body":"Hello","confirm_send":true}`}}},
				step{see: func(t *testing.T, answers map[string]answer) []scripted {
					expect(t, answers, "call_1", false, `"status":"sent"`)
					return nil
				}, text: "Sent."},
			)
			if out, log, err := ask(t, server.URL, "-api", v.api, "-model", "test-model", "-send", "What is new?"); err != nil || out != "Sent.\n" {
				t.Errorf("said %q, %v\n%s", out, err, log)
			}
		})
	}
}

// TestBounds: a model that never stops is stopped, and an answer cut short says
// so and calls nothing.
func TestBounds(t *testing.T) {
	for _, v := range vendors {
		t.Run(v.api, func(t *testing.T) {
			again := step{calls: []scripted{{"call_1", "list_folders", `{}`}}}
			server := play(t, v.wire, again, again)
			_, _, err := ask(t, server.URL, "-api", v.api, "-model", "test-model", "-turns", "2", "What is new?")
			if err == nil || !strings.Contains(err.Error(), "after 2 turns, 200 tokens read") {
				t.Errorf("endless: %v", err)
			}
			server = play(t, v.wire, step{text: cutShort})
			out, _, err := ask(t, server.URL, "-api", v.api, "-model", "test-model", "What is new?")
			if out != cutShort+"\n" || err == nil || !strings.Contains(err.Error(), "cut short") {
				t.Errorf("cut: said %q, %v", out, err)
			}
			half := scripted{"call_1", "send_message", `{"to":["ann@example.org"],"subject":"Hello","body":"I owe","confirm_send":true}`}
			server = play(t, v.wire, step{calls: []scripted{half}, text: cutShort})
			_, log, err := ask(t, server.URL, "-api", v.api, "-model", "test-model", "-send", "What is new?")
			if err == nil || !strings.Contains(err.Error(), "cut short") || strings.Contains(log, "called") {
				t.Errorf("cut in a call: %v\n%s", err, log)
			}
		})
	}
}

// TestVendorRefuses: what the endpoint says is wrong is shown, in bounds, and whatever it is.
func TestVendorRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"a wrong key":  {`{"error":{"message":"Incorrect key","type":"invalid_request_error","code":"invalid_api_key"}}`, "Incorrect key"},
		"no words":     {`{"error":{}}`, "401"},
		"no JSON":      {`no`, "401"},
		"control code": {`{"error":{"message":"a\u001b[31mb"}}`, `a\x1b[31mb`},
		"raw control":  {"a\x1b[31mb", "401"},
		"a long one":   {`{"error":{"message":"` + strings.Repeat("long ", 100_000) + `"}}`, "long"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, tt.body)
		}))
		for _, api := range []string{"openai", "responses", "anthropic"} {
			_, _, err := ask(t, server.URL, "-api", api, "-model", "m", "hello")
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "401") || len(err.Error()) > 1000 || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("%s, %s: %.2000v, want %q", name, api, err, tt.want)
			}
		}
		server.Close()
	}
}

// TestHelp: it says how it is called and which variables it reads.
func TestHelp(t *testing.T) {
	_, log, err := ask(t, "http://127.0.0.1:1", "-h")
	if err == nil {
		t.Error("no error")
	}
	for _, want := range []string{
		"-model gpt-5-mini \"", "OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL",
		"IMAP_ADDR", "IMAP_USER", "IMAP_PASSWORD", "IMAP_TLS", "SMTP_ADDR", "SMTP_TLS", "MAIL_FROM", "-turns",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the help does not name %s:\n%s", want, log)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no question": {[]string{"-model", "m"}, "a question"},
		"no model":    {[]string{"hello"}, "a model"},
		"no such API": {[]string{"-api", "other", "-model", "m", "hello"}, `"other"`},
		"bad flag":    {[]string{"-nonsense"}, "help"},
	} {
		if _, _, err := ask(t, "http://127.0.0.1:1", tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	t.Run("mailbox", func(t *testing.T) {
		for variable, value := range map[string]string{"IMAP_TLS": "ssl", "SMTP_TLS": "ssl", "MAIL_FROM": "no address"} {
			t.Setenv("IMAP_ADDR", "imap.example.org:993")
			t.Setenv("SMTP_ADDR", "smtp.example.org:465")
			for _, name := range []string{"IMAP_TLS", "SMTP_TLS", "MAIL_FROM"} {
				t.Setenv(name, "")
			}
			t.Setenv("IMAP_USER", "ann@example.org")
			t.Setenv(variable, value)
			if _, err := open(false); err == nil || !strings.Contains(err.Error(), variable) {
				t.Errorf("%s=%s: %v", variable, value, err)
			}
		}
		t.Setenv("MAIL_FROM", "Ann Lee <ann@example.org>")
		t.Setenv("IMAP_PASSWORD", "secret")
		t.Setenv("IMAP_TLS", "starttls")
		t.Setenv("SMTP_TLS", "tls")
		box, err := open(false)
		if err != nil || box.Info().Identities[0].Name != "Ann Lee" {
			t.Fatalf("%+v, %v", box, err)
		}
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
}
