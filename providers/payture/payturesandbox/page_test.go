package payturesandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPage(t *testing.T) {
	t.Parallel()

	t.Run("HasWhatABrowserTestNeeds", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.page(b.open("Pay", "o1", 124800))
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, "text/html; charset=utf-8", a.Header.Get("Content-Type"))
		for _, id := range []string{"card-number", "card-expiry", "card-cvc", "card-holder"} {
			require.Contains(t, a.Body, `id="`+id+`"`)
			require.Contains(t, a.Body, `<label for="`+id+`">`)
		}
		for _, part := range []string{
			`id="pay"`, `id="payForm"`, `name="CardNumber"`, `name="DateTo"`, `name="SecureCode"`, `name="CardHolder"`,
			`<input type="hidden" name="Key" value="Merchant">`,
			`autocomplete="cc-number"`, `autocomplete="cc-exp"`, `autocomplete="cc-csc"`, `autocomplete="cc-name"`,
			`<details`, "4111 1111 1111 1111", "Песочница", "Осталось попыток: 5",
		} {
			require.Contains(t, a.Body, part)
		}
	})

	t.Run("LoadsNothingFromElsewhere", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.page(b.open("Pay", "o1", 100))
		require.Contains(t, a.Header.Get("Content-Security-Policy"), "default-src 'none'")
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.NotContains(t, a.Body, `src="http`)
		require.NotContains(t, a.Body, "<style")
		require.NotContains(t, a.Body, "style=")
		for _, f := range []struct{ name, kind string }{{"pay.css", "text/css"}, {"pay.js", "text/javascript"}} {
			file := b.Get("/payture/static/" + f.name)
			require.Equal(t, http.StatusOK, file.Status)
			require.Contains(t, file.Header.Get("Content-Type"), f.kind)
		}
		require.Equal(t, http.StatusNotFound, b.Get("/payture/static/none").Status)
	})

	amounts := []struct {
		language, want string
		amount         int
	}{
		{"RU", "1\u00a0248,00\u00a0₽", 124800},
		{"EN", "1,248.00\u00a0RUB", 124800},
		{"en", "1,234,567.89\u00a0RUB", 123456789},
		{"DE", "0,01\u00a0₽", 1},
		{"", "999,10\u00a0₽", 99910},
	}
	for _, tt := range amounts {
		t.Run(fmt.Sprintf("ShowsTheAmount%s%d", tt.language, tt.amount), func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			r := b.command("Init", "Key", "Merchant", "Data", fmt.Sprintf("SessionType=Pay;OrderId=o1;Amount=%d;Language=%s", tt.amount, tt.language))
			require.Contains(t, b.page(r["SessionId"]).Body, `<p class="amount" id="amount">`+tt.want+`</p>`)
		})
	}

	t.Run("EscapesWhatTheMerchantSent", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		r := b.command("Init", "Key", "Merchant", "Data", "SessionType=Pay;OrderId=<script>1;Amount=100;Product=<script>2;Url=https://x.example/\"><script>3")
		body := b.page(r["SessionId"]).Body
		require.NotContains(t, body, "<script>", "the page's own have an address")
	})

	t.Run("TakesSessionIdByPostToo", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.Equal(t, http.StatusOK, b.Post("/payture/apim/Pay", "SessionId", b.open("Pay", "o1", 100)).Status)
	})

	t.Run("UnknownSessionIs404", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.Equal(t, http.StatusNotFound, b.page("undefined").Status)
		require.Equal(t, http.StatusNotFound, b.submit("undefined").Status)
		require.Equal(t, http.StatusNotFound, b.Get("/payture/acs/undefined").Status)
	})

	t.Run("ExpiredSessionSaysSoAndGoesBack", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o1", 100)
		b.clock.Advance(time.Hour)
		a := b.page(s)
		require.Contains(t, a.Body, "Время вышло")
		require.NotContains(t, a.Body, "payForm")
		require.Equal(t, "3;url=https://shop.example/back?o=o1&s=False", a.Header.Get("Refresh"))
		b.submit(s)
		require.Empty(t, b.Book())
	})
}

func TestPage_Pay(t *testing.T) {
	t.Parallel()

	t.Run("PaysWithoutAScript", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o 1&", 100)
		a := b.submit(s)
		require.Equal(t, http.StatusSeeOther, a.Status)
		require.Equal(t, "/payture/apim/Pay?SessionId="+s, a.Header.Get("Location"))
		a = b.Get(a.Header.Get("Location"))
		require.Contains(t, a.Body, "Оплата прошла")
		require.Contains(t, a.Body, `id="return-link" href="https://shop.example/back?o=o%201%26&amp;s=True"`)
		require.Equal(t, "3;url=https://shop.example/back?o=o%201%26&s=True", a.Header.Get("Refresh"))
		require.Equal(t, "Charged", b.state("o 1&")["State"])
	})

	t.Run("SpeedShortensTheWayBack", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o1", 100)
		b.submit(s)
		b.Control("clock", `{"speed":60}`)
		require.True(t, strings.HasPrefix(b.page(s).Header.Get("Refresh"), "0;url="))
	})

	t.Run("ResultWithoutURLStays", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.command("Init", "Key", "Merchant", "Data", "SessionType=Block;OrderId=o1;Amount=100;Language=EN")["SessionId"]
		b.submit(s)
		a := b.page(s)
		require.Contains(t, a.Body, "Amount held")
		require.Contains(t, a.Body, "You can close this page.")
		require.Empty(t, a.Header.Get("Refresh"))
		require.NotContains(t, a.Body, "return-link")
	})

	wrong := []struct{ name, field, value, id string }{
		{"NotATestCard", "CardNumber", "4242424242424242", "card-number"},
		{"NoCard", "CardNumber", "", "card-number"},
		{"PastDate", "DateTo", "10/26", "card-expiry"},
		{"Month13", "DateTo", "13/28", "card-expiry"},
		{"NoDate", "DateTo", "soon", "card-expiry"},
		{"ShortCVC", "SecureCode", "12", "card-cvc"},
		{"LettersInCVC", "SecureCode", "abc", "card-cvc"},
		{"ShortHolder", "CardHolder", "AB", "card-holder"},
		{"CyrillicHolder", "CardHolder", "ИВАН ПЕТРОВ", "card-holder"},
	}
	for _, tt := range wrong {
		t.Run("PointsAt"+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			s := b.open("Pay", "o1", 100)
			a := b.submit(s, tt.field, tt.value)
			require.Equal(t, http.StatusUnprocessableEntity, a.Status)
			require.Equal(t, 1, strings.Count(a.Body, `aria-invalid="true"`))
			require.Regexp(t, `id="`+tt.id+`-error" aria-live="polite">[^<]+<`, a.Body)
			require.Contains(t, a.Body, "Осталось попыток: 5", "a slip of the finger is no attempt")
			require.NotContains(t, a.Body, `value="`+goodCard)
			require.Equal(t, "NONE", b.state("o1")["ErrCode"])
		})
	}

	right := []struct{ name, field, value string }{
		{"GroupedNumber", "CardNumber", "4111 1111-1111 1112"},
		{"DateWithoutSlash", "DateTo", "1228"},
		{"DateWithBlanks", "DateTo", "12 / 28"},
		{"LongYear", "DateTo", "12/2028"},
		{"ThisMonth", "DateTo", "11/26"},
		{"NoCVCWhereOptional", "SecureCode", ""},
		{"HolderInLowerCase", "CardHolder", "o'Neil Jr."},
	}
	for _, tt := range right {
		t.Run("Takes"+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			b.submit(b.open("Pay", "o1", 100), tt.field, tt.value)
			require.Equal(t, "Charged", b.state("o1")["State"])
		})
	}

	t.Run("CVCRequiredWhereTheCardSaysSo", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.Equal(t, http.StatusUnprocessableEntity,
			b.submit(b.open("Pay", "o1", 100), "CardNumber", "4111111111100023", "SecureCode", "").Status)
	})

	t.Run("WrongCVCIsADecline", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o1", 100)
		b.submit(s, "SecureCode", "999")
		require.Contains(t, b.page(s).Body, "Неверный CVC")
		require.Equal(t, "Rejected", b.state("o1")["State"])
	})

	t.Run("DeclineLeavesTheSessionPayable", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o1", 100)
		b.submit(s, "CardNumber", "5500000000000004", "SecureCode", "521")
		a := b.page(s)
		require.Contains(t, a.Body, "Карта заблокирована банком")
		require.Contains(t, a.Body, "Осталось попыток: 4")
		require.Equal(t, "Rejected", b.state("o1")["State"])
		b.submit(s)
		require.Equal(t, "Charged", b.state("o1")["State"])
		require.Equal(t, 1, b.Book()[0].Captures)
	})

	t.Run("FiveAttemptsAndNoMore", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o1", 100)
		for range 5 {
			b.pay(s, "", "decline")
		}
		require.Equal(t, "LIMIT_EXCHAUST", b.pay(s, "", "").ErrCode)
		a := b.page(s)
		require.Contains(t, a.Body, "Все попытки использованы")
		require.Contains(t, a.Header.Get("Refresh"), "s=False")
		require.Equal(t, "Rejected", b.state("o1")["State"])
		require.Empty(t, b.Book())
	})
}

func TestPage_DoubleSubmit(t *testing.T) {
	t.Parallel()
	storm := func(b *bench, f func() answer) {
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() { require.Equal(b, http.StatusSeeOther, f().Status) })
		}
		wait.Wait()
	}

	for _, kind := range []string{"Pay", "Block"} {
		t.Run(kind+"TakesOnce", func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			s := b.open(kind, "o1", 100)
			storm(b, func() answer { return b.submit(s, "Attempt", "1") })
			b.operate("Charge", "o1")
			require.Len(t, b.Book(), 1)
			require.Equal(t, 1, b.Book()[0].Captures)
			require.Equal(t, int64(100), b.Book()[0].CapturedMinor)
		})
	}

	t.Run("ScriptsWithoutAttemptTakeOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o1", 100)
		storm(b, func() answer { return b.submit(s) })
		require.Equal(t, 1, b.Book()[0].Captures)
	})

	t.Run("RepeatedDeclineIsOneAttempt", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o1", 100)
		storm(b, func() answer {
			return b.submit(s, "CardNumber", "5500000000000004", "SecureCode", "521", "Attempt", "1")
		})
		require.Contains(t, b.page(s).Body, "Осталось попыток: 4")
	})

	t.Run("RepeatedConfirmTakesOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		acs := b.submit(b.open("Pay", "o1", 100), "CardNumber", card3DS).Header.Get("Location")
		storm(b, func() answer { return b.Post(acs, "Action", "confirm") })
		require.Equal(t, 1, b.Book()[0].Captures)
	})
}

func TestPage_3DSecure(t *testing.T) {
	t.Parallel()

	start := func(t *testing.T) (b *bench, session, acs string) {
		t.Helper()
		b = setup(t, options{})
		session = b.open("Pay", "o1", 124800)
		a := b.submit(session, "CardNumber", card3DS)
		require.Equal(t, http.StatusSeeOther, a.Status)
		return b, session, a.Header.Get("Location")
	}

	t.Run("ConfirmPays", func(t *testing.T) {
		t.Parallel()
		b, session, acs := start(t)
		require.Regexp(t, `^/payture/acs/`, acs)
		require.Equal(t, "PreAuthorized3DS", b.state("o1")["State"])
		page := b.Get(acs).Body
		for _, part := range []string{`id="acs-confirm"`, `id="acs-cancel"`, "•••• 1111", "1\u00a0248,00\u00a0₽"} {
			require.Contains(t, page, part)
		}
		a := b.Post(acs, "Action", "confirm")
		require.Equal(t, "/payture/apim/Pay?SessionId="+session, a.Header.Get("Location"))
		require.Equal(t, "Charged", b.state("o1")["State"])
		require.Equal(t, http.StatusSeeOther, b.Get(acs).Status, "an answered step leads to the result")
	})

	t.Run("CancelRejects", func(t *testing.T) {
		t.Parallel()
		b, session, acs := start(t)
		b.Post(acs, "Action", "cancel")
		require.Equal(t, "Rejected", b.state("o1")["State"])
		require.Contains(t, b.page(session).Body, "Вы отказались")
	})

	t.Run("NonsenseActionAsksAgain", func(t *testing.T) {
		t.Parallel()
		b, _, acs := start(t)
		require.Equal(t, http.StatusOK, b.Post(acs, "Action", "maybe").Status)
		require.Equal(t, "PreAuthorized3DS", b.state("o1")["State"])
	})

	t.Run("NewAttemptMakesTheOldOneObsolete", func(t *testing.T) {
		t.Parallel()
		b, session, acs := start(t)
		require.Contains(t, b.page(session).Body, acs, "the unfinished step is offered")
		b.submit(session)
		require.Equal(t, "Charged", b.state("o1")["State"])
		require.Contains(t, b.Post(acs, "Action", "confirm").Body, "устарело")
		require.Equal(t, 1, b.Book()[0].Captures)
	})

	t.Run("StepMayBeAnsweredAfterTheSessionsEnd", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		session := b.open("Pay", "o1", 100)
		b.clock.Advance(59 * time.Minute)
		acs := b.submit(session, "CardNumber", card3DS).Header.Get("Location")
		b.clock.Advance(10 * time.Minute)
		require.Equal(t, acs, b.page(session).Header.Get("Location"))
		b.Post(acs, "Action", "confirm")
		require.Equal(t, "Charged", b.state("o1")["State"])
	})

	t.Run("StepLapsesAfter15Minutes", func(t *testing.T) {
		t.Parallel()
		b, session, acs := start(t)
		b.clock.Advance(15 * time.Minute)
		require.Contains(t, b.Post(acs, "Action", "confirm").Body, "устарело")
		require.Equal(t, "Rejected", b.state("o1")["State"])
		require.Contains(t, b.page(session).Body, "Время на подтверждение в банке вышло")
	})
}

func TestPaySubmit_JSON(t *testing.T) {
	t.Parallel()

	submit := func(b *bench, referer, data string) map[string]any {
		b.Helper()
		a := b.Ask(http.MethodPost, "/payture/apim/PaySubmit",
			"Json=true&Data="+strings.NewReplacer("=", "%3D", ";", "%3B", " ", "+").Replace(data),
			"Content-Type", form, "Referer", referer, "X-Requested-With", "XMLHttpRequest")
		require.Equal(b, "application/json; charset=utf-8", a.Header.Get("Content-Type"))
		var got map[string]any
		require.NoError(b, json.Unmarshal([]byte(a.Body), &got))
		return got
	}
	const good = "OrderId=o1;Amount=100;TemplateTag=json;cardNumber=4111111111111112;SecureCode=123;EYear=28;EMonth=12;CardHolder=Ivan Ivanov;Key=Merchant"

	t.Run("Pays", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o1", 100)
		require.Equal(t, true, submit(b, b.URL+"/payture/apim/Pay?SessionId="+s, good)["Success"])
		require.Equal(t, "Charged", b.state("o1")["State"])
		got := submit(b, "", good)
		require.Equal(t, false, got["Success"])
		require.Equal(t, "DUPLICATE_ORDER_ID", got["ErrCode"])
		require.Equal(t, 1, b.Book()[0].Captures)
	})

	t.Run("3DSIsNotASuccess", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.open("Pay", "o1", 100)
		got := submit(b, "", strings.Replace(good, goodCard, card3DS, 1))
		require.Equal(t, false, got["Success"])
		require.Regexp(t, "^/payture/acs/", got["ACSUrl"])
	})

	refused := []struct{ name, old, new, code string }{
		{"Declined", goodCard, "4111111111100072", "ISSUER_BLOCKED_CARD"},
		{"Key", "Key=Merchant", "Key=Nobody", "ACCESS_DENIED"},
		{"Order", "OrderId=o1", "OrderId=o2", "ORDER_NOT_FOUND"},
		{"Amount", "Amount=100", "Amount=101", "AMOUNT_ERROR"},
		{"Card", goodCard, "4242424242424242", "WRONG_CARD_PAN"},
		{"Date", "EYear=28", "EYear=25", "WRONG_EXPIRE_DATE"},
		{"Data", "OrderId=o1", "nonsense", "FORMAT_ERROR"},
	}
	for _, tt := range refused {
		t.Run("Refuses"+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			b.open("Pay", "o1", 100)
			got := submit(b, "", strings.Replace(good, tt.old, tt.new, 1))
			require.Equal(t, false, got["Success"])
			require.Equal(t, tt.code, got["ErrCode"])
			require.Empty(t, b.Book())
		})
	}

	t.Run("RefusesThePageOfAnotherOrder", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.open("Pay", "o1", 100)
		got := submit(b, b.URL+"/payture/apim/Pay?SessionId="+b.open("Pay", "o2", 100), good)
		require.Equal(t, "ORDER_NOT_FOUND", got["ErrCode"])
	})
}
