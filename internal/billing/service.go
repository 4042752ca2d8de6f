// Package billing takes a bill from its creation to the moment that it is paid
// and fulfilled. It owns bills, attempts, operations on attempts, the bill's
// history and the review cases of money, and is the only package that asks
// providers for money. What saves cards there is package cards.
//
// It never calls a provider inside a transaction: every write to one commits its
// own row first (open.go, charge.go, operate.go, hold.go), the answer is recorded
// in a second transaction, and everything that anybody tells us about money goes
// through settle (settle.go), which is the only code that turns evidence into
// statuses. What a product grants is not known here: see Fulfiller.
//
// Start with create.go, then open.go and settle.go.
package billing

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/breaker"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Catalogue finds what is sold.
type Catalogue interface {
	// Cached returns the merchant's product with its prices, or a
	// CodeNotFound error.
	Cached(ctx context.Context, merchant pay.MerchantID, id pay.ProductID) (*ent.Product, error)
}

// Merchants finds a merchant with its registered origins.
type Merchants interface {
	Cached(ctx context.Context, id pay.MerchantID) (*ent.Merchant, error)
}

// Ledger books money. It is the only writer of ledger rows.
type Ledger interface {
	// Post books t once: it reports false when its key was booked before.
	Post(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, bill *pay.BillID, t pay.Transfer) (bool, error)
}

// Tokens makes and reads the capability tokens of one bill.
type Tokens interface {
	// GuestToken returns the token, always the same for the same words.
	GuestToken(merchant pay.MerchantID, bill pay.BillID, version int, expires time.Time) string
	// Authenticate returns who a token belongs to.
	Authenticate(ctx context.Context, bearer string) (viewer.Viewer, error)
}

// Feed tells live subscriptions, after a commit, what changed.
type Feed interface {
	Committed(changes ...events.Change)
}

// Fulfiller gives a buyer what a paid bill is for. It is registered by the kind
// of product that it knows, so that billing need not.
type Fulfiller interface {
	// Fulfil grants within tx what bill paid for. It runs in the transaction
	// that moves the bill to DONE, at least once; each grant has a unique key,
	// so a second run changes nothing.
	Fulfil(ctx context.Context, tx *store.Tx, bill *ent.Bill, product *ent.Product) error
}

// Config is what a Service is made of. Every field is needed, but those that say what
// their absence means.
type Config struct {
	Store       *store.Store
	Accounts    *providers.Accounts
	Catalogue   Catalogue
	Merchants   Merchants
	Ledger      Ledger
	Cards       Cards // nil: no card is saved or charged
	Tokens      Tokens
	Feed        Feed
	Runner      *jobs.Runner
	Fulfillers  map[pay.ProductKind]Fulfiller
	Returners   map[pay.ProductKind]Returner
	Routes      func(pay.MerchantID) []providers.Route // rules for choosing an account; nil: none
	RefundRules func(pay.MerchantID) RefundRules       // nil: SUPPORT gives nothing back, and nobody need approve
	Observers   []Observer
	CheckReturn func(raw string, origins []string) (string, error) // refuses a return URL outside the merchant's origins
	ReturnKey   []byte                                             // signs the tokens of our own addresses: of return pages, of orders' notifications, of pay links
	OldKeys     [][]byte                                           // return keys of before: addresses that one of them signed are good
	PublicURL   string                                             // where browsers and providers reach us, without a trailing slash
	Logger      *slog.Logger
}

// Service is the way of a bill. It is safe for concurrent use.
type Service struct {
	Config
	keys     *idempotency.Keys
	breakers *breaker.Group // of calls that move a payment's money or open its page, by account and operation
	lanes    *lanes         // of jobs that wait on a provider
	reasked  turnstile      // when all doubt at an account was asked about last
	hinted   turnstile      // when a hint about a customer's cards was stored last

	strangers turns
}

// New returns a Service and registers its jobs with the runner.
func New(c Config) *Service {
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	s := &Service{Config: c, keys: idempotency.New(c.Store)}
	s.strangers.last, s.strangers.began = map[string]string{}, map[string]time.Time{}
	s.lanes = &lanes{clock: c.Store.Clock(), lane: map[string]*lane{}}
	s.breakers = breaker.NewGroup(breaker.Options{Clock: c.Store.Clock(), OnChange: s.logBreaker})
	s.registerJobs()
	return s
}

func (s *Service) now() time.Time { return pay.Instant(s.Store.Clock().Now()) }

// Outcome is what a mutation of a bill came to. Errors are what a person may
// read: with a bill, something went wrong after it was there (a decline, an
// unreachable provider); without one, nothing was done.
type Outcome struct {
	Bill        pay.BillID // zero when there is none
	AccessToken string     // the guest's capability, for who may have it
	Errors      []*pay.Error
	Replayed    bool
}

// refuse is the outcome of a request that did nothing.
func refuse(errs ...*pay.Error) *Outcome { return &Outcome{Errors: errs} }

// outcomeOf turns an error into an outcome when a person may read it, and
// returns it as it is otherwise.
func outcomeOf(bill pay.BillID, err error) (*Outcome, error) {
	if e := pay.Readable(err); e != nil {
		return &Outcome{Bill: bill, Errors: []*pay.Error{e}}, nil //nolint:nilerr // the outcome carries it
	}
	return nil, err
}
