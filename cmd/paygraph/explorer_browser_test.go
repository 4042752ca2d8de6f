package main

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/web/browsertest"
)

// The example that the explorer opens with runs as it stands: it buys a page.
func TestDev_ExplorerExample(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--data", t.TempDir())
	ctx := browsertest.Open(t, 1440, 900)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Navigate("http://"+p.ready["addr"]+"/"), chromedp.WaitVisible(chromedp.CSS(".graphiql-execute-button"))))
	require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS(".graphiql-execute-button"))))
	require.NoError(t, chromedp.Do(ctx, chromedp.Click(`//*[@role="menuitem"][contains(., "BuyPage")]`)))
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](
		`[...document.querySelectorAll('.result-window .CodeMirror')].some(e => e.CodeMirror.getValue().includes('"PENDING"'))`))
	require.NoError(t, err)
	browsertest.Keep(ctx, t, "explorer-bought.png")
}
