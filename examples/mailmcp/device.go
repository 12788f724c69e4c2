package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"golang.org/x/oauth2"
)

const (
	// maxInterval bounds the pause between two questions, in seconds; a longer
	// one would outlast the wait.
	maxInterval = 60
	// maxCode bounds a code that a person types.
	maxCode = 40
)

// byDevice has the owner consent on any machine by typing a code there
// (RFC 8628). It has no PKCE: the code that is redeemed never leaves this
// connection.
func (a *authorization) byDevice(ctx context.Context) error {
	ctx = withClient(ctx, a.transport)
	device, err := a.config.DeviceAuth(ctx)
	if err != nil {
		return a.refusal(err)
	}
	if err := checkDevice(device); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "Open this on any machine:\n\n  %s\n\nand enter the code %s. Waiting; Ctrl-C gives up.\n",
		plain(device.VerificationURI), plain(device.UserCode))
	token, err := a.config.DeviceAccessToken(ctx, device)
	switch {
	case err == nil:
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return errors.New("the code was not entered in time: run it again")
	default:
		return a.refusal(err, device.DeviceCode)
	}
	return a.keep(ctx, token)
}

// checkDevice bounds what a server makes us do, and a person open.
func checkDevice(d *oauth2.DeviceAuthResponse) error {
	where, err := url.Parse(d.VerificationURI)
	switch {
	case d.DeviceCode == "" || d.UserCode == "" || len(d.UserCode) > maxCode:
		return errors.New("the authorization server gave no code to enter")
	case err != nil || where.Host == "" || where.Scheme != "https" && !(where.Scheme == "http" && loopbackHost(where.Hostname())):
		return errors.New("the authorization server named no page to open")
	}
	// The oauth2 package would take zero as 5, and panic on less.
	d.Interval = min(max(d.Interval, 0), maxInterval)
	if latest := time.Now().Add(loginWait); d.Expiry.IsZero() || d.Expiry.After(latest) {
		d.Expiry = latest
	}
	return nil
}
