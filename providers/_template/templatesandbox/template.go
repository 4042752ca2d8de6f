// Package templatesandbox simulates the made-up vendor of the template over HTTP:
// its API under /template/payments, its page and its notifications. It owns the
// vendor's own view of a payment and reports every movement of money to the host's
// book.
//
// It is written from the vendor's documents alone and may not import the adapter:
// shared code would share its mistakes. A real one also draws its pages, keeps the
// vendor's odd behaviour, and refuses all that the vendor refuses.
//
// Start reading at [New]; api.go is the merchant's side, pay.go the payer's.
package templatesandbox

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

const (
	name        = "template"
	sessionLife = time.Hour
	goodCard    = "4111111111111111"
	poorCard    = "4000000000009995"
)

// Account is a shop.
type Account struct {
	Name     string
	APIKey   string
	HookKey  string
	Currency string
	Test     bool // it moves no real money
}

// DefaultAccounts is the one shop that every sandbox has.
func DefaultAccounts() []Account {
	return []Account{{Name: "sandbox-shop", APIKey: "sandbox-key", HookKey: "sandbox-hook-key", Currency: "EUR", Test: true}}
}

// Options configures a Vendor.
type Options struct {
	Accounts []Account // nil is DefaultAccounts
}

// Vendor is the vendor. Make it with New and give it to a sandbox.Server.
type Vendor struct {
	accounts []Account
	host     *sandbox.Host

	mu       sync.Mutex // guards the map and every payment in it
	payments map[string]*payment
}

// payment is an order of a shop. Amounts are in minor units.
type payment struct {
	ID        string           `json:"id"`
	Shop      string           `json:"shop"`
	Order     string           `json:"order"`
	Amount    int64            `json:"amount"` // as ordered, and then as taken
	Refunded  int64            `json:"refunded"`
	Refunds   map[string]int64 `json:"refunds"` // by the merchant's number
	Currency  string           `json:"currency"`
	Test      bool             `json:"test"`
	State     string           `json:"state"`
	Code      string           `json:"code"`
	NotifyURL string           `json:"notifyUrl"`
	ReturnURL string           `json:"returnUrl"`
	At        time.Time        `json:"at"`
}

// New makes a Vendor. It does nothing until a sandbox.Server mounts it.
func New(o Options) *Vendor {
	if o.Accounts == nil {
		o.Accounts = DefaultAccounts()
	}
	return &Vendor{accounts: o.Accounts, payments: map[string]*payment{}}
}

// Name is template.
func (v *Vendor) Name() string { return name }

// Accounts lists the shops.
func (v *Vendor) Accounts() []string {
	var names []string
	for _, a := range v.accounts {
		names = append(names, a.Name)
	}
	return names
}

// Mount restores the payments and returns the API and the page.
func (v *Vendor) Mount(h *sandbox.Host) ([]sandbox.Route, error) {
	v.host = h
	err := h.Load("payment", func(_ string, raw json.RawMessage) error {
		p := new(payment)
		if err := json.Unmarshal(raw, p); err != nil {
			return err
		}
		v.payments[p.key()] = p
		return nil
	})
	return []sandbox.Route{
		{Path: "/payments", Op: sandbox.OpStart, Handler: v.open},
		{Path: "/payments/{order}", Op: sandbox.OpSync, Handler: v.get},
		{Path: "/payments/{order}/refunds", Op: sandbox.OpRefund, Handler: v.refund},
		{Path: "/page/{id}", Handler: v.page},
	}, err
}

func (p *payment) key() string { return p.Shop + "/" + p.Order }

// age ends a session whose time is over. v.mu must be held.
func (v *Vendor) age(p *payment) {
	if (p.State == "new" || p.State == "declined") && !v.host.Now().Before(p.At.Add(sessionLife)) {
		p.State = "expired"
	}
}

// commit keeps a payment, notes its movement of money and tells its shop.
func (v *Vendor) commit(p *payment, captured, refunded int64) {
	change := sandbox.Change{Save: []sandbox.Record{{Kind: "payment", ID: p.key(), Value: *p}}}
	if p.State == "paid" {
		change.Book = []sandbox.Movement{{
			Account: p.Shop, OrderRef: p.Order, Kind: sandbox.KindPayment, AmountMinor: p.Amount, Currency: p.Currency,
			State: p.State, CapturedMinor: captured, RefundedMinor: refunded,
		}}
	}
	if p.State != "new" {
		change.Notify = []sandbox.Notification{v.notice(p)}
	}
	v.host.Commit(change)
}
