package mailsink_test

import (
	"fmt"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/notify/mailsink"
	"github.com/paygraph/paygraph/internal/web/browsertest"
)

// The inbox is read in a real browser on a desktop and on a phone, with the real
// mails of the golden files in it.
func TestInbox_Browser(t *testing.T) {
	t.Parallel()
	for name, size := range map[string][2]int{"desktop": {1280, 800}, "phone": {390, 844}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, mailsink.Options{})
			b.sendGolden(t)
			ctx := browsertest.Open(t, size[0], size[1])
			see := func(path string) {
				t.Helper()
				require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(b.web.URL+path)))
				fits, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth <= innerWidth`))
				require.NoError(t, err)
				require.True(t, fits, "nothing stands out of the window: %s", path)
			}
			see("/inbox/")
			browsertest.Keep(ctx, t, name+"-list.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS(".list a")), chromedp.WaitVisible(chromedp.CSS(".tabs"))))
			browsertest.Keep(ctx, t, name+"-mail.png")
			for _, as := range []string{"text", "raw"} {
				see("/inbox/mail/1?as=" + as)
				browsertest.Keep(ctx, t, name+"-"+as+".png")
			}
			// The mail alone, as a mail program shows it.
			for n := range b.sink.Messages() {
				see(fmt.Sprintf("/inbox/mail/%d/html", n+1))
				browsertest.Keep(ctx, t, fmt.Sprintf("%s-html-%d.png", name, n+1))
			}
		})
	}
}

func (b *bundle) sendGolden(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("../testdata/*.html")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		html, err := os.ReadFile(file)
		require.NoError(t, err)
		_, title, _ := strings.Cut(string(html), "<title>")
		title, _, _ = strings.Cut(title, "</title>")
		raw := "From: Shop <pay@example.com>\r\nTo: <a.payer.with.a.long.name@mail.example.org>\r\nSubject: " + title +
			"\r\nMessage-Id: <mail_01kjpkcd00e008000000000000@example.com>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + string(html)
		require.NoError(t, smtp.SendMail(b.address, nil, "pay@example.com", []string{"a.payer.with.a.long.name@mail.example.org"}, []byte(raw)))
	}
}
