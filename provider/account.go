package provider

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// Account is what tools and embedders hold: one mail account, served by one or
// several backends. It can do what they implement, report and are allowed, and
// is the only place that looks for an optional interface.
type Account struct {
	parts   []Provider
	allowed CapabilitySet
	folders *folderNames
	waits   *waits
}

// Open joins parts into one account: for each capability the first part that
// has it serves it. It does no I/O. All parts must name the same account.
func Open(parts ...Provider) (*Account, error) {
	if len(parts) == 0 {
		return nil, invalid("open", "no backend given")
	}
	for _, p := range parts {
		switch {
		case p == nil:
			return nil, invalid("open", "a backend is nil")
		case p.Info().Account == "":
			return nil, invalid("open", "a backend names no account")
		case p.Info().Account != parts[0].Info().Account:
			return nil, invalid("open", "backends of two accounts: "+strconv.Quote(parts[0].Info().Account)+" and "+strconv.Quote(p.Info().Account))
		}
	}
	return &Account{parts: append([]Provider(nil), parts...), allowed: AllCaps(), folders: &folderNames{}, waits: newWaits()}, nil
}

// Info describes the account: the first part's, with the identities of the
// first part that has any.
func (a *Account) Info() Info {
	info := a.parts[0].Info()
	for _, p := range a.parts {
		if ids := p.Info().Identities; len(ids) > 0 {
			info.Identities = append([]Address(nil), ids...)
			break
		}
	}
	return info
}

// Tag is the short name that the account's message ids carry.
func (a *Account) Tag() string { return Tag(a.Info().Account) }

// Capabilities is what the account can do now. It may grow or shrink when a
// backend has logged in; it never blocks.
func (a *Account) Capabilities() CapabilitySet {
	s := a.backed()
	if a.derivesThread() {
		s |= Caps(CapThread)
	}
	return s
}

// backed is what the parts themselves can do, and are allowed.
func (a *Account) backed() CapabilitySet {
	var s CapabilitySet
	for _, p := range a.parts {
		s |= implemented(p) & p.Capabilities()
	}
	return s & a.allowed
}

// Restrict returns a view of a that can do no more than keep. There is no way
// back from the view to a.
func (a *Account) Restrict(keep CapabilitySet) *Account {
	return &Account{parts: a.parts, allowed: a.allowed & keep, folders: a.folders, waits: a.waits}
}

// Close ends every Wait and closes every part, also those shared with
// restricted views.
func (a *Account) Close() error {
	a.waits.close()
	var errs []error
	for _, p := range a.parts {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// use is the only place that asserts an optional interface.
func use[T any](ctx context.Context, a *Account, op string, c Capability) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if a.allowed.Can(c) {
		for _, p := range a.parts {
			if t, ok := p.(T); ok && p.Capabilities().Can(c) {
				return t, nil
			}
		}
	}
	return none, &Error{Op: op, Code: Unsupported, Err: errors.New("this account cannot do that: " + c.String())}
}

// checkIDs refuses ids that are malformed or of another account, before any
// backend sees them, and drops repeated ones.
func (a *Account) checkIDs(op string, ids []MessageID, most int) ([]MessageID, error) {
	switch {
	case len(ids) == 0:
		return nil, invalid(op, "no message id given")
	case len(ids) > most:
		return nil, invalid(op, strconv.Itoa(len(ids))+" ids given, at most "+strconv.Itoa(most)+" are allowed")
	}
	tag := a.Tag()
	seen := make(map[MessageID]bool, len(ids))
	out := make([]MessageID, 0, len(ids))
	for _, id := range ids {
		switch got := id.Tag(); {
		case got == "":
			return nil, &Error{Op: op, Code: Invalid, Hint: "use ids as a list, a search or a read gave them", Err: errors.New("not a message id: " + strconv.Quote(clip(string(id))))}
		case got != tag:
			return nil, &Error{Op: op, Code: Invalid, Hint: "use ids of one account in a call", Err: errors.New("id " + string(id) + " belongs to another account")}
		case !seen[id]:
			seen[id] = true
			out = append(out, id)
		}
	}
	return out, nil
}

// folderGone drops remembered folder names when a backend knew no such folder.
func (a *Account) folderGone(err error) error {
	if errors.Is(err, NotFound) {
		a.folders.forget()
	}
	return err
}

// clip shortens a stranger's text for an error.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..." // the cut may go through a character
}
