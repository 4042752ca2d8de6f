package cards_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/card"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// defaultOf is Alice's default card; nil when none is.
func (b *bundle) defaultOf() *ent.Card {
	b.t.Helper()
	var found *ent.Card
	for _, c := range b.saved() {
		if c.IsDefault {
			require.Nil(b.t, found, "there are two defaults")
			found = c
		}
	}
	return found
}

func TestService_Remove(t *testing.T) {
	t.Parallel()

	fact(t, "RemovesAndTheProviderForgets", func(t *testing.T, b *bundle) {
		first, second, third := b.withCard("a"), b.withCard("b"), b.withCard("c")
		require.Equal(t, first.ID, b.defaultOf().ID)
		key := uuid.NewString()
		outcome, err := b.Remove(b.alice(), key, first.ID.String())
		require.NoError(t, err)
		require.Equal(t, &cards.CardOutcome{Card: first.ID, User: b.user.ID}, outcome)
		gone := b.cardByID(first.ID)
		require.Equal(t, pay.CardRemoved, gone.Status)
		require.NotNil(t, gone.RemovingSince)
		require.Equal(t, third.ID, b.defaultOf().ID, "the newest of the others")
		require.Equal(t, "REMOVED "+first.ID.String(), b.observed.told()[3])

		b.vendor.fails("remove", providers.Unavailable, providers.Unknown)
		b.later(0)
		require.NotNil(t, b.cardByID(first.ID).RemovingSince)
		b.later(10 * time.Second)
		b.later(time.Minute)
		require.Nil(t, b.cardByID(first.ID).RemovingSince)
		require.Equal(t, []string{"a"}, b.vendor.forgot)

		again, err := b.Remove(b.alice(), key, first.ID.String())
		require.NoError(t, err)
		require.Equal(t, &cards.CardOutcome{Card: first.ID, User: b.user.ID, Replayed: true}, again)
		mismatch, err := b.Remove(b.alice(), key, second.ID.String())
		require.NoError(t, err)
		require.Equal(t, []string{"idempotency_key.mismatch"}, keys(mismatch.Errors))
		twice, err := b.Remove(b.alice(), uuid.NewString(), first.ID.String())
		require.NoError(t, err)
		require.Equal(t, []string{"card.removed"}, keys(twice.Errors))
		require.Equal(t, pay.StateDetail{From: "REMOVED", Allowed: []string{}}, twice.Errors[0].Detail)
		_, _, _, _, err = b.Chargeable(t.Context(), b.merchant.ID, b.user.ID, first.ID)
		require.Equal(t, pay.CodeStateConflict, pay.CodeOf(err))
	})

	fact(t, "LastCardLeavesNoDefault", func(t *testing.T, b *bundle) {
		only := b.withCard("a")
		_, err := b.Remove(b.server(), uuid.NewString(), only.ID.String())
		require.NoError(t, err)
		require.Nil(t, b.defaultOf())
		b.later(time.Minute)
		next := b.withCard("a")
		require.NotEqual(t, only.ID, next.ID, "a card that is added again is a new one")
		require.Equal(t, next.ID, b.defaultOf().ID)
	})

	fact(t, "CardThatTheProviderStillHasIsNotTakenAgain", func(t *testing.T, b *bundle) {
		c := b.withCard("a")
		b.vendor.fails("remove", providers.Unavailable)
		_, err := b.Remove(b.alice(), uuid.NewString(), c.ID.String())
		require.NoError(t, err)
		r := b.start(wish())
		require.Equal(t, []string{"card_registration.no_active_card"}, keys(b.finish(r).Errors))
		require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return b.SaveLater(ctx, tx, mainAccount, b.user.ID)
		}))
		_, err = b.runner.RunDue(t.Context())
		require.NoError(t, err)
		require.Empty(t, b.saved(pay.CardActive))

		b.later(time.Minute) // the provider has heard of it by now
		b.vendor.adds(b.user, visa("a"))
		b.later(time.Minute)
		require.Equal(t, pay.RegistrationCompleted, b.registration(r.ID).Status, "added again, it is new")
		require.NotEqual(t, c.ID, b.saved(pay.CardActive)[0].ID)
	})

	fact(t, "NobodyElseMay", func(t *testing.T, b *bundle) {
		c := b.withCard("a")
		bob, carol := b.addUser(b.merchant.ID, "bob"), b.addUser(b.other.ID, "carol")
		tests := []struct {
			as   context.Context
			card string
			want string
		}{
			{b.asUser(bob), c.ID.String(), "card.not_found"},
			{b.asUser(carol), c.ID.String(), "card.not_found"},
			{b.as(viewer.Viewer{Role: pay.RoleServer, Merchant: b.other.ID, Principal: "key/o"}), c.ID.String(), "card.not_found"},
			{b.alice(), "card_nonsense", "card.not_found"},
			{b.alice(), pay.NewCardID(b.clock.Now()).String(), "card.not_found"},
			{b.as(viewer.Viewer{Role: pay.RolePublic}), c.ID.String(), "card.forbidden"},
			{b.as(viewer.Viewer{Role: pay.RoleGuest}), c.ID.String(), "card.forbidden"},
			{b.as(viewer.Viewer{Role: pay.RoleFinance}), c.ID.String(), "card.forbidden"},
		}
		for _, tt := range tests {
			removed, err := b.Remove(tt.as, uuid.NewString(), tt.card)
			require.NoError(t, err)
			require.Equal(t, []string{tt.want}, keys(removed.Errors))
			require.True(t, removed.Card.IsZero())
			chosen, err := b.SetDefault(tt.as, uuid.NewString(), tt.card)
			require.NoError(t, err)
			require.Equal(t, []string{tt.want}, keys(chosen.Errors))
		}
		require.Equal(t, pay.CardActive, b.cardByID(c.ID).Status)
		_, _, _, _, err := b.Chargeable(t.Context(), b.merchant.ID, bob.ID, c.ID)
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		_, _, _, _, err = b.Chargeable(t.Context(), b.other.ID, b.user.ID, c.ID)
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		keyless, err := b.Remove(b.alice(), "", c.ID.String())
		require.NoError(t, err)
		require.Equal(t, []string{"idempotency_key.empty"}, keys(keyless.Errors))
	})

	fact(t, "UnreadableReferenceIsForAPerson", func(t *testing.T, b *bundle) {
		c := b.withCard("a")
		require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Raw(ctx, `UPDATE cards SET ref_sealed = ? WHERE id = ?`, []byte("x"), c.ID)
			return err
		}))
		_, err := b.Remove(b.alice(), uuid.NewString(), c.ID.String())
		require.NoError(t, err)
		b.later(0)
		b.later(24 * time.Hour)
		require.NotNil(t, b.cardByID(c.ID).RemovingSince)
		require.Empty(t, b.vendor.forgot)
	})
}

func TestService_SetDefault(t *testing.T) {
	t.Parallel()

	fact(t, "MovesIt", func(t *testing.T, b *bundle) {
		first, second := b.withCard("a"), b.withCard("b")
		key := uuid.NewString()
		for at := range 2 {
			outcome, err := b.SetDefault(b.alice(), key, second.ID.String())
			require.NoError(t, err)
			require.Equal(t, &cards.CardOutcome{Card: second.ID, User: b.user.ID, Replayed: at == 1}, outcome)
			require.Equal(t, second.ID, b.defaultOf().ID)
		}
		outcome, err := b.SetDefault(b.server(), uuid.NewString(), second.ID.String())
		require.NoError(t, err)
		require.Empty(t, outcome.Errors, "it is already")
		_, err = b.Remove(b.alice(), uuid.NewString(), first.ID.String())
		require.NoError(t, err)
		outcome, err = b.SetDefault(b.alice(), uuid.NewString(), first.ID.String())
		require.NoError(t, err)
		require.Equal(t, []string{"card.removed"}, keys(outcome.Errors))
		require.Equal(t, second.ID, b.defaultOf().ID, "nothing is half done")
	})

	fact(t, "ManyAtOnceLeaveOne", func(t *testing.T, b *bundle) {
		list := []*ent.Card{b.withCard("a"), b.withCard("b"), b.withCard("c"), b.withCard("d")}
		var wg sync.WaitGroup
		failed := make(chan error, 24)
		for n := range 24 {
			wg.Go(func() {
				var err error
				if n == 7 {
					_, err = b.Remove(b.alice(), uuid.NewString(), list[0].ID.String())
				} else {
					_, err = b.SetDefault(b.alice(), uuid.NewString(), list[n%4].ID.String())
				}
				if err != nil {
					failed <- err
				}
			})
		}
		wg.Wait()
		close(failed)
		require.Empty(t, failed)
		require.NotNil(t, b.defaultOf())
		require.Equal(t, pay.CardActive, b.defaultOf().Status)
	})
}

func TestService_Expiry(t *testing.T) {
	t.Parallel()

	fact(t, "CardsExpireWhenTheirMonthIsOver", func(t *testing.T, b *bundle) {
		require.NoError(t, b.Begin(t.Context()))
		require.NoError(t, b.Begin(t.Context()))
		r := b.start(backTo("march"))
		march := visa("march")
		march.ExpMonth, march.ExpYear = 3, 2026
		b.vendor.adds(b.user, march)
		require.Empty(t, b.finish(r).Errors)
		expiring := b.saved()[0]
		unknown := b.start(backTo("unknown"))
		endless := visa("endless")
		endless.ExpMonth, endless.ExpYear = 0, 0
		b.vendor.adds(b.user, endless)
		require.Empty(t, b.finish(unknown).Errors)
		require.Equal(t, expiring.ID, b.defaultOf().ID)

		april := time.Date(2026, time.April, 1, 11, 59, 0, 0, time.UTC)
		b.later(april.Sub(b.clock.Now()))
		require.Equal(t, pay.CardActive, b.cardByID(expiring.ID).Status, "somewhere it is March still")
		b.clock.Advance(time.Minute)
		_, _, _, _, err := b.Chargeable(t.Context(), b.merchant.ID, b.user.ID, expiring.ID)
		require.ErrorContains(t, err, "has expired", "it cannot be charged, though the job has not seen it")
		outcome, err := b.SetDefault(b.alice(), uuid.NewString(), expiring.ID.String())
		require.NoError(t, err)
		require.Equal(t, []string{"card.expired"}, keys(outcome.Errors))
		b.later(2 * time.Minute)
		require.Equal(t, pay.CardExpired, b.cardByID(expiring.ID).Status)
		require.Contains(t, b.observed.told(), "EXPIRED "+expiring.ID.String())
		require.NotEqual(t, expiring.ID, b.defaultOf().ID)
		outcome, err = b.SetDefault(b.alice(), uuid.NewString(), expiring.ID.String())
		require.NoError(t, err)
		require.Equal(t, []string{"card.expired"}, keys(outcome.Errors))
		require.Equal(t, pay.StateDetail{From: "EXPIRED", Allowed: []string{"remove"}}, outcome.Errors[0].Detail)

		b.later(10 * 365 * 24 * time.Hour)
		require.Equal(t, pay.CardActive, b.defaultOf().Status, "what has no month does not end")
	})

	fact(t, "ReissuedCardIsChargeableAgain", func(t *testing.T, b *bundle) {
		c := b.withCard("a")
		require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Card.Update().Where(card.ID(c.ID)).SetStatus(pay.CardExpired).SetIsDefault(false).SetExpYear(2025).Exec(ctx)
		}))
		r := b.start(wish())
		require.Empty(t, b.finish(r).Errors)
		again := b.cardByID(c.ID)
		require.Equal(t, pay.CardActive, again.Status)
		require.Equal(t, 2030, *again.ExpYear)
		require.True(t, again.IsDefault)
		require.Len(t, b.saved(), 1)
	})

	fact(t, "CardThatNeedsItsCodeNowIsNotCharged", func(t *testing.T, b *bundle) {
		c := b.withCard("a")
		b.vendor.keeps[b.user.ID.Suffix()][0].RequiresCVV = true
		require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Card.Update().Where(card.ID(c.ID)).SetRequiresCvv(true).Exec(ctx)
		}))
		_, _, _, _, err := b.Chargeable(t.Context(), b.merchant.ID, b.user.ID, c.ID)
		require.ErrorContains(t, err, "without its owner")
		b.vendor.keeps[b.user.ID.Suffix()][0].RequiresCVV = false
		r := b.start(wish())
		require.Empty(t, b.finish(r).Errors)
		require.False(t, b.cardByID(c.ID).RequiresCvv)
	})
}

func TestService_SaveLater(t *testing.T) {
	t.Parallel()

	later := func(b *bundle) {
		b.t.Helper()
		require.NoError(b.t, b.store.InTx(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return b.SaveLater(ctx, tx, mainAccount, b.user.ID)
		}))
	}

	fact(t, "SavesWhatAPaymentLeft", func(t *testing.T, b *bundle) {
		withCode := visa("with-code")
		withCode.RequiresCVV = true
		later(b)
		b.later(0) // the list lags behind
		b.vendor.adds(b.user, visa("paid"))
		b.vendor.adds(b.user, withCode)
		b.vendor.fails("list", providers.Unavailable)
		b.later(5 * time.Second)
		b.later(10 * time.Second)
		require.Len(t, b.saved(), 1)
		asked := b.vendor.asked()
		b.later(time.Hour)
		require.Equal(t, asked, b.vendor.asked(), "then it is done")
		later(b)
		b.later(0)
		require.Len(t, b.saved(), 1)
	})

	fact(t, "NothingNewEnds", func(t *testing.T, b *bundle) {
		later(b)
		for range 12 {
			b.later(10 * time.Minute)
		}
		asked := b.vendor.asked()
		require.Less(t, asked, 12)
		b.later(24 * time.Hour)
		require.Equal(t, asked, b.vendor.asked())
	})
}
