package mailtool

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

const (
	defaultWait = 30 * time.Second
	// maxWait is below the minute after which hosts give up on a tool.
	maxWait = 50 * time.Second
	// answerTime is what is left of a call's time for its last look and answer.
	answerTime = 3 * time.Second
	// lookBack is how far back mail counts that was there before the call: what a
	// model asked somebody to send is often faster than its next call.
	lookBack = time.Minute
	// progressEvery is how often a wait says that it goes on.
	progressEvery = 5 * time.Second
)

func waitTools() []Tool {
	return []Tool{Define(Spec{
		Name:  "wait_for_message",
		Title: "Wait for a message",
		Description: "Waits until a message that matches arrives in a folder, or the time is up (timed_out); then read_message. " +
			"Its words must be in the message just so: when unsure, leave query, from and subject out. " +
			"To wait on without a gap, call again with after: mark. Columns as in list_messages.",
		Effect: scopes.Effect{Verb: scopes.List, Access: scopes.Read, Scopes: scopes.AllOf(scopes.MailRead)},
		Needs:  provider.Caps(provider.CapRead, provider.CapSearch, provider.CapFolders),
		Tags:   []scopes.Tag{"messages"},
		Single: true,
	}, waitForMessage)}
}

type waitIn struct {
	Query   string `json:"query,omitempty" jsonschema:"as in search_messages" maxlen:"2000"`
	From    string `json:"from,omitempty" jsonschema:"in the author" maxlen:"500"`
	Subject string `json:"subject,omitempty" jsonschema:"in the subject" maxlen:"500"`
	Folder  string `json:"folder,omitempty" jsonschema:"path or role, inbox unless given" maxlen:"1000"`
	Since   string `json:"since,omitempty" jsonschema:"mail counts that arrived at or after; a minute ago unless given" format:"time"`
	After   string `json:"after,omitempty" jsonschema:"mark or message id: only what arrived behind it counts" format:"message_id"`
	Timeout int    `json:"timeout,omitempty" jsonschema:"seconds, default 30" min:"1" max:"50"`
}

type waitOut struct {
	Untrusted string     `json:"untrusted,omitempty" jsonschema:"a nonce, and the notice that the strings below were written by others"`
	Now       string     `json:"now,omitempty" jsonschema:"as in list_messages"`
	TimedOut  bool       `json:"timed_out,omitempty" jsonschema:"nothing that matches came in time"`
	Columns   []string   `json:"columns" jsonschema:"what each cell of a row is"`
	Rows      [][]string `json:"rows" jsonschema:"what came, newest first"`
	Folder    string     `json:"folder,omitempty" jsonschema:"the folder"`
	Since     string     `json:"since,omitempty" jsonschema:"what was there already counted from then on"`
	Waited    int        `json:"waited" jsonschema:"seconds"`
	Mark      string     `json:"mark" jsonschema:"hand it back as after to wait for what comes next"`
	More      bool       `json:"more,omitempty" jsonschema:"more came than the rows show: list the folder"`
	Failed    []Failure  `json:"failed,omitempty" jsonschema:"what came and could not be looked at"`
}

func waitForMessage(ctx context.Context, env *Env, in waitIn) (*waitOut, error) {
	req, folder, err := env.waitRequest(ctx, in)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	got, err := env.wait(ctx, req)
	if errors.Is(err, provider.ErrTooManyWaits) {
		return nil, refuse(Busy, strconv.Itoa(provider.MaxWaits)+" calls wait for mail of this account already", "call again when one of them has answered")
	}
	if err != nil {
		return nil, err
	}
	rows, err := env.table(ctx, provider.Page[provider.Summary]{Items: got.Items, Failed: got.Failed}, false, false, false)
	if err != nil {
		return nil, err
	}
	if rows, err = rows.within(maxAnswerBytes); err != nil {
		return nil, err
	}
	out := &waitOut{
		Untrusted: rows.Untrusted, Now: rows.Now, TimedOut: len(got.Items) == 0, Columns: rows.Columns, Rows: rows.Rows, Folder: cleanLine(folder.Path),
		Waited: int(time.Since(start) / time.Second), Mark: string(got.Mark), More: got.More, Failed: rows.Failed,
	}
	if !req.Since.IsZero() {
		out.Since = shortTime(req.Since, env.Account.zone())
	}
	return out, nil
}

// wait ends with the grant, which nothing after it is shown on.
func (env *Env) wait(ctx context.Context, req provider.WaitRequest) (provider.Waited, error) {
	defer env.progress(ctx, "waiting for mail", req.For)()
	if end := env.Caller.Grant.Expires; !end.IsZero() {
		req.For = max(min(req.For, end.Sub(env.Caller.now())), time.Millisecond)
	}
	got, err := env.Mail.Wait(ctx, req)
	if dead := env.Caller.alive(env.Caller.now()); dead != nil {
		return provider.Waited{}, dead
	}
	return got, err
}

// waitRequest reads what to wait for, by the code that reads searches.
func (env *Env) waitRequest(ctx context.Context, in waitIn) (req provider.WaitRequest, folder provider.Folder, err error) {
	if in.After != "" && in.Since != "" {
		return req, folder, refuse(Invalid, "both after and since are given", "since is for a first wait, after for one that goes on")
	}
	if req.Query, err = env.query(searchIn{Query: in.Query, From: in.From, Subject: in.Subject}); err != nil {
		return req, folder, err
	}
	said, _, err := parseSearch(in.Query, env.Now, env.Account.zone())
	names := req.Query.In
	req.Query.Everywhere = false // a search for one Message-ID sets it by itself
	switch {
	case err != nil || said.Everywhere || len(names) > 1 || len(names) == 1 && in.Folder != "":
		return req, folder, refuse(Invalid, "query and folder name more than one folder", "wait for one folder")
	case in.Folder != "":
		names = []provider.FolderID{provider.FolderID(in.Folder)}
	case len(names) == 0:
		names = []provider.FolderID{provider.FolderID(provider.RoleInbox)}
	}
	if folder, err = env.folder(ctx, string(names[0])); err != nil {
		return req, folder, err
	}
	req.Query.In, req.Query.After = []provider.FolderID{folder.ID}, provider.MessageID(in.After)
	if in.After == "" {
		if req.Since, err = env.time(in.Since); err != nil {
			return req, folder, err
		}
		if in.Since == "" {
			req.Since = env.Now.Add(-lookBack).Truncate(time.Minute) // as the answer says it
		}
	}
	if req.Query, err = env.arriving(req.Query); err != nil {
		return req, folder, err
	}
	req.For = waitFor(ctx, in.Timeout)
	return req, folder, nil
}

// waitFor leaves room in the call's own time for an answer.
func waitFor(ctx context.Context, timeout int) time.Duration {
	length := min(time.Duration(timeout)*time.Second, maxWait)
	if length <= 0 {
		length = defaultWait
	}
	if end, ok := ctx.Deadline(); ok {
		if left := time.Until(end) - answerTime; left < length {
			length = left.Round(time.Second) // what progress says it is of
		}
	}
	return max(length, time.Millisecond)
}

// progress tells the caller now and then that the call goes on, until stop.
func (env *Env) progress(ctx context.Context, text string, total time.Duration) (stop func()) {
	tell := env.Caller.Progress
	if tell == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	start := time.Now()
	go func() {
		defer close(over)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				tell(text, min(time.Since(start), total).Round(time.Second).Seconds(), total.Seconds())
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-over
	}
}
