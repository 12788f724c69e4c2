package mailtool

import (
	"archive/zip"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/postern-mail/postern/provider"
)

// Bounds of a ZIP of all attachments.
const (
	maxBundle      = 25 << 20 // bytes that go in: what common mail systems let through as one message
	maxBundleFiles = 200      // each costs a round trip
)

// bundlePart names the ZIP of all attachments where a part's number stands otherwise.
const bundlePart = "all"

// getBundle answers with a ZIP of all attachments of a message.
func (env *Env) getBundle(ctx context.Context, id provider.MessageID, in getAttachmentIn) (*getAttachmentOut, error) {
	key := env.kept(id, bundlePart, "blob")
	if in.Format != "" {
		if out, err := env.goOn(key, in); out != nil || err != nil {
			return out, err
		}
	}
	results, err := env.Mail.ReadMessages(ctx, []provider.MessageID{id}, provider.ReadOptions{MaxText: 1})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return nil, err
	}
	parts := results[0].Message.Parts
	var said int64
	for _, p := range parts {
		said += p.Size
	}
	switch {
	case len(parts) == 0:
		return nil, refuse(NotFound, "the message has no attachments", "read_message lists what it has; raw: true gives its source")
	case len(parts) > maxBundleFiles || said > 2*maxBundle: // sizes may be those of the encoding
		return nil, tooMuch()
	}
	c := content{name: "attachments.zip", kind: "application/zip", uri: env.uri(id, bundlePart), key: key}
	c.notes = []string{strconv.Itoa(len(parts)) + " files"}
	c.write = func(ctx context.Context, w *window) error { return env.bundle(ctx, w, id, parts) }
	return env.getBytes(ctx, c, in)
}

func tooMuch() *Error {
	return refuse(TooLarge, fmt.Sprintf("the attachments are above %d MB or more than %d", maxBundle>>20, maxBundleFiles), "get them one by one, by handle")
}

// bundle writes the archive: always the same bytes, so that pieces fit together.
func (env *Env) bundle(ctx context.Context, w io.Writer, id provider.MessageID, parts []provider.Part) error {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) })
	names, left := map[string]bool{}, int64(maxBundle)
	for _, p := range parts {
		n, err := env.bundleOne(ctx, z, id, p, names, left)
		if err != nil {
			return err
		}
		left -= n
	}
	return z.Close()
}

// bundleOne adds a part of at most left bytes. Its name is no path and not taken.
func (env *Env) bundleOne(ctx context.Context, z *zip.Writer, id provider.MessageID, p provider.Part, names map[string]bool, left int64) (int64, error) {
	_, body, err := env.Mail.OpenPart(ctx, id, p.ID)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	kind := typeOfFile(p.Type, nil)
	if said := strings.ToLower(p.Type); isImage(said) {
		kind = said // for the ending of its name
	}
	// No time and no mode: the same bytes whenever it is made.
	file := &zip.FileHeader{Name: unlike(fileName(p.Name, kind), names), Method: zip.Deflate}
	if isPacked(kind) {
		file.Method = zip.Store
	}
	to, err := z.CreateHeader(file)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(to, io.LimitReader(body, left+1))
	if err == nil && n > left {
		err = tooMuch()
	}
	return n, err
}

// isPacked reports whether files of this type shrink no more.
func isPacked(kind string) bool {
	main, sub, _ := strings.Cut(kind, "/")
	return isImage(kind) || main == "video" || main == "audio" || strings.Contains(sub, "zip") || strings.HasPrefix(sub, "vnd.openxmlformats")
}

// unlike puts a number to a name that is taken, also on systems that do not tell
// capitals or the ways to write an accent apart.
func unlike(name string, taken map[string]bool) string {
	fold := func(s string) string { return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s))) }
	base, ending := splitName(name)
	for n := 2; taken[fold(name)]; n++ {
		name = base + " (" + strconv.Itoa(n) + ")" + ending
	}
	taken[fold(name)] = true
	return name
}
