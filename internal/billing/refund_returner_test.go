package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/wallets"
	"github.com/paygraph/paygraph/providers"
)

// witness writes down when it was called, and refuses to withhold when it is told to.
type witness struct {
	shop  *shop
	saw   []string
	wrong error
}

func (w *witness) Withhold(_ context.Context, _ *store.Tx, _ *ent.Bill, _ *ent.Product, r *ent.Refund) error {
	return w.see("withhold", r)
}

func (w *witness) Restore(_ context.Context, _ *store.Tx, _ *ent.Bill, _ *ent.Product, r *ent.Refund) error {
	return w.see("restore", r)
}

func (w *witness) Returned(_ context.Context, _ *store.Tx, _ *ent.Bill, _ *ent.Product, r *ent.Refund) error {
	return w.see("returned", r)
}

func (w *witness) see(what string, r *ent.Refund) error {
	line := what
	if r.ReturnsAll {
		line += " all"
	}
	if w.shop.till.sent() > 0 {
		line += ", the vendor was called"
	}
	w.saw = append(w.saw, line)
	return w.wrong
}

// Who gave what was bought is asked before the provider hears of a refund, and told
// what became of it.
func TestService_RefundReturner(t *testing.T) {
	t.Parallel()
	watched := func(s *shop) *witness {
		w := &witness{shop: s}
		s.Returners[pay.ProductDirect] = w
		return w
	}
	inShops(t, "IsAskedFirstAndToldOfSuccess", func(t *testing.T, s *shop) {
		w := watched(s)
		s.gives(s.bought())
		require.Equal(t, []string{"withhold all", "returned all, the vendor was called"}, w.saw)
	})
	inShops(t, "IsToldOfAPart", func(t *testing.T, s *shop) {
		w := watched(s)
		s.gives(s.bought(), 100)
		require.Equal(t, []string{"withhold", "returned, the vendor was called"}, w.saw)
	})
	inShops(t, "IsToldOfFailure", func(t *testing.T, s *shop) {
		w := watched(s)
		s.till.answer = s.till.refuses
		s.gives(s.bought())
		require.Equal(t, []string{"withhold all", "restore all, the vendor was called"}, w.saw)
	})
	inShops(t, "ItsRefusalSendsNothing", func(t *testing.T, s *shop) {
		w := watched(s)
		w.wrong = pay.Errorf(pay.CodeConflict, "gift.redeemed", "The gift was redeemed and cannot be taken back.")
		bill := s.bought()
		in := wants(bill)
		refused := s.asks(s.finance(), in)
		require.Equal(t, []string{"CONFLICT gift.redeemed bill"}, faults(refused))
		require.Equal(t, pay.DoNotRetry, refused.Errors[0].Retry)
		require.Zero(t, s.till.sent())
		after := s.bill(bill.ID)
		require.Equal(t, []any{bill.Version, int64(0)}, []any{after.Version, after.RefundingMinor})
		require.Empty(t, s.refundsOf(bill))
		w.wrong = nil
		require.Empty(t, s.asks(s.finance(), in).Errors, "the key made nothing, and may be used again")
	})
	inShops(t, "ItsRefusalOfAResolutionIsAboutTheResolution", func(t *testing.T, s *shop) {
		s.Fulfillers[pay.ProductDirect] = refusing{}
		bill := s.paid()
		for range 8 {
			s.later(15 * time.Minute)
		}
		w := watched(s)
		w.wrong = pay.Errorf(pay.CodeConflict, "gift.redeemed", "The gift was redeemed and cannot be taken back.")
		refused := s.ends(s.bill(bill.ID).Edges.Reviews[0], pay.ResolveRefundAll)
		require.Equal(t, []string{"CONFLICT gift.redeemed resolution"}, refusals(refused))
		require.Equal(t, pay.DoNotRetry, refused.Errors[0].Retry)
		require.Equal(t, []pay.ReviewReason{pay.ReviewFulfilmentFailed}, openCases(s.bill(bill.ID)))
	})
	inShops(t, "MoneyThatWaitedForAPersonGaveNothing", func(t *testing.T, s *shop) {
		bill := s.bought()
		w := watched(s)
		s.duplicate(bill)
		require.Empty(t, s.ends(s.bill(bill.ID).Edges.Reviews[0], pay.ResolveRefundAll).Errors)
		s.later(0)
		require.Equal(t, int64(99000), s.bill(bill.ID).RefundedMinor)
		require.Empty(t, w.saw)
	})
}

// A top-up's money, all the way.
func TestService_RefundOfATopUp(t *testing.T) {
	t.Parallel()
	has := func(t *testing.T, s *shop, w *ent.Wallet, available, held int64) {
		t.Helper()
		require.Equal(t, []int64{available, held}, []int64{s.wallet(w.ID).AvailableMinor, s.wallet(w.ID).HeldMinor})
	}
	inShops(t, "IsSetAsideAndTakenOut", func(t *testing.T, s *shop) {
		bill, w := s.filledByTopUp()
		s.till.answer = s.till.accepts
		s.gives(bill, 20000)
		has(t, s, w, 30000, 20000)
		other := s.unpaid()
		require.Equal(t, []pay.Code{pay.CodeInsufficientFunds}, codes(s.pays(uuid.NewString(), other, byWallet(w))))
		s.till.giveBack(s.till.refunds[0])
		s.later(settledAt)
		has(t, s, w, 30000, 0)
		s.till.answer = nil
		s.gives(bill)
		has(t, s, w, 0, 0)
		require.Equal(t, pay.BillRefunded, s.bill(bill.ID).Status)
		s.holds(map[pay.AccountKind]int64{})
	})
	inShops(t, "IsThereAgainWhenItFails", func(t *testing.T, s *shop) {
		bill, w := s.filledByTopUp()
		s.till.answer = s.till.refuses
		s.gives(bill)
		has(t, s, w, 50000, 0)
		s.holds(map[pay.AccountKind]int64{pay.AccountClearing: -50000, pay.AccountWalletAvailable: 50000})
	})
	inShops(t, "WhatIsSpentIsNotGivenBack", func(t *testing.T, s *shop) {
		bill, w := s.filledByTopUp()
		page := s.created(s.ctx, billing.NewBill{Key: uuid.NewString(), Product: new(s.resource.ID.String()), Currency: new(pay.RUB)})
		require.Empty(t, s.pays(uuid.NewString(), page, byWallet(w)).Errors)
		has(t, s, w, 40000, 0)
		refused := s.asks(s.finance(), wants(bill))
		require.Equal(t, []string{"INSUFFICIENT_FUNDS refund.top_up_spent bill"}, faults(refused))
		require.Equal(t, "What this top-up brought was spent. The wallet has 400.00 RUB left: no more can be given back.", refused.Errors[0].Message)
		require.Equal(t, pay.DoNotRetry, refused.Errors[0].Retry)
		require.Equal(t, pay.LimitDetail{Available: new(pay.Of(40000, pay.RUB))}, refused.Errors[0].Detail)
		require.Zero(t, s.till.sent())
		require.Equal(t, pay.RefundSucceeded, s.gives(bill, 40000).Status)
		has(t, s, w, 0, 0)
		s.later(0)
		require.Equal(t, pay.RefundSucceeded, s.gives(page).Status, "and what it bought comes back to it")
		has(t, s, w, 10000, 0)
	})
	inShops(t, "BeforeItIsThereNothingIsTakenAndLessComes", func(t *testing.T, s *shop) {
		topUp := wallets.NewTopUp(wallets.New(s.store))
		s.Fulfillers[pay.ProductTopUp], s.Returners[pay.ProductTopUp] = topUp, topUp
		product := s.product(topUpOf500())
		bill := s.created(s.ctx, billing.NewBill{Key: uuid.NewString(), Product: new(product.ID.String())})
		require.Empty(t, s.pays(uuid.NewString(), bill, s.byCard()).Errors)
		require.Equal(t, pay.RefundSucceeded, s.gives(bill, 20000).Status)
		s.later(0)
		w := s.filled(s.user.ID, pay.Of(0, pay.RUB))
		has(t, s, w, 30000, 0)
		require.Equal(t, pay.RefundSucceeded, s.gives(bill).Status)
		has(t, s, w, 0, 0)
		s.holds(book(0, 20000, -20000, 0))
	})
	inShops(t, "ItsCommissionWasNeverInTheWallet", func(t *testing.T, s *shop) {
		s.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
			said := providers.Result{Status: providers.Captured, Captured: pay.Of(r.Amount.Amount+700, pay.RUB), Fee: pay.Of(700, pay.RUB)}
			return s.bank.note(r.OrderNumber, said), nil
		}
		bill, w := s.filledByTopUp()
		require.Equal(t, pay.Of(50700, pay.RUB), s.gives(bill).Amount())
		has(t, s, w, 0, 0)
	})
}

// topUpOf500 is a product that brings 500.00 to a wallet.
func topUpOf500() catalogue.Upsert {
	return catalogue.Upsert{
		Code: "top-up", Kind: pay.ProductTopUp, Title: "500", Active: true, Prices: []catalogue.NewPrice{{Amount: pay.Of(50000, pay.RUB)}},
	}
}
