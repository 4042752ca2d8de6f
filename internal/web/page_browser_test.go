package web_test

import (
	"context"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/web/browsertest"
)

// TestReturn_PagesInABrowser looks at the pages as payers do: the policy must
// let the page's own style in, nothing may overflow a phone, and the console
// stays empty. Screenshots stay where `go test -artifacts` puts them.
func TestReturn_PagesInABrowser(t *testing.T) {
	t.Parallel()
	e := setup(t, func(e *edge) {
		e.billing.returned = func(_ context.Context, token string) (string, error) {
			return "", map[string]error{
				"unknown": pay.NotFound("payment"),
				"trouble": context.DeadlineExceeded,
			}[token]
		}
	})
	var mu sync.Mutex
	var complaints []string
	ctx := browsertest.Open(t, 1280, 800, chromedp.WithListener(func(event any) {
		if entry, ok := event.(*log.EventEntryAdded); ok && entry.Entry.Source != log.EntrySourceNetwork { // a 404 is one, and meant
			mu.Lock()
			defer mu.Unlock()
			complaints = append(complaints, entry.Entry.Text)
		}
	}))

	tests := []struct {
		name, token, language, scheme string
		width, height                 int64
	}{
		{"processing-desktop", "paid", "en", "light", 1280, 800},
		{"processing-phone-ru", "paid", "ru", "light", 360, 740},
		{"processing-phone-dark", "paid", "en", "dark", 360, 740},
		{"unknown-phone-ru", "unknown", "ru", "light", 320, 640},
		{"unknown-desktop", "unknown", "en", "light", 1280, 800},
		{"trouble-desktop-dark", "trouble", "en", "dark", 1280, 800},
		{"trouble-phone-ru", "trouble", "ru", "light", 360, 740},
	}
	for _, tt := range tests {
		_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: tt.width, Height: tt.height, DeviceScaleFactor: 2, Mobile: tt.width < 600,
		})
		require.NoError(t, err)
		_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: tt.scheme}},
		})
		require.NoError(t, err)
		_, err = chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
			Headers: network.Headers{"Accept-Language": tt.language},
		})
		require.NoError(t, err)
		require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(e.url+"/return/"+tt.token), chromedp.WaitVisible(chromedp.CSS("h1"))), tt.name)
		styled, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`getComputedStyle(document.querySelector('main')).textAlign === 'center'`))
		require.NoError(t, err)
		require.True(t, styled, "%s: the policy keeps the page's own style out", tt.name)
		fits, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight`))
		require.NoError(t, err)
		require.True(t, fits, "%s: the page does not fit", tt.name)
		browsertest.Keep(ctx, t, tt.name+".png")
	}
	mu.Lock()
	defer mu.Unlock()
	require.Empty(t, complaints)
}
