package bisys

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/providertest"
)

// What every canned answer is about, and secrets that are easy to find where they
// must not be.
const (
	orderNumber  = "0198c0ffee0000000000000abc"
	payment      = "1310958041"
	phone        = "+77020000000"
	userToken    = "CANARY-USER-TOKEN"
	cardToken    = "CANARY-CARD-TOKEN"
	canaryToken  = "CANARY-SHOP-7f3a"
	canarySecKey = "CANARY-SEC-91bd"
	basicCanary  = "Basic Q0FOQVJZLVNIT1AtN2YzYTpDQU5BUlktU0VDLTkxYmQ="
)

// says answers every request with 200 and the same body.
func says(body string) http.HandlerFunc { return saysStatus(http.StatusOK, body) }

func saysStatus(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// byPath answers each path by its own handler, users as good answers do, and others
// with 404.
func byPath(handlers map[string]http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		handle, ok := handlers[r.URL.Path]
		if !ok && strings.HasPrefix(r.URL.Path, "/user/") {
			handle, ok = says(goodAnswers()[r.URL.Path]), true
		}
		if !ok {
			handle = http.NotFound
		}
		handle(w, r)
	}
}

// goodAnswers has a success for every path.
func goodAnswers() map[string]string {
	created := `{"regPayNum":"` + payment + `","methodType":"GET","payUrl":"https://bisys.kz/payment/#!search_payment","userToken":"` + userToken + `"}`
	user := `{"login":"77020000000","state":"active","userToken":"` + userToken + `"}`
	return map[string]string{
		anonymousPath:     created,
		recurrentPath:     created,
		newCardPath:       created,
		registrationPath:  user,
		userPath:          user,
		statePath:         `{"state":"payed","totalAmount":"13750","createdDate":"2026-11-21 12:00:00","providerName":"x"}`,
		cardsPath:         `{"userToken":"` + userToken + `","cards":[{"cardMask":"411111******1111","cardToken":"` + cardToken + `","cardType":"visa","state":"active"}]}`,
		deactivationPath:  `{"resultState":"success","desc":"x","userToken":"` + userToken + `"}`,
		defaultRefundPath: `{"resultState":"success","desc":"x","regPayNum":"` + payment + `","refundAmount":"2400","remainingAmount":"225"}`,
	}
}

// success is a good answer to any request.
func success(r *http.Request) string { return goodAnswers()[r.URL.Path] }

func golden(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(text)
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func testConfig(base string) Config {
	return Config{
		BaseURL: base, ShopToken: canaryToken, SecKey: canarySecKey, ServiceCode: "109-5804-1",
		Commission: Fee{FixedMinor: 13300}, TestMode: true,
	}
}

func testDeps() providers.Deps {
	return providers.Deps{HTTP: &http.Client{Transport: &http.Transport{}}, Clock: pay.ClockFunc(func() time.Time { return noon })}
}

func newClient(t *testing.T, base string, change ...func(*Config)) *Client {
	t.Helper()
	config, deps := testConfig(base), testDeps()
	for _, each := range change {
		each(&config)
	}
	t.Cleanup(deps.HTTP.CloseIdleConnections)
	c, err := New(config, deps)
	require.NoError(t, err)
	return c
}

func tenge(minor int64) pay.Money { return pay.Of(minor, pay.KZT) }

func customer() providers.Customer {
	return providers.Customer{ID: "0198c0ffee0000000000000usr", ExternalID: "alice", Email: "ana@mi.ru", Phone: phone}
}

func startRequest() providers.StartRequest {
	return providers.StartRequest{OrderNumber: orderNumber, Amount: tenge(450), Description: "A page"}
}

func chargeRequest() providers.ChargeRequest {
	return providers.ChargeRequest{
		OrderNumber: orderNumber, Handle: "0198c0ffee0000000000000opn", Amount: tenge(450), Customer: customer(), CardRef: cardToken, Initiator: providers.ByMerchant,
	}
}

func refundOf(amount, taken int64) providers.RefundRequest {
	return providers.RefundRequest{
		Ref: providers.Ref{OrderNumber: orderNumber, ProviderRef: payment}, Handle: "0198c0ffee0000000000000opn",
		Amount: tenge(amount), Taken: tenge(taken), Reason: "test",
	}
}

func syncRef() providers.Ref { return providers.Ref{OrderNumber: orderNumber, ProviderRef: payment} }

// call is one method of the contract, as tests of all of them run it. Path is where
// its own request goes.
type call struct {
	name  string
	op    providers.Op
	path  string
	write bool
	run   func(ctx context.Context, c *Client) (any, error)
}

func calls() []call {
	return []call{
		{"Start", providers.OpStart, anonymousPath, true, func(ctx context.Context, c *Client) (any, error) { return c.Start(ctx, startRequest()) }},
		{"StartSaving", providers.OpStart, recurrentPath, true, func(ctx context.Context, c *Client) (any, error) {
			r, who := startRequest(), customer()
			r.SaveFor = &who
			return c.Start(ctx, r)
		}},
		{"Sync", providers.OpSync, statePath, false, func(ctx context.Context, c *Client) (any, error) { return c.Sync(ctx, syncRef()) }},
		{"Charge", providers.OpChargeSaved, recurrentPath, true, func(ctx context.Context, c *Client) (any, error) { return c.Charge(ctx, chargeRequest()) }},
		{"Refund", providers.OpRefund, defaultRefundPath, true, func(ctx context.Context, c *Client) (any, error) { return c.Refund(ctx, refundOf(2400, 2625)) }},
		{"StartCard", providers.OpSaveCard, newCardPath, true, func(ctx context.Context, c *Client) (any, error) {
			return c.StartCard(ctx, providers.CardRequest{OrderNumber: orderNumber, Customer: customer(), Amount: tenge(500)})
		}},
		{"Cards", providers.OpSaveCard, cardsPath, false, func(ctx context.Context, c *Client) (any, error) { return c.Cards(ctx, customer()) }},
		{"RemoveCard", providers.OpSaveCard, deactivationPath, true, func(ctx context.Context, c *Client) (any, error) {
			return struct{}{}, c.RemoveCard(ctx, customer(), cardToken)
		}},
	}
}

// doubtful is the kind of error that a call without a clear answer has.
func (c call) doubtful(read providers.Kind) providers.Kind {
	return map[bool]providers.Kind{true: providers.Unknown, false: read}[c.write]
}

// requireError checks an adapter's error and that it tells no secret.
func requireError(t *testing.T, err error, op providers.Op, kind providers.Kind, code string) {
	t.Helper()
	providertest.RequireError(t, err, providers.Error{Provider: Name, Op: op, Kind: kind, Code: code})
	requireNoSecret(t, err.Error())
}

func requireNoSecret(t *testing.T, text string) {
	t.Helper()
	require.NotContains(t, strings.ToLower(text), "canary")
	require.NotContains(t, text, "7020000000", "a phone")
	require.NotContains(t, text, "ana@", "an e-mail")
}
