package billing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/providerevent"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payture"
)

// signedFact runs f on a backend whose first account sends signed events and
// cannot be asked: what is settled, an event settled.
func signedFact(t *testing.T, name string, f func(t *testing.T, b *bundle)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			f(t, setupScripted(t, url, &script{
				signed: true,
				sync:   func(context.Context, func() (providers.Result, error)) (providers.Result, error) { return silent() },
			}))
		})
	})
}

func (b *bundle) events() []*ent.ProviderEvent {
	b.t.Helper()
	list, err := b.store.Read().ProviderEvent.Query().Order(ent.Asc(providerevent.FieldID)).All(b.program())
	require.NoError(b.t, err)
	return list
}

func (b *bundle) cases(reason pay.ReviewReason) []*ent.ReviewCase {
	b.t.Helper()
	list, err := b.store.Read().ReviewCase.Query().Where(reviewcase.ReasonEQ(reason)).All(b.program())
	require.NoError(b.t, err)
	return list
}

func TestService_NotifySigned(t *testing.T) {
	t.Parallel()
	captured := providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.RUB)}
	held := providers.Result{Status: providers.Authorized, Authorized: pay.Of(99000, pay.RUB)}

	signedFact(t, "IsStoredOnceAndSettledByAJob", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		order := b.current(bill).OrderNumber
		for range 3 {
			require.NoError(t, b.event("e1", order, captured))
		}
		require.Len(t, b.events(), 1)
		require.Nil(t, b.events()[0].ProcessedAt)
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status) // acknowledged, not settled yet
		b.later(time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, "settled", *b.events()[0].Outcome)
		require.Len(t, b.bill(bill.ID).Edges.Entitlements, 1)
	})
	signedFact(t, "RepeatedAndOutOfOrderOnesChangeNothing", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		order := b.current(bill).OrderNumber
		for at, r := range []providers.Result{captured, held, captured, {Status: providers.Pending}} {
			require.NoError(t, b.event(fmt.Sprint("e", at), order, r))
			b.later(time.Second)
		}
		paid := b.bill(bill.ID)
		require.Equal(t, pay.BillDone, paid.Status)
		require.Equal(t, pay.AttemptCaptured, paid.Edges.Attempts[0].Status)
		require.Empty(t, paid.Edges.Reviews)
		require.Equal(t, int64(-99000), b.booked()[pay.AccountClearing])
	})
	signedFact(t, "OneThatTellsOfBeforeTheCaptureIsOldNews", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		order, before := b.current(bill).OrderNumber, b.clock.Now()
		b.clock.Advance(time.Minute)
		require.NoError(t, b.event("e1", order, captured))
		b.later(time.Second)
		require.NoError(t, b.event("e2", order, providers.Result{Status: providers.Expired, At: before}))
		b.later(time.Second)
		require.Empty(t, b.bill(bill.ID).Edges.Reviews)
		require.NoError(t, b.event("e3", order, providers.Result{Status: providers.Expired, At: b.clock.Now()}))
		b.later(time.Second)
		require.Len(t, b.cases(pay.ReviewProviderDisagrees), 1)
	})
	signedFact(t, "OneThatComesBeforeOurCommitIsParkedAndTakenUp", func(t *testing.T, b *bundle) {
		order := "0123456789abcdefghjkmnpqrs"
		require.NoError(t, b.event("e1", order, captured))
		b.later(time.Second)
		require.Nil(t, b.events()[0].ProcessedAt)
		bill := b.created(b.public(), b.buyPage())
		b.rename(b.current(bill), order)
		b.later(4 * time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	signedFact(t, "MoneyOfNobodysOrderOpensACaseOnce", func(t *testing.T, b *bundle) {
		for _, key := range []string{"e1", "e2"} {
			require.NoError(t, b.event(key, "of-another-program", captured))
		}
		b.later(59 * time.Minute)
		require.Empty(t, b.cases(pay.ReviewUnmatchedPayment))
		b.later(11 * time.Minute)
		cases := b.cases(pay.ReviewUnmatchedPayment)
		require.Len(t, cases, 1)
		require.Equal(t, "UNMATCHED_PAYMENT/payture/of-another-program", cases[0].Key)
		require.Equal(t, int64(99000), *cases[0].AmountMinor)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSuspense: 99000}, b.booked())
	})
}

// What a signed event proves, and to whom.
func TestService_NotifySignedAccount(t *testing.T) {
	t.Parallel()
	captured := providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.RUB)}

	signedFact(t, "NothingAboutPaymentsOfAnother", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		in.PayWith = &billing.PayWith{Provider: new(secondOne)}
		bill := b.created(b.public(), in)
		require.NoError(t, b.event("e1", b.current(bill).OrderNumber, captured)) // at the first account
		for range 10 {
			b.later(10 * time.Minute)
		}
		require.NotNil(t, b.events()[0].ProcessedAt)
		require.NotEqual(t, pay.AttemptCaptured, b.bill(bill.ID).Edges.Attempts[0].Status)
		require.Empty(t, b.cases(pay.ReviewUnmatchedPayment), "it is not a stranger's either")
		require.Empty(t, b.booked())
	})
	signedFact(t, "IsKeptWhileItIsAway", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		require.NoError(t, b.event("e1", b.current(bill).OrderNumber, captured))
		_, other := b.process(providers.Account{Code: secondOne, Merchant: b.merchant.ID, TestMode: true, Provider: b.adapter(false)})
		n, err := other.RunDue(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Nil(t, b.events()[0].ProcessedAt)
		b.later(10 * time.Minute) // and it is back
		require.Equal(t, "settled", *b.events()[0].Outcome)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	for _, returned := range []providers.Status{providers.Refunded, providers.ChargedBack} {
		signedFact(t, "IsNotOldNewsWhenItCanOnlyFollowTheCapture/"+string(returned), func(t *testing.T, b *bundle) {
			bill := b.created(b.public(), b.buyPage())
			order, paidAt := b.current(bill).OrderNumber, b.clock.Now()
			b.clock.Advance(2 * time.Minute) // the capture is recorded later than both happened
			first := captured
			first.At = paidAt
			require.NoError(t, b.event("e1", order, first))
			b.later(time.Second)
			require.NoError(t, b.event("e2", order, providers.Result{Status: returned, At: paidAt.Add(time.Minute)}))
			b.later(time.Second)
			require.Equal(t, "settled", *b.events()[1].Outcome)
			require.Len(t, b.bill(bill.ID).Edges.Reviews, 1)
		})
	}
}

// rename gives an attempt another number at its vendor.
func (b *bundle) rename(a *ent.Attempt, order string) {
	b.t.Helper()
	err := b.store.InTx(b.program(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Raw(ctx, `UPDATE attempts SET order_number = ? WHERE id = ?`, order, a.ID)
		return err
	})
	require.NoError(b.t, err)
}

func TestService_NotifyStrangers(t *testing.T) {
	t.Parallel()
	// stranger opens an order that is none of ours at the same terminal.
	stranger := func(b *bundle, order string) *ent.Attempt {
		account := b.adapter(false)
		result, err := account.Start(b.t.Context(), providers.StartRequest{
			OrderNumber: order, Amount: pay.Of(5000, pay.RUB), Description: "Something else", ReturnURL: "https://other.example/",
		})
		require.NoError(b.t, err)
		return &ent.Attempt{OrderNumber: order, Account: oneStage, RedirectURL: &result.Redirect.URL}
	}

	fact(t, "MoneyOfAnotherProgramOpensACaseOnce", func(t *testing.T, b *bundle) {
		a := stranger(b, "order-of-another-program")
		b.paysOn(a, "approve")
		for range 3 {
			b.notified(a)
		}
		b.later(2 * time.Second)
		cases := b.cases(pay.ReviewUnmatchedPayment)
		require.Len(t, cases, 1)
		require.Equal(t, "UNMATCHED_PAYMENT/payture/order-of-another-program", cases[0].Key)
		for _, event := range b.events() {
			require.Equal(t, "unmatched", *event.Outcome)
		}
		b.notified(a)
		b.later(time.Minute)
		require.Len(t, b.cases(pay.ReviewUnmatchedPayment), 1)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -5000, pay.AccountSuspense: 5000}, b.booked())
	})
	fact(t, "MoneyAtTheTerminalOfSavedCardsIsFoundToo", func(t *testing.T, b *bundle) {
		adapter, err := payture.New(payture.Config{
			BaseURL: b.sandbox + "/payture", Key: "Merchant", Password: "123", TestMode: true,
			Wallet: &payture.Wallet{AddTerminal: "MerchantAdd", PayTerminal: "MerchantPay", Password: "123", CustomerSecret: "0123456789abcdef0123456789abcdef"},
		}, providers.Deps{HTTP: &http.Client{}, Clock: b.clock})
		require.NoError(t, err)
		b.Service, b.runner = b.process(providers.Account{Code: oneStage, Merchant: b.merchant.ID, TestMode: true, Provider: adapter})
		order := "order-of-another-program"
		opened, err := adapter.Start(t.Context(), providers.StartRequest{
			OrderNumber: order, Amount: pay.Of(5000, pay.RUB), Description: "Something else", ReturnURL: "https://other.example/",
			SaveFor: &providers.Customer{ID: "customer-of-another", Email: "eve@example.com"},
		})
		require.NoError(t, err)
		a := &ent.Attempt{OrderNumber: order, Account: oneStage, RedirectURL: &opened.Redirect.URL}
		b.paysOn(a, "approve")
		b.notified(a)
		for range 20 { // the terminal of the pages has never heard of it
			b.later(10 * time.Second)
		}
		cases := b.cases(pay.ReviewUnmatchedPayment)
		require.Len(t, cases, 1)
		require.Equal(t, int64(5000), *cases[0].AmountMinor)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -5000, pay.AccountSuspense: 5000}, b.booked())
	})
	fact(t, "TheSameMoneyAtTwoAccountsOfOneTerminalIsBookedOnce", func(t *testing.T, b *bundle) {
		a := stranger(b, "order-of-another-program")
		b.paysOn(a, "approve")
		b.notified(a)
		b.notified(&ent.Attempt{OrderNumber: a.OrderNumber, Account: secondOne})
		b.later(3 * time.Second)
		require.Len(t, b.cases(pay.ReviewUnmatchedPayment), 1)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -5000, pay.AccountSuspense: 5000}, b.booked())
		for _, event := range b.events() {
			require.Equal(t, "unmatched", *event.Outcome)
		}
	})
	scriptedFact(t, "OrdersThatTheProviderCannotAnswerAboutHideNoMoney", func(t *testing.T, b *bundle, s *script) {
		s.about = func(order string) (providers.Result, error) {
			if strings.HasPrefix(order, "bad") {
				return unreadable()
			}
			return providers.Result{Status: providers.Captured, Captured: pay.Of(5000, pay.RUB)}, nil
		}
		for at := range 5 { // a whole round
			b.notified(&ent.Attempt{OrderNumber: fmt.Sprint("bad", at), Account: oneStage})
		}
		b.clock.Advance(time.Second)
		b.notified(&ent.Attempt{OrderNumber: "money-of-somebody", Account: oneStage})
		for range 3 {
			b.later(strangersRound)
		}
		require.Len(t, b.cases(pay.ReviewUnmatchedPayment), 1)
	})
	fact(t, "NoMoreThanItsBeginningIsKept", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		order := b.current(bill).OrderNumber
		b.paysOn(b.current(bill), "approve")
		for _, number := range []string{order, "never-existed"} {
			notice := paidNotice(number)
			notice.Body = append(notice.Body, []byte("&Padding="+strings.Repeat("a", 60<<10))...)
			_, err := b.Notify(t.Context(), "payture", oneStage, notice)
			require.NoError(t, err)
		}
		for _, event := range b.events() {
			require.Len(t, event.Body, 4<<10)
		}
		b.later(0)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status, "it is read whole")
	})
	fact(t, "CardIdIsNotStored", func(t *testing.T, b *bundle) {
		const secret = "c0ffee00-the-vendors-own-card-id"
		notice := paidNotice(b.current(b.created(b.public(), b.buyPage())).OrderNumber)
		whole := string(notice.Body)
		notice.Body = append(notice.Body, "&CardId="+secret...)
		_, err := b.Notify(t.Context(), "payture", oneStage, notice)
		require.NoError(t, err)
		require.Len(t, b.events(), 1)
		require.Equal(t, whole+"&CardId=", string(b.events()[0].Body))
	})
	signedFact(t, "HintAboutACustomerIsKeptAsItsAdapterSays", func(t *testing.T, b *bundle) {
		b.Cards = &drawer{}
		told := func(event providers.Event) string {
			body, err := json.Marshal(event)
			require.NoError(t, err)
			_, err = b.Notify(t.Context(), "payture", oneStage, providers.Notification{Body: body})
			require.NoError(t, err)
			return string(body)
		}
		told(providers.Event{Kind: "CustomerAddSuccess", Hint: true, Customer: "customer-known", Body: []byte("without the card")})
		b.clock.Advance(2 * time.Second)
		whole := told(providers.Event{Kind: "CustomerAddFail", Hint: true, Customer: "customer-known"})
		told(providers.Event{Kind: "CustomerAddSuccess", Hint: true, Customer: "customer-of-nobody"})
		stored := b.events()
		require.Len(t, stored, 2, "one about nobody's customer is not stored")
		require.Equal(t, "without the card", string(stored[0].Body))
		require.Equal(t, whole, string(stored[1].Body))
	})
	signedFact(t, "OfHintsAboutACustomerOneInTwoSecondsIsStored", func(t *testing.T, b *bundle) {
		cards := &drawer{}
		b.Cards = cards
		body, err := json.Marshal(providers.Event{Kind: "CustomerAddSuccess", Hint: true, Customer: "customer-known"})
		require.NoError(t, err)
		tells := func() {
			_, err := b.Notify(t.Context(), "payture", oneStage, providers.Notification{Body: body})
			require.NoError(t, err)
		}
		for range 10 {
			tells()
		}
		require.Len(t, b.events(), 1)
		require.Equal(t, 10, cards.hinted, "each has the cards read")
		for range 10 {
			b.clock.Advance(time.Second)
			tells()
		}
		require.Len(t, b.events(), 1+5)
		b.clock.Advance(-time.Hour)
		tells()
		require.Len(t, b.events(), 1+5+1, "a clock that is set back loses none")
	})
	fact(t, "AForgedOneIsForgotten", func(t *testing.T, b *bundle) {
		b.notified(&ent.Attempt{OrderNumber: "never-existed", Account: oneStage})
		b.later(2 * time.Second)
		require.Nil(t, b.events()[0].ProcessedAt) // the vendor may not know of it yet
		b.later(3 * time.Minute)
		require.Equal(t, "not_ours", *b.events()[0].Outcome)
		require.Empty(t, b.cases(pay.ReviewUnmatchedPayment))
	})
	fact(t, "AnOutageLosesNone", func(t *testing.T, b *bundle) {
		a := stranger(b, "paid-before-the-outage")
		b.paysOn(a, "approve")
		b.fault("sync", "http_500", 0)
		b.notified(a)
		b.later(10 * time.Minute)
		require.Empty(t, b.cases(pay.ReviewUnmatchedPayment))
		b.healthy()
		b.later(strangersRound)
		require.Len(t, b.cases(pay.ReviewUnmatchedPayment), 1)
	})
	fact(t, "OneThatIsOursAfterAllIsTakenUp", func(t *testing.T, b *bundle) {
		order := "0123456789abcdefghjkmnpqrs"
		a := stranger(b, order)
		b.paysOn(a, "approve")
		b.notified(a)
		bill := b.created(b.public(), b.buyPage())
		b.rename(b.current(bill), order)
		b.later(2 * time.Second)
		b.later(2 * time.Second)
		require.Equal(t, pay.AttemptCaptured, b.bill(bill.ID).Edges.Attempts[0].Status)
		require.Empty(t, b.cases(pay.ReviewUnmatchedPayment))
	})
	fact(t, "AFloodIsRefusedAndOurOwnAreTaken", func(t *testing.T, b *bundle) {
		err := b.store.InTx(b.program(), func(ctx context.Context, tx *store.Tx) error {
			rows := make([]*ent.ProviderEventCreate, 1000)
			for at := range rows {
				id := pay.NewProviderEventID(tx.Now)
				rows[at] = tx.ProviderEvent.Create().SetID(id).SetMerchantID(b.merchant.ID).SetAccount(oneStage).
					SetEventKey("hint/" + id.String()).SetOrderNumber(uuid.NewString()).SetHint(true).SetBody([]byte("x")).SetReceivedAt(tx.Now)
			}
			return tx.ProviderEvent.CreateBulk(rows...).Exec(ctx)
		})
		require.NoError(t, err)
		_, err = b.Notify(t.Context(), "payture", oneStage, paidNotice("never-existed"))
		require.Equal(t, providers.RateLimited, providers.KindOf(err))
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "approve")
		b.notified(b.current(bill))
		b.later(time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
}

// strangersRound is longer than a parked hint waits for its next look.
const strangersRound = 15 * time.Second
