package imapxtest

import (
	"regexp"
	"slices"
	"strings"
)

// extension is what goes with a capability.
type extension struct {
	// without names capabilities that make no sense without this one; one that
	// ends in "=" stands for all that begin so.
	without []string
	// commands matches commands that need it, as shape makes them.
	commands *regexp.Regexp
	// codes are response codes (RFC 9051 section 7.1) of servers that have it.
	codes []string
}

// extensions is by capability. One that is not listed is only not announced.
func extensions() map[string]extension {
	needs := func(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)`) }
	return map[string]extension{
		"ESEARCH":       {without: []string{"SEARCHRES", "ESORT", "CONTEXT=", "PARTIAL"}, commands: needs(`(UID )?SEARCH RETURN\b`)},
		"SEARCHRES":     {commands: needs(`.* \$( |$)|(UID )?SEARCH RETURN \([^)]*SAVE`)},
		"SORT":          {without: []string{"SORT=", "ESORT"}, commands: needs(`(UID )?SORT\b`)},
		"ESORT":         {commands: needs(`(UID )?SORT RETURN\b`)},
		"THREAD":        {without: []string{"THREAD="}, commands: needs(`(UID )?THREAD\b`)},
		"LIST-STATUS":   {commands: needs(`LIST .*RETURN \(.*STATUS\b`)},
		"SPECIAL-USE":   {without: []string{"CREATE-SPECIAL-USE"}, commands: needs(`(LIST|CREATE) .*\(.*\b(SPECIAL-)?USE\b`)},
		"MOVE":          {commands: needs(`(UID )?MOVE\b`)},
		"UIDPLUS":       {commands: needs(`UID EXPUNGE\b`), codes: []string{"APPENDUID", "COPYUID", "UIDNOTSTICKY"}},
		"CONDSTORE":     {without: []string{"QRESYNC", "SORT=MODSEQ"}, commands: needs(`.*\b(CONDSTORE|QRESYNC|MODSEQ|HIGHESTMODSEQ|CHANGEDSINCE|UNCHANGEDSINCE)\b`), codes: []string{"HIGHESTMODSEQ", "NOMODSEQ"}},
		"QRESYNC":       {commands: needs(`.*\b(QRESYNC|VANISHED)\b`)},
		"BINARY":        {commands: needs(`(UID )?FETCH .*\bBINARY\b|APPEND .*~\{`)},
		"LITERAL+":      {without: []string{"LITERAL-"}, commands: needs(`.*\{\d+\+\}`)},
		"IDLE":          {commands: needs(`IDLE\b`)},
		"PREVIEW":       {without: []string{"PREVIEW=", "SNIPPET="}, commands: needs(`(UID )?FETCH .*\b(PREVIEW|SNIPPET)\b`)},
		"QUOTA":         {without: []string{"QUOTA=", "QUOTASET", "X-QUOTA="}, commands: needs(`(GETQUOTA|GETQUOTAROOT|SETQUOTA)\b`)},
		"ID":            {commands: needs(`ID\b`)},
		"NAMESPACE":     {commands: needs(`NAMESPACE\b`)},
		"ENABLE":        {without: []string{"UTF8=", "QRESYNC"}, commands: needs(`ENABLE\b`)},
		"UNSELECT":      {commands: needs(`UNSELECT\b`)},
		"SASL-IR":       {commands: needs(`AUTHENTICATE \S+ .`)},
		"COMPRESS":      {without: []string{"COMPRESS="}, commands: needs(`COMPRESS\b`)},
		"OBJECTID":      {commands: needs(`.*\b(EMAILID|THREADID|MAILBOXID)\b`), codes: []string{"MAILBOXID"}},
		"STATUS=SIZE":   {commands: needs(`STATUS .*\bSIZE\b`)},
		"NOTIFY":        {commands: needs(`NOTIFY\b`)},
		"METADATA":      {without: []string{"METADATA-SERVER", "LIST-METADATA"}, commands: needs(`(GET|SET)METADATA\b`)},
		"ACL":           {without: []string{"ACL2=", "RIGHTS=", "LIST-MYRIGHTS"}, commands: needs(`(SETACL|DELETEACL|GETACL|LISTRIGHTS|MYRIGHTS)\b`)},
		"MULTIAPPEND":   {commands: needs(`APPEND .*\{\d+\+?\} .*\{`)},
		"UTF8=ACCEPT":   {commands: needs(`ENABLE .*UTF8=ACCEPT|APPEND .*UTF8 \(`)},
		"LIST-EXTENDED": {without: []string{"LIST-STATUS", "LIST-MYRIGHTS", "LIST-METADATA"}, commands: needs(`LIST (\(|.*\bRETURN \(|\S+ \()`)},
	}
}

// hidden is what is hidden from a client.
type hidden struct {
	names    []string
	prefixes []string // of names, with their "="
	commands []*regexp.Regexp
	codes    []string
}

// hide works out what goes with names, which are capabilities; "THREAD" stands
// for all of THREAD=.
func hide(names []string) hidden {
	var h hidden
	all := extensions()
	var add func(name string)
	add = func(name string) {
		if strings.HasSuffix(name, "=") {
			h.prefixes = append(h.prefixes, name)
			return
		}
		if slices.Contains(h.names, name) {
			return
		}
		h.names = append(h.names, name)
		ext := all[name]
		if ext.commands != nil {
			h.commands = append(h.commands, ext.commands)
		}
		h.codes = append(h.codes, ext.codes...)
		for _, other := range ext.without {
			add(other)
		}
	}
	for _, name := range names {
		add(strings.ToUpper(name))
	}
	return h
}

func (h hidden) capability(name string) bool {
	name = strings.ToUpper(name)
	return slices.Contains(h.names, name) || slices.ContainsFunc(h.prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// refuses tells whether a command needs something hidden. shape is the command
// behind its tag, as shape makes it.
func (h hidden) refuses(shape string) bool {
	return slices.ContainsFunc(h.commands, func(re *regexp.Regexp) bool { return re.MatchString(shape) })
}

var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// shape is a command without what it only carries: strings are "", letters are
// upper case.
func shape(command string) string {
	return strings.ToUpper(quoted.ReplaceAllString(command, `""`))
}

// status splits a response line that may carry a response code: what is
// before the bracket, what is in it, and what is behind it.
var status = regexp.MustCompile(`(?i)^(\S+ (?:OK|NO|BAD|BYE|PREAUTH) )\[([^\]]*)\] ?(.*)$`)

var (
	untaggedCaps = regexp.MustCompile(`(?i)^\* CAPABILITY (.*)$`)
	untaggedList = regexp.MustCompile(`(?i)^(\* (?:LIST|LSUB|XLIST) \()([^)]*)(\).*)$`)
)

// response returns a response line without what is hidden.
func (h hidden) response(line string) string {
	if m := untaggedCaps.FindStringSubmatch(line); m != nil {
		return "* CAPABILITY " + h.visible(m[1])
	}
	if m := untaggedList.FindStringSubmatch(line); m != nil && slices.Contains(h.names, "SPECIAL-USE") {
		attrs := slices.DeleteFunc(strings.Fields(m[2]), func(attr string) bool {
			return slices.Contains(specialUses(), strings.ToLower(attr))
		})
		return m[1] + strings.Join(attrs, " ") + m[3]
	}
	if m := status.FindStringSubmatch(line); m != nil {
		code, arguments, _ := strings.Cut(m[2], " ")
		switch code = strings.ToUpper(code); {
		case code == "CAPABILITY":
			return m[1] + "[CAPABILITY " + h.visible(arguments) + "] " + m[3]
		case slices.Contains(h.codes, code):
			return m[1] + m[3]
		}
	}
	return line
}

// visible returns a list of capabilities without the hidden ones.
func (h hidden) visible(list string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(list), h.capability), " ")
}

// specialUses are the attributes of RFC 6154 and RFC 8457.
func specialUses() []string {
	return []string{`\all`, `\archive`, `\drafts`, `\flagged`, `\junk`, `\sent`, `\trash`, `\important`}
}
