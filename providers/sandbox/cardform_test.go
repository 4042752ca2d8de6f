package sandbox_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/web/browsertest"
	"github.com/paygraph/paygraph/providers/sandbox"
)

const cardFormPage = `<body>
<form id="card-form" method="post" action="/acme/paid" novalidate data-busy="One moment…">
<div class="field"><input id="number" autocomplete="cc-number" required pattern="(\D*\d){15,}\D*" data-error="Too short"><p id="number-error"></p></div>
<div class="field"><input id="expiry" autocomplete="cc-exp" required data-error="No date"><p id="expiry-error"></p></div>
<div class="field"><input id="code" autocomplete="cc-csc" pattern="\d{3}" data-error="Three digits"><p id="code-error"></p></div>
<div class="field wrong"><input id="holder" autocomplete="cc-name" aria-invalid="true"><p id="holder-error">The shop said no</p></div>
<button id="pay"><span class="label">Pay</span></button>
</form>
<form id="other"><input id="when" autocomplete="cc-exp" data-between=" "></form>
<button class="use" id="use" data-card="4111111111111111" data-date="12/28" data-cvc="123" data-holder="IVAN PETROV" hidden>Use</button>
</body></html>`

// openCardForm is a browser on a form that goes by CardForm; posts counts how
// often it was sent.
func openCardForm(t *testing.T) (ctx context.Context, posts chan string) {
	t.Helper()
	files := fstest.MapFS{"templates/pay.html": {Data: []byte(cardFormPage)}, "static/acme.css": {Data: []byte("p { color: teal }")}}
	pages := sandbox.MustPages(sandbox.Look{Files: files, Static: "/acme/static/", Style: "acme.css", Scripts: []string{sandbox.CardForm}})
	posts = make(chan string, 10)
	mux := http.NewServeMux()
	mux.HandleFunc("/acme/static/{file}", pages.Static)
	mux.HandleFunc("/acme/pay", func(w http.ResponseWriter, _ *http.Request) {
		pages.Draw(w, http.StatusOK, "pay.html", sandbox.Page{Lang: "en", Title: "Pay"})
	})
	mux.HandleFunc("/acme/paid", func(w http.ResponseWriter, _ *http.Request) {
		posts <- "paid"
		w.WriteHeader(http.StatusNoContent) // the browser stays on the form
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	ctx = browsertest.Open(t, 800, 600)
	browsertest.Watch(ctx, t)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(s.URL+"/acme/pay"), chromedp.WaitVisible(chromedp.CSS("#use"))))
	return ctx, posts
}

// says is the value of a JavaScript expression.
func says(ctx context.Context, t *testing.T, expression string) string {
	t.Helper()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	require.NoError(t, err)
	return text
}

func value(ctx context.Context, t *testing.T, id string) string {
	t.Helper()
	return says(ctx, t, "document.getElementById('"+id+"').value")
}

func click(ctx context.Context, t *testing.T, selector chromedp.CSS) {
	t.Helper()
	require.NoError(t, chromedp.Do(ctx, chromedp.Click(selector)))
}

func TestCardForm_InABrowser(t *testing.T) {
	t.Parallel()

	t.Run("ShapesWhatIsTyped", func(t *testing.T) {
		t.Parallel()
		ctx, _ := openCardForm(t)
		tests := []struct{ id, typed, want string }{
			{"number", "41111111111111112222333", "4111 1111 1111 1111 222"},
			{"number", "4a1-1", "411"},
			{"expiry", "1228", "12/28"},
			{"expiry", "12/28", "12/28"},
			{"expiry", "928", "09/28"},
			{"expiry", "1/28", "1/28"},
			{"code", "1x23", "123"},
			{"when", "1228", "12 28"},
			{"when", "12 28", "12 28"},
		}
		for _, tt := range tests {
			browsertest.Type(ctx, t, []browsertest.Typed{{Field: "#" + tt.id, Text: tt.typed}})
			require.Equal(t, tt.want, value(ctx, t, tt.id), tt.typed)
		}
	})

	t.Run("PointsAtMistakesAndSendsNothing", func(t *testing.T) {
		t.Parallel()
		ctx, posts := openCardForm(t)
		browsertest.Type(ctx, t, []browsertest.Typed{{Field: "#number", Text: "4111"}, {Field: "#expiry", Text: "1228"}})
		click(ctx, t, "#pay")
		require.NoError(t, chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(".wrong #number[aria-invalid=true]"))))
		require.Equal(t, "Too short", says(ctx, t, "document.getElementById('number-error').textContent"))
		require.Empty(t, says(ctx, t, "document.getElementById('expiry-error').textContent + document.getElementById('code-error').textContent"),
			"what need not be there is right when empty")
		require.Equal(t, "number", says(ctx, t, "document.activeElement.id"))
		require.Empty(t, posts)

		browsertest.Type(ctx, t, []browsertest.Typed{{Field: "#number", Text: "4"}, {Field: "#holder", Text: "I"}})
		require.NoError(t, chromedp.Do(ctx, chromedp.WaitNotPresent(chromedp.CSS(".wrong, [aria-invalid]"))))
		require.Empty(t, says(ctx, t, "document.getElementById('number-error').textContent + document.getElementById('holder-error').textContent"),
			"typing takes a complaint away, the server's too")
	})

	t.Run("FillsATestCardInAndSendsOnce", func(t *testing.T) {
		t.Parallel()
		ctx, posts := openCardForm(t)
		click(ctx, t, "#use")
		require.Equal(t, "4111 1111 1111 1111, 12/28, 123, IVAN PETROV",
			says(ctx, t, "['number', 'expiry', 'code', 'holder'].map((id) => document.getElementById(id).value).join(', ')"))
		require.Equal(t, "pay", says(ctx, t, "document.activeElement.id"))
		click(ctx, t, "#pay")
		click(ctx, t, "#pay")
		require.Equal(t, "paid", <-posts)
		require.Equal(t, "One moment… true", says(ctx, t, "document.querySelector('.label').textContent + ' ' + document.getElementById('pay').ariaBusy"))
		require.Empty(t, posts)
	})
}
