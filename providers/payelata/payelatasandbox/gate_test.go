package payelatasandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/payelata/payelatasandbox"
)

const emptySale = `{"data":{"type":"sale-operation","attributes":{}}}`

func (b *bench) sale(authorization string) answer {
	b.Helper()
	return b.request("POST", "/cardgate/payment/sale", authorization, emptySale)
}

// instant is an invoice of c1's that waits for its sale, and the token of that.
func (b *bench) instant(ref, token string) (invoice, string) {
	b.Helper()
	i := b.made(order(ref, withCustomer("c1", attrs{"token": token, "gateway_options": cardGate("instant")})))
	require.Equal(b, "process_pending", i.Attributes.Status)
	_, _, gate := b.flow(i)
	return i, gate
}

func TestSale(t *testing.T) {
	t.Parallel()

	t.Run("Case02_GateTokenIsASignedJWTOfTheInvoice", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i, gate := b.instant("o1", b.token("c1"))
		_, sid, _ := b.flow(i)
		part := strings.Split(gate, ".")
		require.Len(t, part, 3)
		require.Equal(t, "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzUxMiJ9", part[0], "as in the vendor's sample: typ JWT, alg RS512")
		claims, err := base64.RawURLEncoding.DecodeString(part[1])
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(claims), `{"sid":"`+sid+`"`), string(claims))
		var read struct {
			Exp int64 `json:"exp"`
		}
		require.NoError(t, json.Unmarshal(claims, &read))
		require.Greater(t, read.Exp, b.clock.Now().Unix())

		changed := "A"
		if strings.HasPrefix(part[2], changed) {
			changed = "B"
		}
		b.problems(b.sale(bearer(part[0]+"."+part[1]+"."+changed+part[2][1:])), http.StatusUnauthorized)
		require.Equal(t, "process_pending", b.get(i.ID).Attributes.Status)
	})

	t.Run("Case10_TokenOfAnotherCustomerOrOfNobodyIsRefused", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		token := b.token("c1")
		b.points(b.create(order("o1", withCustomer("c2", attrs{"token": token}))), "token")
		b.points(b.create(order("o1", withCustomer("c1", attrs{"token": token + "x"}))), "token")
		b.points(b.create(order("o1", attrs{"token": token})), "customer/reference_id")
		foreign := b.encode(attrs{"data": attrs{"type": "payment-invoices", "attributes": order("o1", withCustomer("c1", attrs{"token": token}))}})
		b.points(b.request("POST", "/api/payment-invoices", basic("other-account", "sk_test_other"), foreign), "token")
		require.Equal(t, 1, b.count())
	})

	t.Run("Case11_SaleChargesTheSavedCardWithoutAPayer", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i, gate := b.instant("o1", b.token("c1"))
		a := b.sale(bearer(gate))
		require.Equal(t, http.StatusCreated, a.Status, a.Body)
		require.Contains(t, a.Body, `"auth_payload":null`)
		i = b.get(i.ID)
		require.Equal(t, "processed", i.Attributes.Status)
		require.Equal(t, "100", i.Attributes.ProcessedAmount.String())
		require.Equal(t, "[]", string(i.Attributes.FlowData), "nowhere to go any more")
		require.Empty(t, i.Attributes.Payload.Token, "tokenize was not asked")
	})

	t.Run("Case11_SaleAsksNo3DSecureOfACardThatHasIt", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		saved := b.made(order("o1", withCustomer("c1", attrs{"gateway_options": cardGate("tokenize")})))
		require.Equal(t, "processed", b.pay(saved, asksCard, "approve").State)
		i, gate := b.instant("o2", b.get(saved.ID).Attributes.Payload.Token)
		require.Equal(t, http.StatusCreated, b.sale(bearer(gate)).Status)
		require.Equal(t, "processed", b.get(i.ID).Attributes.Status)
	})

	t.Run("SaleOfACardWhoseBankWantsItsOwnerAsksFor3DSecure", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		token := b.token("c1")
		require.Equal(t, http.StatusOK, b.Control("cards", `{"provider":"payelata","customer":"c1","action":"refuse","code":"auth_3ds_required"}`).Status)
		i, gate := b.instant("o1", token)
		a := b.sale(bearer(gate))
		require.Equal(t, http.StatusCreated, a.Status, a.Body)
		page := regexp.MustCompile(`"auth_payload":\{"action":"[^"]*(/payelata/cardgate/acs/[^"]+)","method":"GET"`).FindStringSubmatch(strings.ReplaceAll(a.Body, `\/`, "/"))
		require.NotNil(t, page, a.Body)
		waiting := b.get(i.ID).Attributes
		require.Equal(t, []string{"process_pending", "auth_3ds_required"}, []string{waiting.Status, waiting.Resolution})
		b.Post(page[1], "answer", "confirm")
		require.Equal(t, "processed", b.get(i.ID).Attributes.Status)
	})

	t.Run("Case11_SaleNeverSentWaitsAndExpires", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{payelata: payelatasandbox.Options{Lifetime: time.Minute}})
		i, gate := b.instant("o1", b.token("c1"))
		b.clock.Advance(time.Minute - time.Second)
		require.Equal(t, "process_pending", b.get(i.ID).Attributes.Status)
		b.clock.Advance(time.Second)
		require.Equal(t, "expired", b.get(i.ID).Attributes.Status)
		b.problems(b.sale(bearer(gate)), http.StatusUnauthorized)
		require.Len(t, b.Book(), 1, "only the payment that saved the card")
	})

	t.Run("Case12_WhatIsNoTokenOfTheInvoiceIs401", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i, gate := b.instant("o1", b.token("c1"))
		other := b.made(order("o2", nil))
		_, _, plain := b.flow(other)
		own, foreign := strings.Split(gate, "."), strings.Split(plain, ".")
		elsewhere := setup(t, options{})
		_, _, stranger := elsewhere.flow(elsewhere.made(order("o1", nil)))
		for _, authorization := range []string{
			"", gate, basic("sandbox-account", "sk_test_sandbox"), bearer("sk_test_sandbox"),
			bearer(plain), // another invoice's, which has no card to charge
			bearer(own[0] + "." + own[1] + "." + foreign[2]),
			bearer(stranger),
			bearer(base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + own[1] + "."),
		} {
			b.problems(b.sale(authorization), http.StatusUnauthorized)
		}
		require.Equal(t, "process_pending", b.get(i.ID).Attributes.Status)
		require.Equal(t, "process_pending", b.get(other.ID).Attributes.Status)
	})

	t.Run("Case12_TokenThatExpiredIs401AndOneThatHasNotSells", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{payelata: payelatasandbox.Options{Lifetime: time.Minute}})
		card := b.token("c1")
		first, early := b.instant("o1", card)
		second, late := b.instant("o2", card)
		b.clock.Advance(time.Minute - time.Second)
		require.Equal(t, http.StatusCreated, b.sale(bearer(early)).Status, "a second before its exp")
		b.clock.Advance(time.Second)
		codes, _ := b.problems(b.sale(bearer(late)), http.StatusUnauthorized)
		require.Equal(t, []string{"unauthorized"}, codes, "it is the token that is refused, before its invoice is looked at")
		require.Equal(t, "processed", b.get(first.ID).Attributes.Status)
		require.Equal(t, "expired", b.get(second.ID).Attributes.Status)
		require.Len(t, b.Book(), 2, "the payment that saved the card, and one sale")
	})

	t.Run("Case12_SecondSaleIsRefusedAndChargesOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		_, gate := b.instant("o1", b.token("c1"))
		require.Equal(t, http.StatusCreated, b.sale(bearer(gate)).Status)
		codes, _ := b.problems(b.sale(bearer(gate)), http.StatusUnprocessableEntity)
		require.Equal(t, []string{"already_processed"}, codes)
		require.Equal(t, 1, b.Book()[1].Captures)
	})

	t.Run("SaleWithoutItsTypeIsRefused", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		_, gate := b.instant("o1", b.token("c1"))
		b.problems(b.request("POST", "/cardgate/payment/sale", bearer(gate), `{}`), http.StatusUnprocessableEntity)
		b.problems(b.request("POST", "/cardgate/payment/sale", bearer(gate), `sale`), http.StatusBadRequest)
		b.problems(b.request("GET", "/cardgate/payment/sale", bearer(gate), ""), http.StatusMethodNotAllowed)
	})

	t.Run("HostToHostFormTakesTestCardsOnly", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.made(order("o1", nil))
		_, _, gate := b.flow(i)
		send := func(pan string) answer {
			return b.request("POST", "/cardgate/payment/sale", bearer(gate), b.encode(attrs{"data": attrs{"type": "sale-operation", "attributes": attrs{
				"card_number": pan, "card_holder": "John Doe", "cvv": "123", "exp_month": "12", "exp_year": "30",
			}}}))
		}
		b.points(send("4242424242424242"), "card_number")
		a := send(asksCard)
		require.Equal(t, http.StatusCreated, a.Status, a.Body)
		var s struct {
			Data struct {
				Attributes struct {
					AuthPayload struct {
						Action string `json:"action"`
						Method string `json:"method"`
					} `json:"auth_payload"`
				} `json:"attributes"`
			} `json:"data"`
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &s))
		require.Equal(t, "GET", s.Data.Attributes.AuthPayload.Method)
		b.Post(strings.TrimPrefix(s.Data.Attributes.AuthPayload.Action, base), "answer", "confirm")
		require.Equal(t, "processed", b.get(i.ID).Attributes.Status)
	})
}

func TestSavedCards(t *testing.T) {
	t.Parallel()

	t.Run("CardSavedTwiceHasOneToken", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		token := b.token("c1")
		again := b.paid("o2", withCustomer("c1", attrs{"gateway_options": cardGate("tokenize")}))
		require.Equal(t, token, again.Attributes.Payload.Token)
		require.NotEqual(t, token, b.token("c2"))
	})

	t.Run("ExpiredCardSavedAgainPays", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		token := b.token("c1")
		require.Equal(t, http.StatusOK, b.Control("cards", `{"provider":"payelata","customer":"c1","action":"expire"}`).Status)
		b.paid("o1", withCustomer("c1", attrs{"gateway_options": cardGate("tokenize")}))
		i, gate := b.instant("o2", token)
		require.Equal(t, http.StatusCreated, b.sale(bearer(gate)).Status)
		require.Equal(t, "processed", b.get(i.ID).Attributes.Status)
	})

	t.Run("RefusedPaymentSavesNothing", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.pays(b.made(order("o1", withCustomer("c1", attrs{"gateway_options": cardGate("tokenize")}))), failsCard, "05/29")
		require.Equal(t, "process_failed", i.Attributes.Status)
		require.Empty(t, i.Attributes.Payload.Token)
		require.Equal(t, "[]", strings.TrimSpace(b.Get("/_control/cards?provider=payelata").Body))
	})

	changes := []struct{ action, resolution string }{
		{`"action":"refuse","code":"lost_or_stolen_card"`, "lost_or_stolen_card"},
		{`"action":"expire"`, "card_expired"},
		{`"action":"deactivate"`, "invalid_card_status"},
		{`"action":"remove"`, "invalid_card"},
	}
	for _, tt := range changes {
		t.Run("ChangedCardFailsTheSale/"+tt.resolution, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			i, gate := b.instant("o1", b.token("c1"))
			a := b.Control("cards", `{"provider":"payelata","customer":"c1",`+tt.action+`}`)
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			require.Contains(t, a.Body, `"name":"551928******0000"`)
			require.Equal(t, http.StatusCreated, b.sale(bearer(gate)).Status)
			i = b.get(i.ID)
			require.Equal(t, "process_failed", i.Attributes.Status)
			require.Equal(t, tt.resolution, i.Attributes.Resolution)
		})
	}

	t.Run("ChangesAreUndoneAndUnknownCodesRefused", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i, gate := b.instant("o1", b.token("c1"))
		change := func(body string) int {
			return b.Control("cards", `{"provider":"payelata","customer":"c1",`+body+`}`).Status
		}
		for _, body := range []string{`"action":"refuse","code":"declined"`, `"action":"accept"`, `"action":"deactivate"`, `"action":"activate"`} {
			require.Equal(t, http.StatusOK, change(body))
		}
		require.Equal(t, http.StatusBadRequest, change(`"action":"refuse","code":"bad_mood"`))
		require.Equal(t, http.StatusNotFound, b.Control("cards", `{"provider":"payelata","customer":"c9","action":"remove"}`).Status)
		require.Equal(t, http.StatusCreated, b.sale(bearer(gate)).Status)
		require.Equal(t, "processed", b.get(i.ID).Attributes.Status)
	})
}
