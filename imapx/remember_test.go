package imapx

import (
	"strings"
	"testing"
	"time"
)

func TestMessageID(t *testing.T) {
	for _, tt := range []struct{ name, header, want string }{
		{"plain", "Message-ID: <a@example.org>\r\n\r\n", "a@example.org"},
		{"among others, folded", "From: x\r\nMESSAGE-id:\r\n <a@example.org>\r\nTo: y\r\n", "a@example.org"},
		{"bare line ends", "message-id:<a@example.org>\n\nMessage-ID: <b@example.org>\n", "a@example.org"},
		{"in the body", "From: x\r\n\r\nMessage-ID: <a@example.org>\r\n", ""},
		{"two fields", "Message-ID: <a@example.org>\r\nMessage-ID: <a@example.org>\r\n", ""},
		{"two ids", "Message-ID: <a@example.org> <b@example.org>\r\n", ""},
		{"comment", "Message-ID: <(c)a@example.org>\r\n", ""},
		{"no brackets", "Message-ID: a@example.org\r\n", ""},
		{"cut off", "Message-ID: <a@exam", ""},
		{"beyond ascii", "Message-ID: <ä@example.org>\r\n", ""},
		{"too long", "Message-ID: <" + strings.Repeat("a", 501) + ">\r\n", ""},
		{"longer name", "Original-Message-ID: <a@example.org>\r\n", ""},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := messageID([]byte(tt.header)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNotesAreBounded(t *testing.T) {
	var p Pool
	box := Mailbox{Name: "INBOX", UIDValidity: 7}
	note := func(u UID) {
		p.Note(box, Message{UID: u, Size: 9, Date: time.Unix(1.7e9, 0), Sections: [][]byte{[]byte("Message-ID: <a@example.org>\r\n")}})
	}
	for u := range UID(maxNoted + 100) {
		note(u + 1)
		note(u + 1)
	}
	ids := &p.memory.ids
	if len(ids.values) != maxNoted || len(ids.order) != maxNoted {
		t.Errorf("%d and %d kept", len(ids.values), len(ids.order))
	}
	for u, want := range map[UID]bool{1: false, 100: false, 101: true, maxNoted + 100: true} {
		if _, ok := ids.values[place{"INBOX", 7, u}]; ok != want {
			t.Errorf("%d kept: %v", u, ok)
		}
	}
	p.Note(box, Message{UID: 1 << 20})
	if _, ok := ids.values[place{"INBOX", 7, 1 << 20}]; ok {
		t.Error("noted without anything that tells it")
	}
}
