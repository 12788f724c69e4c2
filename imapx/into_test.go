package imapx_test

import (
	"testing"

	"github.com/postern-mail/postern/imapx"
)

// TestFetchInto: memory that the caller brings is used where it is large
// enough, and never for two answers.
func TestFetchInto(t *testing.T) {
	into := func(n int) imapx.Items {
		return imapx.Items{Sections: []imapx.Section{{Max: 1000, Into: make([]byte, n)}}}
	}
	for _, tt := range []struct {
		name   string
		memory int
		shared bool
	}{{"large enough", 8, true}, {"just so", 5, true}, {"too small", 4, false}} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, inboxed("", "EXAMINE")+`C: UID FETCH 5
S: * 1 FETCH (UID 5 BODY[]<0> {5}
S- first
S: )
S: * 1 FETCH (UID 5 BODY[]<0> {5}
S- other
S: )
S: $ OK`)
			items := into(tt.memory)
			err := open(t, srv.options()).Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
				f, err := c.Fetch(t.Context(), []imapx.UID{5}, items)
				if err == nil && string(f.Messages[0].Sections[0]) != "first" {
					t.Errorf("got %q", f.Messages[0].Sections[0])
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if shared := string(items.Sections[0].Into[:4]) == "firs"; shared != tt.shared {
				t.Errorf("the memory is used: %v", shared)
			}
		})
	}
	t.Run("of several messages", func(t *testing.T) {
		srv := serve(t, inboxed("", "EXAMINE"))
		_ = open(t, srv.options()).Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
			_, err := c.Fetch(t.Context(), []imapx.UID{5, 6}, into(8))
			wantKind(t, err, imapx.Invalid)
			_, _, err = c.FetchNewest(t.Context(), 2, into(8))
			wantKind(t, err, imapx.Invalid)
			return nil
		})
	})
}
