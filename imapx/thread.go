package imapx

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Thread returns, among the messages that match crit, those that the server
// threads with uid, itself included; none when it does not name uid, and
// TooLarge when there are more than most. It takes THREAD=REFS, which goes by
// References alone, else THREAD=REFERENCES, which also joins by subject (RFC
// 5256 section 3), else it is Unsupported.
func (c *Conn) Thread(ctx context.Context, crit Criteria, uid UID, most int) ([]UID, error) {
	const op = "UID THREAD"
	algorithm := c.caps.threading()
	switch {
	case algorithm == "":
		return nil, unsupported(op, "THREAD=REFERENCES")
	case uid == 0 || most <= 0:
		return nil, invalid(op, "no message asked for")
	}
	if err := crit.check(op, 0); err != nil {
		return nil, err
	}
	cmd := ownCommand{op: op, takes: []string{"THREAD"}, args: op + " " + algorithm + " UTF-8 " + crit.keys(c.caps)}
	wasStale, before := c.stale, c.guard.news()
	uids, err := c.thread(ctx, cmd, uid, most)
	if err == nil && wasStale && c.guard.news() != before {
		uids, err = c.thread(ctx, cmd, uid, most) // as in Search
	}
	return uids, err
}

// thread keeps what is wrong with an answer for later: the connection is sound.
func (c *Conn) thread(ctx context.Context, cmd ownCommand, uid UID, most int) (uids []UID, err error) {
	var bad error
	_, err = c.own(ctx, reads, cmd, func(r response) error {
		group, err := threadOf(r.text, uid, most)
		if bad = cmp.Or(bad, err); group != nil {
			uids = group
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case bad != nil:
		return nil, bad
	}
	return uids, nil
}

// threading is the algorithm to ask for, "" for none.
func (c Caps) threading() string {
	for _, algorithm := range []string{"REFS", "REFERENCES"} {
		if c.Has("THREAD=" + algorithm) {
			return algorithm
		}
	}
	return ""
}

// maxThreadDepth is above any honest answer, which nests a level for each fork
// on the way from a thread's first message to its last.
const maxThreadDepth = 500

// threadOf finds the thread that holds uid in a THREAD answer (RFC 5256
// section 5): nested lists of numbers, one at the top for each thread. It
// builds no tree, and keeps one thread's numbers at a time, at most most.
func threadOf(s string, uid UID, most int) ([]UID, error) {
	r := threadReader{uid: uid, most: most}
	for i := 0; i < len(s); {
		var err error
		switch c := s[i]; c {
		case ' ':
			i++
		case '(':
			i++
			if r.depth++; r.depth > maxThreadDepth {
				err = threadFault(TooLarge, "nests more than "+strconv.Itoa(maxThreadDepth)+" levels deep")
			}
		case ')':
			i++
			err = r.closed()
		default:
			end := i
			for end < len(s) && s[end] >= '0' && s[end] <= '9' {
				end++
			}
			err = r.number(s[i:end])
			i = end
		}
		if err != nil {
			return nil, err
		}
	}
	if r.depth != 0 {
		return nil, threadFault(Protocol, "ends within a list")
	}
	return r.found, nil
}

// threadReader goes through a THREAD answer.
type threadReader struct {
	uid   UID
	most  int
	depth int
	group []UID // the thread under way

	within bool // it holds uid
	over   bool // it holds more than most
	found  []UID
}

func (r *threadReader) number(digits string) error {
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 || r.depth == 0 {
		return threadFault(Protocol, "holds what is no number in a list")
	}
	r.within = r.within || UID(n) == r.uid
	if r.over = r.over || len(r.group) == r.most; !r.over {
		r.group = append(r.group, UID(n))
	}
	return nil
}

func (r *threadReader) closed() error {
	switch r.depth--; {
	case r.depth < 0:
		return threadFault(Protocol, "closes a list that is not open")
	case r.depth > 0:
		return nil
	case r.within && r.over:
		return threadFault(TooLarge, "has a thread of more than "+strconv.Itoa(r.most)+" messages")
	case r.within && (r.found != nil || repeats(r.group)):
		return threadFault(Protocol, "names a message twice")
	case r.within:
		r.found = slices.Clone(r.group)
	}
	r.group, r.within, r.over = r.group[:0], false, false
	return nil
}

func repeats(uids []UID) bool { return len(setOf(uids)) < len(uids) }

func threadFault(k Kind, what string) error {
	return &Error{Op: "UID THREAD", Kind: k, Err: errors.New("a THREAD answer " + what)}
}

// Kin says which messages to look for around a conversation: those that the
// server itself counts to it, and those that have or name a Message-ID.
type Kin struct {
	GmailThread uint64   // X-GM-THRID; 0: none
	ThreadID    string   // RFC 8474; empty: none
	Names       []string // Message-IDs without angle brackets, see CanName
}

const (
	// kinNames and kinBytes bound the Message-IDs in one command: three keys for
	// each stay below 8 KB, the shortest line that servers read. Measured on
	// 10 000 messages, twenty take twice the time of one.
	kinNames = 20
	kinBytes = 2000
)

// CanName reports whether a Message-ID can be searched for: it is printable
// ASCII, since few servers search header fields in UTF-8, and not too long.
func CanName(id string) bool {
	for i := range len(id) {
		if id[i] <= ' ' || id[i] >= 0x7f {
			return false
		}
	}
	return id != "" && len(id) <= maxMessageID
}

// SearchKin finds messages around a conversation, the newest n, in one round
// trip for every 20 names. What is found need not belong to it: header fields
// are a stranger's words.
func (c *Conn) SearchKin(ctx context.Context, kin Kin, n int) (Hits, error) {
	const op = "UID SEARCH"
	switch {
	case n <= 0 || kin.GmailThread == 0 && kin.ThreadID == "" && len(kin.Names) == 0:
		return Hits{}, invalid(op, "nothing to look for")
	case kin.ThreadID != "" && !isObjectID(kin.ThreadID):
		return Hits{}, invalid(op, "not a thread id")
	}
	var all []UID
	over := false
	add := func(h Hits, err error) error {
		all, over = append(all, h.UIDs...), over || h.Total > len(h.UIDs)
		return err
	}
	if key := kin.serverKey(); key != "" {
		if err := add(c.searchOwnKey(ctx, op, key, n)); err != nil {
			return Hits{}, err
		}
	}
	for names := kin.Names; len(names) > 0; {
		var crit []Criteria
		for size := 0; len(names) > 0 && len(crit) < 3*kinNames && (size == 0 || size+len(names[0]) <= kinBytes); names = names[1:] {
			if !CanName(names[0]) {
				return Hits{}, invalid(op, "a message id cannot be searched for")
			}
			size += len(names[0])
			for _, field := range []string{"Message-ID", "References", "In-Reply-To"} {
				// With its brackets, so that a short one is not found in all others.
				crit = append(crit, Criteria{Header: []HeaderTerm{{field, "<" + names[0] + ">"}}})
			}
		}
		if err := add(c.Search(ctx, anyOf(crit), n)); err != nil {
			return Hits{}, err
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	slices.Reverse(all)
	hits := Hits{UIDs: all[:min(n, len(all))], Total: len(all)}
	if over {
		hits.Total = max(hits.Total, n+1) // at least
	}
	return hits, nil
}

// anyOf joins alternatives, half and half, so that many do not nest deeply.
func anyOf(list []Criteria) Criteria {
	if len(list) == 1 {
		return list[0]
	}
	half := len(list) / 2
	return Criteria{Or: [][2]Criteria{{anyOf(list[:half]), anyOf(list[half:])}}}
}

// serverKey names the server's own thread, as Gmail's extensions and RFC 8474
// section 6 do.
func (k Kin) serverKey() string {
	switch {
	case k.GmailThread != 0:
		return "X-GM-THRID " + strconv.FormatUint(k.GmailThread, 10)
	case k.ThreadID != "":
		return "THREADID " + k.ThreadID
	}
	return ""
}

// isObjectID is RFC 8474 section 7.
func isObjectID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= maxObjectID
}

// searchOwnKey searches by a key that the library cannot write.
func (c *Conn) searchOwnKey(ctx context.Context, op, key string, n int) (Hits, error) {
	if c.caps.rev2() { // which knows no SEARCH answer (RFC 9051 appendix E)
		return c.esearchKeys(ctx, op, key, n)
	}
	var all []UID
	bad := false
	_, err := c.own(ctx, reads, ownCommand{op: op, args: op + " " + key, takes: []string{"SEARCH"}}, func(r response) error {
		numbers, _, _ := strings.Cut(r.text, "(") // MODSEQ (RFC 7162 section 3.1.5)
		for word := range strings.FieldsSeq(numbers) {
			u, err := strconv.ParseUint(word, 10, 32)
			bad = bad || err != nil || u == 0
			all = append(all, UID(u))
		}
		return nil
	})
	switch {
	case err != nil:
		return Hits{}, err
	case bad:
		return Hits{}, &Error{Op: op, Kind: Protocol, Err: errors.New("a search names what is no uid")}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	slices.Reverse(all)
	return Hits{UIDs: slices.Clone(all[:min(n, len(all))]), Total: len(all)}, nil
}
