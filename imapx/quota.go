package imapx

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// largeUpload is the size from which it pays to ask for the room there is: the
// upload would take longer than the round trip.
const largeUpload = 1 << 20

// room refuses what the server would refuse once it has all of it. Up to
// largeUpload it asks for nothing.
func (c *Conn) room(ctx context.Context, mailbox string, size int64) error {
	if err := tooLarge(size, c.caps.appendLimit()); err != nil || size < largeUpload {
		return err
	}
	if c.caps.Has("APPENDLIMIT") { // each mailbox has its own (RFC 7889 section 3)
		limit := int64(0)
		_, err := c.own(ctx, reads, ownCommand{op: "STATUS", args: "STATUS " + quoted(encodeName(mailbox)) + " (APPENDLIMIT)", takes: []string{"STATUS"}}, func(r response) error {
			for _, v := range r.values {
				v.items(func(name string, val value) {
					if n, ok := val.number(); ok && name == "APPENDLIMIT" && n <= 1<<62 {
						limit = int64(n)
					}
				})
			}
			return nil
		})
		if err == nil {
			err = tooLarge(size, limit)
		}
		if err := blocking(err); err != nil {
			return err
		}
	}
	if !c.caps.Has("QUOTA") {
		return nil
	}
	full := false
	_, err := c.own(ctx, reads, ownCommand{op: "GETQUOTAROOT", args: "GETQUOTAROOT " + quoted(encodeName(mailbox)), takes: []string{"QUOTAROOT", "QUOTA"}}, func(r response) error {
		full = full || r.name == "QUOTA" && overQuota(r.values, size)
		return nil
	})
	if err == nil && full {
		return &Error{Op: "APPEND", Kind: Limit, Code: "OVERQUOTA", Err: errors.New("the mailbox has no room for " + strconv.FormatInt(size, 10) + " bytes")}
	}
	return blocking(err)
}

// blocking leaves out refusals: whoever cannot be asked for the room may still
// take the message.
func blocking(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Err == nil && (e.Kind == Refused || e.Kind == Protocol || e.Kind == NotFound) {
		return nil
	}
	return err
}

func tooLarge(size, limit int64) error {
	if limit <= 0 || size <= limit {
		return nil
	}
	return &Error{Op: "APPEND", Kind: TooLarge, Err: errors.New("the server takes at most " + strconv.FormatInt(limit, 10) + " bytes")}
}

// overQuota reads a QUOTA answer, (STORAGE used limit MESSAGE used limit), in
// units of 1024 bytes (RFC 9208 section 5).
func overQuota(values []value, size int64) bool {
	if len(values) == 0 {
		return false
	}
	list := values[len(values)-1].list
	for i := 0; i+2 < len(list); i += 3 {
		used, ok1 := list[i+1].number()
		limit, ok2 := list[i+2].number()
		if !ok1 || !ok2 || used > 1<<50 || limit > 1<<50 {
			continue
		}
		switch strings.ToUpper(list[i].text) {
		case "STORAGE":
			if (used<<10)+uint64(size) > limit<<10 {
				return true
			}
		case "MESSAGE":
			if used >= limit {
				return true
			}
		}
	}
	return false
}
