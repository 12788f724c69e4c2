package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

// onServers runs a test on a mail server in this process and on Dovecot.
func onServers(t *testing.T, test func(t *testing.T, srv *imapxtest.Server)) {
	t.Run("memory", func(t *testing.T) {
		leakcheck.Check(t)
		test(t, imapxtest.Memory(t))
	})
	t.Run("dovecot", func(t *testing.T) {
		leakcheck.Check(t)
		test(t, imapxtest.Dovecot(t))
	})
}

// serverEnv names srv over TLS, for reading and sending.
func serverEnv(srv *imapxtest.Server) env {
	return env{
		"IMAP_ADDR": srv.TLSAddr, "IMAP_USER": srv.Username, "IMAP_PASSWORD": srv.Password, "IMAP_CA_FILE": srv.CAFile,
		"SMTP_ADDR": srv.SubmissionTLSAddr, "SMTP_CA_FILE": srv.CAFile, "MAIL_FROM": "Alice Doe <" + srv.Address + ">",
		"MAIL_ALLOW_SENDING": "true",
	}
}

func letter(subject string) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(`From: Bob Roe <bob@example.org>
To: alice@test.invalid
Subject: %s
Date: Mon, 2 Feb 2026 10:00:00 +0000
Message-ID: <%s@example.org>
Content-Type: text/plain; charset=utf-8

This is the text of %s.
`, subject, strings.ToLower(subject), subject), "\n", "\r\n"))
}

// Every tool works on a real mailbox; another client sees what it did there.
func TestMailbox(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		uids := srv.AppendAll(t, "INBOX", [][]byte{letter("Alpha"), letter("Beta"), letter("Gamma")})
		c := connect(t, serverEnv(srv), "-policy", "allow", "-allow", "sending,destructive")
		if srv.Conns() != 0 {
			t.Error("it dialled before a tool needed it")
		}

		if got := c.names(t); !slices.Equal(got, neutral()) {
			t.Errorf("before the login: tools %q, want %q", got, neutral())
		}
		folders := c.do(t, "list_folders", nil)
		inbox := slices.Index(folders.column(t, "path"), "INBOX")
		if inbox < 0 || folders.column(t, "total")[inbox] != "3" {
			t.Fatalf("folders: %s", folders.text)
		}
		<-c.listed // once logged in, the server is known to remove single messages
		if got := c.names(t); !slices.Equal(got, neutral()) {
			t.Errorf("tools %q, want %q", got, neutral())
		}
		list := c.do(t, "list_messages", nil)
		if got, want := list.column(t, "subject"), []string{"Gamma", "Beta", "Alpha"}; !slices.Equal(got, want) {
			t.Fatalf("listed %q, want %q", got, want)
		}
		id := map[string][]string{}
		for i, subject := range list.column(t, "subject") {
			id[subject] = list.column(t, "id")[i : i+1]
		}
		if hits := c.do(t, "search_messages", args{"subject": "beta"}).column(t, "id"); !slices.Equal(hits, id["Beta"]) {
			t.Errorf("search found %q, want %q", hits, id["Beta"])
		}
		read := c.do(t, "read_message", args{"ids": id["Beta"]})
		if len(read.Messages) != 1 || !strings.Contains(read.Messages[0].Body, "This is the text of Beta.") || read.Messages[0].MessageID != "beta@example.org" {
			t.Errorf("read: %s", read.text)
		}
		if flags := srv.Flags(t, "INBOX", uids[1]); len(flags) != 0 {
			t.Errorf("reading set %q", flags)
		}

		c.do(t, "flag_message", args{"ids": id["Alpha"], "flagged": true, "seen": true})
		if got, want := srv.Flags(t, "INBOX", uids[0]), []string{`\Flagged`, `\Seen`}; !slices.Equal(got, want) {
			t.Errorf("flags %q, want %q", got, want)
		}
		c.do(t, "move_message", args{"ids": id["Alpha"], "to": "Archive"})
		if got := srv.UIDs(t, "Archive"); len(got) != 1 || !bytes.Contains(srv.Raw(t, "Archive", got[0]), []byte("Subject: Alpha")) {
			t.Errorf("Archive has %d messages, want Alpha", len(got))
		}
		c.do(t, "delete_message", args{"ids": id["Beta"]})
		if got := srv.UIDs(t, "Trash"); len(got) != 1 || !bytes.Contains(srv.Raw(t, "Trash", got[0]), []byte("Subject: Beta")) {
			t.Errorf("Trash has %d messages, want Beta", len(got))
		}
		c.do(t, "delete_message", args{"ids": id["Gamma"], "permanent": true})
		if left := srv.UIDs(t, "INBOX"); len(left) != 0 || len(srv.UIDs(t, "Trash")) != 1 {
			t.Errorf("INBOX still has %d", left)
		}

		sendsAMessage(t, c, srv)
		c.Close()
		srv.WaitConns(t, 0)
	})
}

// sendsAMessage sends to the account itself, so that it can be seen to arrive.
func sendsAMessage(t *testing.T, c *client, srv *imapxtest.Server) {
	t.Helper()
	send := args{"to": []string{srv.Address}, "subject": "Überraschung", "body": "Hello from the agent.", "confirm_send": true, "idempotency_key": "one"}
	sent := c.do(t, "send_message", send)
	if sent.Status != "sent" || sent.SentCopy != "filed" || !slices.Equal(sent.Accepted, []string{srv.Address}) {
		t.Fatalf("send: %s", sent.text)
	}
	c.do(t, "send_mail", send) // a retry sends nothing
	if got := srv.Sent(); len(got) != 1 || got[0].From != srv.Address {
		t.Fatalf("submission took %d messages, want one from %s", len(got), srv.Address)
	}
	for _, folder := range []string{"INBOX", "Sent"} {
		uids := srv.UIDs(t, folder)
		if len(uids) != 1 {
			t.Fatalf("%s has %d messages, want 1", folder, len(uids))
		}
		raw := srv.Raw(t, folder, uids[0])
		for _, want := range []string{"<" + sent.MessageID + ">", "Hello from the agent.", "Alice Doe"} {
			if !bytes.Contains(raw, []byte(want)) {
				t.Errorf("%s: no %q in\n%s", folder, want, raw)
			}
		}
	}
	arrived := c.do(t, "search_messages", args{"message_id": sent.MessageID, "folders": []string{"INBOX"}})
	if got := arrived.column(t, "subject"); !slices.Equal(got, []string{"Überraschung"}) {
		t.Errorf("found %q", got)
	}
}

// Each way to secure the connection works; what cannot be secured is refused.
func TestConnectionSecurity(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		pin := fingerprint(t, srv)
		wrong := strings.Repeat("00", sha256.Size)
		for name, tc := range map[string]struct {
			set  []string
			code string // empty: it works
			says string
		}{
			"tls":                      {nil, "", ""},
			"starttls":                 {[]string{"IMAP_ADDR", srv.Addr, "IMAP_TLS", "starttls"}, "", ""},
			"none":                     {[]string{"IMAP_ADDR", srv.Addr, "IMAP_TLS", "none"}, "", ""},
			"pinned":                   {[]string{"IMAP_CA_FILE", "", "IMAP_TLS_FINGERPRINT", pin}, "", ""},
			"pinned, starttls":         {[]string{"IMAP_ADDR", srv.Addr, "IMAP_TLS", "starttls", "IMAP_CA_FILE", "", "IMAP_TLS_FINGERPRINT", pin}, "", ""},
			"authority and pin":        {[]string{"IMAP_TLS_FINGERPRINT", pin}, "", ""},
			"unknown authority":        {[]string{"IMAP_CA_FILE", ""}, "unavailable", "certificate"},
			"another pin":              {[]string{"IMAP_CA_FILE", "", "IMAP_TLS_FINGERPRINT", wrong}, "unavailable", "certificate"},
			"authority, another pin":   {[]string{"IMAP_TLS_FINGERPRINT", wrong}, "unavailable", "certificate"},
			"tls to a cleartext port":  {[]string{"IMAP_ADDR", srv.Addr}, "unavailable", "tls"},
			"wrong password":           {[]string{"IMAP_PASSWORD", "secret-1"}, "unauthenticated", "password"},
			"nobody listens":           {[]string{"IMAP_ADDR", nobody(t)}, "unavailable", ""},
			"a name that is no server": {[]string{"IMAP_ADDR", "imap.test.invalid:993"}, "unavailable", ""},
		} {
			t.Run(name, func(t *testing.T) {
				c := connect(t, serverEnv(srv.Fresh(t)).with(tc.set...))
				fresh := call(t, c.ClientSession, "list_folders", nil)
				if tc.code == "" {
					if fresh.isError {
						t.Fatalf("list_folders: %s", fresh.text)
					}
					return
				}
				for range 2 { // the process goes on and says the same again
					got := c.refused(t, tc.code, "list_folders", nil)
					if !strings.Contains(strings.ToLower(got.text), tc.says) || got.Error.Next == "" || strings.Contains(got.text, "secret-1") {
						t.Errorf("%s: want %q, what to do, and no password", got.text, tc.says)
					}
				}
				c.do(t, "list_accounts", nil)
			})
		}
	})
}

// Sending fails as clearly, and reading goes on.
func TestSubmissionSecurity(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		pin := fingerprint(t, srv)
		for name, tc := range map[string]struct {
			set  []string
			code string
		}{
			"starttls or none":  {[]string{"SMTP_ADDR", srv.SubmissionAddr, "SMTP_TLS", "none"}, ""},
			"pinned":            {[]string{"SMTP_CA_FILE", "", "SMTP_TLS_FINGERPRINT", pin}, ""},
			"own login":         {[]string{"SMTP_USER", "bob", "SMTP_PASSWORD", "bob-pw"}, ""},
			"unknown authority": {[]string{"SMTP_CA_FILE", ""}, "unavailable"},
			"another pin":       {[]string{"SMTP_TLS_FINGERPRINT", strings.Repeat("00", sha256.Size)}, "unavailable"},
			"wrong password":    {[]string{"SMTP_PASSWORD", "secret-1"}, "unauthenticated"},
			"nobody listens":    {[]string{"SMTP_ADDR", nobody(t)}, "unavailable"},
		} {
			t.Run(name, func(t *testing.T) {
				srv := srv.Fresh(t)
				e := serverEnv(srv).with(tc.set...)
				c := connect(t, e, "-policy", "allow")
				send := args{"to": []string{"eve@example.net"}, "subject": "Hello", "body": "Hello", "confirm_send": true}
				got := call(t, c.ClientSession, "send_message", send)
				if got.Error.Code != tc.code {
					t.Fatalf("send: %s, want code %q", got.text, tc.code)
				}
				want := 1
				if tc.code != "" {
					want = 0
				}
				if n := len(srv.Sent()); n != want {
					t.Errorf("%d messages were taken, want %d", n, want)
				}
				c.do(t, "list_messages", nil)
			})
		}
	})
}

// A connection that breaks is made anew by the next call.
func TestBrokenConnection(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		srv.Append(t, "INBOX", letter("Alpha"))
		c := connect(t, serverEnv(srv))
		c.do(t, "list_messages", nil)
		srv.Cut()
		if got := c.do(t, "list_messages", nil).column(t, "subject"); !slices.Equal(got, []string{"Alpha"}) {
			t.Errorf("listed %q", got)
		}
	})
}

// Two accounts of one kind: one from the environment, one from a file.
func TestTwoServers(t *testing.T) {
	srv := imapxtest.Memory(t)
	bob := srv.As(t, "bob")
	srv.Append(t, "INBOX", letter("Alpha"))
	bob.Append(t, "INBOX", letter("Beta"))
	file := configFile(t, `[{"id":"bob","provider":"imap","variables":{"IMAP_ADDR":"BOB_ADDR","IMAP_USER":"BOB_USER","IMAP_PASSWORD":"BOB_PW","IMAP_CA_FILE":"IMAP_CA_FILE"}}]`)
	e := serverEnv(srv).with("BOB_ADDR", bob.TLSAddr, "BOB_USER", "bob", "BOB_PW", bob.Password)
	c := connect(t, e, "-config", file)
	list := c.do(t, "list_messages", nil)
	got := map[string]string{}
	for i, box := range list.column(t, "mailbox") {
		got[box] = list.column(t, "subject")[i]
	}
	if len(got) != 2 || got["imap"] != "Alpha" || got["bob"] != "Beta" {
		t.Errorf("listed %v", got)
	}
	bob.Cut()
	broken := connect(t, e.with("BOB_PW", "secret-1"), "-config", file).do(t, "list_messages", nil)
	if len(broken.Failed) != 1 || broken.Failed[0].Mailbox != "bob" || broken.Failed[0].Code != "unauthenticated" || len(broken.Rows) != 1 {
		t.Errorf("with one password wrong: %s", broken.text)
	}
}

// Without a submission server no tool sends.
func TestNoSending(t *testing.T) {
	srv := imapxtest.Memory(t)
	e := serverEnv(srv).with("SMTP_ADDR", "", "SMTP_CA_FILE", "")
	c := connect(t, e)
	if slices.Contains(c.names(t), "send_message") {
		t.Error("send_message is listed")
	}
	c.hidden(t, "send_message", args{"to": []string{"eve@example.net"}, "body": "x", "confirm_send": true})
}

// A server that says nothing ends a call after -timeout and not the process.
func TestTimeoutOfACall(t *testing.T) {
	silent := listenSilently(t)
	c := connect(t, env{"IMAP_ADDR": silent.addr, "IMAP_TLS": "none", "IMAP_USER": "ann", "IMAP_PASSWORD": "x"}, "-timeout", "1s")
	begun := time.Now()
	c.refused(t, "timeout", "list_folders", nil)
	if took := time.Since(begun); took < time.Second || took > callTimeout/2 {
		t.Errorf("it took %v", took)
	}
	c.do(t, "list_accounts", nil)
}

// What is refused never reaches the server.
func TestRefusedWithoutDialling(t *testing.T) {
	srv := imapxtest.Memory(t)
	e := serverEnv(srv).with("MAIL_ALLOW_SENDING", "")
	send := args{"to": []string{"eve@example.net"}, "subject": "x", "body": "x", "confirm_send": true}
	reads := connect(t, e, "-methods", "read", "-allow", "sending,destructive")
	reads.hidden(t, "flag_message", args{"ids": []string{"abc-1.1"}, "seen": true})
	reads.hidden(t, "send_message", send)
	closed := connect(t, e)
	closed.refused(t, "gate_closed", "send_message", send)
	closed.refused(t, "invalid", "read_message", args{"ids": []string{}})
	if n := srv.Conns(); n != 0 || len(srv.Sent()) != 0 {
		t.Errorf("%d connections, %d messages sent; want none", n, len(srv.Sent()))
	}
}

// fingerprint is the SHA-256 of the certificate that srv shows.
func fingerprint(t *testing.T, srv *imapxtest.Server) string {
	t.Helper()
	conn, err := tls.Dial("tcp", srv.TLSAddr, &tls.Config{RootCAs: srv.CA, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sum := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}

// nobody is a loopback address where nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
