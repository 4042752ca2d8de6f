package payelatasandbox_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/payelata/payelatasandbox"
)

func TestCreate(t *testing.T) {
	t.Parallel()

	t.Run("Case01_CreateAnswersWithAPendingInvoiceAndItsPage", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.create(order("ORDER1233", withCustomer("my_customer_1", attrs{
			"amount": 1, "description": "TEST", "gateway_options": cardGate("tokenize"),
		})))
		i := b.decode(a, http.StatusCreated)
		require.Equal(t, "payment-invoices", i.Type)
		require.Regexp(t, `^cpi_[A-Za-z0-9]{16}$`, i.ID)
		require.Equal(t, "cpi_"+i.Attributes.SerialNumber, i.ID)
		require.Equal(t, "process_pending", i.Attributes.Status)
		require.Equal(t, "ok", i.Attributes.Resolution)
		require.Equal(t, "/api/payment-invoices/"+i.ID, i.Links.Self)
		action, sid, _ := b.flow(i)
		require.Regexp(t, `^cgi_[A-Za-z0-9]{16}$`, sid)
		require.Equal(t, base+"/payelata/cardgate/hpp/"+sid, action)
		require.Empty(t, b.Book(), "nothing is taken yet")
		require.Equal(t, i, b.get(i.ID))
	})

	t.Run("AnswerHasEveryMemberOfTheSample", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.create(order("ORDER1", withCustomer("c1", attrs{"return_url": "https://shop.test/r?a=1"})))
		var got struct {
			Data struct {
				Attributes map[string]any `json:"attributes"`
			} `json:"data"`
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &got))
		for _, name := range strings.Fields(`serial_number status resolution moderation_required amount payment_amount currency
			service_currency reference_id test_mode fee deposit processed processed_amount refunded_amount processed_fee
			processed_deposit metadata flow_data flow payment_flow created updated payload description descriptor callback_url
			return_url original_data rrn approval_code`) {
			require.Contains(t, got.Data.Attributes, name)
		}
		require.Contains(t, a.Body, `"metadata":[]`, "an empty object, as PHP writes it")
		require.Contains(t, a.Body, `"params":[]`)
		require.Contains(t, a.Body, `"payload":null`)
		require.Contains(t, a.Body, `"return_url":"https:\/\/shop.test\/r?a=1"`)
		require.Contains(t, a.Body, `Заказ №:ORDER1`)
		require.Contains(t, a.Body, `"payment-method":{"data":{"type":"payment-methods","id":"payment_card"}}`)
		require.Regexp(t, `"customer":{"data":{"type":"customers","id":"cus_[A-Za-z0-9]{16}"}}`, a.Body)
	})

	t.Run("MetadataIsEchoedWithItsNumbersAndSlashes", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.api("POST", "/payment-invoices", `{"data":{"type":"payment-invoices","attributes":{"reference_id":"o1","currency":"USD",
			"amount":1,"service":"payment_card_usd_hpp","metadata":{"n":12345678901234567890.5,"p":"a\/b\\c"}}}}`)
		require.Equal(t, http.StatusCreated, a.Status, a.Body)
		require.Contains(t, a.Body, `"metadata":{"n":12345678901234567890.5,"p":"a\/b\\c"}`)
	})

	for _, empty := range []string{"[]", "{}", "null"} {
		t.Run("EmptyMetadataIsAnEmptyArray/"+empty, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			require.Contains(t, b.create(order("o1", attrs{"metadata": json.RawMessage(empty)})).Body, `"metadata":[]`)
		})
	}

	required := []string{"reference_id", "currency", "amount", "service"}
	for _, name := range required {
		t.Run("Case03_MissingIsPointedAtAndNothingStored/"+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			b.points(b.create(order("o1", attrs{name: nil})), name)
			require.Zero(t, b.count())
		})
	}

	t.Run("Case04_TokenizeWithoutACustomerIsRefused", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.points(b.create(order("o1", attrs{"gateway_options": cardGate("tokenize")})), "customer/reference_id")
		require.Zero(t, b.count())
	})

	refused := []struct {
		name, points string
		more         attrs
	}{
		{"ZeroAmount", "amount", attrs{"amount": 0}},
		{"NegativeAmount", "amount", attrs{"amount": -1}},
		{"GarbageAmount", "amount", attrs{"amount": "ten"}},
		{"ObjectAmount", "amount", attrs{"amount": attrs{}}},
		{"ThreeDecimals", "amount", attrs{"amount": 1.005}},
		{"HugeAmount", "amount", attrs{"amount": json.Number("1e99")}},
		{"UnknownCurrency", "currency", attrs{"currency": "USX", "service": ""}},
		{"ForeignCurrency", "service", attrs{"currency": "EUR"}},
		{"UnknownService", "service", attrs{"service": "payment_card_gbp_hpp"}},
		{"UnknownFlow", "flow", attrs{"flow": "hpp"}},
		{"LiveInvoiceWithATestKey", "test_mode", attrs{"test_mode": false}},
		{"CallbackURL", "callback_url", attrs{"callback_url": "nowhere"}},
		{"ReturnURL", "return_url", attrs{"return_url": "javascript:1"}},
		{"TextAsMetadata", "metadata", attrs{"metadata": "text"}},
		{"ListAsMetadata", "metadata", attrs{"metadata": []int{1}}},
		{"Recurrent", "gateway_options/cardgate/recurrent", attrs{"gateway_options": cardGate("recurrent")}},
		{"InstantWithoutAToken", "token", withCustomer("c1", attrs{"gateway_options": cardGate("instant")})},
		{"OptionOfAnotherType", "gateway_options/cardgate/tokenize", attrs{"gateway_options": attrs{"cardgate": attrs{"tokenize": "yes"}}}},
		{"ReferenceOfAnotherType", "reference_id", attrs{"reference_id": 1}},
	}
	for _, tt := range refused {
		t.Run("Refuses"+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			_, pointers := b.problems(b.create(order("o1", tt.more)), http.StatusUnprocessableEntity)
			require.Contains(t, pointers, "/data/attributes/"+tt.points)
			require.Zero(t, b.count())
		})
	}

	t.Run("RefusesWhatIsNoInvoice", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.problems(b.api("POST", "/payment-invoices", "amount=1"), http.StatusBadRequest)
		b.problems(b.api("POST", "/payment-invoices", "[]"), http.StatusBadRequest)
		for body, pointer := range map[string]string{
			`{}`: "/data/type", `{"data":{"type":"refund","attributes":{}}}`: "/data/type", `{"data":{"type":"payment-invoices"}}`: "/data/attributes",
		} {
			_, pointers := b.problems(b.api("POST", "/payment-invoices", body), http.StatusUnprocessableEntity)
			require.Equal(t, []string{pointer}, pointers)
		}
		b.problems(b.api("DELETE", "/payment-invoices", ""), http.StatusMethodNotAllowed)
		b.problems(b.api("GET", "/payout-invoices", ""), http.StatusNotFound)
	})

	amounts := []struct{ given, shown string }{
		{"1", "1"},
		{"0.1", "0.1"},
		{"100.55", "100.55"},
		{"1e2", "100"},
		{"10.1", "10.1"},
		{"10.10", "10.1"},
		{"0.01", "0.01"},
		{`"100"`, "100"},
		{`"7.50"`, "7.5"},
		{"1234567.89", "1234567.89"},
	}
	for _, tt := range amounts {
		t.Run("Case23_AmountsAreExact/"+tt.given, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			i := b.made(order("o1", attrs{"amount": json.RawMessage(tt.given)}))
			require.Equal(t, tt.shown, i.Attributes.Amount.String())
			i = b.pays(i, plainCard, "12/30")
			require.Equal(t, tt.shown, i.Attributes.ProcessedAmount.String())
		})
	}

	t.Run("Case22_RepeatedReferenceIsRefusedAndOneInvoiceStays", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.made(order("o1", nil))
		codes, pointers := b.problems(b.create(order("o1", attrs{"amount": 7})), http.StatusUnprocessableEntity)
		require.Equal(t, []string{"duplicate"}, codes)
		require.Equal(t, []string{"/data/attributes/reference_id"}, pointers)
		require.Equal(t, 1, b.count())
	})

	t.Run("Case22_RepeatedReferenceIsRefusedWith429WhenAsked", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{payelata: payelatasandbox.Options{DuplicateIs429: true}})
		b.made(order("o1", nil))
		codes, _ := b.problems(b.create(order("o1", nil)), http.StatusTooManyRequests)
		require.Equal(t, []string{"duplicate"}, codes)
		require.Equal(t, 1, b.count())
	})

	t.Run("ReferencesOfTwoAccountsDoNotMeet", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.made(order("o1", nil))
		body := b.encode(attrs{"data": attrs{"type": "payment-invoices", "attributes": order("o1", nil)}})
		require.Equal(t, http.StatusCreated, b.request("POST", "/api/payment-invoices", basic("other-account", "sk_test_other"), body).Status)
	})
}

func TestRead(t *testing.T) {
	t.Parallel()

	t.Run("Case26_WrongKeyIs401AndAnothersInvoice404", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.made(order("o1", nil))
		path := "/api/payment-invoices/" + i.ID
		for _, authorization := range []string{
			"", basic("sandbox-account", "sk_test_other"), basic("sandbox-account", ""), basic("nobody", "sk_test_sandbox"), "Bearer sk_test_sandbox",
		} {
			a := b.request("GET", path, authorization, "")
			b.problems(a, http.StatusUnauthorized)
			require.NotEmpty(t, a.Header.Get("WWW-Authenticate"))
		}
		b.problems(b.request("GET", path, basic("other-account", "sk_test_other"), ""), http.StatusNotFound)
		b.problems(b.request("POST", path+"/refund", basic("other-account", "sk_test_other"), "{}"), http.StatusNotFound)
		b.problems(b.api("GET", "/payment-invoices/cpi_0000000000000000", ""), http.StatusNotFound)
	})

	t.Run("ListIsFilteredByReference", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.made(order("o1", nil))
		second := b.made(order("o 2&", nil))
		for query, want := range map[string]int{"": 2, "?filter[reference_id]=o1": 1, "?filter%5Breference_id%5D=o+2%26": 1, "?filter[reference_id]=o3": 0} {
			var d struct {
				Data []invoice `json:"data"`
			}
			require.NoError(t, json.Unmarshal([]byte(b.api("GET", "/payment-invoices"+query, "").Body), &d))
			require.Len(t, d.Data, want, query)
		}
		require.Contains(t, b.api("GET", "/payment-invoices?filter[reference_id]=o+2%26", "").Body, second.ID)
		b.problems(b.api("GET", "/payment-invoices?filter[reference]=o1", ""), http.StatusBadRequest)
	})

	t.Run("ServicesAreListed", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		all := b.api("GET", "/payment-services", "").Body
		for _, name := range payelatasandbox.DefaultServices() {
			require.Contains(t, all, name)
		}
		require.Contains(t, b.api("GET", "/payment-services/payment_card_eur_hpp", "").Body, `"currency":"EUR"`)
		b.problems(b.api("GET", "/payment-services/payment_card_gbp_hpp", ""), http.StatusNotFound)
	})
}

func TestBadGateway(t *testing.T) {
	t.Parallel()

	t.Run("Case21_EverySecondIsDoneThoughBothAnswer502", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{payelata: payelatasandbox.Options{BadGateway: 2}})
		require.Equal(t, http.StatusBadGateway, b.create(order("done", nil)).Status)
		require.Equal(t, http.StatusBadGateway, b.create(order("lost", nil)).Status)
		require.Equal(t, 1, b.count())
		require.Contains(t, b.api("GET", "/payment-invoices?filter[reference_id]=done", "").Body, `"status":"process_pending"`)
		require.Equal(t, http.StatusCreated, b.create(order("lost", nil)).Status, "the mode is over")
		require.Equal(t, http.StatusUnprocessableEntity, b.create(order("done", nil)).Status, "it is there already")
	})

	t.Run("Case21_TheModeIsSetByAControl", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.made(order("o1", nil))
		require.Equal(t, http.StatusNoContent, b.Ask("POST", "/payelata/_test/bad-gateway", `{"count":1}`).Status)
		require.Equal(t, http.StatusBadGateway, b.create(order("o2", nil)).Status)
		require.Equal(t, 2, b.count())
		require.Equal(t, http.StatusCreated, b.create(order("o3", nil)).Status)
	})

	t.Run("Case21_FaultsLoseACreationOrItsAnswer", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.Equal(t, http.StatusOK, b.Control("faults", `{"provider":"payelata","op":"start","fault":"http_500","count":1}`).Status)
		require.Equal(t, http.StatusInternalServerError, b.create(order("o1", nil)).Status)
		require.Zero(t, b.count(), "http_500: not created, and a list is no start")
		require.Equal(t, http.StatusOK, b.Control("faults", `{"provider":"payelata","op":"start","fault":"drop_reply","count":1}`).Status)
		require.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { b.create(order("o1", nil)) }, "the recorder has no connection to cut")
		require.Equal(t, 1, b.count(), "drop_reply: created")
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	token := b.token("c1")
	waits, gate := b.instant("waits", token)
	paid := b.paid("paid", nil)
	calls := map[string]func() answer{
		"start":  func() answer { return b.create(order("o1", nil)) },
		"sync":   func() answer { return b.api("GET", "/payment-invoices/"+waits.ID, "") },
		"charge": func() answer { return b.sale(bearer(gate)) },
		"refund": func() answer { return b.refund(paid.ID, "r1", 100) },
	}
	for op, call := range calls {
		require.Equal(t, http.StatusOK, b.Control("faults", `{"provider":"payelata","op":"`+op+`","fault":"http_500","count":1}`).Status)
		for other, call := range calls {
			require.Equal(t, other == op, call().Status == http.StatusInternalServerError, "%s while %s fails", other, op)
		}
		require.NotEqual(t, http.StatusInternalServerError, call().Status)
	}
}

func TestState(t *testing.T) {
	t.Parallel()

	t.Run("RestartKeepsInvoicesCardsAndTheGatesKey", func(t *testing.T) {
		t.Parallel()
		file := t.TempDir() + "/state"
		b := setup(t, options{stateFile: file})
		token := b.token("c1")
		byToken := withCustomer("c1", attrs{"token": token, "gateway_options": cardGate("instant")})
		i := b.made(order("o1", byToken))
		_, _, gate := b.flow(i)
		b.Close()

		b = setup(t, options{stateFile: file})
		require.Equal(t, i, b.get(i.ID))
		require.Equal(t, http.StatusUnprocessableEntity, b.create(order("o1", nil)).Status)
		require.Equal(t, http.StatusCreated, b.sale(bearer(gate)).Status)
		require.Equal(t, "processed", b.get(i.ID).Attributes.Status)
		b.made(order("o2", byToken))
	})

	t.Run("RestartKeepsTheBanksStepAndTheNumbersOfRefunds", func(t *testing.T) {
		t.Parallel()
		file := t.TempDir() + "/state"
		b := setup(t, options{stateFile: file})
		asked, paid := b.made(order("o1", nil)), b.paid("o2", nil)
		bank := b.submit(asked, asksCard, "12/30").Header.Get("Location")
		require.Equal(t, http.StatusCreated, b.refund(paid.ID, "r1", 30).Status)
		b.Close()

		b = setup(t, options{stateFile: file})
		b.points(b.refund(paid.ID, "r1", 30), "reference_id")
		b.points(b.refund(paid.ID, "r2", 71), "amount")
		require.Equal(t, http.StatusSeeOther, b.Post(bank, "answer", "confirm").Status)
		require.Equal(t, "processed", b.get(asked.ID).Attributes.Status)
	})

	t.Run("StateFileHoldsNoCardNumber", func(t *testing.T) {
		t.Parallel()
		file := t.TempDir() + "/state"
		b := setup(t, options{stateFile: file})
		b.token("c1")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotContains(t, string(text), plainCard)
		require.Contains(t, string(text), "551928******0000")
	})
}
