package imapxtest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Append stores raw in folder with flags and returns its UID.
func (s *Server) Append(t testing.TB, folder string, raw []byte, flags ...string) (uid uint32) {
	t.Helper()
	s.with(t, func(c *client) error {
		var err error
		uid, err = appendMessage(c, s.Path(folder), raw, flags)
		return err
	})
	return uid
}

// AppendAll stores messages in folder over one connection and returns their
// UIDs in the same order.
func (s *Server) AppendAll(t testing.TB, folder string, messages [][]byte, flags ...string) []uint32 {
	t.Helper()
	uids := make([]uint32, 0, len(messages))
	s.with(t, func(c *client) error {
		for _, raw := range messages {
			uid, err := appendMessage(c, s.Path(folder), raw, flags)
			if err != nil {
				return err
			}
			uids = append(uids, uid)
		}
		return nil
	})
	return uids
}

// AppendTaken is AppendAll for messages some of which the server may refuse; it
// returns the places of those that it took.
func (s *Server) AppendTaken(t testing.TB, folder string, messages [][]byte) (taken []int) {
	t.Helper()
	s.with(t, func(c *client) error {
		for i, raw := range messages {
			var no *refusal
			switch _, err := appendMessage(c, s.Path(folder), raw, nil); {
			case err == nil:
				taken = append(taken, i)
			case !errors.As(err, &no):
				return err
			}
		}
		return nil
	})
	return taken
}

var appendUID = regexp.MustCompile(`\[APPENDUID \d+ (\d+)\]`)

func appendMessage(c *client, folder string, raw []byte, flags []string) (uint32, error) {
	if raw == nil {
		raw = []byte{}
	}
	got, err := c.do("APPEND "+mailbox(folder)+" ("+strings.Join(flags, " ")+")", raw)
	if err != nil {
		return 0, err
	}
	return number(appendUID, got[len(got)-1].line)
}

// Flags returns the flags of a message as another client sees them, sorted,
// without \Recent, the system flags spelled as in RFC 9051 section 2.3.2.
// Keywords keep the server's spelling (Memory: lower case).
func (s *Server) Flags(t testing.TB, folder string, uid uint32) []string {
	t.Helper()
	var flags []string
	s.inside(t, "EXAMINE", folder, func(c *client) error {
		got, err := fetch(c, uid, "FLAGS")
		if err != nil {
			return err
		}
		_, list, _ := strings.Cut(got.line, "FLAGS (")
		list, _, found := strings.Cut(list, ")")
		if !found {
			return errors.New("no flags in " + got.line)
		}
		for _, flag := range strings.Fields(list) {
			if name, ok := strings.CutPrefix(flag, `\`); ok && name != "" {
				flag = `\` + strings.ToUpper(name[:1]) + strings.ToLower(name[1:])
			}
			if flag != `\Recent` {
				flags = append(flags, flag)
			}
		}
		slices.Sort(flags)
		return nil
	})
	return flags
}

// Raw returns the bytes of a message without changing its flags.
func (s *Server) Raw(t testing.TB, folder string, uid uint32) []byte {
	t.Helper()
	var raw []byte
	s.inside(t, "EXAMINE", folder, func(c *client) error {
		got, err := fetch(c, uid, "BODY.PEEK[]")
		if err != nil {
			return err
		}
		if len(got.literals) == 0 {
			if strings.Contains(got.line, `BODY[] ""`) {
				raw = []byte{}
				return nil
			}
			return errors.New("no body in " + got.line)
		}
		raw = got.literals[0]
		return nil
	})
	return raw
}

// UIDs returns the UIDs of all messages in folder, ascending.
func (s *Server) UIDs(t testing.TB, folder string) []uint32 {
	t.Helper()
	var uids []uint32
	s.inside(t, "EXAMINE", folder, func(c *client) error {
		got, err := c.do("UID SEARCH ALL", nil)
		if err != nil {
			return err
		}
		for _, a := range got {
			list, ok := strings.CutPrefix(a.line, "* SEARCH")
			if !ok {
				continue
			}
			for _, word := range strings.Fields(list) {
				uid, err := strconv.ParseUint(word, 10, 32)
				if err != nil {
					return err
				}
				uids = append(uids, uint32(uid))
			}
		}
		return nil
	})
	slices.Sort(uids)
	return uids
}

// SetFlags replaces the flags of a message, as another client would.
func (s *Server) SetFlags(t testing.TB, folder string, uid uint32, flags ...string) {
	t.Helper()
	s.inside(t, "SELECT", folder, func(c *client) error {
		if _, err := fetch(c, uid, "UID"); err != nil {
			return err
		}
		_, err := c.do(fmt.Sprintf("UID STORE %d FLAGS (%s)", uid, strings.Join(flags, " ")), nil)
		return err
	})
}

// Expunge removes messages for good, as another client would.
func (s *Server) Expunge(t testing.TB, folder string, uids ...uint32) {
	t.Helper()
	s.inside(t, "SELECT", folder, func(c *client) error {
		for _, uid := range uids {
			if _, err := c.do(fmt.Sprintf(`UID STORE %d +FLAGS (\Deleted)`, uid), nil); err != nil {
				return err
			}
			if _, err := c.do(fmt.Sprintf("UID EXPUNGE %d", uid), nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// CreateFolder makes a folder; a "/" in the name makes it a child.
func (s *Server) CreateFolder(t testing.TB, name string) {
	t.Helper()
	s.Do(t, "CREATE "+mailbox(s.Path(name)))
}

// DeleteFolder removes a folder with what is in it.
func (s *Server) DeleteFolder(t testing.TB, name string) {
	t.Helper()
	if s.host.remove != nil {
		s.host.remove(t, s.Username, name)
		return
	}
	s.Do(t, "DELETE "+mailbox(s.Path(name)))
}

var uidValidity = regexp.MustCompile(`\[UIDVALIDITY (\d+)\]`)

// UIDValidity returns the UIDVALIDITY of folder.
func (s *Server) UIDValidity(t testing.TB, folder string) (value uint32) {
	t.Helper()
	s.with(t, func(c *client) error {
		got, err := c.do("EXAMINE "+mailbox(s.Path(folder)), nil)
		if err != nil {
			return err
		}
		for _, a := range got {
			if value, err = number(uidValidity, a.line); err == nil {
				return nil
			}
		}
		return err
	})
	return value
}

// Path returns the name that folder has on the server, as LIST shows it:
// itself, except that Courier's Archive is INBOX.Archive. Methods of Server take
// both.
func (s *Server) Path(folder string) string {
	if s.host.path == nil {
		return folder
	}
	return s.host.path(folder)
}

// Rebuild deletes folder with what is in it and creates it anew, so that it
// is empty and its UIDVALIDITY another. (An INBOX on disk cannot be deleted: it
// is emptied and given another UIDVALIDITY.)
func (s *Server) Rebuild(t testing.TB, folder string) {
	t.Helper()
	before := s.UIDValidity(t, folder)
	inbox := strings.EqualFold(folder, "INBOX") && s.host.renumber != nil
	if inbox {
		s.Expunge(t, folder, s.UIDs(t, folder)...)
	} else {
		s.DeleteFolder(t, folder)
		s.CreateFolder(t, folder)
	}
	if inbox || s.host.keepsValidity {
		s.UIDValidity(t, folder) // it has one now
		s.host.renumber(t, s.Username, folder)
	}
	if s.UIDValidity(t, folder) == before {
		t.Fatalf("imapxtest: UIDVALIDITY of %q is still %d", folder, before)
	}
}

// Do runs IMAP commands as another client, one after the other on one
// connection, and returns the answers: lines with "{}" in place of literals,
// the tagged ones last for each command. A command that is refused fails t.
func (s *Server) Do(t testing.TB, commands ...string) []string {
	t.Helper()
	var lines []string
	s.with(t, func(c *client) error {
		for _, command := range commands {
			got, err := c.do(command, nil)
			for _, a := range got {
				lines = append(lines, a.line)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return lines
}

func (s *Server) inside(t testing.TB, verb, folder string, work func(*client) error) {
	t.Helper()
	s.with(t, func(c *client) error {
		if _, err := c.do(verb+" "+mailbox(s.Path(folder)), nil); err != nil {
			return err
		}
		return work(c)
	})
}

// with runs work on a connection of its own, not through Addr.
func (s *Server) with(t testing.TB, work func(*client) error) {
	t.Helper()
	c, err := dial(s.host.imap, s.Username, s.Password)
	if err != nil {
		t.Fatalf("imapxtest: %v", err)
	}
	err = work(c)
	c.close()
	if err != nil {
		t.Fatalf("imapxtest: %v", err)
	}
}

// fetch asks for one item of one message and returns the answer that has it.
func fetch(c *client, uid uint32, item string) (answer, error) {
	got, err := c.do(fmt.Sprintf("UID FETCH %d (UID %s)", uid, item), nil)
	if err != nil {
		return answer{}, err
	}
	own := regexp.MustCompile(fmt.Sprintf(`^\* \d+ FETCH \(.*\bUID %d\b`, uid))
	for _, a := range got {
		if own.MatchString(a.line) {
			return a, nil
		}
	}
	return answer{}, fmt.Errorf("no message with UID %d", uid)
}

func number(re *regexp.Regexp, line string) (uint32, error) {
	m := re.FindStringSubmatch(line)
	if m == nil {
		return 0, fmt.Errorf("%v not in %q", re, line)
	}
	n, err := strconv.ParseUint(m[1], 10, 32)
	return uint32(n), err
}
