package ktpaysandbox_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/web/browsertest"
	"github.com/paygraph/paygraph/providers/ktpay/ktpaysandbox"
)

// shopPage does what KTPay's client does in the merchant's page: it posts a
// sealed order across origins, opens the widget in a frame whose address lacks
// an "=", and does what the frame's messages say.
const shopPage = `<!doctype html><meta name="viewport" content="width=device-width"><title>Shop</title>
<style>body{margin:0} #iframe_widget{position:fixed;inset:0;width:100%%;height:100%%;border:0}</style>
<h1 id="cart">Cart</h1><p id="status" hidden></p>
<script>
const say = (text) => { const p = document.getElementById('status'); p.textContent = text; p.hidden = false; };
addEventListener('message', (e) => {
  if (typeof e.data !== 'string' || e.origin !== '%[1]s') return;
  if (e.data === 'close') { document.getElementById('iframe_widget').remove(); say('closed'); }
  if (e.data.includes('http')) location.href = e.data;
});
fetch('%[1]s/ktpay/api/v1/merchant-widget/payment', {
  method: 'POST', body: '%[2]s', headers: {'Auth-Identifier': '%[3]s', 'Content-Type': 'text/plain'},
}).then((r) => r.json()).then((a) => {
  const frame = document.createElement('iframe'), data = a.response.data;
  frame.id = 'iframe_widget';
  frame.src = '%[1]s/ktpay/payment-card?hash=' + data.transaction_hash + '&show_close_button' + data.show_close_button;
  document.body.append(frame);
}).catch(() => say('refused'));
</script>`

// merchant is a shop whose pages a browser can open, beside a sandbox that
// trusts it by 127.0.0.1 and not by localhost.
type merchant struct {
	bench *bench
	shop  string
}

// newMerchant sells order; SHOP in it is the shop's own address.
func newMerchant(t *testing.T, order string) *merchant {
	t.Helper()
	account := ktpaysandbox.DefaultAccounts()[0]
	account.Origins = []string{"http://127.0.0.1:*"}
	b := setup(t, options{ktpay: ktpaysandbox.Options{Accounts: []ktpaysandbox.Account{account}}})
	b.Listen()
	m := &merchant{bench: b}
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		page := `<!doctype html><title>Shop</title><h1 id="landed">` + html.EscapeString(r.URL.Path) + `</h1>`
		if r.URL.Path == "/cart" {
			page = fmt.Sprintf(shopPage, b.URL, b.seal(strings.ReplaceAll(order, "SHOP", m.shop)), appID)
		}
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(shop.Close)
	m.shop = shop.URL
	return m
}

// inFrame makes queries look into the widget's frame.
func inFrame(ctx context.Context, t *testing.T) chromedp.QueryOption {
	t.Helper()
	frames, err := chromedp.Run(ctx, chromedp.Nodes(chromedp.CSS("#iframe_widget")))
	require.NoError(t, err)
	return chromedp.FromNode(frames[0])
}

// waitInFrame waits for an element of the frame, whichever page it shows by
// then: a query sees only the page that was there when it began.
func waitInFrame(ctx context.Context, t *testing.T, selector chromedp.CSS) {
	t.Helper()
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		frames, err := chromedp.Run(ctx, chromedp.Nodes(chromedp.CSS("#iframe_widget")))
		return err == nil && chromedp.Do(ctx, chromedp.WaitVisible(selector, chromedp.FromNode(frames[0]))) == nil
	}, 40*time.Second, time.Millisecond)
}

func typeCard(ctx context.Context, t *testing.T, card string, where ...chromedp.QueryOption) {
	t.Helper()
	browsertest.Type(ctx, t, []browsertest.Typed{
		{Field: "#card-number", Text: card}, {Field: "#card-expiry", Text: "1239"}, {Field: "#card-cvc", Text: "123"}, {Field: "#card-holder", Text: "AIGERIM K"},
	}, where...)
}

func TestBrowser_Alone(t *testing.T) {
	t.Parallel()
	for name, window := range browsertest.Windows() {
		t.Run("PayerPaysThrough3DSecure"+name, func(t *testing.T) {
			t.Parallel()
			m := newMerchant(t, "")
			hash := m.bench.open(ecom("o1", `,"description":"A book","callback_success_url":"`+m.shop+`/thanks"`))
			ctx := browsertest.Open(t, window[0], window[1])
			browsertest.Watch(ctx, t)
			require.NoError(t, chromedp.Do(ctx,
				chromedp.Navigate(m.bench.URL+pagePath(hash)), chromedp.WaitVisible(chromedp.CSS("#card-number"))))
			browsertest.KeepFitting(ctx, t, "form.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS(".wrong #card-number"))))
			browsertest.KeepFitting(ctx, t, "form-empty.png")
			typeCard(ctx, t, cardExpired)
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#decline"))))
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#test-cards summary")), chromedp.WaitVisible(chromedp.CSS(".use")), chromedp.ScrollIntoView(chromedp.CSS(".hints li:last-child"))))
			browsertest.KeepFitting(ctx, t, "form-again.png")
			typeCard(ctx, t, card3DS)
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#acs-confirm"))))
			browsertest.KeepFitting(ctx, t, "3-d-secure.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#acs-confirm")), chromedp.WaitVisible(chromedp.CSS("#continue"))))
			browsertest.KeepFitting(ctx, t, "receipt.png")
			require.Equal(t, 1, m.bench.Book()[0].Captures)
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#continue")), chromedp.WaitVisible(chromedp.CSS("#landed"))))
			at, err := chromedp.Run(ctx, chromedp.Location())
			require.NoError(t, err)
			require.Equal(t, m.shop+"/thanks", at)
		})

		t.Run("DeclineAndHoldFitThePage"+name, func(t *testing.T) {
			t.Parallel()
			m := newMerchant(t, "")
			held, declined := m.bench.open(toService("o1", 2, "87771234567")), m.bench.open(ecom("o2"))
			m.bench.pay(held, cardGood, "approve")
			m.bench.pay(declined, cardNoFunds, "approve")
			ctx := browsertest.Open(t, window[0], window[1])
			browsertest.Watch(ctx, t)
			for _, p := range []string{pagePath(held), pagePath(declined), pagePath(declined) + "&step=end", pagePath("none")} {
				require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(m.bench.URL+p), chromedp.WaitVisible(chromedp.CSS("main"))))
				browsertest.KeepFitting(ctx, t, fmt.Sprintf("page-%d.png", len(p)))
			}
		})
	}
}

func TestBrowser_Frame(t *testing.T) {
	t.Parallel()

	// opened is a browser on the shop's page with the widget over it.
	opened := func(t *testing.T, order string, window [2]int) (*merchant, context.Context) {
		t.Helper()
		m := newMerchant(t, order)
		ctx := browsertest.Open(t, window[0], window[1])
		browsertest.Watch(ctx, t)
		require.NoError(t, chromedp.Do(ctx,
			chromedp.Navigate(m.shop+"/cart"), chromedp.WaitVisible(chromedp.CSS("#iframe_widget"))))
		waitInFrame(ctx, t, "#card-number")
		return m, ctx
	}
	landed := func(ctx context.Context, t *testing.T, want string) {
		t.Helper()
		require.NoError(t, chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS("#landed"))))
		at, err := chromedp.Run(ctx, chromedp.Location())
		require.NoError(t, err)
		require.Equal(t, want, at)
	}

	for name, window := range browsertest.Windows() {
		t.Run("Case04_Case20_FrameOpensPaysAndContinues"+name, func(t *testing.T) {
			t.Parallel()
			m, ctx := opened(t, ecom("o1", `,"callback_success_url":"SHOP/thanks"`), window)
			browsertest.KeepFitting(ctx, t, "frame.png")
			typeCard(ctx, t, cardGood, inFrame(ctx, t))
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay"), inFrame(ctx, t))))
			waitInFrame(ctx, t, "#continue")
			browsertest.KeepFitting(ctx, t, "frame-receipt.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#continue"), inFrame(ctx, t))))
			landed(ctx, t, m.shop+"/thanks")
			require.Equal(t, 1, m.bench.Book()[0].Captures)
		})
	}

	t.Run("Case20_CrossRemovesTheFrame", func(t *testing.T) {
		t.Parallel()
		_, ctx := opened(t, ecom("o1"), [2]int{1280, 900})
		require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#close"), inFrame(ctx, t))))
		require.NoError(t, chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS("#status")), chromedp.WaitNotPresent(chromedp.CSS("#iframe_widget"))))
	})

	t.Run("Case20_ForcedURLSkipsTheReceipt", func(t *testing.T) {
		t.Parallel()
		m, ctx := opened(t, ecom("o1", `,"callback_force_failed_url":"SHOP/sorry","callback_failed_url":"SHOP/wrong"`), [2]int{1280, 900})
		typeCard(ctx, t, cardDeclined, inFrame(ctx, t))
		require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay"), inFrame(ctx, t))))
		landed(ctx, t, m.shop+"/sorry")
	})

	t.Run("Case19_PageOfAnotherDomainIsRefused", func(t *testing.T) {
		t.Parallel()
		m := newMerchant(t, ecom("o1"))
		ctx := browsertest.Open(t, 1280, 900)
		require.NoError(t, chromedp.Do(ctx,
			chromedp.Navigate(strings.Replace(m.shop, "127.0.0.1", "localhost", 1)+"/cart"), chromedp.WaitVisible(chromedp.CSS("#status"))))
		says, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("#status")))
		require.NoError(t, err)
		require.Equal(t, "refused", says)
		m.bench.open(ecom("o1")) // nothing was created
	})
}
