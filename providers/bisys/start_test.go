package bisys

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// fullRequest is a payment as the vendor's own sample has it.
func fullRequest() providers.StartRequest {
	r := startRequest()
	r.Expires = noon.Add(30 * time.Minute)
	r.ReturnURL, r.NotifyURL = "https://shop.example/return/tok", "https://shop.example/webhooks/x"
	r.Payer = providers.Payer{
		Email: "ana@mi.ru", Phone: "+79020000000", Note: "Сумма в _KZT_",
		Requisites: []providers.Requisite{
			{Name: "Л/СЧЕТ", Value: "0503006477"},
			{Name: "ФИО", Value: "Иванов Н П"},
			{Name: "АДРЕС", Value: "Ленина 10"},
			{Name: "МЕСЯЦ", Value: "05.2015"},
			{Name: "СУММА_ПЕНИ", Value: "10000"},
		},
	}
	r.Items = []providers.Item{
		{Title: "name1", Quantity: 2, Unit: tenge(100), Tax: "vat0"},
		{Title: "name2", Quantity: 5, Unit: tenge(50), Tax: "vat110"},
	}
	return r
}

func browser() *providers.Browser {
	return &providers.Browser{
		UserAgent: "Mozilla/5.0 <x&y>", Language: "ru-RU", ColorDepth: 24, ScreenWidth: 1920, ScreenHeight: 1080, TimeZoneOffset: -300,
	}
}

func TestClient_Start(t *testing.T) {
	t.Parallel()

	t.Run("AnonymousRequestIsAsTheSample", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(goodAnswers()[anonymousPath]))
		result, err := newClient(t, v.URL).Start(t.Context(), fullRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Result{
			Status: providers.ActionRequired, ProviderRef: payment, Fee: tenge(13300),
			Redirect: &providers.Redirect{URL: "https://bisys.kz/payment/#!search_payment", Method: "GET", Expires: noon.Add(30 * time.Minute)},
		}, result)
		require.Len(t, v.Seen(), 1)
		require.Equal(t, anonymousPath, v.Seen()[0].Path)
		require.JSONEq(t, golden(t, "anonymous-request.json"), v.Seen()[0].Body)
	})
	t.Run("SmallestRequest", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(goodAnswers()[anonymousPath]))
		r := startRequest()
		r.Description = ""
		_, err := newClient(t, v.URL, func(c *Config) { c.Commission = Fee{} }).Start(t.Context(), r)
		require.NoError(t, err)
		require.JSONEq(t, `{"serviceCode":"109-5804-1","amount":"450","comission":"0","payType":"card","clientType":"web","orderBestBefore":1795266000,"properties":[]}`, v.Seen()[0].Body)
	})
	t.Run("AccountsOwnWords", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(goodAnswers()[anonymousPath]))
		c := newClient(t, v.URL, func(c *Config) {
			c.ClientType, c.PerOrderCallback, c.PerOrderReturn, c.SessionLife = "mobile", true, true, 10*time.Minute
			c.Commission = Fee{FixedMinor: 10, RateBasisPoints: 150}
		})
		result, err := c.Start(t.Context(), fullRequest())
		require.NoError(t, err)
		require.Equal(t, tenge(17), result.Fee)
		require.Equal(t, noon.Add(10*time.Minute), result.Redirect.Expires)
		sent := v.Seen()[0]
		for name, want := range map[string]string{
			"clientType": `"mobile"`, "cbUrl": `"https://shop.example/webhooks/x"`, "successUrl": `"https://shop.example/return/tok"`,
			"failUrl": `"https://shop.example/return/tok"`, "comission": `"17"`, "orderBestBefore": "1795263000",
		} {
			require.Equal(t, want, sent.Member(t, name), name)
		}
	})
	t.Run("SavingRegistersAndIsRecurrentWithoutACard", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, func(w http.ResponseWriter, r *http.Request) { says(success(r))(w, r) })
		r, who := fullRequest(), customer()
		r.SaveFor, r.Payer.Browser, r.Payer.IP = &who, browser(), "::ffff:203.0.113.7"
		result, err := newClient(t, v.URL, func(c *Config) { c.EnableSMSConfirm = true }).Start(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, providers.ActionRequired, result.Status)
		require.Equal(t, payment, result.ProviderRef)
		require.Len(t, v.Seen(), 2)
		require.Equal(t, registrationPath, v.Seen()[0].Path)
		require.JSONEq(t, `{"login":"77020000000","email":"ana@mi.ru"}`, v.Seen()[0].Body)
		sent := v.Seen()[1]
		require.Equal(t, recurrentPath, sent.Path)
		require.Equal(t, `"`+userToken+`"`, sent.Member(t, "userToken"))
		require.Equal(t, "true", sent.Member(t, "needRegCard"))
		require.Equal(t, `"true"`, sent.Member(t, "enableSMSConfirm"))
		require.Empty(t, sent.Member(t, "cardToken"))
		require.Equal(t, `"Сумма в _KZT_"`, sent.Member(t, "orderNote"))
		requireAuInfo(t, sent)
	})
	t.Run("PostPageHasAForm", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`{"regPayNum":1310958041,"methodType":"POST","payUrl":"https://bisys.kz/pay"}`))
		result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Equal(t, payment, result.ProviderRef)
		require.Equal(t, "POST", result.Redirect.Method)
		require.NotNil(t, result.Redirect.Fields)
	})

	senseless := map[string]string{
		"NoNumber": `{"methodType":"GET","payUrl":"https://bisys.kz/"}`, "NoPage": `{"regPayNum":"1","methodType":"GET"}`,
		"PageIsNoAddress": `{"regPayNum":"1","methodType":"GET","payUrl":"/payment"}`, "PageIsAScript": `{"regPayNum":"1","methodType":"GET","payUrl":"javascript:alert(1)"}`,
		"OtherMethod": `{"regPayNum":"1","methodType":"PUT","payUrl":"https://bisys.kz/"}`, "NumberIsNone": `{"regPayNum":"a b","methodType":"GET","payUrl":"https://bisys.kz/"}`,
	}
	for name, answer := range senseless {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(answer))
			_, err := newClient(t, v.URL).Start(t.Context(), startRequest())
			requireError(t, err, providers.OpStart, providers.Unknown, "")
		})
	}
	t.Run("OtherUsersPayment", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, byPath(map[string]http.HandlerFunc{recurrentPath: says(`{"regPayNum":"1","methodType":"GET","payUrl":"https://bisys.kz/","userToken":"other"}`)}))
		r, who := startRequest(), customer()
		r.SaveFor = &who
		_, err := newClient(t, v.URL).Start(t.Context(), r)
		requireError(t, err, providers.OpStart, providers.Unknown, "")
	})

	unsendable := []struct {
		name   string
		change func(*providers.StartRequest)
		kind   providers.Kind
	}{
		{"NoOrderNumber", func(r *providers.StartRequest) { r.OrderNumber = "" }, providers.Rejected},
		{"OtherCurrency", func(r *providers.StartRequest) { r.Amount.Currency = pay.RUB }, providers.Unsupported},
		{"NoAmount", func(r *providers.StartRequest) { r.Amount.Amount = 0 }, providers.Rejected},
		{"NegativeAmount", func(r *providers.StartRequest) { r.Amount.Amount = -1 }, providers.Rejected},
		{"TooMuchWithTheCommission", func(r *providers.StartRequest) { r.Amount.Amount = pay.MaxAmount }, providers.Rejected},
		{"RequisiteWithoutName", func(r *providers.StartRequest) { r.Payer.Requisites = []providers.Requisite{{Value: "1"}} }, providers.Rejected},
		{"RequisiteOfTwoLines", func(r *providers.StartRequest) {
			r.Payer.Requisites = []providers.Requisite{{Name: "a", Value: "CANARY\n1"}}
		}, providers.Rejected},
		{"LineOfAnotherCurrency", func(r *providers.StartRequest) {
			r.Items = []providers.Item{{Title: "x", Quantity: 1, Unit: pay.Of(1, pay.RUB)}}
		}, providers.Rejected},
		{"LineWithoutQuantity", func(r *providers.StartRequest) { r.Items = []providers.Item{{Title: "x", Unit: tenge(1)}} }, providers.Rejected},
		{"SavingWithoutPhone", func(r *providers.StartRequest) { r.SaveFor = &providers.Customer{ID: "x"} }, providers.Rejected},
		{"ReturnIsNoAddress", func(r *providers.StartRequest) { r.ReturnURL = "javascript:canary" }, providers.Rejected},
		{"NotifyIsNoAddress", func(r *providers.StartRequest) { r.NotifyURL = "canary" }, providers.Rejected},
	}
	for _, tt := range unsendable {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(""))
			r := startRequest()
			tt.change(&r)
			_, err := newClient(t, v.URL, func(c *Config) { c.PerOrderCallback, c.PerOrderReturn = true, true }).Start(t.Context(), r)
			requireError(t, err, providers.OpStart, tt.kind, "")
			require.Empty(t, v.Seen())
		})
	}
	t.Run("LivePageIsHTTPS", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, liveBase, func(c *Config) { c.TestMode = false })
		require.True(t, c.isPage("https://bisys.kz/pay"))
		require.False(t, c.isPage("http://bisys.kz/pay"))
	})
}

// requireAuInfo checks clientAuInfo against browser and the address 203.0.113.7.
func requireAuInfo(t *testing.T, sent vendortest.Asked) {
	t.Helper()
	var info struct{ IPAddress, AgentName, AuthenticationInfo string }
	require.NoError(t, json.Unmarshal([]byte(sent.Member(t, "clientAuInfo")), &info))
	require.Equal(t, "203.0.113.7", info.IPAddress)
	require.Equal(t, "Mozilla/5.0 <x&y>", info.AgentName)
	decoded, err := base64.StdEncoding.DecodeString(info.AuthenticationInfo)
	require.NoError(t, err)
	require.JSONEq(t, `{"browserTZ":-300,"browserColorDepth":24,"browserScreenHeight":1080,"browserScreenWidth":1920,"browserLanguage":"ru-RU",
		"browserUserAgent":"Mozilla/5.0 <x&y>","browserJavaEnabled":false}`, string(decoded))
}
