package bisyssandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPage(t *testing.T) {
	t.Parallel()

	t.Run("HasWhatABrowserAndAClientNeed", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.Get("/bisys/cardpay/card?order=" + b.anonymous().id)
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, "text/html; charset=utf-8", a.Header.Get("Content-Type"))
		for _, id := range []string{"pan", "exp", "holder", "secret"} {
			require.Contains(t, a.Body, `<label for="`+id+`">`)
			require.Contains(t, a.Body, `id="`+id+`" name="`+id+`"`)
		}
		for _, part := range []string{
			`action="/bisys/cardpay/api/C/pay"`, `name="operation" value="pay"`, `autocomplete="cc-number"`, `lang="ru"`, "Песочница", "Тестовые карты",
			`id="total">137,50` + "\u00a0" + `₸<`, `id="supply">4,50` + "\u00a0₸<", `id="fee">133,00` + "\u00a0₸<",
			"Л/СЧЕТ", "9503006477", "2 × 1,00\u00a0₸", "5479 2700 0000 0000",
		} {
			require.Contains(t, a.Body, part)
		}
	})

	t.Run("SpeaksEnglishToWhoAsks", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.asked("/bisys/cardpay/card?order=" + b.anonymous("amount", 123456789).id)
		require.Contains(t, a.Body, `lang="en"`)
		require.Contains(t, a.Body, "1,234,700.89\u00a0₸")
	})

	t.Run("FormOfARegistrationSaysSo", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.opened(b.must("/card/registration", body{"userToken": b.user("79020000000")}))
		page := b.asked("/bisys/cardpay/card?order=" + o.id).Body
		require.Contains(t, page, `action="/bisys/cardpay/api/C/rpcheck"`)
		require.Contains(t, page, `name="operation" value="checkpay"`)
		require.Contains(t, page, "Up to 5 ₸")
		b.Pay(o.url, "", "")
		require.Contains(t, b.asked("/bisys/cardpay/receipt?order="+o.id).Body, "Card saved")
	})

	notes := []struct{ name, note, want string }{
		{"Tenge", "К оплате 10_KZT_", "К оплате 10₸"},
		{"UnknownStaysText", "10_XXX_", "10_XXX_"},
		{"TheSeedsGPB", "5_GPB_", "5£"},
		{"GBP", "5_GBP_", "5£"},
		{"Several", "1_RUB_, 2_USD_, 3_EUR_, 4_KGS_", "1₽, 2$, 3€, 4с"},
		{"TheRest", "_UZS_ _AZN_ _GEL_ _TRY_ _CNY_ _AMD_", "So&#39;m ₼ ₾ ₺ ¥ ֏"},
		{"LowerCaseStaysText", "_kzt_", "_kzt_"},
	}
	for _, tt := range notes {
		t.Run("Case24_CurrencyTokens_"+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			require.Contains(t, b.Get("/bisys/cardpay/card?order="+b.anonymous("orderNote", tt.note).id).Body, `id="note">`+tt.want+`<`)
		})
	}

	t.Run("LoadsNothingFromElsewhere", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.Get("/bisys/cardpay/card?order=" + b.anonymous().id)
		require.Contains(t, a.Header.Get("Content-Security-Policy"), "default-src 'none'")
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.NotContains(t, a.Body, `src="http`)
		require.NotContains(t, a.Body, "style=")
		for file, kind := range map[string]string{"bisys.css": "text/css", "cardform.js": "text/javascript"} {
			f := b.Get("/bisys/static/" + file)
			require.Equal(t, http.StatusOK, f.Status)
			require.Contains(t, f.Header.Get("Content-Type"), kind)
		}
		require.Equal(t, http.StatusNotFound, b.Get("/bisys/static/none").Status)
	})

	t.Run("EscapesWhatTheShopSent", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.anonymous("orderNote", "<script>1", "properties", []body{{"name": "<script>2", "value": "<script>3"}},
			"orderItems", []body{{"num": 1, "name": "<script>4", "quantity": 1, "price": 1}})
		require.Equal(t, 1, strings.Count(b.Get("/bisys/cardpay/card?order="+o.id).Body, "<script"), "the page's own")
	})

	wrong := []struct{ name, field, value string }{
		{"NotATestCard", "pan", "4242424242424242"},
		{"NoCard", "pan", ""},
		{"AnotherCardsDate", "exp", "03 22"},
		{"NoDate", "exp", "soon"},
		{"NoHolder", "holder", ""},
		{"CyrillicHolder", "holder", "ИВАН"},
		{"ShortCode", "secret", "12"},
	}
	for _, tt := range wrong {
		t.Run("PointsAt"+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			o := b.anonymous()
			a := b.submit(o, tt.field, tt.value)
			require.Equal(t, http.StatusUnprocessableEntity, a.Status)
			require.Regexp(t, `id="`+tt.field+`-error" aria-live="polite">[^<]+<`, a.Body)
			require.Contains(t, a.Body, `aria-describedby="`+tt.field+`-error" aria-invalid="true"`)
			require.NotContains(t, a.Body, `value="`+good, "what was typed is not drawn again")
			require.Equal(t, "created", b.state(o.num))
		})
	}

	t.Run("UnknownOrderIs404", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		for _, page := range []string{"card", "secure", "receipt"} {
			require.Equal(t, http.StatusNotFound, b.Get("/bisys/cardpay/"+page+"?order=x").Status)
		}
		require.Equal(t, http.StatusNotFound, b.submit(order{id: "x"}).Status)
		require.Equal(t, http.StatusMethodNotAllowed, b.Post("/bisys/cardpay/card", "order", "x").Status)
		require.Equal(t, http.StatusMethodNotAllowed, b.Get("/bisys/cardpay/api/C/pay").Status)
	})

	t.Run("PagesLeadToWhereThePaymentIs", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.anonymous()
		leads := func(page, to string) {
			b.Helper()
			require.Equal(b, "/bisys/cardpay/"+to+"?order="+o.id, b.Get("/bisys/cardpay/"+page+"?order="+o.id).Header.Get("Location"))
		}
		leads("secure", "card")
		leads("receipt", "card")
		b.submit(o)
		leads("card", "secure")
		b.Post("/bisys/cardpay/secure?order="+o.id, "password", "12345678")
		leads("card", "receipt")
		leads("secure", "receipt")
	})

	ends := []struct{ name, card, code, says, refresh string }{
		{"Paid", "4000000000000002", "123", "Payment received", "5;url=https://shop.example/good"},
		{"Refused", "4000000000000002", "999", "The bank refused the payment.", "5;url=https://shop.example/bad"},
	}
	for _, tt := range ends {
		t.Run("ReceiptGoesBackWhen"+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			o := b.anonymous("successUrl", "https://shop.example/good", "failUrl", "https://shop.example/bad")
			b.submit(o, "pan", tt.card, "exp", "01 21", "secret", tt.code)
			a := b.asked("/bisys/cardpay/receipt?order=" + o.id)
			require.Contains(t, a.Body, tt.says)
			require.Contains(t, a.Body, `id="return-link"`)
			require.Equal(t, tt.refresh, a.Header.Get("Refresh"))
		})
	}

	t.Run("ReceiptWithoutAnAddressStays", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.anonymous("holdTtl", 600)
		b.Pay(o.url, "", "")
		a := b.asked("/bisys/cardpay/receipt?order=" + o.id)
		require.Contains(t, a.Body, "Amount on hold")
		require.Empty(t, a.Header.Get("Refresh"))
		require.NotContains(t, a.Body, "return-link")
		b.must("/provision-services/refund", body{"regPayNum": o.num})
		require.Contains(t, b.asked("/bisys/cardpay/receipt?order="+o.id).Body, "Money returned")
	})

	t.Run("NothingOfACardIsKeptButItsMask", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.anonymous()
		b.payByForm(o)
		page := b.Get("/bisys/cardpay/receipt?order=" + o.id).Body
		require.Contains(t, page, "•••• 1111")
		require.NotContains(t, page, good)
	})
}
