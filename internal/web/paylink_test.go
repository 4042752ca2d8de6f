package web_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// following answers everybody who comes by a pay link so.
func following(url string, err error) func(*edge) {
	return func(e *edge) {
		e.billing.follow = func(context.Context, string) (string, error) { return url, err }
	}
}

func TestPayLink(t *testing.T) {
	t.Parallel()

	tests := []struct {
		fact   string
		set    func(*edge)
		status int
		want   string // in the page
		next   string // where the browser goes
	}{
		{"GoesOnToTheProvider", following("https://bank.example/pay?s=1", nil), http.StatusSeeOther, "", "https://bank.example/pay?s=1"},
		{"NothingToPay", following("", nil), http.StatusOK, "There is nothing to pay any more", ""},
		{"NotOurs", following("", pay.NotFound("bill")), http.StatusNotFound, "There is no such payment", ""},
		{"Unreachable", following("", errors.New("the bank sleeps")), http.StatusServiceUnavailable, "Reload this page in a minute", ""},
		{"NoWebPage", following("javascript:alert(1)", nil), http.StatusOK, "There is nothing to pay any more", ""},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			e := setup(t, tt.set)
			a := e.send(t, http.MethodGet, "/pay/"+canary+".sig", "")
			require.Equal(t, tt.status, a.status)
			require.Contains(t, a.body, tt.want)
			require.Equal(t, tt.next, a.header.Get("Location"))
			require.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"))
			e.noCanary(t, a)
		})
	}
	t.Run("LookingOpensNothing", func(t *testing.T) {
		t.Parallel()
		e := setup(t, func(e *edge) {
			e.billing.follow = func(context.Context, string) (string, error) {
				require.Fail(t, "a HEAD opened a page")
				return "", nil
			}
		})
		require.Equal(t, http.StatusOK, e.send(t, http.MethodHead, "/pay/"+canary+".sig", "").status)
	})
}
