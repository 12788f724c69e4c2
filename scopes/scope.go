package scopes

// Scope names one area of work a grant may open. Only the names declared here
// mean anything; every other string is unknown and grants nothing.
type Scope string

// The scopes of a mailbox, and those of the mail infrastructure behind it.
// Accounts are never scopes: they are chosen in [Grant.Accounts].
const (
	MailFolders  Scope = "mail:folders"
	MailRead     Scope = "mail:read"
	MailSearch   Scope = "mail:search"
	MailModify   Scope = "mail:modify"
	MailSend     Scope = "mail:send" // implies MailDrafts
	MailDrafts   Scope = "mail:drafts"
	MailLabels   Scope = "mail:labels"
	MailContacts Scope = "mail:contacts"
	MailComments Scope = "mail:comments"
	MailCalendar Scope = "mail:calendar"
	MailSettings Scope = "mail:settings"
	OpsRead      Scope = "ops:read"
	OpsWrite     Scope = "ops:write"
	OpsMigrate   Scope = "ops:migrate"
)

// rule declares a scope once: its name, what it also grants, and how to
// explain it to the mailbox's owner.
type rule struct {
	scope   Scope
	implies Scope
	about   string
}

const ruleCount = 14

// rules is the one table of scopes. Its order is the order of [Set.Slice], and
// a scope's place in it is its bit in a [Set].
func rules() [ruleCount]rule {
	return [...]rule{
		{MailFolders, "", "See the mailbox's folders and how many messages are in them."},
		{MailRead, "", "List and read messages and their attachments."},
		{MailSearch, "", "Search for messages and see the hits."},
		{MailModify, "", "Move, mark and delete messages, and change folders."},
		{MailSend, MailDrafts, "Send mail in your name, and write drafts."},
		{MailDrafts, "", "Write and change drafts, without sending them."},
		{MailLabels, "", "See, create and assign labels."},
		{MailContacts, "", "See and change your contacts."},
		{MailComments, "", "Read and write internal comments that are not sent to anybody outside."},
		{MailCalendar, "", "See and change your calendar and answer invitations."},
		{MailSettings, "", "See and change mail rules and the automatic reply."},
		{OpsRead, "", "See how your mail service is set up: domains, mailboxes, aliases and reports."},
		{OpsWrite, "", "Change how your mail service is set up: domains, mailboxes and aliases."},
		{OpsMigrate, "", "Copy mailboxes from another mail service into this one."},
	}
}

// Known reports whether s is one of the declared scopes.
func (s Scope) Known() bool {
	_, ok := s.index()
	return ok
}

// About explains s in one plain sentence for a consent page. It is empty for
// an unknown scope.
func (s Scope) About() string {
	i, ok := s.index()
	if !ok {
		return ""
	}
	return rules()[i].about
}

func (s Scope) index() (int, bool) {
	for i, r := range rules() {
		if r.scope == s {
			return i, true
		}
	}
	return 0, false
}
