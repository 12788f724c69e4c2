package providertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern-mail/postern/provider"
)

func messageChecks() []check {
	read := provider.Caps(provider.CapRead)
	return []check{
		{"message/summary", read, checkSummary},
		{"message/filters", read, checkListFilters},
		{"message/unread", read | provider.Caps(provider.CapModify), checkUnreadOnly},
		{"message/read", read, checkRead},
		{"message/read several", read, checkReadSeveral},
		{"message/limits", read, checkReadLimits},
		{"message/part", read, checkPart},
		{"message/source", read, checkSource},
		{"message/reading sets no flag", read, checkReadingSetsNoFlag},
		{"message/gone", read | provider.Caps(provider.CapPurge), checkGone},
		{"message/bad ids", read, checkBadIDs},
		{"message/stale ids", read, checkStaleIDs},
	}
}

func full() letter {
	return letter{
		id: "full@test.invalid", from: "=?utf-8?Q?J=C3=B6rg?= <joerg@example.org>", to: "me@example.org, \"Lee, Ann\" <ann@example.org>",
		cc: "bob@example.net", subject: "Gr\u00fc\u00dfe aus \u6771\u4eac", text: "Hello \u20ac body\n", file: "notes.txt", data: []byte("attached \x00\xff bytes"),
	}
}

func checkSummary(tr *trial) {
	in := tr.inbox()
	id := tr.deliver(in, full())
	got := tr.list(in)
	if len(got) != 1 {
		tr.fatalf("delivered one message, listed %d", len(got))
	}
	s := got[0]
	if s.ID != id || s.Folder != in.ID || s.HeaderID != "full@test.invalid" || s.Subject != full().subject {
		tr.errorf("id %s, folder %s, header id %q, subject %q", s.ID, s.Folder, s.HeaderID, s.Subject)
	}
	to := []provider.Address{{Addr: "me@example.org"}, {Name: "Lee, Ann", Addr: "ann@example.org"}}
	if !slices.Equal(s.From, []provider.Address{{Name: "J\u00f6rg", Addr: "joerg@example.org"}}) || !slices.Equal(s.To, to) ||
		!slices.Equal(s.Cc, []provider.Address{{Addr: "bob@example.net"}}) {
		tr.errorf("from %q, to %q, cc %q", s.From, s.To, s.Cc)
	}
	if !s.Date.Equal(written()) {
		tr.errorf("date %v, want %v", s.Date, written())
	}
	if s.Flags != 0 {
		tr.errorf("a message just delivered has flags %b", s.Flags)
	}
	if raw := int64(len(full().raw())); s.Size != 0 && (s.Size < raw || s.Size > raw+2000) {
		tr.errorf("size %d of a message of %d bytes", s.Size, raw)
	}
	if !s.HasAttach {
		tr.errorf("the attachment is not shown in the list")
	}
}

func checkListFilters(tr *trial) {
	in := tr.inbox()
	tr.deliver(in, numbered(1)[0])
	got := tr.list(in)
	if len(got) != 1 || got[0].Received.IsZero() {
		tr.skipf("the backend does not know when a message arrived")
	}
	at := got[0].Received
	for _, tc := range []struct {
		name string
		opts provider.ListOptions
		want int
	}{
		{"since the day before", provider.ListOptions{Since: at.Add(-48 * time.Hour)}, 1},
		{"since that moment", provider.ListOptions{Since: at}, 1},
		{"since a second later", provider.ListOptions{Since: at.Add(time.Second)}, 0},
		{"since two days later", provider.ListOptions{Since: at.Add(48 * time.Hour)}, 0},
		{"before two days later", provider.ListOptions{Before: at.Add(48 * time.Hour)}, 1},
		{"before a second later", provider.ListOptions{Before: at.Add(time.Second)}, 1},
		{"before that moment", provider.ListOptions{Before: at}, 0},
		{"before the day before", provider.ListOptions{Before: at.Add(-48 * time.Hour)}, 0},
		{"unread only", provider.ListOptions{UnreadOnly: true}, 1},
	} {
		tc.opts.Folder = in.ID
		if got := tr.listing(tc.opts); len(got) != tc.want {
			tr.errorf("%s: %d messages, want %d", tc.name, len(got), tc.want)
		}
	}
}

func checkUnreadOnly(tr *trial) {
	in := tr.inbox()
	var all []provider.MessageID
	for _, l := range numbered(6) {
		all = append(all, tr.deliver(in, l))
	}
	_, err := tr.acct.SetFlags(tr.ctx(), []provider.MessageID{all[1], all[4], all[5]}, provider.FlagChange{Add: provider.Seen})
	tr.must("set seen", err)
	got := ids(tr.walk(2, func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
		return tr.acct.ListMessages(ctx, provider.ListOptions{Folder: in.ID, UnreadOnly: true}, page)
	}))
	if want := []provider.MessageID{all[3], all[2], all[0]}; !slices.Equal(got, want) {
		tr.errorf("unread: %v, want %v", got, want)
	}
}

func checkRead(tr *trial) {
	in := tr.inbox()
	m := tr.read(tr.deliver(in, full()))
	if m.Subject != full().subject || m.HeaderID != "full@test.invalid" || !m.Date.Equal(written()) || m.Folder != in.ID {
		tr.errorf("subject %q, header id %q, date %v, folder %q", m.Subject, m.HeaderID, m.Date, m.Folder)
	}
	if strings.TrimSpace(m.Text) != "Hello \u20ac body" || m.HTML != "" || m.TextTruncated {
		tr.errorf("text %q, html %q, truncated %v", m.Text, m.HTML, m.TextTruncated)
	}
	if !slices.ContainsFunc(m.Header, func(f provider.Field) bool { return strings.EqualFold(f.Name, "Message-ID") }) {
		tr.errorf("the header lacks a field: %+v", m.Header)
	}
	if len(m.Parts) != 1 || m.Parts[0].Name != "notes.txt" || m.Parts[0].Type != "application/octet-stream" || m.Parts[0].Inline {
		tr.errorf("parts %+v, want the attachment alone", m.Parts)
	}
	if len(m.Defects) != 0 {
		tr.errorf("a sound message has defects: %q", m.Defects)
	}
}

// checkReadSeveral: one result per id, in the order asked, good beside bad.
func checkReadSeveral(tr *trial) {
	in := tr.inbox()
	var all []provider.MessageID
	for _, l := range numbered(4) {
		all = append(all, tr.deliver(in, l))
	}
	ask := []provider.MessageID{all[2], all[0], all[3]}
	if tr.caps.Can(provider.CapPurge) {
		tr.must("purge", outcome(tr.acct.Delete(tr.ctx(), all[1:2], true)))
		ask = []provider.MessageID{all[2], all[1], all[0], all[3]}
	}
	got, err := tr.acct.ReadMessages(tr.ctx(), ask, provider.ReadOptions{})
	tr.must("read several", err)
	if len(got) != len(ask) {
		tr.fatalf("%d results for %d ids", len(got), len(ask))
	}
	for i, r := range got {
		switch {
		case r.ID != ask[i]:
			tr.errorf("result %d is for %s, want %s", i, r.ID, ask[i])
		case r.ID == all[1]:
			tr.want("read a message that is gone", r.Err, provider.NotFound, provider.Conflict)
		case r.Err != nil || r.Message == nil:
			tr.errorf("%s: %v", r.ID, r.Err)
		case r.Message.HeaderID != numbered(4)[slices.Index(all, r.ID)].id:
			tr.errorf("%s gave the message %s", r.ID, r.Message.HeaderID)
		}
	}
}

func checkReadLimits(tr *trial) {
	in := tr.inbox()
	long := tr.deliver(in, letter{id: "long@test.invalid", subject: "long", text: strings.Repeat("\u20ac", 2000)})
	read := func(opts provider.ReadOptions) *provider.Message {
		got, err := tr.acct.ReadMessages(tr.ctx(), []provider.MessageID{long}, opts)
		tr.must("read", err)
		tr.must("read", got[0].Err)
		return got[0].Message
	}
	m := read(provider.ReadOptions{MaxText: 1000})
	if len(m.Text) > 1000 || len(m.Text) < 900 || !m.TextTruncated || !utf8.ValidString(m.Text) || !strings.HasPrefix(m.Text, "\u20ac\u20ac") {
		tr.errorf("text cut at 1000 bytes: %d bytes, truncated %v, valid %v", len(m.Text), m.TextTruncated, utf8.ValidString(m.Text))
	}
	if m := read(provider.ReadOptions{}); m.TextTruncated || strings.TrimSpace(m.Text) != strings.Repeat("\u20ac", 2000) {
		tr.errorf("whole text: %d bytes, truncated %v", len(m.Text), m.TextTruncated)
	}
	if m := read(provider.ReadOptions{HeadersOnly: true}); m.Text != "" || m.Subject != "long" || len(m.Header) == 0 {
		tr.errorf("header only: text %q, subject %q, %d fields", m.Text, m.Subject, len(m.Header))
	}
}

func checkPart(tr *trial) {
	in := tr.inbox()
	data := bytes.Repeat([]byte("0123456789\x00\xff\r\n"), 20000)
	id := tr.deliver(in, letter{id: "big@test.invalid", subject: "big", text: "see file\n", file: "big.bin", data: data})
	m := tr.read(id)
	if len(m.Parts) != 1 {
		tr.fatalf("parts %+v, want one", m.Parts)
	}
	part, got, err := tr.part(id, m.Parts[0].ID)
	tr.must("open the attachment", err)
	if !bytes.Equal(got, data) {
		tr.errorf("the attachment has %d bytes, want the %d that were attached", len(got), len(data))
	}
	if part.Name != "big.bin" || part.Type != "application/octet-stream" {
		tr.errorf("the part says %+v", part)
	}
	for _, missing := range []provider.PartID{"9", "2.1.7"} {
		_, _, err = tr.part(id, missing)
		tr.want("open part "+string(missing), err, provider.NotFound)
	}
	_, _, err = tr.part(id, "../2")
	tr.want("open part ../2", err, provider.Invalid)

	_, body, err := tr.acct.OpenPart(tr.ctx(), id, m.Parts[0].ID)
	tr.must("open the attachment", err)
	_, _ = body.Read(make([]byte, 10))
	if err := body.Close(); err != nil {
		tr.errorf("close a part read in part: %v", err)
	}
	if tr.read(id).Subject != "big" {
		tr.errorf("the account is not usable after a part was closed early")
	}
}

// checkSource: the source is what arrived, whatever the server put on top, from
// wherever it is read, also of a message that nobody understands.
func checkSource(tr *trial) {
	in := tr.inbox()
	for name, raw := range map[string][]byte{
		"with a file": letter{id: "s1@test.invalid", subject: "whole", text: "a\nb", file: "x.bin", data: bytes.Repeat([]byte("data"), 30_000)}.raw(),
		"damaged":     []byte("Subject: odd\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: te xt\r\n\r\n\xff\xfe end"),
	} {
		id := tr.deliverRaw(in, raw)
		info, got, err := tr.part(id, provider.SourcePart)
		if provider.CodeOf(err) == provider.Unsupported {
			continue
		}
		tr.must(name+": open the source", err)
		if !bytes.HasSuffix(bytes.TrimRight(got, "\r\n"), raw) && !bytes.HasSuffix(got, raw) {
			tr.errorf("%s: the source is %.300q, want %.300q", name, got, raw)
		}
		if info.ID != provider.SourcePart || info.Type != "message/rfc822" || info.Size != int64(len(got)) {
			tr.errorf("%s: the source says %+v and has %d bytes", name, info, len(got))
		}
		tr.seeks(name, id, got)
	}
	if tr.caps.Can(provider.CapPurge) {
		gone := tr.deliver(in, numbered(1)[0])
		tr.must("purge", outcome(tr.acct.Delete(tr.ctx(), []provider.MessageID{gone}, true)))
		_, _, err := tr.part(gone, provider.SourcePart)
		tr.want("the source of a message that is gone", err, provider.NotFound, provider.Unsupported)
	}
}

// seeks reads a source from several places, where it can be.
func (tr *trial) seeks(name string, id provider.MessageID, want []byte) {
	_, body, err := tr.acct.OpenPart(tr.ctx(), id, provider.SourcePart)
	tr.must(name+": open the source", err)
	defer body.Close()
	s, ok := body.(io.Seeker)
	if !ok {
		return
	}
	for _, at := range []int{len(want) / 2, 3, 0, len(want) - 1, len(want), len(want) + 10} {
		if _, err := s.Seek(int64(at), io.SeekStart); err != nil {
			tr.errorf("%s: seek to %d: %v", name, at, err)
			continue
		}
		got, err := io.ReadAll(body)
		if err != nil || !bytes.Equal(got, want[min(at, len(want)):]) {
			tr.errorf("%s: from %d of %d on: %d bytes, %v", name, at, len(want), len(got), err)
		}
	}
}

func (tr *trial) part(id provider.MessageID, part provider.PartID) (provider.Part, []byte, error) {
	info, body, err := tr.acct.OpenPart(tr.ctx(), id, part)
	if err != nil {
		return info, nil, err
	}
	data, err := io.ReadAll(body)
	return info, data, errors.Join(err, body.Close())
}

func checkReadingSetsNoFlag(tr *trial) {
	in := tr.inbox()
	id := tr.deliver(in, full())
	for _, p := range append(tr.read(id).Parts, provider.Part{ID: provider.SourcePart}) {
		if _, _, err := tr.part(id, p.ID); provider.CodeOf(err) != provider.Unsupported {
			tr.must("open a part", err)
		}
	}
	tr.list(in)
	if tr.caps.Can(provider.CapSearch) {
		tr.search(provider.Query{Subject: []string{"aus"}})
	}
	if f := tr.flags(id); f != 0 {
		tr.errorf("after listing, reading and searching the message has flags %b", f)
	}
}

func checkGone(tr *trial) {
	in := tr.inbox()
	all := []provider.MessageID{tr.deliver(in, numbered(2)[0]), tr.deliver(in, numbered(2)[1])}
	gone := all[:1]
	tr.must("purge", outcome(tr.acct.Delete(tr.ctx(), gone, true)))
	_, err := tr.tryRead(gone[0])
	tr.want("read a message that is gone", err, provider.NotFound)
	_, _, err = tr.part(gone[0], "1")
	tr.want("open a part of a message that is gone", err, provider.NotFound)
	for _, b := range tr.batches() {
		got, err := b.call(tr.ctx(), append(gone[:1:1], all[1]))
		tr.must(b.name, err)
		tr.want(b.name+" on a message that is gone", got[0].Err, provider.NotFound)
		if b.keeps && got[1].Err != nil {
			tr.errorf("%s: the message beside one that is gone: %v", b.name, got[1].Err)
		}
	}
}

// batch is one of the calls that change messages.
type batch struct {
	name  string
	keeps bool // the message can be changed again by the next
	call  func(context.Context, []provider.MessageID) ([]provider.Outcome, error)
}

// batches are those that the account can do, the removing ones last.
func (tr *trial) batches() []batch {
	var all []batch
	if tr.caps.Can(provider.CapModify) {
		all = append(all, batch{"set flags", true, func(ctx context.Context, list []provider.MessageID) ([]provider.Outcome, error) {
			return tr.acct.SetFlags(ctx, list, provider.FlagChange{Add: provider.Flagged})
		}})
	}
	if tr.caps.Can(provider.CapMove) {
		to := tr.second()
		all = append(all, batch{"move", true, func(ctx context.Context, list []provider.MessageID) ([]provider.Outcome, error) {
			return tr.acct.Move(ctx, list, to.ID)
		}})
	}
	if tr.caps.Can(provider.CapDelete) {
		all = append(all, batch{"delete", false, func(ctx context.Context, list []provider.MessageID) ([]provider.Outcome, error) {
			return tr.acct.Delete(ctx, list, false)
		}})
	}
	if tr.caps.Can(provider.CapPurge) {
		all = append(all, batch{"delete permanently", false, func(ctx context.Context, list []provider.MessageID) ([]provider.Outcome, error) {
			return tr.acct.Delete(ctx, list, true)
		}})
	}
	return all
}

func checkBadIDs(tr *trial) {
	in := tr.inbox()
	good := tr.deliver(in, numbered(1)[0])
	tag := tr.acct.Tag()
	foreign := "aa"
	if tag == foreign {
		foreign = "bb"
	}
	for _, bad := range []provider.MessageID{
		"", "x", provider.MessageID(foreign + "-" + good.Local()), provider.MessageID(tag + "-"), good + "\n", good + " ", provider.MessageID(tag + "-" + strings.Repeat("a", 300)),
	} {
		_, err := tr.tryRead(bad)
		tr.want("read "+string(bad), err, provider.Invalid)
		for _, b := range tr.batches() {
			_, err := b.call(tr.ctx(), []provider.MessageID{good, bad})
			tr.want(b.name+" of a good id and "+string(bad), err, provider.Invalid)
		}
	}
	for _, wrong := range []string{"zzz", "-", "..", "a.b.c.d.e", "9.99999999999999999999", "0.0.0", good.Local() + "x", good.Local() + ".1", "x" + good.Local(), strings.Repeat("9", 190)} {
		id := provider.MessageID(tag + "-" + wrong)
		_, err := tr.tryRead(id)
		tr.want("read "+string(id), err, provider.Invalid, provider.NotFound, provider.Conflict)
		for _, b := range tr.batches() {
			err := outcome(b.call(tr.ctx(), []provider.MessageID{id}))
			tr.want(b.name+" "+string(id), err, provider.Invalid, provider.NotFound, provider.Conflict)
		}
	}
	if got := tr.list(in); len(got) != 1 || got[0].ID != good || got[0].Flags != 0 {
		tr.errorf("bad ids changed the folder: %+v", got)
	}
}

// checkStaleIDs: after a rebuild an old id is a conflict, whatever message has
// its place now.
func checkStaleIDs(tr *trial) {
	r, ok := tr.h.(Rebuilder)
	if !ok {
		tr.skipf("the harness cannot rebuild a folder")
	}
	in := tr.inbox()
	old := []provider.MessageID{tr.deliver(in, full()), tr.deliver(in, numbered(1)[0])}
	tr.list(in)
	r.Rebuild(tr.t, in.Path)
	_, err := tr.tryRead(old[0])
	tr.want("read by a stale id", err, provider.Conflict)
	_, _, err = tr.part(old[0], "2")
	tr.want("open a part by a stale id", err, provider.Conflict)
	for _, b := range tr.batches() {
		got, err := b.call(tr.ctx(), old)
		tr.must(b.name, err)
		for _, o := range got {
			tr.want(b.name+" by a stale id", o.Err, provider.Conflict)
		}
	}
	now := tr.list(in)
	if len(now) != 2 || now[0].Flags != 0 || now[1].Flags != 0 {
		tr.fatalf("stale ids changed the folder: %+v", now)
	}
	if slices.Contains(ids(now), old[0]) || slices.Contains(ids(now), old[1]) {
		tr.errorf("the rebuilt folder gives the old ids again: %v", ids(now))
	}
	if m := tr.read(now[1].ID); m.HeaderID != "full@test.invalid" {
		tr.errorf("the new id reads %s", m.HeaderID)
	}
}
