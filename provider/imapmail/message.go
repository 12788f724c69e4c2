package imapmail

import (
	"bytes"
	"context"
	"strconv"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/internal/spread"
	"github.com/postern-mail/postern/provider"
)

const (
	// wholeUpTo is the size up to which a message is fetched whole at once: the
	// round trip that parts would need costs more than the bytes.
	wholeUpTo = 32 << 10
	// maxHeader is as much of a header as is read; real ones stay below 50 KB.
	maxHeader = 256 << 10
)

// ReadMessages reads messages: everything small in one round trip per folder,
// the text parts of large messages in a second.
func (b *Backend) ReadMessages(ctx context.Context, ids []provider.MessageID, opts provider.ReadOptions) ([]provider.ReadResult, error) {
	if opts.MaxText <= 0 {
		opts.MaxText = provider.DefaultMaxText
	}
	groups, err := b.group(ctx, ids)
	if err != nil {
		return nil, err
	}
	results := make(map[provider.MessageID]provider.ReadResult)
	for _, g := range groups {
		got := make(map[imapx.UID]unparsed)
		err := g.err
		if err == nil {
			err = b.pool.Read(ctx, g.folder, func(c *imapx.Conn) error {
				clear(got)
				return b.readBatch(ctx, c, g, opts, got)
			})
		}
		if isContext(err) {
			return nil, err
		}
		read := make([]provider.ReadResult, len(g.refs))
		spread.Over(len(read), func(i int) {
			switch f, ok := got[g.refs[i].uid]; {
			case ok && f.err == nil:
				read[i].Message = f.read()
			case ok:
				read[i].Err = f.err
			case err == nil:
				read[i].Err = gone()
			default:
				read[i].Err = mapError(err)
			}
		})
		for i, r := range g.refs {
			read[i].ID = r.id
			results[r.id] = read[i]
		}
	}
	out := make([]provider.ReadResult, 0, len(ids))
	for _, id := range ids {
		out = append(out, results[id])
	}
	return out, nil
}

// unparsed is what came of a message: its bytes, which are read once the
// connection is free for others, or why there are none.
type unparsed struct {
	read func() *provider.Message
	err  error
}

func firstLook(opts provider.ReadOptions) imapx.Items {
	want := imapx.Items{Flags: true, Date: true, Size: true, Structure: true, Sections: []imapx.Section{{Max: wholeUpTo}}}
	if opts.HeadersOnly {
		want.Sections[0] = imapx.Section{Kind: imapx.Header, Max: maxHeader}
	}
	return want
}

func (b *Backend) readBatch(ctx context.Context, c *imapx.Conn, g *batch, opts provider.ReadOptions, got map[imapx.UID]unparsed) error {
	if err := c.Expect(g.validity); err != nil {
		return err
	}
	first, err := c.Fetch(ctx, g.uids(), firstLook(opts))
	if err != nil {
		return err
	}
	box := c.Mailbox()
	for _, u := range first.Incomplete {
		got[u] = unparsed{err: unreadable(first.Why)}
	}
	var large, damaged []imapx.Message
	for _, m := range first.Messages {
		switch more := !opts.HeadersOnly && len(m.Sections[0]) == wholeUpTo; {
		case more && (m.Damaged || m.Size > wholeUpTo && !agrees(m.Structure, m.Sections[0], m.Size)):
			damaged = append(damaged, m)
		case more && m.Size > wholeUpTo:
			large = append(large, m)
		default:
			got[m.UID] = unparsed{read: func() *provider.Message { return b.whole(box, m, opts) }}
		}
	}
	if len(damaged) > 0 {
		if err := b.readDamaged(ctx, c, damaged, opts, got); err != nil {
			return err
		}
	}
	if len(large) == 0 {
		return nil
	}
	return b.readLarge(ctx, c, large, opts, got)
}

// damagedUpTo is as much as is read of a large message whose parts the server
// cannot describe, or describes otherwise than they are.
const damagedUpTo = 4 << 20

// readDamaged reads messages from their source, without a structure to go by.
func (b *Backend) readDamaged(ctx context.Context, c *imapx.Conn, damaged []imapx.Message, opts provider.ReadOptions, got map[imapx.UID]unparsed) error {
	var uids []imapx.UID
	first := make(map[imapx.UID]imapx.Message)
	for _, m := range damaged {
		uids, first[m.UID] = append(uids, m.UID), m
	}
	f, err := c.Fetch(ctx, uids, imapx.Items{Sections: []imapx.Section{{Max: damagedUpTo}}})
	if err != nil {
		return err
	}
	for _, u := range f.Incomplete {
		got[u] = unparsed{err: unreadable(f.Why)}
	}
	box := c.Mailbox()
	for _, source := range f.Messages {
		m := first[source.UID]
		m.Sections = source.Sections
		got[m.UID] = unparsed{read: func() *provider.Message {
			msg := b.whole(box, m, opts)
			if cut := len(m.Sections[0]) == damagedUpTo; cut {
				msg.TextTruncated, msg.HTMLTruncated, msg.CalendarTruncated = msg.Text != "", msg.HTML != "", msg.Calendar != ""
				msg.Defects = append(msg.Defects, "only the first "+strconv.Itoa(damagedUpTo>>20)+" MB were read")
			}
			return msg
		}}
	}
	return nil
}

// whole makes a message of its source, or of its header alone.
func (b *Backend) whole(box imapx.Mailbox, m imapx.Message, opts provider.ReadOptions) *provider.Message {
	if opts.HeadersOnly {
		h, defects := b.reader.ParseHeader(m.Sections[0], textCharset(m.Structure))
		parts := describe(m.Structure)
		parts.Defects = defects
		return b.message(box, m, h, parts)
	}
	parsed, _ := b.reader.Parse(bytes.NewReader(m.Sections[0]), mailmime.Limits{TextBytes: opts.MaxText})
	if m.Damaged {
		m.Size = max(m.Size, int64(len(m.Sections[0])))
		parsed.Defects = append(parsed.Defects, "the mail server cannot describe this message: what it says of its structure, date or size is garbled")
	}
	return b.message(box, m, parsed.Header, parsed)
}

// largeText bounds what is fetched of one message's text parts. An encoded
// body is up to three times the text (quoted-printable), and there may be two.
func largeText(opts provider.ReadOptions) int64 { return 4*opts.MaxText + wholeUpTo }

// readLarge fetches the header and the text parts of messages that are too
// large to take whole, all in one round trip.
func (b *Backend) readLarge(ctx context.Context, c *imapx.Conn, large []imapx.Message, opts provider.ReadOptions, got map[imapx.UID]unparsed) error {
	jobs := make([]imapx.FetchJob, len(large))
	texts := make([]readable, len(large))
	for i, m := range large {
		texts[i] = readable{body: bodyParts(m.Structure), calendar: calendarPart(m.Structure), headed: headed(m.Structure)}
		jobs[i] = imapx.FetchJob{UIDs: []imapx.UID{m.UID}, Items: imapx.Items{Sections: texts[i].sections(opts)}}
	}
	second, err := c.FetchEach(ctx, jobs)
	if err != nil {
		return err
	}
	if err := fetchHeadless(ctx, c, second, jobs, texts, opts); err != nil {
		return err
	}
	box := c.Mailbox()
	for i, m := range large {
		switch f := second[i]; {
		case len(f.Messages) == 1:
			m.Sections = f.Messages[0].Sections
			got[m.UID] = unparsed{read: func() *provider.Message { return b.assemble(box, m, texts[i], opts) }}
		case len(f.Incomplete) == 1:
			got[m.UID] = unparsed{err: unreadable(f.Why)}
		}
	}
	return nil
}

// fetchHeadless asks again for what came incomplete, without the headers of
// parts: a server that shows none must not hide the message.
func fetchHeadless(ctx context.Context, c *imapx.Conn, got []imapx.Fetched, jobs []imapx.FetchJob, texts []readable, opts provider.ReadOptions) error {
	var again []imapx.FetchJob
	var at []int
	for i := range got {
		if len(got[i].Incomplete) == 0 || len(texts[i].headed) == 0 {
			continue
		}
		texts[i].headed = nil
		jobs[i].Items.Sections = texts[i].sections(opts)
		again, at = append(again, jobs[i]), append(at, i)
	}
	fetched, err := c.FetchEach(ctx, again)
	if err != nil {
		return err
	}
	for k, i := range at {
		got[i] = fetched[k]
	}
	return nil
}

// readable are the parts of a large message that are read with it.
type readable struct {
	body     []*imapx.Part
	calendar *imapx.Part // or nil
	headed   []*imapx.Part
}

// sections lists the header and, within the budget, the text parts; behind them
// the calendar, which has a budget of its own, and the headers of parts.
func (r readable) sections(opts provider.ReadOptions) []imapx.Section {
	out := []imapx.Section{{Kind: imapx.Header, Max: maxHeader}}
	left := largeText(opts)
	for _, p := range r.body {
		n := max(1, min(left, 3*opts.MaxText, p.Size))
		out = append(out, imapx.Section{Path: p.Path, Max: n})
		left -= n
	}
	if r.calendar != nil {
		out = append(out, imapx.Section{Path: r.calendar.Path, Max: max(1, min(3*opts.MaxText, r.calendar.Size))})
	}
	for _, p := range r.headed {
		out = append(out, imapx.Section{Path: p.Path, Kind: imapx.MIME, Max: maxPartHeader})
	}
	return out
}

// assemble makes a message of its header, its text parts and the headers of its
// parts, which are m's sections.
func (b *Backend) assemble(box imapx.Mailbox, m imapx.Message, texts readable, opts provider.ReadOptions) *provider.Message {
	have := pieces{content: make(map[string][]byte), headers: make(map[string][]byte)}
	header, sections := m.Sections[0], m.Sections[1:]
	cut, calendarCut := false, false
	for i, p := range texts.body {
		have.content[p.Section()] = sections[i]
		cut = cut || int64(len(sections[i])) < p.Size
	}
	sections = sections[len(texts.body):]
	if p := texts.calendar; p != nil {
		have.content[p.Section()] = sections[0]
		calendarCut = int64(len(sections[0])) < p.Size
		sections = sections[1:]
	}
	for i, p := range texts.headed {
		have.headers[p.Section()] = wholeHeader(sections[i])
	}
	if len(header) < maxHeader {
		have.headers[m.Structure.Section()] = header // of use where the message is its only part
	}
	h, defects := b.reader.ParseHeader(header, textCharset(m.Structure))
	parsed := readOutline(m.Structure, have, mailmime.Limits{TextBytes: opts.MaxText})
	parsed.Defects = append(defects, parsed.Defects...)
	parsed.TextTruncated = parsed.TextTruncated || cut && parsed.Text != ""
	parsed.HTMLTruncated = parsed.HTMLTruncated || cut && parsed.HTML != ""
	parsed.CalendarTruncated = parsed.CalendarTruncated || calendarCut
	return b.message(box, m, h, parsed)
}

func (b *Backend) message(box imapx.Mailbox, m imapx.Message, h mailmime.Header, parsed *mailmime.Message) *provider.Message {
	out := &provider.Message{
		Summary: b.summary(box, m, h),
		ReplyTo: addresses(h.ReplyTo), Bcc: addresses(h.Bcc), InReplyTo: h.InReplyTo, References: h.References,
		Text: parsed.Text, HTML: parsed.HTML, TextTruncated: parsed.TextTruncated, HTMLTruncated: parsed.HTMLTruncated,
		Calendar: parsed.Calendar, CalendarTruncated: parsed.CalendarTruncated,
		Defects: parsed.Defects,
	}
	out.HasAttach = parsed.HasFile()
	out.Header = make([]provider.Field, 0, len(h.Fields))
	for _, f := range h.Fields {
		out.Header = append(out.Header, provider.Field{Name: f.Name, Value: f.Value})
	}
	for _, p := range parsed.Attachments {
		out.Parts = append(out.Parts, partInfo(p))
	}
	return out
}

func partInfo(p mailmime.Part) provider.Part {
	return provider.Part{
		ID: provider.PartID(p.ID), Type: p.Type, Charset: p.Charset, Name: p.Name, Size: p.Size,
		Inline: p.Inline(), ContentID: p.ContentID,
	}
}
