package bisys

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

const noSuchUser = `{"code":9001,"message":"UserNotRegisteredForShop"}`

func TestClient_StartCard(t *testing.T) {
	t.Parallel()

	t.Run("RegistersAndOpensThePage", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, func(w http.ResponseWriter, r *http.Request) { says(success(r))(w, r) })
		session, err := newClient(t, v.URL).StartCard(t.Context(), providers.CardRequest{OrderNumber: orderNumber, Customer: customer(), Amount: tenge(500)})
		require.NoError(t, err)
		require.Equal(t, providers.CardSession{Redirect: providers.Redirect{URL: "https://bisys.kz/payment/#!search_payment", Method: "GET"}}, session)
		require.Equal(t, registrationPath, v.Seen()[0].Path)
		require.Equal(t, newCardPath, v.Seen()[1].Path)
		require.JSONEq(t, `{"userToken":"`+userToken+`","clientType":"web"}`, v.Seen()[1].Body)
	})
	t.Run("OtherUsersPageIsUnknown", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, byPath(map[string]http.HandlerFunc{newCardPath: says(`{"regPayNum":"1","methodType":"GET","payUrl":"https://x.kz/","userToken":"other"}`)}))
		_, err := newClient(t, v.URL).StartCard(t.Context(), providers.CardRequest{Customer: customer()})
		requireError(t, err, providers.OpSaveCard, providers.Unknown, "")
	})
	t.Run("DisabledUserIsRejected", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`{"login":"77020000000","state":"disable","userToken":"x"}`))
		_, err := newClient(t, v.URL).StartCard(t.Context(), providers.CardRequest{Customer: customer()})
		requireError(t, err, providers.OpSaveCard, providers.Rejected, "")
		require.Len(t, v.Seen(), 1)
	})
}

func TestClient_Cards(t *testing.T) {
	t.Parallel()

	t.Run("VendorsSample", func(t *testing.T) {
		t.Parallel()
		const token = "cc507cb4-fe90-4cb4-af75-37b9b5b41387"
		v := vendortest.New(t, byPath(map[string]http.HandlerFunc{
			userPath: says(`{"login":"77020000000","state":"active","userToken":"` + token + `"}`), cardsPath: says(golden(t, "cards.json")),
		}))
		list, err := newClient(t, v.URL).Cards(t.Context(), customer())
		require.NoError(t, err)
		require.Equal(t, []providers.SavedCard{{
			Ref: "ae7f3942-4e7c-44d3-9ab9-8c84d118b5ed", Card: providers.Card{Brand: "visa", Mask: "400000xxxxxx0002"}, Active: true,
		}}, list)
		require.JSONEq(t, `{"login":"77020000000"}`, v.Seen()[0].Body, "nobody is registered by looking")
		require.JSONEq(t, `{"userToken":"`+token+`"}`, v.Seen()[1].Body)
	})
	t.Run("StatesAndWhatIsNoCard", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, byPath(map[string]http.HandlerFunc{cardsPath: says(`{"cards":[
			{"cardToken":"a","cardMask":"5469490000009929","cardType":"master_card","state":"ACTIVE","exp":"032027"},
			{"cardToken":"b","cardMask":"220138******0013","cardType":"mir","state":"inactive","exp":"132027"},
			{"cardToken":"c","cardMask":"601100******0004","cardType":"maestro","state":"deleted"},
			{"cardToken":"d","cardType":"undefined"},
			{"cardToken":"a","state":"inactive"}, {"cardToken":"","state":"active"}, {"cardToken":"x y","state":"active"}]}`)}))
		list, err := newClient(t, v.URL).Cards(t.Context(), customer())
		require.NoError(t, err)
		require.Equal(t, []providers.SavedCard{
			{Ref: "a", Card: providers.Card{Brand: "mastercard", Mask: "546949xxxxxx9929"}, ExpMonth: 3, ExpYear: 2027, Active: true},
			{Ref: "b", Card: providers.Card{Brand: "mir", Mask: "220138xxxxxx0013"}},
			{Ref: "d", Active: true},
		}, list)
	})
	t.Run("UnknownCustomerHasNone", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, saysStatus(400, noSuchUser))
		list, err := newClient(t, v.URL).Cards(t.Context(), customer())
		require.NoError(t, err)
		require.Empty(t, list)
		require.Len(t, v.Seen(), 1)
	})
	t.Run("AListThatIsNoneTakesNoCardAway", func(t *testing.T) {
		t.Parallel()
		for _, answer := range []string{`{}`, `{"cards":null}`, `{"cards":{}}`, `{"cards":["a"]}`, `{"cards":[],"userToken":"other"}`} {
			v := vendortest.New(t, byPath(map[string]http.HandlerFunc{cardsPath: says(answer)}))
			_, err := newClient(t, v.URL).Cards(t.Context(), customer())
			requireError(t, err, providers.OpSaveCard, providers.Malformed, "")
		}
	})
	t.Run("EmptyListIsOne", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, byPath(map[string]http.HandlerFunc{cardsPath: says(`{"cards":[]}`)}))
		list, err := newClient(t, v.URL).Cards(t.Context(), customer())
		require.NoError(t, err)
		require.Empty(t, list)
	})
	t.Run("CustomerWithoutPhoneIsRejected", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(""))
		c := newClient(t, v.URL)
		for _, phone := range []string{"", "12", "call me", "+7702000000012345"} {
			who := customer()
			who.Phone = phone
			_, err := c.Cards(t.Context(), who)
			requireError(t, err, providers.OpSaveCard, providers.Rejected, "")
			requireError(t, c.RemoveCard(t.Context(), who, "a"), providers.OpSaveCard, providers.Rejected, "")
			_, err = c.StartCard(t.Context(), providers.CardRequest{Customer: who})
			requireError(t, err, providers.OpSaveCard, providers.Rejected, "")
		}
		require.Empty(t, v.Seen())
	})
	t.Run("CustomersHaveNoName", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, newClient(t, liveBase).CustomerName(customer()))
	})
}

func TestClient_RemoveCard(t *testing.T) {
	t.Parallel()

	remove := func(t *testing.T, handlers map[string]http.HandlerFunc) (*vendortest.Server, error) {
		t.Helper()
		v := vendortest.New(t, byPath(handlers))
		return v, newClient(t, v.URL).RemoveCard(t.Context(), customer(), cardToken)
	}
	t.Run("NamesUserAndCard", func(t *testing.T) {
		t.Parallel()
		v, err := remove(t, map[string]http.HandlerFunc{deactivationPath: says(goodAnswers()[deactivationPath])})
		require.NoError(t, err)
		require.JSONEq(t, `{"userToken":"`+userToken+`","cardToken":"`+cardToken+`"}`, v.SeenAt(deactivationPath)[0].Body)
	})
	t.Run("GoneAlreadyIsRemoved", func(t *testing.T) {
		t.Parallel()
		_, err := remove(t, map[string]http.HandlerFunc{deactivationPath: saysStatus(400, `{"code":9002,"message":"CardNotFound"}`)})
		require.NoError(t, err)
		_, err = remove(t, map[string]http.HandlerFunc{userPath: saysStatus(400, noSuchUser)})
		require.NoError(t, err)
	})
	fail := says(`{"resultState":"fail","desc":"x"}`)
	t.Run("FailOfAnInactiveCardIsRemoved", func(t *testing.T) {
		t.Parallel()
		_, err := remove(t, map[string]http.HandlerFunc{deactivationPath: fail, cardsPath: says(`{"cards":[{"cardToken":"` + cardToken + `","state":"inactive"}]}`)})
		require.NoError(t, err)
	})
	t.Run("FailOfAnActiveCardIsTold", func(t *testing.T) {
		t.Parallel()
		_, err := remove(t, map[string]http.HandlerFunc{deactivationPath: fail, cardsPath: says(goodAnswers()[cardsPath])})
		requireError(t, err, providers.OpSaveCard, providers.Rejected, "")
	})
	t.Run("OtherWordIsUnknown", func(t *testing.T) {
		t.Parallel()
		for _, answer := range []string{`{"resultState":"soon"}`, `{"resultState":"success","userToken":"other"}`} {
			_, err := remove(t, map[string]http.HandlerFunc{deactivationPath: says(answer)})
			requireError(t, err, providers.OpSaveCard, providers.Unknown, "")
		}
	})
	t.Run("WhatIsNoTokenIsNotSent", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(""))
		requireError(t, newClient(t, v.URL).RemoveCard(t.Context(), customer(), "a b"), providers.OpSaveCard, providers.Rejected, "")
		require.Empty(t, v.Seen())
	})
}
