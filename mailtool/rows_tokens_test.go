package mailtool_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tiktoken-go/tokenizer"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
)

// maxPageTokens is what a page of 20 rows may cost a model.
const maxPageTokens = 900

// usual are senders and subjects as an inbox has them, the newest first.
func usual() [][2]string {
	return [][2]string{
		{"Maria Gonz\u00e1lez <maria.gonzalez@example.com>", "Re: Delivery schedule for week 47"},
		{"Code Host <notifications@example.net>", "[acme/billing] Fix rounding in invoice totals (PR #1482)"},
		{"Jonas Weber <j.weber@example.org>", "Angebot 2026-1187, R\u00fcckfragen zu Position 4"},
		{"Hosting Inc. <receipts@example.com>", "Your receipt #2047-3312"},
		{"Priya Natarajan <priya@example.com>", "Interview feedback: backend candidate"},
		{"The Morning Brief <news@example.net>", "Markets rally as rates hold; chip makers lead"},
		{"Ann Lee <ann@example.org>", "Lunch on Thursday?"},
		{"IT Service Desk <servicedesk@example.com>", "[INC0048213] VPN access request resolved"},
		{"Tom\u00e1s Silva <tomas@example.com>", "Fwd: Contrato de arrendamento"},
		{"Jobs Network <noreply@example.com>", "You appeared in 9 searches this week"},
		{"\u7530\u4e2d \u592a\u90ce <tanaka@example.com>", "\u4f1a\u8b70\u306e\u65e5\u7a0b\u306b\u3064\u3044\u3066"},
		{"Calendar <calendar@example.com>", "Invitation: Quarterly planning @ Tue Nov 24, 2026 10am"},
		{"Sophie Martin <sophie.martin@example.org>", "Demande de pi\u00e8ces, dossier 55231"},
		{"no-reply@example.com", "Your parcel arrives tomorrow"},
		{"Daniel Okafor <daniel@example.net>", "Re: Re: Migration plan, open points"},
		{"Billing <billing@example.com>", "Your November invoice is ready"},
		{"Kate Brown <kate@example.com>", "Logo drafts v3"},
		{"Monitoring <alerts@example.net>", "[RESOLVED] High error rate on api-gateway"},
		{"Ben Fischer <ben@example.org>", "Question about the lease of the second floor"},
		{"Conference Team <team@example.com>", "Early bird tickets end on Friday"},
	}
}

// imapIDs gives messages ids as long as those of an IMAP server that numbers its
// folders by the time they were made, as most do.
type imapIDs struct{ *memmail.Backend }

func (b imapIDs) ListMessages(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (provider.Page[provider.Summary], error) {
	page, err := b.Backend.ListMessages(ctx, o, r)
	for i := range page.Items {
		page.Items[i].ID = provider.NewMessageID("dm", fmt.Sprintf("%s.slyx2c.%x", provider.ShortHash("INBOX", 7), 47000-17*i))
	}
	return page, err
}

// TestRowTokens: a page of 20 usual rows, in a zone that is not UTC, with more
// behind it.
func TestRowTokens(t *testing.T) {
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	zone := time.FixedZone("", 3600)
	now := time.Date(2026, 11, 20, 9, 30, 0, 0, zone)
	box, err := memmail.New(memmail.Options{Account: "dm"})
	if err != nil {
		t.Fatal(err)
	}
	for i := 20; i >= 0; i-- {
		m, at := usual()[i%20], now.Add(-time.Duration(i*i*i)*17*time.Minute)
		raw := fmt.Sprintf("From: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d@example.com>\r\n\r\nText.\r\n", m[0], m[1], at.Format(time.RFC1123Z), i)
		how := memmail.Delivery{Received: at, Flags: []provider.Flags{0, provider.Seen, provider.Seen | provider.Answered, provider.Handled}[i%4]}
		if _, err := box.Deliver("INBOX", []byte(raw), how); err != nil {
			t.Fatal(err)
		}
	}
	acct, err := provider.Open(imapIDs{box})
	if err != nil {
		t.Fatal(err)
	}
	tr := newTriage(t, keeping{server: true})
	tr.caller.Accounts[0].Mail, tr.caller.Accounts[0].Zone, tr.caller.Now = acct, zone, func() time.Time { return now }
	raw, err := tr.call("list_messages", args{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := codec.Count(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d tokens in %d bytes", n, len(raw))
	page := tr.list("list_messages", args{})
	if n > maxPageTokens || len(page.Rows) != 20 || page.NextCursor == "" {
		t.Errorf("%d rows cost %d tokens, at most %d are allowed: %s", len(page.Rows), n, maxPageTokens, raw)
	}
	if got, want := []string{page.Rows[1][3], page.Rows[4][3], page.Rows[18][3]}, []string{"09:13", "19 Nov 15:22", "12 Sep 13:06"}; !slices.Equal(got, want) {
		t.Errorf("dates %q, want %q", got, want)
	}
}
