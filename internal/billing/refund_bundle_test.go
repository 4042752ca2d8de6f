package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// cashier is the bank with a way back for its money: what it gave it knows, whatever it
// answered.
type cashier struct {
	*bank

	refunds []providers.RefundRequest
	answer  func(r providers.RefundRequest) (providers.Result, error) // nil: it gives the money back and says so
	can     func(*providers.Capabilities)                             // nil: it can do everything

	meanwhile func() // happens between the next question and its answer
}

func (v *cashier) Capabilities() providers.Capabilities {
	c := v.bank.Capabilities()
	c.Ops = append(c.Ops, providers.OpRefund)
	c.PartialRefund, c.TellsRefunds = true, true
	if v.can != nil {
		v.can(&c)
	}
	return c
}

func (v *cashier) Refund(_ context.Context, r providers.RefundRequest) (providers.Result, error) {
	v.mu.Lock()
	v.refunds = append(v.refunds, r)
	answer := v.answer
	v.mu.Unlock()
	if answer != nil {
		return answer(r)
	}
	return v.giveBack(r), nil
}

// giveBack gives money back and returns the vendor's word of it.
func (v *cashier) giveBack(r providers.RefundRequest) providers.Result {
	v.mu.Lock()
	known := v.orders[r.Ref.OrderNumber]
	v.mu.Unlock()
	known.Captured.Amount -= r.Amount.Amount
	if known.Captured.IsZero() {
		known.Status = providers.Refunded
	}
	return v.note(r.Ref.OrderNumber, known)
}

// sent counts the refunds that the vendor heard of.
func (v *cashier) sent() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.refunds)
}

// The answers of a cashier.
func (v *cashier) refuses(providers.RefundRequest) (providers.Result, error) {
	return providers.Result{Status: providers.Declined, Decline: &providers.Decline{Code: "refund_refused", ProviderCode: "77", Message: "Too late.", Retry: pay.DoNotRetry}}, nil
}

func (v *cashier) accepts(providers.RefundRequest) (providers.Result, error) {
	return providers.Result{Status: providers.Pending}, nil
}

func (v *cashier) doesAndIsLost(r providers.RefundRequest) (providers.Result, error) {
	v.giveBack(r)
	return v.isLost(r)
}

func (v *cashier) isLost(providers.RefundRequest) (providers.Result, error) {
	return v.fails(providers.Unknown)(providers.RefundRequest{})
}

// fails is an answer that is an error.
func (v *cashier) fails(kind providers.Kind) func(providers.RefundRequest) (providers.Result, error) {
	return func(providers.RefundRequest) (providers.Result, error) {
		return providers.Result{}, &providers.Error{Provider: "bank", Op: providers.OpRefund, Kind: kind, Code: "E1"}
	}
}

// shop is a payer at a shop whose provider can give money back.
type shop struct {
	*payer

	till *cashier
}

func setupShop(t *testing.T, url string) *shop {
	t.Helper()
	p := setupPayer(t, url)
	s := &shop{payer: p, till: &cashier{bank: p.bank}}
	s.Service, s.runner = s.another()
	return s
}

// another is one more process of the shop.
func (s *shop) another() (*billing.Service, *jobs.Runner) {
	service, runner := s.process(providers.Account{Code: "bank", Merchant: s.merchant.ID, TestMode: true, Provider: s.till})
	service.Cards = s.drawer
	service.Returners = map[pay.ProductKind]billing.Returner{pay.ProductDirect: entitlements.New()}
	service.RefundRules = func(pay.MerchantID) billing.RefundRules {
		return billing.RefundRules{
			SupportLimit:  map[pay.Currency]int64{pay.RUB: 20000},
			ApprovalAbove: map[pay.Currency]int64{pay.USD: 0},
		}
	}
	return service, runner
}

// inShops runs f in a shop of its own on SQLite and in one on Postgres.
func inShops(t *testing.T, name string, f func(t *testing.T, s *shop)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) { f(t, setupShop(t, url)) })
	})
}

// The people of the shop.
func (b *bundle) support() context.Context {
	return b.as(viewer.Viewer{Role: pay.RoleSupport, Principal: "operator/shop/sam"})
}

func (b *bundle) admin() context.Context {
	return b.as(viewer.Viewer{Role: pay.RoleAdmin, Principal: "operator/shop/anna"})
}

// paid makes a bill that is paid by card, and nothing given for yet.
func (s *shop) paid() *ent.Bill {
	s.t.Helper()
	bill := s.unpaid()
	require.Empty(s.t, s.pays(uuid.NewString(), bill, s.byCard()).Errors)
	return s.bill(bill.ID)
}

// bought makes a bill that is paid by card and done.
func (s *shop) bought() *ent.Bill {
	s.t.Helper()
	bill := s.paid()
	s.later(0)
	bill = s.bill(bill.ID)
	require.Equal(s.t, pay.BillDone, bill.Status)
	return bill
}

// wants is a wish for an amount back; nothing is all that is left.
func wants(bill *ent.Bill, amount ...int64) billing.NewRefund {
	in := billing.NewRefund{Key: uuid.NewString(), Bill: bill.ID.String(), Reason: "The page was empty."}
	for _, minor := range amount {
		in.Amount = new(pay.Of(minor, pay.RUB))
	}
	return in
}

// asks refunds as the context says.
func (s *shop) asks(ctx context.Context, in billing.NewRefund) *billing.RefundOutcome {
	s.t.Helper()
	outcome, err := s.Refund(ctx, in)
	require.NoError(s.t, err)
	return outcome
}

// gives refunds as FINANCE, and returns the refund that it made.
func (s *shop) gives(bill *ent.Bill, amount ...int64) *ent.Refund {
	s.t.Helper()
	return s.refund(s.asks(s.finance(), wants(bill, amount...)).Refund)
}

// refund reads a refund, as the program.
func (s *shop) refund(id pay.RefundID) *ent.Refund {
	s.t.Helper()
	require.False(s.t, id.IsZero(), "no refund was made")
	r, err := s.store.Read().Refund.Get(s.program(), id)
	require.NoError(s.t, err)
	return r
}

// faults writes a refund's errors as "CODE key path".
func faults(o *billing.RefundOutcome) []string {
	list := []string{}
	for _, e := range o.Errors {
		line := string(e.Code) + " " + e.Key
		for at, step := range e.Path {
			line += map[bool]string{true: " ", false: "."}[at == 0] + step
		}
		list = append(list, line)
	}
	return list
}

// book is what the ledger must hold: clearing, sales, refunds, suspense.
func book(clearing, sales, refunds, suspense int64) map[pay.AccountKind]int64 {
	sums := map[pay.AccountKind]int64{}
	for kind, sum := range map[pay.AccountKind]int64{
		pay.AccountClearing: clearing, pay.AccountSales: sales, pay.AccountRefunds: refunds, pay.AccountSuspense: suspense,
	} {
		if sum != 0 {
			sums[kind] = sum
		}
	}
	return sums
}

// holds checks the ledger, accounts that came to nothing left aside.
func (b *bundle) holds(want map[pay.AccountKind]int64) {
	b.t.Helper()
	sums := b.booked()
	total := int64(0)
	for kind, sum := range sums {
		total += sum
		if sum == 0 {
			delete(sums, kind)
		}
	}
	require.Zero(b.t, total)
	require.Equal(b.t, want, sums)
}

// page is one more attempt of a bill: a page that is open in some tab.
func (s *shop) page(bill *ent.Bill) *ent.Attempt {
	s.t.Helper()
	id := pay.NewAttemptID(s.clock.Now())
	err := s.store.InTx(s.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Attempt.Create().SetID(id).SetMerchantID(bill.MerchantID).SetBillID(bill.ID).SetProvider("bank").SetAccount("bank").
			SetOrderNumber(id.Suffix()).SetStatus(pay.AttemptActionRequired).SetCurrent(false).SetTestMode(true).
			SetAmountMinor(bill.TotalMinor).SetCurrency(bill.Currency).SetWatchUntil(tx.Now.Add(time.Hour)).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
	})
	require.NoError(s.t, err)
	a, err := s.store.Read().Attempt.Get(s.program(), id)
	require.NoError(s.t, err)
	return a
}

// takesOn has an amount taken on a page, a commission in it.
func (s *shop) takesOn(a *ent.Attempt, minor, fee int64) {
	s.t.Helper()
	said := s.bank.note(a.OrderNumber, providers.Result{Status: providers.Captured, Captured: pay.Of(minor, a.Currency), Fee: pay.Of(fee, a.Currency)})
	require.NoError(s.t, s.SettleForTest(s.program(), a.ID, said))
}

// duplicate has all of a bill's money taken again.
func (s *shop) duplicate(bill *ent.Bill) *ent.Attempt {
	s.t.Helper()
	a := s.page(bill)
	s.takesOn(a, bill.TotalMinor, 0)
	return a
}

// forgets loses the row of a job.
func (b *bundle) forgets(kind jobs.Kind, key string) {
	b.t.Helper()
	err := b.store.InTx(b.t.Context(), func(ctx context.Context, tx *store.Tx) error { return jobs.Drop(ctx, tx, kind, key) })
	require.NoError(b.t, err)
}

// Sync answers with what the vendor knew before something happened meanwhile, once.
func (v *cashier) Sync(ctx context.Context, ref providers.Ref) (providers.Result, error) {
	result, err := v.bank.Sync(ctx, ref)
	v.mu.Lock()
	meanwhile := v.meanwhile
	v.meanwhile = nil
	v.mu.Unlock()
	if meanwhile != nil {
		meanwhile()
	}
	return result, err
}

// keeps has a product's buyers keep what they bought when they have its money back.
func (b *bundle) keeps(p *ent.Product) {
	b.t.Helper()
	err := b.store.InTx(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Product.UpdateOneID(p.ID).SetRefundPolicy(pay.RefundKeep).Exec(ctx)
	})
	require.NoError(b.t, err)
}
