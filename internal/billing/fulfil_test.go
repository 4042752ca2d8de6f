package billing_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// refusing fulfils nothing.
type refusing struct{}

func (refusing) Fulfil(context.Context, *store.Tx, *ent.Bill, *ent.Product) error {
	return errors.New("the warehouse is closed")
}

// What happens when what was paid cannot be given.
func TestService_Fulfil(t *testing.T) {
	t.Parallel()
	fact(t, "FailureIsTriedAgain", func(t *testing.T, b *bundle) {
		b.Fulfillers[pay.ProductDirect] = refusing{}
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "approve")
		b.later(5 * time.Second)
		require.Equal(t, pay.BillPaid, b.bill(bill.ID).Status)

		b.Fulfillers[pay.ProductDirect] = entitlements.New()
		b.later(5 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "LastFailureGoesToAPerson", func(t *testing.T, b *bundle) {
		b.Fulfillers[pay.ProductDirect] = refusing{}
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "approve")
		for range 8 {
			b.later(15 * time.Minute)
		}
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillPaid, bill.Status)
		require.Len(t, bill.Edges.Reviews, 1)
		require.Equal(t, pay.ReviewFulfilmentFailed, bill.Edges.Reviews[0].Reason)
	})
}
