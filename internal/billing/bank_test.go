package billing_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/providers"
)

// bank is a vendor in memory that charges saved cards: what it took it knows,
// whatever it answered.
type bank struct {
	mu      sync.Mutex
	orders  map[string]providers.Result
	calls   []providers.ChargeRequest
	answer  func(r providers.ChargeRequest) (providers.Result, error) // nil: it takes the money and says so
	started []providers.StartRequest

	away     bool // it answers no question
	twoStage bool
}

// lost is an answer that never came.
func lost() (providers.Result, error) {
	return providers.Result{}, &providers.Error{Provider: "bank", Op: providers.OpChargeSaved, Kind: providers.Unknown}
}

func (b *bank) Name() providers.Name { return "bank" }

func (b *bank) Capabilities() providers.Capabilities {
	return providers.Capabilities{
		Ops: []providers.Op{
			providers.OpStart, providers.OpSync, providers.OpSaveCard, providers.OpChargeSaved, providers.OpCapture, providers.OpVoid,
		},
		TwoStage: b.twoStage, SyncByOurNumber: true, SessionLife: time.Hour, SettlingTime: time.Minute,
	}
}

func (b *bank) Start(_ context.Context, r providers.StartRequest) (providers.Result, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.started = append(b.started, r)
	return providers.Result{Status: providers.ActionRequired, Redirect: &providers.Redirect{URL: "https://bank.example/pay", Method: "GET"}}, nil
}

func (b *bank) Sync(_ context.Context, ref providers.Ref) (providers.Result, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return providers.Result{}, &providers.Error{Provider: "bank", Op: providers.OpSync, Kind: providers.Unavailable}
	}
	if known, ok := b.orders[ref.OrderNumber]; ok {
		return known, nil
	}
	return providers.Result{}, &providers.Error{Provider: "bank", Op: providers.OpSync, Kind: providers.NotFound}
}

func (b *bank) Capture(_ context.Context, ref providers.Ref, _ string, amount pay.Money) (providers.Result, error) {
	return b.note(ref.OrderNumber, providers.Result{Status: providers.Captured, Captured: amount}), nil
}

func (b *bank) Void(_ context.Context, ref providers.Ref, _ string) (providers.Result, error) {
	return b.note(ref.OrderNumber, providers.Result{Status: providers.Voided}), nil
}

func (b *bank) Charge(_ context.Context, r providers.ChargeRequest) (providers.Result, error) {
	b.mu.Lock()
	b.calls = append(b.calls, r)
	answer := b.answer
	b.mu.Unlock()
	if answer != nil {
		return answer(r)
	}
	return b.take(r), nil
}

// take takes an order's money and returns the vendor's word of it.
func (b *bank) take(r providers.ChargeRequest) providers.Result {
	return b.note(r.OrderNumber, providers.Result{Status: providers.Captured, Captured: r.Amount})
}

// note makes what the vendor knows of an order.
func (b *bank) note(order string, r providers.Result) providers.Result {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.orders[order] = r
	return r
}

// taken counts the orders whose money was taken.
func (b *bank) taken() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, r := range b.orders {
		if r.Status == providers.Captured {
			n++
		}
	}
	return n
}

// drawer keeps one card for each of its users, and counts what payments leave.
type drawer struct {
	mu     sync.Mutex
	owners map[pay.CardID]pay.UserID
	saved  int
	hinted int
}

func (d *drawer) Chargeable(_ context.Context, _ pay.MerchantID, user pay.UserID, card pay.CardID) (billing.ChargeableCard, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if owner, ok := d.owners[card]; !ok || owner != user {
		return billing.ChargeableCard{}, pay.NotFound("card")
	}
	return billing.ChargeableCard{ID: card, Account: "bank", Ref: "ref of " + card.String(), Customer: providers.Customer{ID: user.Suffix()}}, nil
}

func (d *drawer) CustomerOf(_ context.Context, user pay.UserID) (providers.Customer, error) {
	return providers.Customer{ID: user.Suffix()}, nil
}

// Hint knows one customer.
func (d *drawer) Hint(_ context.Context, _, customer string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hinted++
	return customer == "customer-known", nil
}

// SavePaid counts too.
func (d *drawer) SavePaid(context.Context, *store.Tx, string, pay.UserID, providers.SavedCard) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.saved++
	return nil
}

func (d *drawer) SaveLater(context.Context, *store.Tx, string, pay.UserID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.saved++
	return nil
}

// payer is a user with a saved card, at a shop whose provider is the bank.
type payer struct {
	*bundle

	bank   *bank
	drawer *drawer
	ctx    context.Context
	user   *ent.User
	card   pay.CardID
}

func setupPayer(t *testing.T, url string) *payer {
	t.Helper()
	p := &payer{bundle: setup(t, url), bank: &bank{orders: map[string]providers.Result{}}, drawer: &drawer{owners: map[pay.CardID]pay.UserID{}}}
	p.Service, p.runner = p.process(providers.Account{Code: "bank", Merchant: p.merchant.ID, TestMode: true, Provider: p.bank})
	p.Cards = p.drawer
	p.ctx, p.user = p.bundle.user("alice")
	p.card = pay.NewCardID(p.clock.Now())
	p.drawer.owners[p.card] = p.user.ID
	return p
}

// payerFact runs f for a payer of its own on SQLite and on Postgres.
func payerFact(t *testing.T, name string, f func(t *testing.T, p *payer)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) { f(t, setupPayer(t, url)) })
	})
}

// unpaid makes a bill of the payer's that nothing was begun for.
func (p *payer) unpaid() *ent.Bill {
	p.t.Helper()
	in := p.buyPage()
	in.Start = false
	return p.created(p.ctx, in)
}

// pays pays a bill and returns what the payer is told.
func (p *payer) pays(key string, b *ent.Bill, with billing.PayWith) *billing.Outcome {
	p.t.Helper()
	outcome, err := p.Pay(p.ctx, billing.NewPayment{Key: key, Bill: b.ID.String(), PayWith: &with})
	require.NoError(p.t, err)
	return outcome
}

// byCard names the payer's saved card.
func (p *payer) byCard() billing.PayWith { return billing.PayWith{Card: new(p.card.String())} }
