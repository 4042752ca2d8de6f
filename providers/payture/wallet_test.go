package payture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// The customer that every canned answer is about, and her login and password.
const (
	userID   = "01h455vb4pex5vsknk084sn02q"
	login    = "customer-" + userID
	password = "4ffb7bc2800dc689f8895fa055d758f43f79f784e2778ba120"
	card     = "8a4c7d54-3e6f-4a0b-9c35-0d8e1f2a6b77"

	canaryAdd       = "CANARY-ADD-2b"
	canaryPay       = "CANARY-PAY-9c"
	canaryWallet    = "CANARY-WALLET-77e0"
	canaryCustomers = "CANARY-CUSTOMERS-5d21"
	canarySalt      = "CANARY-SALT-44"
)

func testWallet(twoStage bool) *Wallet {
	return &Wallet{AddTerminal: canaryAdd, PayTerminal: canaryPay, Password: canaryWallet, TwoStage: twoStage, CustomerSecret: canaryCustomers}
}

// newWalletClient has a one-stage InPay terminal, so that nothing of it is taken
// for the wallet's.
func newWalletClient(t *testing.T, base string, twoStage bool) *Client {
	t.Helper()
	config := testConfig(base)
	config.Wallet = testWallet(twoStage)
	deps := testDeps()
	t.Cleanup(deps.HTTP.CloseIdleConnections)
	c, err := New(config, deps)
	require.NoError(t, err)
	return c
}

func ana() providers.Customer { return providers.Customer{ID: userID, ExternalID: "17"} }

// requireWalletError is requireError for calls that know a customer.
func requireWalletError(t *testing.T, err error, op providers.Op, kind providers.Kind, code string) {
	t.Helper()
	requireError(t, err, op, kind, code)
	requireNoCustomer(t, err.Error())
}

func requireNoCustomer(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{userID, password, card} {
		require.NotContains(t, text, secret)
	}
	requireNoSecret(t, text)
}

// walletData is the DATA of a request, as it is read.
func walletData(t *testing.T, a vendortest.Asked) map[string]string {
	t.Helper()
	data := a.Form(t).Get("DATA")
	once := readings(data)
	require.Equal(t, once["values"], once["the whole"], "it reads the same however it is decoded")
	return once["values"]
}

// known is what walletData has in every request of a customer.
func known(more map[string]string) map[string]string {
	want := map[string]string{"VWUserLgn": login, "VWUserPsw": password}
	for name, value := range more {
		want[name] = value
	}
	return want
}

// registered answers Register well and the rest with handle.
func registered(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/vwapi/Register" {
			says(`<Register Success="True" VWUserLgn="`+login+`" />`)(w, r)
			return
		}
		handle(w, r)
	}
}

func TestNew_Wallet(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name   string
		change func(*Wallet)
		want   string // "" means that it is fine
	}{
		{"Whole", func(*Wallet) {}, ""},
		{"OneStageWithoutPassword", func(w *Wallet) { w.Password = "" }, ""},
		{"OneTerminalForBoth", func(w *Wallet) { w.PayTerminal = w.AddTerminal }, ""},
		{"LegacySalt", func(w *Wallet) { w.CustomerSecret, w.LegacySalt = "", canarySalt }, ""},
		{"ShortLegacySalt", func(w *Wallet) { w.CustomerSecret, w.LegacySalt = "", "s" }, ""},
		{"NoAddTerminal", func(w *Wallet) { w.AddTerminal = "" }, "wallet: add terminal"},
		{"NoPayTerminal", func(w *Wallet) { w.PayTerminal = "CANARY PAY" }, "wallet: pay terminal"},
		{"TwoStageWithoutPassword", func(w *Wallet) { w.TwoStage, w.Password = true, "" }, "wallet: password"},
		{"OddPassword", func(w *Wallet) { w.Password = "CANARY\n" }, "wallet: password"},
		{"NeitherSecretNorSalt", func(w *Wallet) { w.CustomerSecret = "" }, "a customer secret or a legacy salt"},
		{"BothSecretAndSalt", func(w *Wallet) { w.LegacySalt = canarySalt }, "and not both"},
		{"ShortSecret", func(w *Wallet) { w.CustomerSecret = "CANARY-SHORT" }, "shorter than 16"},
		{"OddTemplate", func(w *Wallet) { w.Template = "a;b" }, "wallet: template"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := testConfig("https://sandbox3.payture.com")
			config.Wallet = testWallet(false)
			tt.change(config.Wallet)
			_, err := New(config, testDeps())
			require.Equal(t, tt.want != "", err != nil, "%v", err)
			require.Contains(t, fmt.Sprint(err), tt.want)
			requireNoSecret(t, fmt.Sprint(err))
		})
	}

	t.Run("LaterChangesAreTheCallersOwn", func(t *testing.T) {
		t.Parallel()
		config := testConfig("https://sandbox3.payture.com")
		config.Wallet = testWallet(false)
		c, err := New(config, testDeps())
		require.NoError(t, err)
		config.Wallet.TwoStage = true
		require.False(t, c.Capabilities().TwoStage)
	})
}

func TestWallet_HidesItsSecrets(t *testing.T) {
	t.Parallel()

	config := testConfig("https://sandbox3.payture.com")
	config.Wallet = testWallet(true)
	config.Wallet.LegacySalt = canarySalt
	who := customer{login: "customer-CANARY", password: "CANARY"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		requireNoSecret(t, fmt.Sprintf(verb, config)+fmt.Sprintf(verb, config.Wallet)+fmt.Sprintf(verb, *config.Wallet)+fmt.Sprintf(verb, who))
	}
	require.Contains(t, config.String(), "wallet{two-stage true")

	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(handler).Info("x", "config", config, "wallet", config.Wallet, "own", *config.Wallet)
	}
	encoded, err := json.Marshal(config.Wallet)
	require.NoError(t, err)
	requireNoSecret(t, log.String()+string(encoded))
}

func TestClient_WalletCapabilities(t *testing.T) {
	t.Parallel()

	saving := []providers.Op{providers.OpSaveCard, providers.OpChargeSaved}
	holding := []providers.Op{providers.OpCapture, providers.OpVoid}
	tests := []struct {
		name         string
		twoStage     bool // of InPay
		wallet       *Wallet
		saves, holds bool
	}{
		{"NoWallet", false, nil, false, false},
		{"NoWalletTwoStage", true, nil, false, true},
		{"OneStage", false, testWallet(false), true, false},
		{"WalletHolds", false, testWallet(true), true, true},
		{"InPayHolds", true, testWallet(false), true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := testConfig("https://sandbox3.payture.com")
			config.TwoStage, config.Wallet = tt.twoStage, tt.wallet
			c, err := New(config, testDeps())
			require.NoError(t, err)
			can := c.Capabilities()
			for _, op := range saving {
				require.Equal(t, tt.saves, can.Can(op), op)
			}
			for _, op := range holding {
				require.Equal(t, tt.holds, can.Can(op), op)
			}
			require.Equal(t, tt.holds, can.TwoStage)
			require.Equal(t, tt.holds, can.PartialCapture)
		})
	}

	t.Run("FlagsAndMethodsAgree", func(t *testing.T) {
		t.Parallel()
		c := newWalletClient(t, "https://sandbox3.payture.com", true)
		_, err := providers.As[providers.CardSaver](c, providers.OpSaveCard)
		require.NoError(t, err)
		_, err = providers.As[providers.SavedCharger](c, providers.OpChargeSaved)
		require.NoError(t, err)
	})
	t.Run("WithoutAWalletNothingIsAsked", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(""))
		c := newClient(t, v.URL, true)
		_, err := providers.As[providers.CardSaver](c, providers.OpSaveCard)
		requireError(t, err, providers.OpSaveCard, providers.Unsupported, "")
		_, err = providers.As[providers.SavedCharger](c, providers.OpChargeSaved)
		requireError(t, err, providers.OpChargeSaved, providers.Unsupported, "")
		for name, call := range walletCalls() {
			require.Equal(t, providers.Unsupported, providers.KindOf(call.do(t.Context(), c)), name)
		}
		require.Empty(t, c.CustomerName(ana()))
		require.Empty(t, v.Seen())
	})
	t.Run("OneStageWalletNeitherCapturesNorVoids", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(""))
		config := testConfig(v.URL)
		config.TwoStage, config.Wallet = true, testWallet(false)
		c, err := New(config, testDeps())
		require.NoError(t, err)
		ref := providers.Ref{OrderNumber: order, OfCustomer: true}
		_, err = c.Capture(t.Context(), ref, "h", pay.Of(1, pay.RUB))
		requireError(t, err, providers.OpCapture, providers.Unsupported, "")
		_, err = c.Void(t.Context(), ref, "h")
		requireError(t, err, providers.OpVoid, providers.Unsupported, "")
		require.Empty(t, v.Seen())
	})
}

// Whatever is asked of the wallet goes by POST, with nothing in the address.
func TestClient_WalletKeepsAddressesClean(t *testing.T) {
	t.Parallel()

	for name, call := range walletCalls() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, registered(status(500)))
			require.Error(t, call.do(t.Context(), newWalletClient(t, v.URL+"/", true)))
			for _, got := range v.Seen() {
				require.Equal(t, http.MethodPost, got.Method)
				require.Regexp(t, `^/vwapi/[A-Za-z]+$`, got.Target)
				require.Equal(t, "application/x-www-form-urlencoded", got.Header.Get("Content-Type"))
				form := got.Form(t)
				require.NotContains(t, got.Body, canaryKey, "InPay's terminal is another")
				require.NotContains(t, got.Body, canaryPassword)
				require.Equal(t, url.Values{}, without(form, "VWID", "DATA", "Key", "OrderId", "Amount", "Password"))
				require.NotContains(t, strings.ToUpper(form.Get("DATA")), "CANARY")
			}
		})
	}
}

func without(form url.Values, names ...string) url.Values {
	for _, name := range names {
		form.Del(name)
	}
	return form
}
