package providertest

import (
	"bytes"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/provider"
)

func sendChecks() []check {
	send := provider.Caps(provider.CapSend)
	return []check{
		{"send/on the wire", send, checkWire},
		{"send/bcc", send, checkBcc},
		{"send/lines", send, checkLines},
		{"send/copy", send | provider.Caps(provider.CapRead, provider.CapFolders), checkCopy},
		{"send/refused recipient", send, checkRefusedRecipient},
		{"send/control characters", send, checkInjection},
		{"send/invalid", send, checkSendInvalid},
	}
}

// outgoing is a message that every backend can send.
func outgoing(from provider.Address) provider.Outgoing {
	return provider.Outgoing{
		From: from, To: []provider.Address{{Name: "Bob B\u00f6hm", Addr: "bob@example.org"}}, Subject: "Gr\u00fc\u00dfe \u6771\u4eac",
		Text: "Hello \u20ac,\n\n.a line with a dot\nFrom here on it goes.\n", HeaderID: "sent1@test.invalid", Date: written(),
	}
}

func (tr *trial) outgoing() provider.Outgoing { return outgoing(tr.acct.Info().Identities[0]) }

// sent returns what the server got, nil when the harness cannot tell.
func (tr *trial) sent() [][]byte {
	if o, ok := tr.h.(Outbox); ok {
		return o.Sent(tr.t)
	}
	return nil
}

// sendOne sends m and returns what the server got: exactly one message.
func (tr *trial) sendOne(m provider.Outgoing) (provider.Receipt, []byte) {
	receipt, err := tr.acct.Send(tr.ctx(), m)
	tr.must("send", err)
	if receipt.HeaderID != m.HeaderID || len(receipt.Refused) != 0 {
		tr.errorf("receipt %+v", receipt)
	}
	var want []string
	for _, a := range slices.Concat(m.To, m.Cc, m.Bcc) {
		want = append(want, a.Addr)
	}
	if got := slices.Sorted(slices.Values(receipt.Accepted)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		tr.errorf("accepted %q, want %q", got, want)
	}
	if _, ok := tr.h.(Outbox); !ok {
		tr.skipf("sent; the harness cannot show what the server got")
	}
	all := tr.sent()
	if len(all) != 1 {
		tr.fatalf("the server got %d messages, want 1", len(all))
	}
	return receipt, all[0]
}

// checkWire takes the message apart by the standard library.
func checkWire(tr *trial) {
	m := tr.outgoing()
	m.Cc = []provider.Address{{Name: `Lee, "Ann"`, Addr: "ann@example.net"}}
	m.ReplyTo = []provider.Address{{Addr: "answers@example.org"}}
	m.HTML = "<p>Hello \u20ac</p>"
	m.InReplyTo = []string{"a@test.invalid"}
	m.References = []string{"r@test.invalid", "a@test.invalid"}
	m.Attachments = []provider.Attachment{{Name: "R\u00e9sum\u00e9 \u6771.pdf", Type: "application/pdf", Data: []byte("%PDF\x00\xff\r\n\n")}, {Name: "plain", Data: nil}}
	_, raw := tr.sendOne(m)
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	tr.must("read what was sent", err)
	decoder := new(mime.WordDecoder)
	subject, err := decoder.DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || subject != m.Subject {
		tr.errorf("subject %q, %v", subject, err)
	}
	for field, want := range map[string][]provider.Address{"From": {m.From}, "To": m.To, "Cc": m.Cc, "Reply-To": m.ReplyTo} {
		got, err := msg.Header.AddressList(field)
		if err != nil || !slices.EqualFunc(got, want, func(g *mail.Address, w provider.Address) bool { return g.Name == w.Name && g.Address == w.Addr }) {
			tr.errorf("%s: %q, %v", field, msg.Header.Get(field), err)
		}
	}
	for field, want := range map[string]string{
		"Message-Id": "<sent1@test.invalid>", "In-Reply-To": "<a@test.invalid>", "References": "<r@test.invalid> <a@test.invalid>", "Mime-Version": "1.0", "Bcc": "",
	} {
		if got := strings.Join(strings.Fields(msg.Header.Get(field)), " "); got != want {
			tr.errorf("%s: %q, want %q", field, got, want)
		}
	}
	if date, err := msg.Header.Date(); err != nil || !date.Equal(m.Date) {
		tr.errorf("date %v, %v; want %v", date, err, m.Date)
	}
	all, err := leaves(msg.Header, msg.Body)
	tr.must("take what was sent apart", err)
	want := []leaf{
		{"text/plain", "", []byte(m.Text)}, {"text/html", "", []byte(m.HTML)},
		{"application/pdf", "R\u00e9sum\u00e9 \u6771.pdf", m.Attachments[0].Data}, {"application/octet-stream", "plain", nil},
	}
	if !slices.EqualFunc(all, want, sameLeaf) {
		tr.errorf("sent parts\n%+v\nwant\n%+v", all, want)
	}
}

// sameLeaf compares text by its lines, as mail has its own line ends.
func sameLeaf(got, want leaf) bool {
	if strings.HasPrefix(want.kind, "text/") {
		got.data = bytes.TrimRight(bytes.ReplaceAll(got.data, []byte("\r\n"), []byte("\n")), "\n")
		want.data = bytes.TrimRight(want.data, "\n")
	}
	return got.kind == want.kind && got.name == want.name && bytes.Equal(got.data, want.data)
}

// checkBcc: hidden recipients get the message and nobody reads of them.
func checkBcc(tr *trial) {
	m := tr.outgoing()
	m.Bcc = []provider.Address{{Name: "Secret", Addr: "hidden@example.com"}}
	_, raw := tr.sendOne(m)
	if folded := bytes.ToLower(raw); bytes.Contains(folded, []byte("hidden@")) || bytes.Contains(folded, []byte("bcc:")) {
		tr.errorf("a hidden recipient is in the message:\n%.600s", raw)
	}
}

// checkLines: RFC 5321 section 2.3.8 and RFC 5322 section 2.1.1.
func checkLines(tr *trial) {
	m := tr.outgoing()
	long := strings.Repeat("word ", 500)
	m.Text = "one\rtwo\nthree\r\n" + long + "\n.\n..\nend"
	m.HTML = "<p>" + long + "</p>"
	m.Subject = strings.Repeat("long \u00fc subject ", 50)
	_, raw := tr.sendOne(m)
	if rest := bytes.ReplaceAll(raw, []byte("\r\n"), nil); bytes.ContainsAny(rest, "\r\n\x00") {
		tr.errorf("a bare CR, LF or NUL is on the wire")
	}
	header, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	if strings.ContainsFunc(string(header), func(r rune) bool { return r > 126 }) {
		tr.errorf("the header is not ASCII: %.300q", header)
	}
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > 998 {
			tr.errorf("a line of %d bytes", len(line))
		}
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	tr.must("read what was sent", err)
	all, err := leaves(msg.Header, msg.Body)
	tr.must("take what was sent apart", err)
	if want := (leaf{"text/plain", "", []byte("one\ntwo\nthree\n" + long + "\n.\n..\nend")}); len(all) != 2 || !sameLeaf(all[0], want) {
		tr.errorf("text %.100q", all)
	}
}

func checkCopy(tr *trial) {
	m := tr.outgoing()
	m.Bcc = []provider.Address{{Addr: "hidden@example.com"}}
	receipt, err := tr.acct.Send(tr.ctx(), m)
	tr.must("send", err)
	switch receipt.Copy {
	case provider.CopyFiled:
	case provider.CopyByServer:
		tr.skipf("the service files the copy itself")
	default:
		tr.fatalf("the copy in Sent is %q: %v", receipt.Copy, receipt.CopyErr)
	}
	folder, ok := tr.role(provider.RoleSent)
	if !ok {
		tr.fatalf("filed, and there is no folder with the role sent")
	}
	there := tr.list(folder)
	if !slices.Equal(headerIDs(there), []string{m.HeaderID}) {
		tr.fatalf("Sent holds %q, want the message once", headerIDs(there))
	}
	if receipt.CopyID != "" && receipt.CopyID != there[0].ID {
		tr.errorf("the receipt says %s, the folder %s", receipt.CopyID, there[0].ID)
	}
	got := tr.read(there[0].ID)
	if got.Subject != m.Subject || !strings.Contains(got.Text, "Hello \u20ac") || !got.Flags.Has(provider.Seen) || got.Flags.Has(provider.Draft) {
		tr.errorf("the copy is %+v", got)
	}
}

// checkRefusedRecipient: one refused, none sent, and it is named.
func checkRefusedRecipient(tr *trial) {
	r, ok := tr.h.(Refuser)
	if !ok {
		tr.skipf("the harness knows no address that is refused")
	}
	m := tr.outgoing()
	bad := r.Refused(tr.t)
	m.Cc = []provider.Address{{Addr: bad}}
	receipt, err := tr.acct.Send(tr.ctx(), m)
	tr.want("send to an address that is refused", err, provider.Denied)
	if len(receipt.Refused) != 1 || receipt.Refused[0].Address != bad {
		tr.errorf("refused %+v, want %s", receipt.Refused, bad)
	}
	if got := tr.sent(); len(got) != 0 {
		tr.errorf("refused, and the server got %d messages", len(got))
	}
	if f, ok := tr.role(provider.RoleSent); ok && tr.caps.Can(provider.CapRead) && len(tr.list(f)) != 0 {
		tr.errorf("refused, and a copy is in Sent")
	}
	m.Cc = nil
	if _, err := tr.acct.Send(tr.ctx(), m); err != nil {
		tr.errorf("send to the others afterwards: %v", err)
	}
}

// checkInjection: no field can start another. An Account refuses to try; the
// backend by itself refuses too, or writes it so that it stays one field.
func checkInjection(tr *trial) {
	for name, spoil := range injections() {
		m := tr.outgoing()
		spoil(&m)
		_, err := tr.acct.Send(tr.ctx(), m)
		tr.want("control characters in "+name, err, provider.Invalid)
	}
	if got := tr.sent(); len(got) != 0 {
		tr.errorf("refused, and the server got %d messages", len(got))
	}
	for name, spoil := range injections() {
		m := tr.outgoing()
		spoil(&m)
		before := len(tr.sent())
		if _, err := tr.p.(provider.Sender).Send(tr.ctx(), m); err != nil {
			tr.want("control characters in "+name+", to the backend itself", err, provider.Invalid)
		}
		for _, raw := range tr.sent()[before:] {
			msg, err := mail.ReadMessage(bytes.NewReader(raw))
			if err != nil || msg.Header.Get("Bcc") != "" || bytes.Contains(raw, []byte("\nBcc:")) {
				tr.errorf("control characters in %s started a field: %v\n%.400s", name, err, raw)
			}
		}
	}
}

func injections() map[string]func(*provider.Outgoing) {
	const evil = "x\r\nBcc: hidden@example.com"
	return map[string]func(*provider.Outgoing){
		"subject":         func(m *provider.Outgoing) { m.Subject = evil },
		"to name":         func(m *provider.Outgoing) { m.To[0].Name = evil },
		"to address":      func(m *provider.Outgoing) { m.To[0].Addr = "bob@example.org\r\nRCPT TO:<hidden@example.com>" },
		"reply-to":        func(m *provider.Outgoing) { m.ReplyTo = []provider.Address{{Name: evil, Addr: "a@example.org"}} },
		"from name":       func(m *provider.Outgoing) { m.From.Name = evil },
		"message id":      func(m *provider.Outgoing) { m.HeaderID = "x@test.invalid>\r\nBcc: hidden@example.com" },
		"in-reply-to":     func(m *provider.Outgoing) { m.InReplyTo = []string{evil} },
		"references":      func(m *provider.Outgoing) { m.References = []string{evil} },
		"attachment name": func(m *provider.Outgoing) { m.Attachments = []provider.Attachment{{Name: evil, Data: []byte("x")}} },
		"attachment type": func(m *provider.Outgoing) {
			m.Attachments = []provider.Attachment{{Name: "x", Type: evil, Data: []byte("x")}}
		},
		"bare line feed": func(m *provider.Outgoing) { m.Subject = "x\nBcc: hidden@example.com" },
		"bare return":    func(m *provider.Outgoing) { m.Subject = "x\rBcc: hidden@example.com" },
		"nul":            func(m *provider.Outgoing) { m.Subject = "x\x00y" },
	}
}

func checkSendInvalid(tr *trial) {
	for name, spoil := range map[string]func(*provider.Outgoing){
		"no recipient":       func(m *provider.Outgoing) { m.To = nil },
		"another's address":  func(m *provider.Outgoing) { m.From = provider.Address{Addr: "stranger@example.net"} },
		"no message id":      func(m *provider.Outgoing) { m.HeaderID = "" },
		"no date":            func(m *provider.Outgoing) { m.Date = time.Time{} },
		"no address at all":  func(m *provider.Outgoing) { m.To = []provider.Address{{Name: "Bob"}} },
		"a name for address": func(m *provider.Outgoing) { m.To = []provider.Address{{Addr: "Bob <bob@example.org>"}} },
		"too many recipients": func(m *provider.Outgoing) {
			m.Bcc = slices.Repeat([]provider.Address{{Addr: "a@example.org"}}, provider.MaxRecipients)
		},
	} {
		m := tr.outgoing()
		spoil(&m)
		_, err := tr.acct.Send(tr.ctx(), m)
		tr.want(name, err, provider.Invalid, provider.TooLarge)
	}
	if got := tr.sent(); len(got) != 0 {
		tr.errorf("refused, and the server got %d messages", len(got))
	}
}
