package subscriptions_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/subscriptions"
	"github.com/paygraph/paygraph/internal/viewer"
)

// What a wrong request gets: a typed error, and nothing half done.
func TestService_CreateRefuses(t *testing.T) {
	t.Parallel()

	wants := func(b *bundle) subscriptions.NewSubscription {
		return subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String()}
	}
	tests := []struct {
		name string
		as   func(b *bundle) context.Context
		in   func(b *bundle, in *subscriptions.NewSubscription)
		want string
		path []string
	}{
		{name: "AnUnknownPrice", in: func(_ *bundle, in *subscriptions.NewSubscription) { in.Price = "price_x" }, want: "price.not_found", path: []string{"price"}},
		{name: "APriceOfNoSubscription", in: func(b *bundle, in *subscriptions.NewSubscription) {
			in.Price = b.sells(catalogue.Upsert{Code: "page", Kind: pay.ProductDirect, Grants: catalogue.Grants{Resources: []string{"x"}}, Prices: []catalogue.NewPrice{{Amount: pay.Of(100, pay.RUB)}}})
		}, want: "price.not_a_subscription", path: []string{"price"}},
		{name: "APriceThatIsGone", in: func(b *bundle, _ *subscriptions.NewSubscription) {
			b.offers("club", catalogue.NewPrice{Amount: pay.Of(1, pay.RUB), Interval: months(1)})
		}, want: "price.inactive", path: []string{"price"}},
		{name: "AForeignCard", in: func(b *bundle, in *subscriptions.NewSubscription) {
			in.Card = new(b.newCard(b.newUser("eve")).ID.String())
		}, want: "card.not_found", path: []string{"card"}},
		{name: "NoCardID", in: func(_ *bundle, in *subscriptions.NewSubscription) { in.Card = new("card_1") }, want: "card.not_found", path: []string{"card"}},
		{name: "ARemovedCard", in: func(b *bundle, in *subscriptions.NewSubscription) {
			b.removeCard(b.card)
			in.Card = new(b.card.ID.String())
		}, want: "card.removed", path: []string{"card"}},
		{name: "ACardThatPaysInOtherMoney", in: func(b *bundle, in *subscriptions.NewSubscription) {
			in.Price = b.sells(catalogue.Upsert{Code: "far", Kind: pay.ProductSubscription, Grants: catalogue.Grants{Resources: []string{"x"}}, Prices: []catalogue.NewPrice{{Amount: pay.Of(100, pay.KZT), Interval: months(1)}}})
			in.Card = new(b.card.ID.String())
		}, want: "card.amount_unsupported", path: []string{"card"}},
		{name: "NothingThatPays", in: func(b *bundle, _ *subscriptions.NewSubscription) { b.removeCard(b.card) }, want: "subscription.card_missing", path: []string{"card"}},
		{name: "AWallet", in: func(_ *bundle, in *subscriptions.NewSubscription) {
			in.PayWith = &billing.PayWith{Wallet: new("wallet_1")}
		}, want: "pay_with.wallet_unsupported", path: []string{"payWith", "wallet"}},
		{name: "TwoThingsThatPay", in: func(b *bundle, in *subscriptions.NewSubscription) {
			in.Card, in.PayWith = new(b.card.ID.String()), &billing.PayWith{Provider: new("payture")}
		}, want: "pay_with.one", path: []string{"payWith"}},
		{name: "ACardAndNothing", in: func(b *bundle, in *subscriptions.NewSubscription) {
			in.Card, in.PayWith = new(b.card.ID.String()), &billing.PayWith{}
		}, want: "pay_with.one", path: []string{"payWith"}},
		{name: "NothingNamedInPayWith", in: func(_ *bundle, in *subscriptions.NewSubscription) { in.PayWith = &billing.PayWith{} }, want: "pay_with.one", path: []string{"payWith"}},
		{name: "ACardAndAPage", in: func(b *bundle, in *subscriptions.NewSubscription) {
			in.PayWith = &billing.PayWith{Card: new(b.card.ID.String()), Provider: new("payture")}
		}, want: "pay_with.one", path: []string{"payWith"}},
		{name: "AForeignCardInPayWith", in: func(b *bundle, in *subscriptions.NewSubscription) {
			in.PayWith = &billing.PayWith{Card: new(b.newCard(b.newUser("eve")).ID.String())}
		}, want: "card.not_found", path: []string{"payWith", "card"}},
		{name: "NoCardIDInPayWith", in: func(_ *bundle, in *subscriptions.NewSubscription) {
			in.PayWith = &billing.PayWith{Card: new("card_1")}
		}, want: "card.not_found", path: []string{"payWith", "card"}},
		{name: "ARemovedCardInPayWith", in: func(b *bundle, in *subscriptions.NewSubscription) {
			b.removeCard(b.card)
			in.PayWith = &billing.PayWith{Card: new(b.card.ID.String())}
		}, want: "card.removed", path: []string{"payWith", "card"}},
		{name: "ACardInPayWithThatPaysInOtherMoney", in: func(b *bundle, in *subscriptions.NewSubscription) {
			in.Price = b.sells(catalogue.Upsert{Code: "far", Kind: pay.ProductSubscription, Grants: catalogue.Grants{Resources: []string{"x"}}, Prices: []catalogue.NewPrice{{Amount: pay.Of(100, pay.KZT), Interval: months(1)}}})
			in.PayWith = &billing.PayWith{Card: new(b.card.ID.String())}
		}, want: "card.amount_unsupported", path: []string{"payWith", "card"}},
		{name: "APageForATrial", in: func(b *bundle, in *subscriptions.NewSubscription) {
			in.Price, in.PayWith = b.trial.ID.String(), &billing.PayWith{Provider: new("payture")}
		}, want: "subscription.nothing_to_pay", path: []string{"payWith"}},
		{name: "AUserNamesAnother", in: func(b *bundle, in *subscriptions.NewSubscription) {
			in.User = new(b.newUser("eve").ID.String())
		}, want: "user.not_yours_to_name", path: []string{"user"}},
		{name: "AServerNamesNobody", as: (*bundle).server, want: "user.missing", path: []string{"user"}},
		{name: "AServerNamesAStranger", as: (*bundle).server, in: func(_ *bundle, in *subscriptions.NewSubscription) {
			in.User = new(pay.NewUserID(time.Unix(0, 0)).String())
		}, want: "user.not_found", path: []string{"user"}},
		{name: "ASupporter", as: func(b *bundle) context.Context {
			return viewer.With(b.t.Context(), viewer.Viewer{Role: pay.RoleSupport, Merchant: b.merchant.ID, Principal: "operator/1"})
		}, want: "subscription.not_yours_to_change"},
		{name: "AReturnToAStranger", in: func(_ *bundle, in *subscriptions.NewSubscription) {
			in.ReturnURL = new("https://evil.example")
		}, want: "return_url.foreign", path: []string{"returnUrl"}},
		{name: "NoKey", in: func(_ *bundle, in *subscriptions.NewSubscription) { in.Key = "" }, want: "idempotency_key.empty", path: []string{"idempotencyKey"}},
	}
	for _, tt := range tests {
		fact(t, tt.name, func(t *testing.T, b *bundle) {
			ctx := b.as(b.user)
			if tt.as != nil {
				ctx = tt.as(b)
			}
			in := wants(b)
			if tt.in != nil {
				tt.in(b, &in)
			}
			o, err := b.Create(ctx, in)
			require.Equal(t, tt.want, b.refused(o, err))
			require.Equal(t, tt.path, o.Errors[0].Path)
			require.True(t, o.Subscription.IsZero())
			of, err := b.SubscriptionsOf(b.server(), b.user.ID)
			require.NoError(t, err)
			require.Empty(t, of[b.user.ID])
		})
	}
}

// sells puts a product on sale and returns the id of its only price.
func (b *bundle) sells(in catalogue.Upsert) string {
	b.t.Helper()
	in.Key, in.Title, in.Active = uuid.NewString(), "It", true
	p, _, err := catalogue.New(b.store).Upsert(b.server(), viewer.From(b.server()), in)
	require.NoError(b.t, err)
	return p.Edges.Prices[0].ID.String()
}

func TestService_Create(t *testing.T) {
	t.Parallel()

	fact(t, "RepeatedWithItsKeyReturnsTheSame", func(t *testing.T, b *bundle) {
		in := subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String()}
		first, err := b.Create(b.as(b.user), in)
		require.NoError(t, err)
		again, err := b.Create(b.as(b.user), in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		first.Replayed = true
		require.Equal(t, first, again)
		require.Equal(t, 1, b.bills.charges[first.FirstBill])
		in.Price = b.trial.ID.String()
		require.Equal(t, "idempotency_key.mismatch", b.refused(b.Create(b.as(b.user), in)))
	})
	fact(t, "ASecondOneOfTheProductIsRefused", func(t *testing.T, b *bundle) {
		b.subscribed(b.monthly)
		o, err := b.Create(b.as(b.user), subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.trial.ID.String()})
		require.Equal(t, "subscription.exists", b.refused(o, err))
		require.Equal(t, pay.CodeConflict, o.Errors[0].Code)
	})
	fact(t, "OfManyAtOnceOneIsMade", func(t *testing.T, b *bundle) {
		var racers sync.WaitGroup
		var mu sync.Mutex
		keys := map[string]int{}
		for range 12 {
			racers.Go(func() {
				o, err := b.Create(b.as(b.user), subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String()})
				if err != nil {
					t.Errorf("create: %v", err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if len(o.Errors) == 0 {
					keys["made"]++
					return
				}
				keys[o.Errors[0].Key]++
			})
		}
		racers.Wait()
		require.Equal(t, map[string]int{"made": 1, "subscription.exists": 11}, keys)
	})
	fact(t, "ARefusedFirstChargeIsToldAndLapsesAfterADay", func(t *testing.T, b *bundle) {
		b.bills.bank = func(*ent.Bill, int) answer { return declined("insufficient_funds") }
		o, err := b.Create(b.as(b.user), subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String()})
		require.NoError(t, err)
		require.Equal(t, pay.CodeDeclined, o.Errors[0].Code)
		require.Equal(t, "decline.insufficient_funds", o.Errors[0].Key)
		b.later(0)
		sub := b.now(o.Subscription)
		require.Equal(t, pay.SubscriptionIncomplete, sub.Status)
		require.Equal(t, o.FirstBill, *sub.OpenBillID)
		require.Empty(t, b.periods(sub.ID))

		b.later(23 * time.Hour)
		require.Equal(t, pay.SubscriptionIncomplete, b.now(sub.ID).Status)
		require.Equal(t, 1, b.bills.charges[o.FirstBill], "nobody retries behind the payer's back")
		b.later(time.Hour)
		require.Equal(t, pay.SubscriptionEnded, b.now(sub.ID).Status)
		require.Equal(t, pay.BillCanceled, b.billsOf(sub.ID)[0].Status)
		b.bills.bank = func(*ent.Bill, int) answer { return approved }
		b.subscribed(b.monthly)
	})
	fact(t, "AnotherCardPaysWhatTheFirstOneDidNot", func(t *testing.T, b *bundle) {
		b.bills.bank = func(_ *ent.Bill, try int) answer {
			if try == 1 {
				return declined("stolen_card")
			}
			return approved
		}
		o, err := b.Create(b.as(b.user), subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String()})
		require.NoError(t, err)
		b.later(2 * time.Minute)
		b.ok(b.ChangeCard(b.as(b.user), uuid.NewString(), o.Subscription.String(), b.newCard(b.user).ID.String(), true))
		b.later(0)
		require.Equal(t, pay.SubscriptionActive, b.now(o.Subscription).Status)
	})
	fact(t, "ACallThatDiedIsTakenUp", func(t *testing.T, b *bundle) {
		in := subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String()}
		dying, die := context.WithCancel(b.as(b.user))
		b.bills.bank = func(*ent.Bill, int) answer { die(); return approved }
		_, err := b.Create(dying, in)
		require.Error(t, err)
		b.clock.Advance(31 * time.Second)
		o, err := b.Create(b.as(b.user), in)
		require.NoError(t, err)
		require.False(t, o.FirstBill.IsZero())
		require.Equal(t, 1, b.bills.charges[o.FirstBill])
	})
	fact(t, "AChargeThatWasNeverMadeIsMadeLater", func(t *testing.T, b *bundle) {
		// As if the process had died between the commit and the charge.
		sub := b.begun()
		b.later(59 * time.Second)
		require.Equal(t, pay.SubscriptionIncomplete, b.now(sub).Status)
		b.later(time.Second)
		require.Equal(t, pay.SubscriptionActive, b.now(sub).Status)
	})
	fact(t, "APageLeavesTheCardThatIsCharged", func(t *testing.T, b *bundle) {
		in := subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String(), PayWith: &billing.PayWith{Provider: new("payture")}}
		o, err := b.Create(b.as(b.user), in)
		require.NoError(t, err)
		require.Empty(t, o.Errors)
		require.Equal(t, []billing.PageRequest{{Provider: new("payture"), SaveCard: true}}, b.bills.pages)
		require.Nil(t, b.now(o.Subscription).CardID)

		saved := b.newCard(b.user)
		b.saves(saved)
		require.Nil(t, b.now(o.Subscription).CardID, "it did not pay for this one")
		b.paysOnPage(o.FirstBill, 1, true)
		b.saves(saved)
		sub := b.now(o.Subscription)
		require.Equal(t, pay.SubscriptionActive, sub.Status)
		require.Equal(t, saved.ID, *sub.CardID)
		b.later(0)

		// The next charge is refused for good, and its payer pays with another card.
		b.bills.bank = func(*ent.Bill, int) answer { return declined("stolen_card") }
		b.until(*sub.CurrentPeriodEnd)
		b.paysOnPage(*b.now(sub.ID).OpenBillID, 2, true)
		other := b.newCard(b.user)
		b.saves(b.masked(b.newCard(b.user), "500000******0009"))
		require.Equal(t, saved.ID, *b.now(sub.ID).CardID, "a card that paid nothing changes nothing")
		b.saves(other)
		require.Equal(t, other.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "APageRefusedForATrialUsesUpNeitherKeyNorTrial", func(t *testing.T, b *bundle) {
		in := subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.trial.ID.String(), PayWith: &billing.PayWith{Provider: new("payture")}}
		require.Equal(t, "subscription.nothing_to_pay", b.refused(b.Create(b.as(b.user), in)))
		require.Empty(t, b.bills.pages)
		in.PayWith = nil
		sub := b.ok(b.Create(b.as(b.user), in))
		require.Equal(t, pay.SubscriptionTrialing, sub.Status)

		// Who has had the trial pays on a page.
		b.ok(b.Cancel(b.as(b.user), uuid.NewString(), sub.ID.String(), false))
		in.Key, in.PayWith = uuid.NewString(), &billing.PayWith{Provider: new("payture")}
		require.Equal(t, pay.SubscriptionIncomplete, b.ok(b.Create(b.as(b.user), in)).Status)
		require.Len(t, b.bills.pages, 1)
	})
	fact(t, "APageThatSavesNothingLeavesNoCard", func(t *testing.T, b *bundle) {
		in := subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String(), PayWith: &billing.PayWith{Provider: new("payture")}}
		sub := b.ok(b.Create(b.as(b.user), in))
		b.paysOnPage(*sub.OpenBillID, 1, false)
		b.saves(b.newCard(b.user))
		require.Nil(t, b.now(sub.ID).CardID)
	})
	fact(t, "OthersSeeAndChangeNothing", func(t *testing.T, b *bundle) {
		sub := b.subscribed(b.monthly)
		eve := b.as(b.newUser("eve"))
		found, err := b.Subscription(eve, sub.ID.String())
		require.NoError(t, err)
		require.Nil(t, found)
		require.Equal(t, "subscription.not_found", b.refused(b.Cancel(eve, uuid.NewString(), sub.ID.String(), false)))
		require.Equal(t, "subscription.not_found", b.refused(b.Pause(eve, uuid.NewString(), sub.ID.String(), nil)))
		require.Equal(t, "subscription.not_found", b.refused(b.Resume(eve, uuid.NewString(), "sub_nothing")))
		other, err := merchants.New(b.store).Create(viewer.AsProgram(t.Context()), merchants.NewMerchant{Code: "other", Name: "Other"})
		require.NoError(t, err)
		abroad := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleServer, Merchant: other.ID, Principal: "key/other"})
		require.Equal(t, "subscription.not_found", b.refused(b.Cancel(abroad, uuid.NewString(), sub.ID.String(), false)))
		finance := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleFinance, Merchant: b.merchant.ID, Principal: "operator/1"})
		require.Equal(t, "subscription.not_yours_to_change", b.refused(b.Cancel(finance, uuid.NewString(), sub.ID.String(), false)))
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
		require.Equal(t, pay.SubscriptionCanceled, b.ok(b.Cancel(b.server(), uuid.NewString(), sub.ID.String(), false)).Status)
	})
}

// saves tells that a card was saved.
func (b *bundle) saves(c *ent.Card) {
	b.t.Helper()
	b.tx(func(ctx context.Context, tx *store.Tx) error { return b.CardSaved(ctx, tx, c) })
}

func (b *bundle) masked(c *ent.Card, mask string) *ent.Card {
	c.Mask = mask
	return c
}

// paysOnPage has the payer pay a bill on a page that saves their card, or not.
func (b *bundle) paysOnPage(id pay.BillID, try int, saves bool) {
	b.t.Helper()
	b.tx(func(ctx context.Context, tx *store.Tx) error {
		return tx.Attempt.Create().SetID(pay.NewAttemptID(tx.Now)).SetMerchantID(b.merchant.ID).SetBillID(id).
			SetProvider("fake").SetAccount("fake").SetOrderNumber(id.String() + "-page").SetSavesCard(saves).SetChargeTry(try).
			SetStatus(pay.AttemptActionRequired).SetCurrent(true).SetTestMode(true).SetCurrency(pay.RUB).SetAmountMinor(99000).
			SetCardMask("411111******1111").SetWatchUntil(tx.Now).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
	})
	require.NoError(b.t, b.bills.record(b.t.Context(), id, try, approved))
}

// begun begins a subscription whose call dies before the charge is made.
func (b *bundle) begun() pay.SubscriptionID {
	b.t.Helper()
	b.bills.dies = context.DeadlineExceeded
	_, err := b.Create(b.as(b.user), subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String()})
	require.ErrorIs(b.t, err, context.DeadlineExceeded)
	of, err := b.SubscriptionsOf(b.server(), b.user.ID)
	require.NoError(b.t, err)
	return of[b.user.ID][0].ID
}
