package vendors_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payelata/payelatasandbox"
)

// envForged says how many notifications each vendor's forger sends: 100000 is the
// number that is promised. Without it there are as many as take a second or two.
const envForged = "PAYGRAPH_FORGED"

func forgeries(t *testing.T) int {
	t.Helper()
	text := os.Getenv(envForged)
	if text == "" {
		return 500
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, envForged)
	return n
}

// forger makes notifications that it wishes were believed. It knows all that a payer
// knows of a payment, and no secret.
type forger struct {
	*rand.Rand

	b    *bundle
	bill *ent.Bill
	a    *ent.Attempt // that nobody paid
}

func (b *bundle) forger(account string, price pay.Money) *forger {
	b.t.Helper()
	bill := b.bills(b.access(account, price))
	return &forger{Rand: rand.New(rand.NewPCG(4, 2)), b: b, bill: bill, a: b.current(bill)}
}

// access is a wish for what a forger is after: something that only its payment grants.
func (b *bundle) access(account string, price pay.Money) billing.NewBill {
	b.t.Helper()
	page, _, err := catalogue.New(b.store).Upsert(b.server(), viewer.From(b.server()), catalogue.Upsert{
		Key: uuid.NewString(), Code: "page", Kind: pay.ProductDirect, Title: "One page", Active: true,
		Prices: []catalogue.NewPrice{{Amount: price}}, Grants: catalogue.Grants{Pages: new("*")},
	})
	require.NoError(b.t, err)
	in := book(account, price)
	in.Lines, in.Product, in.PageID = nil, new(page.ID.String()), new("news/42")
	return in
}

// oneOf picks one.
func (f *forger) oneOf(list ...string) string { return list[f.IntN(len(list))] }

// text is n random signs of an alphabet.
func (f *forger) text(n int, of string) string {
	text := make([]byte, n)
	for at := range text {
		text[at] = of[f.IntN(len(of))]
	}
	return string(text)
}

const hexDigits, letters = "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// spoilt is a text with one to three of its bytes changed, or cut, or grown.
func (f *forger) spoilt(text string) string {
	changed := []byte(text)
	for range 1 + f.IntN(3) {
		at := f.IntN(len(changed))
		switch f.IntN(4) {
		case 0:
			changed = changed[:at+1]
		case 1:
			changed = append(changed, byte(f.IntN(256)))
		default:
			changed[at] ^= byte(1 + f.IntN(255))
		}
	}
	return string(changed)
}

// refused checks that a notification was refused, for a reason that is the sender's.
func (f *forger) refused(n int, err error) {
	f.b.t.Helper()
	if pay.CodeOf(err) == pay.CodeNotFound {
		return
	}
	require.Contains(f.b.t, []providers.Kind{providers.Auth, providers.Malformed}, providers.KindOf(err), "notification %d: %v", n, err)
}

// nothingHappened checks that the payment is where it was, and can still be paid.
func (f *forger) nothingHappened(before rows, card string) {
	f.b.t.Helper()
	f.b.passes(20*time.Second, 2*time.Second)
	after := f.b.rows()
	before.events, after.events = 0, 0
	require.Equal(f.b.t, before, after)
	require.Equal(f.b.t, pay.BillPending, f.b.bill(f.bill.ID).Status)
	f.b.visits(f.bill, card, "approve")
	f.b.delivered()
	f.b.passes(10*time.Second, 2*time.Second)
	require.Equal(f.b.t, pay.BillDone, f.b.bill(f.bill.ID).Status, "the genuine one is believed")
	require.Equal(f.b.t, before.entitlements+1, f.b.rows().entitlements)
}

// send hands a notification to the core, at an account's address or at an order's.
func (f *forger) send(vendor, account, token, body string, header http.Header) error {
	n := providers.Notification{Header: header, Body: []byte(body)}
	if token == "" {
		_, err := f.b.Notify(f.b.t.Context(), vendor, account, n)
		return err
	}
	_, err := f.b.NotifyOrder(f.b.t.Context(), vendor, account, token, n)
	return err
}

func TestForged_KTPay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url, payelatasandbox.Options{})
		f := b.forger(ktpayAccount, tenge())
		other := b.current(b.bills(book(ktpayAccount, tenge())))
		own, before := tokenOf(f.a), b.rows()
		for n := range forgeries(t) {
			order, hash, merchant, token := f.a.OrderNumber, *f.a.ProviderRef, "1", ""
			switch f.IntN(8) {
			case 0: // right in everything, and at the account's address
			case 1: // at another order's address
				token = tokenOf(other)
			case 2: // at an address that was nearly guessed
				token = f.a.ID.Suffix() + "." + f.text(22, letters)
			case 3:
				token = f.spoilt(own)
				if token == own {
					continue
				}
			case 4: // with the token of the payer's own way back, which ends likewise
				token = returnTokenOf(f.a)
			case 5: // at the true address, which nobody can know, about something else
				token, order = own, f.oneOf(other.OrderNumber, "", f.text(26, "0123456789abcdefghjkmnpqrstvwxyz"), strings.ToUpper(order))
			case 6:
				token, hash = own, f.oneOf(*other.ProviderRef, "", f.text(40, hexDigits), strings.ToUpper(hash+"F"))
			case 7:
				token, merchant = own, f.oneOf("2", "0", "null", `"01"`, "1.5", "-1", "[1]")
			}
			body := fmt.Sprintf(`{"merchant_id":%s,"order_id":%q,"description":"","amount":1000,"transaction_hash":%q,`+
				`"created_at":"2026-03-02T15:00:00+06:00","updated_at":null,"status":{"status":%q,"created_at":"2026-03-02T15:00:00+06:00","updated_at":null,"error":null}}`,
				merchant, order, hash, f.oneOf("completed", "success", "denied", "error"))
			if token != own && f.IntN(4) == 0 {
				body = f.spoilt(body)
			}
			f.refused(n, f.send("ktpay", ktpayAccount, token, body, http.Header{"Content-Type": {"application/json"}}))
		}
		require.Equal(t, before, b.rows(), "not even an event is stored")
		f.nothingHappened(before, goodKTPay)
	})
}

func TestForged_PayElata(t *testing.T) {
	t.Parallel()
	const key = "sk_test_sandbox"
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url, payelatasandbox.Options{})
		f := b.forger(payelataAccount, dollars())
		invoice := b.wire.with(invoicesElata)[0].said
		paid := strings.Replace(invoice, `"status":"process_pending"`, `"status":"processed"`, 1)
		require.NotEqual(t, invoice, paid)
		live := strings.Replace(paid, `"test_mode":true`, `"test_mode":false`, 1)
		genuine := signed(key, invoice).Get("X-Signature") // the vendor's own, of another state
		before := b.rows()
		for n := range forgeries(t) {
			body, header := paid, http.Header{}
			switch f.IntN(7) {
			case 0: // unsigned
			case 1:
				header = signed(f.oneOf("", "sk_test", "sk_live_sandbox", "SK_TEST_SANDBOX", key+" ", f.text(16, letters)), body)
			case 2:
				header.Set("X-Signature", genuine)
			case 3: // what was signed, changed
				header, body = signed(key, body), f.spoilt(body)
				if body == paid {
					continue
				}
			case 4:
				header.Set("X-Signature", f.spoilt(signed(key, body).Get("X-Signature")))
				if strings.Trim(header.Get("X-Signature"), "\r\n") == signed(key, body).Get("X-Signature") {
					continue // line breaks are no part of base64
				}
			case 5: // of the other mode
				body, header = live, signed(key, live)
			case 6:
				header.Set("X-Signature", base64.StdEncoding.EncodeToString([]byte(f.text(20, letters))))
			}
			f.refused(n, f.send("payelata", payelataAccount, "", body, header))
		}
		require.Equal(t, before, b.rows(), "not even an event is stored")
		f.nothingHappened(before, goodElata)
	})
}

// Bisys signs nothing: what it says is a hint, and changes nothing by itself.
func TestForged_Bisys(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url, payelatasandbox.Options{})
		f := b.forger(bisysAccount, tenge())
		own := b.current(b.bills(book(bisysOwn, tenge())))
		before, calls := b.rows(), b.wire.count()
		kinds := []providers.Kind{"", providers.Malformed, providers.RateLimited}
		for n := range forgeries(t) {
			number, token, account := f.text(11, "0123456789"), "", bisysAccount
			switch f.IntN(20) {
			case 0:
				number = *f.a.ProviderRef
			case 1:
				number, token, account = *own.ProviderRef, tokenOf(own), bisysOwn // as if the address had leaked
			case 2:
				token, account = tokenOf(own), bisysOwn
			}
			said, err := json.Marshal(map[string]any{
				"regPayNum": number, "amount": f.oneOf("100000", "0", "-1", "1e9"), "comission": "0",
				"state": f.oneOf("payed", "processed", "PAYED", "refunded", "rejected", "error"),
			})
			require.NoError(t, err)
			body := string(said)
			if f.IntN(4) == 0 {
				body = f.spoilt(body)
			}
			require.Contains(t, kinds, providers.KindOf(f.send("bisys", account, token, body, nil)), "notification %d", n)
			if n%1000 == 999 {
				b.later(time.Second)
			}
		}
		require.Less(t, b.wire.count()-calls, 20+2*forgeries(t)/1000*7, "a flood of hints is no flood of questions")
		require.Equal(t, *own.ProviderRef, *b.attempt(own.ID).ProviderRef)
		f.nothingHappened(before, goodBisys)
	})
}
