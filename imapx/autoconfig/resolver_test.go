package autoconfig_test

import (
	"context"
	"net"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/postern-mail/postern/imapx/autoconfig"
)

// TestRealResolver asks a small name server over the network.
func TestRealResolver(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); serveDNS(conn) }()
	t.Cleanup(func() { conn.Close(); <-done })
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	for address, want := range map[string]string{
		"ann@srv.example": " srv imap.srv.example:993 mail.example.net:587 starttls mail.example.net",
		"ann@mx.example":  "fastmail mx imap.fastmail.com:993 smtp.fastmail.com:465",
	} {
		got, err := autoconfig.Lookup(t.Context(), r, address)
		if err != nil || shown(got) != want {
			t.Errorf("%s: got %q, %v, want %q", address, shown(got), err, want)
		}
	}
	for address, want := range map[string]error{"ann@none.example": autoconfig.ErrNoIMAP, "ann@other.example": autoconfig.ErrUnknown} {
		if got, err := autoconfig.Lookup(t.Context(), r, address); err != want { //nolint:errorlint // bare
			t.Errorf("%s: got %q, %v, want %v", address, shown(got), err, want)
		}
	}
}

func serveDNS(conn net.PacketConn) {
	srv := func(host string, port uint16) dnsmessage.ResourceBody {
		return &dnsmessage.SRVResource{Weight: 1, Port: port, Target: dnsmessage.MustNewName(host)}
	}
	records := map[string]dnsmessage.ResourceBody{
		"_imaps._tcp.srv.example.":      srv("imap.srv.example.", 993),
		"_submission._tcp.srv.example.": srv("mail.example.net.", 587),
		"_imaps._tcp.none.example.":     srv(".", 0),
		"mx.example.":                   &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName("in1-smtp.messagingengine.com.")},
	}
	buf := make([]byte, 1500)
	for {
		n, peer, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		q := m.Questions[0]
		m.Response, m.Additionals, m.RCode = true, nil, dnsmessage.RCodeNameError
		if body, ok := records[q.Name.String()]; ok {
			m.RCode = dnsmessage.RCodeSuccess
			m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60}, Body: body}}
		}
		out, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := conn.WriteTo(out, peer); err != nil {
			return
		}
	}
}
