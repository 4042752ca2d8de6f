package billing_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/providers"
)

// atOnce runs the functions so that all have read what they decide by before the
// first of them writes: it keeps a row, which each must write, locked until all of
// them wait for it. Only Postgres lets two read at once what one will write.
func (b *bundle) atOnce(row string, id any, functions ...func() error) {
	b.t.Helper()
	lock, err := b.store.Conn().DB().BeginTx(b.t.Context(), nil)
	require.NoError(b.t, err)
	_, err = lock.ExecContext(b.t.Context(), row, id)
	require.NoError(b.t, err)
	ended := make(chan error, len(functions))
	for _, f := range functions {
		go func() { ended <- f() }()
	}
	require.Eventually(b.t, func() bool {
		waiting := 0
		err := b.store.Conn().DB().QueryRowContext(b.t.Context(),
			`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		return err == nil && waiting == len(functions)
	}, 4*time.Second, 5*time.Millisecond)
	require.NoError(b.t, lock.Rollback())
	for range functions {
		require.NoError(b.t, <-ended)
	}
}

// Evidence that meets other evidence between its reading and its writing.
func TestService_SettleAtOnce(t *testing.T) {
	t.Parallel()
	captured := providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.RUB)}
	t.Run("SamePaymentSettlesOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, storetest.MigratedPostgres(t))
		bill := b.created(b.public(), b.buyPage())
		a := b.current(bill)
		settle := func() error { return b.SettleForTest(b.program(), a.ID, captured) }
		b.atOnce(`SELECT 1 FROM attempts WHERE id = $1 FOR UPDATE`, a.ID, settle, settle)
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, pay.Of(99000, pay.RUB), bill.Paid())
		require.Empty(t, bill.Edges.Reviews)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSales: 99000}, b.booked())
	})
	t.Run("TwoPaymentsOfOneBillAreAPaymentAndADuplicate", func(t *testing.T) {
		t.Parallel()
		b := setup(t, storetest.MigratedPostgres(t))
		bill := b.created(b.public(), b.buyPage())
		_, err := b.Pay(b.guest(bill.ID), billing.NewPayment{
			Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: new(secondOne)},
		})
		require.NoError(t, err)
		var both []func() error
		for _, a := range b.bill(bill.ID).Edges.Attempts {
			both = append(both, func() error { return b.SettleForTest(b.program(), a.ID, captured) })
		}
		require.Len(t, both, 2)
		b.atOnce(`SELECT 1 FROM bills WHERE id = $1 FOR UPDATE`, bill.ID, both...)
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, pay.Of(198000, pay.RUB), bill.Paid())
		require.Len(t, bill.Edges.Reviews, 1)
		require.Equal(t, pay.ReviewDuplicatePayment, bill.Edges.Reviews[0].Reason)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -198000, pay.AccountSales: 99000, pay.AccountSuspense: 99000}, b.booked())
	})
}

func TestService_TestMoney(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		says *bool
		want pay.BillStatus
	}{
		{name: "SameRunPays", says: new(true), want: pay.BillDone},
		{name: "ProviderThatDoesNotSayIsBelieved", want: pay.BillDone},
		{name: "OtherRunGoesToAPerson", says: new(false), want: pay.BillAmountMismatch},
	}
	for _, tt := range tests {
		fact(t, tt.name, func(t *testing.T, b *bundle) {
			bill := b.created(b.public(), b.buyPage())
			require.NoError(t, b.SettleForTest(b.program(), b.current(bill).ID, providers.Result{
				Status: providers.Captured, Captured: pay.Of(99000, pay.RUB), TestMode: tt.says,
			}))
			b.later(0)
			require.Equal(t, tt.want, b.bill(bill.ID).Status)
		})
	}
}
