package imapmail

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/internal/submission"
	"github.com/postern-mail/postern/provider"
)

// Options describes an account. Account and IMAP are required.
type Options struct {
	Account    string             // the embedder's id of the account
	IMAP       imapx.Options      // a *provider.Error in an error of its Token is what callers get, with its Hint
	SMTP       *SMTP              // nil: the account cannot send
	Identities []provider.Address // addresses to send from, the default first
	SentBy     SentBy
	SearchTime time.Duration // how long a search may take before it hands over what it has; 0: 10 s
}

// SMTP says where to submit mail. Addr is required.
type SMTP struct {
	Addr           string         // host:port
	Security       imapx.Security // as for IMAP
	TLSConfig      *tls.Config
	AllowCleartext bool
	// Username, Password and Token default to those of IMAP.
	Username, Password string
	Token              func(ctx context.Context, refused string) (string, error) // see imapx.Options
}

// SentBy says who files the copy of a sent message.
type SentBy string

// Who files in Sent.
const (
	SentByClient SentBy = ""       // we do, by APPEND
	SentByServer SentBy = "server" // the service does by itself, as Gmail and Exchange do
)

// Backend serves one account. It dials on first use and keeps a few connections.
type Backend struct {
	opts   Options
	pool   *imapx.Pool
	reader mailmime.Reader
	// loginRefused is why the submission server took the password for a wrong
	// one. It stays wrong, and trying it again locks accounts.
	loginRefused atomic.Pointer[submission.Error]
	// asciiOnly says that the server has refused to search for other text.
	asciiOnly atomic.Bool
	handled   handled

	mu      sync.Mutex
	closed  bool
	folders []imapx.Folder      // as listed last
	byHash  map[string][]string // folder names by the digest in ids
}

var (
	_ provider.Provider = (*Backend)(nil)
	_ provider.Folders  = (*Backend)(nil)
	_ provider.Reader   = (*Backend)(nil)
	_ provider.Searcher = (*Backend)(nil)
	_ provider.Modifier = (*Backend)(nil)
	_ provider.Mover    = (*Backend)(nil)
	_ provider.Deleter  = (*Backend)(nil)
	_ provider.Sender   = (*Backend)(nil)
	_ provider.Watcher  = (*Backend)(nil)
)

// Open checks opts. It does no I/O.
func Open(opts Options) (*Backend, error) {
	if opts.Account == "" {
		return nil, invalid("the account has no id")
	}
	if opts.SearchTime < 0 {
		return nil, invalid("a search cannot take less than no time")
	}
	if opts.SentBy != SentByClient && opts.SentBy != SentByServer {
		return nil, invalid("unknown filer of sent mail: " + string(opts.SentBy))
	}
	for _, id := range opts.Identities {
		if _, err := mailmime.EncodeMailbox(id.Addr); err != nil {
			return nil, invalid("identity " + id.Addr + " is no address")
		}
	}
	if opts.SMTP != nil {
		if err := opts.SMTP.check(opts.IMAP); err != nil {
			return nil, err
		}
		if len(opts.Identities) == 0 {
			return nil, invalid("an account that sends needs an identity")
		}
	}
	pool, err := imapx.Open(opts.IMAP)
	if err != nil {
		return nil, mapError(err)
	}
	b := &Backend{opts: opts, pool: pool, byHash: make(map[string][]string)}
	b.learn("INBOX")
	return b, nil
}

// Info describes the account.
func (b *Backend) Info() provider.Info {
	return provider.Info{
		Account: b.opts.Account, Service: "imap",
		Identities: append([]provider.Address(nil), b.opts.Identities...),
	}
}

// Close ends every connection and waits until nothing is left. It is idempotent.
func (b *Backend) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	return b.pool.Close()
}

func invalid(text string) error {
	return &provider.Error{Code: provider.Invalid, Err: errors.New(strings.TrimSpace(text))}
}
