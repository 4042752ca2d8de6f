package payelatasandbox_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/payelata/payelatasandbox"
)

func TestHostedPage(t *testing.T) {
	t.Parallel()

	t.Run("Case05_PlainCardIsProcessedAndBringsAToken", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.made(order("o1", withCustomer("c1", attrs{"amount": 100.55, "gateway_options": cardGate("tokenize")})))
		i = b.pays(i, "5519 2838 1203 0000", "12/30")
		require.Equal(t, "processed", i.Attributes.Status)
		require.Equal(t, "ok", i.Attributes.Resolution)
		require.Equal(t, "100.55", i.Attributes.ProcessedAmount.String())
		require.Equal(t, i.Attributes.PaymentAmount, i.Attributes.ProcessedAmount)
		require.Equal(t, b.clock.Now().Unix(), *i.Attributes.Processed)
		require.Len(t, i.Attributes.Payload.Token, 32)
		require.Equal(t, map[string]string{
			"last": "0000", "mask": "551928******0000", "brand": "mastercard", "first": "551928", "holder": "John Doe",
			"expiry_year": "30", "expiry_month": "12", "issuer_name": "SANDBOX BANK", "issuer_country": "US",
		}, i.Attributes.Payload.Card)
		e := b.entry()
		require.Equal(t, "o1", e.OrderRef)
		require.Equal(t, []any{int64(10055), int64(10055), 1, "USD", "processed"}, []any{e.AmountMinor, e.CapturedMinor, e.Captures, e.Currency, e.State})
	})

	t.Run("Case06_ConfirmedStepIsProcessed", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.made(order("o1", nil))
		bank := b.submit(i, asksCard, "12/30").Header.Get("Location")
		require.True(t, strings.HasPrefix(bank, "/payelata/cardgate/acs/"), bank)
		waiting := b.get(i.ID).Attributes
		require.Equal(t, []string{"process_pending", "auth_3ds_required"}, []string{waiting.Status, waiting.Resolution})
		require.Contains(t, b.Get(bank).Body, "100.00\u00a0USD")
		require.Equal(t, http.StatusSeeOther, b.Post(bank, "answer", "confirm").Status)
		done := b.get(i.ID).Attributes
		require.Equal(t, []string{"processed", "ok"}, []string{done.Status, done.Resolution})
		require.Equal(t, http.StatusNotFound, b.Post(bank, "answer", "confirm").Status)
		require.Equal(t, 1, b.entry().Captures)
	})

	t.Run("Case06_CancelledStepIsFailed", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.made(order("o1", nil))
		b.Post(b.submit(i, asksCard, "12/30").Header.Get("Location"), "answer", "cancel")
		got := b.get(i.ID).Attributes
		require.Equal(t, []string{"process_failed", "client_auth_failed"}, []string{got.Status, got.Resolution})
		require.Empty(t, b.Book())
	})

	t.Run("Case06_StepLeftForAnotherCardIsOver", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.made(order("o1", nil))
		bank := b.submit(i, asksCard, "12/30").Header.Get("Location")
		b.submit(i, plainCard, "12/30")
		require.Equal(t, http.StatusNotFound, b.Post(bank, "answer", "confirm").Status)
		require.Equal(t, 1, b.entry().Captures)
	})

	pending := []struct{ card, resolution string }{{plainCard, "ok"}, {asksCard, "auth_3ds_required"}}
	for _, tt := range pending {
		t.Run("Case07_0777StaysPendingAndExpires/"+tt.card[:6], func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			i := b.made(order("o1", nil))
			page := b.submit(i, tt.card, "07/77").Header.Get("Location")
			require.Contains(t, b.Get(page).Body, "Waiting for the bank")
			b.submit(i, plainCard, "12/30")
			got := b.get(i.ID).Attributes
			require.Equal(t, []string{"process_pending", tt.resolution}, []string{got.Status, got.Resolution}, "no other card is taken meanwhile")
			b.clock.Advance(time.Hour)
			require.Equal(t, "expired", b.get(i.ID).Attributes.Status)
			require.Contains(t, b.Get(page).Body, "Time is up")
			require.Empty(t, b.Book())
		})
	}

	// The table of the platform's page of test cards, and a date that is not in it.
	expiries := strings.Fields(`0856=access_denied 0755=error 0654=provider_error 0553=unknown 0452=duplicated_transaction
		0351=auth_fatal_error 0250=unable_to_determine_3ds_enrolment 0149=card_is_3ds_enrolled 1248=card_is_not_3ds_enrolled
		1147=issuer_decline 1046=client_auth_failed 0945=provider_fatal_error 0844=invalid_details 0743=invalid_pin
		0642=antifraud_error 0541=invalid_card 0440=fatal_error 0339=unable_to_reconcile 0238=invalid_amount 0137=limit_violation
		1236=functionality_is_not_permitted 1135=invalid_request 1034=lost_or_stolen_card 0933=declined 0832=invalid_otp
		0731=invalid_3ds_code 0630=invalid_card_status 0529=insufficient_funds 0428=card_expired 0327=invalid_cvv 0226=invalid_pan
		0125=invalid_credentials 1299=general_fatal_error 0777=general_fatal_error`)
	t.Run("Case08_ExpiryDecidesTheResolution", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		for _, pair := range expiries {
			expiry, resolution, _ := strings.Cut(pair, "=")
			got := b.pays(b.made(order("plain-"+expiry, nil)), failsCard, expiry).Attributes
			require.Equal(t, []string{"process_failed", resolution}, []string{got.Status, got.Resolution}, expiry)

			asked := b.made(order("asked-"+expiry, nil))
			b.Post(b.submit(asked, asksAndFail, expiry).Header.Get("Location"), "answer", "confirm")
			got = b.get(asked.ID).Attributes
			require.Equal(t, []string{"process_failed", resolution}, []string{got.Status, got.Resolution}, expiry)
		}
		require.Empty(t, b.Book())
	})

	t.Run("Case09_SavedCardIsShownByItsMaskOnlyAndPays", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.made(order("o1", withCustomer("c1", attrs{"token": b.token("c1")})))
		body := b.Get(b.pathOf(i)).Body
		require.Contains(t, body, `id="saved-card">•••• 0000<`)
		require.NotContains(t, body, plainCard)
		require.NotContains(t, body, "551928")
		require.NotContains(t, body, `name="card_number"`)
		require.Equal(t, http.StatusUnprocessableEntity, b.Post(b.pathOf(i), "cvv", "1").Status)
		require.Equal(t, http.StatusSeeOther, b.Post(b.pathOf(i), "cvv", "123").Status)
		require.Equal(t, "processed", b.get(i.ID).Attributes.Status)
	})

	t.Run("Case17_PartOfTheMoneyIsPartiallyProcessed", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.pays(b.made(order("o1", attrs{"amount": 990.02})), plainCard, "12/30")
		require.Equal(t, "partially_processed", i.Attributes.Status)
		require.Equal(t, "594.01", i.Attributes.ProcessedAmount.String())
		require.Equal(t, "990.02", i.Attributes.PaymentAmount.String())
		require.Equal(t, int64(59401), b.entry().CapturedMinor)
	})

	t.Run("Case17_WrongAmountFaultIsPartiallyProcessedOrMore", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.Control("faults", `{"provider":"payelata","op":"charge","fault":"wrong_amount"}`)
		less := b.pays(b.made(order("o1", nil)), plainCard, "12/30").Attributes
		require.Equal(t, []string{"partially_processed", "99"}, []string{less.Status, less.ProcessedAmount.String()})
		more := b.pays(b.made(order("o2", attrs{"amount": 1})), plainCard, "12/30").Attributes
		require.Equal(t, []string{"processed", "2"}, []string{more.Status, more.ProcessedAmount.String()})
	})

	t.Run("Case17_MoneyOfAnotherCurrency", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.pays(b.made(order("o1", attrs{"amount": 990.03})), plainCard, "12/30")
		require.Equal(t, []string{"processed", "EUR"}, []string{i.Attributes.Status, i.Attributes.Currency})
		require.Equal(t, "EUR", b.entry().Currency)
	})

	t.Run("Case18_ModerationHoldsThePaymentUntilItIsDecided", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.pays(b.made(order("o1", attrs{"amount": 990.01})), plainCard, "12/30")
		require.Equal(t, "process_pending", i.Attributes.Status)
		require.True(t, i.Attributes.ModerationRequired)
		require.Empty(t, b.Book())
		require.Contains(t, b.Get(b.pathOf(i)).Body, "under review")
		b.clock.Advance(48 * time.Hour)
		require.Equal(t, "process_pending", b.get(i.ID).Attributes.Status, "a moderator has all the time there is")
		i = b.test("moderation", `{"invoice":"o1","decision":"approve"}`)
		require.Equal(t, "processed", i.Attributes.Status)
		require.False(t, i.Attributes.ModerationRequired)
		require.Equal(t, 1, b.entry().Captures)
	})

	t.Run("Case18_RejectedByTheModeratorTakesNothing", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.pays(b.made(order("o1", attrs{"amount": 990.01})), plainCard, "12/30")
		i = b.test("moderation", `{"invoice":"`+i.ID+`","decision":"reject"}`)
		require.Equal(t, "rejected", i.Attributes.Status)
		require.Empty(t, b.Book())
	})

	t.Run("Case18_ReviewAfterThePayment", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.paid("o1", nil)
		i = b.test("moderation", `{"invoice":"`+i.ID+`","decision":"require"}`)
		require.Equal(t, "processed", i.Attributes.Status)
		require.True(t, i.Attributes.ModerationRequired)
		require.False(t, b.test("moderation", `{"invoice":"o1","decision":"approve"}`).Attributes.ModerationRequired)
		require.Equal(t, 1, b.entry().Captures)
		require.Equal(t, http.StatusUnprocessableEntity, b.Ask("POST", "/payelata/_test/moderation", `{"invoice":"o1","decision":"reject"}`).Status)
		require.Equal(t, http.StatusNotFound, b.Ask("POST", "/payelata/_test/moderation", `{"invoice":"o9","decision":"reject"}`).Status)
	})

	t.Run("SeveralAttemptsWhenTheAccountAllowsThem", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{payelata: payelatasandbox.Options{Attempts: 2}})
		i := b.made(order("o1", nil))
		b.submit(i, failsCard, "05/29")
		require.Contains(t, b.Get(b.pathOf(i)).Body, "insufficient_funds")
		got := b.pays(i, plainCard, "12/30").Attributes
		require.Equal(t, []string{"processed", "ok"}, []string{got.Status, got.Resolution})

		i = b.made(order("o2", nil))
		b.submit(i, failsCard, "05/29")
		require.Equal(t, "process_pending", b.get(i.ID).Attributes.Status)
		require.Equal(t, "process_failed", b.pays(i, failsCard, "05/29").Attributes.Status)
	})

	t.Run("PageSentTwicePaysOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.made(order("o1", nil))
		b.submit(i, plainCard, "12/30")
		b.submit(i, plainCard, "12/30")
		require.Equal(t, 1, b.entry().Captures)
	})

	t.Run("ManyPagesAtOncePayOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		path := b.pathOf(b.made(order("o1", nil)))
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				b.Post(path, "card_number", plainCard, "expiry", "12/30", "cvv", "123", "card_holder", "John Doe")
			})
		}
		all.Wait()
		require.Equal(t, 1, b.entry().Captures)
	})

	wrong := []struct{ name, field, value, id string }{
		{"NotATestCard", "card_number", "4242424242424242", "card-number"},
		{"Month13", "expiry", "13/30", "card-expiry"},
		{"NoExpiry", "expiry", "", "card-expiry"},
		{"ShortCVV", "cvv", "12", "card-cvv"},
		{"NoHolder", "card_holder", "1", "card-holder"},
	}
	for _, tt := range wrong {
		t.Run("PointsAt"+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			i := b.made(order("o1", nil))
			pairs := []string{"card_number", plainCard, "expiry", "12/30", "cvv", "987", "card_holder", "John Doe", tt.field, tt.value}
			a := b.Post(b.pathOf(i), pairs...)
			require.Equal(t, http.StatusUnprocessableEntity, a.Status)
			require.Equal(t, 1, strings.Count(a.Body, `aria-invalid="true"`))
			require.Regexp(t, `id="`+tt.id+`-error">[^<]+<`, a.Body)
			require.NotContains(t, a.Body, "4242424242424242")
			require.NotContains(t, a.Body, `value="4242`)
			require.NotContains(t, a.Body, `value="987"`)
			require.Equal(t, "process_pending", b.get(i.ID).Attributes.Status)
		})
	}

	t.Run("PageNeedsNoScriptAndLoadsNothingFromElsewhere", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.made(order("o<script>1", attrs{"description": "<script>2"}))
		a := b.Get(b.pathOf(i))
		require.Equal(t, http.StatusOK, a.Status)
		require.NotContains(t, a.Body, "<script")
		require.NotContains(t, a.Body, "style=")
		require.Contains(t, a.Header.Get("Content-Security-Policy"), "default-src 'none'")
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		for _, id := range []string{"card-number", "card-expiry", "card-cvv", "card-holder"} {
			require.Contains(t, a.Body, `<label for="`+id+`">`)
			require.Contains(t, a.Body, `id="`+id+`"`)
		}
		require.Contains(t, b.Get("/payelata/cardgate/static/pay.css").Header.Get("Content-Type"), "text/css")
		require.Equal(t, http.StatusNotFound, b.Get("/payelata/cardgate/static/none").Status)
		require.Equal(t, http.StatusNotFound, b.Get("/payelata/cardgate/hpp/cgi_none").Status)
		require.Equal(t, http.StatusNotFound, b.Get("/payelata/cardgate/acs/none").Status)
	})

	t.Run("ChosenTestCardFillsTheFormIn", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		body := b.Get(b.pathOf(b.made(order("o1", nil))) + "?use=2").Body
		require.Contains(t, body, `value="4302 9128 3702 0000"`)
		require.Contains(t, body, `value="05/29"`)
	})

	t.Run("ResultGoesBackToTheAddressOfItsEnd", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		urls := attrs{"return_url": "https://shop.test/any", "return_urls": attrs{"success": "https://shop.test/yes", "fail": "https://shop.test/no"}}
		good := b.made(order("o1", urls))
		page := b.submit(good, plainCard, "12/30").Header.Get("Location")
		require.Equal(t, "3;url=https://shop.test/yes", b.Get(page).Header.Get("Refresh"))
		require.Contains(t, b.Get(page).Body, `id="return-link" href="https://shop.test/yes"`)
		page = b.submit(b.made(order("o2", urls)), failsCard, "05/29").Header.Get("Location")
		require.Equal(t, "3;url=https://shop.test/no", b.Get(page).Header.Get("Refresh"))
		page = b.submit(b.made(order("o3", urls)), plainCard, "07/77").Header.Get("Location")
		require.Equal(t, "3;url=https://shop.test/any", b.Get(page).Header.Get("Refresh"))
	})
}

func TestPay(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, card, outcome, state, code string }{
		{"PlainCardByDefault", "", "approve", "processed", ""},
		{"ThroughTheBanksPage", asksCard, "approve", "processed", ""},
		{"FailingCard", failsCard, "approve", "process_failed", "insufficient_funds"},
		{"FailingCardWithADate", failsCard + "/0933", "approve", "process_failed", "declined"},
		{"Pending", plainCard + "/0777", "approve", "process_pending", ""},
		{"Declined", plainCard, "decline", "process_failed", "declined"},
		{"Abandoned", plainCard, "abandon", "process_pending", "auth_3ds_required"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			i := b.made(order("o1", attrs{"return_url": "https://shop.test/r"}))
			p := b.pay(i, tt.card, tt.outcome)
			require.Equal(t, []string{tt.state, tt.code, "payelata", "o1", "https://shop.test/r"}, []string{p.State, p.ErrCode, p.Provider, p.OrderRef, p.ReturnURL})
			require.Equal(t, tt.state, b.get(i.ID).Attributes.Status)
		})
	}

	t.Run("SavedCardByDefault", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.Equal(t, "processed", b.pay(b.made(order("o1", withCustomer("c1", attrs{"token": b.token("c1")}))), "", "approve").State)
	})

	t.Run("OtherCardsAndPagesAreRefused", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		action, _, _ := b.flow(b.made(order("o1", nil)))
		require.Equal(t, http.StatusBadRequest, b.Control("pay", `{"url":"`+action+`","card":"4242424242424242"}`).Status)
		require.Equal(t, http.StatusNotFound, b.Control("pay", `{"url":"`+action+`x"}`).Status)
		require.Equal(t, http.StatusNotFound, b.Control("pay", `{"url":"`+base+`/payelata/api/payment-invoices"}`).Status)
	})
}

// twoAttempts lets a payer try a second card.
func twoAttempts() payelatasandbox.Options { return payelatasandbox.Options{Attempts: 2} }
