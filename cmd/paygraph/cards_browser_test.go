package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/web/browsertest"
)

// windows are a desktop's and a phone's.
func windows() map[string][2]int {
	return map[string][2]int{"Desktop": {1280, 900}, "Phone": {390, 844}}
}

// A server starts a registration for its user. The payer tries a card that the bank
// declines, and then one that it asks 3-D Secure for, and lands on the shop's page,
// while a socket receives how it went. Screenshots are kept by
// `go test -artifacts`.
func TestDev_CardInABrowser(t *testing.T) {
	t.Parallel()
	for name, window := range windows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, shop := devWithShop(t)
			made := p.register(shop + "/cards")
			s := p.socket(made.AccessToken)
			s.send(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]any{
				"query": watchCardDocument, "variables": map[string]any{"id": made.Registration.ID},
			}})
			first := s.nextOfCard()
			require.True(t, first.Snapshot)
			require.Equal(t, "ACTION_REQUIRED", first.Registration.Status)
			require.Nil(t, first.Registration.Card)

			ctx := browsertest.Open(t, window[0], window[1])
			require.NoError(t, chromedp.Do(ctx,
				chromedp.Navigate(made.Registration.NextAction.URL), chromedp.WaitVisible(chromedp.CSS("#card-number"))))
			keepFitting(ctx, t, "add-page.png")
			typeCard(ctx, t, "5500000000000004", "521")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#decline"))))
			keepFitting(ctx, t, "add-declined.png")
			typeCard(ctx, t, "4111111111111111", "123")
			keepFitting(ctx, t, "add-filled.png")
			require.NoError(t, chromedp.Do(ctx,
				chromedp.Click(chromedp.CSS("#pay")), chromedp.WaitVisible(chromedp.CSS("#acs-confirm"))))
			keepFitting(ctx, t, "3-d-secure.png")
			require.NoError(t, chromedp.Do(ctx,
				chromedp.Click(chromedp.CSS("#acs-confirm")), chromedp.WaitVisible(chromedp.CSS("#return-link"))))
			keepFitting(ctx, t, "added.png")
			link, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector('#return-link').href`))
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(link, "http://"+p.ready["addr"]+"/return/cards/"), link)
			landed(ctx, t, shop+"/cards")

			last := first
			for last.Registration.Status != "COMPLETED" {
				version := last.Registration.Version
				last = s.nextOfCard()
				require.Greater(t, last.Registration.Version, version, "versions rise")
			}
			require.NotNil(t, last.Registration.Card)
			require.Equal(t, savedCard{Status: "ACTIVE", Brand: "visa", Mask: "411111******1111", Holder: "IVAN IVANOV", IsDefault: true}, *last.Registration.Card)
		})
	}
}

// devWithShop is `paygraph dev` and the address of a page of the shop's that payers
// may be sent to.
func devWithShop(t *testing.T) (*program, string) {
	t.Helper()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><title>Shop</title><h1 id="thanks">Thank you</h1>`))
	}))
	t.Cleanup(shop.Close)
	data := t.TempDir()
	p := startDev(t, "--data", data)
	_, stderr, code := execute(t, "origin", "add", "--data", data, "--merchant", "demo", shop.URL)
	require.Equal(t, exitOK, code, stderr)
	return p, shop.URL
}

// registering is a card registration as the server that started it gets it.
type registering struct {
	AccessToken  string
	Registration struct {
		ID         string
		NextAction struct{ URL string }
	}
	Errors []struct{ Code, Key, Message string }
}

// register has the shop's server start a registration for a user of its own.
func (p *program) register(returnURL string) registering {
	p.t.Helper()
	var user struct {
		UserUpsert struct{ User struct{ ID string } }
	}
	p.ask(p.ready["secret_key"], `mutation($input: UserUpsertInput!) { userUpsert(input: $input) { user { id } } }`, map[string]any{
		"input": map[string]any{"idempotencyKey": uuid.NewString(), "externalId": "17"},
	}, &user)
	var answer struct{ CardRegistrationStart registering }
	p.ask(p.ready["secret_key"], `mutation($input: CardRegistrationStartInput!) {
  cardRegistrationStart(input: $input) {
    accessToken
    registration { id nextAction { ... on RedirectAction { url } } }
    errors { code key message }
  }
}`, map[string]any{"input": map[string]any{
		"idempotencyKey": uuid.NewString(), "user": user.UserUpsert.User.ID, "returnUrl": returnURL, "payer": map[string]any{"locale": "en"},
	}}, &answer)
	require.Empty(p.t, answer.CardRegistrationStart.Errors)
	return answer.CardRegistrationStart
}

const watchCardDocument = `subscription Watch($id: ID!) {
  cardRegistrationUpdated(id: $id) {
    snapshot
    registration { status version card { status brand mask holder isDefault } }
  }
}`

// pushedCard is one message of cardRegistrationUpdated.
type pushedCard struct {
	Snapshot     bool
	Registration struct {
		Status  string
		Version int
		Card    *savedCard
	}
}

type savedCard struct {
	Status, Brand, Mask, Holder string
	IsDefault                   bool
}

func (s *socket) nextOfCard() pushedCard {
	s.t.Helper()
	f := s.receive()
	require.Equal(s.t, "next", f.Type, "%s", f.Payload)
	var message struct {
		Data   struct{ CardRegistrationUpdated pushedCard }
		Errors json.RawMessage
	}
	require.NoError(s.t, json.Unmarshal(f.Payload, &message))
	require.Empty(s.t, string(message.Errors))
	return message.Data.CardRegistrationUpdated
}

// typeCard types a card as a payer does, over what is there.
func typeCard(ctx context.Context, t *testing.T, number, code string) {
	t.Helper()
	for _, field := range []struct{ id, text string }{
		{"#card-number", number}, {"#card-expiry", nextYear()}, {"#card-cvc", code}, {"#card-holder", "IVAN IVANOV"},
	} {
		require.NoError(t, chromedp.Do(ctx, chromedp.Clear(chromedp.CSS(field.id)), chromedp.SendKeys(chromedp.CSS(field.id), field.text)))
	}
}

// keepFitting takes a screenshot of a page that fits the window's width.
func keepFitting(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	browsertest.Keep(ctx, t, name)
	fits, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth <= innerWidth`))
	require.NoError(t, err)
	require.True(t, fits, "nothing stands out of the window: %s", name)
}

// The inbox shows a newcomer the mail that the shop sends.
func TestDev_InboxInABrowser(t *testing.T) {
	t.Parallel()
	for name, window := range windows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := devWithShop(t)
			made := p.buy(uuid.NewString(), map[string]any{"email": "ana@mail.example", "payer": map[string]any{"locale": "en"}}).BillCreate
			s := p.socket(made.AccessToken)
			s.watch("1", map[string]any{"id": made.Bill.ID})
			p.pays(made.Bill.NextAction.URL)
			s.untilDone()

			ctx := browsertest.Open(t, window[0], window[1])
			require.NoError(t, chromedp.Do(ctx, chromedp.Navigate("http://"+p.ready["addr"]+"/inbox/")))
			// The page is drawn once; a reader who sees no mail yet loads it again.
			for arrived := false; !arrived; {
				var err error
				arrived, err = chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelector('.list a') !== null`))
				require.NoError(t, err)
				require.NoError(t, chromedp.Do(ctx, chromedp.Reload()))
			}
			keepFitting(ctx, t, "inbox.png")
			require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS(".list a")), chromedp.WaitVisible(chromedp.CSS(".tabs"))))
			keepFitting(ctx, t, "mail.png")
			for _, tab := range []string{"text", "raw"} {
				require.NoError(t, chromedp.Do(ctx, chromedp.Navigate("http://"+p.ready["addr"]+"/inbox/mail/1?as="+tab)))
				keepFitting(ctx, t, "mail-"+tab+".png")
			}
			shown, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
			require.NoError(t, err)
			require.Contains(t, shown, "ana@mail.example")
		})
	}
}
