package subscriptions_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/subscriptions"
	"github.com/paygraph/paygraph/internal/viewer"
)

// A payer pays what their card did not: from then on the card that paid is charged.
func TestService_PaidByAnotherCard(t *testing.T) {
	t.Parallel()

	// refused is a subscription whose card is refused at its first renewal, with the
	// bill that is open.
	refused := func(b *bundle, code string) (*ent.BillingSubscription, pay.BillID) {
		sub := b.subscribed(b.monthly)
		b.bills.bank = func(*ent.Bill, int) answer { return declined(code) }
		b.until(*sub.CurrentPeriodEnd)
		b.bills.bank = func(*ent.Bill, int) answer { return approved }
		due := b.now(sub.ID)
		require.Equal(b.t, pay.SubscriptionPastDue, due.Status)
		return due, *due.OpenBillID
	}
	// removed is one whose card was removed instead.
	removed := func(b *bundle) (*ent.BillingSubscription, pay.BillID) {
		sub := b.subscribed(b.monthly)
		b.removeCard(b.card)
		b.until(*sub.CurrentPeriodEnd)
		due := b.now(sub.ID)
		require.Equal(b.t, pay.DeclineCardRemoved, *due.DeclineCode)
		return due, *due.OpenBillID
	}
	fact(t, "ASavedCardReplacesOneRefusedForGood", func(t *testing.T, b *bundle) {
		sub, open := refused(b, "stolen_card")
		other := b.newCard(b.user)
		b.pays(open, payment{card: &other.ID})
		paid := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionActive, paid.Status)
		require.Equal(t, other.ID, *paid.CardID)
		b.until(paid.CurrentPeriodEnd.Add(day))
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
		third := b.billsOf(sub.ID)[2]
		charged, err := b.store.Read().Attempt.Query().Where(attempt.BillID(third.ID)).Only(viewer.AsProgram(t.Context()))
		require.NoError(t, err)
		require.Equal(t, other.ID, *charged.CardID)
	})
	fact(t, "ASavedCardReplacesARemovedOne", func(t *testing.T, b *bundle) {
		sub, open := removed(b)
		other := b.newCard(b.user)
		b.pays(open, payment{card: &other.ID})
		require.Equal(t, other.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "ASavedCardThatWasRemovedMeanwhileReplacesNothing", func(t *testing.T, b *bundle) {
		sub, open := refused(b, "stolen_card")
		other := b.newCard(b.user)
		b.removeCard(other)
		b.pays(open, payment{card: &other.ID})
		require.Equal(t, b.card.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "ACardThatMayPayLaterIsKept", func(t *testing.T, b *bundle) {
		sub, open := refused(b, "insufficient_funds")
		other := b.newCard(b.user)
		b.pays(open, payment{card: &other.ID})
		require.Equal(t, b.card.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "ACardThatWasChosenMeanwhileIsKept", func(t *testing.T, b *bundle) {
		sub, open := refused(b, "stolen_card")
		chosen, other := b.newCard(b.user), b.newCard(b.user)
		b.ok(b.ChangeCard(b.as(b.user), uuid.NewString(), sub.ID.String(), chosen.ID.String(), false))
		b.pays(open, payment{card: &other.ID})
		require.Equal(t, chosen.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "WithoutACardTheSavedOneThatPaidIsTaken", func(t *testing.T, b *bundle) {
		sub := b.byPage()
		other := b.newCard(b.user)
		b.pays(*sub.OpenBillID, payment{card: &other.ID})
		require.Equal(t, other.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "ACardSavedByThePageReplacesOneRefusedForGood", func(t *testing.T, b *bundle) {
		sub, open := refused(b, "stolen_card")
		b.pays(open, payment{saves: true})
		require.Equal(t, b.card.ID, *b.now(sub.ID).CardID)
		saved := b.newCard(b.user)
		b.saves(saved)
		require.Equal(t, saved.ID, *b.now(sub.ID).CardID)
		b.saves(b.newCard(b.user))
		require.Equal(t, saved.ID, *b.now(sub.ID).CardID, "the page saved one")
	})
	fact(t, "ACardSavedByThePageReplacesARemovedOne", func(t *testing.T, b *bundle) {
		sub, open := removed(b)
		b.pays(open, payment{saves: true})
		saved := b.newCard(b.user)
		b.saves(saved)
		require.Equal(t, saved.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "ACardSavedByThePageReplacesNoneThatMayPayLater", func(t *testing.T, b *bundle) {
		sub, open := refused(b, "insufficient_funds")
		b.pays(open, payment{saves: true})
		b.saves(b.newCard(b.user))
		require.Equal(t, b.card.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "ARefusalThatWasOvercomeIsForgotten", func(t *testing.T, b *bundle) {
		sub, _ := refused(b, "stolen_card")
		paid := b.ok(b.ChangeCard(b.as(b.user), uuid.NewString(), sub.ID.String(), b.card.ID.String(), true))
		b.later(0)
		b.bills.bank = func(*ent.Bill, int) answer { return declined("insufficient_funds") }
		b.until(b.now(paid.ID).CurrentPeriodEnd.Add(time.Hour))
		b.pays(*b.now(sub.ID).OpenBillID, payment{saves: true})
		b.saves(b.newCard(b.user))
		require.Equal(t, b.card.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "ACardThatDidNotPayReplacesNothing", func(t *testing.T, b *bundle) {
		sub, open := refused(b, "stolen_card")
		b.pays(open, payment{saves: true, mask: "500000******0009"})
		b.saves(b.newCard(b.user))
		require.Equal(t, b.card.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "ACardSavedBeforeThePaymentIsKnownIsTakenWithIt", func(t *testing.T, b *bundle) {
		sub, open := refused(b, "stolen_card")
		b.opens(open, payment{saves: true})
		b.clock.Advance(time.Minute)
		saved := b.newCard(b.user)
		b.saves(saved)
		require.Equal(t, b.card.ID, *b.now(sub.ID).CardID)
		b.paid(open)
		require.Equal(t, saved.ID, *b.now(sub.ID).CardID)
	})
}

// The first payment is on a page that saves its card, and the provider does not say
// which card that was.
func TestService_PaidOnAPageByACardWeHave(t *testing.T) {
	t.Parallel()

	fact(t, "TheDefaultCardIsTaken", func(t *testing.T, b *bundle) {
		sub := b.byPage()
		b.newCard(b.user)
		b.pays(*sub.OpenBillID, payment{saves: true})
		paid := b.now(sub.ID)
		require.Equal(t, b.card.ID, *paid.CardID)
		b.until(paid.CurrentPeriodEnd.Add(day))
		require.Len(t, b.periods(sub.ID), 2)
	})
	fact(t, "ACardThatThePageSavedIsTakenInItsPlace", func(t *testing.T, b *bundle) {
		sub := b.byPage()
		b.pays(*sub.OpenBillID, payment{saves: true})
		b.later(20 * time.Minute)
		saved := b.newCard(b.user)
		b.saves(saved)
		require.Equal(t, saved.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "ACardSavedDaysLaterIsNotThePages", func(t *testing.T, b *bundle) {
		sub := b.byPage()
		b.pays(*sub.OpenBillID, payment{saves: true})
		b.later(2 * day)
		b.saves(b.newCard(b.user))
		require.Equal(t, b.card.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "ACardThatItsPayerChoseIsKept", func(t *testing.T, b *bundle) {
		sub := b.byPage()
		b.pays(*sub.OpenBillID, payment{saves: true})
		chosen := b.newCard(b.user)
		b.ok(b.ChangeCard(b.as(b.user), uuid.NewString(), sub.ID.String(), chosen.ID.String(), false))
		b.saves(b.newCard(b.user))
		require.Equal(t, chosen.ID, *b.now(sub.ID).CardID)
	})
	fact(t, "ACardOfAnotherAccountIsNot", func(t *testing.T, b *bundle) {
		sub := b.byPage()
		b.pays(*sub.OpenBillID, payment{saves: true, account: "elsewhere"})
		require.Nil(t, b.now(sub.ID).CardID)
	})
	fact(t, "ACardThatIsKnownNotToHavePaidIsNot", func(t *testing.T, b *bundle) {
		sub := b.byPage()
		b.pays(*sub.OpenBillID, payment{saves: true, mask: "500000******0009"})
		require.Nil(t, b.now(sub.ID).CardID)
	})
	fact(t, "ACardThatNeedsItsOwnerIsNot", func(t *testing.T, b *bundle) {
		b.tx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Card.UpdateOneID(b.card.ID).SetRequiresCvv(true).Exec(ctx)
		})
		sub := b.byPage()
		b.pays(*sub.OpenBillID, payment{saves: true})
		require.Nil(t, b.now(sub.ID).CardID)
		saved := b.newCard(b.user)
		saved.RequiresCvv = true
		b.saves(saved)
		require.Nil(t, b.now(sub.ID).CardID)
	})
}

// byPage begins a subscription whose first payment is on a page.
func (b *bundle) byPage() *ent.BillingSubscription {
	b.t.Helper()
	return b.ok(b.Create(b.as(b.user), subscriptions.NewSubscription{
		Key: uuid.NewString(), Price: b.monthly.ID.String(), PayWith: &billing.PayWith{Provider: new("fake")},
	}))
}

// payment is how a payer pays a bill by themselves.
type payment struct {
	card    *pay.CardID // a saved card; nil: on a page
	saves   bool        // the page saves its card
	mask    string      // that the provider tells of it; "" as most do
	account string      // "": fake
}

const byThemselves = 99 // the number of a charge that the engine never comes to

// opens begins a payment.
func (b *bundle) opens(id pay.BillID, p payment) {
	b.t.Helper()
	if p.account == "" {
		p.account = "fake"
	}
	b.tx(func(ctx context.Context, tx *store.Tx) error {
		create := tx.Attempt.Create().SetID(pay.NewAttemptID(tx.Now)).SetMerchantID(b.merchant.ID).SetBillID(id).
			SetProvider("fake").SetAccount(p.account).SetOrderNumber(id.String() + "-" + strconv.Itoa(byThemselves)).
			SetNillableCardID(p.card).SetSavesCard(p.saves).SetChargeTry(byThemselves).
			SetStatus(pay.AttemptActionRequired).SetCurrent(true).SetTestMode(true).SetCurrency(pay.RUB).SetAmountMinor(99000).
			SetWatchUntil(tx.Now).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		if p.mask != "" {
			create.SetCardMask(p.mask)
		}
		return create.Exec(ctx)
	})
}

// paid has the payment that was begun captured.
func (b *bundle) paid(id pay.BillID) {
	b.t.Helper()
	require.NoError(b.t, b.bills.record(b.t.Context(), id, byThemselves, approved))
}

func (b *bundle) pays(id pay.BillID, p payment) {
	b.t.Helper()
	b.opens(id, p)
	b.paid(id)
}
