package imapx

import (
	"encoding/base64"
	"errors"

	"github.com/emersion/go-sasl"

	"github.com/postern-mail/postern/internal/mechanism"
)

// maxSteps bounds a SASL exchange; no mechanism has more than four.
const maxSteps = 10

// authenticate logs in with what the options hold, token first.
func (w *wire) authenticate(o Options, token string, caps Caps) error {
	if token != "" {
		return w.bearer(o, token, caps)
	}
	if o.Auth != nil {
		client, err := o.Auth()
		if err != nil {
			return &Error{Op: "AUTHENTICATE", Kind: Auth, Err: err}
		}
		return authFailure(w.sasl(client, caps))
	}
	if caps.Has("AUTH=" + mechanism.ScramSHA256) {
		// A name or password that it cannot carry goes the old way.
		if client, ok := mechanism.NewScram(o.Username, o.Password); ok {
			return authFailure(w.scram(client, caps))
		}
	}
	plain, disabled := caps.Has("AUTH=PLAIN"), caps.Has("LOGINDISABLED")
	switch {
	case plain && (caps.Has("SASL-IR") || disabled || !isASCII(o.Username+o.Password)):
		return authFailure(w.sasl(sasl.NewPlainClient("", o.Username, o.Password), caps))
	case disabled: // RFC 9051 section 6.2.3: LOGIN must not be sent
		return &Error{Op: "LOGIN", Kind: Auth, Code: "LOGINDISABLED", Err: errors.New("the server takes no password on this connection")}
	case !isASCII(o.Username + o.Password):
		return unsupported("LOGIN", "AUTH=PLAIN, which a password beyond ASCII needs")
	}
	return authFailure(w.command("LOGIN " + quote(o.Username) + " " + quote(o.Password)))
}

func (w *wire) scram(client *mechanism.Scram, caps Caps) error {
	if err := w.sasl(client, caps); err != nil {
		return err
	}
	if !client.Verified() {
		return &Error{Op: "AUTHENTICATE", Kind: Auth, Err: mechanism.ErrImpostor}
	}
	return nil
}

func (w *wire) bearer(o Options, token string, caps Caps) error {
	client, ok := mechanism.NewBearer(o.Username, token, o.Addr, func(name string) bool { return caps.Has("AUTH=" + name) })
	if !ok {
		return unsupported("AUTHENTICATE", "AUTH=OAUTHBEARER or AUTH=XOAUTH2, which an access token needs")
	}
	err := authFailure(w.sasl(client, caps))
	var e *Error
	if errors.As(err, &e) && e.Err == nil {
		e.Err = client.Refusal()
	}
	return err
}

// authFailure says that a plain NO to a login means the login was refused.
func authFailure(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Kind == Refused {
		e.Kind = Auth
	}
	return err
}

// sasl runs AUTHENTICATE (RFC 9051 section 6.2.2). After a failure the
// connection is closed, so the exchange needs no cancelling.
func (w *wire) sasl(client sasl.Client, caps Caps) error {
	const op = "AUTHENTICATE"
	mech, initial, err := client.Start()
	if err != nil {
		return &Error{Op: op, Kind: Auth, Err: err}
	}
	if !caps.Has("AUTH=" + mech) {
		return unsupported(op, "AUTH="+mech)
	}
	line := "AUTHENTICATE " + mech
	if initial != nil && caps.Has("SASL-IR") { // RFC 4959 section 3
		line += " " + w.coded(encodeSASL(initial))
		initial = nil
	}
	tag, err := w.send(line)
	if err != nil {
		return err
	}
	for range maxSteps {
		challenge, more, err := w.answer(tag, op)
		if err != nil || !more {
			return err
		}
		resp := initial
		if resp == nil {
			data, err := base64.StdEncoding.DecodeString(challenge)
			if err != nil {
				return &Error{Op: op, Kind: Protocol, Err: errors.New("garbled challenge")}
			}
			if resp, err = client.Next(data); err != nil {
				return &Error{Op: op, Kind: Auth, Err: err}
			}
		}
		initial = nil
		if err := w.write(w.coded(base64.StdEncoding.EncodeToString(resp))); err != nil {
			return err
		}
	}
	return &Error{Op: op, Kind: Protocol, Err: errors.New("the login does not end")}
}

// coded notes a response as a secret.
func (w *wire) coded(response string) string {
	if len(response) >= echoed {
		w.secrets = append(w.secrets, response)
	}
	return response
}

// encodeSASL writes an empty response as "=".
func encodeSASL(b []byte) string {
	if len(b) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}
