package payelatasandbox_test

import (
	"context"
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
	for name, window := range browsertest.Windows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{payelata: twoAttempts()})
			b.Listen()
			shop := browsertest.Shop(t)

			i := b.made(order("ORDER1233", withCustomer("c1", attrs{
				"amount": 1248.5, "description": "Annual plan", "return_url": shop, "gateway_options": cardGate("tokenize"),
			})))
			action, _, _ := b.flow(i)
			ctx := browsertest.Open(t, window[0], window[1])
			browsertest.Watch(ctx, t)
			require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(action), chromedp.WaitVisible(chromedp.CSS("#card-number"))))
			browsertest.KeepFitting(ctx, t, "pay.png")
			typeCard(ctx, t, failsCard, "05/29")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#decline"))))
			browsertest.KeepFitting(ctx, t, "refused.png")
			typeCard(ctx, t, "4242424242424242", "12/30")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#card-number-error"))))
			browsertest.KeepFitting(ctx, t, "mistake.png")

			require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(action),
				chromedp.Click(chromedp.CSS("#test-cards li:nth-child(2) .use")),
				chromedp.WaitVisible(chromedp.CSS(`#card-number[value="5123 8172 3406 0000"]`))))
			browsertest.KeepFitting(ctx, t, "filled.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#acs-confirm"))))
			browsertest.KeepFitting(ctx, t, "bank.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#acs-confirm")), chromedp.WaitVisible(chromedp.CSS("#return-link"))))
			browsertest.KeepFitting(ctx, t, "paid.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#return-link")), chromedp.WaitVisible(chromedp.CSS("#thanks"))))

			got := b.get(i.ID).Attributes
			require.Equal(t, "processed", got.Status)
			next := b.made(order("ORDER1234", withCustomer("c1", attrs{"token": got.Payload.Token})))
			action, _, _ = b.flow(next)
			require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(action), chromedp.WaitVisible(chromedp.CSS("#saved-card")),
				chromedp.SendKeys(chromedp.CSS("#card-cvv"), "123")))
			browsertest.KeepFitting(ctx, t, "saved.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#acs-cancel")),
				chromedp.Click(chromedp.CSS("#acs-cancel")), chromedp.WaitVisible(chromedp.CSS("#decline"))))
			require.Len(t, b.Book(), 1)
		})
	}
}

func typeCard(ctx context.Context, t *testing.T, pan, expiry string) {
	t.Helper()
	browsertest.Type(ctx, t, []browsertest.Typed{
		{Field: "#card-number", Text: pan}, {Field: "#card-expiry", Text: expiry}, {Field: "#card-cvv", Text: "123"}, {Field: "#card-holder", Text: "JOHN DOE"},
	})
}
