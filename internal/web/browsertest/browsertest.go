// Package browsertest gives a test a real browser: the Chromium that is
// installed, without a window. It may be imported by tests only. Start at Open.
package browsertest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// Open starts Chromium with a window of the given size, for the length of the
// test, and returns the context of its one page. A machine without Chromium
// skips the test, loudly; with CI=true it fails.
func Open(t *testing.T, width, height int, options ...chromedp.ContextOption) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(find(t)), chromedp.NoSandbox, chromedp.WindowSize(width, height))...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, options...)
	t.Cleanup(cancel)
	// A window of Chromium is at least 500 wide; a phone's page is not.
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(int64(width), int64(height))))
	return ctx
}

// Watch fails the test at its end when a page complained in its console: of a
// script's mistake, of something that its own policy forbids, or of a file in a
// folder static that is not there. Call it before the first page.
func Watch(ctx context.Context, t *testing.T) {
	t.Helper()
	var mu sync.Mutex
	var complaints []string
	complain := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, text)
	}
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			complain(e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
				complain(fmt.Sprint("console: ", e.Type))
			}
		case *log.EventEntryAdded:
			// A page that is answered with 404 or 422 is what the test asked for.
			isPage := e.Entry.Source == log.EntrySourceNetwork && !strings.Contains(e.Entry.URL, "/static/")
			if e.Entry.Level == log.EntryLevelError && !isPage {
				complain(e.Entry.Text + " " + e.Entry.URL)
			}
		}
	}))
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		require.Empty(t, complaints, "in the console")
	})
}

// Keep takes a screenshot and leaves it where `go test -artifacts` puts it.
func Keep(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(t.ArtifactDir(), name), picture, 0o600))
}

// KeepFitting is Keep of a page that nothing stands out of sideways.
func KeepFitting(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	Keep(ctx, t, name)
	fits, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth <= innerWidth`))
	require.NoError(t, err)
	require.True(t, fits, "nothing stands out of the window: %s", name)
}

// Shop is the address of a shop whose every page says thanks, in #thanks.
func Shop(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><title>Shop</title><h1 id="thanks">Thank you</h1>`))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// Windows are a desktop's and a phone's width and height, by name.
func Windows() map[string][2]int {
	return map[string][2]int{"Desktop": {1280, 900}, "Phone": {390, 844}}
}

// Typed is a field, by its CSS selector, and what a person types into it.
type Typed struct{ Field, Text string }

// Type fills fields in as a person does, in the page or where the options say:
// what stands in a field is rubbed out first, if it is not longer than any card's
// number.
func Type(ctx context.Context, t *testing.T, fields []Typed, where ...chromedp.QueryOption) {
	t.Helper()
	rubOut := kb.End + strings.Repeat(kb.Backspace, 25)
	for _, f := range fields {
		require.NoError(t, chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS(f.Field), rubOut+f.Text, where...)))
	}
}

func find(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "no Chromium on this machine: apt-get install chromium"
	if os.Getenv("CI") == "true" {
		require.FailNow(t, missing)
	}
	t.Skip(missing)
	return ""
}
