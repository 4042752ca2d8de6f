package cards_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func waiting(ref string) providers.SavedCard {
	c := visa(ref)
	c.Active = false
	return c
}

// Some terminals keep an added card unusable until they are told what was held.
func TestService_ActivatesNewCards(t *testing.T) {
	t.Parallel()

	fact(t, "TheCardOfThePageIsActivatedAndSaved", func(t *testing.T, b *bundle) {
		b.vendor.activates = true
		r := b.start(wish())
		b.vendor.adds(b.user, waiting("one"))
		require.Empty(t, b.finish(r).Errors)
		require.Equal(t, pay.RegistrationCompleted, b.registration(r.ID).Status)
		require.Equal(t, []string{"one 1000"}, b.vendor.activated, "with the amount that the page held")
		require.Equal(t, []string{"saved " + b.saved()[0].ID.String()}, b.observed.told())
	})
	fact(t, "OncePerLookAndAgainAtTheNext", func(t *testing.T, b *bundle) {
		b.vendor.activates = true
		b.vendor.fails("activate", providers.Rejected, providers.Unknown)
		r := b.start(wish())
		b.vendor.adds(b.user, waiting("one"))
		require.NotEmpty(t, b.finish(r).Errors, "no card is active yet")
		require.Len(t, b.vendor.activated, 1)
		b.clock.Advance(3 * time.Second)
		require.NotEmpty(t, b.finish(r).Errors)
		b.clock.Advance(3 * time.Second)
		require.Empty(t, b.finish(r).Errors)
		require.Len(t, b.vendor.activated, 3)
	})
	fact(t, "ActiveAndOlderCardsAreLeftAlone", func(t *testing.T, b *bundle) {
		b.vendor.activates = true
		b.vendor.adds(b.user, waiting("older"))
		r := b.start(wish())
		b.vendor.adds(b.user, visa("new"))
		require.Empty(t, b.finish(r).Errors)
		require.Empty(t, b.vendor.activated)
	})
	fact(t, "AnAccountThatRefusesChangesNothing", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		b.vendor.adds(b.user, waiting("one"))
		require.Equal(t, []string{"card_registration.no_active_card"}, keys(b.finish(r).Errors))
		require.Equal(t, pay.RegistrationActionRequired, b.registration(r.ID).Status)
	})
	fact(t, "AListThatFailsAfterwardsIsReadAtTheNextLook", func(t *testing.T, b *bundle) {
		b.vendor.activates = true
		r := b.start(wish())
		b.vendor.adds(b.user, waiting("one"))
		b.vendor.duringList = func() { b.vendor.fails("list", providers.Unavailable) }
		require.NotEmpty(t, b.finish(r).Errors)
		b.clock.Advance(3 * time.Second)
		require.Empty(t, b.finish(r).Errors)
		require.Len(t, b.vendor.activated, 1)
	})
}
