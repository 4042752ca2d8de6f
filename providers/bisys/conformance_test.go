package bisys

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// The conformance cases of the vendor's specification, as far as an adapter can show
// them, by their numbers. What is the sandbox's alone is there: wrong passwords of
// 3-D Secure (9), the schedule of notifications (10), legacy signatures (21), and the
// form's currency signs (24).
func TestConformance(t *testing.T) {
	t.Parallel()

	start := func(t *testing.T, c *Client) providers.Result {
		t.Helper()
		result, err := c.Start(t.Context(), fullRequest())
		require.NoError(t, err)
		return result
	}
	refOf := func(number string) providers.Ref {
		return providers.Ref{OrderNumber: orderNumber, ProviderRef: number}
	}
	sync := func(t *testing.T, c *Client, number string) providers.Result {
		t.Helper()
		result, err := c.Sync(t.Context(), refOf(number))
		require.NoError(t, err)
		return result
	}
	paid := func(p *shopPayment) { p.state = "payed" }

	t.Run("Case01_AnonymousCreateWaitsForItsPayer", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		opened := start(t, c)
		require.Equal(t, providers.ActionRequired, opened.Status)
		require.Equal(t, "GET", opened.Redirect.Method)
		require.NotEmpty(t, opened.ProviderRef)
		require.Equal(t, int64(13750), s.payments[opened.ProviderRef].total)
		require.Equal(t, providers.ActionRequired, sync(t, c, opened.ProviderRef).Status)
	})
	t.Run("Case02_AmountsAreStringsOfDigits", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		start(t, s.client(t))
		require.Equal(t, `"450"`, s.Seen()[0].Member(t, "amount"))
		require.Equal(t, `"13300"`, s.Seen()[0].Member(t, "comission"))
	})
	t.Run("Case03_RequiredFieldsAreAlwaysSent", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		_, err := s.client(t, func(c *Config) { c.Commission = Fee{} }).Start(t.Context(), startRequest())
		require.NoError(t, err)
		for _, name := range []string{"serviceCode", "amount", "comission", "properties"} {
			require.NotEmpty(t, s.Seen()[0].Member(t, name), name)
		}
		v := vendortest.New(t, saysStatus(400, `{"code":9005,"message":"ValidationException: properties"}`))
		_, err = newClient(t, v.URL).Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Rejected, "9005")
	})
	t.Run("Case04_AmountsThatCannotBePaidAreNotSent", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		for _, minor := range []int64{0, -1} {
			r := startRequest()
			r.Amount = tenge(minor)
			_, err := s.client(t).Start(t.Context(), r)
			requireError(t, err, providers.OpStart, providers.Rejected, "")
		}
		require.Empty(t, s.Seen())
	})
	t.Run("Case05_UnknownServiceIsRejected", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		_, err := s.client(t, func(c *Config) { c.ServiceCode = "1-2-3" }).Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Rejected, "9003")
	})
	t.Run("Case06_TimeThatIsOverIsExpired", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		config, deps := testConfig(s.URL), testDeps()
		deps.Clock = s.shopClock()
		c, err := New(config, deps)
		require.NoError(t, err)

		r := startRequest()
		r.Expires = noon.Add(-time.Second)
		refused, err := c.Start(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, providers.Declined, refused.Status)
		require.Equal(t, "session_expired", refused.Decline.Code)
		require.Zero(t, s.count())

		r.Expires = noon.Add(2 * time.Second)
		opened, err := c.Start(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, noon.Add(2*time.Second), opened.Redirect.Expires)
		require.Equal(t, providers.ActionRequired, sync(t, c, opened.ProviderRef).Status)
		s.wait(3 * time.Second)
		require.Equal(t, providers.Expired, sync(t, c, opened.ProviderRef).Status)
	})
	t.Run("Case07_PaidIsCapturedWithTheCommission", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		number := start(t, c).ProviderRef
		for _, word := range []string{"payed", "processed"} {
			s.set(number, func(p *shopPayment) { p.state = word })
			got := sync(t, c, number)
			require.Equal(t, providers.Captured, got.Status)
			require.Equal(t, tenge(13750), got.Captured)
			require.Equal(t, tenge(13300), got.Fee)
			require.Equal(t, word, got.RawStatus)
		}
	})
	t.Run("Case08_WrongCodeIsDeclined", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		number := start(t, c).ProviderRef
		s.set(number, func(p *shopPayment) { p.state, p.errorCode, p.errorText = "rejected", "05", "RC=05" })
		got := sync(t, c, number)
		require.Equal(t, providers.Declined, got.Status)
		require.Equal(t, "05", got.Decline.ProviderCode)
		require.True(t, got.SessionOver)
		events, _, err := c.ParseWebhook(t.Context(), providers.Notification{
			Body: []byte(`{"regPayNum":"` + number + `","amount":450,"comission":13300,"state":"rejected","errorCode":"05","errorMsg":"RC=05"}`),
		})
		require.NoError(t, err)
		require.True(t, events[0].Hint)
	})
	t.Run("Case09_WrongPasswordOfThreeDSecureIsDeclined", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		number := start(t, c).ProviderRef
		s.set(number, func(p *shopPayment) { p.state = "rejected" })
		require.Equal(t, providers.Declined, sync(t, c, number).Status)
	})
	t.Run("Case10_EachRepeatedNoticeIsAHintAndAcknowledged", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, liveBase)
		for range 3 {
			events, reply, err := c.ParseWebhook(t.Context(), providers.Notification{Body: []byte(golden(t, "notification-payment.json"))})
			require.NoError(t, err)
			require.Len(t, events, 1)
			require.Empty(t, events[0].Key, "hints are never deduplicated")
			require.Equal(t, http.StatusOK, reply.Status)
		}
	})
	t.Run("Case11_ForgedNoticeChangesNothing", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		number := start(t, c).ProviderRef
		events, _, err := c.ParseWebhook(t.Context(), providers.Notification{Body: []byte(`{"regPayNum":"` + number + `","amount":450,"comission":13300,"state":"payed"}`)})
		require.NoError(t, err)
		require.True(t, events[0].Hint)
		require.Nil(t, events[0].Result)
		require.Equal(t, providers.ActionRequired, sync(t, c, events[0].Ref.ProviderRef).Status)
	})
	t.Run("Case12_NoticeOfAnUnknownNumberIsAcknowledgedAndNamed", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		events, reply, err := c.ParseWebhook(t.Context(), providers.Notification{Body: []byte(`{"regPayNum":"999","amount":450,"comission":0,"state":"payed"}`)})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, reply.Status)
		require.Equal(t, providers.Ref{ProviderRef: "999"}, events[0].Ref, "who parks it can be told by it")
		_, err = c.Sync(t.Context(), refOf("999"))
		requireError(t, err, providers.OpSync, providers.NotFound, "9004")
	})
	t.Run("Case13_RegisteringTwiceIsOneUser", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		none, err := c.Cards(t.Context(), customer())
		require.NoError(t, err)
		require.Empty(t, none)
		first, err := c.register(t.Context(), providers.OpSaveCard, customer())
		require.NoError(t, err)
		second, err := c.register(t.Context(), providers.OpSaveCard, customer())
		require.NoError(t, err)
		require.Equal(t, first, second)
	})
	t.Run("Case14_RegisteredCardIsListed", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		session, err := c.StartCard(t.Context(), providers.CardRequest{OrderNumber: orderNumber, Customer: customer(), Amount: tenge(500)})
		require.NoError(t, err)
		require.NotEmpty(t, session.Redirect.URL)
		s.addCard("77020000000", "card-1", false)
		list, err := c.Cards(t.Context(), customer())
		require.NoError(t, err)
		require.Equal(t, []providers.SavedCard{{Ref: "card-1", Card: providers.Card{Brand: "visa", Mask: "411111xxxxxx1111"}, Active: true}}, list)
		events, reply, err := c.ParseWebhook(t.Context(), providers.Notification{Body: []byte(golden(t, "notification-card.json"))})
		require.NoError(t, err)
		require.Empty(t, events)
		require.Equal(t, http.StatusOK, reply.Status)
	})

	charge := func(t *testing.T, c *Client, card string) (providers.Result, error) {
		t.Helper()
		r := chargeRequest()
		r.CardRef = card
		return c.Charge(t.Context(), r)
	}
	t.Run("Case15_SavedCardPaysWithoutItsOwner", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		s.addCard("77020000000", "card-1", false)
		got, err := charge(t, c, "card-1")
		require.NoError(t, err)
		require.Equal(t, providers.Captured, got.Status)
		require.Equal(t, tenge(13750), got.Captured)
		require.Equal(t, 1, s.count())
	})
	t.Run("Case16_ProofIsARedirectAtCreationAndAtStatus", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		s.addCard("77020000000", "card-3ds", true)
		got, err := charge(t, c, "card-3ds")
		require.NoError(t, err)
		require.Equal(t, providers.ActionRequired, got.Status)
		require.Equal(t, &providers.Redirect{URL: s.URL + "/acs?order=" + got.ProviderRef, Method: "GET", Expires: noon.Add(time.Hour)}, got.Redirect)
		again := sync(t, c, got.ProviderRef)
		require.Equal(t, providers.ActionRequired, again.Status)
		require.Equal(t, got.Redirect.URL, again.Redirect.URL)
		s.set(got.ProviderRef, func(p *shopPayment) { p.proof, p.state = false, "payed" })
		require.Equal(t, tenge(13750), sync(t, c, got.ProviderRef).Captured)
		require.Equal(t, 1, s.count())
	})
	t.Run("Case17_DeactivatedCardIsInactiveAndCannotPay", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		s.addCard("77020000000", "card-1", false)
		for range 2 {
			require.NoError(t, c.RemoveCard(t.Context(), customer(), "card-1"))
		}
		list, err := c.Cards(t.Context(), customer())
		require.NoError(t, err)
		require.False(t, list[0].Active)
		got, err := charge(t, c, "card-1")
		require.NoError(t, err)
		require.Equal(t, providers.Declined, got.Status)
		require.Equal(t, "9002", got.Decline.ProviderCode)
		require.Zero(t, s.count())
	})
	t.Run("Case18_CardOfAnotherUserIsNotUsable", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		s.addCard("79990000000", "card-2", false)
		_, err := c.register(t.Context(), providers.OpSaveCard, customer())
		require.NoError(t, err)
		got, err := charge(t, c, "card-2")
		require.NoError(t, err)
		require.Equal(t, providers.Declined, got.Status)
		require.Equal(t, "invalid_card", got.Decline.Code)
		list, err := c.Cards(t.Context(), customer())
		require.NoError(t, err)
		require.Empty(t, list)
		require.NoError(t, c.RemoveCard(t.Context(), customer(), "card-2"))
		require.Equal(t, "active", s.cards["card-2"].state)
	})

	refund := func(t *testing.T, c *Client, number string, amount, taken int64) providers.Result {
		t.Helper()
		r := refundOf(amount, taken)
		r.Ref = refOf(number)
		got, err := c.Refund(t.Context(), r)
		require.NoError(t, err)
		return got
	}
	t.Run("Case19_PartOfItThenTheRest", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		number := start(t, c).ProviderRef
		s.set(number, paid)
		got := refund(t, c, number, 2400, 13750)
		require.Equal(t, providers.Captured, got.Status)
		require.Equal(t, tenge(11350), got.Captured)
		require.Equal(t, tenge(13750), sync(t, c, number).Captured, "the status does not tell it")
		got = refund(t, c, number, 11350, 11350)
		require.Equal(t, providers.Refunded, got.Status)
		require.Equal(t, providers.Refunded, sync(t, c, number).Status)
	})
	t.Run("Case20_RefundThatDoesNotFitIsDeclined", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		number := start(t, c).ProviderRef
		require.Equal(t, providers.Declined, refund(t, c, number, 100, 13750).Status, "it is only created")
		s.set(number, paid)
		require.Equal(t, providers.Declined, refund(t, c, number, 100, 13749).Status, "a wrong rest")
		require.Equal(t, providers.Declined, refund(t, c, number, 20000, 20000).Status, "more than there is")
		require.Equal(t, "9007", refund(t, c, number, 1, 1).Decline.ProviderCode)
		require.Equal(t, int64(13750), s.payments[number].left)
	})
	t.Run("Case21_WrongPasswordIsAuth", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t, func(c *Config) { c.SecKey = "CANARY-OTHER" })
		for _, call := range calls() {
			_, err := call.run(t.Context(), c)
			requireError(t, err, call.op, providers.Auth, "9401")
		}
	})
	t.Run("Case22_TotalAsTextIsReadAndALesserOneIsToldAsItIs", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		number := start(t, c).ProviderRef
		s.set(number, paid)
		whole := sync(t, c, number) // the total is text, and with the commission
		require.Equal(t, providers.Captured, whole.Status)
		expected, err := tenge(450).Add(whole.Fee)
		require.NoError(t, err)
		require.Equal(t, expected, whole.Captured)

		// The core makes an AMOUNT_MISMATCH of it: Case22_OneTengeLessIsAMismatch in
		// internal/billing/vendors.
		s.set(number, func(p *shopPayment) { p.total-- })
		less := sync(t, c, number)
		require.Equal(t, providers.Captured, less.Status)
		require.Equal(t, expected.Amount-1, less.Captured.Amount, "told as it is, and not as it was asked for")
	})
	t.Run("Case23_UnknownStateIsPendingAndALostCreationIsUnknown", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		number := start(t, c).ProviderRef
		s.set(number, func(p *shopPayment) { p.state = "teleported" })
		require.Equal(t, providers.Pending, sync(t, c, number).Status)

		s.down = true
		_, err := c.Start(t.Context(), fullRequest())
		requireError(t, err, providers.OpStart, providers.Unknown, "")
		require.Equal(t, 2, s.count(), "it was created, once")
		_, err = c.Sync(t.Context(), providers.Ref{OrderNumber: orderNumber})
		requireError(t, err, providers.OpSync, providers.Unsupported, "")
	})
	t.Run("Case24_CurrencyTokensPassUntouched", func(t *testing.T) {
		t.Parallel()
		s := newShop(t)
		c := s.client(t)
		for _, note := range []string{"10 _KZT_", "10 _XXX_", "10 _GPB_ or _GBP_"} {
			r := startRequest()
			r.Payer.Note = note
			opened, err := c.Start(t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, note, s.payments[opened.ProviderRef].note)
		}
	})
}

// Ten thousand amounts in every currency: what is asked for, with its commission, is what
// a status with that total agrees with, to the last minor unit.
func TestMoneyIsExact(t *testing.T) {
	t.Parallel()

	fee := Fee{FixedMinor: 37, RateBasisPoints: 275}
	for at, currency := range currencies() {
		t.Run(string(currency), func(t *testing.T) {
			t.Parallel()
			config := testConfig(liveBase)
			config.Currency, config.Commission = currency, fee
			c, err := New(config, testDeps())
			require.NoError(t, err)
			step, amount := int64(25_000_000_003+at), int64(1)
			for range 10_000 {
				request, err := c.request(order{op: providers.OpStart, number: orderNumber, amount: pay.Of(amount, currency)})
				require.NoError(t, err)
				asked, _ := parseDigits(request.Amount)
				commission, _ := parseDigits(request.Commission)
				answer := object{"state": []byte(`"payed"`), "totalAmount": fmt.Appendf(nil, `"%d"`, asked+commission)}
				result, err := c.judge(syncRef(), answer, c.config.Commission.within)
				if err != nil || asked != amount || result.Captured != pay.Of(amount+result.Fee.Amount, currency) || result.Fee.Amount != commission {
					require.FailNow(t, "not exact", "amount %d: %v %v", amount, result, err)
				}
				amount += step
			}
		})
	}
}
