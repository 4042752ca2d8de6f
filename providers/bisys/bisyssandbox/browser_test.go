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
	for name, window := range map[string][2]int{"Desktop": {1280, 900}, "Phone": {390, 844}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			o := b.anonymous("orderNote", "Квитанция на 137,50 _KZT_ за май")
			ctx := browsertest.Open(t, window[0], window[1])
			do := func(actions ...chromedp.Action[chromedp.Void]) {
				t.Helper()
				require.NoError(t, chromedp.Do(ctx, actions...))
			}
			do(chromedp.Navigate(o.url), chromedp.WaitVisible(chromedp.CSS("#pan")))
			keep(ctx, t, "form.png")

			enter(ctx, t, "#pan", "4242424242424242")
			enter(ctx, t, "#exp", "1224")
			enter(ctx, t, "#secret", "123")
			enter(ctx, t, "#holder", "IVAN PETROV")
			require.Equal(t, "4242 4242 4242 4242 12 24", value(ctx, t, "#pan")+" "+value(ctx, t, "#exp"), "grouped while typing")
			do(chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#pan[aria-invalid=true]")))
			keep(ctx, t, "wrong.png")
			do(chromedp.Click(chromedp.CSS("#test-cards summary")), chromedp.WaitVisible(chromedp.CSS(".use[data-exp='03 22']")))
			keep(ctx, t, "cards.png")
			do(chromedp.Click(chromedp.CSS(".use[data-exp='03 22']")))
			require.Equal(t, "5479 2700 0000 0000", value(ctx, t, "#pan"))
			do(chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#password")))
			keep(ctx, t, "secure.png")
			enter(ctx, t, "#password", "12345678")
			do(chromedp.Click(chromedp.CSS("#secure-confirm")), chromedp.WaitVisible(chromedp.CSS("#receipt[data-state=payed]")))
			keep(ctx, t, "receipt.png")
			require.Equal(t, "payed", b.state(o.num))

			refused := b.anonymous("failUrl", b.shop.URL+"/back")
			b.submit(refused, "secret", "999")
			do(chromedp.Navigate(refused.url), chromedp.WaitVisible(chromedp.CSS("#receipt[data-state=rejected] #return-link")))
			keep(ctx, t, "refused.png")
		})
	}
}

func enter(ctx context.Context, t *testing.T, field, text string) {
	t.Helper()
	require.NoError(t, chromedp.Do(ctx, chromedp.Clear(chromedp.CSS(field)), chromedp.SendKeys(chromedp.CSS(field), text)))
}

func value(ctx context.Context, t *testing.T, field string) string {
	t.Helper()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector('`+field+`').value`))
	require.NoError(t, err)
	return text
}

// keep takes a screenshot of a page that fits the window's width.
func keep(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	browsertest.Keep(ctx, t, name)
	fits, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth <= innerWidth`))
	require.NoError(t, err)
	require.True(t, fits, "nothing stands out of the window: %s", name)
}
