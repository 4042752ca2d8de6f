package check_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/check"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// spoiler breaks a world, in one transaction.
type spoiler struct {
	*world
	ctx context.Context // of the transaction
	tx  *store.Tx
	err error // the first one
}

// spoil breaks the world.
func (w *world) spoil(t *testing.T, f func(s *spoiler)) {
	t.Helper()
	w.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		s := &spoiler{world: w, ctx: ctx, tx: tx}
		f(s)
		return s.err
	})
}

func (s *spoiler) sql(query string, args ...any) { s.do(exec(s.ctx, s.tx, query, args...)) }

func (s *spoiler) do(err error) { s.err = firstError(s.err, err) }

// money inserts a balanced transfer that changes what the wallet has available.
func (s *spoiler) money(transfer string, amount, after int64) {
	s.do(s.seedEntry(s.ctx, s.tx, transfer, 0, pay.AccountWalletAvailable, "RUB", amount, nil, &after))
	s.do(s.seedEntry(s.ctx, s.tx, transfer, 1, pay.AccountSales, "RUB", -amount, nil, nil))
}

// between inserts a balanced transfer between two accounts, so that both are
// there.
func (s *spoiler) between(to, from pay.AccountKind, currency pay.Currency) {
	s.do(s.seedEntry(s.ctx, s.tx, "between", 0, to, currency, 5, nil, nil))
	s.do(s.seedEntry(s.ctx, s.tx, "between", 1, from, currency, -5, nil, nil))
}

// rebook moves what lies on one account for a bill to another.
func (s *spoiler) rebook(from, to pay.AccountKind, p payment) {
	s.sql(`UPDATE ledger_entries SET account_id = ? WHERE account_id = ? AND bill_id = ?`,
		pay.LedgerAccountIDOf(s.merchant, to, "RUB", ""), pay.LedgerAccountIDOf(s.merchant, from, "RUB", ""), p.bill)
}

// breaking breaks one thing, which alone is reported.
type breaking struct {
	name      string
	invariant string
	detail    string
	about     func(w *world) string // what the breach names first
	spoil     func(s *spoiler)
}

// TestRun_Breach shows of every promise that its check can fail.
func TestRun_Breach(t *testing.T) {
	t.Parallel()
	testBreaches(t, newWorld, slices.Concat(breakingLedger(), breakingCaptures(), breakingAttempts()))
}

// TestRun_BreachOfObjects shows the same of cards, subscriptions, gifts and mails.
func TestRun_BreachOfObjects(t *testing.T) {
	t.Parallel()
	testBreaches(t, newShop, slices.Concat(breakingSubscriptions(), breakingObjects()))
}

// testBreaches breaks one thing after the other, each in a world of its own.
func testBreaches(t *testing.T, build func(t *testing.T, url string) *world, all []breaking) {
	t.Helper()
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				w := build(t, url)
				w.spoil(t, tt.spoil)
				report := w.run(t, check.Options{})
				require.NotEmpty(t, report.Breaches)
				for _, found := range report.Breaches {
					require.Equal(t, tt.invariant, found.Invariant, found.Detail)
					require.Contains(t, found.Detail, tt.detail)
					require.Contains(t, found.Objects[0], tt.about(w))
				}
				require.Empty(t, report.Pending)
				require.False(t, report.OK())
			})
		})
	}
}

func doneBill(w *world) string       { return w.done.bill.String() }
func doneAttempt(w *world) string    { return w.done.attempt.String() }
func pendingBill(w *world) string    { return w.pending.bill.String() }
func pendingAttempt(w *world) string { return w.pending.attempt.String() }
func theWallet(w *world) string      { return w.wallet.String() }

// available is the account of what the wallet has available.
func available(w *world) string {
	return pay.LedgerAccountIDOf(w.merchant, pay.AccountWalletAvailable, "RUB", w.wallet.UUID()).String()
}

// noBill is the id of a bill that is not there.
func noBill(w *world) pay.BillID {
	var id pay.BillID
	_ = id.Scan(w.merchant.Bytes())
	return id
}
