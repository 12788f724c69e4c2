package imapmail

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

const someSearch = "search\x00work\x00{}"

func keyed(t testing.TB, key string) provider.Cursor {
	t.Helper()
	c, err := provider.Place{Listing: someSearch, Key: key}.Cursor()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func manyFolders(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("Folder ", i)
	}
	return names
}

func TestPlaces(t *testing.T) {
	worst := func(n int) map[string]place { // every number as long as it can be, far apart
		places := make(map[string]place)
		for _, f := range manyFolders(n) {
			places[f] = place{validity: 1<<28 + rand.Uint32N(math.MaxUint32-1<<28), below: math.MaxUint32}
		}
		return places
	}
	for _, tt := range []struct {
		name   string
		places map[string]place
		most   int // bytes of the key
	}{
		{"one", map[string]place{"Folder 0": {validity: 1_700_000_000, below: 4711}}, 11},
		{"one of the largest", map[string]place{"Folder 0": {validity: math.MaxUint32, below: math.MaxUint32}}, 14},
		{"from the top", map[string]place{"Folder 0": {validity: 7}}, 6},
		{"of one age", map[string]place{"Folder 0": {7, 1}, "Folder 1": {7, 2}, "Folder 2": {7, 3}}, 18},
		{"200, the worst there are", worst(200), provider.MaxCursorKey},
		{"nobody has looked yet", map[string]place{"Folder 0": {}, "Folder 1": {}, "Folder 2": {7, 3}}, 18},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := nextSearch(tt.places, manyFolders(200), someSearch)
			if err != nil {
				t.Fatal(err)
			}
			got, err := resumeSearch(c, manyFolders(200), someSearch)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(tt.places) {
				t.Fatalf("%d places became %d", len(tt.places), len(got))
			}
			for f, p := range tt.places {
				if got[f] != p {
					t.Errorf("%s: %v became %v", f, p, got[f])
				}
			}
			key, err := provider.Resume(c, someSearch, "")
			if err != nil || len(key) > tt.most {
				t.Errorf("a key of %d bytes, %v, want %d", len(key), err, tt.most)
			}
		})
	}
	_, err := nextSearch(worst(400), manyFolders(400), someSearch)
	wantCode(t, err, provider.TooLarge)
	if c, err := nextSearch(nil, manyFolders(2), someSearch); c != "" || err != nil {
		t.Errorf("no places: %q, %v", c, err)
	}
}

func TestPlacesRefused(t *testing.T) {
	d := digestOf("INBOX")
	inbox, other := string(d[:]), func() string { d := digestOf("Sent"); return string(d[:]) }()
	for _, tt := range []struct {
		name, key string
		want      provider.Code
	}{
		{"empty", "", provider.Invalid},
		{"half a digest", inbox[:3], provider.Invalid},
		{"no numbers", inbox, provider.Invalid},
		{"no uid", inbox + "\x07", provider.Invalid},
		{"no uidvalidity", inbox + "\x00\x05", provider.Invalid},
		{"a number without end", inbox + "\x07\xff\xff", provider.Invalid},
		{"a number over 32 bits", inbox + "\x07\x80\x80\x80\x80\x10", provider.Invalid},
		{"a number over 64 bits", inbox + "\x07\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", provider.Invalid},
		{"steps over 32 bits", inbox + "\xff\xff\xff\xff\x0f\x05" + other + "\x01\x05", provider.Invalid},
		{"a longer form", inbox + "\x87\x00\x05", provider.Invalid},
		{"more behind it", inbox + "\x07\x05x", provider.Invalid},
		{"twice", inbox + "\x07\x05" + inbox + "\x00\x05", provider.Invalid},
		{"out of order", max(inbox, other) + "\x07\x05" + min(inbox, other) + "\x00\x05", provider.Invalid},
		{"the form of text", "abcdefg.7.5", provider.Invalid},
		{"a folder that is gone", "gone\x07\x05", provider.Conflict},
		{"one that is there and one that is not", min(inbox, "gone") + "\x07\x05" + max(inbox, "gone") + "\x00\x05", provider.Conflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := resumeSearch(keyed(t, tt.key), []string{"INBOX", "Sent"}, someSearch)
			if got != nil {
				t.Errorf("places %v", got)
			}
			wantCode(t, err, tt.want)
		})
	}
}

// TestFoldersAlike: two folders that share a digest are never taken for each other.
func TestFoldersAlike(t *testing.T) {
	seen := make(map[folderDigest]string)
	var twins []string
	for i := 0; twins == nil; i++ {
		name := fmt.Sprint("Folder ", i)
		if other, ok := seen[digestOf(name)]; ok {
			twins = []string{other, name}
		}
		seen[digestOf(name)] = name
	}
	all := append([]string{"INBOX"}, twins...)
	at := place{validity: 7, below: 5}
	if c, err := nextSearch(map[string]place{"INBOX": at}, all, someSearch); err != nil || c == "" {
		t.Errorf("a place in another folder: %v", err)
	}
	_, err := nextSearch(map[string]place{twins[0]: at}, all, someSearch)
	wantCode(t, err, provider.Conflict)
	before, err := nextSearch(map[string]place{twins[0]: at}, all[:2], someSearch) // the other is made between two pages
	if err != nil {
		t.Fatal(err)
	}
	_, err = resumeSearch(before, all, someSearch)
	wantCode(t, err, provider.Conflict)
}

func FuzzUnpackPlaces(f *testing.F) {
	f.Add("")
	f.Add("abcd\x07\x05")
	f.Add("abcd\x80\xe2\xcf\xaa\x06\xe7$efgh\x01\x00")
	f.Fuzz(func(t *testing.T, key string) {
		places, ok := unpackPlaces(key)
		if ok && packPlaces(places) != key {
			t.Errorf("%q is read, and written as %q", key, packPlaces(places))
		}
	})
}

// TestSearch200Folders walks a mailbox with matches in 200 folders to its end.
func TestSearch200Folders(t *testing.T) {
	srv := imapxtest.Memory(t)
	var want []string
	for i := range 200 {
		folder := fmt.Sprintf("Projects %03d", i)
		srv.CreateFolder(t, folder)
		srv.AppendAll(t, folder, [][]byte{letter(2 * i), letter(2*i + 1)})
		want = append(want, fmt.Sprint("letter ", 2*i), fmt.Sprint("letter ", 2*i+1))
	}
	for i := range 100 { // more than a page: each folder goes on from a place of its own
		srv.Append(t, "Projects 100", letter(1000+i))
		want = append(want, fmt.Sprint("letter ", 1000+i))
	}
	slices.Sort(want)
	acct, _, _ := account(t, srv, nil)
	var got []string
	for s, err := range provider.All(t.Context(), provider.PageRequest{Limit: 90}, func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
		p, err := acct.Search(ctx, provider.Query{Subject: []string{"letter"}}, page)
		if page.After == "" && err == nil {
			srv.Append(t, "Projects 000", letter(9999)) // belongs before the first page, or nowhere
		}
		return p, err
	}) {
		if err != nil {
			t.Fatal(err)
		}
		if s.Subject != "letter 9999" {
			got = append(got, s.Subject)
		}
	}
	slices.Sort(got)
	diff(t, "found", want, got)
}

// TestSearchMissesAFolder: the rest of a folder that was renamed between two
// pages is not passed over in silence.
func TestSearchMissesAFolder(t *testing.T) {
	srv := imapxtest.Memory(t)
	srv.CreateFolder(t, "Here")
	fill(t, srv, "Here", 3)
	acct, _, _ := account(t, srv, nil)
	q := provider.Query{Subject: []string{"letter"}}
	page, err := acct.Search(t.Context(), q, provider.PageRequest{Limit: 1})
	if err != nil || page.Next == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	srv.Do(t, `RENAME "Here" "There"`)
	_, err = acct.Search(t.Context(), q, provider.PageRequest{Limit: 1, After: page.Next})
	wantCode(t, err, provider.Conflict)
	var e *provider.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "start again") {
		t.Errorf("%v does not say to start again", err)
	}
}
