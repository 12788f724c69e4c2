package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// Result is a finished call's answer: one compact JSON object whose members
// stand in a fixed order.
type Result struct {
	JSON json.RawMessage
	// Files are what the answer speaks of and JSON does not hold: images and
	// other binary attachments, whole.
	Files []File
}

// File is one attachment in a Result. Name and Type are a stranger's words, cleaned.
type File struct {
	URI  string // mail://account/message/part
	Name string
	Type string // media type, in lower case, without parameters
	Data []byte
}

// Env is what a handler works with.
type Env struct {
	// Mail is the account of the call. In a dry run it can only read.
	Mail *provider.Account
	// Account is the account as the caller names it.
	Account Account
	Caller  *Caller
	DryRun  bool
	Now     time.Time
	// Nonce marks what strangers wrote in this answer. Nothing in the mail can
	// know it.
	Nonce string
	// Intent names the send that this call claimed: 64 hex digits, the same for
	// every try at it.
	Intent string
	tools  *Registry
}

// call is one call on its way through the steps.
type call struct {
	registry *Registry
	caller   *Caller
	name     string
	raw      json.RawMessage
	reading  bool // nothing may be changed, whatever the caller may do

	started  time.Time
	args     arguments
	tool     Tool
	accounts []Account
	effects  []scopes.Effect
	dryRun   bool
	key      Key    // of a sending call
	claimed  bool   // key is ours to finish
	intent   string // names the claimed send for ever
	content  string // digest of what is sent
	answer   json.RawMessage
	files    []File
}

// step does one thing to a call. A step that sets the answer ends the call.
type step struct {
	name string
	do   func(*call, context.Context) error
}

// steps are what every call passes, in this order.
func steps() []step {
	return []step{
		{"alive", (*call).alive},
		{"permitted", (*call).permit},
		{"decode", (*call).decode},
		{"effects", (*call).route},
		{"gate", (*call).gate},
		{"confirm", (*call).confirm},
		{"arguments", (*call).arguments},
		{"replay", (*call).replay},
		{"recipients", (*call).recipients},
		{"dry run", (*call).dry},
		{"approval", (*call).approve},
		{"claim", (*call).claim},
		{"run", (*call).run},
	}
}

// Call decides whether the caller may do this, by the predicate that Visible
// uses, and does it. Every error is an *Error; errors of the context are Timeout
// and Canceled. A failed call leaves the account usable.
func (r *Registry) Call(ctx context.Context, c *Caller, name string, args json.RawMessage) (Result, error) {
	if r.behind != nil {
		return r.through(ctx, c, name, args)
	}
	return r.pass(ctx, &call{registry: r, caller: c, name: name, raw: args, started: c.now()})
}

// pass takes a call through its steps and into the trail.
func (r *Registry) pass(ctx context.Context, k *call) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	err := k.pass(ctx)
	var failure *Error
	if err != nil {
		failure = asError(err)
	}
	// Work that is done stays done when only its trail is missing: the caller
	// must not repeat it. The journal reports its own faults.
	_ = k.audit(ctx, failure)
	if failure != nil {
		return Result{}, failure
	}
	return Result{JSON: k.answer, Files: k.files}, nil
}

func (k *call) pass(ctx context.Context) error {
	for _, s := range steps() {
		if err := s.do(k, ctx); err != nil {
			return err
		}
		if k.answer != nil {
			return nil
		}
	}
	return errors.New("the call ran and answered nothing")
}

func (k *call) alive(context.Context) error {
	if err := k.caller.alive(k.started); err != nil {
		return err
	}
	if err := k.caller.check(); err != nil {
		return &Error{Code: Internal, Message: "the accounts are set up wrongly: " + err.Error(), Next: "tell the operator", err: err}
	}
	return nil
}

// permit finds the tool and the accounts on which the caller may use it. It looks
// at no argument, so that a hidden tool and none answer alike whatever they get.
func (k *call) permit(context.Context) (err error) {
	tool, ok := k.registry.byName[k.name]
	if !ok {
		return unknownTool(k.name)
	}
	k.accounts, err = k.caller.able(tool)
	if errors.Is(err, UnknownTool) {
		return unknownTool(k.name) // an alias must not tell the name it stands for
	}
	if err == nil && k.reading && !tool.hints().ReadOnly {
		return refuse(Invalid, k.name+" changes something", "call it by "+callAny)
	}
	k.tool = tool
	return err
}

func (k *call) decode(context.Context) (err error) {
	k.args, err = decodeArguments(k.raw)
	return err
}

// route finds the accounts and the effects of these very arguments, and asks the
// predicate about them.
func (k *call) route(context.Context) (err error) {
	k.accounts, k.args, err = k.caller.route(k.tool, k.args, k.accounts)
	if err != nil {
		return err
	}
	k.effects, k.dryRun = k.tool.effectsOf(k.args), k.args.isTrue("dry_run")
	return k.permitArguments()
}

// permitArguments refuses arguments whose effect the caller may not have or
// that an account cannot serve.
func (k *call) permitArguments() error {
	for _, e := range k.tool.spec.Escalate {
		if !e.applies(k.args) {
			continue
		}
		for _, a := range k.accounts {
			switch err := k.caller.permitted(k.tool, e.Effect, a); {
			case err == nil:
			case onlyScopes(err):
				return scopeMissing(k.tool.spec.Name+" with "+e.Param, err)
			default:
				return refuse(NotPermitted, e.Param+" is not allowed on this connection", "leave it out, or ask the owner to allow it")
			}
		}
	}
	for _, p := range k.tool.spec.Params {
		if len(k.args.at(p.Name)) == 0 {
			continue
		}
		for _, a := range k.accounts {
			if !k.caller.serves(p, a) {
				next := "leave it out"
				if len(k.accounts) > 1 {
					next += ", or name another mailbox"
				}
				return refuse(Unsupported, p.Name+" does not work on the account "+string(a.ID), next)
			}
		}
	}
	return nil
}

// gate asks the operator's switches. The refusal names the switch, since only
// the operator can turn it.
func (k *call) gate(context.Context) error {
	for _, e := range k.effects {
		for _, a := range k.accounts {
			sw := a.Gates.gate(e.Gate)
			if sw.Open {
				continue
			}
			next := "only the operator can open it"
			if sw.Name != "" {
				next += ": " + sw.Name
			}
			return refuse(GateClosed, "the operator has switched "+string(e.Gate)+" off for the account "+string(a.ID), next)
		}
	}
	return nil
}

func (k *call) confirm(context.Context) error {
	if name := k.tool.spec.Confirm; name != "" && !k.dryRun && !k.args.isTrue(name) {
		return refuse(ConfirmRequired, name+" is not true", "show the owner what will be sent; once they agree, call again with "+name+": true")
	}
	return nil
}

func (k *call) arguments(context.Context) (err error) {
	k.args, err = k.tool.input.validate(k.args)
	return err
}

// dry answers a dry run: the handler runs on an account that can only read.
func (k *call) dry(ctx context.Context) error {
	if !k.dryRun {
		return nil
	}
	return k.run(ctx)
}

// run runs the handler, once or for a list once per account.
func (k *call) run(ctx context.Context) error {
	if len(k.accounts) > 1 && k.tool.merges {
		out, err := k.merged(ctx)
		if err != nil {
			return err
		}
		return k.finish(ctx, out, nil)
	}
	env := k.env(Account{})
	if len(k.accounts) > 0 && !k.tool.spec.Whole {
		env = k.env(k.accounts[0])
	}
	out, err := k.handle(ctx, env, k.args)
	return k.finish(ctx, out, err)
}

func (k *call) env(a Account) *Env {
	env := &Env{Mail: a.Mail, Account: a, Caller: k.caller, DryRun: k.dryRun, Now: k.started, Nonce: mailtext.Nonce(), Intent: k.intent, tools: k.registry}
	if k.dryRun && env.Mail != nil {
		env.Mail = env.Mail.Restrict(provider.Caps(provider.CapFolders, provider.CapRead, provider.CapSearch))
	}
	return env
}

// handle runs the handler; a table is cut to what an answer holds.
func (k *call) handle(ctx context.Context, env *Env, args arguments) (out any, err error) {
	defer k.recovered(&err)
	out, err = k.tool.run(ctx, env, args.json())
	if rows, ok := out.(*Rows); ok && err == nil {
		return rows.within(maxAnswerBytes)
	}
	return out, err
}

// recovered makes an error of a panic: a fault in a handler or a backend must
// not take the embedder down.
func (k *call) recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("tool %s panicked: %v", k.tool.spec.Name, p)
	}
}

// finish turns the handler's answer into JSON and closes the claim.
func (k *call) finish(ctx context.Context, out any, err error) error {
	k.settle(ctx, out, err)
	if err != nil {
		return err
	}
	if rows, ok := out.(*Rows); ok {
		out = rows.withoutEmpty(threadColumn)
	}
	if w, ok := out.(withFiles); ok {
		k.files = w.files()
	}
	k.answer, err = compact(out)
	return err
}

// audit writes the call's row. The trail must also hold calls whose context has
// ended, so it does not use that context's end.
func (k *call) audit(ctx context.Context, failure *Error) error {
	if k.caller.Journal == nil {
		return nil
	}
	g := k.caller.Grant
	row := AuditRow{
		Time: k.started, Grant: g.ID, Subject: g.Subject, Client: g.Client, Tool: clip(k.name),
		DryRun: k.dryRun, Items: len(k.args.texts("ids")), Took: k.caller.now().Sub(k.started),
	}
	if len(k.accounts) == 1 {
		row.Account = string(k.accounts[0].ID)
	}
	if failure != nil {
		row.Code = failure.Code
	}
	return k.caller.Journal.Audit(context.WithoutCancel(ctx), row)
}

// limit is the page size that the call asks for; a list without pages has none.
func (k *call) limit() int {
	if k.tool.input.property("limit") == nil {
		return math.MaxInt
	}
	raw, ok := k.args.get("limit")
	if !ok {
		return provider.DefaultLimit
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil || n <= 0 {
		return provider.DefaultLimit
	}
	return min(n, provider.MaxLimit)
}
