package billing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// How a guest's bill finds its owner.
func TestService_Guest(t *testing.T) {
	t.Parallel()
	fact(t, "UserClaimsAGuestsBillWithItsGrants", func(t *testing.T, b *bundle) {
		made, err := b.Create(b.public(), b.buyPage())
		require.NoError(t, err)
		b.paysOn(b.current(b.bill(made.Bill)), "approve")
		b.later(5 * time.Second)
		alice, user := b.user("alice")
		bob, _ := b.user("bob")
		id := made.Bill.String()

		wrong, err := b.Claim(alice, id, made.AccessToken+"x")
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeNotFound}, codes(wrong))
		outcome, err := b.Claim(alice, id, made.AccessToken)
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		bill := b.bill(made.Bill)
		require.Equal(t, user.ID, *bill.UserID)
		require.Equal(t, user.ID, *bill.Edges.Entitlements[0].UserID)
		repeated, err := b.Claim(alice, id, made.AccessToken)
		require.NoError(t, err)
		require.Empty(t, repeated.Errors)
		late, err := b.Claim(bob, id, made.AccessToken)
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeStateConflict}, codes(late))
	})
	fact(t, "TokenOfOneBillOpensNoOther", func(t *testing.T, b *bundle) {
		first, err := b.Create(b.public(), b.buyPage())
		require.NoError(t, err)
		second, err := b.Create(b.public(), b.buyPage())
		require.NoError(t, err)
		alice, _ := b.user("alice")
		outcome, err := b.Claim(alice, second.Bill.String(), first.AccessToken)
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeNotFound}, codes(outcome))
	})
	fact(t, "ServerHandsItsPayerAToken", func(t *testing.T, b *bundle) {
		bill := b.created(b.server(), b.buyPage())
		outcome, err := b.NewAccessToken(b.server(), bill.ID.String(), nil)
		require.NoError(t, err)
		require.NotEmpty(t, outcome.AccessToken)
		tooLong, err := b.NewAccessToken(b.server(), bill.ID.String(), &pay.Period{Days: 31})
		require.NoError(t, err)
		require.Equal(t, []string{"ttl"}, tooLong.Errors[0].Path)
	})
}
