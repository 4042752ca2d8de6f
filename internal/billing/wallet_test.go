package billing_test

import (
	"context"
	"strconv"
	"sync"
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

// filled returns the user's wallet with an amount in it.
func (b *bundle) filled(user pay.UserID, amount pay.Money) *ent.Wallet {
	b.t.Helper()
	var w *ent.Wallet
	err := b.store.InTx(b.t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		ledger := wallets.New(b.store)
		if w, err = ledger.WalletOf(ctx, tx, b.merchant.ID, user, amount.Currency); err != nil || amount.IsZero() {
			return err
		}
		_, err = ledger.Post(ctx, tx, b.merchant.ID, nil, pay.Transfer{Key: "gift of the house " + w.ID.String(), Entry: pay.EntryAdjustment, Legs: []pay.Leg{
			{Kind: pay.AccountSuspense, Amount: amount.Neg()}, {Kind: pay.AccountWalletAvailable, Owner: w.ID.UUID(), Amount: amount},
		}})
		return err
	})
	require.NoError(b.t, err)
	return w.Unwrap()
}

func (b *bundle) wallet(id pay.WalletID) *ent.Wallet {
	b.t.Helper()
	w, err := b.store.Read().Wallet.Get(b.program(), id)
	require.NoError(b.t, err)
	return w
}

func byWallet(w *ent.Wallet) billing.PayWith { return billing.PayWith{Wallet: new(w.ID.String())} }

// A bill paid from a wallet.
func TestService_PayFromWallet(t *testing.T) {
	t.Parallel()
	payerFact(t, "TakesWhatTheBillCosts", func(t *testing.T, p *payer) {
		w := p.filled(p.user.ID, pay.Of(100000, pay.RUB))
		bill := p.unpaid()
		key := uuid.NewString()
		require.Empty(t, p.pays(key, bill, byWallet(w)).Errors)
		require.True(t, p.pays(key, bill, byWallet(w)).Replayed)
		p.later(time.Second)
		paid := p.bill(bill.ID)
		require.Equal(t, pay.BillDone, paid.Status)
		require.Equal(t, pay.MethodWallet, p.current(paid).MethodKind)
		require.Equal(t, []int64{1000, 0}, []int64{p.wallet(w.ID).AvailableMinor, p.wallet(w.ID).HeldMinor})
		require.Equal(t, int64(99000), p.booked()[pay.AccountSales])
		require.Empty(t, p.bank.calls)
	})
	payerFact(t, "TooLittleChangesNothing", func(t *testing.T, p *payer) {
		w := p.filled(p.user.ID, pay.Of(98999, pay.RUB))
		bill := p.unpaid()
		outcome := p.pays(uuid.NewString(), bill, byWallet(w))
		require.Equal(t, []pay.Code{pay.CodeInsufficientFunds}, codes(outcome))
		require.Equal(t, []string{"payWith", "wallet"}, outcome.Errors[0].Path)
		require.Equal(t, pay.BillPending, p.bill(bill.ID).Status)
		require.Empty(t, p.bill(bill.ID).Edges.Attempts)
		require.Equal(t, int64(98999), p.wallet(w.ID).AvailableMinor)
	})
	payerFact(t, "OthersAndOtherCurrenciesAreRefused", func(t *testing.T, p *payer) {
		_, bob := p.bundle.user("bob")
		dollars := p.filled(p.user.ID, pay.Of(100000, pay.USD))
		foreign := p.filled(bob.ID, pay.Of(100000, pay.RUB))
		bill := p.unpaid()
		outcome := p.pays(uuid.NewString(), bill, byWallet(dollars))
		require.Equal(t, "wallet.currency_differs", outcome.Errors[0].Key)
		for _, raw := range []string{foreign.ID.String(), "wal_x"} {
			outcome := p.pays(uuid.NewString(), bill, billing.PayWith{Wallet: &raw})
			require.Equal(t, []pay.Code{pay.CodeNotFound}, codes(outcome))
		}
		byServer, err := p.Pay(p.server(), billing.NewPayment{Key: "server", Bill: bill.ID.String(), PayWith: new(byWallet(foreign))})
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeNotFound}, codes(byServer), "who sees every wallet pays from the bill's user's alone")
		require.Equal(t, int64(100000), p.wallet(foreign.ID).AvailableMinor)
	})
	payerFact(t, "PageThatIsOpenIsSuperseded", func(t *testing.T, p *payer) {
		w := p.filled(p.user.ID, pay.Of(100000, pay.RUB))
		bill := p.created(p.ctx, p.buyPage())
		page := p.current(bill)
		require.Empty(t, p.pays(uuid.NewString(), bill, byWallet(w)).Errors)
		p.bank.note(page.OrderNumber, providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.RUB)})
		p.later(20 * time.Second)
		paid := p.bill(bill.ID)
		require.Equal(t, pay.BillDone, paid.Status)
		require.Equal(t, pay.ReviewDuplicatePayment, paid.Edges.Reviews[0].Reason)
	})
	payerFact(t, "NeverBelowZeroUnder64Spenders", func(t *testing.T, p *payer) {
		w := p.filled(p.user.ID, pay.Of(5*99000+1, pay.RUB))
		bills := make([]*ent.Bill, 64)
		for at := range bills {
			bills[at] = p.unpaid()
		}
		paid := make([]bool, len(bills))
		var all sync.WaitGroup
		for at, bill := range bills {
			all.Go(func() {
				outcome, err := p.Pay(p.ctx, billing.NewPayment{Key: "k" + strconv.Itoa(at), Bill: bill.ID.String(), PayWith: new(byWallet(w))})
				paid[at] = err == nil && len(outcome.Errors) == 0
			})
		}
		all.Wait()
		n := 0
		for at, bill := range bills {
			if paid[at] {
				n++
			}
			require.Equal(t, paid[at], p.bill(bill.ID).Status != pay.BillPending)
		}
		require.Equal(t, 5, n)
		require.Equal(t, int64(1), p.wallet(w.ID).AvailableMinor)
	})
}

// A top-up, which the buyer's wallet is for.
func TestService_CreateTopUp(t *testing.T) {
	t.Parallel()
	payerFact(t, "IsNotPaidFromAWalletAndNeedsAUser", func(t *testing.T, p *payer) {
		p.Fulfillers[pay.ProductTopUp] = refusing{}
		top := p.product(catalogue.Upsert{
			Code: "credit", Kind: pay.ProductTopUp, Title: "Credit", Active: true, Prices: []catalogue.NewPrice{{Amount: pay.Of(100, pay.RUB)}},
		})
		w := p.filled(p.user.ID, pay.Of(100000, pay.RUB))
		in := billing.NewBill{Key: uuid.NewString(), Product: new(top.ID.String()), Amount: new(pay.Of(50000, pay.RUB)), Start: true, PayWith: new(byWallet(w))}
		outcome, err := p.Create(p.ctx, in)
		require.NoError(t, err)
		require.Equal(t, "bill.top_up_from_wallet", outcome.Errors[0].Key)
		in.PayWith = nil
		outcome, err = p.Create(p.public(), in)
		require.NoError(t, err)
		require.Equal(t, "bill.user_missing", outcome.Errors[0].Key)
		require.Equal(t, pay.Of(50000, pay.RUB), p.created(p.ctx, in).Total())
		in.Key, in.Amount = uuid.NewString(), new(pay.Of(700, pay.USD))
		outcome, err = p.Create(p.ctx, in)
		require.NoError(t, err)
		require.NotEmpty(t, outcome.Errors, "there is no price in dollars")
	})
}
