package bisyssandbox_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/bisys/bisyssandbox"
)

func TestAnonymous(t *testing.T) {
	t.Parallel()

	t.Run("Case01_SeedBodyOpensAPayment", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		out := b.must(anonymousPath, fixture(t, "anonymous.json"))
		require.Len(t, out, 4)
		require.Regexp(t, `^\d{11}$`, out["regPayNum"])
		require.Equal(t, "GET", out["methodType"])
		require.Regexp(t, `^`+b.URL+`/bisys/cardpay/card\?order=[0-9a-f-]{36}$`, out["payUrl"])
		require.NotEmpty(t, out["userToken"])
		o := b.opened(out)
		require.Equal(t, body{
			"state": "created", "totalAmount": 13750.0, "createdDate": "2026-11-21 12:00:00", "providerServCode": "109-5804-1",
			"providerName": "Sandbox Shop", "errorCode": nil, "error": nil, "message": nil, "provisionServices": false, "procDate": nil,
		}, b.status(o.num))
		require.Empty(t, b.Book(), "nothing is taken yet")
	})

	t.Run("Case02_AmountsAsTextAreTheSame", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.InDelta(t, 13750, b.status(b.anonymous("amount", "450", "comission", "13300").num)["totalAmount"], 0)
	})

	for _, field := range []string{"serviceCode", "amount", "comission", "properties"} {
		t.Run("Case03_NamesTheMissing_"+field, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			out := b.refused(anonymousPath, with(fixture(t, "anonymous.json"), field, nil), 9005)
			require.Equal(t, "ValidationException: "+field, out["message"])
		})
	}

	for name, amount := range map[string]any{"Zero": 0, "Negative": -1, "Fraction": 1.5, "Word": "abc", "Signed": "+450", "Empty": "", "List": []int{450}, "Huge": "1000000000000000"} {
		t.Run("Case04_RefusesAmount"+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			require.Equal(t, "ValidationException: amount", b.refused(anonymousPath, with(fixture(t, "anonymous.json"), "amount", amount), 9005)["message"])
		})
	}

	t.Run("Case04_ComissionZeroIsTaken", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.InDelta(t, 450, b.status(b.anonymous("comission", 0).num)["totalAmount"], 0)
		b.refused(anonymousPath, with(fixture(t, "anonymous.json"), "comission", -1), 9005)
	})

	t.Run("Case05_UnknownService", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.refused(anonymousPath, with(fixture(t, "anonymous.json"), "serviceCode", "109-5804-2"), 9003)
		b.refused(anonymousPath, with(fixture(t, "anonymous.json"), "serviceCode", "service"), 9005)
	})

	t.Run("Case06_LateOrderIsRefused", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.refused(anonymousPath, with(fixture(t, "anonymous.json"), "orderBestBefore", b.clock.Now().Unix()-1), 9006)
		b.refused(anonymousPath, with(fixture(t, "anonymous.json"), "orderBestBefore", b.clock.Now().Unix()), 9006)
	})

	t.Run("Case06_PayingLateFails", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		until := b.clock.Now().Unix() + 2
		early, late := b.anonymous("orderBestBefore", until), b.anonymous("orderBestBefore", strconv.FormatInt(until, 10))
		b.clock.Advance(2*time.Second - time.Microsecond)
		require.Equal(t, "payed", b.Pay(early.url, "", "").State)
		b.clock.Advance(time.Second)
		require.Equal(t, "1004", b.Pay(late.url, "", "").ErrCode)
		require.Equal(t, "rejected", b.state(late.num))
		require.Equal(t, http.StatusSeeOther, b.submit(late).Status)
		require.Len(t, b.Book(), 1)
	})

	wrong := []struct {
		name  string
		field string
		value any
	}{
		{"PayType", "payType", "bitcoin"},
		{"ClientType", "clientType", "tv"},
		{"UserPhone", "userPhone", "+79020000000"},
		{"UserEmail", "userEmail", "ana"},
		{"OrderBestBefore", "orderBestBefore", "tomorrow"},
		{"PropertiesNotAList", "properties", "x"},
		{"PropertiesWithoutName", "properties", []body{{"value": "1"}}},
		{"OrderNote", "orderNote", []string{"x"}},
		{"OrderItems", "orderItems", []body{{"name": "a", "price": "a lot"}}},
		{"HoldTtlShort", "holdTtl", 599},
		{"HoldTtlLong", "holdTtl", 345601},
		{"CbUrl", "cbUrl", "javascript:alert(1)"},
		{"SuccessUrl", "successUrl", "/back"},
	}
	for _, tt := range wrong {
		t.Run("Refuses"+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			out := b.refused(anonymousPath, with(fixture(t, "anonymous.json"), tt.field, tt.value), 9005)
			require.Equal(t, "ValidationException: "+tt.field, out["message"])
		})
	}

	t.Run("NullsAndUnknownMembersAreIgnored", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		in := fixture(t, "anonymous.json")
		in["orderNote"], in["needRegCard"], in["surprise"], in["properties"] = nil, "false", body{"a": 1}, []body{}
		b.must(anonymousPath, in)
	})
}

func TestCommands(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	login := []string{"Authorization", "Basic c2FuZGJveC1zaG9wOnNhbmRib3gta2V5", "Content-Type", "application/json; charset=utf-8"}

	paths := []string{
		"/do/payment/anonymous", "/do/payment", "/check/payment/state", "/payment/refund", "/user/registration", "/user/status",
		"/card/registration", "/ver3/get/cards", "/ver2/get/cards", "/get/cards", "/card/deactivation", "/card/deactivation/",
		"/provision-services/confirm", "/provision-services/refund",
	}
	for _, base := range []string{"", "/api-shop", "/rs/shop", "/api-shop/rs/shop"} {
		for _, p := range paths {
			t.Run("Alias"+base+p, func(t *testing.T) {
				t.Parallel()
				a := b.Ask("POST", "/bisys"+base+p, "{}", login...)
				require.Equal(t, http.StatusBadRequest, a.Status)
				require.Contains(t, a.Body, `"code":9005`, "it is there and misses a field")
			})
		}
	}

	t.Run("OnlyPost", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, http.StatusMethodNotAllowed, b.Ask("GET", "/bisys/do/payment", "", login...).Status)
	})

	for name, text := range map[string]string{"Nothing": "", "Null": "null", "List": "[]", "SingleQuotes": "{'regPayNum':'1'}", "TwoObjects": "{}{}", "NotUTF8": "{\"regPayNum\":\"\xff\"}"} {
		t.Run("RefusesBody"+name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, b.Ask("POST", "/bisys/check/payment/state", text, login...).Body, "ValidationException: body")
		})
	}

	t.Run("OnlyJSON", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, b.Ask("POST", "/bisys/check/payment/state", "{}", login[0], login[1], "Content-Type", "text/plain").Body, "ValidationException: Content-Type")
	})
}

func TestStatus(t *testing.T) {
	t.Parallel()

	t.Run("Case22_NumbersAsText", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{bisys: bisyssandbox.Options{TextNumbers: true}})
		s := b.status(b.anonymous().num)
		require.Equal(t, "13750", s["totalAmount"])
		require.Equal(t, "false", s["provisionServices"])
	})

	t.Run("Case22_WrongAmountShowsInTheTotal", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.listen()
		require.Equal(t, http.StatusOK, b.Control("faults", `{"provider":"bisys","op":"charge","fault":"wrong_amount"}`).Status)
		o := b.anonymous()
		require.Equal(t, "payed", b.Pay(o.url, "", "").State)
		require.InDelta(t, 13650, b.status(o.num)["totalAmount"], 0)
		require.Equal(t, int64(13650), b.entry(o.num).CapturedMinor)
		require.Equal(t, int64(13750), b.entry(o.num).AmountMinor)
		require.Equal(t, "350", b.next().body["amount"])
	})

	t.Run("UnknownPayment", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.refused(statusPath, body{"regPayNum": "1310958041"}, 9004)
		b.refused(statusPath, body{}, 9005)
	})

	t.Run("AnotherShopsPaymentIsUnknown", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{bisys: bisyssandbox.Options{Accounts: append(bisyssandbox.DefaultAccounts(), bisyssandbox.Account{ShopToken: "other", SecKey: "k"})}})
		o := b.anonymous()
		b.token, b.key = "other", "k"
		b.refused(statusPath, body{"regPayNum": o.num}, 9004)
		b.refused(refundPath, body{"regPayNum": o.num, "note": "n", "refundAmount": 1, "remainingAmount": 1}, 9004)
	})
}
