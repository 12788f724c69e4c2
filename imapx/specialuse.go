package imapx

import (
	"context"
	"errors"
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
	// view says that the mailbox shows what others hold. Whoever takes a user's
	// own "Todos" for one hides mail, so the name counts below a service's root only.
	view bool
}

func knownUses() []knownUse {
	return []knownUse{
		{use: UseSent, names: []string{"sent", "sent items", "sent mail", "sent messages", "gesendet", "gesendete elemente", "gesendete objekte",
			"gesendete nachrichten", "envoyés", "messages envoyés", "éléments envoyés", "enviados", "elementos enviados", "mensajes enviados",
			"itens enviados", "posta inviata", "inviata", "verzonden", "verzonden items", "skickat", "skickade objekt", "sendt", "sendte elementer",
			"wysłane", "elementy wysłane", "отправленные", "已发送", "送信済み"}},
		{use: UseDrafts, names: []string{"drafts", "draft", "entwürfe", "entwurf", "brouillons", "borradores", "rascunhos", "bozze", "concepten", "utkast",
			"kladder", "wersje robocze", "szkice", "черновики", "草稿", "下書き"}},
		{use: UseTrash, names: []string{"trash", "deleted items", "deleted messages", "bin", "papierkorb", "gelöschte elemente", "gelöschte objekte", "corbeille",
			"éléments supprimés", "papelera", "elementos eliminados", "lixeira", "itens excluídos", "cestino", "prullenbak", "verwijderde items",
			"papperskorg", "papirkurv", "slettede elementer", "kosz", "elementy usunięte", "корзина", "удаленные", "已删除", "ゴミ箱"}},
		{use: UseJunk, names: []string{"junk", "spam", "junk e-mail", "junk email", "junk mail", "bulk mail", "spamverdacht", "unerwünscht", "indésirables",
			"courrier indésirable", "correo no deseado", "lixo eletrônico", "posta indesiderata", "ongewenste e-mail", "skräppost", "uønsket e-post",
			"wiadomości-śmieci", "нежелательная почта", "спам", "垃圾邮件", "迷惑メール"}},
		{use: UseArchive, names: []string{"archive", "archives", "archiv", "archivo", "arquivo", "archivio", "archief", "arkiv", "archiwum", "архив", "归档", "アーカイブ"}},
		{use: UseAll, names: []string{"all mail", "alle nachrichten", "tous les messages", "todos"}, view: true},
		{use: UseFlagged, names: []string{"starred", "markiert", "suivis", "destacados"}, view: true},
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
			if f := bestNamed(folders, k); f != nil {
				take(f, k.use)
			}
		}
	}
}

// bestNamed finds a mailbox by well-known name, at the top, below INBOX or
// below a service's own root such as "[Gmail]"; a project's "Archive" deep in
// the tree is not the account's.
func bestNamed(folders []Folder, known knownUse) *Folder {
	var best *Folder
	rank := len(known.names)
	for i := range folders {
		f := &folders[i]
		if f.Use != UseNone || f.NoSelect {
			continue
		}
		name, below := strings.ToLower(f.Name), false
		if f.Delimiter != "" {
			name = strings.TrimPrefix(name, "inbox"+f.Delimiter)
			for _, root := range []string{"[gmail]", "[google mail]"} {
				if rest, ok := strings.CutPrefix(name, root+f.Delimiter); ok {
					name, below = rest, true
				}
			}
		}
		if known.view && !below {
			continue
		}
		if r := slices.Index(known.names, name); r >= 0 && r < rank {
			best, rank = f, r
		}
	}
	return best
}

// CreateUse makes the mailbox for a use where the account has none, and
// subscribes to it. It returns the name, also of one that was there.
func (c *Conn) CreateUse(ctx context.Context, use Use) (string, error) {
	leaf := ""
	switch use {
	case UseSent, UseTrash, UseDrafts, UseArchive, UseJunk:
		leaf = string(use) // what most mail programs call it, and look for
	default:
		return "", invalid("CREATE", "no mailbox is made for "+quote(string(use)))
	}
	personal, err := c.Personal(ctx)
	if err != nil {
		return "", err
	}
	name := personal.Name(leaf)
	err = c.createFor(ctx, name, use)
	if below, ok := personal.below(); ok && KindOf(err) == Refused && c.lost == nil {
		if again := below.Name(leaf); c.createFor(ctx, again, use) == nil {
			name, err = again, nil
		}
	}
	if err != nil {
		return "", err
	}
	// Whoever shows subscribed mailboxes only is to see it; it is there without.
	_, err = c.own(ctx, changes, ownCommand{op: "SUBSCRIBE", args: "SUBSCRIBE " + quoted(encodeName(name))}, func(response) error { return nil })
	if c.lost != nil || isContext(err) {
		return name, err
	}
	return name, nil
}

// createFor makes a mailbox for a use, without saying for which where the
// server refuses that (RFC 6154 section 5). One that is there will do.
func (c *Conn) createFor(ctx context.Context, name string, use Use) error {
	err := c.Create(ctx, name, use)
	var e *Error
	if errors.As(err, &e) && (e.Code == "USEATTR" || e.Kind == Protocol) && c.caps.Has("CREATE-SPECIAL-USE") && c.lost == nil {
		err = c.Create(ctx, name, UseNone)
	}
	if KindOf(err) == Exists {
		return nil
	}
	return err
}
