package provider

import (
	"sort"
	"strconv"
	"strings"
	"sync"
)

const (
	nearestShown    = 3
	nearestCompared = 60 // runes: enough to tell names apart, little to compute
)

// nearestHint names the folders most like name.
func nearestHint(folders []Folder, name string) string {
	type scored struct {
		path  string
		score int
	}
	var all []scored
	for _, f := range folders {
		if !f.NoSelect {
			all = append(all, scored{f.Path, likeness(f, name)})
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

// likeness is small for names that a reader would take for each other.
func likeness(f Folder, name string) int {
	path, want := strings.ToLower(f.Path), strings.ToLower(name)
	last := path
	if f.Delimiter != "" {
		last = path[strings.LastIndex(path, f.Delimiter)+1:]
	}
	d := min(distance(path, want), distance(last, want))
	if strings.Contains(path, want) || strings.Contains(want, last) {
		d = min(d, 1)
	}
	return d
}

// distance is the edit distance of Levenshtein over the first runes.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	s, t = s[:min(len(s), nearestCompared)], t[:min(len(t), nearestCompared)]
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

// folderNames remembers the folders seen last, so that a name is resolved
// without a round trip. It only ever saves a look-up: a stale entry ends in
// the backend's NotFound.
type folderNames struct {
	mu   sync.Mutex
	seen []Folder
}

func (n *folderNames) store(folders []Folder) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen = append([]Folder(nil), folders...)
}

func (n *folderNames) load() []Folder {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.seen
}

func (n *folderNames) forget() { n.store(nil) }
