package imapx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// UID is a message's number in its mailbox, as long as the mailbox's
// UIDVALIDITY lasts (RFC 9051 section 2.3.1.1). Never zero.
type UID uint32

// ChunkSize is the most UIDs in one command: it keeps command lines below the
// 64 KB some servers read, and stays under the limits of RFC 9738.
const ChunkSize = 1000

// checkUIDs refuses sets that would make the library drop the connection.
func checkUIDs(op string, uids []UID) error {
	if len(uids) == 0 {
		return invalid(op, "no uid given")
	}
	if slices.Contains(uids, 0) {
		return invalid(op, "uid 0")
	}
	return nil
}

func uidSet(uids []UID) imap.UIDSet {
	sorted := slices.Clone(uids)
	slices.Sort(sorted)
	var set imap.UIDSet
	for _, u := range slices.Compact(sorted) {
		if n := len(set); n > 0 && set[n-1].Stop+1 == imap.UID(u) {
			set[n-1].Stop = imap.UID(u)
			continue
		}
		set = append(set, imap.UIDRange{Start: imap.UID(u), Stop: imap.UID(u)})
	}
	return set
}

// newest lists at most n members of set, highest first, without ever
// expanding a range, and how many members there are in all.
func newest(set imap.UIDSet, n int) (uids []UID, total int64) {
	for i := len(set) - 1; i >= 0; i-- {
		r := set[i]
		if r.Start == 0 || r.Stop < r.Start {
			continue // "*" has no place in an answer
		}
		total += int64(r.Stop) - int64(r.Start) + 1
		for u := r.Stop; len(uids) < n; u-- {
			uids = append(uids, UID(u))
			if u == r.Start {
				break
			}
		}
	}
	return uids, total
}

// within lists those of asked that got holds, in asked's order.
func within(asked []UID, got map[UID]bool) []UID {
	var present []UID
	for _, u := range asked {
		if got[u] {
			present = append(present, u)
		}
	}
	return present
}

// without lists those of asked that got lacks, in asked's order.
func without(asked []UID, got map[UID]bool) []UID {
	var missing []UID
	for _, u := range asked {
		if !got[u] {
			missing = append(missing, u)
		}
	}
	return missing
}

// copyUID is the COPYUID code of RFC 4315 section 3: src[i] became dst[i]. The
// library sorts both lists, which loses which became which.
type copyUID struct {
	validity uint32
	src, dst []UID
}

// parseCopyUID returns a zero value for anything but two lists of one length.
func parseCopyUID(args string) copyUID {
	f := strings.Fields(args)
	if len(f) != 3 {
		return copyUID{}
	}
	validity, err := strconv.ParseUint(f[0], 10, 32)
	src, ok1 := expandUIDs(f[1])
	dst, ok2 := expandUIDs(f[2])
	if err != nil || !ok1 || !ok2 || len(src) != len(dst) {
		return copyUID{}
	}
	return copyUID{uint32(validity), src, dst}
}

// expandUIDs reads a uid-set of at most ChunkSize members in its own order: no
// command of ours names more.
func expandUIDs(s string) ([]UID, bool) {
	var out []UID
	for _, item := range strings.Split(s, ",") {
		first, last, isRange := strings.Cut(item, ":")
		if !isRange {
			last = first
		}
		a, err1 := strconv.ParseUint(first, 10, 32)
		b, err2 := strconv.ParseUint(last, 10, 32)
		if err1 != nil || err2 != nil || a == 0 || b == 0 {
			return nil, false
		}
		if a > b { // RFC 9051: 4:2 means 2:4
			a, b = b, a
		}
		if b-a >= ChunkSize || len(out)+int(b-a) >= ChunkSize {
			return nil, false
		}
		for u := a; u <= b; u++ {
			out = append(out, UID(u))
		}
	}
	return out, true
}
