package providertest

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/provider"
)

func folderChecks() []check {
	list, edit := provider.Caps(provider.CapFolders), provider.Caps(provider.CapFolders, provider.CapFolderEdit)
	return []check{
		{"folder/list", list, checkFolderList},
		{"folder/counts", list, checkFolderCounts},
		{"folder/empty", list | provider.Caps(provider.CapRead), checkEmptyFolder},
		{"folder/missing", provider.Caps(provider.CapRead), checkMissingFolder},
		{"folder/create", edit, checkCreateFolder},
		{"folder/rename", edit, checkRenameFolder},
		{"folder/delete", edit, checkDeleteFolder},
	}
}

func checkFolderList(tr *trial) {
	all := tr.folders()
	if len(all) == 0 || all[0].Role != provider.RoleInbox {
		tr.fatalf("the inbox is not first: %+v", all)
	}
	seenID, seenPath, seenRole := map[provider.FolderID]bool{}, map[string]bool{}, map[provider.Role]bool{}
	var paths []string
	for _, f := range all {
		if f.ID == "" || f.Path == "" || seenID[f.ID] || seenPath[f.Path] {
			tr.errorf("a folder without an id or path, or a second one with the same: %+v", f)
		}
		if f.Role != provider.RoleNone && (seenRole[f.Role] || !slices.Contains(provider.Roles(), f.Role)) {
			tr.errorf("role %q is unknown or given twice", f.Role)
		}
		seenID[f.ID], seenPath[f.Path], seenRole[f.Role] = true, true, true
		paths = append(paths, f.Path)
	}
	folded := func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }
	if rest := paths[1:]; !slices.IsSorted(rest) && !slices.IsSortedFunc(rest, folded) {
		tr.errorf("not sorted by path: %q", rest)
	}
}

func checkFolderCounts(tr *trial) {
	in := tr.inbox()
	for _, l := range numbered(3) {
		tr.deliver(in, l)
	}
	tr.wantCounts(tr.inbox(), 3, 3)
	if tr.caps.Has(provider.Caps(provider.CapRead, provider.CapModify)) {
		id := tr.list(in)[0].ID
		tr.must("set seen", outcome(tr.acct.SetFlags(tr.ctx(), []provider.MessageID{id}, provider.FlagChange{Add: provider.Seen})))
		tr.wantCounts(tr.inbox(), 3, 2)
	}
}

// wantCounts accepts a negative count: the backend says that it does not know.
func (tr *trial) wantCounts(f provider.Folder, total, unread int) {
	if f.Total >= 0 && f.Total != total || f.Unread >= 0 && f.Unread != unread {
		tr.errorf("%s has %d messages, %d unread; want %d and %d", f.Path, f.Total, f.Unread, total, unread)
	}
}

func checkEmptyFolder(tr *trial) {
	page, err := tr.acct.ListMessages(tr.ctx(), provider.ListOptions{Folder: tr.inbox().ID}, provider.PageRequest{})
	tr.must("list an empty folder", err)
	if len(page.Items) != 0 || page.Next != "" || page.Total != 0 {
		tr.errorf("an empty folder gives %d items, total %d, next %q", len(page.Items), page.Total, page.Next)
	}
	tr.wantCounts(tr.inbox(), 0, 0)
}

func checkMissingFolder(tr *trial) {
	_, err := tr.acct.ListMessages(tr.ctx(), provider.ListOptions{Folder: "No Such Folder"}, provider.PageRequest{})
	tr.want("list a folder that does not exist", err, provider.NotFound)
	if tr.caps.Can(provider.CapSearch) {
		_, err = tr.acct.Search(tr.ctx(), provider.Query{In: []provider.FolderID{"No Such Folder"}}, provider.PageRequest{})
		tr.want("search a folder that does not exist", err, provider.NotFound)
	}
	if tr.caps.Can(provider.CapFolderEdit) {
		_, err = tr.acct.RenameFolder(tr.ctx(), "No Such Folder", "Other")
		tr.want("rename a folder that does not exist", err, provider.NotFound)
		err = tr.acct.DeleteFolder(tr.ctx(), "No Such Folder", true)
		tr.want("delete a folder that does not exist", err, provider.NotFound)
	}
}

// awkward are names that need care on some wire: UTF-7 of RFC 3501 section
// 5.1.3, quoting, wildcards of LIST.
func awkward() []string {
	return []string{"Gr\u00f6\u00dfe & Co", "\u65e5\u672c\u8a9e", `back\slash "quoted"`, "100% *", "~home", "trailing &-"}
}

func checkCreateFolder(tr *trial) {
	for _, name := range awkward() {
		made, err := tr.acct.CreateFolder(tr.ctx(), name)
		if err != nil {
			tr.errorf("create %q: %v", name, err)
			continue
		}
		found, ok := tr.find(func(f provider.Folder) bool { return f.ID == made.ID })
		if !ok || found.Path != name || made.Path != name {
			tr.errorf("created %q, answered %+v, listed %+v", name, made, found)
		}
		if tr.caps.Can(provider.CapRead) {
			id := tr.deliver(made, letter{id: "in@test.invalid", subject: "inside"})
			if got := tr.list(made); len(got) != 1 || got[0].ID != id || got[0].Folder != made.ID {
				tr.errorf("folder %q: delivered %s, listed %+v", name, id, got)
			}
		}
	}
	_, err := tr.acct.CreateFolder(tr.ctx(), awkward()[0])
	tr.want("create a folder that exists", err, provider.Conflict)
	_, err = tr.acct.CreateFolder(tr.ctx(), "a\r\nb")
	tr.want("create a folder with control characters", err, provider.Invalid)
}

func checkRenameFolder(tr *trial) {
	from := tr.second()
	child := tr.child(from, "Below")
	if tr.caps.Can(provider.CapRead) {
		tr.deliver(from, letter{id: "one@test.invalid", subject: "one"})
	}
	to, err := tr.acct.RenameFolder(tr.ctx(), from.ID, "Moved \u00fcber")
	tr.must("rename", err)
	if to.Path != "Moved \u00fcber" {
		tr.errorf("renamed to %q", to.Path)
	}
	if _, ok := tr.find(func(f provider.Folder) bool { return f.Path == from.Path }); ok {
		tr.errorf("the old name %q is still there", from.Path)
	}
	if child != "" {
		want := to.Path + strings.TrimPrefix(child, from.Path)
		if _, ok := tr.find(func(f provider.Folder) bool { return f.Path == want }); !ok {
			tr.errorf("the folder below did not move to %q: %+v", want, tr.folders())
		}
	}
	if tr.caps.Can(provider.CapRead) {
		if got := headerIDs(tr.list(to)); !slices.Equal(got, []string{"one@test.invalid"}) {
			tr.errorf("after renaming the folder holds %q", got)
		}
	}
	other, err := tr.acct.CreateFolder(tr.ctx(), "Taken")
	tr.must("create", err)
	_, err = tr.acct.RenameFolder(tr.ctx(), to.ID, other.Path)
	tr.want("rename onto a folder that exists", err, provider.Conflict)
}

// child makes a folder below f where there is a hierarchy, and returns its path.
func (tr *trial) child(f provider.Folder, name string) string {
	if f.Delimiter == "" {
		return ""
	}
	below, err := tr.acct.CreateFolder(tr.ctx(), f.Path+f.Delimiter+name)
	tr.must("create a folder below another", err)
	return below.Path
}

func checkDeleteFolder(tr *trial) {
	f := tr.second()
	gone := func() bool {
		_, ok := tr.find(func(g provider.Folder) bool { return g.Path == f.Path && !g.NoSelect })
		return !ok
	}
	tr.must("delete an empty folder", tr.acct.DeleteFolder(tr.ctx(), f.ID, false))
	if !gone() {
		tr.errorf("an empty folder is still there after deleting it")
	}
	f = tr.second()
	child := tr.child(f, "Below")
	if child != "" {
		tr.want("delete a folder with folders below", tr.acct.DeleteFolder(tr.ctx(), f.ID, true), provider.Conflict)
		if gone() {
			tr.errorf("refused to delete, and deleted")
		}
		below, _ := tr.find(func(g provider.Folder) bool { return g.Path == child })
		tr.must("delete the folder below", tr.acct.DeleteFolder(tr.ctx(), below.ID, false))
	}
	tr.deliver(f, letter{id: "full@test.invalid", subject: "full"})
	if err := tr.acct.DeleteFolder(tr.ctx(), f.ID, false); err == nil || gone() {
		tr.errorf("a folder with a message was deleted as if it were empty: %v", err)
	}
	tr.must("delete a folder and its messages", tr.acct.DeleteFolder(tr.ctx(), f.ID, true))
	if !gone() {
		tr.errorf("a folder with a message is still there after deleting both")
	}
}
