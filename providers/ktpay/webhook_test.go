package ktpay

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// notice writes a notification; status is the object of that name.
func notice(amount, status string) string {
	return fmt.Sprintf(`{"merchant_id":1,"order_id":%q,"description":"d","amount":%s,"transaction_hash":%q,"created_at":"2026-11-21T12:00:00+05:00","updated_at":null,"status":%s}`,
		orderNumber, amount, sampleHash, status)
}

// ended writes the status of a notification.
func ended(state string) string {
	return fmt.Sprintf(`{"status":%q,"created_at":"2026-11-21T12:00:16+05:00","updated_at":null,"error":null}`, state)
}

// failed writes the status of one that ended without money.
func failed(state, kind, text string) string {
	return fmt.Sprintf(`{"status":%q,"created_at":"2026-11-21T12:00:16+05:00","updated_at":null,"error":{"error_type":%q,"error_message":%q}}`, state, kind, text)
}

// came is a notification at the address of the order that the tests are about.
func came(body string) providers.Notification {
	return providers.Notification{Body: []byte(body), Order: &providers.Ref{OrderNumber: orderNumber, ProviderRef: sampleHash}}
}

// parse reads a notification that is good.
func parse(t *testing.T, c *Client, n providers.Notification) providers.Event {
	t.Helper()
	events, reply, err := c.ParseWebhook(t.Context(), n)
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Equal(t, providers.Reply{Status: http.StatusOK, ContentType: "application/json", Body: []byte(`{"status":"ok"}`)}, reply)
	return events[0]
}

func TestClient_ParseWebhook(t *testing.T) {
	t.Parallel()

	at := time.Date(2019, 2, 5, 8, 23, 9, 0, time.UTC)
	c := newClient(t, "http://127.0.0.1", func(c *Config) { c.MerchantID = 1 })

	t.Run("Case06_CompletedIsCaptured", func(t *testing.T) {
		t.Parallel()
		n := providers.Notification{Body: golden(t, "notification-completed.json"), Order: &providers.Ref{OrderNumber: "1", ProviderRef: sampleHash}}
		require.Equal(t, providers.Event{
			Key: sampleHash + "/completed", Kind: "completed", Ref: providers.Ref{OrderNumber: "1", ProviderRef: sampleHash}, At: at,
			Result: &providers.Result{
				Status: providers.Captured, ProviderRef: sampleHash, RawStatus: "completed",
				Captured: pay.Of(100000, pay.KZT), Authorized: pay.Of(0, pay.KZT), At: at,
			},
		}, parse(t, c, n))
	})
	t.Run("ErrorIsDeclined", func(t *testing.T) {
		t.Parallel()
		n := providers.Notification{Body: golden(t, "notification-error.json"), Order: &providers.Ref{OrderNumber: "1", ProviderRef: sampleHash}}
		require.Equal(t, &providers.Result{
			Status: providers.Declined, ProviderRef: sampleHash, RawStatus: "error: KKB rejected payment", SessionOver: true, At: at,
			Decline: &providers.Decline{Code: "declined", ProviderCode: "ERROR_PAYMENT", Message: sayDeclined, Retry: pay.RetryOtherMethod},
		}, parse(t, c, n).Result)
	})
	t.Run("Case10_StatesThatAreNotFinal", func(t *testing.T) {
		t.Parallel()
		for state, want := range map[string]providers.Status{
			"pending": providers.Pending, "authorized": providers.Pending, "success": providers.Captured,
			"refunded": providers.Pending, "completed_maybe": providers.Pending,
		} {
			event := parse(t, c, came(notice("1000", ended(state))))
			require.Equal(t, want, event.Result.Status, state)
			require.Equal(t, sampleHash+"/"+state, event.Key)
			require.Equal(t, state, event.Kind)
			require.False(t, event.Hint)
			require.Nil(t, event.Result.TestMode)
		}
	})
	t.Run("WordsInCapitalsAreTheSame", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, sampleHash+"/completed", parse(t, c, came(notice("1000", ended(" Completed ")))).Key)
	})
	t.Run("UnknownWordIsFitForAKey", func(t *testing.T) {
		t.Parallel()
		event := parse(t, c, came(notice("null", ended("Частично/"+strings.Repeat("x", 90)))))
		require.Equal(t, sampleHash+"/частично_"+strings.Repeat("x", 31), event.Key)
		require.Equal(t, providers.Pending, event.Result.Status)
	})
	t.Run("HashIsLearntWhenTheOpeningIsInDoubt", func(t *testing.T) {
		t.Parallel()
		n := came(notice("1000", ended("completed")))
		n.Order.ProviderRef = ""
		require.Equal(t, sampleHash, parse(t, c, n).Ref.ProviderRef)
	})
	t.Run("Case14_RepetitionIsTheSameEvent", func(t *testing.T) {
		t.Parallel()
		first := parse(t, c, came(notice("1000", ended("completed"))))
		again := parse(t, c, came(notice("1000", ended("completed"))))
		require.Equal(t, first, again)
		require.Equal(t, sampleHash+"/completed", again.Key)
	})
	// That the core keeps the first and opens a case is Case22 in internal/billing/vendors.
	t.Run("Case22_DeniedAfterCompletedIsAnotherEventOfItsOwnTime", func(t *testing.T) {
		t.Parallel()
		completed := parse(t, c, came(notice("1000", ended("completed"))))
		denied := parse(t, c, came(notice("1000", strings.Replace(failed("denied", "ERROR_SYSTEM", ""), "12:00:16", "12:00:17", 1))))
		require.NotEqual(t, completed.Key, denied.Key)
		require.True(t, denied.Result.At.After(completed.Result.At))
		require.Equal(t, providers.Declined, denied.Result.Status)
		require.Zero(t, denied.Result.Captured)
	})
	t.Run("Case16_AmountIsReadExactly", func(t *testing.T) {
		t.Parallel()
		for wire, minor := range map[string]int64{"1000": 100000, "1000.5": 100050, "1000.55": 100055, "0.29": 29, "1000.00": 100000} {
			require.Equal(t, pay.Of(minor, pay.KZT), parse(t, c, came(notice(wire, ended("completed")))).Result.Captured)
		}
	})
	t.Run("Case21_WrongAmountIsToldAsItIs", func(t *testing.T) {
		t.Parallel()
		event := parse(t, c, came(notice("999", ended("completed"))))
		require.Equal(t, providers.Captured, event.Result.Status)
		require.Equal(t, pay.Of(99900, pay.KZT), event.Result.Captured)
	})
	t.Run("Case11_ReplyIsTheOneThatEndsTheRepetitions", func(t *testing.T) {
		t.Parallel()
		for _, state := range []string{"pending", "authorized", "success", "completed", "error", "denied", "something_new"} {
			_, reply, err := c.ParseWebhook(t.Context(), came(notice("1000", ended(state))))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, reply.Status)
			require.Equal(t, "application/json", reply.ContentType)
			require.JSONEq(t, `{"status":"ok"}`, string(reply.Body))
		}
	})
	t.Run("TimeThatMakesNoSenseIsNotTold", func(t *testing.T) {
		t.Parallel()
		for _, raw := range []string{`null`, `7`, `"yesterday"`, `"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59-05:00"`} {
			event := parse(t, c, came(notice("1000", `{"status":"completed","created_at":`+raw+`}`)))
			require.True(t, event.Result.At.IsZero(), raw)
		}
	})
}

func TestClient_ParseWebhook_Declines(t *testing.T) {
	t.Parallel()

	c := newClient(t, "http://127.0.0.1")
	tests := []struct{ name, status, raw, code, theirs string }{
		{"Case09_AcquirersCodeIsFoundInTheMessage", failed("error", "ERROR_PAYMENT", "KKB rejected payment (51)"), "error: KKB rejected payment (51)", "insufficient_funds", "51"},
		{"Case09_MessageMayBeTheCode", failed("error", "ERROR_PAYMENT", "−19"), "error: −19", "authentication_failed", "-19"},
		{"Case08_ServiceRefuses", failed("denied", "ERROR_SYSTEM", "Биллер отказал"), "denied: Биллер отказал", "processing_error", "ERROR_SYSTEM"},
		{"WhileTheCardIsTypedIn", failed("error", "ERROR_INPUT", ""), "error", "invalid_card", "ERROR_INPUT"},
		{"TwoNumbersAreNoCode", failed("error", "ERROR_PAYMENT", "51 of 05"), "error: 51 of 05", "declined", "ERROR_PAYMENT"},
		{"NumberThatIsNoCode", failed("denied", "ERROR_PAYMENT", "after 3 tries"), "denied: after 3 tries", "declined", "ERROR_PAYMENT"},
		{"TypeToCome", failed("error", "ERROR_NEW", "x"), "error: x", "declined", "ERROR_NEW"},
		{"TypeThatIsNoWord", failed("error", "<b>", "x"), "error: x", "declined", ""},
		{"NoError", ended("denied"), "denied", "declined", ""},
		{"ErrorIsAnEmptyList", `{"status":"error","error":[]}`, "error", "declined", ""},
		{"ErrorOfOtherTypes", `{"status":"error","error":{"error_type":1,"error_message":{}}}`, "error", "declined", ""},
		{"TextIsOneLine", `{"status":"error","error":{"error_type":"ERROR_PAYMENT","error_message":"a\n\u202eb\u0000c"}}`, "error: a b c", "declined", "ERROR_PAYMENT"},
		{"TextMayNotHoldACard", failed("error", "ERROR_PAYMENT", "card 4111 1111-1111 1111"), "error", "declined", "ERROR_PAYMENT"},
		{"TextHasAnEnd", failed("error", "ERROR_PAYMENT", strings.Repeat("ы", 200)), "error: " + strings.Repeat("ы", 119) + "…", "declined", "ERROR_PAYMENT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			result := parse(t, c, came(notice("1000", tt.status))).Result
			require.Equal(t, providers.Declined, result.Status)
			require.True(t, result.SessionOver)
			require.Equal(t, tt.raw, result.RawStatus)
			require.Equal(t, tt.code, result.Decline.Code)
			require.Equal(t, tt.theirs, result.Decline.ProviderCode)
			require.NotContains(t, result.Decline.Message, "KKB")
		})
	}
}

func TestClient_ParseWebhook_Refused(t *testing.T) {
	t.Parallel()

	good := notice("1000", ended("completed"))
	with := func(old, replacement string) func() providers.Notification {
		return func() providers.Notification { return came(strings.Replace(good, old, replacement, 1)) }
	}
	body := func(text string) func() providers.Notification {
		return func() providers.Notification { return came(text) }
	}
	const auth, malformed = providers.Auth, providers.Malformed
	tests := []struct {
		name string
		n    func() providers.Notification
		kind providers.Kind
	}{
		{"Case21_AccountsOwnAddressProvesNothing", func() providers.Notification { return providers.Notification{Body: []byte(good)} }, auth},
		{"Case21_OtherTransaction", with(sampleHash, strings.Repeat("a", 40)), auth},
		{"OtherOrder", with(orderNumber, "CANARY"), auth},
		{"OrderThatWeDoNotName", func() providers.Notification {
			n := came(good)
			n.Order.OrderNumber = ""
			return n
		}, auth},
		{"OtherMerchant", with(`"merchant_id":1,`, `"merchant_id":2,`), auth},
		{"NoMerchant", with(`"merchant_id":1,`, ``), auth},
		{"MerchantIsNull", with(`"merchant_id":1,`, `"merchant_id":null,`), auth},
		{"NoOrder", with(orderNumber, ""), malformed},
		{"OrderIsANumber", with(`"`+orderNumber+`"`, "1"), malformed},
		{"NoHash", with(sampleHash, ""), malformed},
		{"HashIsNone", with(sampleHash, "CANARY"), malformed},
		{"HashInCapitals", with(sampleHash, strings.ToUpper(sampleHash)), malformed},
		{"NoState", with("completed", " "), malformed},
		{"StatusIsAWord", body(notice("1000", `"completed"`)), malformed},
		{"StatusIsNull", body(notice("1000", `null`)), malformed},
		{"NoAmount", body(notice("null", ended("completed"))), malformed},
		{"NoAmountOfMoneyThatIsOnItsWay", body(notice("null", ended("success"))), malformed},
		{"AmountOfNothing", body(notice("0", ended("completed"))), malformed},
		{"AmountIsNegative", body(notice("-1000", ended("completed"))), malformed},
		{"AmountHasThreeDigits", body(notice("1000.555", ended("completed"))), malformed},
		{"AmountHasAnExponent", body(notice("1e3", ended("completed"))), malformed},
		{"Empty", body(""), malformed},
		{"List", body("[" + good + "]"), malformed},
		{"Null", body("null"), malformed},
		{"Form", body("order_id=1&status=completed"), malformed},
		{"HTML", body("<html>CANARY</html>"), malformed},
		{"Cut", body(good[:len(good)-1]), malformed},
		{"Twice", body(good + good), malformed},
		{"TooLong", body(good + strings.Repeat(" ", 64<<10)), malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, "http://127.0.0.1", func(c *Config) { c.MerchantID = 1 })
			events, reply, err := c.ParseWebhook(t.Context(), tt.n())
			requireError(t, err, providers.OpWebhook, tt.kind, "")
			require.Empty(t, events)
			require.Zero(t, reply)
		})
	}

	t.Run("MerchantIsNotAskedForWhenNotConfigured", func(t *testing.T) {
		t.Parallel()
		parse(t, newClient(t, "http://127.0.0.1"), with(`"merchant_id":1,`, ``)())
	})
	t.Run("MerchantMayStandInQuotes", func(t *testing.T) {
		t.Parallel()
		parse(t, newClient(t, "http://127.0.0.1", func(c *Config) { c.MerchantID = 1 }), with(`"merchant_id":1,`, `"merchant_id":"1",`)())
	})
}

// Whatever is posted, an event is about the order of the address, its result can be
// stored, and money has an exact positive amount.
func FuzzParseWebhook(f *testing.F) {
	for _, body := range []string{
		notice("1000", ended("completed")), notice("0.29", ended("success")), notice(`"5"`, ended("authorized")),
		notice("1000", failed("error", "ERROR_PAYMENT", "KKB rejected payment (51)")), notice("1e3", ended("completed")),
		`{}`, `[]`, `null`, notice("1000", `{"status":"completed","created_at":"9999-12-31T23:59:59-05:00"}`),
	} {
		f.Add([]byte(body), true)
		f.Add([]byte(body), false)
	}
	c, err := New(Config{AppID: testAppID, AppKey: readSamples(f).Public, TestMode: true}, testDeps())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body []byte, hashKnown bool) {
		n := came(string(body))
		if !hashKnown {
			n.Order.ProviderRef = ""
		}
		events, reply, err := c.ParseWebhook(t.Context(), n)
		if err != nil {
			require.Contains(t, []providers.Kind{providers.Auth, providers.Malformed}, providers.KindOf(err))
			require.Empty(t, events)
			return
		}
		require.JSONEq(t, `{"status":"ok"}`, string(reply.Body))
		require.Len(t, events, 1)
		event := events[0]
		require.Equal(t, orderNumber, event.Ref.OrderNumber)
		require.True(t, isHash(event.Ref.ProviderRef))
		require.Equal(t, event.Ref.ProviderRef+"/"+event.Kind, event.Key)
		require.Equal(t, event.Result.Status == providers.Captured, event.Result.Captured.Amount > 0)
		require.LessOrEqual(t, event.Result.Captured.Amount, int64(pay.MaxAmount))
		_, err = json.Marshal(event.Result)
		require.NoError(t, err)
	})
}
