package bisyssandbox_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/bisys/bisyssandbox"
)

func TestPay(t *testing.T) {
	t.Parallel()

	t.Run("Case07_RightCardPaysAndIsNotifiedWithTheCommission", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.listen()
		o := b.anonymous()
		b.payByForm(o)
		s := b.status(o.num)
		require.Equal(t, "payed", s["state"])
		require.Equal(t, "2026-11-21 12:00:00", s["procDate"])
		h := b.next()
		require.Equal(t, "application/json", h.Header.Get("Content-Type"))
		require.Equal(t, map[string]string{"regPayNum": o.num, "amount": "450", "comission": "13300", "state": "payed"}, h.body)
		b.clock.Advance(2*time.Second - time.Microsecond)
		require.Equal(t, "payed", b.state(o.num))
		b.clock.Advance(time.Microsecond)
		require.Equal(t, "processed", b.state(o.num))
		e := b.entry(o.num)
		require.Equal(t, []any{"payment", int64(13750), int64(13750), 1, "KZT", "processed"},
			[]any{e.Kind, e.AmountMinor, e.CapturedMinor, e.Captures, e.Currency, e.State})
	})

	t.Run("SpeedShortensTheWayToProcessed", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{bisys: bisyssandbox.Options{SettleAfter: time.Minute}})
		o := b.anonymous()
		b.Pay(o.url, "", "")
		b.clock.Advance(59 * time.Second)
		require.Equal(t, "payed", b.state(o.num))
		b.Control("clock", `{"speed":2}`)
		require.Equal(t, "processed", b.state(o.num))
	})

	t.Run("Case07_EveryTestCardPays", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		for _, c := range [][2]string{
			{"5479270000000000", "03 22"},
			{good, "12/24"},
			{"6011000000000004", "1224"},
			{"2201382000000013", "12 24"},
			{"2201382000000062", "12 24"},
			{"2201 3820 0000 0039", "12/2024"},
		} {
			o := b.anonymous()
			a := b.submit(o, "pan", c[0], "exp", c[1])
			require.Contains(t, a.Header.Get("Location"), "/secure", c[0])
			b.Post(a.Header.Get("Location"), "password", "12345678")
			require.Equal(t, "payed", b.state(o.num), c[0])
		}
		o := b.anonymous()
		b.submit(o, "pan", "4000000000000002", "exp", "01 21")
		require.Equal(t, "payed", b.state(o.num), "the older demo card needs no 3-D Secure")
	})

	t.Run("Case08_WrongCodeIsRefusedAndNotTold", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.listen()
		o := b.anonymous()
		b.submit(o, "secret", "999")
		s := b.status(o.num)
		require.Equal(t, []any{"rejected", "05", nil}, []any{s["state"], s["errorCode"], s["procDate"]})
		require.Contains(t, s["message"], "RC=05")
		require.Equal(t, "rejected", b.Pay(o.url, "", "").State, "it is final")
		b.payByForm(b.anonymous())
		require.Equal(t, "payed", b.next().body["state"], "the refused one was not told")
	})

	t.Run("Case08_FailuresAreToldWhereAsked", func(t *testing.T) {
		t.Parallel()
		account := bisyssandbox.DefaultAccounts()[0]
		account.NotifyFailures = true
		b := setup(t, options{bisys: bisyssandbox.Options{Accounts: []bisyssandbox.Account{account}}})
		b.listen()
		o := b.anonymous()
		b.submit(o, "secret", "999")
		require.Equal(t, map[string]string{
			"regPayNum": o.num, "amount": "450", "comission": "13300", "state": "rejected",
			"errorCode": "05", "errorMsg": "RC=05: the bank refused the payment",
		}, b.next().body)
	})

	t.Run("Case09_WrongPasswordRejects", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.anonymous()
		a := b.submit(o)
		require.Equal(t, "created", b.state(o.num), "the form's own 3-D Secure is not the shop's business")
		require.Equal(t, http.StatusUnprocessableEntity, b.Post(a.Header.Get("Location"), "password", "").Status)
		require.Equal(t, "created", b.state(o.num))
		b.Post(a.Header.Get("Location"), "password", "87654321")
		s := b.status(o.num)
		require.Equal(t, []any{"rejected", "1002"}, []any{s["state"], s["errorCode"]})
		require.Empty(t, b.Book())
	})

	t.Run("RefusingAtTheBankRejects", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.anonymous()
		b.Post(b.submit(o).Header.Get("Location"), "password", "12345678", "action", "cancel")
		require.Equal(t, "1006", b.status(o.num)["errorCode"])
	})

	t.Run("BanksPageLapses", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.anonymous()
		secure := b.submit(o).Header.Get("Location")
		b.clock.Advance(15 * time.Minute)
		b.Post(secure, "password", "12345678")
		require.Equal(t, "1003", b.status(o.num)["errorCode"])
	})

	t.Run("OtherCardAfterTheBanksPage", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.anonymous()
		b.submit(o)
		b.submit(o, "pan", "4000000000000002", "exp", "01 21")
		require.Equal(t, "payed", b.state(o.num))
		require.Equal(t, 1, b.entry(o.num).Captures)
	})

	t.Run("FormSentTwiceTakesOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.anonymous()
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() { b.Post(b.submit(o).Header.Get("Location"), "password", "12345678") })
		}
		wait.Wait()
		require.Equal(t, 1, b.entry(o.num).Captures)
	})

	outcomes := []struct{ outcome, card, state, code, back string }{
		{"approve", "", "payed", "", "https://shop.example/good"},
		{"approve", "4000000000000002", "payed", "", "https://shop.example/good"},
		{"decline", "", "rejected", "05", "https://shop.example/bad"},
		{"decline", "4000000000000002", "rejected", "05", "https://shop.example/bad"},
		{"abandon", "", "created", "", "https://shop.example/bad"},
		{"abandon", "4000000000000002", "created", "", "https://shop.example/bad"},
	}
	for _, tt := range outcomes {
		t.Run("Payer_"+tt.outcome+tt.card, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			o := b.anonymous("successUrl", "https://shop.example/good", "failUrl", "https://shop.example/bad")
			p := b.Pay(o.url, tt.card, tt.outcome)
			require.Equal(t, []string{tt.state, "bisys", o.num, tt.code, tt.back}, []string{p.State, p.Provider, p.OrderRef, p.ErrCode, p.ReturnURL})
			require.Equal(t, tt.state, b.state(o.num))
		})
	}

	t.Run("PayerWithoutAPageOrATestCard", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.anonymous()
		require.Equal(t, http.StatusNotFound, b.Control("pay", fmt.Sprintf(`{"url":"%s/bisys/cardpay/card?order=x"}`, b.URL)).Status)
		require.Equal(t, http.StatusNotFound, b.Control("pay", fmt.Sprintf(`{"url":"%s/bisys/other?order=%s"}`, b.URL, o.id)).Status)
		require.Equal(t, http.StatusBadRequest, b.Control("pay", fmt.Sprintf(`{"url":%q,"card":"4242424242424242"}`, o.url)).Status)
		require.Equal(t, "created", b.state(o.num))
	})
}

func TestNotifications(t *testing.T) {
	t.Parallel()

	t.Run("Case10_RepeatedWithGrowingGapsUntil200", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.listen(500, 500, 200, 500, 201, 204, 200)
		b.Control("clock", `{"speed":6000}`) // a minute is 10 ms
		first := b.anonymous()
		b.Pay(first.url, "", "")
		all := []heard{b.next(), b.next(), b.next()}
		for _, h := range all {
			require.Equal(t, first.num, h.body["regPayNum"])
		}
		require.GreaterOrEqual(t, all[1].At.Sub(all[0].At), 8*time.Millisecond)
		require.GreaterOrEqual(t, all[2].At.Sub(all[1].At), 18*time.Millisecond)

		// A fourth of the first would come before the fourth of the second.
		second := b.anonymous()
		b.Pay(second.url, "", "")
		for range 4 {
			require.Equal(t, second.num, b.next().body["regPayNum"], "201 and 204 do not acknowledge, 200 ends it")
		}
		require.Equal(t, 1, b.entry(first.num).Captures)
	})

	t.Run("OrdersOwnAddressGoesFirst", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.listen()
		b.Pay(b.anonymous("cbUrl", "http://shop.test/own").url, "", "")
		require.Equal(t, "http://shop.test/own", b.next().URL)
		b.Pay(b.anonymous().url, "", "")
		require.Equal(t, "http://shop.test/account", b.next().URL)
	})
}

func TestHold(t *testing.T) {
	t.Parallel()

	held := func(t *testing.T) (*bench, order) {
		t.Helper()
		b := setup(t, options{})
		b.listen()
		o := b.anonymous("holdTtl", "600")
		require.Equal(t, "holded", b.Pay(o.url, "", "").State)
		s := b.status(o.num)
		require.Equal(t, []any{"holded", true}, []any{s["state"], s["provisionServices"]})
		require.Zero(t, b.entry(o.num).Captures)
		return b, o
	}

	t.Run("ConfirmTakesIt", func(t *testing.T) {
		t.Parallel()
		b, o := held(t)
		require.Equal(t, "success", b.must("/provision-services/confirm", body{"regPayNum": o.num, "orderId": "1"})["resultState"])
		require.Equal(t, "payed", b.state(o.num))
		require.Equal(t, int64(13750), b.entry(o.num).CapturedMinor)
		require.Equal(t, "payed", b.next().body["state"])
		b.refused("/provision-services/confirm", body{"regPayNum": o.num}, 9005)
		require.Equal(t, 1, b.entry(o.num).Captures)
	})

	t.Run("ConfirmOfLessKeepsTheFee", func(t *testing.T) {
		t.Parallel()
		b, o := held(t)
		b.refused("/provision-services/confirm", body{"regPayNum": o.num, "amount": 451}, 9005)
		b.must("/provision-services/confirm", body{"regPayNum": o.num, "amount": "400"})
		require.InDelta(t, 13700, b.status(o.num)["totalAmount"], 0)
		require.Equal(t, int64(13700), b.entry(o.num).CapturedMinor)
	})

	t.Run("CancelLetsGo", func(t *testing.T) {
		t.Parallel()
		b, o := held(t)
		b.must("/provision-services/refund", body{"regPayNum": o.num, "orderId": "1"})
		require.Equal(t, "refunded", b.state(o.num))
		require.Zero(t, b.entry(o.num).Captures)
		b.refused("/provision-services/confirm", body{"regPayNum": o.num}, 9005)
		b.refused("/provision-services/refund", body{"regPayNum": "1"}, 9004)
	})

	t.Run("TimeLetsGo", func(t *testing.T) {
		t.Parallel()
		b, o := held(t)
		b.clock.Advance(10 * time.Minute)
		b.refused("/provision-services/confirm", body{"regPayNum": o.num}, 9005)
		require.Equal(t, "refunded", b.state(o.num))
	})
}
