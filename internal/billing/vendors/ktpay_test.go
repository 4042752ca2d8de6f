package vendors_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

const goodKTPay, poorKTPay, blockedKTPay = "4111111111111111", "4000000000009995", "4000000000009979"

// tenge is 1000.00 of them.
func tenge() pay.Money { return pay.Of(100_000, pay.KZT) }

// tokenOf is the end of an attempt's own address for notifications: its number, and
// what nobody without the program's key can make.
func tokenOf(a *ent.Attempt) string { return addressToken("paygraph notification\x00", a) }

// returnTokenOf is the end of the page that the payer comes back to.
func returnTokenOf(a *ent.Attempt) string { return addressToken("paygraph return page\x00", a) }

func addressToken(purpose string, a *ent.Attempt) string {
	mac := hmac.New(sha256.New, returnKey())
	mac.Write([]byte(purpose))
	mac.Write(a.ID.Bytes())
	return a.ID.Suffix() + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// alike is another text that decodes to the same token: 16 bytes leave four bits of the
// last sign over.
func alike(path string) string {
	const signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(path) - 1
	return path[:last] + string(signs[strings.IndexByte(signs, path[last])^1])
}

// stamps are times in a notification.
func stamps() *regexp.Regexp { return regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+\d\d:\d\d`) }

// hashOf is the transaction that an answer of KTPay's names.
func (b *bundle) hashOf(e exchange) string {
	b.t.Helper()
	found := regexp.MustCompile(`"transaction_hash":"([0-9a-f]{40})"`).FindStringSubmatch(e.said)
	require.NotNil(b.t, found, "%s", e.said)
	return found[1]
}

func TestKTPay_OnlyTheNotificationSettles(t *testing.T) {
	t.Parallel()

	fact(t, "Case06_PaidOnThePageAndToldAtTheSecretAddress", func(t *testing.T, b *bundle) {
		bill := b.bills(book(ktpayAccount, tenge()))
		require.Equal(t, "completed", b.visits(bill, goodKTPay, "approve"))
		d := b.delivered()
		require.Equal(t, "/webhooks/ktpay/ktpay/"+tokenOf(b.current(bill)), d.path)
		require.Equal(t, http.StatusOK, d.status)
		require.JSONEq(t, `{"status":"ok"}`, d.answer)
		require.True(t, b.ktpay.Acknowledged("", d.status, d.contentType, []byte(d.answer)), "KTPay would send it again")
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status, "it is acknowledged when it is stored, not when it is settled")
		b.later(0)

		paid := b.bill(bill.ID)
		require.Equal(t, pay.BillDone, paid.Status)
		require.Equal(t, []string{
			"PENDING bill.created", "PENDING attempt.action_required", "PAID payment.captured", "DONE bill.fulfilled",
		}, history(paid))
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -100_000, pay.AccountSales: 100_000}, b.booked())
		captures, captured, _ := b.taken(paid.Edges.Attempts[0].OrderNumber)
		require.Equal(t, 1, captures)
		require.Equal(t, int64(100_000), captured)
	})
	fact(t, "NobodyIsEverAsked", func(t *testing.T, b *bundle) {
		bill := b.bills(book(ktpayAccount, tenge()))
		b.passes(30*time.Hour, 30*time.Minute)
		_, err := b.Refresh(b.server(), bill.ID.String())
		require.NoError(t, err)
		require.Equal(t, 1, b.wire.count(), "the creation is the only call")
		require.Equal(t, "/ktpay/api/v1/merchant-widget/payment", b.wire.with("")[0].path)
	})
	fact(t, "Case09_DeclinedPayerStartsAnew", func(t *testing.T, b *bundle) {
		bill := b.bills(book(ktpayAccount, tenge()))
		require.Equal(t, "error", b.visits(bill, poorKTPay, "approve"))
		require.Equal(t, http.StatusOK, b.delivered().status)
		b.later(0)
		refused := b.bill(bill.ID)
		require.Equal(t, pay.BillPending, refused.Status)
		require.Equal(t, pay.AttemptDeclined, refused.Edges.Attempts[0].Status)
		require.Equal(t, "insufficient_funds", *refused.Edges.Attempts[0].DeclineCode)

		b.opensAgain(bill, ktpayAccount)
		require.Equal(t, "completed", b.visits(bill, goodKTPay, "approve"))
		b.delivered()
		b.later(0)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "Case07_AServicesContractKeepsItsZeros", func(t *testing.T, b *bundle) {
		bill := b.bills(service("0012"))
		require.Contains(t, b.page(*b.current(bill).RedirectURL), "0012")
		require.Equal(t, "authorized", b.visits(bill, goodKTPay, "approve"), "KTPay pays the service on before it takes the money")
		d := b.delivered()
		require.Contains(t, d.body, `"status":"completed"`)
		b.later(0)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "Case08_AServiceThatRefusesLetsTheHoldGo", func(t *testing.T, b *bundle) {
		bill := b.bills(service("9999999"))
		b.visits(bill, goodKTPay, "approve")
		require.Contains(t, b.delivered().body, `"status":"denied"`)
		b.later(0)
		require.Equal(t, pay.BillPending, b.bill(bill.ID).Status)
		require.Equal(t, pay.AttemptDeclined, b.bill(bill.ID).Edges.Attempts[0].Status)
		require.Zero(t, b.captures())
	})
	fact(t, "RefundsAreUnsupportedBeforeAnyCall", func(t *testing.T, b *bundle) {
		bill := b.paidAtKTPay()
		calls := b.wire.count()
		outcome := b.refunds(bill, nil)
		require.True(t, outcome.Refund.IsZero())
		require.Len(t, outcome.Errors, 1)
		require.Equal(t, pay.CodeUnsupported, outcome.Errors[0].Code)
		require.Equal(t, calls, b.wire.count())
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
}

// service is what a payer of the account's own service asks for.
func service(contract string) billing.NewBill {
	in := book(ktpayService, tenge())
	in.Payer.Requisites = []providers.Requisite{{Name: "contract_value", Value: contract}}
	return in
}

// paidAtKTPay is a bill that was paid and fulfilled.
func (b *bundle) paidAtKTPay() *ent.Bill {
	b.t.Helper()
	bill := b.bills(book(ktpayAccount, tenge()))
	b.visits(bill, goodKTPay, "approve")
	b.delivered()
	b.later(0)
	require.Equal(b.t, pay.BillDone, b.bill(bill.ID).Status)
	return bill
}

func TestKTPay_ForgedNotifications(t *testing.T) {
	t.Parallel()

	fact(t, "Case21_AreRefusedAndChangeNothing", func(t *testing.T, b *bundle) {
		other := b.bills(book(ktpayAccount, tenge()))
		paid := b.bills(book(ktpayAccount, tenge()))
		b.visits(paid, goodKTPay, "approve")
		genuine := b.delivered()
		hash := *b.current(paid).ProviderRef
		order, otherOrder := b.current(paid).OrderNumber, b.current(other).OrderNumber
		otherPath := "/webhooks/ktpay/ktpay/" + tokenOf(b.current(other))
		require.Equal(t, "/webhooks/ktpay/ktpay/"+tokenOf(b.current(paid)), genuine.path)
		before := b.rows()

		forged := strings.ReplaceAll(strings.ReplaceAll(genuine.body, order, otherOrder), hash, strings.Repeat("a", 40))
		tests := []struct {
			fact, path, body string
			status           int
		}{
			{"AtTheAccountsAddress", "/webhooks/ktpay/ktpay", genuine.body, http.StatusUnauthorized},
			{"AtAnotherAttemptsAddress", otherPath, genuine.body, http.StatusUnauthorized},
			{"OfAnotherTransaction", otherPath, forged, http.StatusUnauthorized},
			{"WithAnotherHash", genuine.path, strings.ReplaceAll(genuine.body, hash, strings.Repeat("b", 40)), http.StatusUnauthorized},
			{"WithAnotherOrder", genuine.path, strings.ReplaceAll(genuine.body, order, otherOrder), http.StatusUnauthorized},
			{"OfAnotherMerchant", genuine.path, strings.ReplaceAll(genuine.body, `"merchant_id":1`, `"merchant_id":2`), http.StatusUnauthorized},
			{"AtAnAddressOfNobody", genuine.path[:len(genuine.path)-1] + "A_", genuine.body, http.StatusNotFound},
			{"AtTheTrueAddressWrittenOtherwise", alike(genuine.path), genuine.body, http.StatusNotFound},
			{"AtAnotherAccountsAddress", strings.Replace(genuine.path, "/ktpay/ktpay/", "/bisys/bisys/", 1), genuine.body, http.StatusNotFound},
			{"NotJSON", genuine.path, "status=completed", http.StatusBadRequest},
		}
		for _, tt := range tests {
			require.Equal(t, tt.status, b.sends(tt.path, tt.body, nil).status, tt.fact)
		}
		require.Equal(t, before, b.rows())
		b.later(0)
		require.Equal(t, pay.BillPending, b.bill(other.ID).Status)
		require.Equal(t, pay.BillDone, b.bill(paid.ID).Status, "the genuine one was stored before")
	})
	fact(t, "Case21_AnotherAmountIsAMismatch", func(t *testing.T, b *bundle) {
		b.control("faults", map[string]any{"provider": "ktpay", "op": "charge", "fault": "wrong_amount", "count": 1})
		bill := b.bills(book(ktpayAccount, tenge()))
		b.visits(bill, goodKTPay, "approve")
		require.Contains(t, b.delivered().body, `"amount":999,`)
		b.later(0)
		short := b.bill(bill.ID)
		require.Equal(t, pay.BillAmountMismatch, short.Status)
		require.Equal(t, []pay.ReviewReason{pay.ReviewAmountMismatch}, reasons(short))
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99_900, pay.AccountSuspense: 99_900}, b.booked())
	})
}

func TestKTPay_RepeatedLateAndLost(t *testing.T) {
	t.Parallel()

	fact(t, "Case14_A500OfOursMakesKTPaySendAgainAndPaysOnce", func(t *testing.T, b *bundle) {
		bill := b.bills(book(ktpayAccount, tenge()))
		b.edge.failsOnce()
		b.visits(bill, goodKTPay, "approve")
		require.Equal(t, http.StatusInternalServerError, b.delivered().status)
		again := b.delivered()
		require.Equal(t, http.StatusOK, again.status)
		b.later(0)
		for range 3 {
			require.Equal(t, http.StatusOK, b.sends(again.path, again.body, again.header).status)
			b.later(time.Second)
		}
		paid := b.bill(bill.ID)
		require.Equal(t, pay.BillDone, paid.Status)
		require.Empty(t, paid.Edges.Reviews)
		require.Equal(t, int64(-100_000), b.booked()[pay.AccountClearing])
		require.Equal(t, 1, b.rows().events, "it is the same event each time")
	})
	fact(t, "Case22_DeniedAfterCompletedOpensACaseAndKeepsTheFirst", func(t *testing.T, b *bundle) {
		bill := b.bills(book(ktpayAccount, tenge()))
		b.visits(bill, goodKTPay, "approve")
		d := b.delivered()
		b.later(time.Second)
		denied := strings.Replace(d.body, `"status":"completed"`, `"status":"denied"`, 1)
		denied = stamps().ReplaceAllString(denied, b.clock.Now().Format(time.RFC3339))
		require.Equal(t, http.StatusOK, b.sends(d.path, denied, d.header).status)
		b.later(time.Second)
		paid := b.bill(bill.ID)
		require.Equal(t, pay.BillDone, paid.Status)
		require.Equal(t, pay.AttemptCaptured, paid.Edges.Attempts[0].Status)
		require.Equal(t, []pay.ReviewReason{pay.ReviewProviderDisagrees}, reasons(paid))
		require.Equal(t, int64(-100_000), b.booked()[pay.AccountClearing])
	})
	fact(t, "Case22_DeniedWithAnEarlierTimeOpensACaseToo", func(t *testing.T, b *bundle) {
		bill := b.bills(book(ktpayAccount, tenge()))
		b.visits(bill, goodKTPay, "approve")
		d := b.delivered()
		b.later(time.Second)
		denied := strings.Replace(d.body, `"status":"completed"`, `"status":"denied"`, 1)
		require.Equal(t, http.StatusOK, b.sends(d.path, denied, d.header).status)
		b.later(time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
		require.Equal(t, []pay.ReviewReason{pay.ReviewProviderDisagrees}, reasons(b.bill(bill.ID)))
	})
	fact(t, "APageThatNobodyPaysExpiresAndLateMoneyIsSeen", func(t *testing.T, b *bundle) {
		bill := b.bills(book(ktpayAccount, tenge()))
		page := *b.current(bill).RedirectURL
		b.passes(23*time.Hour, 30*time.Minute)
		require.Equal(t, pay.BillExpired, b.bill(bill.ID).Status)
		require.Equal(t, pay.AttemptActionRequired, b.bill(bill.ID).Edges.Attempts[0].Status, "its page may still be open")
		b.passes(2*time.Hour, 10*time.Minute)
		require.Equal(t, pay.AttemptExpired, b.bill(bill.ID).Edges.Attempts[0].Status)

		require.Equal(t, "completed", b.visitsPage(page, goodKTPay, "approve"))
		require.Equal(t, http.StatusOK, b.delivered().status)
		b.later(0)
		late := b.bill(bill.ID)
		require.Equal(t, pay.BillExpired, late.Status)
		require.Equal(t, pay.AttemptCaptured, late.Edges.Attempts[0].Status)
		require.Equal(t, []pay.ReviewReason{pay.ReviewLatePayment}, reasons(late))
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -100_000, pay.AccountSuspense: 100_000}, b.booked())
	})
	fact(t, "AnOpeningWhoseReplyWasLostIsSupersededAndStillSettles", func(t *testing.T, b *bundle) {
		b.wire.loses("/merchant-widget/payment")
		bill := b.bills(book(ktpayAccount, tenge()))
		require.Len(t, bill.Edges.Attempts, 2)
		lost := bill.Edges.Attempts[0]
		require.Equal(t, pay.AttemptFailed, lost.Status)
		require.Nil(t, lost.ProviderRef)
		require.NotEqual(t, lost.OrderNumber, b.current(bill).OrderNumber)

		hash := b.hashOf(b.wire.with("/merchant-widget/payment")[0])
		require.Equal(t, "completed", b.visitsPage(b.vendors+"/ktpay/payment-card?hash="+hash, goodKTPay, "approve"))
		require.Equal(t, "/webhooks/ktpay/ktpay/"+tokenOf(lost), b.delivered().path)
		b.later(0)
		paid := b.bill(bill.ID)
		require.Equal(t, pay.BillDone, paid.Status)
		require.Equal(t, hash, *b.attempt(lost.ID).ProviderRef)

		b.visits(bill, goodKTPay, "approve") // and the payer pays the second one, too
		b.delivered()
		b.later(0)
		require.Equal(t, []pay.ReviewReason{pay.ReviewDuplicatePayment}, reasons(b.bill(bill.ID)))
	})
}
