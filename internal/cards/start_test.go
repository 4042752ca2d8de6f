package cards_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent/wallet"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

func TestService_Start(t *testing.T) {
	t.Parallel()

	fact(t, "OpensThePage", func(t *testing.T, b *bundle) {
		in := wish()
		in.ReturnURL = new("https://shop.example/cards")
		in.Payer = cards.Payer{Phone: new("+79161234567"), Locale: new("ru"), IP: "192.0.2.1"}
		r := b.start(in)
		require.Equal(t, pay.Of(1000, pay.RUB), r.Verification())
		require.Equal(t, mainAccount, r.Account)
		require.Equal(t, []string{"PENDING card_registration.created", "ACTION_REQUIRED card_registration.opened"}, b.history(r.ID))
		page, closes := cards.NextActionOf(r, b.clock.Now())
		require.Equal(t, "https://vendor.example/add/"+r.OrderNumber, page)
		require.Equal(t, b.clock.Now().Add(20*time.Minute), closes)
		page, _ = cards.NextActionOf(r, closes)
		require.Empty(t, page)

		asked := b.vendor.requests()[0]
		require.Equal(t, providers.Customer{ID: b.user.ID.Suffix(), ExternalID: "alice", Email: "alice@shop.example", Phone: "+79161234567"}, asked.Customer)
		require.Equal(t, r.Verification(), asked.Amount)
		require.Equal(t, "http://127.0.0.1:8080/webhooks/fake/fake-main", asked.NotifyURL)
		require.Contains(t, asked.ReturnURL, "http://127.0.0.1:8080/return/cards/"+r.ID.Suffix()+".")
		made, err := b.store.Read().Wallet.Query().Where(wallet.UserID(b.user.ID)).Only(b.program())
		require.NoError(t, err)
		require.Equal(t, pay.RUB, made.Currency)
	})

	fact(t, "SameKeySameRegistration", func(t *testing.T, b *bundle) {
		in := wish()
		r := b.start(in)
		again, err := b.Start(b.alice(), in)
		require.NoError(t, err)
		require.Equal(t, &cards.Outcome{Registration: r.ID, Replayed: true}, again)
		require.Len(t, b.vendor.requests(), 1)

		in.ReturnURL = new("https://shop.example/elsewhere")
		other, err := b.Start(b.alice(), in)
		require.NoError(t, err)
		require.Equal(t, []string{"idempotency_key.mismatch"}, keys(other.Errors))
	})

	fact(t, "OpenPageIsSharedAndAnotherAddressSupersedes", func(t *testing.T, b *bundle) {
		first := b.start(backTo("a"))
		require.Equal(t, first.ID, b.start(backTo("a")).ID)
		require.Len(t, b.vendor.requests(), 1)

		second := b.start(backTo("b"))
		require.NotEqual(t, first.ID, second.ID)
		first = b.registration(first.ID)
		require.Equal(t, pay.RegistrationExpired, first.Status)
		require.Equal(t, "superseded", *first.FailureCode)
		require.Equal(t, "EXPIRED card_registration.superseded", b.history(first.ID)[2])

		b.clock.Advance(time.Minute - time.Second)
		require.Equal(t, second.ID, b.start(backTo("b")).ID, "a double click")
	})

	fact(t, "AfterAMinuteANewKeyOpensANewPage", func(t *testing.T, b *bundle) {
		b.vendor.attempts = new(3)
		in := wish()
		first := b.start(in)
		b.clock.Advance(time.Minute) // three wrong cards; no vendor tells of them
		second := b.start(wish())
		require.NotEqual(t, first.ID, second.ID)
		require.Len(t, b.vendor.requests(), 2)
		first = b.registration(first.ID)
		require.Equal(t, "superseded", *first.FailureCode)
		require.True(t, first.WatchUntil.After(b.clock.Now()), "a card of the old tab is still found")
		again, err := b.Start(b.alice(), in)
		require.NoError(t, err)
		require.Equal(t, first.ID, again.Registration, "the old key is the old registration")
	})

	fact(t, "PageIsFreshFromWhenItWasOpened", func(t *testing.T, b *bundle) {
		in := wish()
		b.vendor.fails("start", providers.Unavailable)
		_, err := b.Start(b.alice(), in)
		require.NoError(t, err)
		b.clock.Advance(5 * time.Minute)
		require.Equal(t, b.start(in).ID, b.start(wish()).ID)
	})

	fact(t, "PageThatBroughtABadCardIsNotSharedAgain", func(t *testing.T, b *bundle) {
		first := b.start(wish())
		withCode := visa("with-code")
		withCode.RequiresCVV = true
		b.vendor.adds(b.user, withCode)
		b.later(5 * time.Second)
		require.NotEqual(t, first.ID, b.start(wish()).ID)
	})

	fact(t, "ServerStartsForAUserAndGetsATokenAgainAndAgain", func(t *testing.T, b *bundle) {
		in := wish()
		in.User = new(b.user.ID.String())
		outcome, err := b.Start(b.server(), in)
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		b.clock.Advance(time.Hour)
		again, err := b.Start(b.server(), in)
		require.NoError(t, err)
		require.Equal(t, outcome.AccessToken, again.AccessToken)

		guest, err := b.tokens.Authenticate(t.Context(), outcome.AccessToken)
		require.NoError(t, err)
		seen, err := b.Registration(viewer.With(t.Context(), guest), outcome.Registration.String())
		require.NoError(t, err)
		require.Equal(t, outcome.Registration, seen.ID)
	})

	fact(t, "BadInputMakesNothing", func(t *testing.T, b *bundle) {
		bob := b.addUser(b.merchant.ID, "bob")
		foreign := b.addUser(b.other.ID, "carol")
		tests := []struct {
			name string
			as   context.Context
			in   func(*cards.NewRegistration)
			want []string
		}{
			{"Public", b.as(viewer.Viewer{Role: pay.RolePublic, Principal: "key/p"}), func(*cards.NewRegistration) {}, []string{"card.forbidden"}},
			{"Support", b.as(viewer.Viewer{Role: pay.RoleSupport, Principal: "operator/s"}), func(in *cards.NewRegistration) { in.User = new(bob.ID.String()) }, []string{"card.forbidden"}},
			{"ForAnother", b.alice(), func(in *cards.NewRegistration) { in.User = new(bob.ID.String()) }, []string{"user.not_yours_to_name"}},
			{"ServerForNobody", b.server(), func(*cards.NewRegistration) {}, []string{"user.required"}},
			{"ServerForAForeigner", b.server(), func(in *cards.NewRegistration) { in.User = new(foreign.ID.String()) }, []string{"user.not_found"}},
			{"ServerForNonsense", b.server(), func(in *cards.NewRegistration) { in.User = new("bob") }, []string{"user.not_found"}},
			{"ForeignOrigin", b.alice(), func(in *cards.NewRegistration) { in.ReturnURL = new("https://evil.example/") }, []string{"return_url.origin_not_registered"}},
			{"Payer", b.alice(), func(in *cards.NewRegistration) {
				in.Payer = cards.Payer{Phone: new("8916"), Locale: new("??"), Note: new("4111 1111 1111 1111")}
			}, []string{"phone.malformed", "locale.malformed", "text.card_number"}},
			{"LongNote", b.alice(), func(in *cards.NewRegistration) { in.Payer.Note = new(strings.Repeat("a", 201)) }, []string{"text.too_long"}},
			{"NoteWithControls", b.alice(), func(in *cards.NewRegistration) { in.Payer.Note = new("a\nb") }, []string{"text.control_characters"}},
			{"UnknownProvider", b.alice(), func(in *cards.NewRegistration) { in.Provider = new("nobody") }, []string{"provider.not_found"}},
			{"ProviderThatSavesNone", b.alice(), func(in *cards.NewRegistration) { in.Provider = new(plainAccount) }, []string{"card.saving_unsupported"}},
			{"NoKey", b.alice(), func(in *cards.NewRegistration) { in.Key = "" }, []string{"idempotency_key.empty"}},
		}
		for _, tt := range tests {
			in := wish()
			tt.in(&in)
			outcome, err := b.Start(tt.as, in)
			require.NoError(t, err, tt.name)
			require.Equal(t, tt.want, keys(outcome.Errors), tt.name)
			require.True(t, outcome.Registration.IsZero(), tt.name)
		}
		n, err := b.store.Read().CardRegistration.Query().Count(b.program())
		require.NoError(t, err)
		require.Zero(t, n)
	})

	fact(t, "ProviderIsNamedByCodeOrVendor", func(t *testing.T, b *bundle) {
		for _, name := range []string{otherAccount, "other"} {
			in := wish()
			in.Provider = new(name)
			require.Equal(t, otherAccount, b.start(in).Account)
		}
	})

	fact(t, "UnreachableProviderIsTriedAgainWithTheSameKey", func(t *testing.T, b *bundle) {
		in := wish()
		b.vendor.fails("list", providers.Unavailable)
		outcome, err := b.Start(b.alice(), in)
		require.NoError(t, err)
		require.Equal(t, []string{"provider.unavailable"}, keys(outcome.Errors))
		require.Equal(t, pay.RetrySameKey, outcome.Errors[0].Retry)
		require.True(t, outcome.Registration.IsZero(), "without the list nothing is begun")

		b.vendor.fails("start", providers.Unavailable)
		outcome, err = b.Start(b.alice(), in)
		require.NoError(t, err)
		require.Equal(t, []string{"provider.unavailable"}, keys(outcome.Errors))
		pending := b.registration(outcome.Registration)
		require.Equal(t, pay.RegistrationPending, pending.Status)
		require.Equal(t, "provider_unavailable", *pending.FailureCode)

		again, err := b.Start(b.alice(), in)
		require.NoError(t, err)
		require.Empty(t, again.Errors)
		require.Equal(t, pending.ID, again.Registration)
		require.Equal(t, pay.RegistrationActionRequired, b.registration(pending.ID).Status)
		require.Nil(t, b.registration(pending.ID).FailureCode)
		orders := b.vendor.requests()
		require.NotEqual(t, orders[0].OrderNumber, orders[1].OrderNumber, "an order number is sent once")
	})

	fact(t, "NewKeyAfterAnUnreachableProviderOpensItsOwn", func(t *testing.T, b *bundle) {
		b.vendor.fails("start", providers.RateLimited)
		first, err := b.Start(b.alice(), wish())
		require.NoError(t, err)
		second := b.start(wish())
		require.NotEqual(t, first.Registration, second.ID)
		require.Equal(t, pay.RegistrationExpired, b.registration(first.Registration).Status)
	})

	fact(t, "OpeningInDoubtIsOpenedAgainUnderAnotherNumber", func(t *testing.T, b *bundle) {
		b.vendor.fails("start", providers.Unknown)
		b.start(wish())
		orders := b.vendor.requests()
		require.Len(t, orders, 2)
		require.NotEqual(t, orders[0].OrderNumber, orders[1].OrderNumber)
	})

	fact(t, "RefusedOpeningFails", func(t *testing.T, b *bundle) {
		in := wish()
		b.vendor.fails("start", providers.Rejected)
		outcome, err := b.Start(b.alice(), in)
		require.NoError(t, err)
		require.Equal(t, []string{"provider.unavailable"}, keys(outcome.Errors))
		require.Equal(t, pay.RetryOtherMethod, outcome.Errors[0].Retry)
		r := b.registration(outcome.Registration)
		require.Equal(t, pay.RegistrationFailed, r.Status)
		require.Equal(t, "VENDOR_CODE", *r.FailureProviderCode)
		again, err := b.Start(b.alice(), in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, []string{"provider.unavailable"}, keys(again.Errors))
		require.Equal(t, []string{"card_registration.failed"}, keys(b.finish(r).Errors))
	})

	fact(t, "SessionWithoutTriesOrLinkFails", func(t *testing.T, b *bundle) {
		b.vendor.attempts = new(0)
		outcome, err := b.Start(b.alice(), wish())
		require.NoError(t, err)
		require.Equal(t, []string{"card_registration.attempts_used_up"}, keys(outcome.Errors))
		b.vendor.attempts, b.vendor.postsForm = new(3), true
		outcome, err = b.Start(b.alice(), wish())
		require.NoError(t, err)
		require.Equal(t, []string{"provider.unavailable"}, keys(outcome.Errors))
		b.vendor.postsForm = false
		require.Equal(t, 3, *b.start(wish()).AttemptsLeft)
	})

	fact(t, "TooManyAreRefused", func(t *testing.T, b *bundle) {
		for range 12 {
			b.start(backTo(uuid.NewString()))
		}
		outcome, err := b.Start(b.alice(), backTo("one-more"))
		require.NoError(t, err)
		require.Equal(t, []string{"card_registration.too_many"}, keys(outcome.Errors))
		require.Equal(t, pay.LimitDetail{RetryAfter: 15 * time.Minute}, outcome.Errors[0].Detail)
		b.later(36 * time.Minute)
		b.start(backTo("one-more"))
	})

	fact(t, "ManyAtOnceShareOnePage", func(t *testing.T, b *bundle) {
		var wg sync.WaitGroup
		ids := make([]pay.CardRegistrationID, 16)
		for at := range ids {
			wg.Go(func() {
				outcome, err := b.Start(b.alice(), wish())
				if err == nil {
					ids[at] = outcome.Registration
				}
			})
		}
		wg.Wait()
		for _, id := range ids {
			require.False(t, id.IsZero())
			require.Equal(t, ids[0], id)
		}
		require.Len(t, b.vendor.requests(), 1)
	})
}

func TestService_StartTogether(t *testing.T) {
	t.Parallel()

	fact(t, "OneKeyMakesOneRegistration", func(t *testing.T, b *bundle) {
		in := wish()
		var wg sync.WaitGroup
		outcomes, errs := make([]*cards.Outcome, 16), make([]error, 16)
		for at := range outcomes {
			wg.Go(func() { outcomes[at], errs[at] = b.Start(b.alice(), in) })
		}
		wg.Wait()
		for at, outcome := range outcomes {
			require.NoError(t, errs[at])
			for _, key := range keys(outcome.Errors) {
				require.Equal(t, "idempotency_key.in_flight", key)
			}
		}
		require.Len(t, b.vendor.requests(), 1)
		b.start(in)
		n, err := b.store.Read().CardRegistration.Query().Count(b.program())
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

// died is the end of a process in the middle of a call.
type died struct{}

func TestService_StartAfterACrash(t *testing.T) {
	t.Parallel()

	// dies runs a start that ends with its process while the vendor is called.
	dies := func(b *bundle, in cards.NewRegistration) {
		b.vendor.duringStart = func() { panic(died{}) }
		require.PanicsWithValue(b.t, died{}, func() { _, _ = b.Start(b.alice(), in) })
	}

	fact(t, "RepetitionTakesOver", func(t *testing.T, b *bundle) {
		in := wish()
		dies(b, in)
		early, err := b.Start(b.alice(), in)
		require.NoError(t, err)
		require.Equal(t, []string{"idempotency_key.in_flight"}, keys(early.Errors))

		b.clock.Advance(31 * time.Second)
		outcome, err := b.Start(b.alice(), in)
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		r := b.registration(outcome.Registration)
		require.Equal(t, pay.RegistrationActionRequired, r.Status)
		require.Len(t, b.history(r.ID), 2)
		b.vendor.adds(b.user, visa("x"))
		require.Empty(t, b.finish(r).Errors)
	})

	fact(t, "NobodyRepeatsAndItFails", func(t *testing.T, b *bundle) {
		in := wish()
		dies(b, in)
		b.later(10 * time.Minute)
		outcome, err := b.Start(b.alice(), in)
		require.NoError(t, err)
		require.Equal(t, []string{"card_registration.failed"}, keys(outcome.Errors))
		require.Equal(t, pay.RetryNewKey, outcome.Errors[0].Retry)
		require.Equal(t, pay.RegistrationFailed, b.registration(outcome.Registration).Status)
		b.start(wish())
	})

	fact(t, "AnotherStartSupersedesIt", func(t *testing.T, b *bundle) {
		in := wish()
		dies(b, in)
		b.clock.Advance(31 * time.Second)
		b.start(wish())
		outcome, err := b.Start(b.alice(), in)
		require.NoError(t, err)
		require.Equal(t, []string{"card_registration.expired"}, keys(outcome.Errors))
		require.False(t, b.registration(outcome.Registration).WatchUntil.After(b.clock.Now()), "without a page there is nothing to watch")
	})

	fact(t, "SupersededWhileItsPageWasOpened", func(t *testing.T, b *bundle) {
		b.vendor.duringStart = func() { b.start(backTo("faster")) }
		outcome, err := b.Start(b.alice(), backTo("slower"))
		require.NoError(t, err)
		require.Equal(t, []string{"card_registration.expired"}, keys(outcome.Errors))
	})

	fact(t, "FailedObserverUndoesTheSave", func(t *testing.T, b *bundle) {
		r := b.start(wish())
		b.vendor.adds(b.user, visa("x"))
		b.observed.err = context.DeadlineExceeded
		_, err := b.Finish(b.alice(), r.ID.String())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Empty(t, b.saved())
		require.Equal(t, pay.RegistrationActionRequired, b.registration(r.ID).Status)
		b.observed.err = nil
		b.later(5 * time.Second)
		require.Len(t, b.saved(), 1)
	})
}

// Nothing that the vendor calls a card by is in the clear in the database.
func TestService_ReferencesAreSealed(t *testing.T) {
	t.Parallel()
	fact(t, "NoRowHoldsOne", func(t *testing.T, b *bundle) {
		const ref = "c0ffee00-the-vendors-own-card-id"
		saved := b.withCard(ref)
		row := b.cardByID(saved.ID)
		require.NotContains(t, string(row.RefSealed), ref)
		require.NotContains(t, string(row.RefHash), ref)
		require.NotContains(t, row.String(), ref)
		account, opened, customer, c, err := b.Chargeable(t.Context(), b.merchant.ID, b.user.ID, saved.ID)
		require.NoError(t, err)
		require.Equal(t, []string{mainAccount, ref, b.user.ID.Suffix(), saved.ID.String()}, []string{account, opened, customer.ID, c.ID.String()})

		another := b.withCard("another")
		require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Raw(ctx, `UPDATE cards SET ref_sealed = ? WHERE id = ?`, row.RefSealed, another.ID)
			return err
		}))
		_, _, _, _, err = b.Chargeable(t.Context(), b.merchant.ID, b.user.ID, another.ID)
		require.ErrorContains(t, err, "does not open")
		require.NotContains(t, err.Error(), ref)
	})
}
