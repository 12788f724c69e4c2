package imapx_test

import (
	"testing"

	"github.com/postern-mail/postern/imapx"
)

func TestExtra(t *testing.T) {
	box := inboxed("PREVIEW OBJECTID X-GM-EXT-1", "EXAMINE") + "C: UID FETCH 5:6 (UID FLAGS)\nS: * 1 FETCH (UID 5 FLAGS ())\nS: * 2 FETCH (UID 6 FLAGS ())\nS: $ OK\n"
	for _, tt := range []struct {
		name, script string
		want         imapx.Extra
		check        func(a, b imapx.Message) bool
		kind         imapx.Kind
	}{
		{name: "previews, one a literal, and news of a flag", want: imapx.Extra{Preview: true}, script: `C: UID FETCH 5:6 (UID PREVIEW)
S: * 1 FETCH (FLAGS (\Seen) UID 5)
S: * 2 FETCH (PREVIEW {6}
S- a "b" 
S:  UID 6)
S: * 1 FETCH (UID 5 PREVIEW NIL)
S: $ OK`, check: func(a, b imapx.Message) bool { return a.Preview == "" && b.Preview == `a "b" ` }},
		{name: "gmail", want: imapx.Extra{Gmail: true}, script: `C: UID FETCH 5:6 (UID X-GM-MSGID X-GM-THRID X-GM-LABELS)
S: * 1 FETCH (X-GM-THRID 1266894439832287888 X-GM-MSGID 18446744073709551615 X-GM-LABELS (\Inbox "Ein &APw-ber" Q&A) UID 5)
S: $ OK`, check: func(a, b imapx.Message) bool {
			return a.GmailThread == 1266894439832287888 && a.GmailID == 1<<64-1 && len(a.GmailLabels) == 3 &&
				a.GmailLabels[1] == "Ein über" && a.GmailLabels[2] == "Q&A" && b.GmailID == 0
		}},
		{name: "objects", want: imapx.Extra{Objects: true}, script: `C: UID FETCH 5:6 (UID EMAILID THREADID)
S: * 1 FETCH (UID 5 EMAILID (M6d99ac3275bb4e) THREADID (T64b478a75b7ea9))
S: * 2 FETCH (UID 6 EMAILID (M1) THREADID NIL)
S: * 3 FETCH (UID 9 EMAILID (M2) THREADID NIL)
S: $ OK`, check: func(a, b imapx.Message) bool {
			return a.EmailID == "M6d99ac3275bb4e" && a.ServerThreadID == "T64b478a75b7ea9" && b.EmailID == "M1" && b.ServerThreadID == ""
		}},
		{name: "refused", want: imapx.Extra{Preview: true}, script: "C: UID FETCH 5:6 (UID PREVIEW)\nS: $ NO [SERVERBUG] no index", kind: imapx.Unavailable},
		{name: "garbled", want: imapx.Extra{Preview: true}, script: "C: UID FETCH 5:6 (UID PREVIEW)\nS: * 1 FETCH (UID 5 PREVIEW \"x)", kind: imapx.Protocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, box+tt.script)
			err := open(t, srv.options()).Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
				f, err := c.Fetch(t.Context(), []imapx.UID{5, 6}, imapx.Items{Flags: true, Extra: tt.want})
				if err == nil && !tt.check(f.Messages[0], f.Messages[1]) {
					t.Errorf("got %+v", f.Messages)
				}
				return err
			})
			if imapx.KindOf(err) != tt.kind {
				t.Errorf("error %v", err)
			}
		})
	}
}
