package payture

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// The passwords were made by another program: Python's hmac and hashlib.
func TestWallet_CustomerOf(t *testing.T) {
	t.Parallel()

	const externalID = "550e8400-e29b-41d4-a716-446655440001"
	who := providers.Customer{ID: userID, ExternalID: externalID, Email: "ana@mail.example"}
	t.Run("OursByTheSecret", func(t *testing.T) {
		t.Parallel()
		got, err := testWallet(false).customerOf(providers.OpSaveCard, who)
		require.NoError(t, err)
		require.Equal(t, login, string(got.login))
		require.Equal(t, password, string(got.password))
		require.Len(t, string(got.password), 50)
	})
	t.Run("AnOlderSystemsByItsSalt", func(t *testing.T) {
		t.Parallel()
		w := &Wallet{LegacySalt: canarySalt}
		got, err := w.customerOf(providers.OpSaveCard, who)
		require.NoError(t, err)
		require.Equal(t, "customer-"+externalID, string(got.login))
		require.Equal(t, "f93d95271147aec5673d84714ccb20c3", string(got.password), "MD5 of the id and then the salt")
	})

	odd := []struct {
		name, externalID string
	}{
		{"None", ""},
		{"TooLong", strings.Repeat("1", 42)},
		{"Semicolon", "17;VWUserPsw=x"},
		{"Blank", "17 18"},
		{"Plus", "a+b"},
		{"Percent", "a%62"},
		{"Letters", "пользователь"},
		{"LineBreak", "17\n"},
	}
	for _, tt := range odd {
		t.Run("LegacyId"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(""))
			config := testConfig(v.URL)
			config.Wallet = testWallet(true)
			config.Wallet.CustomerSecret, config.Wallet.LegacySalt = "", canarySalt
			c, err := New(config, testDeps())
			require.NoError(t, err)
			who := providers.Customer{ID: userID, ExternalID: tt.externalID}
			require.Empty(t, c.CustomerName(who))
			_, err = c.Cards(t.Context(), who)
			requireError(t, err, providers.OpSaveCard, providers.Rejected, "")
			require.NotContains(t, err.Error(), "17")
			require.Empty(t, v.Seen())
		})
	}
	t.Run("LongestLegacyId", func(t *testing.T) {
		t.Parallel()
		got, err := (&Wallet{LegacySalt: canarySalt}).customerOf(providers.OpSaveCard, providers.Customer{ExternalID: strings.Repeat("1", 41)})
		require.NoError(t, err)
		require.Len(t, string(got.login), 50)
	})
}

func TestClient_CustomerName(t *testing.T) {
	t.Parallel()

	c := newWalletClient(t, "https://sandbox3.payture.com", false)
	require.Equal(t, login, c.CustomerName(ana()))
	require.Empty(t, c.CustomerName(providers.Customer{ExternalID: "17"}), "ours has an id of ours")
}

func TestClient_Register(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name, body string
		kind       providers.Kind // "" means that it is fine
		code       string
	}{
		{"New", `<Register Success="True" VWUserLgn="` + login + `" />`, "", ""},
		{"LoginNotRepeated", `<Register VWUserLgn="" Success="True" />`, "", ""},
		{"OtherCustomer", `<Register Success="True" VWUserLgn="customer-x" />`, providers.Unavailable, ""},
		{"TerminalRefused", `<Register Success="False" ErrCode="ACCESS_DENIED" />`, providers.Auth, "ACCESS_DENIED"},
		{"PhoneRefused", `<Register Success="False" ErrCode="WRONG_PHONE" />`, providers.Rejected, "WRONG_PHONE"},
		{"WrongParameters", `<Register Success="False" ErrCode="WRONG_USER_PARAMS" />`, providers.Auth, "WRONG_USER_PARAMS"},
		{"InsideBroke", `<Register Success="False" ErrCode="INTERNAL_ERROR" />`, providers.Unavailable, "INTERNAL_ERROR"},
		{"SenselessCode", `<Register Success="False" ErrCode="DUPLICATE_ORDER_ID" />`, providers.Unavailable, "DUPLICATE_ORDER_ID"},
		{"UnheardOfCode", `<Register Success="False" ErrCode="MOON_PHASE" />`, providers.Unavailable, "MOON_PHASE"},
		{"SuccessMissing", `<Register VWUserLgn="` + login + `" />`, providers.Unavailable, ""},
		{"HTML", `<html><body>` + canaryAdd + `</body></html>`, providers.Unavailable, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.body))
			c := newWalletClient(t, v.URL, false)
			wallet, known, err := c.customerFor(providers.OpSaveCard, ana())
			require.NoError(t, err)
			err = c.register(t.Context(), providers.OpSaveCard, wallet.AddTerminal, known, ana())
			require.Equal(t, tt.kind, providers.KindOf(err))
			require.Equal(t, tt.code, codeTold(err))
			requireNoCustomer(t, textOf(err))
			require.Len(t, v.Seen(), 1)
		})
	}

	t.Run("OnTheWire", func(t *testing.T) {
		t.Parallel()
		who := ana()
		who.Email, who.Phone = "ana+shop@mail.example", "+79001234567"
		v := vendortest.New(t, says(`<Register Success="True" />`))
		c := newWalletClient(t, v.URL, false)
		wallet, customer, err := c.customerFor(providers.OpSaveCard, who)
		require.NoError(t, err)
		require.NoError(t, c.register(t.Context(), providers.OpSaveCard, wallet.AddTerminal, customer, who))
		got := v.Seen()[0]
		require.Equal(t, "/vwapi/Register", got.Target)
		require.Equal(t, canaryAdd, got.Form(t).Get("VWID"))
		require.Equal(t, known(map[string]string{"PhoneNumber": "79001234567", "Email": "ana+shop@mail.example"}), walletData(t, got))
		require.Equal(t, "VWUserLgn="+login+";VWUserPsw="+password+";PhoneNumber=79001234567;Email=ana%2Bshop%40mail.example", got.Form(t).Get("DATA"))
	})
}

// codeTold returns the vendor's code in an adapter's error, if it is one.
func codeTold(err error) string {
	if e, ok := errors.AsType[*providers.Error](err); ok {
		return e.Code
	}
	return ""
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
