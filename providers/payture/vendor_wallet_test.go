package payture

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// The tests of this file run the adapter against the sandbox over HTTP. The two
// were written apart, from the vendor's documents: where they disagree, one of
// them has misread those.

// Test cards that several tests use.
const (
	plainCard  = "4111111111111112" // no 3-D Secure
	proofCard  = "4111111111111111" // 3-D Secure when it is typed
	shyCard    = "5486732058864471" // its bank wants 3-D Secure of every charge
	brokenCard = "4111111111100056" // PROCESSING_ERROR
)

// simulated is Payture, simulated, with its own view of things for a test.
type simulated struct {
	t      *testing.T
	url    string
	server *sandbox.Server
	end    func()
}

func simulate(t *testing.T, o payturesandbox.Options, stateFile string) *simulated {
	t.Helper()
	server, err := sandbox.New(sandbox.Options{Clock: pay.ClockFunc(func() time.Time { return noon }), StateFile: stateFile})
	require.NoError(t, err)
	require.NoError(t, server.Register(payturesandbox.New(o)))
	web := httptest.NewServer(server.Handler())
	server.SetBaseURL(web.URL)
	s := &simulated{t: t, url: web.URL, server: server}
	s.end = func() {
		web.Close()
		require.NoError(t, server.Close(context.WithoutCancel(t.Context())))
	}
	t.Cleanup(func() { s.end() })
	return s
}

// client is the adapter for one of the sandbox's pay terminals.
func (s *simulated) client(payTerminal Secret) *Client {
	return s.clientWith(func(c *Config) {
		c.Wallet.PayTerminal, c.Wallet.TwoStage = payTerminal, payTerminal == "MerchantBlock"
	})
}

func (s *simulated) clientWith(change func(*Config)) *Client {
	s.t.Helper()
	config := Config{
		BaseURL: s.url + "/payture", Key: "Merchant", Password: "123", TestMode: true,
		Wallet: &Wallet{AddTerminal: "MerchantAdd", PayTerminal: "MerchantPay", Password: "123", CustomerSecret: canaryCustomers},
	}
	change(&config)
	deps := testDeps()
	s.t.Cleanup(deps.HTTP.CloseIdleConnections)
	c, err := New(config, deps)
	require.NoError(s.t, err)
	return c
}

// control calls the sandbox's control API and decodes its answer.
func (s *simulated) control(path string, body, answer any) {
	s.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(s.t, err)
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/_control/"+path, strings.NewReader(string(text)))
	require.NoError(s.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	told, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, response.StatusCode, "%s", told)
	require.NoError(s.t, json.Unmarshal(told, answer))
}

// visits plays the payer on a page.
func (s *simulated) visits(page, number string) sandbox.Paid {
	s.t.Helper()
	var paid sandbox.Paid
	s.control("pay", map[string]string{"url": page, "card": number}, &paid)
	return paid
}

// fails has the next call of a kind go wrong.
func (s *simulated) fails(op sandbox.Op, how sandbox.Kind) {
	s.t.Helper()
	var ignored any
	s.control("faults", map[string]any{"provider": "payture", "op": op, "fault": how, "rate": 1, "count": 1}, &ignored)
}

// addPage opens the page where Ana adds a card.
func (s *simulated) addPage(c *Client) providers.CardSession {
	s.t.Helper()
	session, err := c.StartCard(s.t.Context(), cardRequest())
	require.NoError(s.t, err)
	return session
}

// saved adds a card for Ana and returns it.
func (s *simulated) saved(c *Client, number string) providers.SavedCard {
	s.t.Helper()
	require.Equal(s.t, "IsActive", s.visits(s.addPage(c).Redirect.URL, number).State)
	list := s.list(c)
	require.NotEmpty(s.t, list)
	require.Equal(s.t, number[len(number)-4:], list[0].Card.Mask[len(number)-4:], "the newest comes first")
	return list[0]
}

func (s *simulated) list(c *Client) []providers.SavedCard {
	s.t.Helper()
	list, err := c.Cards(s.t.Context(), ana())
	require.NoError(s.t, err)
	return list
}

// charge charges a card with 124.80 roubles under an order number.
func (s *simulated) charge(c *Client, number, ref string) (providers.Result, error) {
	r := chargeRequest()
	r.OrderNumber, r.CardRef = number, ref
	return c.Charge(s.t.Context(), r)
}

// synced asks what became of the charge.
func (s *simulated) synced(c *Client) providers.Result {
	s.t.Helper()
	result, err := c.Sync(s.t.Context(), providers.Ref{OrderNumber: order, OfCustomer: true})
	require.NoError(s.t, err)
	return result
}

// taken is how often and how much the sandbox's book says was taken for the order.
func (s *simulated) taken() (times int, minor int64) {
	for _, e := range s.server.Book().After(0, 100) {
		if e.OrderRef == order {
			return e.Captures, e.CapturedMinor
		}
	}
	return 0, 0
}

func TestWalletAtTheSandbox_LifeOfACard(t *testing.T) {
	t.Parallel()
	s := simulate(t, payturesandbox.Options{}, "")
	c := s.client("MerchantPay")

	require.Empty(t, s.list(c), "a customer whom nobody registered has no cards")
	session := s.addPage(c)
	require.True(t, strings.HasPrefix(session.Redirect.URL, s.url+"/payture/vwapi/Add?SessionId="), session.Redirect.URL)
	require.Equal(t, noon.Add(time.Hour), session.Redirect.Expires)
	require.Equal(t, new(5), session.AttemptsLeft)
	require.Empty(t, s.list(c), "nothing was added yet")

	require.Equal(t, "THREE_DS_FAIL", s.visits(session.Redirect.URL, "4111111111111114").ErrCode)
	require.Empty(t, s.list(c))
	paid := s.visits(session.Redirect.URL, proofCard)
	require.Equal(t, "IsActive", paid.State, "the same page takes another card")
	require.Equal(t, "https://shop.example/return/tok", paid.ReturnURL)

	list := s.list(c)
	require.Len(t, list, 1)
	require.True(t, isCardRef(list[0].Ref))
	list[0].Ref = ""
	require.Equal(t, providers.SavedCard{
		Card: providers.Card{Brand: "visa", Mask: "411111xxxxxx1111"}, Holder: "SANDBOX PAYER", Active: true,
	}, list[0])

	again := s.addPage(c)
	require.Equal(t, "DUPLICATE_CARD", s.visits(again.Redirect.URL, proofCard).ErrCode)
	ref := s.saved(c, plainCard).Ref
	require.Len(t, s.list(c), 2)

	result, err := s.charge(c, order, ref)
	require.NoError(t, err)
	want := providers.Result{Status: providers.Captured, Authorized: pay.Of(0, pay.RUB), Captured: pay.Of(12480, pay.RUB)}
	require.Equal(t, want, result)
	want.RawStatus = "Charged"
	require.Equal(t, want, s.synced(c))

	require.NoError(t, c.RemoveCard(t.Context(), ana(), ref))
	require.NoError(t, c.RemoveCard(t.Context(), ana(), ref), "one that is gone is removed")
	require.Len(t, s.list(c), 1)
	result, err = s.charge(c, "after-removal", ref)
	require.NoError(t, err)
	require.Equal(t, "invalid_card", result.Decline.Code)
	_, err = c.Sync(t.Context(), providers.Ref{OrderNumber: "after-removal", OfCustomer: true})
	requireWalletError(t, err, providers.OpSync, providers.NotFound, "ORDER_NOT_FOUND")
}

// Every test card, as it is added and as it is charged without its owner.
func TestWalletAtTheSandbox_TestCards(t *testing.T) {
	t.Parallel()

	tests := []struct {
		card    string
		cannot  string // the code for which it is not added
		decline string // ours, of the charge
		code    string // theirs
	}{
		{card: plainCard},
		{card: "4011111111111112"},
		{card: "5218851946955484"},
		{card: "4111111111100031"},
		{card: "4111111111100023", decline: "invalid_cvv", code: "WRONG_CVV"},
		{card: proofCard},
		{card: shyCard, decline: "authentication_required", code: "THREE_DS_NOT_ATTEMPTED"},
		{card: "2202208311110010"},
		{card: "2202201111110010"},
		{card: "6390028880000000010"},
		{card: "6390020000000000010"},
		{card: "676280000000000011"},
		{card: "676280651854600010"},
		{card: "4111111111111114", cannot: "THREE_DS_FAIL"},
		{card: "4111111111111115", cannot: "THREE_DS_FAIL"},
		{card: "3300000000000001", cannot: "AMOUNT_EXCEED"},
		{card: "4400000000000008", cannot: "WRONG_EXPIRE_DATE"},
		{card: "5500000000000004", cannot: "ISSUER_BLOCKED_CARD"},
		{card: "6600000000000001", cannot: "ISSUER_CARD_FAIL"},
		{card: "4111101000000046", decline: "insufficient_funds", code: "AMOUNT_EXCEED"},
		{card: "4111111111100072", decline: "card_blocked", code: "ISSUER_BLOCKED_CARD"},
		{card: "4111111111100080", decline: "issuer_declined", code: "ISSUER_CARD_FAIL"},
		{card: "4111111111100221"},
		{card: "4111111111100627"},
		{card: "4111111111102029"},
		{card: "4100401111100328"},
		{card: "4100401111100724"},
		{card: "4100401111103025"},
	}
	for _, tt := range tests {
		t.Run(tt.card, func(t *testing.T) {
			t.Parallel()
			s := simulate(t, payturesandbox.Options{}, "")
			c := s.client("MerchantPay")
			paid := s.visits(s.addPage(c).Redirect.URL, tt.card)
			require.Equal(t, tt.cannot, paid.ErrCode)
			list := s.list(c)
			require.Equal(t, tt.cannot == "", len(list) == 1)
			for _, kept := range list {
				require.NotEmpty(t, kept.Card.Brand)
				require.Equal(t, tt.code == "WRONG_CVV", kept.RequiresCVV)
				result, err := s.charge(c, order, kept.Ref)
				require.NoError(t, err)
				require.Equal(t, map[bool]providers.Status{true: providers.Captured, false: providers.Declined}[tt.code == ""], result.Status)
				told := providers.Decline{}
				if result.Decline != nil {
					told = *result.Decline
				}
				require.Equal(t, [2]string{tt.decline, tt.code}, [2]string{told.Code, told.ProviderCode})
				require.Equal(t, result.Status, s.synced(c).Status, "asked, it says the same")
				times, _ := s.taken()
				require.Equal(t, tt.code == "", times == 1)
			}
		})
	}

	t.Run("WhatBreaksInsideIsInDoubtAndThenDeclined", func(t *testing.T) {
		t.Parallel()
		s := simulate(t, payturesandbox.Options{}, "")
		c := s.client("MerchantPay")
		_, err := s.charge(c, order, s.saved(c, brokenCard).Ref)
		requireWalletError(t, err, providers.OpChargeSaved, providers.Unknown, "PROCESSING_ERROR")
		result := s.synced(c)
		require.Equal(t, providers.Declined, result.Status)
		require.True(t, result.SessionOver)
	})
	t.Run("ASlowBankIsInDoubtAndThenCharged", func(t *testing.T) {
		t.Parallel()
		s := simulate(t, payturesandbox.Options{}, "")
		c := s.client("MerchantPay")
		ref := s.saved(c, "4100401111100062").Ref
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		r := chargeRequest()
		r.CardRef = ref
		_, err := c.Charge(ctx, r)
		requireWalletError(t, err, providers.OpChargeSaved, providers.Unknown, "")
		require.Equal(t, providers.ActionRequired, s.synced(c).Status, "the bank thinks")
		var ignored any
		s.control("clock", map[string]float64{"speed": 1e6}, &ignored)
		require.Eventually(t, func() bool { return s.synced(c).Status == providers.Captured }, 5*time.Second, time.Millisecond)
	})
}

// Terminals whose add scheme wants it activate a card with the sum that was held.
func TestWalletAtTheSandbox_Activation(t *testing.T) {
	t.Parallel()
	s := simulate(t, payturesandbox.Options{Accounts: []payturesandbox.Account{
		{Key: "MerchantAdd", Password: "123", Wallet: true, AddOnly: true, Activate: true},
		{Key: "MerchantPay", Password: "123", Wallet: true},
	}}, "")
	c := s.client("MerchantPay")
	held := cardRequest().Amount
	require.Equal(t, "NotActive", s.visits(s.addPage(c).Redirect.URL, plainCard).State)
	kept := s.list(c)[0]
	require.False(t, kept.Active)
	declined, err := s.charge(c, order, kept.Ref)
	require.NoError(t, err)
	require.Equal(t, "invalid_card", declined.Decline.Code)

	err = c.ActivateCard(t.Context(), ana(), kept.Ref, pay.Of(held.Amount+1, pay.RUB))
	requireWalletError(t, err, providers.OpSaveCard, providers.Rejected, "AMOUNT_ERROR")
	require.False(t, s.list(c)[0].Active)
	require.NoError(t, c.ActivateCard(t.Context(), ana(), kept.Ref, held))
	require.NoError(t, c.ActivateCard(t.Context(), ana(), kept.Ref, held), "an active card stays active")
	require.True(t, s.list(c)[0].Active)
	result, err := s.charge(c, order, kept.Ref)
	require.NoError(t, err)
	require.Equal(t, providers.Captured, result.Status)
	err = c.ActivateCard(t.Context(), ana(), "of-nobody", held)
	requireWalletError(t, err, providers.OpSaveCard, providers.Rejected, "CARD_NOT_FOUND")
}

// A customer who is registered already is brought up to date, or is another
// system's, whose password is not ours.
func TestWalletAtTheSandbox_KnownCustomer(t *testing.T) {
	t.Parallel()

	t.Run("IsBroughtUpToDate", func(t *testing.T) {
		t.Parallel()
		s := simulate(t, payturesandbox.Options{}, "")
		heard := make(chan string, 1)
		shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { heard <- r.PostFormValue("PhoneNumber") }))
		t.Cleanup(shop.Close)
		require.NoError(t, s.server.SetNotifyURL("payture", "Merchant", shop.URL))
		c := s.client("MerchantPay")
		s.addPage(c)
		r := cardRequest()
		r.Customer.Email, r.Customer.Phone = "ana@mail.example", "+79001234567"
		session, err := c.StartCard(t.Context(), r)
		require.NoError(t, err)
		s.visits(session.Redirect.URL, plainCard)
		require.Equal(t, "79001234567", <-heard)
	})
	t.Run("OfAnotherSystemIsRefusedBeforeAPage", func(t *testing.T) {
		t.Parallel()
		s := simulate(t, payturesandbox.Options{}, "")
		s.addPage(s.client("MerchantPay"))
		c := s.clientWith(func(c *Config) { c.Wallet.CustomerSecret = canaryCustomers + "-another" })
		_, err := c.StartCard(t.Context(), cardRequest())
		requireWalletError(t, err, providers.OpSaveCard, providers.Auth, "WRONG_USER_PARAMS")
		require.ErrorIs(t, err, errWrongPassword)
		_, err = c.Cards(t.Context(), ana())
		requireWalletError(t, err, providers.OpSaveCard, providers.Auth, "WRONG_USER_PARAMS")
		_, err = s.charge(c, order, card)
		requireWalletError(t, err, providers.OpChargeSaved, providers.Auth, "WRONG_USER_PARAMS")
	})
}

// What the sandbox sends is read as a hint about the customer or the order.
func TestWalletAtTheSandbox_Notifications(t *testing.T) {
	t.Parallel()
	s := simulate(t, payturesandbox.Options{}, "")
	c := s.client("MerchantPay")
	heard := make(chan providers.Event, 10)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		found, answer, err := c.ParseWebhook(r.Context(), providers.Notification{Body: body})
		if err != nil || len(found) != 1 {
			http.Error(w, "not understood", http.StatusTeapot)
			heard <- providers.Event{Kind: string(body)}
			return
		}
		w.WriteHeader(answer.Status)
		found[0].Body = nil // what may be stored is another test's
		heard <- found[0]
	}))
	t.Cleanup(shop.Close)
	require.NoError(t, s.server.SetNotifyURL("payture", "Merchant", shop.URL))
	aboutAna := func(kind string) providers.Event {
		return providers.Event{Kind: kind, Hint: true, Customer: c.CustomerName(ana())}
	}
	aboutOrder := func(kind, number string) providers.Event {
		return providers.Event{Kind: kind, Hint: true, Ref: providers.Ref{OrderNumber: number}}
	}

	page := s.addPage(c).Redirect.URL
	s.visits(page, "5500000000000004")
	require.Equal(t, aboutAna("CustomerAddFail"), <-heard)
	s.visits(page, plainCard)
	require.Equal(t, aboutAna("CustomerAddSuccess"), <-heard)
	_, err := s.charge(c, "taken", s.list(c)[0].Ref)
	require.NoError(t, err)
	require.Equal(t, aboutOrder("CustomerPaySuccess", "taken"), <-heard)
	blocked := s.saved(c, "4111111111100072").Ref
	require.Equal(t, aboutAna("CustomerAddSuccess"), <-heard)
	_, err = s.charge(c, "refused", blocked)
	require.NoError(t, err)
	require.Equal(t, aboutOrder("CustomerPayFail", "refused"), <-heard)

	holds := s.client("MerchantBlock")
	_, err = s.charge(holds, "held", s.list(c)[1].Ref)
	require.NoError(t, err)
	require.Equal(t, aboutOrder("CustomerPaySuccess", "held"), <-heard)
	_, err = holds.Capture(t.Context(), providers.Ref{OrderNumber: "held", OfCustomer: true}, "h", pay.Of(12480, pay.RUB))
	require.NoError(t, err)
	require.Equal(t, aboutOrder("EngineChargeSuccess", "held"), <-heard)
}

// A vendor that was restarted knows everything that it had answered.
func TestWalletAtTheSandbox_Restart(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state.jsonl")
	s := simulate(t, payturesandbox.Options{}, state)
	c := s.client("MerchantPay")
	kept := s.saved(c, plainCard)
	_, err := s.charge(c, order, kept.Ref)
	require.NoError(t, err)
	open := s.addPage(c).Redirect.URL
	s.end()
	s.end = func() {}

	s = simulate(t, payturesandbox.Options{}, state)
	c = s.client("MerchantPay")
	require.Equal(t, []providers.SavedCard{kept}, s.list(c))
	require.Equal(t, providers.Captured, s.synced(c).Status)
	_, err = s.charge(c, order, kept.Ref)
	requireWalletError(t, err, providers.OpChargeSaved, providers.Conflict, "DUPLICATE_ORDER_ID")
	_, page, found := strings.Cut(open, "/payture/")
	require.True(t, found)
	require.Equal(t, "IsActive", s.visits(s.url+"/payture/"+page, proofCard).State)
	require.Len(t, s.list(c), 2)
}
