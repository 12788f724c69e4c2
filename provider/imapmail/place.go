package imapmail

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// place is where the next page of a search goes on in one folder: below a UID,
// 0 for the top. The validity of a folder that nobody has looked into is 0.
type place struct {
	validity uint32
	below    imapx.UID
}

// folderDigest names a folder in a cursor. Two folders that share one are
// found out, and refused.
type folderDigest [4]byte

func digestOf(folder string) folderDigest {
	sum := sha256.Sum256([]byte(folder))
	return folderDigest(sum[:len(folderDigest{})])
}

// nextSearch packs the places of folders that have more, out of all that were
// searched. A folder that has none is left out; what arrives in it later
// belongs before the first page.
func nextSearch(places map[string]place, folders []string, listing string) (provider.Cursor, error) {
	if len(places) == 0 {
		return "", nil
	}
	names, packed := byDigest(folders), make(map[folderDigest]place, len(places))
	for folder, p := range places {
		d := digestOf(folder)
		if err := alike(names[d]); err != nil {
			return "", err
		}
		packed[d] = p
	}
	key := packPlaces(packed)
	if len(key) > provider.MaxCursorKey {
		return "", &provider.Error{
			Code: provider.TooLarge, Hint: "name fewer folders, or narrow the search",
			Err: errors.New("matches in " + strconv.Itoa(len(places)) + " folders are too many to page through"),
		}
	}
	return provider.Place{Listing: listing, Key: key}.Cursor()
}

// resumeSearch returns the places of a cursor by folder, nil for the first page.
func resumeSearch(after provider.Cursor, folders []string, listing string) (map[string]place, error) {
	if after == "" {
		return nil, nil
	}
	key, err := provider.Resume(after, listing, "")
	if err != nil {
		return nil, err
	}
	packed, ok := unpackPlaces(key)
	if !ok {
		return nil, invalid("cursor is garbled")
	}
	names, places := byDigest(folders), make(map[string]place, len(packed))
	for d, p := range packed {
		if err := alike(names[d]); err != nil {
			return nil, err
		}
		if len(names[d]) == 0 {
			return nil, &provider.Error{
				Code: provider.Conflict, Hint: "start again without a cursor",
				Err: errors.New("a folder of this search is gone or was renamed"),
			}
		}
		places[names[d][0]] = p
	}
	return places, nil
}

func byDigest(folders []string) map[folderDigest][]string {
	names := make(map[folderDigest][]string, len(folders))
	for _, f := range folders {
		names[digestOf(f)] = append(names[digestOf(f)], f)
	}
	return names
}

// alike refuses folders that a cursor cannot tell apart: one in a million
// searches over a hundred folders.
func alike(names []string) error {
	if len(names) < 2 {
		return nil
	}
	return &provider.Error{
		Code: provider.Conflict, Hint: "search them one by one, or rename one of the two",
		Err: errors.New("a cursor does not tell " + strconv.Quote(names[0]) + " from " + strconv.Quote(names[1])),
	}
}

// packPlaces writes places by rising UIDVALIDITY, of which it keeps the steps:
// folders made about the same time have like ones.
func packPlaces(places map[folderDigest]place) string {
	order := make([]folderDigest, 0, len(places))
	for d := range places {
		order = append(order, d)
	}
	slices.SortFunc(order, func(a, b folderDigest) int {
		return cmp.Or(cmp.Compare(places[a].validity, places[b].validity), strings.Compare(string(a[:]), string(b[:])))
	})
	var key []byte
	last := uint32(0)
	for _, d := range order {
		p := places[d]
		key = append(key, d[:]...)
		key = binary.AppendUvarint(key, uint64(p.validity-last))
		key = binary.AppendUvarint(key, uint64(p.below))
		last = p.validity
	}
	return string(key)
}

// unpackPlaces takes only what packPlaces writes.
func unpackPlaces(key string) (map[folderDigest]place, bool) {
	places := make(map[folderDigest]place)
	validity := uint64(0)
	for rest := []byte(key); len(rest) > 0; {
		var d folderDigest
		if copy(d[:], rest) < len(d) {
			return nil, false
		}
		rest = rest[len(d):]
		var numbers [2]uint64
		for i := range numbers {
			n, size := binary.Uvarint(rest)
			if size <= 0 || n > math.MaxUint32 {
				return nil, false
			}
			numbers[i], rest = n, rest[size:]
		}
		if validity += numbers[0]; validity > math.MaxUint32 || validity == 0 && numbers[1] > 0 {
			return nil, false
		}
		places[d] = place{validity: uint32(validity), below: imapx.UID(numbers[1])}
	}
	return places, len(places) > 0 && packPlaces(places) == key
}
