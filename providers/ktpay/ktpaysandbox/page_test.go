package ktpaysandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/ktpay/ktpaysandbox"
	"github.com/paygraph/paygraph/providers/sandbox/sandboxtest"
)

const (
	english = "en-GB,en;q=0.9"
	cross   = `id="close"`
)

func TestPage(t *testing.T) {
	t.Parallel()

	t.Run("HasWhatABrowserTestNeeds", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.Get(pagePath(b.open(ecom("o1", `,"description":"Книга"`))))
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, "text/html; charset=utf-8", a.Header.Get("Content-Type"))
		for _, id := range []string{"card-number", "card-expiry", "card-cvc", "card-holder"} {
			require.Contains(t, a.Body, `id="`+id+`"`)
			require.Contains(t, a.Body, `<label for="`+id+`">`)
		}
		for _, part := range []string{
			`id="pay"`, `id="card-form"`, `autocomplete="cc-number"`, `autocomplete="cc-exp"`, `autocomplete="cc-csc"`, `autocomplete="cc-name"`,
			"4111 1111 1111 1111", "Песочница", "Demo Shop", "Книга", "1\u00a0000\u00a0₸", `lang="ru"`,
		} {
			require.Contains(t, a.Body, part)
		}
	})

	t.Run("SpeaksEnglishToABrowserThatAsksForIt", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.Get(pagePath(b.open(ecom("o1"))), "Accept-Language", english)
		require.Contains(t, a.Body, `lang="en"`)
		require.Contains(t, a.Body, "Pay 1,000\u00a0₸")
	})

	t.Run("LoadsNothingFromElsewhere", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.Get(pagePath(b.open(ecom("o1"))))
		require.Contains(t, a.Header.Get("Content-Security-Policy"), "default-src 'none'")
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		for _, part := range []string{`src="http`, "<style", "style=", "onclick"} {
			require.NotContains(t, a.Body, part)
		}
		for _, f := range []struct{ name, kind string }{{"widget.css", "text/css"}, {"widget.js", "text/javascript"}} {
			file := b.Get("/ktpay/static/" + f.name)
			require.Equal(t, http.StatusOK, file.Status)
			require.Contains(t, file.Header.Get("Content-Type"), f.kind)
		}
		require.Equal(t, http.StatusNotFound, b.Get("/ktpay/static/none").Status)
	})

	t.Run("EscapesWhatTheMerchantSent", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(`{"order":{"order_id":"<script>1","amount":1,"type":"ecom","description":"<script>2","callback_back_url":"https://x.example/\"><script>3"}}`)
		require.NotContains(t, b.Get(pagePath(hash)).Body, "<script>", "the page's own have an address")
		b.pay(hash, "", "approve")
		require.NotContains(t, b.Get(pagePath(hash)).Body, "<script>", "the page's own have an address")
	})

	t.Run("UnknownHashIs404", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.Equal(t, http.StatusNotFound, b.Get(pagePath("undefined")).Status)
		require.Equal(t, http.StatusNotFound, b.submit("undefined", cardGood).Status)
		require.Equal(t, http.StatusNotFound, b.Get("/ktpay/acs/undefined").Status)
		require.Equal(t, http.StatusMethodNotAllowed, b.Ask(http.MethodPut, pagePath("undefined"), "").Status)
	})
}

func TestPage_Cross(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, order, query string
		want               bool
	}{
		{"Case04_AddressWithoutEqualsSign", "", "&show_close_buttontrue", true},
		{"Case04_AddressWithoutEqualsSignFalse", "", "&show_close_buttonfalse", false},
		{"Case04_AddressWithEqualsSign", "", "&show_close_button=true", true},
		{"Case05_AddressSaysFalse", "", "&show_close_button=false", false},
		{"Case05_OrderSaysFalse", `,"show_close_button":false`, "", false},
		{"Case05_OrderSaysFalseAndTheClientPassesItOn", `,"show_close_button":false`, "&show_close_buttonfalse", false},
		{"Case05_NobodySays", "", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			hash := b.open(ecom("o1", tt.order))
			a := b.Get(pagePath(hash) + tt.query)
			require.Equal(t, http.StatusOK, a.Status)
			require.Equal(t, tt.want, strings.Contains(a.Body, cross))
			a = b.form(pagePath(hash)+tt.query, typed(card3DS))
			acs := b.Get(a.Header.Get("Location"))
			require.Equal(t, tt.want, strings.Contains(acs.Body, cross), "the bank's page too")
			a = b.form(pagePath(hash)+tt.query, typed(cardGood))
			require.Equal(t, tt.want, strings.Contains(b.Get(a.Header.Get("Location")).Body, cross), "the receipt too")
		})
	}
}

func TestPage_Frame(t *testing.T) {
	t.Parallel()
	account := ktpaysandbox.DefaultAccounts()[0]
	account.Origins = []string{"https://shop.example", "https://www.shop.example"}
	closed := account
	closed.AppID, closed.Origins = strings.Repeat("b", 32), nil
	b := setup(t, options{ktpay: ktpaysandbox.Options{Accounts: []ktpaysandbox.Account{account, closed}}})
	const names = "frame-ancestors https://shop.example https://www.shop.example"

	t.Run("Case20_EachPageNamesTheTrustedDomains", func(t *testing.T) {
		t.Parallel()
		hash := b.open(ecom("o1"))
		require.Contains(t, b.Get(pagePath(hash)).Header.Get("Content-Security-Policy"), names)
		acs := b.submit(hash, card3DS).Header.Get("Location")
		require.Contains(t, b.Get(acs).Header.Get("Content-Security-Policy"), names)
		b.submit(hash, cardGood)
		a := b.Get(pagePath(hash))
		require.Contains(t, a.Header.Get("Content-Security-Policy"), names)
		require.Contains(t, a.Body, `data-parents="https://shop.example https://www.shop.example"`)
	})

	t.Run("Case20_WithoutTrustedDomainsThereIsNoFrame", func(t *testing.T) {
		t.Parallel()
		a := b.Ask(http.MethodPost, paymentPath, b.seal(ecom("o1")), "Auth-Identifier", closed.AppID)
		hash := a.Body[strings.Index(a.Body, `"transaction_hash":"`)+20:][:40]
		require.Contains(t, b.Get(pagePath(hash)).Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	})

	t.Run("OpenPortIsNamedOnceItIsSeen", func(t *testing.T) {
		t.Parallel()
		account := ktpaysandbox.DefaultAccounts()[0]
		account.Origins = append(account.Origins, "http://sandbox.test:*")
		b := setup(t, options{ktpay: ktpaysandbox.Options{Accounts: []ktpaysandbox.Account{account}}})
		hash := b.open(ecom("o1"))
		parents := func(referer string) string {
			page := b.Get(pagePath(hash), "Referer", referer).Body
			return page[strings.Index(page, `data-parents="`):][:50]
		}
		require.Contains(t, parents(""), `data-parents=""`)
		require.Contains(t, parents("http://evil.example:1/"), `data-parents=""`)
		require.Contains(t, parents("http://localhost:3000/cart"), `data-parents="http://localhost:3000"`)
		require.Contains(t, parents("http://sandbox.test/x"), `data-parents="http://localhost:3000"`, "the frame's own steps change nothing")
	})
}

func TestPage_Pay(t *testing.T) {
	t.Parallel()

	t.Run("PaysWithoutAScript", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(ecom("o1", `,"callback_success_url":"https://shop.example/thanks?a=1&b=2"`))
		a := b.submit(hash, cardGood)
		require.Equal(t, http.StatusSeeOther, a.Status)
		a = b.Get(a.Header.Get("Location"))
		require.Contains(t, a.Body, "Оплата прошла")
		require.Contains(t, a.Body, "•••• 1111")
		require.NotContains(t, a.Body, "card-form")
		require.Contains(t, a.Body, `id="continue" href="https://shop.example/thanks?a=1&amp;b=2" target="_top"`)
		require.Empty(t, a.Header.Get("Refresh"))
		require.Equal(t, 1, b.Book()[0].Captures)
	})

	wrong := []struct{ name, field, value, id string }{
		{"NotATestCard", "pan", "4242424242424242", "card-number"},
		{"NoCard", "pan", "", "card-number"},
		{"PastDate", "expiry", "10/26", "card-expiry"},
		{"Month13", "expiry", "13/28", "card-expiry"},
		{"NoDate", "expiry", "soon", "card-expiry"},
		{"ShortCVC", "cvc", "12", "card-cvc"},
		{"ShortHolder", "holder", "AB", "card-holder"},
		{"CyrillicHolder", "holder", "АЙГЕРИМ", "card-holder"},
	}
	for _, tt := range wrong {
		t.Run("PointsAt"+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			hash := b.open(ecom("o1"))
			form := typed(cardGood)
			form.Set(tt.field, tt.value)
			a := b.form(pagePath(hash), form)
			require.Equal(t, http.StatusUnprocessableEntity, a.Status)
			require.Equal(t, 1, strings.Count(a.Body, `aria-invalid="true"`))
			require.Regexp(t, `id="`+tt.id+`-error" aria-live="polite">[^<]+<`, a.Body)
			require.NotContains(t, a.Body, `value="`+cardGood)
			require.Empty(t, b.Book())
			b.submit(hash, cardGood)
			require.Equal(t, 1, b.Book()[0].Captures, "the card may be typed again")
		})
	}

	right := []struct{ name, field, value string }{
		{"GroupedNumber", "pan", "4111 1111-1111 1111"},
		{"DateWithoutSlash", "expiry", "1228"},
		{"DateWithBlanks", "expiry", "12 / 28"},
		{"LongYear", "expiry", "12/2028"},
		{"ThisMonth", "expiry", "11/26"},
		{"HolderInLowerCase", "holder", " o'Neil Jr. "},
	}
	for _, tt := range right {
		t.Run("Takes"+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			form := typed(cardGood)
			form.Set(tt.field, tt.value)
			b.form(pagePath(b.open(ecom("o1"))), form)
			require.Equal(t, 1, b.Book()[0].Captures)
		})
	}

	t.Run("DataThatTheBankBlamesMayBeTypedAgain", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(ecom("o1"))
		a := b.Get(b.submit(hash, cardExpired).Header.Get("Location"))
		require.Contains(t, a.Body, "Срок действия карты истёк (54)")
		require.Contains(t, a.Body, "card-form")
		b.submit(hash, cardGood)
		require.Equal(t, 1, b.Book()[0].Captures)
	})

	t.Run("Case09_DeclineIsShownWithItsCode", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(ecom("o1", `,"callback_failed_url":"https://shop.example/sorry"`))
		a := b.Get(b.submit(hash, cardNoFunds).Header.Get("Location"), "Accept-Language", english)
		require.Contains(t, a.Body, "Insufficient funds (51)")
		require.Contains(t, a.Body, `data-state="error"`)
		require.Contains(t, a.Body, `id="continue" href="https://shop.example/sorry"`)
		require.NotContains(t, a.Body, "receipt-pdf")
	})

	t.Run("SentTwentyTimesItHoldsOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(ecom("o1"))
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { require.Equal(t, http.StatusSeeOther, b.submit(hash, cardGood).Status) })
		}
		all.Wait()
		require.Len(t, b.Book(), 1)
		require.Equal(t, 1, b.Book()[0].Captures)
	})

	t.Run("ServiceBeingCreditedIsLookedAtAgain", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(toService("o1", 2, "77"))
		a := b.Get(b.submit(hash, cardGood).Header.Get("Location"), "Accept-Language", english)
		require.Contains(t, a.Body, `data-state="authorized"`)
		require.Contains(t, a.Body, "held on your card")
		require.Equal(t, "3", a.Header.Get("Refresh"))
	})
}

func TestPage_Leave(t *testing.T) {
	t.Parallel()
	const next, sorry, back = "https://shop.example/next", "https://shop.example/sorry", "https://shop.example/back"
	urls := func(names ...string) string {
		var all strings.Builder
		for _, n := range names {
			fmt.Fprintf(&all, `,"callback_%s_url":"https://shop.example/%s"`, n, n)
		}
		return all.String()
	}
	tests := []struct {
		name, order, card, want string
		atOnce                  bool
	}{
		{"Case20_ContinueGoesToTheSuccessURL", urls("success", "failed", "back"), cardGood, "success", false},
		{"Case20_ContinueGoesToTheFailedURL", urls("success", "failed", "back"), cardDeclined, "failed", false},
		{"Case20_ContinueGoesBackWithoutThem", urls("back"), cardGood, "back", false},
		{"Case20_ForcedSuccessSkipsTheReceipt", urls("success", "back", "force_success", "force_back"), cardGood, "force_success", true},
		{"Case20_ForcedFailedSkipsTheReceipt", urls("failed", "force_failed", "force_back"), cardDeclined, "force_failed", true},
		{"Case20_ForcedBackSkipsTheReceipt", urls("success", "force_back"), cardGood, "force_back", true},
		{"Case20_ForcedSuccessIsNotForFailure", urls("failed", "force_success"), cardDeclined, "failed", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			hash := b.open(ecom("o1", tt.order))
			a := b.Get(b.submit(hash, tt.card).Header.Get("Location"))
			want := "https://shop.example/" + tt.want
			require.Contains(t, a.Body, `id="continue" href="`+want+`" target="_top" data-leave`)
			require.Equal(t, tt.atOnce, strings.Contains(a.Body, "data-now"))
			require.Equal(t, tt.atOnce, !strings.Contains(a.Body, `id="result"`))
			require.Equal(t, want, b.pay(hash, "", "approve").ReturnURL)
		})
	}

	t.Run("Case20_WithoutAnAddressThereIsAStandardPage", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(ecom("o1"))
		b.submit(hash, cardGood)
		a := b.Get(pagePath(hash))
		require.Contains(t, a.Body, `id="continue" href="`+pagePath(hash)+"&amp;show_close_button=true&amp;step=end")
		a = b.Get(pagePath(hash) + "&step=end")
		require.Contains(t, a.Body, `id="standard-page"`)
		require.NotContains(t, a.Body, `id="continue"`)
	})

	t.Run("SettingsServeOrdersWithout", func(t *testing.T) {
		t.Parallel()
		account := ktpaysandbox.DefaultAccounts()[0]
		account.Callbacks = ktpaysandbox.Callbacks{Success: next, Failed: sorry, Back: back}
		b := setup(t, options{ktpay: ktpaysandbox.Options{Accounts: []ktpaysandbox.Account{account}}})
		require.Equal(t, next, b.pay(b.open(ecom("o1")), "", "approve").ReturnURL)
		require.Equal(t, sorry, b.pay(b.open(ecom("o2")), "", "decline").ReturnURL)
		require.Equal(t, "https://shop.example/success", b.pay(b.open(ecom("o3", urls("success"))), "", "approve").ReturnURL)
	})
}

func TestPage_3DSecure(t *testing.T) {
	t.Parallel()

	t.Run("ConfirmPays", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(ecom("o1"))
		acs := b.submit(hash, card3DS).Header.Get("Location")
		require.Regexp(t, `^/ktpay/acs/`, acs)
		page := b.Get(acs).Body
		for _, part := range []string{`id="acs-confirm"`, `id="acs-cancel"`, "•••• 3155", "1\u00a0000\u00a0₸"} {
			require.Contains(t, page, part)
		}
		require.Contains(t, b.Get(pagePath(hash)).Body, `id="unfinished"`)
		require.Empty(t, b.Book())
		for range 3 { // answered once, shown thrice
			require.Equal(t, http.StatusSeeOther, b.form(acs, map[string][]string{"action": {"confirm"}}).Status)
		}
		require.Equal(t, http.StatusSeeOther, b.Get(acs).Status)
		require.Equal(t, 1, b.Book()[0].Captures)
	})

	t.Run("RefusalIsAnError", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(ecom("o1"))
		b.form(b.submit(hash, card3DS).Header.Get("Location"), map[string][]string{"action": {"cancel"}})
		require.Contains(t, b.Get(pagePath(hash)).Body, "Проверка 3-D Secure не пройдена (19)")
		require.Empty(t, b.Book())
	})

	t.Run("NonsenseAsksAgain", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		acs := b.submit(b.open(ecom("o1")), card3DS).Header.Get("Location")
		require.Equal(t, http.StatusOK, b.form(acs, map[string][]string{"action": {"maybe"}}).Status)
	})

	t.Run("AnotherCardTakesItsPlace", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(ecom("o1"))
		acs := b.submit(hash, card3DS).Header.Get("Location")
		b.submit(hash, cardGood)
		b.form(acs, map[string][]string{"action": {"cancel"}})
		require.Contains(t, b.Get(pagePath(hash)).Body, `data-state="completed"`)
	})

	t.Run("StepSurvivesARestart", func(t *testing.T) {
		t.Parallel()
		file := t.TempDir() + "/state"
		b := setup(t, options{stateFile: file})
		acs := b.submit(b.open(ecom("o1")), card3DS).Header.Get("Location")
		b.Close()
		b = setup(t, options{stateFile: file})
		b.form(acs, map[string][]string{"action": {"confirm"}})
		require.Equal(t, 1, b.Book()[0].Captures)
	})
}

func TestAcquirerOptions(t *testing.T) {
	t.Parallel()
	options23 := func(hash string) string { return paymentPath + "/" + hash + "/acquirer-options" }

	t.Run("Case23_FreshHashHasAPaymentPageThatOpens", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(ecom("o1"))
		a := b.Get(options23(hash))
		require.Equal(t, http.StatusOK, a.Status)
		require.JSONEq(t, `{"error":[],"response":{"success":true,"data":{"payment_page":"http://sandbox.test`+pagePath(hash)+`&show_close_button=false"}}}`, a.Body)
		require.Contains(t, b.Get(pagePath(hash)+"&show_close_button=false").Body, "card-form")
		b.pay(hash, "", "approve")
		b.refused(b.Get(options23(hash)), 422, 4220002)
	})

	t.Run("UnknownHashIs404InTheFormOfAnError", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.refused(b.Get(options23("none")), 404, 4220002)
		require.Equal(t, 405, b.Ask(http.MethodPost, options23("none"), "").Status)
	})

	t.Run("InfoErrorCanBeAskedFor", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.refused(b.Get(options23(b.open(ecom("o1"))), "X-Sandbox-Error", "5000107"), 500, 5000107)
	})
}

func TestReceipt(t *testing.T) {
	t.Parallel()

	t.Run("Case23_PDFAfterCompletedAndNotBefore", func(t *testing.T) {
		t.Parallel()
		now := new(sandboxtest.Clock)
		b := setup(t, options{clock: now})
		hash := b.open(`{"order":{"order_id":"Заказ (2)","amount":10.5,"type":"ecom"}}`)
		path := paymentPath + "/" + hash + "/pdf"
		b.refused(b.Get(path), 500, 5000109)
		b.pay(hash, cardGood, "approve")
		require.Contains(t, b.Get(pagePath(hash)).Body, `href="`+path+`"`)
		a := b.Get(path)
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, "application/pdf", a.Header.Get("Content-Type"))
		require.Equal(t, `attachment; filename="payment1-20261121180000.pdf"`, a.Header.Get("Content-Disposition"))
		require.True(t, strings.HasPrefix(a.Body, "%PDF-1.4\n"))
		require.True(t, strings.HasSuffix(a.Body, "%%EOF\n"))
		for _, part := range []string{hash, `Order: Zakaz \(2\)`, "10.50 KZT", "411111******1111"} {
			require.Contains(t, a.Body, part)
		}
	})

	t.Run("Case23_NoPDFOfAFailureNorOfAHold", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		for card, text := range map[string]string{cardDeclined: ecom("o1"), cardGood: toService("o2", 2, "1")} {
			hash := b.open(text)
			b.pay(hash, card, "approve")
			b.refused(b.Get(paymentPath+"/"+hash+"/pdf"), 500, 5000109)
		}
		b.refused(b.Get(paymentPath+"/none/pdf"), 404, 4220002)
	})

	t.Run("PDFTableOfObjectsIsRight", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(ecom("o1"))
		b.pay(hash, "", "approve")
		file := b.Get(paymentPath + "/" + hash + "/pdf").Body
		for i, row := range strings.Split(file[strings.Index(file, "0000000000 65535"):], "\n")[1:6] {
			var at int
			_, err := fmt.Sscanf(row, "%010d 00000 n", &at)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(file[at:], fmt.Sprintf("%d 0 obj\n", i+1)))
		}
	})
}
