// Package subscriptions renews what users pay for period by period: trials, first
// charges, renewals from the anchor, retries of what failed, pauses, ends, and the
// test clocks by which a year of it passes in seconds. It owns the tables
// billing_subscriptions, subscription_periods and test_clocks, and the
// entitlements that a subscription gives.
//
// It decides nothing of money: a period is a bill of billing's, made once for each
// (subscription, beginning), and only its fulfilment moves a subscription on
// (fulfil.go). What comes next is decided by pay.Renewal.Decide, which knows no
// database; step.go takes one such step after the other, each in one transaction
// guarded by the row's version, so that a crash anywhere leaves a row from which
// the next run goes on. It calls no provider inside a transaction.
//
// Start with step.go and pay.Renewal, then create.go and fulfil.go.
package subscriptions

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/journal"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Bills makes and charges the bills of periods. It is billing's Service.
type Bills interface {
	CheckCharges(account string, total pay.Money) *pay.Error
	CheckPayment(ctx context.Context, merchant pay.MerchantID, user pay.UserID, of providers.Purchase, onPage bool, in billing.PageRequest) ([]*pay.Error, error)
	InsertPeriodBill(ctx context.Context, tx *store.Tx, in billing.PeriodBill) (*ent.Bill, error)
	CancelPeriodBill(ctx context.Context, tx *store.Tx, bill pay.BillID) (bool, error)
	ChargePeriod(ctx context.Context, bill pay.BillID, card pay.CardID, try int, initiator providers.Initiator, payer billing.Payer, returnURL *string) error
	AttemptOfTry(ctx context.Context, bill pay.BillID, try int) (*ent.Attempt, error)
	OpenPage(ctx context.Context, bill pay.BillID, in billing.PageRequest) ([]*pay.Error, error)
	FulfilNow(ctx context.Context, bill pay.BillID) error
}

// Cards judges whether a saved card can be charged. It is cards' Service.
type Cards interface {
	// Chargeable returns CodeNotFound for a card that is not the user's, and
	// CodeStateConflict for one that cannot be charged.
	Chargeable(ctx context.Context, merchant pay.MerchantID, user pay.UserID, card pay.CardID) (account, ref string, customer providers.Customer, found *ent.Card, err error)
}

// Merchants finds a merchant, whoever asks.
type Merchants interface {
	Cached(ctx context.Context, id pay.MerchantID) (*ent.Merchant, error)
}

// Mailer queues mail within a transaction, once for each merchant and key.
type Mailer interface {
	Queue(ctx context.Context, tx *store.Tx, m notify.Mail) error
}

// Config is what a Service is made of. Every field without a remark is needed.
type Config struct {
	Store     *store.Store
	Runner    *jobs.Runner
	Bills     Bills
	Cards     Cards
	Merchants Merchants
	Mailer    Mailer // nil: nobody is told by mail
	Feed      journal.Feed
	Policy    pay.RenewalPolicy                  // zero: pay.DefaultRenewals
	PayURL    func(bill pay.BillID) string       // the page where a payer pays a bill by hand; nil: none
	ManageURL func(id pay.SubscriptionID) string // the page where they change or cancel a subscription; nil: none
	Logger    *slog.Logger                       // nil: none
}

// Service is the way of subscriptions. It is safe for concurrent use.
type Service struct {
	Config
	keys  *idempotency.Keys
	zones sync.Map // of names, loaded once
}

// New returns a Service and registers its job with the runner.
func New(c Config) *Service {
	if c.Policy.Recheck == 0 {
		c.Policy = pay.DefaultRenewals()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{Config: c, keys: idempotency.New(c.Store)}
	s.Runner.Handle(JobStep, stepPolicy(), s.stepJob)
	return s
}

// Outcome is what a mutation of a subscription came to. Errors are what a person
// may read: with a subscription, something went wrong after it was there (a
// decline, an unreachable provider); without one, nothing was done.
type Outcome struct {
	Subscription pay.SubscriptionID // zero when there is none
	FirstBill    pay.BillID         // of a creation that costs something now; zero otherwise
	Errors       []*pay.Error
	Replayed     bool
}

// refuse is the outcome of a request that did nothing.
func refuse(errs ...*pay.Error) *Outcome { return &Outcome{Errors: errs} }

// refused turns an error into an outcome when a person may read it, and returns it
// as it is otherwise.
func refused(err error) (*Outcome, error) {
	if e := pay.Readable(err); e != nil {
		return refuse(e), nil
	}
	return nil, err
}

// asRace returns err as store.ErrRaced when somebody else was faster with what may
// be there once only, so that the work is judged anew by what is there now.
func asRace(err error) error {
	if store.IsUniqueViolation(err) {
		return fmt.Errorf("%w: %w", store.ErrRaced, err)
	}
	return err
}

// mayAct returns CodeForbidden for callers who may change no subscription: those
// who are neither its user, the merchant's server nor its administrator.
func mayAct(v viewer.Viewer) error {
	switch v.Role {
	case pay.RoleUser, pay.RoleServer, pay.RoleAdmin:
		return nil
	case pay.RolePublic, pay.RoleGuest, pay.RoleSupport, pay.RoleFinance:
	}
	return pay.Errorf(pay.CodeForbidden, "subscription.not_yours_to_change", "Only its user, the merchant's server and its administrator may change a subscription.")
}

// zone returns the location of an IANA name.
func (s *Service) zone(name string) (*time.Location, error) {
	if known, ok := s.zones.Load(name); ok {
		return known.(*time.Location), nil //nolint:errcheck,forcetypeassert // it holds nothing else
	}
	loaded, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	s.zones.Store(strings.Clone(name), loaded)
	return loaded, nil
}
