package web_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// browser finds Chromium, or skips where there is none.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		require.FailNow(t, "no Chromium on this machine")
	}
	t.Skip("no Chromium on this machine")
	return ""
}

// TestReturn_PagesInABrowser looks at the pages as payers do: the policy must
// let the page's own style in, nothing may overflow a phone, and the console
// stays empty. Screenshots stay where `go test -artifacts` puts them.
func TestReturn_PagesInABrowser(t *testing.T) {
	t.Parallel()
	path := browser(t)
	e := setup(t, func(e *edge) {
		e.billing.returned = func(_ context.Context, token string) (string, error) {
			return "", map[string]error{
				"unknown": pay.NotFound("payment"),
				"trouble": context.DeadlineExceeded,
			}[token]
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)...)
	defer cancel()
	var mu sync.Mutex
	var complaints []string
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(func(event any) {
		if entry, ok := event.(*log.EventEntryAdded); ok && entry.Entry.Source != log.EntrySourceNetwork { // a 404 is one, and meant
			mu.Lock()
			defer mu.Unlock()
			complaints = append(complaints, entry.Entry.Text)
		}
	}))
	defer cancel()

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
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate("about:blank")))
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
		picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(t.ArtifactDir(), tt.name+".png"), picture, 0o600))
	}
	mu.Lock()
	defer mu.Unlock()
	require.Empty(t, complaints)
}
