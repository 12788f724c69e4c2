package imapx

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Use is what a mailbox is for (RFC 6154), without its backslash.
type Use string

// The uses.
const (
	UseNone    Use = ""
	UseInbox   Use = "Inbox"
	UseSent    Use = "Sent"
	UseDrafts  Use = "Drafts"
	UseArchive Use = "Archive"
	UseJunk    Use = "Junk"
	UseTrash   Use = "Trash"
	UseAll     Use = "All"
	UseFlagged Use = "Flagged"
)

func (u Use) attr() imap.MailboxAttr {
	if u == UseNone || u == UseInbox {
		return ""
	}
	return imap.MailboxAttr(`\` + string(u))
}

// knownUse is a use with the names that mail programs and services give such a
// mailbox, in lower case, the likeliest first.
type knownUse struct {
	use   Use
	names []string
}

func knownUses() []knownUse {
	return []knownUse{
		{UseSent, []string{"sent", "sent items", "sent mail", "sent messages", "gesendet", "gesendete elemente", "gesendete objekte",
			"gesendete nachrichten", "envoyés", "messages envoyés", "éléments envoyés", "enviados", "elementos enviados", "mensajes enviados",
			"itens enviados", "posta inviata", "inviata", "verzonden", "verzonden items", "skickat", "skickade objekt", "sendt", "sendte elementer",
			"wysłane", "elementy wysłane", "отправленные", "已发送", "送信済み"}},
		{UseDrafts, []string{"drafts", "draft", "entwürfe", "entwurf", "brouillons", "borradores", "rascunhos", "bozze", "concepten", "utkast",
			"kladder", "wersje robocze", "szkice", "черновики", "草稿", "下書き"}},
		{UseTrash, []string{"trash", "deleted items", "deleted messages", "bin", "papierkorb", "gelöschte elemente", "gelöschte objekte", "corbeille",
			"éléments supprimés", "papelera", "elementos eliminados", "lixeira", "itens excluídos", "cestino", "prullenbak", "verwijderde items",
			"papperskorg", "papirkurv", "slettede elementer", "kosz", "elementy usunięte", "корзина", "удаленные", "已删除", "ゴミ箱"}},
		{UseJunk, []string{"junk", "spam", "junk e-mail", "junk email", "junk mail", "bulk mail", "spamverdacht", "unerwünscht", "indésirables",
			"courrier indésirable", "correo no deseado", "lixo eletrônico", "posta indesiderata", "ongewenste e-mail", "skräppost", "uønsket e-post",
			"wiadomości-śmieci", "нежелательная почта", "спам", "垃圾邮件", "迷惑メール"}},
		{UseArchive, []string{"archive", "archives", "archiv", "archivo", "arquivo", "archivio", "archief", "arkiv", "archiwum", "архив", "归档", "アーカイブ"}},
		{UseAll, []string{"all mail", "alle nachrichten", "tous les messages", "todos"}},
		{UseFlagged, []string{"starred", "markiert", "suivis", "destacados"}},
	}
}

// assignUses finds out what mailboxes are for: by attribute, then by
// well-known name. A use belongs to at most one mailbox.
func assignUses(folders []Folder) {
	taken := make(map[Use]bool)
	take := func(f *Folder, u Use) {
		if f.Use == UseNone && !taken[u] && (!f.NoSelect || u == UseInbox) {
			f.Use, taken[u] = u, true
		}
	}
	for i := range folders {
		if strings.EqualFold(folders[i].Name, "INBOX") {
			take(&folders[i], UseInbox)
		}
	}
	for i := range folders {
		for _, k := range knownUses() {
			if slices.ContainsFunc(folders[i].attrs, func(a imap.MailboxAttr) bool { return strings.EqualFold(string(a), string(k.use.attr())) }) {
				take(&folders[i], k.use)
			}
		}
	}
	for _, k := range knownUses() {
		if !taken[k.use] {
			if f := bestNamed(folders, k.names); f != nil {
				take(f, k.use)
			}
		}
	}
}

// bestNamed finds a mailbox by well-known name, at the top, below INBOX or
// below a service's own root such as "[Gmail]"; a project's "Archive" deep in
// the tree is not the account's.
func bestNamed(folders []Folder, names []string) *Folder {
	var best *Folder
	rank := len(names)
	for i := range folders {
		f := &folders[i]
		if f.Use != UseNone || f.NoSelect {
			continue
		}
		name := strings.ToLower(f.Name)
		if f.Delimiter != "" {
			for _, root := range []string{"inbox", "[gmail]", "[google mail]"} {
				name = strings.TrimPrefix(name, root+f.Delimiter)
			}
		}
		if r := slices.Index(names, name); r >= 0 && r < rank {
			best, rank = f, r
		}
	}
	return best
}
