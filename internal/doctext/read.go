package doctext

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/postern-mail/postern/internal/calendar"
	"github.com/postern-mail/postern/internal/contentline"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/internal/vcard"
)

// read picks the reader for a kind.
func (d *document) read(in *input) error {
	switch d.kind {
	case kindText:
		return d.readText(in)
	case kindHTML:
		return d.readHTML(in)
	case kindCalendar:
		return d.readFacts(in, func(src string) (string, mailtext.Dropped, bool) {
			c := calendar.Read(src, d.zone)
			text, dropped := c.Text(calendar.Options{Zone: d.zone})
			return text, dropped, c.Truncated
		})
	case kindCard:
		return d.readFacts(in, func(src string) (string, mailtext.Dropped, bool) {
			b := vcard.Read(src)
			text, dropped := b.Text()
			return text, dropped, b.Truncated
		})
	case kindMessage:
		return d.readMessage(in)
	case kindRTF:
		return d.readRTF(in)
	case kindZip, kindDocx, kindXlsx, kindPptx, kindODT, kindODS, kindODP:
		return d.readArchive(in)
	case kindTar:
		return d.readTar(in)
	case kindOLE:
		return d.readOLE(in)
	}
	return &Error{Kind: d.kind, Reason: Unknown}
}

// readText gives text as it stands. Tables too: no other form of comma or tab separated values is as unambiguous and
// costs clearly less.
func (d *document) readText(in *input) error {
	buf := make([]byte, 32<<10)
	text := d.decoded(in)
	for {
		n, err := text.Read(buf)
		if werr := d.out.write(string(buf[:n])); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readFacts says what a calendar or a card holds; a file in which nothing is found is shown as it stands.
func (d *document) readFacts(in *input, facts func(string) (string, mailtext.Dropped, bool)) error {
	src, err := io.ReadAll(io.LimitReader(d.decoded(in), contentline.MaxInput+1))
	if err != nil {
		return err
	}
	text, dropped, truncated := facts(string(src))
	if text == "" {
		return d.out.write(string(src))
	}
	d.dropped.Add(dropped)
	d.meter.truncated = d.meter.truncated || truncated
	return d.out.write(text)
}

// peekBytes is where a document may say its charset: HTML, 13.2.3.2, looks at the first 1024 bytes.
const peekBytes = 1 << 10

// decoded gives UTF-8 with LF line ends. A byte order mark beats the charset of the part, and that beats what the
// document says (WHATWG Encoding section 6).
func (d *document) decoded(r io.Reader) io.Reader {
	br := bufio.NewReaderSize(r, 4<<10)
	head, _ := br.Peek(peekBytes) // an error comes again with the first read
	charset, mark := d.charset, 0
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		charset, mark = "utf-8", 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		charset, mark = "utf-16le", 2
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		charset, mark = "utf-16be", 2
	case charset == "":
		if charset = unmarkedUTF16(head); charset == "" {
			charset = declared(head)
		}
	}
	_, _ = br.Discard(mark) // it was just seen there
	return mailmime.DecodeBody(br, "", charset)
}

// declared is the charset that HTML or XML names in its first bytes.
func declared(head []byte) string {
	lower := bytes.ToLower(head)
	if !bytes.HasPrefix(bytes.TrimLeft(lower, " \r\n\t"), []byte("<")) {
		return ""
	}
	for _, label := range []string{"charset=", "encoding="} {
		i := bytes.Index(lower, []byte(label))
		if i < 0 {
			continue
		}
		word := bytes.TrimLeft(lower[i+len(label):], `"' `)
		if end := bytes.IndexAny(word, "\"'; />?\r\n\t"); end > 0 && end <= 40 {
			label := string(word[:end])
			if strings.HasPrefix(label, "utf-16") {
				label = "utf-8" // it could be read so far, so it is not
			}
			return label
		}
	}
	return ""
}

func (d *document) readHTML(in *input) error {
	src, err := io.ReadAll(io.LimitReader(d.decoded(in), mailtext.MaxInput+1))
	if err != nil {
		return err
	}
	text, dropped, truncated := mailtext.FromHTML(string(src), mailtext.Options{MaxOutput: int(d.meter.lim.Output)})
	d.dropped.Add(dropped)
	d.meter.truncated = d.meter.truncated || truncated
	return d.out.write(text)
}

// readMessage shows an attached message: who, when, what, its text, and the names of its files.
func (d *document) readMessage(in *input) error {
	msg, err := mailmime.Parse(in, mailmime.Limits{TextBytes: d.meter.lim.Output})
	if err != nil {
		return err
	}
	h := &msg.Header
	for _, f := range []struct {
		name string
		list []mailmime.Address
	}{{"From", h.From}, {"To", h.To}, {"Cc", h.Cc}} {
		if len(f.list) == 0 {
			continue
		}
		const most = 20
		words := make([]string, 0, most)
		for _, a := range f.list[:min(len(f.list), most)] {
			words = append(words, d.clean(a.String()))
		}
		if more := len(f.list) - most; more > 0 {
			words = append(words, fmt.Sprintf("and %d more", more))
		}
		if err := d.out.line(f.name + ": " + strings.Join(words, ", ")); err != nil {
			return err
		}
	}
	if !h.Date.IsZero() {
		if err := d.out.line("Date: " + h.Date.In(d.zone).Format("2006-01-02 15:04 -07:00")); err != nil {
			return err
		}
	}
	if err := d.out.line("Subject: " + d.clean(h.Subject)); err != nil {
		return err
	}
	body := mailtext.Body(msg.Text, msg.HTML, mailtext.Options{MaxOutput: int(d.meter.lim.Output), Full: true})
	d.dropped.Add(body.Dropped)
	d.meter.truncated = d.meter.truncated || body.Truncated || msg.TextTruncated || msg.HTMLTruncated
	for _, w := range body.Warnings {
		d.note(w)
	}
	if err := d.out.write("\n" + body.Text + "\n"); err != nil {
		return err
	}
	if msg.Calendar != "" {
		c := calendar.Read(msg.Calendar, d.zone)
		text, dropped := c.Text(calendar.Options{Zone: d.zone})
		d.dropped.Add(dropped)
		d.meter.truncated = d.meter.truncated || msg.CalendarTruncated || c.Truncated
		if text != "" {
			if err := d.out.write("\n" + text + "\n"); err != nil {
				return err
			}
		}
	}
	for _, p := range msg.Attachments {
		if err := d.out.line(fmt.Sprintf("[attachment: %s, %s, %d bytes]", d.clean(p.Name), d.clean(p.Type), p.Size)); err != nil {
			return err
		}
	}
	return nil
}

// clean makes one line of a name.
func (d *document) clean(s string) string {
	s, dropped := mailtext.CleanLine(s, 0)
	d.dropped.Add(dropped)
	return s
}

// maxListed is how many entries of an archive are listed.
const maxListed = 1000

func (d *document) readTar(in *input) error {
	tr := tar.NewReader(in)
	for n := 0; ; n++ {
		h, err := tr.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case n == maxListed:
			d.meter.truncated = true
			return nil
		}
		if err := d.out.line(fmt.Sprintf("%s (%d bytes)", d.clean(h.Name), h.Size)); err != nil {
			return err
		}
	}
}

// readOLE only says what a compound file is ([MS-CFB]); names of its streams are UTF-16.
func (d *document) readOLE(in *input) error {
	data, size, err := in.hold()
	if err != nil {
		return err
	}
	reason := OldBinary
	for _, mark := range []struct {
		stream string
		reason Reason
	}{{"EncryptedPackage", Encrypted}, {"__properties_version1.0", OutlookFile}} {
		found, err := d.contains(data, size, wide(mark.stream))
		if err != nil {
			return err
		}
		if found {
			reason = mark.reason
			break
		}
	}
	return &Error{Kind: d.kind, Reason: reason}
}

// wide is s, which is ASCII, in UTF-16.
func wide(s string) []byte {
	var out []byte
	for i := range len(s) {
		out = append(out, s[i], 0)
	}
	return out
}

// contains looks for a name on the sector borders where directory entries stand ([MS-CFB] section 2.6.1).
func (d *document) contains(r io.ReaderAt, size int64, name []byte) (bool, error) {
	buf := make([]byte, 64<<10)
	for off := int64(0); off < size; off += int64(len(buf)) {
		if err := d.meter.stopped(); err != nil {
			return false, err
		}
		n, err := r.ReadAt(buf, off)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		for at := 0; at+len(name) <= n; at += 128 {
			if bytes.HasPrefix(buf[at:n], name) {
				return true, nil
			}
		}
	}
	return false, nil
}
