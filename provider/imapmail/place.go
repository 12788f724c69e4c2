package imapmail

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// place is where the next page of a search goes on in one folder: below a UID,
// 0 for the top.
type place struct {
	validity uint32
	below    imapx.UID
}

// nextSearch packs the places of folders that have more. A folder that has
// none is left out; what arrives in it later belongs before the first page.
func nextSearch(places map[string]place, listing string) (provider.Cursor, error) {
	if len(places) == 0 {
		return "", nil
	}
	items := make([]string, 0, len(places))
	for hash, p := range places {
		items = append(items, localID(hash, p.validity, p.below))
	}
	slices.Sort(items)
	key := strings.Join(items, " ")
	if len(key) > provider.MaxCursorKey {
		return "", &provider.Error{
			Code: provider.TooLarge, Hint: "name fewer folders, or narrow the search",
			Err: errors.New("matches in " + strconv.Itoa(len(places)) + " folders are too many to page through"),
		}
	}
	return provider.Place{Listing: listing, Key: key}.Cursor()
}

// resumeSearch returns nil for the first page.
func resumeSearch(after provider.Cursor, listing string) (map[string]place, error) {
	if after == "" {
		return nil, nil
	}
	key, err := provider.Resume(after, listing, "")
	if err != nil {
		return nil, err
	}
	places := make(map[string]place)
	for _, item := range strings.Fields(key) {
		f := strings.Split(item, ".")
		if len(f) != 3 {
			return nil, invalid("cursor is garbled")
		}
		validity, err1 := strconv.ParseUint(f[1], 36, 32)
		below, err2 := strconv.ParseUint(f[2], 36, 32)
		if err1 != nil || err2 != nil {
			return nil, invalid("cursor is garbled")
		}
		places[f[0]] = place{validity: uint32(validity), below: imapx.UID(below)}
	}
	return places, nil
}
