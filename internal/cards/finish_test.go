package cards_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/cardregistration"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

func TestService_Finish(t *testing.T) {
	t.Parallel()

	fact(t, "SavesTheCardThatWasAdded", func(t *testing.T, b *bundle) {
		b.vendor.adds(b.user, visa("older"))
		r := b.start(wish())
		b.vendor.adds(b.user, visa("added"))
		require.Empty(t, b.finish(r).Errors)

		r = b.registration(r.ID)
		require.Equal(t, pay.RegistrationCompleted, r.Status)
		require.Equal(t, "COMPLETED card_registration.completed", b.history(r.ID)[2])
		saved := b.saved()
		require.Len(t, saved, 1)
		c := saved[0]
		require.Equal(t, r.Edges.Card.ID, c.ID)
		_, ref, _, _, err := b.Chargeable(t.Context(), b.merchant.ID, b.user.ID, c.ID)
		require.NoError(t, err)
		require.Equal(t, "added", ref)
		require.True(t, c.IsDefault)
		require.Equal(t, "411111xxxxxx1112", c.Mask)
		require.Equal(t, "411111******1112", cards.ShownMask(c))
		require.Equal(t, []any{"visa", "IVAN IVANOV", 12, 2030}, []any{c.Brand, *c.Holder, *c.ExpMonth, *c.ExpYear})
		require.Equal(t, []string{"saved " + c.ID.String()}, b.observed.told())

		asked := b.vendor.asked()
		require.Empty(t, b.finish(r).Errors, "finishing twice is one finish")
		require.Equal(t, asked, b.vendor.asked())
		require.Len(t, b.saved(), 1)
	})

	fact(t, "BeforeACardWasAdded", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		outcome := b.finish(r)
		require.Equal(t, []string{"card_registration.no_active_card"}, keys(outcome.Errors))
		require.Equal(t, pay.RetrySameKey, outcome.Errors[0].Retry)
		require.Equal(t, pay.RegistrationActionRequired, b.registration(r.ID).Status)
		b.vendor.adds(b.user, visa("x"))
		b.clock.Advance(2 * time.Second)
		require.Empty(t, b.finish(r).Errors)
	})

	fact(t, "NoneIsNewAndTheFirstActiveIsTaken", func(t *testing.T, b *bundle) {
		b.vendor.adds(b.user, visa("oldest"))
		inactive, expired, withCode := visa("inactive"), visa("expired"), visa("with-code")
		inactive.Active, expired.Expired, withCode.RequiresCVV = false, true, true
		past := visa("past")
		past.ExpMonth, past.ExpYear = 2, 2026 // it is March
		for _, c := range []providers.SavedCard{visa("first"), inactive, expired, withCode, past} {
			b.vendor.adds(b.user, c)
		}
		r := b.start(wish())
		b.later(5 * time.Second)
		require.Equal(t, pay.RegistrationActionRequired, b.registration(r.ID).Status, "a poll never takes an older card")
		b.clock.Advance(2 * time.Second)
		require.Empty(t, b.finish(r).Errors)
		_, ref, _, _, err := b.Chargeable(t.Context(), b.merchant.ID, b.user.ID, b.saved()[0].ID)
		require.NoError(t, err)
		require.Equal(t, "first", ref)

		b.vendor.adds(b.user, visa("late")) // the page was still open
		b.later(time.Minute)
		require.Len(t, b.saved(), 2, "a card that comes after all is kept")
		b.vendor.adds(b.user, visa("later"))
		b.later(15 * time.Minute)
		require.Len(t, b.saved(), 2, "a page adds one")
	})

	fact(t, "CardThatNeedsItsCode", func(t *testing.T, b *bundle) {
		b.vendor.adds(b.user, visa("older"))
		r := b.start(wish())
		withCode := visa("with-code")
		withCode.RequiresCVV = true
		b.vendor.adds(b.user, withCode)
		outcome := b.finish(r)
		require.Equal(t, []string{"card.requires_cvv"}, keys(outcome.Errors))
		require.Equal(t, pay.CodeUnsupported, outcome.Errors[0].Code)
		require.Equal(t, pay.RetryOtherMethod, outcome.Errors[0].Retry)
		require.Empty(t, b.saved(), "nothing is half done")
		r = b.registration(r.ID)
		require.Equal(t, pay.RegistrationActionRequired, r.Status, "the page takes another")
		require.Equal(t, []any{"card_requires_cvv", outcome.Errors[0].Message, pay.RetryOtherMethod}, []any{*r.FailureCode, *r.FailureMessage, *r.FailureRetry})
		b.later(10 * time.Second)
		require.Equal(t, "ACTION_REQUIRED card_registration.card_refused", b.history(r.ID)[2])
		require.Len(t, b.history(r.ID), 3, "it is told once")

		b.vendor.adds(b.user, visa("good"))
		b.clock.Advance(2 * time.Second)
		require.Empty(t, b.finish(r).Errors)
		require.Len(t, b.saved(), 1)
		require.Nil(t, b.registration(r.ID).FailureCode, "a good card clears it")
	})

	fact(t, "CardThatNeedsItsCodeIsToldByThePoll", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		withCode := visa("with-code")
		withCode.RequiresCVV = true
		b.vendor.adds(b.user, withCode)
		b.later(5 * time.Second)
		require.Equal(t, "card_requires_cvv", *b.registration(r.ID).FailureCode)
		b.later(20 * time.Minute)
		r = b.registration(r.ID)
		require.Equal(t, pay.RegistrationExpired, r.Status)
		require.Equal(t, "card_requires_cvv", *r.FailureCode, "it says why no card was saved")
	})

	fact(t, "CardThatNeedsItsCodeIsFoundAtTheEnd", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		withCode := visa("with-code")
		withCode.RequiresCVV = true
		b.vendor.adds(b.user, withCode)
		b.clock.Advance(20 * time.Minute)
		require.Equal(t, []string{"card_registration.expired"}, keys(b.finish(r).Errors))
		require.Equal(t, "card_requires_cvv", *b.registration(r.ID).FailureCode)
		require.Equal(t, []string{"ACTION_REQUIRED card_registration.card_refused", "EXPIRED card_registration.expired"}, b.history(r.ID)[2:])
	})

	fact(t, "ListUnavailable", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		b.vendor.adds(b.user, visa("x"))
		b.vendor.fails("list", providers.Unavailable)
		outcome := b.finish(r)
		require.Equal(t, []string{"card_registration.list_unavailable"}, keys(outcome.Errors))
		require.Equal(t, pay.RetrySameKey, outcome.Errors[0].Retry)

		asked := b.vendor.asked()
		outcome = b.finish(r)
		require.Equal(t, []string{"card_registration.just_asked"}, keys(outcome.Errors))
		require.Equal(t, pay.LimitDetail{RetryAfter: 2 * time.Second}, outcome.Errors[0].Detail)
		require.Equal(t, asked, b.vendor.asked(), "the list is read once in two seconds")
		b.clock.Advance(2 * time.Second)
		require.Empty(t, b.finish(r).Errors)
	})

	fact(t, "AfterItsSessionDied", func(t *testing.T, b *bundle) {
		b.vendor.adds(b.user, visa("older"))
		r := b.start(wish())
		b.clock.Advance(20 * time.Minute)
		outcome := b.finish(r)
		require.Equal(t, []string{"card_registration.expired"}, keys(outcome.Errors))
		require.Equal(t, pay.StateDetail{From: "EXPIRED", Allowed: []string{}}, outcome.Errors[0].Detail)
		require.Equal(t, "EXPIRED card_registration.expired", b.history(r.ID)[2])
		require.Empty(t, b.saved(), "an older card is not taken then")

		b.vendor.adds(b.user, visa("late"))
		b.clock.Advance(2 * time.Second)
		require.Empty(t, b.finish(r).Errors, "a late card still counts")
		require.Equal(t, pay.RegistrationCompleted, b.registration(r.ID).Status)
	})

	fact(t, "LongAfterItsSessionDied", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		b.vendor.adds(b.user, visa("x"))
		asked := b.vendor.asked()
		b.clock.Advance(40 * time.Minute)
		require.Equal(t, []string{"card_registration.expired"}, keys(b.finish(r).Errors))
		require.Equal(t, pay.RegistrationExpired, b.registration(r.ID).Status)
		require.Equal(t, []string{"card_registration.expired"}, keys(b.finish(r).Errors))
		require.Equal(t, asked, b.vendor.asked())
	})

	fact(t, "TriesUsedUp", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.CardRegistration.Update().Where(cardregistration.ID(r.ID)).SetAttemptsLeft(0).Exec(ctx)
		}))
		require.Equal(t, []string{"card_registration.attempts_used_up"}, keys(b.finish(r).Errors))
		require.Equal(t, pay.RegistrationFailed, b.registration(r.ID).Status)
		require.Equal(t, []string{"card_registration.attempts_used_up"}, keys(b.finish(r).Errors))
	})

	fact(t, "OnlyByWhoeverMayAndOthersSeeNothing", func(t *testing.T, b *bundle) {
		in := wish()
		in.User = new(b.user.ID.String())
		started, err := b.Start(b.server(), in)
		require.NoError(t, err)
		b.vendor.adds(b.user, visa("x"))
		bob, carol := b.addUser(b.merchant.ID, "bob"), b.addUser(b.other.ID, "carol")
		guest, err := b.tokens.Authenticate(t.Context(), started.AccessToken)
		require.NoError(t, err)
		ofAnother := guest
		ofAnother.Registration = pay.NewCardRegistrationID(b.clock.Now())
		ofABill := guest
		ofABill.Registration, ofABill.Bill = pay.CardRegistrationID{}, pay.NewBillID(b.clock.Now())
		for _, as := range []context.Context{
			b.asUser(bob), b.asUser(carol), viewer.With(t.Context(), ofAnother), viewer.With(t.Context(), ofABill),
			b.as(viewer.Viewer{Role: pay.RolePublic}), b.as(viewer.Viewer{Role: pay.RoleServer, Merchant: b.other.ID}),
		} {
			outcome, err := b.Finish(as, started.Registration.String())
			require.NoError(t, err)
			require.Equal(t, []string{"card_registration.not_found"}, keys(outcome.Errors))
			require.True(t, outcome.Registration.IsZero())
		}
		for _, raw := range []string{"", "creg_x", b.user.ID.String()} {
			outcome, err := b.Finish(b.alice(), raw)
			require.NoError(t, err)
			require.Equal(t, []string{"card_registration.not_found"}, keys(outcome.Errors))
		}
		outcome, err := b.Finish(b.as(viewer.Viewer{Role: pay.RoleSupport}), started.Registration.String())
		require.NoError(t, err)
		require.Equal(t, []string{"card.forbidden"}, keys(outcome.Errors))
		require.Empty(t, b.saved())

		as := viewer.With(t.Context(), guest)
		outcome, err = b.Finish(as, started.Registration.String())
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		seen, err := b.Registration(as, started.Registration.String())
		require.NoError(t, err)
		require.NotNil(t, seen.Edges.Card, "a guest sees the card of its registration")
		others, err := b.CardsByID(as, []pay.CardID{seen.Edges.Card.ID})
		require.NoError(t, err)
		require.Empty(t, others, "and no card by itself")
		bills, err := b.store.Read().Bill.Query().Count(as)
		require.NoError(t, err)
		require.Zero(t, bills, "and no bill")
	})

	fact(t, "NotBeforeThePageIsOpen", func(t *testing.T, b *bundle) {
		b.vendor.fails("start", providers.Unavailable)
		outcome, err := b.Start(b.alice(), wish())
		require.NoError(t, err)
		require.Equal(t, []string{"card_registration.opening"}, keys(b.finish(b.registration(outcome.Registration)).Errors))
	})

	fact(t, "UnwantedWordsAreNotKept", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		odd := visa("x")
		odd.Card.Mask, odd.Card.Brand, odd.Holder, odd.ExpMonth = "4111111111111112", "VISA", "4111 1111 1111 1111", 0
		b.vendor.adds(b.user, odd)
		require.Empty(t, b.finish(r).Errors)
		c := b.saved()[0]
		require.Equal(t, "411111xxxxxx1112", c.Mask)
		require.Equal(t, "visa", c.Brand)
		require.Nil(t, c.Holder)
		require.Nil(t, c.ExpMonth)
	})
}

func TestService_FinishTogether(t *testing.T) {
	t.Parallel()

	fact(t, "SixtyFourFinishesSaveOneCard", func(t *testing.T, b *bundle) {
		second, _ := b.process()
		var pages []*ent.CardRegistration
		for range 8 {
			pages = append(pages, b.start(backTo(uuid.NewString())))
		}
		b.vendor.adds(b.user, visa("x"))
		var wg sync.WaitGroup
		failed := make(chan error, 64)
		for n := range 64 {
			wg.Go(func() {
				service := []*cards.Service{b.Service, second}[n%2]
				if _, err := service.Finish(b.alice(), pages[n%8].ID.String()); err != nil {
					failed <- err
				}
			})
		}
		for range 8 {
			wg.Go(func() {
				err := b.store.InTx(b.t.Context(), func(ctx context.Context, tx *store.Tx) error {
					return b.SaveLater(ctx, tx, mainAccount, b.user.ID)
				})
				if err != nil {
					failed <- err
				}
			})
		}
		wg.Go(func() {
			if _, err := b.runner.RunDue(b.t.Context()); err != nil {
				failed <- err
			}
		})
		wg.Wait()
		close(failed)
		require.Empty(t, failed)
		b.later(5 * time.Second)
		require.Len(t, b.saved(), 1)
		require.Equal(t, []string{"saved " + b.saved()[0].ID.String()}, b.observed.told())
		newest := b.registration(pages[7].ID)
		require.Equal(t, pay.RegistrationCompleted, newest.Status, "it belongs to the newest page")
		require.Len(t, b.history(newest.ID), 3)
		n, err := b.store.Read().CardRegistration.Query().Where(cardregistration.StatusEQ(pay.RegistrationCompleted)).Count(b.program())
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})

	fact(t, "CardsOfTwoAccountsAreTwoAndOneIsTheDefault", func(t *testing.T, b *bundle) {
		b.withCard("x")
		for _, c := range b.saved() {
			require.True(t, c.IsDefault)
		}
		b.withCard("y")
		defaults := 0
		for _, c := range b.saved() {
			if c.IsDefault {
				defaults++
			}
		}
		require.Equal(t, 1, defaults)
		require.Len(t, b.saved(pay.CardActive), 2)
		require.Empty(t, b.saved(pay.CardRemoved))
	})
}

func TestService_Watch(t *testing.T) {
	t.Parallel()

	fact(t, "PollFindsTheCard", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		b.later(5 * time.Second)
		b.vendor.adds(b.user, visa("x"))
		b.later(5 * time.Second)
		require.Equal(t, pay.RegistrationCompleted, b.registration(r.ID).Status)
		asked := b.vendor.asked()
		b.later(time.Hour)
		require.Equal(t, asked, b.vendor.asked(), "then nobody asks any more")
	})

	fact(t, "PageExpiresOnTimeThoughTheProviderIsAway", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		b.vendor.fails("list", providers.Unavailable, providers.Unknown)
		b.later(19 * time.Minute)
		require.Equal(t, pay.RegistrationActionRequired, b.registration(r.ID).Status)
		b.later(time.Minute)
		require.Equal(t, pay.RegistrationExpired, b.registration(r.ID).Status)
		b.vendor.adds(b.user, visa("late"))
		b.later(11 * time.Minute)
		require.Equal(t, pay.RegistrationCompleted, b.registration(r.ID).Status)
		require.Equal(t, []string{
			"PENDING card_registration.created", "ACTION_REQUIRED card_registration.opened",
			"EXPIRED card_registration.expired", "COMPLETED card_registration.completed",
		}, b.history(r.ID))
	})

	fact(t, "CardOfASupersededPageIsItsOwn", func(t *testing.T, b *bundle) {
		first := b.start(backTo("a"))
		b.vendor.adds(b.user, visa("of-the-first"))
		second := b.start(backTo("b"))
		b.later(time.Minute)
		require.Equal(t, pay.RegistrationCompleted, b.registration(first.ID).Status)
		require.Equal(t, pay.RegistrationActionRequired, b.registration(second.ID).Status, "it was there before the second page")
		b.vendor.adds(b.user, visa("of-the-second"))
		b.later(time.Minute)
		require.Equal(t, pay.RegistrationCompleted, b.registration(second.ID).Status)
		require.NotEqual(t, b.registration(first.ID).Edges.Card.ID, b.registration(second.ID).Edges.Card.ID)
	})

	fact(t, "ReturnOfTheBrowserLooksAtOnce", func(t *testing.T, b *bundle) {
		b.vendor.adds(b.user, visa("older"))
		r := b.start(backTo("thanks"))
		sent := b.vendor.requests()[0].ReturnURL
		token := sent[len("http://127.0.0.1:8080"+cards.ReturnPath):]
		back, err := b.Return(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, "https://shop.example/thanks", back)
		b.later(0)
		require.Equal(t, pay.RegistrationActionRequired, b.registration(r.ID).Status, "a browser that came back proves nothing")
		b.vendor.adds(b.user, visa("x"))
		b.clock.Advance(2 * time.Second)
		_, err = b.Return(t.Context(), token)
		require.NoError(t, err)
		b.later(0)
		require.Equal(t, pay.RegistrationCompleted, b.registration(r.ID).Status)
		for _, bad := range []string{"", token + "A", token[1:], "x." + token, token[:26], r.ID.Suffix() + ".AAAAAAAAAAAAAAAAAAAAAA"} {
			_, err := b.Return(t.Context(), bad)
			require.Equal(t, pay.CodeNotFound, pay.CodeOf(err), bad)
		}
	})

	fact(t, "ReturnOfTheBrowserAfterTheKeyWasChanged", func(t *testing.T, b *bundle) {
		b.start(backTo("thanks"))
		token := b.vendor.requests()[0].ReturnURL[len("http://127.0.0.1:8080"+cards.ReturnPath):]
		old := b.ReturnKey
		b.ReturnKey, b.OldKeys = bytes.Repeat([]byte("n"), 32), [][]byte{old}
		back, err := b.Return(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, "https://shop.example/thanks", back)
		b.OldKeys = nil
		_, err = b.Return(t.Context(), token)
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
	})

	fact(t, "NotificationLooksAtOnce", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		b.vendor.adds(b.user, visa("x"))
		asked := b.vendor.asked()
		for _, name := range []string{"", "customer-nobody", "customer-alice", "customer-" + b.addUser(b.other.ID, "carol").ID.Suffix()} {
			require.False(t, b.hint(mainAccount, name), name)
		}
		require.False(t, b.hint("nowhere", "customer-"+b.user.ID.Suffix()))
		b.later(0)
		require.Equal(t, asked, b.vendor.asked(), "who is not named is not asked about")
		for range 3 {
			require.True(t, b.hint(mainAccount, "customer-"+b.user.ID.Suffix()))
		}
		b.later(0)
		require.Equal(t, pay.RegistrationCompleted, b.registration(r.ID).Status)
		require.Equal(t, asked+1, b.vendor.asked())
		require.True(t, b.hint(mainAccount, "customer-"+b.user.ID.Suffix()))
		b.later(0)
		require.Equal(t, asked+1, b.vendor.asked())
	})

	fact(t, "NotificationKnowsWhoseCustomerItNames", func(t *testing.T, b *bundle) {
		bob := b.addUser(b.merchant.ID, "bob") // with no registration
		ours := "customer-" + bob.ID.Suffix()
		foreign := "customer-" + b.addUser(b.other.ID, "carol").ID.Suffix()
		tests := []struct {
			account, customer string
			known             bool
		}{
			{mainAccount, ours, true},
			{otherAccount, ours, true},
			{"nowhere", ours, false},
			{mainAccount, foreign, false},
			{mainAccount, bob.ID.Suffix(), false}, // not what the vendor calls him
			{mainAccount, "customer-" + pay.NewUserID(b.clock.Now()).Suffix(), false},
			{mainAccount, strings.Repeat("a", 301), false},
		}
		for _, tt := range tests {
			require.Equal(t, tt.known, b.hint(tt.account, tt.customer), "%s at %s", tt.customer, tt.account)
		}
	})

	fact(t, "CompletedWhileTheListWasRead", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		b.vendor.adds(b.user, visa("x"))
		b.vendor.duringList = func() {
			b.clock.Advance(2 * time.Second)
			require.Empty(t, b.finish(r).Errors)
		}
		require.Empty(t, b.finish(r).Errors)
		require.Len(t, b.history(r.ID), 3)
		require.Len(t, b.saved(), 1)
	})
}
