package payturesandbox_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/web/browsertest"
)

// A payer mistypes, is refused, takes another card from the list, passes 3-D
// Secure and is taken back to the shop, on a desktop and on a phone. Screenshots
// are kept by `go test -artifacts`.
func TestPage_InABrowser(t *testing.T) {
	t.Parallel()
	for name, window := range browsertest.Windows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			b.Listen()
			shop := browsertest.Shop(t)
			session := b.command("Init", "Key", "Merchant", "Data",
				fmt.Sprintf("SessionType=Pay;OrderId=o1;Amount=124800;Product=Annual plan;Language=EN;Url=%s/back?s={success}", shop))["SessionId"]

			ctx := browsertest.Open(t, window[0], window[1])
			browsertest.Watch(ctx, t)
			do := func(actions ...chromedp.Action[chromedp.Void]) {
				t.Helper()
				require.NoError(t, chromedp.Do(ctx, actions...))
			}
			do(chromedp.Navigate(b.URL+"/payture/apim/Pay?SessionId="+session), chromedp.WaitVisible(chromedp.CSS("#card-number")))
			browsertest.KeepFitting(ctx, t, "form.png")
			do(chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS(".wrong #card-number")))
			browsertest.KeepFitting(ctx, t, "mistakes.png")

			browsertest.Type(ctx, t, []browsertest.Typed{
				{Field: "#card-number", Text: "5500000000000004"},
				{Field: "#card-expiry", Text: "1228"},
				{Field: "#card-cvc", Text: "521"},
				{Field: "#card-holder", Text: "IVAN PETROV"},
			})
			do(chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#decline")))
			browsertest.KeepFitting(ctx, t, "declined.png")

			do(chromedp.Click(chromedp.CSS("#test-cards summary")), chromedp.WaitVisible(chromedp.CSS(".use[data-card='"+card3DS+"']")))
			browsertest.KeepFitting(ctx, t, "cards.png")
			do(chromedp.Click(chromedp.CSS(".use[data-card='" + card3DS + "']")))
			browsertest.KeepFitting(ctx, t, "filled.png")
			do(chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#acs-confirm")))
			browsertest.KeepFitting(ctx, t, "3-d-secure.png")
			do(chromedp.Click(chromedp.CSS("#acs-confirm")), chromedp.WaitVisible(chromedp.CSS("#countdown")))
			browsertest.KeepFitting(ctx, t, "paid.png")
			do(chromedp.WaitVisible(chromedp.CSS("#thanks")))
			require.Equal(t, "Charged", b.state("o1")["State"])
		})
	}
}
