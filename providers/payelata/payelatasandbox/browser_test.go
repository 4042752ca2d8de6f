package payelatasandbox_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/web/browsertest"
)

// A payer whose card the bank refused tries another one, confirms it on the
// bank's page and goes back to the shop; then pays by the card that was saved.
// Screenshots are kept by `go test -artifacts`.
func TestHostedPage_InABrowser(t *testing.T) {
	t.Parallel()
	for name, window := range map[string][2]int{"Desktop": {1280, 900}, "Phone": {390, 844}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{payelata: twoAttempts()})
			server := httptest.NewServer(b.server.Handler())
			t.Cleanup(server.Close)
			b.server.SetBaseURL(server.URL)
			shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = w.Write([]byte(`<!doctype html><title>Shop</title><h1 id="thanks">Thank you</h1>`))
			}))
			t.Cleanup(shop.Close)

			i := b.made(order("ORDER1233", withCustomer("c1", attrs{
				"amount": 1248.5, "description": "Annual plan", "return_url": shop.URL, "gateway_options": cardGate("tokenize"),
			})))
			action, _, _ := b.flow(i)
			ctx := browsertest.Open(t, window[0], window[1])
			require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(action), chromedp.WaitVisible(chromedp.CSS("#card-number"))))
			keepFitting(ctx, t, "pay.png")
			typeCard(ctx, t, failsCard, "05/29")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#decline"))))
			keepFitting(ctx, t, "refused.png")
			typeCard(ctx, t, "4242424242424242", "12/30")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#card-number-error"))))
			keepFitting(ctx, t, "mistake.png")

			require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(action),
				chromedp.Click(chromedp.CSS("#test-cards li:nth-child(2) .use")),
				chromedp.WaitVisible(chromedp.CSS(`#card-number[value="5123 8172 3406 0000"]`))))
			keepFitting(ctx, t, "filled.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#acs-confirm"))))
			keepFitting(ctx, t, "bank.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#acs-confirm")), chromedp.WaitVisible(chromedp.CSS("#return-link"))))
			keepFitting(ctx, t, "paid.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#return-link")), chromedp.WaitVisible(chromedp.CSS("#thanks"))))

			got := b.get(i.ID).Attributes
			require.Equal(t, "processed", got.Status)
			next := b.made(order("ORDER1234", withCustomer("c1", attrs{"token": got.Payload.Token})))
			action, _, _ = b.flow(next)
			require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(action), chromedp.WaitVisible(chromedp.CSS("#saved-card")),
				chromedp.SendKeys(chromedp.CSS("#card-cvv"), "123")))
			keepFitting(ctx, t, "saved.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#acs-cancel")),
				chromedp.Click(chromedp.CSS("#acs-cancel")), chromedp.WaitVisible(chromedp.CSS("#decline"))))
			require.Len(t, b.book(), 1)
		})
	}
}

// typeCard fills the form in as a person does.
func typeCard(ctx context.Context, t *testing.T, pan, expiry string) {
	t.Helper()
	for _, field := range []struct{ id, text string }{
		{"#card-number", pan}, {"#card-expiry", expiry}, {"#card-cvv", "123"}, {"#card-holder", "JOHN DOE"},
	} {
		require.NoError(t, chromedp.Do(ctx, chromedp.Clear(chromedp.CSS(field.id)), chromedp.SendKeys(chromedp.CSS(field.id), field.text)))
	}
}

// keepFitting takes a screenshot of a page that nothing stands out of.
func keepFitting(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	browsertest.Keep(ctx, t, name)
	fits, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth <= innerWidth`))
	require.NoError(t, err)
	require.True(t, fits, "nothing stands out of the window: %s", name)
}
