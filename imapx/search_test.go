package imapx_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
)

func TestSearch(t *testing.T) {
	for _, hide := range [][]string{nil, {"ESEARCH"}} {
		t.Run(fmt.Sprint("hide ", hide), func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				uids := fill(t, srv, "INBOX", 12)
				umlaut := imapx.UID(srv.Append(t, "INBOX", []byte("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: x@example.com\r\n\r\nhi\r\n"), `\Seen`))
				p := pool(t, srv)
				search := func(c imapx.Criteria, n int) (h imapx.Hits, err error) {
					err = p.Read(t.Context(), "INBOX", func(conn *imapx.Conn) (err error) {
						h, err = conn.Search(t.Context(), c, n)
						return err
					})
					return h, err
				}
				for _, tt := range []struct {
					name  string
					crit  imapx.Criteria
					n     int
					want  []imapx.UID
					total int
				}{
					{"all, capped", imapx.Criteria{}, 3, []imapx.UID{umlaut, uids[11], uids[10]}, 13},
					{"subject", imapx.Criteria{Header: []imapx.HeaderTerm{{"Subject", "NUMBER 1"}}}, 10, []imapx.UID{uids[11], uids[10], uids[9], uids[0]}, 4},
					{"beyond ascii", imapx.Criteria{Header: []imapx.HeaderTerm{{"Subject", "grüße"}}}, 10, []imapx.UID{umlaut}, 1},
					{"range", imapx.Criteria{From: uids[1], To: uids[2]}, 10, []imapx.UID{uids[2], uids[1]}, 2},
					{"uids", imapx.Criteria{UIDs: []imapx.UID{uids[5], 4000}}, 10, []imapx.UID{uids[5]}, 1},
					{"body", imapx.Criteria{Body: []string{"message 7"}}, 10, []imapx.UID{uids[6]}, 1},
					{"flags", imapx.Criteria{Flags: []string{`\Seen`}}, 10, []imapx.UID{umlaut}, 1},
					{"no flags", imapx.Criteria{NoFlags: []string{`\Seen`}, From: uids[11]}, 10, []imapx.UID{uids[11]}, 1},
					{"not", imapx.Criteria{Not: []imapx.Criteria{{Header: []imapx.HeaderTerm{{"From", "ann@"}}}}}, 10, []imapx.UID{umlaut}, 1},
					{"or", imapx.Criteria{Or: [][2]imapx.Criteria{{{Body: []string{"message 2"}}, {Body: []string{"message 3"}}}}}, 10, []imapx.UID{uids[2], uids[1]}, 2},
					{"nothing", imapx.Criteria{Body: []string{"absent"}}, 10, nil, 0},
					{"since", imapx.Criteria{Since: time.Now().AddDate(0, 0, -2)}, 1, []imapx.UID{umlaut}, 13},
					{"before", imapx.Criteria{Before: time.Now().AddDate(0, 0, -2)}, 1, nil, 0},
					{"larger than any", imapx.Criteria{Larger: 1 << 40}, 1, nil, 0},
					{"smaller than that", imapx.Criteria{Smaller: 1 << 40}, 1, []imapx.UID{umlaut}, 13},
				} {
					t.Run(tt.name, func(t *testing.T) {
						got, err := search(tt.crit, tt.n)
						if err != nil {
							t.Fatal(err)
						}
						diff(t, "hits", imapx.Hits{UIDs: tt.want, Total: tt.total}, got)
					})
				}
				t.Run("sees new mail", func(t *testing.T) {
					uid := imapx.UID(srv.Append(t, "INBOX", mail(77)))
					got, err := search(imapx.Criteria{Body: []string{"message 77"}}, 5)
					if err != nil || !slices.Equal(got.UIDs, []imapx.UID{uid}) {
						t.Errorf("got %v, %v", got, err)
					}
				})
				for name, bad := range map[string]imapx.Criteria{
					"line break": {Body: []string{"a\r\nT LOGOUT"}},
					"field":      {Header: []imapx.HeaderTerm{{"Sub ject", "x"}}},
					"flag":       {Flags: []string{"a b"}},
					"not utf-8":  {Not: []imapx.Criteria{{Text: []string{"\xff"}}}},
				} {
					_, err := search(bad, 5)
					if !errors.Is(err, imapx.Invalid) {
						t.Errorf("%s: %v", name, err)
					}
				}
			}, hide...)
		})
	}
}

// TestHitsInFallingOrder: an answer that takes long to sort is refused.
func TestHitsInFallingOrder(t *testing.T) {
	falling := func(most int) string {
		var b strings.Builder
		for n := most; n > 0; n -= 2 {
			fmt.Fprint(&b, " ", n)
		}
		return b.String()
	}
	for _, tt := range []struct {
		name, caps, answer string
		hits               int
		kind               imapx.Kind
	}{
		{"some", "", "S: * SEARCH" + falling(20_000), 10_000, ""},
		{"many", "", "S: * SEARCH" + falling(900_000), 0, imapx.TooLarge},
		{"many, each behind one above it", "", "S: * SEARCH" + strings.Repeat(" 4000000000", 100_000) + falling(200_000), 0, imapx.TooLarge},
		{"many in ranges", "ESEARCH", `S: * ESEARCH (TAG "T2") UID ALL ` + strings.ReplaceAll(falling(900_000), " ", ",")[1:], 450_000, ""}, // we sort that, the library does not
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, inboxed(tt.caps, "EXAMINE")+"C: UID SEARCH\n"+tt.answer+"\nS: $ OK")
			err := open(t, srv.options()).Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
				got, err := c.Search(t.Context(), imapx.Criteria{}, 1)
				if err == nil && got.Total != tt.hits {
					t.Errorf("%+v", got)
				}
				return err
			})
			if imapx.KindOf(err) != tt.kind {
				t.Errorf("error %v, want kind %q", err, tt.kind)
			}
		})
	}
}

// TestSearchCommand: what goes over the wire, by what the server offers.
func TestSearchCommand(t *testing.T) {
	umlaut := imapx.Criteria{Header: []imapx.HeaderTerm{{"Subject", "grün"}}, Flags: []string{`\Seen`}}
	for _, tt := range []struct {
		name, caps string
		crit       imapx.Criteria
		script     string
		want       imapx.Hits
		kind       imapx.Kind
	}{
		{
			"ranges", "ESEARCH", imapx.Criteria{Body: []string{"x"}, To: 9},
			"C: UID SEARCH RETURN (COUNT ALL) UID 1:9 BODY \"x\"\nS: * ESEARCH (TAG \"$\") UID COUNT 4 ALL 2:5\nS: $ OK",
			imapx.Hits{UIDs: []imapx.UID{5, 4, 3}, Total: 4}, "",
		},
		{
			"only the last ones", "ESEARCH PARTIAL", imapx.Criteria{},
			"C: UID SEARCH RETURN (COUNT PARTIAL -1:-3) ALL\nS: * ESEARCH (TAG \"$\") UID COUNT 1000000 PARTIAL (-1:-3 7000000,7000005:7000006)\nS: $ OK",
			imapx.Hits{UIDs: []imapx.UID{7000006, 7000005, 7000000}, Total: 1000000}, "",
		},
		{
			"no last ones", "ESEARCH PARTIAL", imapx.Criteria{},
			"C: UID SEARCH RETURN (COUNT PARTIAL -1:-3) ALL\nS: * ESEARCH (TAG \"$\") UID COUNT 0 PARTIAL (-1:-3 NIL)\nS: $ OK",
			imapx.Hits{}, "",
		},
		{
			"fewer than counted", "ESEARCH PARTIAL", imapx.Criteria{},
			"C: UID SEARCH\nS: * ESEARCH (TAG \"$\") UID COUNT 5 PARTIAL (-1:-3 8:9)\nS: $ OK",
			imapx.Hits{}, imapx.Protocol,
		},
		{"no answer", "ESEARCH", imapx.Criteria{}, "C: UID SEARCH\nS: $ OK", imapx.Hits{}, imapx.Protocol},
		{"garbage", "ESEARCH", imapx.Criteria{}, "C: UID SEARCH\nS: * ESEARCH UID ALL 1:x\nS: $ OK", imapx.Hits{}, imapx.Protocol},
		{
			"beyond ascii", "ESEARCH LITERAL+", umlaut,
			"C: UID SEARCH RETURN (COUNT ALL) CHARSET UTF-8 SEEN SUBJECT {5+}\nC+ grün\nS: * ESEARCH UID ALL 4\nS: $ OK",
			imapx.Hits{UIDs: []imapx.UID{4}, Total: 1}, "",
		},
		{
			"beyond ascii, refused before it is sent", "ESEARCH", umlaut,
			"C: UID SEARCH RETURN (COUNT ALL) CHARSET UTF-8 SEEN SUBJECT {5}\nS: $ NO [BADCHARSET (US-ASCII)] no",
			imapx.Hits{}, imapx.Refused,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, inboxed(tt.caps, "EXAMINE")+tt.script)
			err := open(t, srv.options()).Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
				got, err := c.Search(t.Context(), tt.crit, 3)
				diff(t, "hits", tt.want, got)
				return err
			})
			if imapx.KindOf(err) != tt.kind {
				t.Errorf("error %v, want kind %q", err, tt.kind)
			}
		})
	}
}

func TestIsCharset(t *testing.T) {
	umlaut := imapx.Criteria{Not: []imapx.Criteria{{Body: []string{"grün"}}}}
	for _, tt := range []struct {
		name string
		err  error
		crit imapx.Criteria
		want bool
	}{
		{"said so", &imapx.Error{Kind: imapx.Refused, Code: "BADCHARSET"}, umlaut, true},
		{"a plain no", &imapx.Error{Kind: imapx.Refused, Text: "charset?"}, umlaut, true},
		{"a plain bad", &imapx.Error{Kind: imapx.Protocol}, umlaut, true},
		{"another reason", &imapx.Error{Kind: imapx.Refused, Code: "NOPERM"}, umlaut, false},
		{"nothing beyond ascii", &imapx.Error{Kind: imapx.Refused}, imapx.Criteria{Body: []string{"green"}}, false},
		{"no answer", &imapx.Error{Kind: imapx.Protocol, Err: errors.New("garbage")}, umlaut, false},
		{"lost", &imapx.Error{Kind: imapx.Unavailable}, umlaut, false},
		{"none", nil, umlaut, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := imapx.IsCharset(tt.err, tt.crit); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
