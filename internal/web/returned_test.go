package web_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// returning answers every returning payer so.
func returning(url string, err error) func(*edge) {
	return func(e *edge) {
		e.billing.returned = func(context.Context, string) (string, error) { return url, err }
	}
}

func TestReturn_GoesOnToTheMerchant(t *testing.T) {
	t.Parallel()

	const page = "https://shop.example/thanks?order=7#top"
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var token string
			e := setup(t, func(e *edge) {
				e.billing.returned = func(_ context.Context, sent string) (string, error) {
					token = sent
					return page, nil
				}
			})
			a := e.send(t, method, "/return/"+canary+".sig?Success=true&x="+canary, "")
			require.Equal(t, http.StatusSeeOther, a.status)
			require.Equal(t, page, a.header.Get("Location"))
			require.Equal(t, "no-store", a.header.Get("Cache-Control"))
			require.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"))
			require.Empty(t, a.body)
			require.Equal(t, canary+".sig", token)
			e.noCanary(t, a)
			require.Equal(t, method+" /return/{token}", e.lines(t, "request")[0]["route"])
		})
	}
}

func TestReturn_Pages(t *testing.T) {
	t.Parallel()

	tests := []struct {
		fact     string
		set      func(*edge)
		language string
		status   int
		want     string
	}{
		{"NoPageToGoTo", returning("", nil), "", http.StatusOK, "You are back from the payment page"},
		{"NoPageToGoToInRussian", returning("", nil), "ru-RU,ru;q=0.9,en-US;q=0.8", http.StatusOK, "Вы вернулись со страницы оплаты"},
		{"EnglishWhenLikedBetter", returning("", nil), "de, en;q=0.9, ru;q=0.8", http.StatusOK, "You are back from the payment page"},
		{"EnglishForOddLanguages", returning("", nil), "ru;q=banana, ;;;, ru;q=7", http.StatusOK, "You are back from the payment page"},
		{"APageThatIsNoWebPage", returning("javascript:alert(1)", nil), "", http.StatusOK, "You are back from the payment page"},
		{"UnknownToken", returning("", pay.NotFound("payment")), "", http.StatusNotFound, "There is no such payment"},
		{"UnknownTokenInRussian", returning("", pay.NotFound("payment")), "ru", http.StatusNotFound, "Такого платежа нет"},
		{"DatabaseOut", returning("", errors.New("read attempt: connection refused")), "", http.StatusServiceUnavailable, "We cannot show your payment"},
		{"Panic", func(e *edge) {
			e.billing.returned = func(_ context.Context, token string) (string, error) { panic(token) }
		}, "ru", http.StatusInternalServerError, "Не получается показать платёж"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			e := setup(t, tt.set)
			a := e.send(t, http.MethodGet, "/return/"+canary, "", "Accept-Language", tt.language)
			require.Equal(t, tt.status, a.status)
			require.Contains(t, a.body, tt.want)
			require.Equal(t, "text/html; charset=utf-8", a.header.Get("Content-Type"))
			require.Equal(t, "no-store", a.header.Get("Cache-Control"))
			require.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"))
			require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
			require.Equal(t, "Accept-Language", a.header.Get("Vary"))
			require.Contains(t, a.header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-")
			require.NotContains(t, a.header.Get("Content-Security-Policy"), "unsafe")
			e.noCanary(t, a)
		})
	}
}
