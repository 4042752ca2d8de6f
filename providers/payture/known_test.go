package payture

import (
	"bytes"
	"log/slog"
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// knownVendor says of Ana that she is registered, in the words of then or now, and
// answers the rest by their commands.
func knownVendor(t *testing.T, duplicate string, rest map[string]http.HandlerFunc) *vendortest.Server {
	t.Helper()
	return vendortest.New(t, func(w http.ResponseWriter, r *http.Request) {
		command := path.Base(r.URL.Path)
		switch handle := rest[command]; {
		case command == "Register":
			says(`<Register Success="False" VWUserLgn="`+login+`" ErrCode="`+duplicate+`" />`)(w, r)
		case command == "Init":
			says(`<Init Success="True" VWUserLgn="`+login+`" SessionType="Add" SessionId="3d0ac9a5" />`)(w, r)
		case handle != nil:
			handle(w, r)
		default:
			says(`<`+command+` Success="True" VWUserLgn="`+login+`" />`)(w, r)
		}
	})
}

func commands(requests []vendortest.Asked) []string {
	list := make([]string, len(requests))
	for at, r := range requests {
		list[at] = path.Base(r.Target)
	}
	return list
}

func TestClient_KnownCustomer(t *testing.T) {
	t.Parallel()

	reached := cardRequest()
	reached.Customer.Email, reached.Customer.Phone = "ana+shop@mail.example", "+79001234567"
	for _, duplicate := range []string{"DUPLICATE_USER", "DUPLICATE_CUSTOMER"} {
		t.Run("IsBroughtUpToDateAfter"+duplicate, func(t *testing.T) {
			t.Parallel()
			v := knownVendor(t, duplicate, nil)
			_, err := newWalletClient(t, v.URL, false).StartCard(t.Context(), reached)
			require.NoError(t, err)
			require.Equal(t, []string{"Register", "Update", "Init"}, commands(v.Seen()))
			got := v.Seen()[1]
			require.Equal(t, canaryAdd, got.Form(t).Get("VWID"))
			require.Equal(t, known(map[string]string{"PhoneNumber": "79001234567", "Email": "ana+shop@mail.example"}), walletData(t, got))
		})
	}
	t.Run("IsCheckedWhenThereIsNothingToTell", func(t *testing.T) {
		t.Parallel()
		v := knownVendor(t, "DUPLICATE_USER", nil)
		_, err := newWalletClient(t, v.URL, false).StartCard(t.Context(), cardRequest())
		require.NoError(t, err)
		require.Equal(t, []string{"Register", "Check", "Init"}, commands(v.Seen()))
		require.Equal(t, known(nil), walletData(t, v.Seen()[1]))
	})
	t.Run("IsBroughtUpToDateBeforeAPagePayment", func(t *testing.T) {
		t.Parallel()
		v := knownVendor(t, "DUPLICATE_USER", nil)
		r, who := startRequest(), reached.Customer
		r.SaveFor = &who
		_, _ = newWalletClient(t, v.URL, false).Start(t.Context(), r)
		require.Equal(t, []string{"Register", "Update", "Init"}, commands(v.Seen()))
	})

	wrong := []struct {
		name    string
		request providers.CardRequest
		command string
	}{
		{"ByUpdate", reached, "Update"},
		{"ByCheck", cardRequest(), "Check"},
	}
	for _, tt := range wrong {
		t.Run("OfAnotherPasswordIsRefused"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := knownVendor(t, "DUPLICATE_USER", map[string]http.HandlerFunc{
				tt.command: says(`<` + tt.command + ` Success="False" VWUserLgn="` + login + `" ErrCode="WRONG_USER_PARAMS" />`),
			})
			_, err := newWalletClient(t, v.URL, false).StartCard(t.Context(), tt.request)
			requireWalletError(t, err, providers.OpSaveCard, providers.Auth, "WRONG_USER_PARAMS")
			require.ErrorIs(t, err, errWrongPassword)
			require.Equal(t, []string{"Register", tt.command}, commands(v.Seen()), "no page is opened")
		})
	}

	troubles := map[string]http.HandlerFunc{
		"Refused":     says(`<Update Success="False" ErrCode="EMAIL_ERROR" />`),
		"Barred":      says(`<Update Success="False" ErrCode="OPERATION_NOT_ALLOWED" />`),
		"Forgotten":   says(`<Update Success="False" ErrCode="USER_NOT_FOUND" />`),
		"Broken":      status(500),
		"NotThere":    status(404),
		"Cut":         vendortest.HangUp(""),
		"Senseless":   says(`<html></html>`),
		"SaysNeither": says(`<Update VWUserLgn="` + login + `" />`),
	}
	for name, handle := range troubles {
		t.Run("UpdateStopsNothingWhen"+name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			v := knownVendor(t, "DUPLICATE_USER", map[string]http.HandlerFunc{"Update": handle})
			config, deps := testConfig(v.URL), testDeps()
			config.Wallet = testWallet(false)
			deps.Logger = slog.New(slog.NewTextHandler(&log, nil))
			c, err := New(config, deps)
			require.NoError(t, err)
			_, err = c.StartCard(t.Context(), reached)
			require.NoError(t, err)
			require.Contains(t, log.String(), "command=Update")
			requireNoCustomer(t, log.String())
			require.NotContains(t, log.String(), "mail.example")
		})
	}
	t.Run("UpdateThatHangsLeavesTimeForThePage", func(t *testing.T) {
		t.Parallel()
		v := knownVendor(t, "DUPLICATE_USER", map[string]http.HandlerFunc{"Update": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }})
		c := newWalletClient(t, v.URL, false)
		c.courtesy = 50 * time.Millisecond
		_, err := c.StartCard(t.Context(), reached)
		require.NoError(t, err)
	})
}

func TestClient_ActivateCard(t *testing.T) {
	t.Parallel()

	amount := pay.Of(1000, pay.RUB)
	tests := []struct {
		name, body string
		kind       providers.Kind // "" means that the card is active
		code       string
	}{
		{"Activated", `<Activate Success="True" VWUserLgn="` + login + `" CardId="` + card + `" />`, "", ""},
		{"RepeatsNothing", `<Activate Success="True" VWUserLgn="" />`, "", ""},
		{"OwnerIsAtTheBanksPage", `<Activate Success="False" CardId="" ErrCode="REFUSAL_BY_GATE" />`, providers.Rejected, "REFUSAL_BY_GATE"},
		{"AnotherSumWasHeld", `<Activate Success="False" CardId="" ErrCode="AMOUNT_ERROR" />`, providers.Rejected, "AMOUNT_ERROR"},
		{"CardIsGone", `<Activate Success="False" CardId="" ErrCode="CARD_NOT_FOUND" />`, providers.Rejected, "CARD_NOT_FOUND"},
		{"PasswordIsNotTheRegisteredOne", `<Activate Success="False" ErrCode="WRONG_USER_PARAMS" />`, providers.Auth, "WRONG_USER_PARAMS"},
		{"TerminalMayNot", `<Activate Success="False" ErrCode="OPERATION_NOT_ALLOWED" />`, providers.Auth, "OPERATION_NOT_ALLOWED"},
		{"InsideBroke", `<Activate Success="False" ErrCode="PROCESSING_ERROR" />`, providers.Unknown, "PROCESSING_ERROR"},
		{"OtherCard", `<Activate Success="True" CardId="a-1" />`, providers.Unknown, ""},
		{"OtherCustomer", `<Activate Success="True" VWUserLgn="customer-x" />`, providers.Unknown, ""},
		{"SuccessMissing", `<Activate CardId="` + card + `" />`, providers.Unknown, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.body))
			err := newWalletClient(t, v.URL, false).ActivateCard(t.Context(), ana(), card, amount)
			require.Equal(t, tt.kind, providers.KindOf(err))
			require.Equal(t, tt.code, codeTold(err))
			requireNoCustomer(t, textOf(err))
			got := v.Seen()[0]
			require.Equal(t, "/vwapi/Activate", got.Target)
			require.Equal(t, canaryAdd, got.Form(t).Get("VWID"))
			require.Equal(t, known(map[string]string{"CardId": card, "Amount": "1000"}), walletData(t, got))
		})
	}

	refused := []struct {
		name   string
		ref    string
		amount pay.Money
		kind   providers.Kind
	}{
		{"NoCard", "", amount, providers.Rejected},
		{"FreePay", "FreePay", amount, providers.Rejected},
		{"NoSum", card, pay.Of(0, pay.RUB), providers.Rejected},
		{"AnotherCurrency", card, pay.Of(1000, pay.USD), providers.Unsupported},
	}
	for _, tt := range refused {
		t.Run(tt.name+"IsNotSent", func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(""))
			err := newWalletClient(t, v.URL, false).ActivateCard(t.Context(), ana(), tt.ref, tt.amount)
			requireWalletError(t, err, providers.OpSaveCard, tt.kind, "")
			require.Empty(t, v.Seen())
		})
	}
}
