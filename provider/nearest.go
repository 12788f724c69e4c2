package provider

import (
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	nearestShown    = 3
	nearestCompared = 60   // runes: enough to tell names apart, little to compute
	nearestPart     = 3    // bytes of a name that says something when another holds it
	nearestFolders  = 2000 // compared letter by letter; of more, only whether one name holds the other
)

// nearestHint names the folders most like name.
func nearestHint(folders []Folder, name string) string {
	type scored struct {
		path  string
		score int
	}
	var all []scored
	for _, f := range folders {
		if !f.NoSelect && len(f.Path) <= maxFolderName {
			all = append(all, scored{f.Path, likeness(f, name, len(all) < nearestFolders)})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].score < all[j].score })
	var names []string
	for _, s := range all[:min(nearestShown, len(all))] {
		names = append(names, strconv.Quote(s.path))
	}
	if len(names) == 0 {
		return "list_folders shows the folders there are"
	}
	return "nearest names: " + strings.Join(names, ", ") + "; list_folders shows all"
}

// likeness is small for names that a reader would take for each other. Unless
// closely, only for those of which one holds the other.
func likeness(f Folder, name string, closely bool) int {
	last := f.Path
	if i := strings.LastIndex(f.Path, f.Delimiter); f.Delimiter != "" && i >= 0 {
		last = f.Path[i+len(f.Delimiter):]
	}
	path, last, want := strings.ToLower(f.Path), strings.ToLower(last), strings.ToLower(name)
	d := nearestCompared
	if closely {
		d = min(EditDistance(path, want), EditDistance(last, want))
	}
	if strings.Contains(path, want) || len(last) >= nearestPart && strings.Contains(want, last) {
		d = min(d, 1)
	}
	return d
}

// EditDistance is Levenshtein's, over the first 60 runes of each: enough to
// suggest the name that was meant, and cheap whatever a caller sends.
func EditDistance(a, b string) int {
	s, t := firstRunes(a), firstRunes(b)
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range s {
		diagonal := row[0]
		row[0] = i + 1
		for j, c := range t {
			cost := diagonal
			if r != c {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(t)]
}

func firstRunes(s string) []rune {
	out := make([]rune, 0, min(len(s), nearestCompared))
	for _, r := range s {
		if len(out) == nearestCompared {
			break
		}
		out = append(out, r)
	}
	return out
}

// folderMemory is how long a listing is believed. A folder renamed elsewhere
// ends in the backend's NotFound before that where ids are paths; where they
// are not, its old name would mean it for this long.
const folderMemory = 5 * time.Minute

// folderNames remembers the folders seen last, so that a name is resolved
// without a round trip.
type folderNames struct {
	mu   sync.Mutex
	seen []Folder
	at   time.Time
}

func (n *folderNames) store(folders []Folder) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen, n.at = append([]Folder(nil), folders...), time.Now()
}

func (n *folderNames) load() []Folder {
	n.mu.Lock()
	defer n.mu.Unlock()
	if time.Since(n.at) > folderMemory {
		return nil
	}
	return n.seen
}

func (n *folderNames) forget() { n.store(nil) }
