package payture

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

func cardsOn(t *testing.T, body string, change func(*Wallet)) ([]vendortest.Asked, []providers.SavedCard, error) {
	t.Helper()
	v := vendortest.New(t, says(body))
	config := testConfig(v.URL)
	config.Wallet = testWallet(false)
	change(config.Wallet)
	c, err := New(config, testDeps())
	require.NoError(t, err)
	list, err := c.Cards(t.Context(), ana())
	return v.Seen(), list, err
}

func asItIs(*Wallet) {}

// requiresCVV is whether each of the cards does.
func requiresCVV(list []providers.SavedCard) (all []bool) {
	for _, one := range list {
		all = append(all, one.RequiresCVV)
	}
	return all
}

func TestClient_Cards(t *testing.T) {
	t.Parallel()

	t.Run("AsRecorded", func(t *testing.T) {
		t.Parallel()
		requests, list, err := cardsOn(t, golden(t, "wallet-list.xml"), asItIs)
		require.NoError(t, err)
		require.Equal(t, []providers.SavedCard{
			{Ref: card, Card: providers.Card{Brand: "visa", Mask: "411111xxxxxx1112"}, Holder: "Ivan Ivanov", Active: true, RequiresCVV: true},
			{Ref: "e1b3a1f0-55c2-4a8e-8a5d-4a7f3c9d2b10", Card: providers.Card{Brand: "mastercard", Mask: "521885xxxxxx5484"}, Holder: "ANA B"},
		}, list)
		require.Len(t, requests, 1)
		require.Equal(t, "/vwapi/GetList", requests[0].Target)
		require.Equal(t, canaryAdd, requests[0].Form(t).Get("VWID"))
		require.Equal(t, known(nil), walletData(t, requests[0]))
	})
	t.Run("NoCVVReadTheOtherWayRound", func(t *testing.T) {
		t.Parallel()
		_, list, err := cardsOn(t, golden(t, "wallet-list.xml"), func(w *Wallet) { w.NoCVVReversed = true })
		require.NoError(t, err)
		require.Equal(t, []bool{false, true}, requiresCVV(list))
	})
	t.Run("NoCVVThatIsNotToldBarsNothing", func(t *testing.T) {
		t.Parallel()
		for _, told := range []string{"", `NoCVV=""`, `NoCVV="maybe"`} {
			for _, reversed := range []bool{false, true} {
				_, list, err := cardsOn(t, `<GetList Success="True"><Item CardId="a-1" Status="isactive" `+told+`/></GetList>`, func(w *Wallet) { w.NoCVVReversed = reversed })
				require.NoError(t, err)
				require.Equal(t, []providers.SavedCard{{Ref: "a-1", Active: true}}, list)
			}
		}
	})
	t.Run("WhatIsReadOfAnItem", func(t *testing.T) {
		t.Parallel()
		_, list, err := cardsOn(t, `<getlist success="TRUE"><other CardId="x-1"/><item EXPIRED="True" cardid="a-1" nocvv="TRUE" status="ISACTIVE" CardName="2200********0010" CardHolder="4111111111111112" New="1"><Item CardId="nested"/></item>`+
			`<Item CardId="a-1" Status="NotActive"/><Item CardName="411111xxxxxx1112"/><Item CardId="../x"/><Item CardId="FreePay"/></getlist>`, asItIs)
		require.NoError(t, err)
		require.Equal(t, []providers.SavedCard{{Ref: "a-1", Card: providers.Card{Brand: "mir", Mask: "2200xxxxxxxx0010"}, Active: true, Expired: true}}, list)
	})

	none := []struct{ name, body string }{
		{"NoItems", `<GetList Success="True" VWUserLgn="` + login + `"></GetList>`},
		{"NoElements", `<GetList Success="True" />`},
		{"NeverHeardOf", `<GetList Success="False" VWUserLgn="` + login + `" ErrCode="USER_NOT_FOUND" />`},
		{"NeverHeardOfToday", `<GetList Success="False" ErrCode="CUSTOMER_NOT_FOUND" />`},
	}
	for _, tt := range none {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, list, err := cardsOn(t, tt.body, asItIs)
			require.NoError(t, err)
			require.Empty(t, list)
		})
	}

	errs := []struct {
		name, body string
		kind       providers.Kind
		code       string
	}{
		{"PasswordIsNotTheRegisteredOne", `<GetList Success="False" ErrCode="WRONG_USER_PARAMS" />`, providers.Auth, "WRONG_USER_PARAMS"},
		{"TerminalRefused", `<GetList Success="False" ErrCode="ACCESS_DENIED" />`, providers.Auth, "ACCESS_DENIED"},
		{"InsideBroke", `<GetList Success="False" ErrCode="INTERNAL_ERROR" />`, providers.Unavailable, "INTERNAL_ERROR"},
		{"UnheardOfCode", `<GetList Success="False" ErrCode="MOON_PHASE" />`, providers.Unavailable, "MOON_PHASE"},
		{"NoSuccess", `<GetList><Item CardId="` + card + `"/></GetList>`, providers.Malformed, ""},
		{"OtherCustomer", `<GetList Success="True" VWUserLgn="customer-x"><Item CardId="` + card + `"/></GetList>`, providers.Malformed, ""},
		{"ItemWithTwoIds", `<GetList Success="True"><Item CardId="` + card + `" cardid="x"/></GetList>`, providers.Malformed, ""},
		{"CutInTheList", `<GetList Success="True"><Item CardId="` + card + `"/>`, providers.Malformed, ""},
	}
	for _, tt := range errs {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, list, err := cardsOn(t, tt.body, asItIs)
			requireWalletError(t, err, providers.OpSaveCard, tt.kind, tt.code)
			require.Nil(t, list)
		})
	}
}

func TestClient_RemoveCard(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name, body string
		kind       providers.Kind // "" means that the card is gone
		code       string
	}{
		{"Removed", `<Remove Success="True" VWUserLgn="` + login + `" CardId="` + card + `" />`, "", ""},
		{"RepeatsNothing", `<Remove Success="True" VWUserLgn="" />`, "", ""},
		{"GoneBefore", `<Remove Success="False" ErrCode="CARD_NOT_FOUND" />`, "", ""},
		{"WrongCard", `<Remove Success="False" ErrCode="WRONG_CARD" />`, "", ""},
		{"CustomerGoneBefore", `<Remove Success="False" ErrCode="CUSTOMER_NOT_FOUND" />`, "", ""},
		{"OtherCard", `<Remove Success="True" CardId="a-1" />`, providers.Unknown, ""},
		{"OtherCustomer", `<Remove Success="True" VWUserLgn="customer-x" />`, providers.Unknown, ""},
		{"SuccessMissing", `<Remove CardId="` + card + `" />`, providers.Unknown, ""},
		{"InsideBroke", `<Remove Success="False" ErrCode="PROCESSING_ERROR" />`, providers.Unknown, "PROCESSING_ERROR"},
		{"PasswordIsNotTheRegisteredOne", `<Remove Success="False" ErrCode="WRONG_USER_PARAMS" />`, providers.Auth, "WRONG_USER_PARAMS"},
		{"TerminalRefused", `<Remove Success="False" ErrCode="ACCESS_DENIED" />`, providers.Auth, "ACCESS_DENIED"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.body))
			err := newWalletClient(t, v.URL, false).RemoveCard(t.Context(), ana(), card)
			require.Equal(t, tt.kind, providers.KindOf(err))
			require.Equal(t, tt.code, codeTold(err))
			requireNoCustomer(t, textOf(err))
			require.Len(t, v.Seen(), 1)
			require.Equal(t, "/vwapi/Remove", v.Seen()[0].Target)
			require.Equal(t, canaryAdd, v.Seen()[0].Form(t).Get("VWID"))
			require.Equal(t, known(map[string]string{"CardId": card}), walletData(t, v.Seen()[0]))
		})
	}

	t.Run("NothingIsAskedOfSenselessCards", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(""))
		c := newWalletClient(t, v.URL, false)
		for _, ref := range []string{"", "a;CardId=b", "FreePay", "freepay", strings.Repeat("a", 65)} {
			requireWalletError(t, c.RemoveCard(t.Context(), ana(), ref), providers.OpSaveCard, providers.Rejected, "")
			r := chargeRequest()
			r.CardRef = ref
			_, err := c.Charge(t.Context(), r)
			requireWalletError(t, err, providers.OpChargeSaved, providers.Rejected, "")
		}
		require.Empty(t, v.Seen())
	})
}

func TestMaskOf(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, want string }{
		{"411111xxxxxx1112", "411111xxxxxx1112"},
		{"411111XXXXXX1112", "411111xxxxxx1112"},
		{"411111******1111", "411111xxxxxx1111"},
		{"4111111111111112", "411111xxxxxx1112"},
		{"41111111xxxx1112", "411111xxxxxx1112"},
		{"xxxxxxxxxxxx1112", "xxxxxxxxxxxx1112"},
		{"639002xxxxxxxxx0010", "639002xxxxxxxxx0010"},
		{"", ""},
		{"41111", ""},
		{"41111111111111111111", ""},
		{"4111 1111 1111 1112", ""},
		{"My card 411111 ends", ""},
		{"411111......1112", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, maskOf(tt.name))
		})
	}
}

func TestBrandOf(t *testing.T) {
	t.Parallel()

	tests := []struct{ first, want string }{
		{"4111", "visa"},
		{"4400", "visa"},
		{"5100", "mastercard"},
		{"5599", "mastercard"},
		{"2221", "mastercard"},
		{"2720", "mastercard"},
		{"2200", "mir"},
		{"2204", "mir"},
		{"2205", ""},
		{"2220", ""},
		{"2721", ""},
		{"3400", "amex"},
		{"3782", "amex"},
		{"3528", "jcb"},
		{"3590", ""},
		{"3000", "diners"},
		{"3600", "diners"},
		{"3300", ""},
		{"6212", "unionpay"},
		{"6390", "maestro"},
		{"6762", "maestro"},
		{"5000", "maestro"},
		{"5600", "maestro"},
		{"7000", ""},
		{"9999", ""},
		{"xxxx", ""},
		{"411", ""},
		{"", ""},
	}
	for _, tt := range tests {
		t.Run(tt.first, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, brandOf(tt.first))
		})
	}
}

func TestHolderOf(t *testing.T) {
	t.Parallel()

	require.Equal(t, "Ivan Ivanov", holderOf(" Ivan\tIvanov "))
	require.Empty(t, holderOf("4111 1111 1111 1112"))
	require.Empty(t, holderOf("IVAN 4111"))
	require.LessOrEqual(t, len([]rune(holderOf(strings.Repeat("A", 500)))), 60)
}
