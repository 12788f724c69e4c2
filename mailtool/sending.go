package mailtool

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/postern-mail/postern/scopes"
)

// How long a send stays the same send. Two equal messages within minutes are a
// retry; a caller who means two gives two keys.
const (
	keepContent = 10 * time.Minute
	keepKey     = 24 * time.Hour
)

const idempotencyParam = "idempotency_key"

// sends reports whether the call makes mail leave.
func (k *call) sends() bool {
	return slices.ContainsFunc(k.effects, func(e scopes.Effect) bool { return e.Access == scopes.Send })
}

// replay answers a send that has been made before from its record.
func (k *call) replay(ctx context.Context) error {
	if !k.sends() || k.dryRun {
		return nil
	}
	if k.caller.Journal == nil {
		return &Error{Code: Internal, Message: "sending needs a journal, and this server has none", Next: "tell the operator", err: errors.New("Caller.Journal is nil")}
	}
	k.key, k.content = k.sendKey()
	record, err := k.caller.Journal.Lookup(ctx, k.key, k.started)
	if err != nil {
		return err
	}
	return k.answerFrom(record)
}

// sendKey names the intent, by the caller's key or else by the content, and
// digests the content.
func (k *call) sendKey() (key Key, content string) {
	sum := sha256.Sum256(k.args.with(k.tool.spec.Confirm, nil).with("dry_run", nil).with(idempotencyParam, nil).json())
	content = hex.EncodeToString(sum[:])
	key = Key{Grant: k.caller.Grant.ID, Account: string(k.accounts[0].ID), Tool: k.tool.spec.Name, Intent: "content:" + content}
	if given := k.args.texts(idempotencyParam); len(given) == 1 && given[0] != "" {
		key.Intent = "key:" + given[0]
	}
	return key, content
}

func (k *call) answerFrom(r Record) error {
	if r.Content != "" && r.Content != k.content {
		return refuse(Conflict, idempotencyParam+" was used for another message", "nothing was sent now: give this message a key of its own")
	}
	switch r.State {
	case Running:
		return refuse(Busy, "the same message is being sent by another call", "wait for that call's answer")
	case Done, Unknown:
		k.answer = r.Answer
	}
	return nil
}

// recipients holds every recipient against the grant's policy and limit. The
// account's own addresses are known. Addresses to ask about go on to approval.
func (k *call) recipients(context.Context) error {
	if !k.sends() {
		return nil
	}
	all := k.args.recipients(k.tool.input)
	if most := k.caller.Grant.Quota.Effective().Recipients; most >= 0 && len(all) > most {
		return refuse(QuotaExceeded, strconv.Itoa(len(all))+" recipients, and this connection may name "+strconv.Itoa(most), "send to fewer")
	}
	policy := k.caller.Grant.Recipients
	listed := policy
	listed.Others = scopes.Allow
	for _, addr := range all {
		known := k.own(addr) && listed.Decide(addr) != scopes.Deny
		if policy.Decide(addr) == scopes.Deny && !known {
			return refuse(RecipientRefused, "this connection may not write to "+clip(addr), "only the owner can allow it")
		}
	}
	return nil
}

// own reports whether addr is the account's, by the rules of policies for when
// two addresses are one.
func (k *call) own(addr string) bool {
	own := scopes.RecipientPolicy{Others: scopes.Deny}
	for _, id := range k.accounts[0].Mail.Info().Identities {
		own.Allow = append(own.Allow, asciiDomain(id.Addr))
	}
	return own.Decide(addr) == scopes.Allow
}

// recipients are the addresses in every parameter that takes recipients.
func (a arguments) recipients(s *schema) []string {
	var all []string
	a.eachText(s, []string{formatRecipient}, func(_, text string) {
		if addr, err := parseAddress(text); err == nil {
			all = append(all, asciiDomain(addr.Addr))
		}
	})
	return all
}

// asciiDomain writes an address's domain as the wire has it (RFC 5891 section
// 4.4), so that a policy compares what will be written to. One that cannot be
// written so stays, and policies deny it.
func asciiDomain(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	domain, err := idna.Lookup.ToASCII(addr[at+1:])
	if err != nil {
		return addr
	}
	return addr[:at+1] + domain
}

// approve is where a person decides about what the policy asks about. Caller
// has no approver, so it lets such a call pass: gate, confirmation, limit and
// quota are what holds it.
func (k *call) approve(context.Context) error { return nil }

// claim takes the send's key and its share of the quota, so that it happens once.
func (k *call) claim(ctx context.Context) error {
	if !k.sends() {
		return nil
	}
	keep := keepContent
	if strings.HasPrefix(k.key.Intent, "key:") {
		keep = keepKey
	}
	c := Claim{Key: k.key, ID: k.intentID(), Content: k.content, Keep: keep, Quota: k.caller.Grant.Quota.Effective(), Now: k.started}
	got, err := k.caller.Journal.Claim(ctx, c)
	switch {
	case err != nil:
		return err
	case got.OverQuota != "":
		return refuse(QuotaExceeded, "this connection has used up its sends "+got.OverQuota, "wait, or ask the owner")
	case !got.Taken:
		return k.answerFrom(got.Record)
	}
	k.claimed, k.intent = true, c.ID
	return nil
}

// intentID is what the Message-ID is made of: of a caller's key always the
// same, so that a send is found again after a crash; of content alone new for
// each claim. Two grants may use one key for two messages, which servers that
// drop repeated Message-IDs must not take for one.
func (k *call) intentID() string {
	h := sha256.New()
	for _, part := range []string{k.key.Grant, k.key.Account, k.key.Intent} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	if !strings.HasPrefix(k.key.Intent, "key:") {
		h.Write([]byte(rand.Text()))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sent is an answer of a sending tool.
type sent interface {
	// uncertain reports that the message may or may not have left.
	uncertain() bool
	// repeated is the answer to the same call made again.
	repeated() any
}

// settle records what became of a claimed send. Only when it surely did not
// happen the key is given back. When the record cannot be written, the key stays
// Running: a repeated call is refused rather than sent twice, and the answer of
// this one stands. It runs also when the call's context has ended.
func (k *call) settle(ctx context.Context, out any, err error) {
	if !k.claimed {
		return
	}
	var record Record
	switch s, ok := out.(sent); {
	case err == nil && ok:
		record.State = Done
		if s.uncertain() {
			record.State = Unknown
		}
		record.Answer, err = compact(s.repeated())
	case maybeSent(err):
		record.State = Unknown
	}
	if record.State != "" {
		record.ID, record.Content = k.intent, k.content
	}
	if record.State == Unknown && record.Answer == nil || err != nil && record.State != "" {
		record.Answer = uncertainAnswer()
	}
	_ = k.caller.Journal.Finish(context.WithoutCancel(ctx), k.key, record)
}

// maybeSent reports whether after err nobody knows if the message left. Faults
// of our own count: where the handler stopped is not known.
func maybeSent(err error) bool {
	code := asError(err).Code
	return code == Uncertain || code == Internal
}

// uncertainAnswer answers a repeated call after a send whose fate nobody knows.
func uncertainAnswer() json.RawMessage {
	return json.RawMessage(`{"status":"uncertain","duplicate":true,"next":"look into Sent, or ask the recipient, before sending again with another idempotency_key"}`)
}
