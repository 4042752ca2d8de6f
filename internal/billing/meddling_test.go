package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/providers"
)

// meddling stands before an adapter and does something else between the
// vendor's answer and our hearing of it: what another caller may do meanwhile.
type meddling struct{ meanwhile func(orderNumber string) }

func (m *meddling) wrap(p providers.Provider) providers.Provider {
	return &meddled{Provider: p, meddling: m}
}

type meddled struct {
	providers.Provider

	*meddling
}

func (m *meddled) Start(ctx context.Context, r providers.StartRequest) (providers.Result, error) {
	result, err := m.Provider.Start(ctx, r)
	if f := m.meanwhile; f != nil {
		m.meanwhile = nil
		f(r.OrderNumber)
	}
	return result, err
}

// What happens to a bill while the provider is opening its page.
func TestService_WhileThePageOpens(t *testing.T) {
	t.Parallel()
	billOf := func(t *testing.T, b *bundle) pay.BillID {
		t.Helper()
		found, err := b.store.Read().Bill.Query().Only(b.program())
		require.NoError(t, err)
		return found.ID
	}
	t.Run("CanceledBillIsNotOpened", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			m := &meddling{}
			b := setup(t, url, m.wrap)
			m.meanwhile = func(string) {
				outcome, err := b.Cancel(b.server(), uuid.NewString(), billOf(t, b).String())
				require.NoError(t, err)
				require.Empty(t, outcome.Errors)
			}
			outcome, err := b.Create(b.public(), b.buyPage())
			require.NoError(t, err)
			require.Equal(t, []pay.Code{pay.CodeConflict}, codes(outcome))
			bill := b.bill(outcome.Bill)
			require.Equal(t, pay.BillCanceled, bill.Status)
			require.Equal(t, pay.AttemptFailed, bill.Edges.Attempts[0].Status)
		})
	})
	t.Run("ClaimedBillIsOpened", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			m := &meddling{}
			b := setup(t, url, m.wrap)
			alice, user := b.user("alice")
			m.meanwhile = func(string) {
				id := billOf(t, b)
				token, err := b.NewAccessToken(b.server(), id.String(), nil)
				require.NoError(t, err)
				outcome, err := b.Claim(alice, id.String(), token.AccessToken)
				require.NoError(t, err)
				require.Empty(t, outcome.Errors)
			}
			bill := b.created(b.public(), b.buyPage())
			require.Equal(t, user.ID, *bill.UserID)
			require.Equal(t, []string{"PENDING bill.created", "PENDING bill.claimed", "PENDING attempt.action_required"}, history(bill))
			b.paysOn(b.current(bill), "approve")
			b.later(5 * time.Second)
			require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		})
	})
}
