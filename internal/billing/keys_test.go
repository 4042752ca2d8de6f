package billing_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// What a caller's key promises.
func TestService_Keys(t *testing.T) {
	t.Parallel()
	fact(t, "RepeatedCreationReturnsTheSameBillAndToken", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		first, err := b.Create(b.public(), in)
		require.NoError(t, err)
		again, err := b.Create(b.public(), in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, first.Bill, again.Bill)
		require.Equal(t, first.AccessToken, again.AccessToken)
	})
	fact(t, "OtherInputUnderTheSameKeyIsRefused", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		first, err := b.Create(b.public(), in)
		require.NoError(t, err)
		in.PageID = new("news/43")
		outcome, err := b.Create(b.public(), in)
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeIdempotencyMismatch}, codes(outcome))
		require.Equal(t, pay.IdempotencyDetail{OriginalID: first.Bill.String()}, outcome.Errors[0].Detail)
	})
	fact(t, "RefusedInputDoesNotUseTheKeyUp", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		in.PageID = nil
		outcome, err := b.Create(b.public(), in)
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeInvalid}, codes(outcome))
		in.PageID = new("news/42")
		b.created(b.public(), in)
	})
	fact(t, "ManyCallsWithOneKeyMakeOneBill", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		var racers sync.WaitGroup
		seen := make(chan pay.BillID, 16)
		for range 16 {
			racers.Go(func() {
				outcome, err := b.Create(b.public(), in)
				if err != nil {
					t.Errorf("create: %v", err)
					return
				}
				if len(outcome.Errors) == 0 {
					seen <- outcome.Bill
				}
			})
		}
		racers.Wait()
		close(seen)
		ids := map[pay.BillID]bool{}
		for id := range seen {
			ids[id] = true
		}
		require.Len(t, ids, 1)
		n, err := b.store.Read().Bill.Query().Count(b.program())
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
	fact(t, "PageMustUseAUUID", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		in.Key = "1"
		outcome, err := b.Create(b.public(), in)
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeInvalid}, codes(outcome))
		require.Equal(t, []string{"idempotencyKey"}, outcome.Errors[0].Path)
		in.Key = uuid.NewString()
		b.created(b.public(), in)
	})
}
