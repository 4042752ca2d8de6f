package cards_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// onePhone gives Alice and one more user the same phone, at a vendor that knows its
// customers by it.
func (b *bundle) onePhone() (bob *ent.User) {
	b.t.Helper()
	b.vendor.byPhone = true
	bob = b.addUser(b.merchant.ID, "bob")
	err := b.store.InTx(b.program(), func(ctx context.Context, tx *store.Tx) (err error) {
		if b.user, err = tx.User.UpdateOneID(b.user.ID).SetPhone("+77001234567").Save(ctx); err != nil {
			return err
		}
		bob, err = tx.User.UpdateOneID(bob.ID).SetPhone("+77001234567").Save(ctx)
		return err
	})
	require.NoError(b.t, err)
	b.user, bob = b.user.Unwrap(), bob.Unwrap()
	return bob
}

func (b *bundle) cardsOf(u *ent.User) []*ent.Card {
	b.t.Helper()
	of, err := b.CardsOf(b.asUser(u), nil, u.ID)
	require.NoError(b.t, err)
	return of[u.ID]
}

// Two users of one phone are one customer of some vendors, with one list of cards.
func TestService_OthersCards(t *testing.T) {
	t.Parallel()

	fact(t, "AFinishTakesNone", func(t *testing.T, b *bundle) {
		bob := b.onePhone()
		b.withCard("alices")
		outcome, err := b.Start(b.asUser(bob), wish())
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		outcome, err = b.Finish(b.asUser(bob), outcome.Registration.String())
		require.NoError(t, err)
		require.Equal(t, []string{"card_registration.no_active_card"}, keys(outcome.Errors))
		require.Equal(t, pay.RegistrationActionRequired, b.registration(outcome.Registration).Status)
		require.Empty(t, b.cardsOf(bob))

		b.clock.Advance(2 * time.Second)
		b.vendor.adds(bob, visa("bobs"))
		outcome, err = b.Finish(b.asUser(bob), outcome.Registration.String())
		require.NoError(t, err)
		require.Empty(t, outcome.Errors, "his own is saved")
		require.Len(t, b.cardsOf(bob), 1)
		require.Len(t, b.saved(), 1)
	})
	fact(t, "OneThatCameWhileTwoPagesWereOpenIsTheFirstTakers", func(t *testing.T, b *bundle) {
		bob := b.onePhone()
		of := b.start(wish())
		bobs, err := b.Start(b.asUser(bob), wish())
		require.NoError(t, err)
		b.vendor.adds(b.user, visa("alices"))
		require.Empty(t, b.finish(of).Errors)
		b.later(5 * time.Second) // the poll
		require.Equal(t, pay.RegistrationActionRequired, b.registration(bobs.Registration).Status)
		require.Empty(t, b.cardsOf(bob))
		require.Len(t, b.saved(), 1)
	})
	fact(t, "TwoWhoFinishTogetherSaveOne", func(t *testing.T, b *bundle) {
		bob := b.onePhone()
		of := b.start(wish())
		bobs, err := b.Start(b.asUser(bob), wish())
		require.NoError(t, err)
		b.vendor.adds(b.user, visa("somebodys"))
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = b.Finish(b.alice(), of.ID.String()) })
		wg.Go(func() { _, _ = b.Finish(b.asUser(bob), bobs.Registration.String()) })
		wg.Wait()
		require.Len(t, append(b.saved(), b.cardsOf(bob)...), 1)
	})
	fact(t, "OneThatItsOwnerRemovedIsNobodyElses", func(t *testing.T, b *bundle) {
		bob := b.onePhone()
		alices := b.withCard("alices")
		_, err := b.Remove(b.alice(), "key", alices.ID.String()) // and the vendor lists it still
		require.NoError(t, err)
		outcome, err := b.Start(b.asUser(bob), wish())
		require.NoError(t, err)
		outcome, err = b.Finish(b.asUser(bob), outcome.Registration.String())
		require.NoError(t, err)
		require.Equal(t, []string{"card_registration.no_active_card"}, keys(outcome.Errors))
		require.Empty(t, b.cardsOf(bob))
	})
	fact(t, "NeitherAtAnotherAccountOfTheShop", func(t *testing.T, b *bundle) {
		b.withCard("alices")
		bob := b.onePhone()
		b.vendor.adds(b.user, visa("alices"))
		b.oneShop = true
		b.Service, b.runner = b.process()
		in := wish()
		in.Provider = new(otherAccount)
		outcome, err := b.Start(b.asUser(bob), in)
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		outcome, err = b.Finish(b.asUser(bob), outcome.Registration.String())
		require.NoError(t, err)
		require.Equal(t, []string{"card_registration.no_active_card"}, keys(outcome.Errors))
		require.Empty(t, b.cardsOf(bob))
	})
	fact(t, "APaymentSavesNone", func(t *testing.T, b *bundle) {
		bob := b.onePhone()
		b.withCard("alices")
		require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			if err := b.SaveLater(ctx, tx, mainAccount, bob.ID); err != nil {
				return err
			}
			return b.SavePaid(ctx, tx, mainAccount, bob.ID, visa("alices"))
		}))
		b.later(0)
		b.later(10 * time.Second)
		require.Empty(t, b.cardsOf(bob))
		b.vendor.adds(bob, visa("bobs"))
		b.later(time.Minute)
		require.Len(t, b.cardsOf(bob), 1)
	})
}
