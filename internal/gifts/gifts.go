// Package gifts takes a gift from the bill that pays for it to the person who
// redeems its code. It owns the table of gifts and every move of their status.
//
// A code is known to its buyer and to whom it is mailed: the table has a keyed
// hash, to find it by, and the code sealed under the row's id. Redeeming is one
// guarded UPDATE, and what the gift gives is given in the same transaction: time
// on a running subscription, entitlements, or money in a wallet. Other packages
// give it; this one decides what. It calls no provider and moves no bill.
//
// Start with Fulfil, then Redeem.
package gifts

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Vault hides codes.
type Vault interface {
	Seal(plain []byte, identity string) ([]byte, error)
	Open(sealed []byte, identity string) ([]byte, error)
	// Hash returns a keyed hash, the same for the same words.
	Hash(domain, value string) []byte
}

// Mailer sends mails.
type Mailer interface {
	// Queue has m sent after tx is committed, once for each key.
	Queue(ctx context.Context, tx *store.Tx, m notify.Mail) error
}

// Subscriptions adds paid time to what is running.
type Subscriptions interface {
	// AddTime moves the end of what is paid of the user's live subscription to a
	// product, and returns that; nil when there is none.
	AddTime(ctx context.Context, tx *store.Tx, user pay.UserID, product pay.ProductID, give pay.Period, bill pay.BillID) (*ent.BillingSubscription, error)
}

// Entitlements lets users use what they are given.
type Entitlements interface {
	// Give grants once what a bill paid for, after what the user has of it. It
	// returns the first entitlement, nil when there is nothing to give.
	Give(ctx context.Context, tx *store.Tx, in entitlements.Given) (*pay.EntitlementID, error)
}

// Wallets holds money of users.
type Wallets interface {
	// Earned is what a bill's payments brought: less than its total when its
	// merchant captured a part.
	Earned(ctx context.Context, tx *store.Tx, b *ent.Bill) (pay.Money, error)
	WalletOf(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, user pay.UserID, currency pay.Currency) (*ent.Wallet, error)
	Post(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, bill *pay.BillID, t pay.Transfer) (bool, error)
}

// Config is what a Service is made of. Fields without a word about their zero
// value are needed.
type Config struct {
	Store         *store.Store
	Runner        *jobs.Runner
	Vault         Vault
	Mailer        Mailer
	Subscriptions Subscriptions
	Entitlements  Entitlements
	Wallets       Wallets

	Validity     pay.Period                       // how long a code works from its delivery on; zero: for ever
	RedeemURL    string                           // the page that takes a code, for the mails; "": none
	Address      func(ctx context.Context) string // of who asks, "" when not known; nil: never known
	TriesAMinute int                              // wrong codes that one caller may try; 0: 10
	Logger       *slog.Logger                     // of mails that nobody can get; nil: none
}

// DefaultValidity is how long a code works where nobody decided: five years.
func DefaultValidity() pay.Period { return pay.Period{Months: 5 * 12} }

// Service is the way of a gift. It is safe for concurrent use.
type Service struct {
	Config
	tries *tries
}

// New returns a Service and registers its jobs with the runner.
func New(c Config) *Service {
	if c.Address == nil {
		c.Address = func(context.Context) string { return "" }
	}
	if c.TriesAMinute == 0 {
		c.TriesAMinute = 10
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{Config: c, tries: newTries(c.Store.Clock(), c.TriesAMinute)}
	s.registerJobs()
	return s
}

// hashDomain keeps the hashes of codes apart from all others.
const hashDomain = "gift"

func (s *Service) hash(code pay.GiftCode) []byte { return s.Vault.Hash(hashDomain, code.Canonical()) }

// codeOf opens the code of a gift.
func (s *Service) codeOf(g *ent.Gift) (pay.GiftCode, error) {
	plain, err := s.Vault.Open(g.CodeSealed, g.ID.String())
	if err != nil {
		return pay.GiftCode{}, fmt.Errorf("open the code of gift %s: %w", g.ID, err)
	}
	code, err := pay.ParseGiftCode(string(plain))
	if err != nil {
		return pay.GiftCode{}, fmt.Errorf("read the code of gift %s: %w", g.ID, err)
	}
	return code, nil
}
