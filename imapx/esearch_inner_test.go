package imapx

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestKeys(t *testing.T) {
	word := func(s string) Criteria { return Criteria{Header: []HeaderTerm{{"From", s}}} }
	gmail := parseCaps("IMAP4rev1 X-GM-EXT-1")
	for _, tt := range []struct {
		name string
		caps Caps
		crit Criteria
		want string
	}{
		{"everything", Caps{}, Criteria{}, "ALL"},
		{"cheap ones first", Caps{}, Criteria{
			Text: []string{"t"}, Body: []string{"b"}, Header: []HeaderTerm{{"from", "ann"}, {"List-Id", "x y"}}, Larger: 5, Smaller: 9,
			Since: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), Before: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
			Flags: []string{`\Seen`, "$Todo"}, NoFlags: []string{`\flagged`, "$Done"}, From: 7, UIDs: []UID{9, 8, 12},
			Not: []Criteria{{Body: []string{"n"}}, word("bob")}, Or: [][2]Criteria{{word("a"), {Text: []string{"x"}}}, {word("c"), word("d")}},
		}, `UID 7:* UID 8:9,12 SEEN KEYWORD $Todo UNFLAGGED UNKEYWORD $Done LARGER 5 SMALLER 9 SINCE 2-Nov-2026 BEFORE 31-Dec-2026 ` +
			`NOT (FROM "bob") OR (FROM "c") (FROM "d") FROM "ann" HEADER List-Id "x y" NOT (BODY "n") OR (FROM "a") (TEXT "x") BODY "b" TEXT "t"`},
		{"sizes that nothing has", Caps{}, Criteria{Larger: 1 << 40, Smaller: 1 << 31}, "LARGER 2147483647 SMALLER 2147483647"},
		{"up to a number", Caps{}, Criteria{To: 5}, "UID 1:5"},
		{"a quote and a backslash", Caps{}, Criteria{Body: []string{`a"b\c`}}, `BODY "a\"b\\c"`},
		{"beyond ascii", Caps{}, word("Jörg"), "FROM {5}\r\nJörg"},
		{"a header that is there", Caps{}, Criteria{Header: []HeaderTerm{{"List-Id", ""}}}, `HEADER List-Id ""`},
		{"message id", Caps{}, Criteria{MessageID: "1@example.org"}, `HEADER Message-ID "1@example.org"`},
		{"message id at Gmail", gmail, Criteria{MessageID: "CA+x_1-2.3=$@mail.example.org"}, `X-GM-RAW "rfc822msgid:CA+x_1-2.3=$@mail.example.org"`},
		{"odd message ids at Gmail", gmail, Criteria{MessageID: "a b@x OR in:spam"}, `HEADER Message-ID "a b@x OR in:spam"`},
		{"beyond ascii at Gmail", gmail, Criteria{MessageID: "ö@x"}, "HEADER Message-ID {4}\r\nö@x"},
		{"a flag there is no key for", Caps{}, Criteria{Flags: []string{`\Strange`}, NoFlags: []string{`\Strange`}}, "NOT ALL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.crit.keys(tt.caps)); d != "" {
				t.Errorf("keys (-want +got):\n%s", d)
			}
		})
	}
}

func FuzzNewestIn(f *testing.F) {
	for _, s := range []string{"1:5", "5,9:7,1", "1:4294967295", "3,3,3", "2:9,4:5,1", "0", "*", "1:", "4294967296", ","} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, set string, n int) {
		n = 1 + (n&0x7fffffff)%50
		uids, total, ok := newestIn(set, n)
		if !ok {
			return
		}
		if len(uids) > n || int64(len(uids)) > total || len(uids) < n && int64(len(uids)) != total {
			t.Fatalf("%d of %d, asked for %d", len(uids), total, n)
		}
		all := make(map[UID]bool) // by brute force, where that is possible
		for item := range strings.SplitSeq(set, ",") {
			first, last, _ := parseRange(item)
			if last-first > 5000 || len(all) > 5000 {
				return
			}
			for u := first; ; u++ {
				all[UID(u)] = true
				if u == last {
					break
				}
			}
		}
		var want []UID
		for u := range all {
			want = append(want, u)
		}
		slices.Sort(want)
		slices.Reverse(want)
		if int64(len(want)) != total || !slices.Equal(want[:min(n, len(want))], uids) {
			t.Errorf("newest %d of %q: %v of %d, want %v of %d", n, set, uids, total, want, len(want))
		}
	})
}
