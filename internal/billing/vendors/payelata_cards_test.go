package vendors_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
)

const saleElata = "/cardgate/payment/sale"

// saves has a user pay a book with a card that is kept from then on.
func (b *bundle) saves(u *ent.User, number string) *ent.Card {
	b.t.Helper()
	in := book(payelataAccount, dollars())
	in.User, in.SaveCard = new(u.ID.String()), true
	bill := b.bills(in)
	require.Equal(b.t, "processed", b.visits(bill, number, "approve"))
	b.told()
	require.Equal(b.t, pay.BillDone, b.bill(bill.ID).Status)
	list := b.cardsOf(u)
	require.NotEmpty(b.t, list)
	return list[0]
}

// chargesLong is charges for a bill that waits for a day.
func (b *bundle) chargesLong(u *ent.User, card *ent.Card) (*ent.Bill, *billing.Outcome) {
	b.t.Helper()
	in := book("", dollars())
	in.User, in.PayWith, in.ExpiresIn = new(u.ID.String()), &billing.PayWith{Card: new(card.ID.String())}, &pay.Period{Days: 1}
	outcome := b.creates(in)
	require.False(b.t, outcome.Bill.IsZero(), "%v", outcome.Errors)
	return b.bill(outcome.Bill), outcome
}

// tokenInAnswers finds the card's token in what PayElata said.
func (b *bundle) tokenInAnswers() string {
	b.t.Helper()
	for _, c := range b.wire.with("") {
		if found := regexp.MustCompile(`"issuer_country":"US"},"token":"([A-Za-z0-9]{32})"`).FindStringSubmatch(c.said); found != nil {
			return found[1]
		}
	}
	require.Fail(b.t, "no answer told a token")
	return ""
}

func TestPayElata_SavedCards(t *testing.T) {
	t.Parallel()

	fact(t, "APaymentSavesItsCardAndKeepsTheTokenSealed", func(t *testing.T, b *bundle) {
		alice := b.user("alice", "")
		card := b.saves(alice, goodElata)
		require.Equal(t, "551928xxxxxx0000", card.Mask)
		require.Equal(t, "mastercard", card.Brand)
		require.Equal(t, 12, *card.ExpMonth)
		require.Equal(t, 2030, *card.ExpYear)
		require.True(t, card.IsDefault)
		token := b.tokenInAnswers()
		require.NotContains(t, string(card.RefSealed), token)
		for _, e := range b.events() {
			require.NotContains(t, string(e.Body), token)
		}
		require.Equal(t, card.ID, b.saves(alice, goodElata).ID, "the same card is saved once")
		require.Len(t, b.cardsOf(alice), 1)
	})
	fact(t, "Case11_ChargedWithoutItsOwner", func(t *testing.T, b *bundle) {
		alice := b.user("alice", "")
		for _, number := range []string{goodElata, provesElata} {
			card := b.saves(alice, number)
			bill, outcome := b.charges(alice, card, dollars())
			require.Empty(t, outcome.Errors)
			require.Equal(t, pay.BillPaid, bill.Status)
			b.told()
			require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
			captures, captured, _ := b.taken(bill.Edges.Attempts[0].OrderNumber)
			require.Equal(t, 1, captures)
			require.Equal(t, int64(10_000), captured)
		}
	})
	fact(t, "ARefusedChargeIsDeclined", func(t *testing.T, b *bundle) {
		alice := b.user("alice", "")
		card := b.saves(alice, goodElata)
		b.refuses(alice, "insufficient_funds")
		bill, outcome := b.charges(alice, card, dollars())
		require.Equal(t, "decline.insufficient_funds", outcome.Errors[0].Key)
		require.Equal(t, pay.AttemptDeclined, bill.Edges.Attempts[0].Status)
	})
	fact(t, "ABankThatWantsToSeeTheOwnerSendsThemToItsPage", func(t *testing.T, b *bundle) {
		alice := b.user("alice", "")
		card := b.saves(alice, goodElata)
		b.refuses(alice, "auth_3ds_required")
		bill, outcome := b.charges(alice, card, dollars())
		require.Empty(t, outcome.Errors)
		a := b.current(bill)
		require.Equal(t, pay.AttemptActionRequired, a.Status)
		require.Contains(t, *a.RedirectURL, "/payelata/cardgate/acs/")
		b.passes(5*time.Minute, 10*time.Second)
		require.Equal(t, pay.AttemptActionRequired, b.attempt(a.ID).Status, "it waits for its owner")
		require.Equal(t, 1, b.captures(), "the one that saved the card")

		b.confirms(*a.RedirectURL)
		b.told()
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, 2, b.captures())
	})
	fact(t, "ARemovedCardIsForgottenHereAndChargedNoMore", func(t *testing.T, b *bundle) {
		alice := b.user("alice", "")
		card := b.saves(alice, goodElata)
		removed, err := b.cards.Remove(b.asUser(alice), uuid.NewString(), card.ID.String())
		require.NoError(t, err)
		require.Empty(t, removed.Errors)
		b.later(time.Second)
		gone, err := b.store.Read().Card.Get(b.program(), card.ID)
		require.NoError(t, err)
		require.Nil(t, gone.RemovingSince, "PayElata keeps no list from which it could be removed")
		in := book("", dollars())
		in.User, in.PayWith = new(alice.ID.String()), &billing.PayWith{Card: new(card.ID.String())}
		require.Equal(t, pay.CodeStateConflict, b.creates(in).Errors[0].Code)
	})
	fact(t, "Case10_AForgottenTokenIsDeclinedAsABadCard", func(t *testing.T, b *bundle) {
		alice := b.user("alice", "")
		card := b.saves(alice, goodElata)
		b.control("cards", map[string]any{"provider": "payelata", "customer": alice.ID.Suffix(), "action": "remove"})
		_, outcome := b.charges(alice, card, dollars())
		require.Equal(t, "decline.invalid_card", outcome.Errors[0].Key)
	})
}

// refuses has the bank of a user's cards answer so from now on.
func (b *bundle) refuses(u *ent.User, code string) {
	b.t.Helper()
	b.control("cards", map[string]any{"provider": "payelata", "customer": u.ID.Suffix(), "action": "refuse", "code": code})
}

// confirms plays the owner on the bank's page.
func (b *bundle) confirms(page string) {
	b.t.Helper()
	require.Contains(b.t, b.page(page), "Confirm")
	form := url.Values{"answer": {"confirm"}}
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, page, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := outside().Do(request)
	require.NoError(b.t, err)
	_ = response.Body.Close()
}

func TestPayElata_LostReplies(t *testing.T) {
	t.Parallel()

	fact(t, "AnOpeningIsSupersededAndTakesNothing", func(t *testing.T, b *bundle) {
		b.wire.loses(invoicesElata)
		bill := b.bills(book(payelataAccount, dollars()))
		require.Len(t, bill.Edges.Attempts, 2)
		require.Equal(t, pay.AttemptFailed, bill.Edges.Attempts[0].Status)
		b.visits(bill, goodElata, "approve")
		b.told()
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		b.passes(3*time.Hour, 10*time.Minute)
		require.Empty(t, b.bill(bill.ID).Edges.Reviews)
		require.Equal(t, 1, b.captures())
	})
	fact(t, "Case21_ABadGatewayThatMadeTheInvoiceAndOneThatDidNot", func(t *testing.T, b *bundle) {
		b.decides("bad-gateway", map[string]any{"count": 2})
		outcome := b.creates(book(payelataAccount, dollars()))
		require.Equal(t, pay.CodeProviderUnavailable, outcome.Errors[0].Code)
		bill := b.bill(outcome.Bill)
		require.Len(t, bill.Edges.Attempts, 2)
		b.opensAgain(bill, payelataAccount)
		b.visits(bill, goodElata, "approve")
		b.told()
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		b.passes(3*time.Hour, 10*time.Minute)
		require.Empty(t, b.bill(bill.ID).Edges.Reviews)
		require.Equal(t, 1, b.captures())
	})
	fact(t, "ASaleIsFoundByAsking", func(t *testing.T, b *bundle) {
		alice := b.user("alice", "")
		card := b.saves(alice, goodElata)
		b.control("faults", map[string]any{"provider": "payelata", "op": "webhook", "fault": "lose"})
		b.wire.loses(saleElata)
		bill, outcome := b.charges(alice, card, dollars())
		require.Equal(t, "payment.in_doubt", outcome.Errors[0].Key)
		require.Equal(t, pay.AttemptUnknown, b.current(bill).Status)
		require.Equal(t, []pay.Code{pay.CodeConflict}, b.paysAgain(bill, payelataAccount))
		b.later(2 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Len(t, b.wire.with(saleElata), 1)
		require.Equal(t, 2, b.captures())
	})
	fact(t, "Case11_ASaleThatNeverArrivedEndsWithItsInvoice", func(t *testing.T, b *bundle) {
		alice := b.user("alice", "")
		card := b.saves(alice, goodElata)
		b.control("faults", map[string]any{"provider": "payelata", "op": "charge", "fault": "refuse_connect", "count": 1})
		bill, _ := b.chargesLong(alice, card)
		b.passes(50*time.Minute, 5*time.Minute)
		require.Equal(t, pay.AttemptUnknown, b.current(bill).Status, "its sale may be on its way")
		b.passes(30*time.Minute, 5*time.Minute)
		require.Equal(t, pay.AttemptExpired, b.bill(bill.ID).Edges.Attempts[0].Status)
		b.opensAgain(bill, payelataAccount)
		b.visits(bill, goodElata, "approve")
		b.later(5 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, 2, b.captures())
	})
	fact(t, "Case21_AChargesInvoiceIsFoundByOurNumberAndNeverSold", func(t *testing.T, b *bundle) {
		alice := b.user("alice", "")
		card := b.saves(alice, goodElata)
		b.wire.loses(invoicesElata)
		bill, outcome := b.chargesLong(alice, card)
		require.Equal(t, "payment.in_doubt", outcome.Errors[0].Key)
		b.later(2 * time.Second)
		require.NotNil(t, b.current(bill).ProviderRef, "it was adopted")
		b.passes(80*time.Minute, 5*time.Minute)
		require.Equal(t, pay.AttemptExpired, b.bill(bill.ID).Edges.Attempts[0].Status)
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status)
		require.Empty(t, b.wire.with(saleElata))
		require.Equal(t, 1, b.captures())
	})
	fact(t, "AChargesInvoiceThatWasNeverMadeFails", func(t *testing.T, b *bundle) {
		alice := b.user("alice", "")
		card := b.saves(alice, goodElata)
		b.control("faults", map[string]any{"provider": "payelata", "op": "start", "fault": "http_500", "count": 1})
		bill, _ := b.chargesLong(alice, card)
		require.Equal(t, pay.AttemptUnknown, b.current(bill).Status)
		b.passes(settled, 10*time.Second)
		require.Equal(t, pay.AttemptFailed, b.bill(bill.ID).Edges.Attempts[0].Status)
		require.Equal(t, 1, b.captures())
	})
	fact(t, "Case22_ADuplicateNeverPaysTwice", func(t *testing.T, b *bundle) {
		b.wire.doubles(invoicesElata)
		bill := b.bills(book(payelataAccount, dollars()))
		require.Len(t, bill.Edges.Attempts, 2, "the first was refused as a duplicate of itself")
		b.visits(bill, goodElata, "approve")
		b.told()
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)

		alice := b.user("alice", "")
		card := b.saves(alice, goodElata)
		b.wire.doubles(saleElata)
		charged, _ := b.charges(alice, card, dollars())
		b.told()
		require.Equal(t, pay.BillDone, b.bill(charged.ID).Status)
		b.wire.doubles(invoicesElata)
		waits, outcome := b.chargesLong(alice, card)
		require.Equal(t, "payment.in_doubt", outcome.Errors[0].Key)
		b.passes(2*time.Hour, 5*time.Minute)
		require.Equal(t, pay.AttemptExpired, b.bill(waits.ID).Edges.Attempts[0].Status)
		require.Equal(t, 3, b.captures())
	})
	fact(t, "ADuplicateRefundGivesBackOnce", func(t *testing.T, b *bundle) {
		bill := b.paidElata(dollars())
		b.wire.doubles("/refund")
		r := b.refund(bill, new(pay.Of(3_000, pay.USD)))
		require.Equal(t, pay.RefundSucceeded, r.Status, "the invoice tells what the first one came to")
		_, _, refunded := b.taken(b.bill(bill.ID).Edges.Attempts[0].OrderNumber)
		require.Equal(t, int64(3_000), refunded)
	})
	fact(t, "AModeratedChargeIsACase", func(t *testing.T, b *bundle) {
		alice := b.user("alice", "")
		card := b.saves(alice, goodElata)
		bill, outcome := b.charges(alice, card, pay.Of(99_001, pay.USD))
		require.Equal(t, "payment.in_doubt", outcome.Errors[0].Key)
		b.passes(settled, 10*time.Second)
		require.Equal(t, []pay.ReviewReason{pay.ReviewModeration}, reasons(b.bill(bill.ID)))
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status)
		b.decides("moderation", map[string]any{"invoice": b.current(bill).OrderNumber, "decision": "approve"})
		b.passes(15*time.Minute, time.Minute)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
}
