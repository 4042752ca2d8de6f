package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/web/browsertest"
)

// A payer pays in a real browser, through 3-D Secure, and lands on the shop's
// page, while a socket receives DONE. Screenshots are kept by
// `go test -artifacts`.
func TestDev_PayerInABrowser(t *testing.T) {
	t.Parallel()
	for _, window := range []struct {
		name          string
		width, height int
	}{
		{name: "Desktop", width: 1280, height: 900},
		{name: "Phone", width: 390, height: 844},
	} {
		t.Run(window.name, func(t *testing.T) {
			t.Parallel()
			shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = w.Write([]byte(`<!doctype html><title>Shop</title><h1 id="thanks">Thank you</h1>`))
			}))
			t.Cleanup(shop.Close)
			data := t.TempDir()
			p := startDev(t, "--data", data)
			_, _, code := execute(t, "origin", "add", "--data", data, "--merchant", "demo", shop.URL)
			require.Equal(t, exitOK, code)
			made := p.buy(uuid.NewString(), map[string]any{"returnUrl": shop.URL + "/thanks"}).BillCreate
			s := p.socket(made.AccessToken)
			s.watch("1", map[string]any{"id": made.Bill.ID})

			ctx := browsertest.Open(t, window.width, window.height)
			require.NoError(t, chromedp.Do(ctx,
				chromedp.Navigate(made.Bill.NextAction.URL), chromedp.WaitVisible(chromedp.CSS("#card-number"))))
			browsertest.Keep(ctx, t, "pay-page.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#card-number"), "4111111111111111")))
			require.NoError(t, chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#card-expiry"), nextYear())))
			require.NoError(t, chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#card-cvc"), "123")))
			require.NoError(t, chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#card-holder"), "IVAN IVANOV")))
			browsertest.Keep(ctx, t, "pay-page-filled.png")
			require.NoError(t, chromedp.Do(ctx,
				chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#acs-confirm"))))
			browsertest.Keep(ctx, t, "3-d-secure.png")
			require.NoError(t, chromedp.Do(ctx,
				chromedp.Click(chromedp.CSS("#acs-confirm")), chromedp.WaitVisible(chromedp.CSS("#return-link"))))
			browsertest.Keep(ctx, t, "paid.png")
			landed(ctx, t, shop.URL+"/thanks")

			statuses, last := s.untilDone()
			require.Equal(t, "PENDING", statuses[0])
			require.Equal(t, "articles/42", last.Bill.Entitlements[0].Resource)
		})
	}
}

// landed waits until the browser is on the page at url, which the bank's page
// leads to through our own return page.
func landed(ctx context.Context, t *testing.T, url string) {
	t.Helper()
	require.NoError(t, chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS("#thanks"))))
	at, err := chromedp.Run(ctx, chromedp.Location())
	require.NoError(t, err)
	require.Equal(t, url, at)
}

// nextYear is an expiry date as a payer types it.
func nextYear() string { return systemClock().Now().AddDate(1, 0, 0).Format("01/06") }
