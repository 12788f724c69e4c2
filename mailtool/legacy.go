package mailtool

import (
	"strconv"

	"github.com/postern-mail/postern/provider"
)

// legacy is a parameter of another mail server's tools, which models and people
// still use, with the parameter to use here and its form.
type legacy struct {
	name string
	use  string // refused with this only when the tool has it
	form string
}

func legacyNames() []legacy {
	return []legacy{
		{"uid", "ids", `a list of message ids, such as ["dm-5k2.7"]; ids name their folder`},
		{"uids", "ids", `a list of message ids, such as ["dm-5k2.7"]; ids name their folder`},
		{"id", "ids", "a list, also for one message"},
		{"messageId", "ids", "a list of message ids as a list or search gave them"},
		{"page", "cursor", "the next_cursor of the answer before; leave it out for the first page"},
		{"offset", "cursor", "the next_cursor of the answer before"},
		{"pageSize", "limit", "a whole number"},
		{"max_results", "limit", "a whole number"},
		{"includeBody", "include_body", "true or false"},
		{"unseen", "unread_only", "true or false"},
		{"unseen", "unread", "true or false"},
		{"unreadOnly", "unread_only", "true or false"},
		{"destination", "to", "a folder's path or a role such as archive or trash"},
		{"folder", "folders", "a list of paths or roles"},
		{"folder", "to", "a folder's path or a role such as archive or trash; ids name the folder they are in"},
		{"unread", "unread_only", "true or false"},
		{"q", "query", "Gmail search syntax"},
		{"read", "seen", "true or false"},
		{"unread", "seen", "false for unread"},
		{"starred", "flagged", "true or false"},
		{"has_attachment", "query", "has:attachment in it"},
		{"path", "handle", "or name and data: nothing is read from a disk"},
		{"inReplyTo", "reply_to", "the id of the message to answer"},
	}
}

// unknownParam refuses a parameter that the tool does not have, with the one
// that was probably meant.
func unknownParam(s *schema, name string) *Error {
	message := "there is no parameter " + strconv.Quote(clip(name))
	for _, l := range legacyNames() {
		if l.name == name && s.property(l.use) != nil {
			return refuse(Invalid, message, "use "+l.use+": "+l.form)
		}
	}
	switch name {
	case "inReplyTo", "in_reply_to":
		return refuse(Invalid, message, "this tool starts a new thread; reply_message answers one, where the server has it")
	case "folder":
		return refuse(Invalid, message, "leave it out: message ids name their folder")
	case "query", "from", "subject", "text":
		return refuse(Invalid, message, "search_messages takes it")
	case "message_id":
		return refuse(Invalid, message, "search_messages finds a Message-ID and gives the id")
	}
	var names []string
	for _, p := range s.Properties {
		names = append(names, p.Name)
	}
	if near := nearest(names, name); near != "" {
		return refuse(Invalid, message, "did you mean "+near+"? It takes "+s.property(near).wants())
	}
	if len(names) == 0 {
		return refuse(Invalid, message, "this tool takes no parameters")
	}
	return refuse(Invalid, message, "the parameters are "+listed(names))
}

// nearest finds the name that differs least from want: in case, underscores or
// up to two letters.
func nearest(names []string, want string) string {
	best, bestAt := "", 3
	for _, name := range names {
		if d := provider.EditDistance(squash(name), squash(want)); d < bestAt {
			best, bestAt = name, d
		}
	}
	return best
}

func squash(s string) string {
	var out []rune
	for _, r := range clip(s) {
		switch {
		case r >= 'A' && r <= 'Z':
			out = append(out, r+'a'-'A')
		case r != '_' && r != '-':
			out = append(out, r)
		}
	}
	return string(out)
}
