package bisyssandbox_test

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/web/browsertest"
)

// A payer mistypes, corrects it, passes 3-D Secure and sees the receipt, on a
// desktop and on a phone. Screenshots are kept by `go test -artifacts`.
func TestPage_InABrowser(t *testing.T) {
	t.Parallel()
	for name, window := range browsertest.Windows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			b.Listen()
			o := b.anonymous("orderNote", "Квитанция на 137,50 _KZT_ за май")
			ctx := browsertest.Open(t, window[0], window[1])
			browsertest.Watch(ctx, t)
			do := func(actions ...chromedp.Action[chromedp.Void]) {
				t.Helper()
				require.NoError(t, chromedp.Do(ctx, actions...))
			}
			do(chromedp.Navigate(o.url), chromedp.WaitVisible(chromedp.CSS("#pan")))
			browsertest.KeepFitting(ctx, t, "form.png")

			browsertest.Type(ctx, t, []browsertest.Typed{
				{Field: "#pan", Text: "4242424242424242"}, {Field: "#exp", Text: "1224"}, {Field: "#secret", Text: "123"}, {Field: "#holder", Text: "IVAN PETROV"},
			})
			require.Equal(t, "4242 4242 4242 4242 12 24", value(ctx, t, "#pan")+" "+value(ctx, t, "#exp"), "grouped while typing")
			do(chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#pan[aria-invalid=true]")))
			browsertest.KeepFitting(ctx, t, "wrong.png")
			do(chromedp.Click(chromedp.CSS("#test-cards summary")), chromedp.WaitVisible(chromedp.CSS(".use[data-date='03 22']")))
			browsertest.KeepFitting(ctx, t, "cards.png")
			do(chromedp.Click(chromedp.CSS(".use[data-date='03 22']")))
			require.Equal(t, "5479 2700 0000 0000", value(ctx, t, "#pan"))
			do(chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#password")))
			browsertest.KeepFitting(ctx, t, "secure.png")
			browsertest.Type(ctx, t, []browsertest.Typed{{Field: "#password", Text: "12345678"}})
			do(chromedp.Click(chromedp.CSS("#secure-confirm")), chromedp.WaitVisible(chromedp.CSS("#receipt[data-state=payed]")))
			browsertest.KeepFitting(ctx, t, "receipt.png")
			require.Equal(t, "payed", b.state(o.num))

			refused := b.anonymous("failUrl", "http://shop.test/back")
			b.submit(refused, "secret", "999")
			do(chromedp.Navigate(refused.url), chromedp.WaitVisible(chromedp.CSS("#receipt[data-state=rejected] #return-link")))
			browsertest.KeepFitting(ctx, t, "refused.png")
		})
	}
}

func value(ctx context.Context, t *testing.T, field string) string {
	t.Helper()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector('`+field+`').value`))
	require.NoError(t, err)
	return text
}
