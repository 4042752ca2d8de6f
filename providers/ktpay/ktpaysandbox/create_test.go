package ktpaysandbox_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/nacl/box"

	"github.com/paygraph/paygraph/providers/ktpay/ktpaysandbox"
	"github.com/paygraph/paygraph/providers/sandbox/sandboxtest"
)

func TestCreate_SealedBox(t *testing.T) {
	t.Parallel()
	const opensTo200 = http.StatusOK
	vector := []struct {
		name   string
		number int
		status int
	}{
		{"Case01_Vector0Opens", 0, opensTo200},
		{"Case01_Vector1WithCyrillicAndTengeOpens", 1, opensTo200},
		{"Case01_Vector2FlippedByteFails", 2, 422},
		{"Case01_Vector3OtherKeyFails", 3, 422},
		{"Case01_Vector4TooShortFails", 4, 422},
		{"Case01_Vector5URLSafeUnpaddedOpens", 5, opensTo200},
		{"Case01_Vector6NotBase64Fails", 6, 422},
		{"Case01_Vector7OpensAndIsNotJSON", 7, 422},
	}
	all := readVectors(t)
	for _, tt := range vector {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			a := b.Ask(http.MethodPost, paymentPath, all.Vectors[tt.number].Sealed, "Auth-Identifier", appID)
			require.Equal(t, tt.status, a.Status, a.Body)
			require.Equal(t, tt.status == 422, strings.Contains(a.Body, "4220101"))
		})
	}

	t.Run("Case01_WhatVector1SaysIsTaken", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.Ask(http.MethodPost, paymentPath, all.Vectors[1].Sealed, "Auth-Identifier", appID)
		require.Contains(t, a.Body, `"show_close_button":false`)
		hash := a.Body[strings.Index(a.Body, `"transaction_hash":"`)+20:][:40]
		page := b.Get(pagePath(hash)).Body
		for _, part := range []string{"Заказ-2", "10,50\u00a0₸", "Оплата заказа ₸ «тест»"} {
			require.Contains(t, page, part)
		}
	})

	// The box of libsodium, made of its parts: an ephemeral public key and a
	// box whose nonce is BLAKE2b of both public keys.
	t.Run("Case02_BoxMadeByLibsodiumsRuleOpens", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		public, secret, err := box.GenerateKey(rand.Reader)
		require.NoError(t, err)
		sum, err := blake2b.New(24, nil)
		require.NoError(t, err)
		_, _ = sum.Write(append(public[:], b.public[:]...))
		sealed := box.Seal(bytes.Clone(public[:]), []byte(ecom("o1")), (*[24]byte)(sum.Sum(nil)), &b.public, secret)
		a := b.Ask(http.MethodPost, paymentPath, base64.StdEncoding.EncodeToString(sealed), "Auth-Identifier", appID)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
	})

	spelling := map[string]func(string) string{
		"Blanks":        func(s string) string { return "\r\n " + s[:40] + "\n\t" + s[40:] + " \n" },
		"NoPadding":     func(s string) string { return strings.TrimRight(s, "=") },
		"URLSafePadded": func(s string) string { return strings.NewReplacer("+", "-", "/", "_").Replace(s) },
	}
	for name, spell := range spelling {
		t.Run("TakesBase64With"+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			a := b.Ask(http.MethodPost, paymentPath, spell(b.seal(ecom("o1"))), "Auth-Identifier", appID)
			require.Equal(t, http.StatusOK, a.Status, a.Body)
		})
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()

	t.Run("Case03_SampleOrderGetsAHashAndIsPending", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(readVectors(t).Vectors[0].Plaintext)
		page := b.Get(pagePath(hash))
		require.Equal(t, http.StatusOK, page.Status)
		require.Contains(t, page.Body, `id="card-form"`, "pending: it waits for a card")
		require.Equal(t, "https://widget.nplus.tech", b.pay(hash, "", "approve").ReturnURL, "an address without a scheme is https")
	})

	t.Run("Case03_ServiceIDMayBeText", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.open(`{"order":{"order_id":"1","amount":1000,"type":"service","service":{"service_id":"1","contract_value":"1111111"}}}`)
	})

	t.Run("Case05_ShowCloseButtonIsAnsweredAndIsTrueByDefault", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.Contains(t, b.send(ecom("o1")).Body, `"show_close_button":true`)
		require.Contains(t, b.send(ecom("o2", `,"show_close_button":null`)).Body, `"show_close_button":true`)
		require.Contains(t, b.send(ecom("o3", `,"show_close_button":false`)).Body, `"show_close_button":false`)
	})

	t.Run("AnOrderOfTypeEcomMayCarryAnything", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.open(ecom("o1", `,"service":"none","x":1`))
	})

	amounts := []struct {
		text  string
		tiyin int64
	}{{"1000", 100000}, {"1000.5", 100050}, {"1000.55", 100055}, {"0.29", 29}, {"10.50", 1050}, {"90071992547409.91", 9007199254740991}}
	for _, tt := range amounts {
		t.Run("Case16_TakesAmount"+tt.text, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			b.pay(b.open(`{"order":{"order_id":"o1","amount":`+tt.text+`,"type":"ecom"}}`), "", "approve")
			require.Equal(t, tt.tiyin, b.Book()[0].AmountMinor)
			require.Equal(t, tt.tiyin, b.Book()[0].CapturedMinor)
			require.Equal(t, "KZT", b.Book()[0].Currency)
		})
	}
	for _, text := range []string{"1000.555", `"1000"`, "-1", "0", "0.00", "null", "1e3", "true", "90071992547409.92", "[]"} {
		t.Run("Case16_RefusesAmount"+text, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			m := b.refused(b.send(`{"order":{"order_id":"o1","amount":`+text+`,"type":"ecom"}}`), 422, 4220002)
			require.Contains(t, m, "amount")
		})
	}

	t.Run("Case17_OrderIDIsTakenOnceByAMerchant", func(t *testing.T) {
		t.Parallel()
		accounts := ktpaysandbox.DefaultAccounts()
		other := accounts[0]
		other.AppID = strings.Repeat("a", 32)
		b := setup(t, options{ktpay: ktpaysandbox.Options{Accounts: append(accounts, other)}})
		b.open(ecom("o1"))
		require.Contains(t, b.refused(b.send(ecom("o1")), 422, 4220002), "order_id")
		require.Equal(t, 200, b.Ask(http.MethodPost, paymentPath, b.seal(ecom("o1")), "Auth-Identifier", other.AppID).Status)
	})

	t.Run("Case25_SecondSendingAfterALostAnswerMakesNoSecondTransaction", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		web := httptest.NewServer(b.Server.Handler())
		t.Cleanup(web.Close)
		post := func() (*http.Response, error) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.URL+paymentPath, strings.NewReader(b.seal(ecom("o1"))))
			require.NoError(t, err)
			r.Header.Set("Auth-Identifier", appID)
			return web.Client().Do(r)
		}
		b.Control("faults", `{"provider":"ktpay","op":"start","fault":"drop_reply","count":1}`)
		_, err := post() //nolint:bodyclose // there is none
		require.Error(t, err)
		resp, err := post()
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 422, resp.StatusCode)
	})
}

func TestCreate_Application(t *testing.T) {
	t.Parallel()

	for name, id := range map[string]string{"Unknown": strings.Repeat("0", 32), "Missing": "", "Uppercase": strings.ToUpper(appID)} {
		t.Run("Case18_"+name+"AppIDIsRefused", func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			b.refused(b.Ask(http.MethodPost, paymentPath, b.seal(ecom("o1")), "Auth-Identifier", id), 401, 4010103)
		})
	}

	t.Run("Case18_PreviousKeyWorksUntilItsTime", func(t *testing.T) {
		t.Parallel()
		now := new(sandboxtest.Clock)
		public, secret, err := box.GenerateKey(rand.Reader)
		require.NoError(t, err)
		account := ktpaysandbox.DefaultAccounts()[0]
		account.Keys = append([]ktpaysandbox.Key{{Secret: *secret}}, account.Keys...)
		account.Keys[1].Until = now.Now().Add(time.Hour)
		b := setup(t, options{clock: now, ktpay: ktpaysandbox.Options{Accounts: []ktpaysandbox.Account{account}}})
		b.open(ecom("o1"))
		now.Advance(time.Hour)
		b.refused(b.send(ecom("o2")), 422, 4220104)
		b.public = *public
		b.open(ecom("o2"))
	})
}

func TestCreate_BadInput(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})

	raw := map[string]string{
		"Empty": "", "Text": "hello world", "ShortBox": base64.StdEncoding.EncodeToString(make([]byte, 47)),
		"PlainJSON": ecom("o1"), "Huge": strings.Repeat("A", 70_000),
	}
	for name, body := range raw {
		t.Run("CannotOpen"+name, func(t *testing.T) {
			t.Parallel()
			b.refused(b.Ask(http.MethodPost, paymentPath, body, "Auth-Identifier", appID), 422, 4220101)
		})
	}

	t.Run("CannotOpenARightBoxOfMoreThan64KiB", func(t *testing.T) {
		t.Parallel()
		b.refused(b.send(ecom("big", `,"x":"`, strings.Repeat("x", 60_000), `"`)), 422, 4220101)
	})

	data := map[string]string{
		"NoJSON": "order", "Array": "[]", "Null": "null", "NoOrder": `{"user":{}}`, "OrderArray": `{"order":[]}`, "OrderNull": `{"order":null}`,
		"OtherCase": `{"Order":{}}`, "TwoValues": ecom("o1") + ecom("o2"), "NaN": `{"order":{"order_id":"1","amount":NaN,"type":"ecom"}}`,
		"NotUTF8": "{\"order\":{\"order_id\":\"\xff\",\"amount\":1,\"type\":\"ecom\"}}",
	}
	for name, text := range data {
		t.Run("NotAnOrder"+name, func(t *testing.T) {
			t.Parallel()
			b.refused(b.send(text), 422, 4220101)
		})
	}

	wrong := []struct{ name, order, field string }{
		{"OrderIDMissing", `"amount":1,"type":"ecom"`, "order_id"},
		{"OrderIDEmpty", `"order_id":"","amount":1,"type":"ecom"`, "order_id"},
		{"OrderIDNumber", `"order_id":1,"amount":1,"type":"ecom"`, "order_id"},
		{"OrderIDLong", `"order_id":"` + strings.Repeat("я", 256) + `","amount":1,"type":"ecom"`, "order_id"},
		{"AmountMissing", `"order_id":"1","type":"ecom"`, "amount"},
		{"TypeMissing", `"order_id":"1","amount":1`, "type"},
		{"TypeUnknown", `"order_id":"1","amount":1,"type":"gift"`, "type"},
		{"ServiceMissing", `"order_id":"1","amount":1,"type":"service"`, "service"},
		{"ServiceWithoutID", `"order_id":"1","amount":1,"type":"service","service":{"contract_value":"1"}`, "service.service_id"},
		{"ServiceUnknown", `"order_id":"1","amount":1,"type":"service","service":{"service_id":77,"contract_value":"1"}`, "service.service_id"},
		{"ContractMissing", `"order_id":"1","amount":1,"type":"service","service":{"service_id":1}`, "service.contract_value"},
		{"ContractNumber", `"order_id":"1","amount":1,"type":"service","service":{"service_id":1,"contract_value":12}`, "service.contract_value"},
		{"DescriptionNumber", `"order_id":"1","amount":1,"type":"ecom","description":1`, "description"},
		{"ShowCloseText", `"order_id":"1","amount":1,"type":"ecom","show_close_button":"false"`, "show_close_button"},
		{"ScriptURL", `"order_id":"1","amount":1,"type":"ecom","callback_back_url":"javascript://x/%0aalert(1)"`, "callback_back_url"},
		{"URLNumber", `"order_id":"1","amount":1,"type":"ecom","callback_post_url":1`, "callback_post_url"},
	}
	for _, tt := range wrong {
		t.Run("Refuses"+tt.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, b.refused(b.send(`{"order":{`+tt.order+`}}`), 422, 4220002), tt.field)
		})
	}

	t.Run("NamesEveryWrongField", func(t *testing.T) {
		t.Parallel()
		m := b.refused(b.send(`{"order":{"order_id":1,"amount":"1","type":"x"}}`), 422, 4220002)
		require.Len(t, m, 4, "three fields and the whole")
	})

	t.Run("OnlyPOST", func(t *testing.T) {
		t.Parallel()
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			require.Equal(t, 405, b.Ask(method, paymentPath, "", "Auth-Identifier", appID).Status)
		}
	})

	for _, code := range []int{5000001, 5000105, 5000106, 5000107, 4220102} {
		t.Run(fmt.Sprint("CanBeAskedFor", code), func(t *testing.T) {
			t.Parallel()
			b.refused(b.Ask(http.MethodPost, paymentPath, b.seal(ecom("o1")), "Auth-Identifier", appID, "X-Sandbox-Error", fmt.Sprint(code)), code/10_000, code)
		})
	}
}

func TestCreate_Origin(t *testing.T) {
	t.Parallel()
	account := ktpaysandbox.DefaultAccounts()[0]
	account.Origins = []string{"https://shop.example", "http://localhost:*"}
	b := setup(t, options{ktpay: ktpaysandbox.Options{Accounts: []ktpaysandbox.Account{account}}})
	preflight := func(origin string) answer {
		return b.Ask(http.MethodOptions, paymentPath, "", "Origin", origin,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "auth-identifier,content-type")
	}

	for _, origin := range []string{"https://shop.example", "http://localhost:8080", "http://localhost"} {
		t.Run("Case19_TrustedDomainMayPost "+origin, func(t *testing.T) {
			t.Parallel()
			a := preflight(origin)
			require.Equal(t, http.StatusNoContent, a.Status)
			require.Equal(t, origin, a.Header.Get("Access-Control-Allow-Origin"))
			require.Equal(t, "POST", a.Header.Get("Access-Control-Allow-Methods"))
			require.Equal(t, "auth-identifier, content-type", a.Header.Get("Access-Control-Allow-Headers"))
			require.Equal(t, "true", a.Header.Get("Access-Control-Allow-Credentials"))
			require.Equal(t, "Origin", a.Header.Get("Vary"))
			a = b.Ask(http.MethodPost, paymentPath, b.seal(ecom(origin)), "Auth-Identifier", appID, "Origin", origin)
			require.Equal(t, http.StatusOK, a.Status)
			require.Equal(t, origin, a.Header.Get("Access-Control-Allow-Origin"))
		})
	}

	for _, origin := range []string{
		"https://evil.example", "http://shop.example", "https://shop.example:444", "https://shop.example.evil.example", "https://localhost:8080",
		"http://localhost.evil.example:80", "http://localhost:8080/x", "null", "http://a@localhost:80",
	} {
		t.Run("Case19_OtherDomainMayNot "+origin, func(t *testing.T) {
			t.Parallel()
			a := preflight(origin)
			require.Equal(t, http.StatusForbidden, a.Status)
			require.Empty(t, a.Header.Get("Access-Control-Allow-Origin"))
			a = b.Ask(http.MethodPost, paymentPath, b.seal(ecom(origin)), "Auth-Identifier", appID, "Origin", origin)
			require.Empty(t, a.Header.Get("Access-Control-Allow-Origin"))
			b.refused(a, 401, 4010103)
		})
	}

	t.Run("NoFaultStrikesAPreflight", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.Control("faults", `{"provider":"ktpay","op":"start","fault":"http_500"}`)
		require.Equal(t, http.StatusNoContent, b.Ask(http.MethodOptions, paymentPath, "", "Origin", "http://localhost:1").Status)
		require.Equal(t, http.StatusInternalServerError, b.send(ecom("o1")).Status)
	})
}
