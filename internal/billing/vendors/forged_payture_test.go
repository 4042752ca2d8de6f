package vendors_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers/payelata/payelatasandbox"
)

// Payture's test cards: no 3-D Secure, and one with too little money.
const (
	goodPayture = "4111111111111112"
	poorPayture = "3300000000000001"
	hookPayture = "/webhooks/payture/payture"
)

// roubles is 990.00 of them.
func roubles() pay.Money { return pay.Of(99_000, pay.RUB) }

// paytureForger forges notifications of Payture's, which signs nothing: whoever knows
// an order's number can tell us anything about it. They come by HTTP, as they would.
type paytureForger struct {
	*forger

	client  *http.Client
	orders  []string // numbers that are right
	own     *ent.Attempt
	login   string // what Payture calls a customer who is adding a card
	genuine string // what Payture sent when another order was paid
	last    forgery
}

// forgery is one notification, and the answers that it may get.
type forgery struct {
	path, body string
	header     http.Header
	answers    []int
}

// A hint is taken, unless it is about a stranger's order and too many of those wait.
func hinted() []int { return []int{http.StatusOK, http.StatusServiceUnavailable} }

// What was changed at random may be a hint yet, or name nothing.
func guessed() []int { return append(hinted(), http.StatusBadRequest) }

// paytureForger opens one order that a forger is after, and others of every kind: open at
// a two-stage account, refused, paid, given back in part, and another merchant's.
func (b *bundle) paytureForger() *paytureForger {
	b.t.Helper()
	require.NoError(b.t, b.sandbox.SetNotifyURL("payture", "Merchant", b.edge.url+hookPayture))
	paid := b.bills(book(paytureAccount, roubles()))
	b.visits(paid, goodPayture, "approve")
	genuine := b.told()
	require.Equal(b.t, pay.BillDone, b.bill(paid.ID).Status)
	returned := b.bills(book(paytureAccount, roubles()))
	b.visits(returned, goodPayture, "approve")
	b.told()
	require.Equal(b.t, pay.RefundSucceeded, b.refund(returned, new(pay.Of(9_000, pay.RUB))).Status)
	b.told()
	refused := b.bills(book(paytureAccount, roubles()))
	b.visits(refused, poorPayture, "approve")
	b.told()
	theirs, theirsPaid := b.billsOfOther(paytureOther, roubles()), b.billsOfOther(paytureOther, roubles())
	b.visits(theirsPaid, goodPayture, "approve")
	b.told()
	twoStage := b.bills(book(paytureHolds, roubles()))

	alice := b.user("alice", "")
	outcome, err := b.cards.Start(b.asUser(alice), cards.NewRegistration{Key: "alice", Provider: new(paytureAccount), ReturnURL: new("https://shop.example/cards")})
	require.NoError(b.t, err)
	require.Empty(b.t, outcome.Errors)
	b.passes(30*time.Second, 2*time.Second)

	f := &paytureForger{forger: b.forger(paytureAccount, roubles()), genuine: genuine.body, login: "customer-" + alice.ID.Suffix()}
	f.own = f.a
	f.orders = []string{f.a.OrderNumber, f.a.OrderNumber, f.a.OrderNumber}
	for _, bill := range []*ent.Bill{paid, returned, refused, theirs, theirsPaid, twoStage} {
		f.orders = append(f.orders, b.bill(bill.ID).Edges.Attempts[0].OrderNumber)
	}
	f.client = &http.Client{Timeout: patience, Transport: &http.Transport{}}
	b.t.Cleanup(f.client.CloseIdleConnections)
	return f
}

// billsOfOther makes a bill of the other merchant's.
func (b *bundle) billsOfOther(account string, price pay.Money) *ent.Bill {
	b.t.Helper()
	theirs := viewer.With(b.t.Context(), viewer.Viewer{Role: pay.RoleServer, Merchant: b.other.ID, Principal: "key/other"})
	in := book(account, price)
	in.ReturnURL = nil
	outcome, err := b.Create(theirs, in)
	require.NoError(b.t, err)
	require.Empty(b.t, outcome.Errors)
	return b.bill(outcome.Bill)
}

// order is a number that is right, or one that is not.
func (f *paytureForger) order() string {
	switch right := f.oneOf(f.orders...); f.IntN(8) {
	case 0:
		return f.text(26, "0123456789abcdefghjkmnpqrstvwxyz")
	case 1:
		return f.oneOf(strings.ToUpper(right), right+"0", right[1:], " "+right, right+"-"+right[:5])
	default:
		return right
	}
}

// form is what Payture would send, with what the forger would like to be true.
func (f *paytureForger) form() url.Values {
	return url.Values{
		"Is3DS": {"False"}, "ForwardedTo": {"NotForwarded"}, "MerchantContract": {f.oneOf("Merchant", "MerchantPay", "Nobody")},
		"Notification": {f.oneOf(
			"EnginePaySuccess", "EngineBlockSuccess", "EngineChargeSuccess", "MerchantPay", "CustomerPaySuccess", "Charged",
			"EnginePayFail", "EngineRefundSuccess", "CustomerRefundSuccess", "AsyncFail",
		)},
		"Success": {f.oneOf("True", "true", "1", "False")}, "State": {f.oneOf("Charged", "Authorized", "Refunded", "Chargeback")},
		"ErrCode": {"NONE"}, "TransactionDate": {"02.03.2026 12:00:00"}, "MerchantId": {"1"},
		"Amount":    {f.oneOf("99000", "9900000", "1", "0", "-99000", "990.00", "1e9", "99999999999999999999")},
		"NewAmount": {f.oneOf("0", "1")}, "OrderId": {f.order()},
	}
}

// next makes one more.
func (f *paytureForger) next() forgery {
	form := f.form()
	n := forgery{path: hookPayture, answers: hinted(), header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
	switch f.IntN(16) {
	case 0: // with keys of another's, in case any is compared
		form.Set(f.oneOf("Key", "Password", "VWID", "Signature", "Hash", "Token"), f.text(32, hexDigits))
		n.header.Set(f.oneOf("Authorization", "X-Signature", "X-Api-Key"), f.text(32, letters))
	case 1: // sealed with a key of nobody's: Payture may offer that, and documents none
		n.body, n.answers = "DATA="+base64.RawURLEncoding.EncodeToString([]byte(form.Encode()+f.text(16, letters))), []int{http.StatusBadRequest}
	case 2:
		n.body, n.answers = f.text(200+f.IntN(200), "\x00\x01\x80\xfe\xff"), []int{http.StatusBadRequest}
	case 3:
		whole := form.Encode()
		n.body, n.answers = whole[:1+f.IntN(len(whole)-1)], guessed()
	case 4:
		n.body, n.answers = f.spoilt(form.Encode()), append(guessed(), http.StatusRequestEntityTooLarge)
	case 5: // longer than what is kept of a hint
		form.Set("Comment", strings.Repeat("a", 5<<10))
	case 6: // longer than the adapter reads, and than the edge does
		form.Set("Comment", strings.Repeat("a", 70<<10))
		n.answers = []int{http.StatusBadRequest}
		if f.IntN(20) == 0 {
			form.Set("Comment", strings.Repeat("a", 300<<10))
			n.answers = []int{http.StatusRequestEntityTooLarge}
		}
	case 7: // of two orders
		n.body, n.answers = form.Encode()+"&orderid="+f.own.OrderNumber, []int{http.StatusBadRequest}
	case 8: // of a customer and a card
		form.Set("Notification", f.oneOf("CustomerAddSuccess", "CustomerAddFail"))
		form.Set("VWUserLgn", f.oneOf(f.login, "customer-"+f.text(26, "0123456789abcdefghjkmnpqrstvwxyz"), f.text(60, letters), ""))
		form.Set("CardId", f.text(36, hexDigits))
		form.Set("CardName", "411111xxxxxx1112")
		n.answers = []int{http.StatusOK}
	case 9: // at another account's address, and at nobody's
		n.path = "/webhooks/payture/" + f.oneOf(paytureHolds, paytureOther)
	case 10:
		n.path, n.answers = "/webhooks/"+f.oneOf("payture/nobody", "payture/ktpay", "bisys/payture", "payture/payture/"+returnTokenOf(f.own),
			"payture/payture/"+f.own.ID.Suffix()+"."+f.text(22, letters)), []int{http.StatusNotFound}
	case 11: // at an address that only the program could make
		n.path += "/" + tokenOf(f.own)
	case 12: // in another dialect
		n.body, n.answers = fmt.Sprintf(`<GetState Success="True" OrderId=%q State="Charged" Amount="99000" />`, f.own.OrderNumber), []int{http.StatusBadRequest}
	case 13: // in the address
		n.path, n.body, n.answers = n.path+"?"+form.Encode(), "=", []int{http.StatusBadRequest}
	case 14: // what was true of another order
		genuine, _ := url.ParseQuery(f.genuine)
		genuine.Set("OrderId", form.Get("OrderId"))
		n.body = genuine.Encode()
	case 15: // as before, once more
		if f.last.path != "" {
			return f.last
		}
	}
	if n.body == "" {
		n.body = form.Encode()
	}
	f.last = n
	return n
}

// posts sends one over a connection that is kept, and returns the answer's status.
func (f *paytureForger) posts(n forgery) int {
	f.b.t.Helper()
	request, err := http.NewRequestWithContext(f.b.t.Context(), http.MethodPost, f.b.edge.url+n.path, strings.NewReader(n.body))
	require.NoError(f.b.t, err)
	request.Header = n.header.Clone()
	response, err := f.client.Do(request)
	require.NoError(f.b.t, err)
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	f.b.delivered()
	return response.StatusCode
}

// Payture signs nothing: what it says is a hint, and changes nothing by itself.
func TestForged_Payture(t *testing.T) {
	t.Parallel()
	// Every two seconds the vendor may be asked once about each of the seven orders and
	// the customer, and in two places about five strangers' orders of each of three accounts.
	const perStep, step, mostCalls = 250, 2 * time.Second, 7 + 1 + 2*5*3
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url, payelatasandbox.Options{})
		f := b.paytureForger()
		before, calls := b.rows(), b.wire.count()
		for n := range forgeries(t) {
			forged := f.next()
			require.Contains(t, forged.answers, f.posts(forged), "notification %d to %s: %.500q", n, forged.path, forged.body)
			if n%perStep == perStep-1 {
				b.later(step)
			}
		}
		require.LessOrEqual(t, b.wire.count()-calls, mostCalls*(forgeries(t)/perStep+1), "a flood of hints is no flood of questions")
		f.nothingHappened(before, goodPayture)
	})
}
