package mailtool

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// Caller is who calls, on which accounts. It is made for one request; the zero
// Caller may do nothing.
type Caller struct {
	Grant    scopes.Grant
	Accounts []Account
	// Journal keeps the audit trail and makes sending happen once. Nil keeps
	// nothing; sending is then refused.
	Journal Journal
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Progress is told, every few seconds of a call that waits, how many seconds
	// of how many have passed. Other goroutines than Call's call it, one at a
	// time and never after Call has returned, which waits for it. Nil: nobody.
	Progress func(text string, done, total float64)
	// FileBytes bounds a file in Result.Files, and makes a larger one TooLarge; 0
	// means what hosts take in an answer to a model, which says what to do about
	// a larger one: 90,000, an image 700,000.
	FileBytes int
}

// Account is one mail account of a caller.
type Account struct {
	ID    scopes.AccountID // what the parameter mailbox names; required
	Mail  *provider.Account
	Gates Gates
	Zone  *time.Location // for the times in answers; nil means the machine's
	// Border is the authserv-id (RFC 8601 section 2.5) under which the account's
	// own mail server writes what it checked of a message; empty: the one that
	// fits the server which delivered it.
	Border string
}

// Gates are an operator's switches for one account. Zero: all closed.
type Gates struct {
	Sending, Destructive, Migration Switch
}

// Switch is one gate and the name of the setting that opens it, such as
// MAIL_ALLOW_SENDING, for the refusal to name.
type Switch struct {
	Open bool
	Name string
}

// gate returns the switch of g; a gate nobody knows is closed.
func (gs Gates) gate(g scopes.Gate) Switch {
	switch g {
	case scopes.NoGate:
		return Switch{Open: true}
	case scopes.Sending:
		return gs.Sending
	case scopes.Destructive:
		return gs.Destructive
	case scopes.Migration:
		return gs.Migration
	}
	return Switch{}
}

func (c *Caller) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (a Account) zone() *time.Location {
	if a.Zone != nil {
		return a.Zone
	}
	return time.Local
}

// alive refuses a grant that is not valid at a time.
func (c *Caller) alive(now time.Time) error {
	if err := c.Grant.Alive(now); err != nil {
		return &Error{Code: NotPermitted, Message: "the grant is not valid: " + err.Error(), Next: "the owner has to grant access again", err: err}
	}
	return nil
}

// granted are the accounts that the grant names, in the caller's order.
func (c *Caller) granted() []Account {
	return slices.DeleteFunc(slices.Clone(c.Accounts), func(a Account) bool {
		return a.ID == "" || a.Mail == nil || !c.Grant.Accounts.Has(a.ID)
	})
}

// check refuses a caller whose accounts cannot be told apart by id or by the
// tags in message ids.
func (c *Caller) check() error {
	ids, tags := map[scopes.AccountID]bool{}, map[string]scopes.AccountID{}
	for _, a := range c.granted() {
		if ids[a.ID] {
			return fmt.Errorf("two accounts %q", a.ID)
		}
		ids[a.ID] = true
		if other, taken := tags[a.Mail.Tag()]; taken {
			return fmt.Errorf("accounts %q and %q share the id tag %s: rename one", other, a.ID, a.Mail.Tag())
		}
		tags[a.Mail.Tag()] = a.ID
	}
	return nil
}

// permitted is the one predicate: it decides both what Visible lists and what
// Call runs. Nil means that the caller may have effect e by tool t on account a.
func (c *Caller) permitted(t Tool, e scopes.Effect, a Account) error {
	if !c.Grant.Accounts.Has(a.ID) {
		return errNotGranted
	}
	if a.Mail == nil || !a.Mail.Capabilities().Has(t.spec.Needs) {
		return errCannot
	}
	return c.Grant.Check(e, t.spec.Tags)
}

var (
	errNotGranted = errors.New("the grant does not name this account")
	errCannot     = errors.New("the account cannot do this")
)

// serves reports whether a parameter works on account a: both for the listing
// and for the call.
func (c *Caller) serves(p Param, a Account) bool {
	return a.Mail.Capabilities().Has(p.Needs) || p.OrJournal && c.Journal != nil
}

// able are the accounts on which the caller may have the tool's base effect.
// When there is none, the error says why: insufficient scope when that is all
// that is missing, else that there is no such tool.
func (c *Caller) able(t Tool) ([]Account, error) {
	if t.spec.Whole {
		return c.granted(), hidden(t, c.Grant.Check(t.spec.Effect, t.spec.Tags))
	}
	var able []Account
	var refusal error = unknownTool(t.spec.Name)
	for _, a := range c.granted() {
		switch err := c.permitted(t, t.spec.Effect, a); {
		case err == nil:
			able = append(able, a)
		case onlyScopes(err):
			refusal = hidden(t, err)
		}
	}
	if len(able) == 0 {
		return nil, refusal
	}
	return able, nil
}

// hidden words the refusal of a tool that the caller cannot see.
func hidden(t Tool, err error) error {
	if err == nil {
		return nil
	}
	if onlyScopes(err) {
		return scopeMissing(t.spec.Name, err)
	}
	return unknownTool(t.spec.Name)
}

func onlyScopes(err error) bool {
	var denied *scopes.Error
	return errors.As(err, &denied) && denied.OnlyScopes()
}

func scopeMissing(what string, err error) *Error {
	var denied *scopes.Error
	errors.As(err, &denied)
	e := refuse(InsufficientScope, what+" needs more than this connection was granted", "")
	for _, group := range denied.Missing {
		if len(group) > 0 {
			e.Scopes = append(e.Scopes, string(group[0]))
		}
	}
	e.Next = "ask the owner to grant " + strings.Join(e.Scopes, " ")
	return e
}

func unknownTool(name string) *Error {
	return refuse(UnknownTool, "there is no tool "+clip(name), "list the tools again and use one of them")
}
