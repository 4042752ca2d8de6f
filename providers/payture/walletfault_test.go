package payture

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// walletCall is one thing that is asked of the wallet.
type walletCall struct {
	op    providers.Op
	reads bool
	do    func(context.Context, *Client) error
}

func savingRequest() providers.StartRequest {
	r, who := startRequest(), ana()
	r.SaveFor = &who
	return r
}

func cardRequest() providers.CardRequest {
	return providers.CardRequest{OrderNumber: order, Customer: ana(), Amount: pay.Of(100, pay.RUB), ReturnURL: "https://shop.example/return/tok"}
}

func chargeRequest() providers.ChargeRequest {
	return providers.ChargeRequest{
		OrderNumber: order, Handle: "h", Amount: pay.Of(12480, pay.RUB), Customer: ana(), CardRef: card, Description: "A page",
		ReturnURL: "https://shop.example/return/tok", Initiator: providers.ByMerchant,
	}
}

// walletCalls is everything that is asked of the wallet, on a two-stage terminal.
func walletCalls() map[string]walletCall {
	ref := providers.Ref{OrderNumber: order, OfCustomer: true}
	told := func(_ any, err error) error { return err }
	return map[string]walletCall{
		"Start":      {providers.OpStart, false, func(ctx context.Context, c *Client) error { return told(c.Start(ctx, savingRequest())) }},
		"StartCard":  {providers.OpSaveCard, false, func(ctx context.Context, c *Client) error { return told(c.StartCard(ctx, cardRequest())) }},
		"Cards":      {providers.OpSaveCard, true, func(ctx context.Context, c *Client) error { return told(c.Cards(ctx, ana())) }},
		"RemoveCard": {providers.OpSaveCard, false, func(ctx context.Context, c *Client) error { return c.RemoveCard(ctx, ana(), card) }},
		"ActivateCard": {providers.OpSaveCard, false, func(ctx context.Context, c *Client) error {
			return c.ActivateCard(ctx, ana(), card, pay.Of(100, pay.RUB))
		}},
		"Charge": {providers.OpChargeSaved, false, func(ctx context.Context, c *Client) error { return told(c.Charge(ctx, chargeRequest())) }},
		"Sync":   {providers.OpSync, true, func(ctx context.Context, c *Client) error { return told(c.Sync(ctx, ref)) }},
		"Capture": {providers.OpCapture, false, func(ctx context.Context, c *Client) error {
			return told(c.Capture(ctx, ref, "h", pay.Of(12480, pay.RUB)))
		}},
		"Void": {providers.OpVoid, false, func(ctx context.Context, c *Client) error { return told(c.Void(ctx, ref, "h")) }},
	}
}

// walletSuccess is a good answer to any command of the wallet.
func walletSuccess(r *http.Request) string {
	command := path.Base(r.URL.Path)
	return `<` + command + ` Success="True" VWUserLgn="" OrderId="` + order + `" Amount="12480" NewAmount="0" State="Charged" SessionId="3d0ac9a5" CardId="` + card + `"></` + command + `>`
}

func TestClient_WalletFaults(t *testing.T) {
	t.Parallel()

	const unavailable, malformed = providers.Unavailable, providers.Malformed
	tests := []struct {
		name   string
		handle http.HandlerFunc
		read   providers.Kind // of what changes nothing; every write is Unknown
	}{
		{"500", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, walletSuccess(r))
		}, unavailable},
		{"502", status(502), unavailable},
		{"429", status(429, "Retry-After", "7"), providers.RateLimited},
		{"403", status(403), malformed},
		{"Redirect302", status(302, "Location", "https://login.example/?next=x"), malformed},
		{"Empty", says(""), malformed},
		{"HTML", says(`<!DOCTYPE html><html><head><title>Login</title></head><body>Success="True"</body></html>`), malformed},
		{"JSON", says(`{"Success":true}`), malformed},
		{"CutInAnAttribute", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, walletSuccess(r)[:40]) }, malformed},
		{"CutBeforeTheEnd", func(w http.ResponseWriter, r *http.Request) {
			answer, _, _ := strings.Cut(walletSuccess(r), "</")
			_, _ = io.WriteString(w, answer)
		}, malformed},
		{"HalfABody", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "400")
			_, _ = io.WriteString(w, walletSuccess(r))
		}, malformed},
		{"TwoElements", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, walletSuccess(r)+walletSuccess(r))
		}, malformed},
		{"AnotherCommand", says(`<Ping Success="True"/>`), malformed},
		{"ClosedWithoutAnswer", vendortest.HangUp(""), unavailable},
		{"ClosedInTheHeader", vendortest.HangUp("HTTP/1.1 200 OK\r\nContent-"), unavailable},
	}
	for _, tt := range tests {
		for name, call := range walletCalls() {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				t.Parallel()
				want := map[bool]providers.Kind{true: tt.read, false: providers.Unknown}[call.reads]
				v := vendortest.New(t, registered(tt.handle))
				err := call.do(t.Context(), newWalletClient(t, v.URL, true))
				requireWalletError(t, err, call.op, want, "")
				require.Len(t, asksBut(v.Seen(), "Register"), 1)
			})
		}
	}
}

// asksBut leaves the requests that are not of a command.
func asksBut(requests []vendortest.Asked, command string) []vendortest.Asked {
	var rest []vendortest.Asked
	for _, r := range requests {
		if path.Base(r.Target) != command {
			rest = append(rest, r)
		}
	}
	return rest
}

func TestClient_WalletHangs(t *testing.T) {
	t.Parallel()

	for name, call := range walletCalls() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := map[bool]providers.Kind{true: providers.Unavailable, false: providers.Unknown}[call.reads]
			v := vendortest.New(t, registered(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			err := call.do(ctx, newWalletClient(t, v.URL, true))
			requireWalletError(t, err, call.op, want, "")
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}

func TestClient_WalletNeverSent(t *testing.T) {
	t.Parallel()

	v := vendortest.NewStopped(says(""))
	base := "http://" + v.Listener.Addr().String()
	require.NoError(t, v.Listener.Close())
	for name, call := range walletCalls() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireWalletError(t, call.do(t.Context(), newWalletClient(t, base, true)), call.op, providers.Unavailable, "")
		})
	}
}

// A customer who cannot be registered costs nothing: no session, no order.
func TestClient_RegisterThatBreaksIsSurelyNothing(t *testing.T) {
	t.Parallel()

	for _, name := range []string{"Start", "StartCard"} {
		call := walletCalls()[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, vendortest.HangUp(""))
			requireWalletError(t, call.do(t.Context(), newWalletClient(t, v.URL, false)), call.op, providers.Unavailable, "")
			require.Len(t, v.Seen(), 1)
			require.Equal(t, "/vwapi/Register", v.Seen()[0].Target)
		})
	}
}

func TestClient_WalletTellsNoSecret(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, answer string }{
		{"TerminalInTheCode", `<%s Success="False" ErrCode="` + canaryPay + `"/>`},
		{"PasswordInTheCode", `<%s Success="False" ErrCode="BAD_` + strings.ToLower(canaryWallet) + `"/>`},
		{"LoginInTheCode", `<%s Success="False" ErrCode="` + login + `"/>`},
		{"CustomersPasswordInTheCode", `<%s Success="False" ErrCode="` + password + `"/>`},
		{"InTheStatus", `<%s Success="True" OrderId="` + order + `" Status="Rejected(` + canaryPay + `)"/>`},
		{"AsAttribute", `<%s Success="x" VWUserPsw="` + password + `" CardId="` + card + `"/>`},
		{"InBrokenXML", `<%s Success="True" ` + canaryPay + `&` + login + `;`},
	}
	for _, tt := range tests {
		for name, call := range walletCalls() {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				t.Parallel()
				var log strings.Builder
				v := vendortest.New(t, registered(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.WriteString(w, strings.Replace(tt.answer, "%s", path.Base(r.URL.Path), 1))
				}))
				config, deps := testConfig(v.URL), testDeps()
				config.Wallet = testWallet(true)
				deps.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				c, err := New(config, deps)
				require.NoError(t, err)
				for cause := call.do(t.Context(), c); cause != nil; cause = errors.Unwrap(cause) {
					requireNoCustomer(t, cause.Error())
				}
				requireNoCustomer(t, log.String())
			})
		}
	}
}
