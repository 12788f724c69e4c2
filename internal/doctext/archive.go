package doctext

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/internal/mailmime"
)

const (
	// maxDirectory bounds the directory of an archive in bytes, and so the memory for its entries: about 40,000, where
	// an Office document has some hundred.
	maxDirectory = 2 << 20
	// freeRatio is what an entry may unpack to before its ratio counts: a small file of one repeated byte is harmless.
	freeRatio = 1 << 20
	// maxPacked is where a packed input buffer may be ahead of what was unpacked from it.
	maxPacked = 4 << 10
)

// archive is a ZIP file. Entries are found by name in a map and by nothing else.
type archive struct {
	d      *document
	files  []*zip.File
	byName map[string]*zip.File
	inf    io.ReadCloser // reused from entry to entry
}

// bounded lets the directory be read as far as its bound.
type bounded struct {
	r    io.ReaderAt
	left int64 // negative: no bound any more
}

var errDirectory = errors.New("too many entries")

func (b *bounded) ReadAt(p []byte, off int64) (int, error) {
	if b.left >= 0 {
		if b.left -= int64(len(p)); b.left < 0 {
			b.left = 0
			return 0, errDirectory
		}
	}
	return b.r.ReadAt(p, off)
}

func (d *document) openArchive(in *input) (*archive, error) {
	data, size, err := in.hold()
	if err != nil {
		return nil, err
	}
	dir := &bounded{r: data, left: maxDirectory}
	zr, err := zip.NewReader(dir, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, err
	}
	dir.left = -1
	a := &archive{d: d, files: zr.File, byName: make(map[string]*zip.File, min(len(zr.File), 1000))}
	for _, f := range zr.File {
		key := partName(f.Name)
		if _, twice := a.byName[key]; twice {
			d.note("entries with the same name: only the first is read")
			continue
		}
		a.byName[key] = f
	}
	return a, nil
}

// partName makes names comparable (ISO/IEC 29500-2 section 6.3.5: equal without regard to case).
func partName(s string) string {
	return strings.ToLower(strings.TrimLeft(strings.ReplaceAll(s, `\`, "/"), "/"))
}

func (a *archive) has(name string) bool { return a.byName[partName(name)] != nil }

// errAbsent says that an archive has no such entry.
var errAbsent = errors.New("no such entry")

// open unpacks an entry. One entry is read at a time.
func (a *archive) open(name string) (io.Reader, error) {
	f := a.byName[partName(name)]
	switch {
	case f == nil:
		return nil, errAbsent
	case f.Flags&1 != 0:
		return nil, &Error{Kind: a.d.kind, Reason: Encrypted}
	}
	raw, err := f.OpenRaw()
	if err != nil {
		return nil, err
	}
	p := &part{meter: a.d.meter, packed: counted{r: raw}}
	switch f.Method {
	case zip.Store:
		p.r = &p.packed
	case zip.Deflate:
		if a.inf == nil {
			a.inf = flate.NewReader(&p.packed)
		} else if err := a.inf.(flate.Resetter).Reset(&p.packed, nil); err != nil {
			return nil, err
		}
		p.r = a.inf
	default:
		return nil, zip.ErrAlgorithm
	}
	return p, nil
}

type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// part is an entry while it is unpacked, within the bounds of the document.
type part struct {
	meter  *meter
	packed counted
	r      io.Reader
	n      int64
}

func (p *part) Read(b []byte) (int, error) {
	m := p.meter
	if err := m.stopped(); err != nil {
		return 0, err
	}
	switch {
	case m.inflated >= m.lim.Inflated:
		m.why = "it unpacks to more than " + size(m.lim.Inflated)
		return 0, errBound
	case p.n > freeRatio && p.n > (p.packed.n+maxPacked)*int64(m.lim.Ratio):
		m.why = "it unpacks to more than " + strconv.Itoa(m.lim.Ratio) + " times its size"
		return 0, errBound
	}
	if room := m.lim.Inflated - m.inflated; int64(len(b)) > room {
		b = b[:room]
	}
	n, err := p.r.Read(b)
	p.n += int64(n)
	m.inflated += int64(n)
	return n, err
}

// xml opens an entry that holds XML, in UTF-8 or, as the standard allows, UTF-16.
func (a *archive) xml(name string) (*scanner, error) {
	r, err := a.open(name)
	if err != nil {
		return nil, err
	}
	br := bufio.NewReaderSize(r, 512)
	head, _ := br.Peek(3) // an error comes again with the first read
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return newScanner(mailmime.DecodeBody(br, "", "utf-16le")), nil
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return newScanner(mailmime.DecodeBody(br, "", "utf-16be")), nil
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = br.Discard(3) // it was just seen there
	}
	return newScanner(br), nil
}

// walk calls start for every element of an entry, which may read on from the scanner, and end and text likewise; each
// may be nil. A part that ends too early, or is missing, is no error: what was read counts, and the document
// says so.
func (a *archive) walk(name string, on handler) error {
	s, err := a.xml(name)
	for err == nil {
		if err = a.d.meter.step(); err != nil {
			break
		}
		var t token
		if t, err = s.next(); err != nil {
			break
		}
		switch {
		case t == tokStart && on.start != nil:
			err = on.start(s)
		case t == tokEnd && on.end != nil:
			err = on.end(s)
		case t == tokText && on.text != nil:
			err = on.text(s)
		}
	}
	return a.tolerate(err)
}

type handler struct{ start, end, text func(*scanner) error }

// errEnough ends the reading of one part, of which no more is wanted.
var errEnough = errors.New("enough of this part")

// tolerate sorts errors: bounds, time, the reader's own and locked parts end the document, others only the part.
func (a *archive) tolerate(err error) error {
	var own *Error
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, errAbsent), errors.Is(err, errEnough):
		return nil
	case errors.Is(err, errFull), errors.Is(err, errBound), errors.As(err, &own), a.d.meter.stopped() != nil:
		return err
	}
	a.d.meter.truncated = true
	a.d.note("damaged: read as far as possible")
	return nil
}

// relation is an entry of a .rels part (ISO/IEC 29500-2 section 6.5).
type relation struct {
	kind     string // the last word of its type, which is the same in Transitional and Strict
	target   string
	external bool
}

// maxRelations is beyond any document, links and pictures apart, which are not kept.
const maxRelations = 5000

// relations gives what a part refers to, by id. The empty name means the whole package.
func (a *archive) relations(name string) (map[string]relation, error) {
	dir, base := path.Split(name)
	list := make(map[string]relation)
	err := a.walk(dir+"_rels/"+base+".rels", handler{start: func(s *scanner) error {
		if string(s.name) != "Relationship" || len(list) >= maxRelations {
			return nil
		}
		kind := s.attr("Type")
		kind = kind[strings.LastIndexByte(kind, '/')+1:]
		if kind == "hyperlink" || kind == "image" {
			return nil
		}
		r := relation{kind: kind, target: s.attr("Target"), external: s.is("TargetMode", "External")}
		if !r.external {
			if !strings.HasPrefix(r.target, "/") {
				r.target = path.Join("/", dir, r.target)
			}
			r.target = strings.TrimPrefix(path.Clean(r.target), "/")
		}
		list[s.attr("Id")] = r
		return nil
	}})
	return list, err
}

// readArchive reads an Office document by what is in it, whatever it was called, and lists any other archive.
func (d *document) readArchive(in *input) error {
	a, err := d.openArchive(in)
	if err != nil {
		if errors.Is(err, errDirectory) {
			d.meter.truncated = true
			d.note("more than 40,000 entries, none read")
			return nil
		}
		return err
	}
	if d.kind == kindZip {
		return a.list()
	}
	if a.has("content.xml") && !a.has("[Content_Types].xml") {
		return a.readOpenDocument()
	}
	main, err := a.main()
	if err != nil {
		return err
	}
	root := ""
	if err := a.walk(main, handler{start: func(s *scanner) error {
		root = string(s.name)
		return errEnough
	}}); err != nil {
		return err
	}
	switch root {
	case "document":
		return a.readDocx(main)
	case "workbook":
		return a.readXlsx(main)
	case "presentation":
		return a.readPptx(main)
	}
	if strings.HasSuffix(main, ".bin") {
		return &Error{Kind: d.kind, Reason: OldBinary}
	}
	d.note("no Office document: its entries are listed")
	return a.list()
}

// main finds the part that the document is.
func (a *archive) main() (string, error) {
	rels, err := a.relations("")
	if err != nil {
		return "", err
	}
	for _, id := range slices.Sorted(maps.Keys(rels)) {
		if r := rels[id]; r.kind == "officeDocument" && !r.external && a.has(r.target) {
			return r.target, nil
		}
	}
	for _, name := range []string{"word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"} {
		if a.has(name) {
			return name, nil
		}
	}
	return "", nil
}

// list names the entries of an archive. Sizes are what the archive says.
func (a *archive) list() error {
	for i, f := range a.files {
		if i == maxListed {
			a.d.meter.truncated = true
			a.d.count(len(a.files)-i, "more entry", "more entries", "")
			return nil
		}
		locked := ""
		if f.Flags&1 != 0 {
			locked = ", encrypted"
		}
		line := fmt.Sprintf("%s (%d bytes%s)", a.d.clean(f.Name), f.UncompressedSize64, locked)
		if strings.HasSuffix(f.Name, "/") {
			line = a.d.clean(f.Name)
		}
		if err := a.d.out.line(line); err != nil {
			return err
		}
	}
	return nil
}

// sortedOnce puts names in order, each once.
func sortedOnce(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
