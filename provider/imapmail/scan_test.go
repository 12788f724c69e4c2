package imapmail

import (
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

func TestTake(t *testing.T) {
	b := open(t, Options{Account: "work", IMAP: imapx.Options{Addr: "imap.example.org:993", Username: "ann"}})
	box := imapx.Mailbox{Name: "INBOX", UIDValidity: 7}
	message := func(u imapx.UID) imapx.Message {
		return imapx.Message{UID: u, Size: int64(u), Structure: &imapx.Part{Path: []int{1}, Type: "text/plain"}, Sections: [][]byte{{}}}
	}
	odd := func(e entry) bool { return e.Size%2 == 1 }
	for _, tt := range []struct {
		name         string
		uids, broken []imapx.UID
		limit        int
		keep         func(entry) bool
		want, failed []imapx.UID
		last         imapx.UID
		more         bool
	}{
		{"all", []imapx.UID{9, 8, 7}, nil, 5, nil, []imapx.UID{9, 8, 7}, nil, 0, false},
		{"to the limit", []imapx.UID{9, 8, 7}, nil, 2, nil, []imapx.UID{9, 8}, nil, 8, true},
		{"just the limit", []imapx.UID{9, 8}, nil, 2, nil, []imapx.UID{9, 8}, nil, 8, false},
		{"some do not match", []imapx.UID{9, 8, 7, 6}, nil, 2, odd, []imapx.UID{9, 7}, nil, 7, true},
		{"damaged above the cut", []imapx.UID{9, 7, 6}, []imapx.UID{8}, 2, nil, []imapx.UID{9, 7}, []imapx.UID{8}, 7, true},
		{"damaged below the cut", []imapx.UID{9, 8}, []imapx.UID{7}, 2, nil, []imapx.UID{9, 8}, nil, 8, true},
		{"damaged, with room left", []imapx.UID{9}, []imapx.UID{7}, 2, nil, []imapx.UID{9}, []imapx.UID{7}, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := imapx.Fetched{Incomplete: tt.broken}
			for _, u := range tt.uids {
				f.Messages = append(f.Messages, message(u))
			}
			var got found
			b.take(box, f, scanJob{limit: tt.limit, sieve: sieve{keep: tt.keep}}, &got)
			var failed []imapx.UID
			for _, o := range got.failed {
				r, err := b.parseID(o.ID)
				if err != nil {
					t.Fatal(err)
				}
				failed = append(failed, r.uid)
				wantCode(t, o.Err, provider.Unavailable)
			}
			diff(t, "items", tt.want, got.uids)
			diff(t, "failed", tt.failed, failed)
			if len(got.items) != len(tt.want) || got.last != tt.last || got.more != tt.more {
				t.Errorf("last %d, more %v", got.last, got.more)
			}
		})
	}
}
