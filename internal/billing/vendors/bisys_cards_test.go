package vendors_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// registers adds a card to a user on the page of an account's vendor.
func (b *bundle) registers(u *ent.User, account, number string) *ent.Card {
	b.t.Helper()
	ctx := b.asUser(u)
	outcome, err := b.cards.Start(ctx, cards.NewRegistration{Key: uuid.NewString(), Provider: &account, ReturnURL: new("https://shop.example/" + number)})
	require.NoError(b.t, err)
	require.Empty(b.t, outcome.Errors)
	r, err := b.cards.Registration(b.program(), outcome.Registration.String())
	require.NoError(b.t, err)
	require.NotNil(b.t, r.RedirectURL)
	b.visitsPage(*r.RedirectURL, number, "approve")
	outcome, err = b.cards.Finish(ctx, r.ID.String())
	require.NoError(b.t, err)
	require.Empty(b.t, outcome.Errors)
	r, err = b.cards.Registration(b.program(), r.ID.String())
	require.NoError(b.t, err)
	require.NotNil(b.t, r.Edges.Card)
	return r.Edges.Card
}

// cardsOf are a user's active cards, newest first.
func (b *bundle) cardsOf(u *ent.User) []*ent.Card {
	b.t.Helper()
	of, err := b.cards.CardsOf(b.asUser(u), []pay.CardStatus{pay.CardActive}, u.ID)
	require.NoError(b.t, err)
	return of[u.ID]
}

// charges pays a book by a user's saved card, as the server that wants a renewal.
func (b *bundle) charges(u *ent.User, card *ent.Card, price pay.Money) (*ent.Bill, *billing.Outcome) {
	b.t.Helper()
	in := book("", price)
	in.User, in.PayWith = new(u.ID.String()), &billing.PayWith{Card: new(card.ID.String())}
	outcome := b.creates(in)
	require.False(b.t, outcome.Bill.IsZero(), "%v", outcome.Errors)
	return b.bill(outcome.Bill), outcome
}

func TestBisys_Cards(t *testing.T) {
	t.Parallel()

	fact(t, "Case14_Case15_RegisteredListedChargedRemoved", func(t *testing.T, b *bundle) {
		alice := b.user("alice", aliceBisys)
		card := b.registers(alice, bisysAccount, plainBisys)
		d := b.delivered()
		require.Contains(t, d.body, `"cardMask":"400000******0002"`)
		require.Equal(t, http.StatusOK, d.status)
		require.Len(t, b.cardsOf(alice), 1)
		require.Equal(t, "400000xxxxxx0002", card.Mask)
		require.Equal(t, "visa", card.Brand)
		require.Zero(t, b.captures(), "the check of the card is given back")

		bill, outcome := b.charges(alice, card, tenge())
		require.Empty(t, outcome.Errors)
		require.Equal(t, pay.BillPaid, bill.Status)
		b.told()
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, 1, b.captures())

		removed, err := b.cards.Remove(b.asUser(alice), uuid.NewString(), card.ID.String())
		require.NoError(t, err)
		require.Empty(t, removed.Errors)
		b.later(time.Second)
		kept := b.kept(aliceBisys)
		require.Len(t, kept, 1)
		require.Equal(t, "inactive", kept[0].Status)
		require.Empty(t, b.cardsOf(alice))
	})
	fact(t, "Case18_ACardOfAnotherUserIsNobodysToCharge", func(t *testing.T, b *bundle) {
		alice, bob := b.user("alice", aliceBisys), b.user("bob", bobBisys)
		card := b.registers(alice, bisysAccount, plainBisys)
		in := book("", tenge())
		in.User, in.PayWith = new(bob.ID.String()), &billing.PayWith{Card: new(card.ID.String())}
		outcome := b.creates(in)
		require.True(t, outcome.Bill.IsZero())
		require.Equal(t, pay.CodeNotFound, outcome.Errors[0].Code)
	})
	fact(t, "ACustomerWithoutAPhoneIsRefusedBeforeAnyPage", func(t *testing.T, b *bundle) {
		nobody := b.user("nobody", "")
		// The number that somebody typed names nobody's customer: the cards of its owner would be shown.
		in := cards.NewRegistration{Key: uuid.NewString(), Provider: new(bisysAccount), Payer: cards.Payer{Phone: new(aliceBisys)}}
		outcome, err := b.cards.Start(b.asUser(nobody), in)
		require.NoError(t, err)
		require.NotEmpty(t, outcome.Errors)
		require.Zero(t, b.wire.count())
	})
	fact(t, "APaymentSavesTheCardThatPaid", func(t *testing.T, b *bundle) {
		alice := b.user("alice", aliceBisys)
		in := book(bisysAccount, tenge())
		in.User, in.SaveCard = new(alice.ID.String()), true
		bill := b.bills(in)
		b.visits(bill, goodBisys, "approve")
		b.told()
		b.passes(time.Minute, 5*time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		saved := b.cardsOf(alice)
		require.Len(t, saved, 1)
		_, outcome := b.charges(alice, saved[0], tenge())
		require.Empty(t, outcome.Errors)
		require.Equal(t, 2, b.captures())
	})
	fact(t, "ARefusedChargeIsDeclined", func(t *testing.T, b *bundle) {
		alice := b.user("alice", aliceBisys)
		card := b.registers(alice, bisysAccount, plainBisys)
		b.control("cards", map[string]any{"provider": "bisys", "customer": strings.TrimPrefix(aliceBisys, "+"), "action": "refuse", "code": "51"})
		bill, outcome := b.charges(alice, card, tenge())
		require.Equal(t, pay.CodeDeclined, outcome.Errors[0].Code)
		require.Equal(t, pay.AttemptDeclined, bill.Edges.Attempts[0].Status)
		require.Zero(t, b.captures())
	})
}

// kept are the cards that Bisys keeps of a phone.
func (b *bundle) kept(phone string) []sandbox.KeptCard {
	b.t.Helper()
	return b.bisys.KeptCards(sandbox.CardMatch{Customer: strings.TrimPrefix(phone, "+")})
}

func TestBisys_Proof(t *testing.T) {
	t.Parallel()
	for fact3DS, number := range map[string]string{"Case16_AskedForAtTheCharge": provesAtOnce, "Case16_AskedForAtTheState": provesLater} {
		fact(t, fact3DS, func(t *testing.T, b *bundle) {
			alice := b.user("alice", aliceBisys)
			card := b.registers(alice, bisysAccount, number)
			b.delivered() // of the card
			bill, outcome := b.charges(alice, card, tenge())
			require.Empty(t, outcome.Errors, "it is no failure")
			a := b.current(bill)
			require.Equal(t, pay.AttemptActionRequired, a.Status)
			require.NotNil(t, a.ProviderRef)
			require.Equal(t, http.MethodGet, *a.RedirectMethod)
			b.passes(time.Minute, 10*time.Second)
			require.Equal(t, pay.AttemptActionRequired, b.attempt(a.ID).Status, "it waits for its owner")

			require.Equal(t, "payed", b.visits(bill, "", "approve"))
			b.told()
			require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
			require.Equal(t, 1, b.captures())
		})
	}
	fact(t, "AfterAPendingAnswerTheOwnerIsSentToThePageToo", func(t *testing.T, b *bundle) {
		alice := b.user("alice", aliceBisys)
		card := b.registers(alice, bisysAccount, provesLater)
		b.delivered()
		b.wire.loses(stateBisys)
		bill, _ := b.charges(alice, card, tenge())
		require.Equal(t, pay.AttemptUnknown, b.current(bill).Status)
		b.later(2 * time.Second)
		require.Equal(t, pay.AttemptActionRequired, b.current(bill).Status)
		require.Equal(t, "payed", b.visits(bill, "", "approve"))
		b.told()
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
}

func TestBisys_LostReplies(t *testing.T) {
	t.Parallel()

	fact(t, "AChargeThatWasAcceptedIsAskedAboutByItsNumber", func(t *testing.T, b *bundle) {
		alice := b.user("alice", aliceBisys)
		card := b.registers(alice, bisysAccount, plainBisys)
		b.bisysNotifies("")
		b.wire.loses(stateBisys)
		bill, outcome := b.charges(alice, card, tenge())
		require.Equal(t, "payment.in_doubt", outcome.Errors[0].Key)
		require.Equal(t, pay.AttemptUnknown, b.current(bill).Status)
		require.NotNil(t, b.current(bill).ProviderRef)
		b.later(2 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, 1, b.captures())
	})
	fact(t, "AChargeIsFoundByTheNotificationOfAnUnknownNumber", func(t *testing.T, b *bundle) {
		alice := b.user("alice", aliceBisys)
		card := b.registers(alice, bisysAccount, plainBisys)
		b.delivered() // of the card
		b.wire.loses(paymentBisys)
		bill, outcome := b.charges(alice, card, tenge())
		require.Equal(t, "payment.in_doubt", outcome.Errors[0].Key)
		require.Nil(t, b.current(bill).ProviderRef)
		require.Equal(t, 1, b.captures())
		b.told()
		b.passes(2*time.Minute, 10*time.Second)
		require.Equal(t, pay.AttemptUnknown, b.current(bill).Status, "its answer may still come")
		require.Equal(t, []pay.Code{pay.CodeConflict}, b.paysAgain(bill, bisysAccount), "and nothing else may pay the bill")
		b.passes(time.Minute, 10*time.Second)

		paid := b.bill(bill.ID)
		require.Equal(t, pay.BillDone, paid.Status)
		require.Empty(t, paid.Edges.Reviews)
		require.NotNil(t, paid.Edges.Attempts[0].ProviderRef)
		require.Empty(t, b.reviews(pay.ReviewUnmatchedPayment))
		require.Equal(t, "settled", *b.events()[0].Outcome)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -100_000, pay.AccountSales: 100_000}, b.booked())
		require.Equal(t, pay.RefundSucceeded, b.refund(paid, nil).Status, "it is named from now on")
	})
	fact(t, "AChargeWithTheCommissionIsFoundToo", func(t *testing.T, b *bundle) {
		b.bisysNotifies(bisysFee)
		alice := b.user("alice", aliceBisys)
		card := b.registers(alice, bisysFee, plainBisys)
		b.delivered()
		b.wire.loses(paymentBisys)
		bill, _ := b.charges(alice, card, tenge())
		b.told()
		b.passes(settled, 10*time.Second)
		paid := b.bill(bill.ID)
		require.Equal(t, pay.BillDone, paid.Status)
		require.Equal(t, int64(1_500), paid.Edges.Attempts[0].FeeMinor)
	})
	fact(t, "TwoThatCouldBeMeantAreForAPerson", func(t *testing.T, b *bundle) {
		alice := b.user("alice", aliceBisys)
		card := b.registers(alice, bisysAccount, plainBisys)
		b.delivered()
		var bills []*ent.Bill
		for range 2 {
			b.wire.loses(paymentBisys)
			bill, _ := b.charges(alice, card, tenge())
			bills = append(bills, bill)
			b.told()
		}
		b.passes(23*time.Hour, 30*time.Minute)
		for _, bill := range bills {
			require.Equal(t, pay.AttemptUnknown, b.current(bill).Status)
		}
		require.Empty(t, b.reviews(pay.ReviewUnmatchedPayment))
		b.passes(2*time.Hour, 10*time.Minute)
		require.Len(t, b.reviews(pay.ReviewInDoubt), 2)
		require.Len(t, b.reviews(pay.ReviewUnmatchedPayment), 2)
		for _, bill := range bills {
			require.Equal(t, pay.AttemptUnknown, b.current(bill).Status)
		}
	})
	fact(t, "AForgedNumberDoesNotKeepTheTrueOneFromBeingFound", func(t *testing.T, b *bundle) {
		alice := b.user("alice", aliceBisys)
		card := b.registers(alice, bisysAccount, plainBisys)
		b.delivered()
		b.wire.loses(paymentBisys)
		bill, _ := b.charges(alice, card, tenge())
		b.told()
		for range 3 {
			b.sends(hookBisys, `{"regPayNum":"99999999999","state":"payed"}`, nil)
		}
		b.passes(10*time.Minute, 10*time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "AChargeThatNeverArrivedIsForAPerson", func(t *testing.T, b *bundle) {
		alice := b.user("alice", aliceBisys)
		card := b.registers(alice, bisysAccount, plainBisys)
		b.control("faults", map[string]any{"provider": "bisys", "op": "charge", "fault": "refuse_connect", "count": 1})
		bill, _ := b.charges(alice, card, tenge())
		b.passes(25*time.Hour, 30*time.Minute)
		require.Equal(t, []pay.ReviewReason{pay.ReviewInDoubt}, reasons(b.bill(bill.ID)))
		require.Zero(t, b.captures())
	})
	fact(t, "AnAddressOfItsOwnNamesTheChargeAtOnce", func(t *testing.T, b *bundle) {
		b.bisysNotifies("")
		alice := b.user("alice", aliceBisys)
		card := b.registers(alice, bisysOwn, plainBisys)
		b.wire.loses(paymentBisys)
		bill, outcome := b.charges(alice, card, tenge())
		require.Equal(t, "payment.in_doubt", outcome.Errors[0].Key)
		a := b.current(bill)
		require.Equal(t, "/webhooks/bisys/bisys-own/"+tokenOf(a), b.told().path)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.NotNil(t, b.attempt(a.ID).ProviderRef)
	})
	fact(t, "AnAddressOfItsOwnProvesNoMoney", func(t *testing.T, b *bundle) {
		bill := b.bills(book(bisysOwn, tenge()))
		a := b.current(bill)
		path := "/webhooks/bisys/bisys-own/" + tokenOf(a)
		b.sends(path, `{"regPayNum":"`+*a.ProviderRef+`","amount":"100000","comission":"0","state":"payed"}`, nil)
		b.sends(path, `{"regPayNum":"99999999999","amount":"100000","comission":"0","state":"payed"}`, nil)
		b.passes(time.Minute, 10*time.Second)
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status)
		require.Equal(t, *a.ProviderRef, *b.attempt(a.ID).ProviderRef)
		b.visits(bill, goodBisys, "approve")
		require.Equal(t, path, b.told().path)
		b.later(10 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
}

// paysAgain tries to pay a bill once more and returns why that is refused.
func (b *bundle) paysAgain(bill *ent.Bill, account string) []pay.Code {
	b.t.Helper()
	outcome, err := b.Pay(b.server(), billing.NewPayment{Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: &account}})
	require.NoError(b.t, err)
	var codes []pay.Code
	for _, e := range outcome.Errors {
		codes = append(codes, e.Code)
	}
	return codes
}
