// Package cards saves payers' cards at providers, through the providers' own
// pages, and looks after the saved ones. It owns cards and card registrations;
// it takes no money and knows no bill: who charges a card asks Chargeable.
//
// No card number ever is here. The provider's id of a card is sealed with its
// row's identity (Vault) and found again by a keyed hash; it leaves the package
// for the provider and for Chargeable's caller only.
//
// A registration is one way through a provider's page. Its row is committed
// before the page is opened, and remembers by hash which cards the provider had
// then. Whoever comes first (Finish, the return page, a notification, the poll)
// reads the provider's list and saves the card that was not there before; many
// at once save one. A user has one open page at an account: who starts again within
// a minute, for the same return address, is sent to it, and supersedes it
// otherwise. A superseded or expired page may still be open in some tab, so its
// list is read a while longer, see pick.go for whose a card then is.
//
// When no card is new, an explicit Finish takes the first active one that the
// provider has, as the systems before this one did. A poll, a notification and a
// returning browser never do: the payer may still be at the page, and vendors
// send browsers back from failures too.
//
// Start with start.go, then look.go.
package cards

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/journal"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Merchants finds a merchant with its registered origins.
type Merchants interface {
	Cached(ctx context.Context, id pay.MerchantID) (*ent.Merchant, error)
}

// Wallets makes users' wallets.
type Wallets interface {
	// WalletOf returns the user's wallet in a currency, and makes it when there is
	// none.
	WalletOf(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, user pay.UserID, currency pay.Currency) (*ent.Wallet, error)
}

// Vault seals and hashes the providers' ids of cards.
type Vault interface {
	Seal(plain []byte, identity string) ([]byte, error)
	Open(sealed []byte, identity string) ([]byte, error)
	Hash(domain, value string) []byte
}

// Tokens makes the capability tokens of one registration.
type Tokens interface {
	// RegistrationToken returns the token, always the same for the same words.
	RegistrationToken(merchant pay.MerchantID, id pay.CardRegistrationID, expires time.Time) string
}

// CardObserver is told of cards in the transaction that changes them. An error
// undoes the change, which is then tried again or refused.
type CardObserver interface {
	// CardSaved is called for a card that was saved, or that can be charged again.
	CardSaved(ctx context.Context, tx *store.Tx, c *ent.Card) error
	// CardGone is called for one that was removed or has expired.
	CardGone(ctx context.Context, tx *store.Tx, c *ent.Card) error
}

// Config is what a Service is made of. Every field is needed but Observers and
// Verification.
type Config struct {
	Store     *store.Store
	Accounts  *providers.Accounts
	Merchants Merchants
	Wallets   Wallets
	Vault     Vault
	Tokens    Tokens
	Feed      journal.Feed
	Runner    *jobs.Runner
	// Observers may be added to before the jobs run and the first call.
	Observers   []CardObserver
	CheckReturn func(raw string, origins []string) (string, error) // refuses a return URL outside the merchant's origins
	ReturnKey   []byte                                             // signs the tokens of our own return page
	OldKeys     [][]byte                                           // return keys of before: tokens that one of them signed are good
	PublicURL   string                                             // where browsers and providers reach us, without a trailing slash
	// Verification is what is held for a moment to try a card, in minor units by
	// currency. Absent: 10.00 of RUB, and one major unit of any other.
	Verification map[pay.Currency]int64
	Logger       *slog.Logger
}

// Service keeps cards. It is safe for concurrent use.
type Service struct {
	Config
	keys  *idempotency.Keys
	lanes lanes // of jobs that wait on a provider
}

// New returns a Service and registers its jobs with the runner.
func New(c Config) *Service {
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	s := &Service{Config: c, keys: idempotency.New(c.Store)}
	s.registerJobs()
	return s
}

func (s *Service) now() time.Time { return pay.Instant(s.Store.Clock().Now()) }

// Outcome is what a call about a registration came to. Errors are what a person
// may read: with a registration, something went wrong after it was there.
type Outcome struct {
	Registration pay.CardRegistrationID // zero when there is none
	AccessToken  string                 // the right to this registration, for a server to hand to its payer
	Errors       []*pay.Error
	Replayed     bool
}

// CardOutcome is what a mutation of a card came to.
type CardOutcome struct {
	Card     pay.CardID // zero when nothing was done
	User     pay.UserID // whose it is
	Errors   []*pay.Error
	Replayed bool
}

func refuse(errs ...*pay.Error) *Outcome { return &Outcome{Errors: errs} }

func asList(e *pay.Error) []*pay.Error {
	if e == nil {
		return nil
	}
	return []*pay.Error{e}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// account returns a configured account that can save cards.
func (s *Service) account(code string) (providers.Account, providers.CardSaver, error) {
	account, known := s.Accounts.ByCode(code)
	if !known {
		return account, nil, fmt.Errorf("account %s: %w", code, errNoAccount)
	}
	saver, err := providers.As[providers.CardSaver](account.Provider, providers.OpSaveCard)
	return account, saver, err
}

// errNoAccount says that an account was left out of the configuration.
var errNoAccount = errors.New("it is not configured")

// customerOf is the user as the provider's customer.
func customerOf(u *ent.User) providers.Customer {
	return providers.Customer{ID: u.ID.Suffix(), ExternalID: u.ExternalID, Email: deref(u.Email), Phone: deref(u.Phone)}
}

// CustomerOf returns the user as a provider's own customer.
func (s *Service) CustomerOf(ctx context.Context, user pay.UserID) (providers.Customer, error) {
	u, err := s.Store.Read().User.Get(viewer.AsProgram(ctx), user)
	if err != nil {
		return providers.Customer{}, fmt.Errorf("read user %s: %w", user, err)
	}
	return customerOf(u), nil
}
