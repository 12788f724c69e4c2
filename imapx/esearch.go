package imapx

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
)

// esearch asks for ranges instead of every number (RFC 4731), and where the
// server can count from the end for the last n alone (RFC 9394 section 3.1).
func (c *Conn) esearch(ctx context.Context, op string, crit Criteria, n int) (Hits, error) {
	charset := ""
	if !crit.ascii() && !c.caps.rev2() { // RFC 9051 section 6.4.4: there it is UTF-8 anyway
		charset = "CHARSET UTF-8 "
	}
	return c.esearchKeys(ctx, op, charset+crit.keys(c.caps), n)
}

func (c *Conn) esearchKeys(ctx context.Context, op, keys string, n int) (Hits, error) {
	want, result := "ALL", "ALL"
	if c.caps.Has("PARTIAL") {
		want, result = "PARTIAL -1:-"+strconv.Itoa(n), "PARTIAL"
	}
	cmd := ownCommand{op: op, args: "UID SEARCH RETURN (COUNT " + want + ") " + keys, takes: []string{"ESEARCH"}}
	var got esearched
	_, err := c.own(ctx, reads, cmd, func(r response) error { return got.read(r, result, n) })
	if err != nil {
		return Hits{}, err
	}
	if result == "ALL" {
		got.count = max(got.count, got.total) // some leave COUNT out
		got.short = got.total < got.count
	} else {
		got.short = int64(len(got.uids)) != min(int64(n), got.count)
	}
	if !got.came || got.short {
		return Hits{}, &Error{Op: op, Kind: Protocol, Err: errors.New("the server counts other matches than it names")}
	}
	return Hits{UIDs: got.uids, Total: int(min(got.count, math.MaxInt32))}, nil
}

// esearched is an ESEARCH answer (RFC 4731 section 3.1).
type esearched struct {
	came  bool
	count int64
	uids  []UID // the newest
	total int64 // how many numbers came
	short bool  // more were counted than came
}

// read takes one answer. What it names is a set, ALL, or a range asked for and
// a set or NIL, PARTIAL.
func (e *esearched) read(r response, result string, n int) error {
	broken := &Error{Kind: Protocol, Err: errors.New("a garbled ESEARCH answer")}
	if r.broken {
		return broken
	}
	e.came = true
	values := r.values
	if len(values) > 0 && values[0].kind == listValue {
		values = values[1:] // which command it answers: there is no other
	}
	if len(values) > 0 && values[0].is("UID") {
		values = values[1:]
	}
	for ; len(values) > 1; values = values[2:] {
		name, val := values[0], values[1]
		switch {
		case name.is("COUNT"):
			count, ok := val.number()
			if !ok || count > math.MaxUint32 {
				return broken
			}
			e.count = int64(count)
		case name.is(result):
			if val.kind == listValue && len(val.list) == 2 {
				val = val.list[1]
			}
			if val.kind == nilValue {
				continue
			}
			var ok bool
			if e.uids, e.total, ok = newestIn(val.text, n); !ok || val.kind != atomValue {
				return broken
			}
		}
	}
	if len(values) != 0 {
		return broken
	}
	return nil
}

// newestIn is the last n members of a set as it stands in an answer, highest
// first, and how many members there are. It expands no range, and builds
// nothing unless the set is out of order.
func newestIn(set string, n int) (uids []UID, total int64, ok bool) {
	last, sorted := uint32(0), true
	for item := range strings.SplitSeq(set, ",") {
		first, stop, ok := parseRange(item)
		if !ok {
			return nil, 0, false
		}
		sorted = sorted && first > last
		last, total = stop, total+int64(stop-first)+1
	}
	if !sorted {
		return newestOf(set, n)
	}
	for rest := set; rest != "" && len(uids) < n; {
		i := strings.LastIndexByte(rest, ',')
		first, stop, _ := parseRange(rest[i+1:])
		uids = appendDown(uids, first, stop, n)
		rest = rest[:max(i, 0)]
	}
	return uids, total, true
}

// newestOf does the same for a set in any order, with overlaps.
func newestOf(set string, n int) (uids []UID, total int64, ok bool) {
	type span struct{ first, last uint32 }
	spans := make([]span, 0, 1+strings.Count(set, ","))
	for item := range strings.SplitSeq(set, ",") {
		first, last, _ := parseRange(item)
		spans = append(spans, span{first, last})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(b.last, a.last) })
	low := uint64(math.MaxUint32) + 1 // everything from here on is counted
	for _, s := range spans {
		if uint64(s.first) >= low {
			continue
		}
		s.last = uint32(min(uint64(s.last), low-1))
		total += int64(s.last-s.first) + 1
		uids = appendDown(uids, s.first, s.last, n)
		low = uint64(s.first)
	}
	return uids, total, true
}

func appendDown(uids []UID, first, last uint32, n int) []UID {
	for u := last; len(uids) < n; u-- {
		uids = append(uids, UID(u))
		if u == first {
			break
		}
	}
	return uids
}

// parseRange reads "5" or "5:9", either end first (RFC 9051 section 9).
func parseRange(s string) (first, last uint32, ok bool) {
	a, b, isRange := strings.Cut(s, ":")
	x, err := strconv.ParseUint(a, 10, 32)
	y := x
	if err == nil && isRange {
		y, err = strconv.ParseUint(b, 10, 32)
	}
	if err != nil || x == 0 || y == 0 {
		return 0, 0, false
	}
	return uint32(min(x, y)), uint32(max(x, y)), true
}
