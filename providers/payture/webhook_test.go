package payture

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
)

func parse(body string) ([]providers.Event, providers.Reply, error) {
	return new(Client).ParseWebhook(context.Background(), providers.Notification{Body: []byte(body)})
}

func TestClient_ParseWebhook(t *testing.T) {
	t.Parallel()

	t.Run("DocumentedSampleIsAHint", func(t *testing.T) {
		t.Parallel()
		events, answer, err := parse(golden(t, "notification-pay-success.txt"))
		require.NoError(t, err)
		require.Equal(t, []providers.Event{{Kind: "EnginePaySuccess", Hint: true, Ref: providers.Ref{OrderNumber: order}}}, events)
		require.Equal(t, http.StatusOK, answer.Status)
		require.Equal(t, "OK", string(answer.Body))
		require.Contains(t, answer.ContentType, "text/plain")
	})

	kinds := []string{
		"EnginePaySuccess", "EnginePayFail", "EngineBlockSuccess", "EngineBlockFail", "EngineChargeSuccess", "EngineChargeFail",
		"EngineRefundSuccess", "EngineRefundFail", "MerchantPay", "CustomerPaySuccess", "CustomerPayFail", "CustomerRefundSuccess",
		"AsyncFail", "SomethingNew",
	}
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			events, _, err := parse("Notification=" + kind + "&OrderId=" + order + "&Success=True&Amount=1&Unheard%5Bof%5D=%D0%96")
			require.NoError(t, err)
			require.Equal(t, []providers.Event{{Kind: kind, Hint: true, Ref: providers.Ref{OrderNumber: order}}}, events)
		})
	}

	hints := []struct{ name, body, kind string }{
		{"OtherCaseOfNames", "notification=X&ORDERID=" + order, "X"},
		{"WithoutKind", "OrderId=" + order, ""},
		{"KindIsNoWord", "Notification=%3Cscript%3E&OrderId=" + order, ""},
		{"AnotherFieldIsBroken", "Notification=X&Card=%zz&OrderId=" + order + "&a;b=c", "X"},
		{"AnotherFieldIsNotUTF8", "Notification=X&Holder=%C8%E2%E0%ED&OrderId=" + order, "X"},
	}
	for _, tt := range hints {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			events, _, err := parse(tt.body)
			require.NoError(t, err)
			require.Equal(t, []providers.Event{{Kind: tt.kind, Hint: true, Ref: providers.Ref{OrderNumber: order}}}, events)
		})
	}

	t.Run("AboutNoOrderIsAcknowledged", func(t *testing.T) {
		t.Parallel()
		events, answer, err := parse("Notification=CustomerAddSuccess&VWUserLgn=u%40x.example&CardNumber=411111xxxxxx1112&OrderId=")
		require.NoError(t, err)
		require.Empty(t, events)
		require.Equal(t, http.StatusOK, answer.Status)
	})

	customers := []struct {
		name, body string
		want       []providers.Event
	}{
		{
			"CardAdded", "Notification=CustomerAddSuccess&VWUserLgn=" + login + "&CardNumber=411111xxxxxx1112&CardId=" + card + "&Success=True",
			[]providers.Event{{
				Kind: "CustomerAddSuccess", Hint: true, Customer: login,
				Body: []byte("Notification=CustomerAddSuccess&VWUserLgn=" + login + "&CardNumber=411111xxxxxx1112&CardId=&Success=True"),
			}},
		},
		{
			"CardRefused", "notification=CustomerAddFail&vwuserlgn=" + login + "&OrderId=&Success=False&ErrCode=WRONG_CVV",
			[]providers.Event{{Kind: "CustomerAddFail", Hint: true, Customer: login}},
		},
		{
			"CardAddedWithAnOrderOfPaytures", "Notification=CustomerAddSuccess&VWUserLgn=" + login + "&OrderId=" + session,
			[]providers.Event{{Kind: "CustomerAddSuccess", Hint: true, Customer: login}},
		},
		{
			"CodeSentToACustomer", "Notification=CustomerSendCode&VWUserLgn=" + login,
			[]providers.Event{{Kind: "CustomerSendCode", Hint: true, Customer: login}},
		},
		{
			"PaidByACustomer", "Notification=CustomerPaySuccess&VWUserLgn=" + login + "&OrderId=" + order,
			[]providers.Event{{Kind: "CustomerPaySuccess", Hint: true, Ref: providers.Ref{OrderNumber: order}}},
		},
		{
			"PaidBySomebodyElsesCustomers", "Notification=CustomerPaySuccess&VWUserLgn=a&vwuserlgn=b&OrderId=" + order,
			[]providers.Event{{Kind: "CustomerPaySuccess", Hint: true, Ref: providers.Ref{OrderNumber: order}}},
		},
		{"NotOurCustomer", "Notification=CustomerAddSuccess&VWUserLgn=u%40x.example", nil},
		{"CustomerTooLong", "Notification=CustomerAddSuccess&VWUserLgn=customer-" + strings.Repeat("1", 42), nil},
		{"CustomerWithSemicolon", "Notification=CustomerAddSuccess&VWUserLgn=customer-1%3Bx", nil},
		{"TwoCustomers", "Notification=CustomerAddSuccess&VWUserLgn=customer-1&VWUserLgn=customer-2", nil},
		{"NoCustomer", "Notification=CustomerAddSuccess", nil},
	}
	for _, tt := range customers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newWalletClient(t, "https://sandbox3.payture.com", false)
			events, answer, err := c.ParseWebhook(t.Context(), providers.Notification{Body: []byte(tt.body)})
			require.NoError(t, err)
			require.Equal(t, tt.want, events)
			require.Equal(t, http.StatusOK, answer.Status)
		})
	}
	t.Run("CustomersNeedAWallet", func(t *testing.T) {
		t.Parallel()
		events, answer, err := parse("Notification=CustomerAddSuccess&VWUserLgn=" + login)
		require.NoError(t, err)
		require.Empty(t, events)
		require.Equal(t, http.StatusOK, answer.Status)
	})

	cut := []struct{ name, form, kept string }{
		{"PaidByASavedCard", "Notification=CustomerPaySuccess&OrderId=" + order + "&CardId=" + card + "&Amount=1", "Notification=CustomerPaySuccess&OrderId=" + order + "&CardId=&Amount=1"},
		{"AtTheEnd", "Notification=EnginePaySuccess&OrderId=" + order + "&CardId=" + card, "Notification=EnginePaySuccess&OrderId=" + order + "&CardId="},
		{"OtherCase", "cardid=" + card + "&OrderId=" + order, "cardid=&OrderId=" + order},
		{"NameIsEncoded", "OrderId=" + order + "&%43ardI%64=" + card, "OrderId=" + order + "&%43ardI%64="},
		{"ManyAndAnEqualsSign", "CardId=" + card + "=" + card + "&OrderId=" + order + "&CARDID=" + card, "CardId=&OrderId=" + order + "&CARDID="},
		{"WithASemicolon", "OrderId=" + order + "&CardId=a;" + card, "OrderId=" + order + "&CardId="},
		{"BesideABrokenField", "OrderId=" + order + "&%zz=1&CardId=" + card, "OrderId=" + order + "&%zz=1&CardId="},
	}
	for _, tt := range cut {
		t.Run("CardIdIsNotToBeStored/"+tt.name, func(t *testing.T) {
			t.Parallel()
			events, _, err := parse(tt.form)
			require.NoError(t, err)
			require.Len(t, events, 1)
			require.Equal(t, tt.kept, string(events[0].Body))
		})
	}

	malformed := []struct{ name, body string }{
		{"Empty", ""},
		{"JSON", `{"Notification":"EnginePaySuccess","OrderId":"` + order + `"}`},
		{"XML", `<Notification OrderId="` + order + `"/>`},
		{"Encrypted", "DATA=c2VjcmV0IGNhbmFyeQ%3D%3D"},
		{"EncryptedBare", "c2VjcmV0IGNhbmFyeQ=="},
		{"Binary", "\x00\xff\xfe"},
		{"TwoOrders", "OrderId=a&OrderId=b"},
		{"TwoOrdersInOtherCase", "OrderId=a&orderid=b"},
		{"OrderIsNone", "OrderId=a%3Bcanary"},
		{"OrderTooLong", "OrderId=" + strings.Repeat("a", 51)},
		{"TooBig", "OrderId=" + order + "&x=" + strings.Repeat("a", maxNotification)},
	}
	for _, tt := range malformed {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			events, answer, err := parse(tt.body)
			requireError(t, err, providers.OpWebhook, providers.Malformed, "")
			require.Empty(t, events)
			require.Zero(t, answer)
		})
	}

	t.Run("QueryIsNotRead", func(t *testing.T) {
		t.Parallel()
		n := providers.Notification{Query: url.Values{"OrderId": {order}}, Body: nil}
		_, _, err := new(Client).ParseWebhook(t.Context(), n)
		requireError(t, err, providers.OpWebhook, providers.Malformed, "")
	})
}

func FuzzClient_ParseWebhook(f *testing.F) {
	f.Add([]byte("Is3DS=False&Notification=EnginePaySuccess&Success=True&ErrCode=NONE&OrderId=" + order + "&Amount=12677"))
	f.Add([]byte("notification=X&orderid=a-1"))
	f.Add([]byte("DATA=AAAA"))
	f.Add([]byte("Notification=CustomerAddSuccess&VWUserLgn=" + login))
	c := &Client{config: Config{Wallet: testWallet(false)}}
	f.Add([]byte("OrderId=a&OrderId=b;%zz"))
	f.Add([]byte("OrderId=a&cardid=b&%43ardId=c=d"))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, answer, err := c.ParseWebhook(t.Context(), providers.Notification{Body: body})
		if err != nil {
			require.Equal(t, providers.Malformed, providers.KindOf(err))
			require.Empty(t, events)
			return
		}
		require.Equal(t, http.StatusOK, answer.Status)
		require.LessOrEqual(t, len(events), 1)
		for _, event := range events {
			require.True(t, event.Hint)
			require.Nil(t, event.Result)
			require.Empty(t, event.Key)
			require.NotEqual(t, isOrderNumber(event.Ref.OrderNumber), isLogin(event.Customer), "one of the two")
			require.Empty(t, event.Ref.ProviderRef)
			kept, _ := url.ParseQuery(string(event.Body))
			for name, values := range kept {
				require.True(t, !strings.EqualFold(name, "CardId") || strings.Join(values, "") == "", "%q", event.Body)
			}
		}
	})
}
