package imapx

import (
	"errors"
	"io"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
)

func TestUIDSet(t *testing.T) {
	for _, tt := range []struct {
		uids []UID
		want string
	}{
		{[]UID{5}, "5"}, {[]UID{7, 5, 6}, "5:7"}, {[]UID{9, 1, 3, 2, 9}, "1:3,9"}, {[]UID{4294967295, 4294967294}, "4294967294:4294967295"},
	} {
		if got := uidSet(tt.uids).String(); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.uids, got, tt.want)
		}
	}
}

func TestNewest(t *testing.T) {
	for _, tt := range []struct {
		name  string
		set   imap.UIDSet
		n     int
		want  []UID
		total int64
	}{
		{"none", nil, 5, nil, 0},
		{"ranges", imap.UIDSet{{Start: 1, Stop: 3}, {Start: 9, Stop: 9}}, 3, []UID{9, 3, 2}, 4},
		{"all there can be", imap.UIDSet{{Start: 1, Stop: 4294967295}}, 2, []UID{4294967295, 4294967294}, 4294967295},
		{"the first there can be", imap.UIDSet{{Start: 1, Stop: 1}}, 9, []UID{1}, 1},
		{"star", imap.UIDSet{{Start: 0, Stop: 0}}, 5, nil, 0},
		{"open", imap.UIDSet{{Start: 5, Stop: 0}}, 5, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, total := newest(tt.set, tt.n)
			if d := cmp.Diff(tt.want, got); d != "" || total != tt.total {
				t.Errorf("total %d, want %d; %s", total, tt.total, d)
			}
		})
	}
}

func TestParseCopyUID(t *testing.T) {
	for _, tt := range []struct {
		args string
		want copyUID
	}{
		{"38505 304,319:320 3956:3958", copyUID{38505, []UID{304, 319, 320}, []UID{3956, 3957, 3958}}},
		{"1 9,5 10:11", copyUID{1, []UID{9, 5}, []UID{10, 11}}},
		{"1 5:4 10:11", copyUID{1, []UID{4, 5}, []UID{10, 11}}},
		{"1 5 10:11", copyUID{}}, {"1 * 5", copyUID{}}, {"1 0 5", copyUID{}}, {"x 5 6", copyUID{}}, {"", copyUID{}},
		{"1 1:4294967295 1:4294967295", copyUID{}}, {"1 1:500,600:1100 1:1001", copyUID{}},
	} {
		t.Run(tt.args, func(t *testing.T) {
			if d := cmp.Diff(tt.want, parseCopyUID(tt.args), cmp.AllowUnexported(copyUID{})); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzParseCopyUID(f *testing.F) {
	f.Add("38505 304,319:320 3956:3958")
	f.Add("1 4294967295:1 2")
	f.Fuzz(func(t *testing.T, args string) {
		got := parseCopyUID(args)
		if len(got.src) != len(got.dst) || len(got.src) > ChunkSize {
			t.Errorf("%d became %d", len(got.src), len(got.dst))
		}
	})
}

func TestParseStatus(t *testing.T) {
	for _, tt := range []struct {
		line string
		want status
		ok   bool
	}{
		{"* BYE [unavailable] gone fishing", status{tag: "*", typ: "BYE", code: "UNAVAILABLE", text: "gone fishing"}, true},
		{"T1 no", status{tag: "T1", typ: "NO"}, true},
		{"* OK [UIDVALIDITY 3] x", status{tag: "*", typ: "OK", code: "UIDVALIDITY", args: "3", text: "x"}, true},
		{"* OK [half", status{tag: "*", typ: "OK", text: "[half"}, true},
		{"* NO a\x1b[31mred\xff", status{tag: "*", typ: "NO", text: "a [31mred\uFFFD"}, true},
		{"* LIST () NIL x", status{}, false}, {"", status{}, false},
	} {
		t.Run(tt.line, func(t *testing.T) {
			got, ok := parseStatus(tt.line)
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(status{})); d != "" || ok != tt.ok {
				t.Errorf("ok %v %s", ok, d)
			}
		})
	}
}

func TestCaps(t *testing.T) {
	rev1 := parseCaps("IMAP4rev1 IMAP4rev2 move APPENDLIMIT=1000 LITERAL+")
	rev2 := parseCaps("IMAP4rev2 AUTH=PLAIN")
	for _, tt := range []struct {
		name string
		got  bool
		want bool
	}{
		{"any case", rev1.Has("Move"), true},
		{"both revisions: nothing implied", rev1.Has("UIDPLUS"), false},
		{"second revision alone", rev2.Has("UIDPLUS"), true},
		{"not part of it", rev2.Has("QUOTA"), false},
		{"zero value", Caps{}.Has("MOVE"), false},
		{"zero value is unknown", Caps{}.known(), false},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %v", tt.name, tt.got)
		}
	}
	if rev1.appendLimit() != 1000 || rev2.appendLimit() != 0 {
		t.Error("append limit")
	}
	if got, want := rev1.greeting(), "* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ MOVE] ready\r\n"; got != want {
		t.Errorf("greeting %q, want %q", got, want)
	}
}

func TestAssignUses(t *testing.T) {
	box := func(name string, attrs ...imap.MailboxAttr) Folder {
		return Folder{Name: name, Delimiter: "/", attrs: attrs}
	}
	for _, tt := range []struct {
		name    string
		folders []Folder
		want    map[string]Use
	}{
		{"attributes win over names", []Folder{box("Sent"), box("Gesendet", `\sent`), box("Papierkorb", imap.MailboxAttrTrash)},
			map[string]Use{"Gesendet": UseSent, "Papierkorb": UseTrash}},
		{"known names", []Folder{box("inbox"), box("Sent Items"), box("Deleted Items"), box("Junk E-mail"), box("Entwürfe"), box("Archives")},
			map[string]Use{"inbox": UseInbox, "Sent Items": UseSent, "Deleted Items": UseTrash, "Junk E-mail": UseJunk, "Entwürfe": UseDrafts, "Archives": UseArchive}},
		{"the likeliest of several", []Folder{box("Sent Messages"), box("Sent")}, map[string]Use{"Sent": UseSent}},
		{"below a service's root", []Folder{box("[Gmail]/Sent Mail"), box("[Gmail]/All Mail"), box("INBOX/Trash")},
			map[string]Use{"[Gmail]/Sent Mail": UseSent, "[Gmail]/All Mail": UseAll, "INBOX/Trash": UseTrash}},
		{"views only below one", []Folder{box("Todos"), box("INBOX/All Mail"), box("Starred"), box("[Google Mail]/Starred")},
			map[string]Use{"[Google Mail]/Starred": UseFlagged}},
		{"views by attribute", []Folder{box("Everything", imap.MailboxAttrAll), box("Starred", imap.MailboxAttrFlagged)},
			map[string]Use{"Everything": UseAll, "Starred": UseFlagged}},
		{"not deep in the tree", []Folder{box("Projects/Archive"), box("Friends/Sent")}, map[string]Use{}},
		{"once each", []Folder{box("A", imap.MailboxAttrSent), box("B", imap.MailboxAttrSent)}, map[string]Use{"A": UseSent}},
		{"not for folders without messages", []Folder{{Name: "Sent", NoSelect: true}, box("Sent Items")}, map[string]Use{"Sent Items": UseSent}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assignUses(tt.folders)
			got := map[string]Use{}
			for _, f := range tt.folders {
				if f.Use != UseNone {
					got[f.Name] = f.Use
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	for _, tt := range []struct {
		err  *Error
		want string
	}{
		{&Error{Kind: Closed}, "closed"},
		{&Error{Op: "UID MOVE", Kind: Uncertain, Err: &Error{Op: "UID MOVE", Kind: Unavailable, Err: io.EOF}}, "UID MOVE: uncertain: unavailable: EOF"},
		{&Error{Op: "SELECT", Kind: Refused, Code: "NOPERM", Text: "not yours"}, "SELECT: refused: [NOPERM] not yours"},
		{&Error{Op: "SELECT", Kind: Refused, Code: "NOPERM"}, "SELECT: refused: [NOPERM]"},
		{&Error{Op: "AUTHENTICATE", Kind: Auth, Code: "AUTHENTICATIONFAILED", Text: "Authentication failed."}, "AUTHENTICATE: Authentication failed."},
		{&Error{Op: "LOGIN", Kind: Auth, Code: "AUTHENTICATIONFAILED"}, "LOGIN: auth: [AUTHENTICATIONFAILED]"},
		{&Error{Op: "TLS handshake", Kind: TLS, Err: errors.New("tls: failed to verify certificate")}, "TLS handshake: failed to verify certificate"},
		{&Error{Op: "STARTTLS", Kind: TLS, Err: &Error{Op: "STARTTLS", Kind: Refused, Text: "no"}}, "STARTTLS: tls: refused: no"},
		{&Error{Op: "dial", Kind: Unavailable, Err: errors.New("dial tcp: refused")}, "unavailable: dial tcp: refused"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}
