package ktpay

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func TestClient_Start(t *testing.T) {
	t.Parallel()

	t.Run("OpensThePageOfTheTransaction", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, nil)
		result, err := newClient(t, v.URL, func(c *Config) { c.WidgetURL = "https://widget.test.nplus.tech/" }).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Equal(t, providers.Result{
			Status: providers.ActionRequired, ProviderRef: sampleHash,
			Redirect: &providers.Redirect{URL: "https://widget.test.nplus.tech/payment-card?hash=" + sampleHash, Method: "GET"},
		}, result)

		require.Len(t, v.Seen(), 1)
		asked := v.Seen()[0]
		require.Equal(t, "POST", asked.Method)
		require.Equal(t, "/api/v1/merchant-widget/payment", asked.Target)
		require.Equal(t, testAppID, asked.Header.Get("Auth-Identifier"))
		require.Equal(t, "text/plain", asked.Header.Get("Content-Type"))
	})
	t.Run("Case15_OrderHasItsOwnAddressForNotifications", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, nil)
		_, err := newClient(t, v.URL).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.JSONEq(t, `{"order": {
			"order_id": "0198c0ffee0000000000000abc", "amount": 1000.5, "type": "ecom", "description": "Заказ № 7",
			"callback_post_url": "https://pay.example/webhooks/ktpay/main/CANARY-7f3a91bd",
			"callback_back_url": "https://shop.example/return?a=1&b=2",
			"callback_success_url": "https://shop.example/return?a=1&b=2",
			"callback_failed_url": "https://shop.example/return?a=1&b=2",
			"show_close_button": false
		}}`, v.opened(t))
	})
	t.Run("Case03_SampleOrderOfAServiceIsTaken", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, nil)
		r := startRequest()
		r.OrderNumber, r.Amount, r.Description = "1", pay.Of(100000, pay.KZT), "Transaction from KTPAY"
		r.Payer.Service = &providers.ServiceOrder{ServiceID: 1, ContractValue: "1111111"}
		result, err := newClient(t, v.URL, func(c *Config) { c.Type = TypeService }).Start(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, providers.ActionRequired, result.Status)
		require.Regexp(t, `^[0-9a-f]{40}$`, result.ProviderRef)
		for _, want := range []string{`"order_id":"1"`, `"amount":1000,`, `"type":"service"`, `"service":{"service_id":1,"contract_value":"1111111"}`, `"description":"Transaction from KTPAY"`} {
			require.Contains(t, v.opened(t), want)
		}
	})
	t.Run("Case05_PageHasNoCross", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, nil)
		_, err := newClient(t, v.URL).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Contains(t, v.opened(t), `"show_close_button":false`)
	})
	t.Run("ForcedAddressesSkipTheReceipt", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, nil)
		_, err := newClient(t, v.URL, func(c *Config) { c.ForceURLs = true }).Start(t.Context(), startRequest())
		require.NoError(t, err)
		for _, name := range []string{"back", "success", "failed"} {
			require.Contains(t, v.opened(t), `"callback_force_`+name+`_url":"https://shop.example/return?a=1\u0026b=2"`)
		}
	})
	t.Run("NoReturnURLIsNone", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, nil)
		r := startRequest()
		r.ReturnURL = ""
		_, err := newClient(t, v.URL, func(c *Config) { c.ForceURLs = true }).Start(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(v.opened(t), "callback_"))
	})
	t.Run("DescriptionIsOneLine", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, nil)
		r := startRequest()
		r.Description = "a\x00\n\tb\u202e" + strings.Repeat("ы", 300)
		_, err := newClient(t, v.URL).Start(t.Context(), r)
		require.NoError(t, err)
		require.Contains(t, v.opened(t), `"description":"a b`+strings.Repeat("ы", 251)+`…"`)
	})
}

func TestClient_Start_Payer(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name  string
		payer providers.Payer
		want  string
	}{
		{"PhoneAndEmailAreTold", providers.Payer{Phone: "+77001234567", Email: "test@example.com"}, `"user":{"phone":"+77001234567","email":"test@example.com"}`},
		{"OtherCountrysPhoneIsLeftOut", providers.Payer{Phone: "+4915112345678", Email: "test@example.com"}, `"user":{"email":"test@example.com"}`},
		{"NobodyIsNoUser", providers.Payer{Phone: "87001234567", Email: "test"}, `"show_close_button":false}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t, nil)
			r := startRequest()
			r.Payer = tt.payer
			_, err := newClient(t, v.URL).Start(t.Context(), r)
			require.NoError(t, err)
			require.Contains(t, v.opened(t), tt.want)
		})
	}
}

func TestClient_Start_Service(t *testing.T) {
	t.Parallel()

	ofServices := func(c *Config) { c.Type, c.ServiceID = TypeService, 7 }
	ofAnyService := func(c *Config) { c.Type = TypeService }
	tests := []struct {
		name   string
		change func(*Config)
		payer  providers.Payer
		want   string
	}{
		{"Case07_ContractKeepsItsZeros", ofAnyService, providers.Payer{Service: &providers.ServiceOrder{ServiceID: 3, ContractValue: "0012"}}, `"type":"service","service":{"service_id":3,"contract_value":"0012"}`},
		{"AccountsServiceIsUsedWhenTheOrderNamesNone", ofServices, providers.Payer{Service: &providers.ServiceOrder{ContractValue: "0012"}}, `"service":{"service_id":7,"contract_value":"0012"}`},
		{"ContractMayBeARequisite", ofServices, providers.Payer{Requisites: []providers.Requisite{{Name: "month", Value: "5"}, {Name: "contract_value", Value: "0013"}}}, `"service":{"service_id":7,"contract_value":"0013"}`},
		{"OrdersOwnContractWinsOverTheRequisite", ofServices, providers.Payer{
			Service: &providers.ServiceOrder{ContractValue: "0012"}, Requisites: []providers.Requisite{{Name: "contract_value", Value: "0013"}},
		}, `"service":{"service_id":7,"contract_value":"0012"}`},
		{"AccountsOwnServiceMayBeNamed", ofServices, providers.Payer{Service: &providers.ServiceOrder{ServiceID: 7, ContractValue: "0012"}}, `"service":{"service_id":7,"contract_value":"0012"}`},
		{"RequisiteMakesNoServiceOfGoods", func(*Config) {}, providers.Payer{Requisites: []providers.Requisite{{Name: "contract_value", Value: "0013"}}}, `"type":"ecom","description"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t, nil)
			r := startRequest()
			r.Payer = tt.payer
			_, err := newClient(t, v.URL, tt.change).Start(t.Context(), r)
			require.NoError(t, err)
			require.Contains(t, v.opened(t), tt.want)
		})
	}
}

// What KTPay could not do, or could not tell the end of, is not sent.
func TestClient_Start_NotSent(t *testing.T) {
	t.Parallel()

	nothing := func(*Config) {}
	ofServices := func(c *Config) { c.Type = TypeService }
	const rejected, unsupported = providers.Rejected, providers.Unsupported
	tests := []struct {
		name    string
		account func(*Config)
		change  func(*providers.StartRequest)
		kind    providers.Kind
		why     string
	}{
		{"NoOrderNumber", nothing, func(r *providers.StartRequest) { r.OrderNumber = "" }, rejected, "order number"},
		{"OddOrderNumber", nothing, func(r *providers.StartRequest) { r.OrderNumber = "CANARY 1" }, rejected, "order number"},
		{"LongOrderNumber", nothing, func(r *providers.StartRequest) { r.OrderNumber = strings.Repeat("a", 256) }, rejected, "order number"},
		{"OtherCurrency", nothing, func(r *providers.StartRequest) { r.Amount = pay.Of(100, pay.RUB) }, unsupported, "KZT only"},
		{"NoAmount", nothing, func(r *providers.StartRequest) { r.Amount = pay.Of(0, pay.KZT) }, rejected, "0 minor units"},
		{"NegativeAmount", nothing, func(r *providers.StartRequest) { r.Amount = pay.Of(-1, pay.KZT) }, rejected, "-1 minor units"},
		{"HugeAmount", nothing, func(r *providers.StartRequest) { r.Amount = pay.Of(pay.MaxAmount+1, pay.KZT) }, rejected, "cannot be paid"},
		{"SavingACard", nothing, func(r *providers.StartRequest) { r.SaveFor = &providers.Customer{} }, unsupported, "saves no cards"},
		{"NoNotifyURL", nothing, func(r *providers.StartRequest) { r.NotifyURL = "" }, rejected, "notifications"},
		{"NotifyURLIsNone", nothing, func(r *providers.StartRequest) { r.NotifyURL = "pay.example/CANARY" }, rejected, "notifications"},
		{"SecretInTheClear", func(c *Config) { *c = Config{AppID: c.AppID, AppKey: c.AppKey, MerchantID: 1} }, func(r *providers.StartRequest) { r.NotifyURL = "http://pay.example/CANARY" }, rejected, "notifications"},
		{"ReturnURLIsNone", nothing, func(r *providers.StartRequest) { r.ReturnURL = "javascript:CANARY" }, rejected, "return URL"},
		{"ServiceWithoutContract", func(c *Config) { c.Type, c.ServiceID = TypeService, 1 }, func(*providers.StartRequest) {}, rejected, "contract_value"},
		{"ServiceWithABlankContract", func(c *Config) { c.Type, c.ServiceID = TypeService, 1 }, func(r *providers.StartRequest) {
			r.Payer.Service = &providers.ServiceOrder{ContractValue: " "}
		}, rejected, "contract_value"},
		{"ContractWithControlCharacters", ofServices, func(r *providers.StartRequest) {
			r.Payer.Service = &providers.ServiceOrder{ServiceID: 1, ContractValue: contract + "\x00"}
		}, rejected, "control characters"},
		{"LongContract", ofServices, func(r *providers.StartRequest) {
			r.Payer.Service = &providers.ServiceOrder{ServiceID: 1, ContractValue: strings.Repeat("1", 256)}
		}, rejected, "255"},
		{"ServiceWithoutItsID", func(c *Config) { c.Type = TypeService }, func(r *providers.StartRequest) {
			r.Payer.Service = &providers.ServiceOrder{ContractValue: contract}
		}, rejected, "service_id"},
		{"NegativeService", ofServices, func(r *providers.StartRequest) {
			r.Payer.Service = &providers.ServiceOrder{ServiceID: -1, ContractValue: contract}
		}, rejected, "service_id"},
		{"ServiceOnAnAccountForGoods", nothing, func(r *providers.StartRequest) {
			r.Payer.Service = &providers.ServiceOrder{ServiceID: 3, ContractValue: contract}
		}, rejected, "the account is for goods"},
		{"OnlyAContractOnAnAccountForGoodsWithAService", func(c *Config) { c.ServiceID = 7 }, func(r *providers.StartRequest) {
			r.Payer.Service = &providers.ServiceOrder{ContractValue: contract}
		}, rejected, "the account is for goods"},
		{"AnotherServiceThanTheAccounts", func(c *Config) { c.Type, c.ServiceID = TypeService, 7 }, func(r *providers.StartRequest) {
			r.Payer.Service = &providers.ServiceOrder{ServiceID: 3, ContractValue: contract}
		}, rejected, "another service"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t, nil)
			r := startRequest()
			tt.change(&r)
			result, err := newClient(t, v.URL, tt.account).Start(t.Context(), r)
			requireError(t, err, providers.OpStart, tt.kind, "")
			require.ErrorContains(t, err, tt.why)
			require.Zero(t, result)
			require.Empty(t, v.Seen())
		})
	}
}

// What became of a creation that timed out is unknown. The same number again makes
// no second transaction, and says so.
func TestClient_Start_Again(t *testing.T) {
	t.Parallel()

	t.Run("Case25_TimeoutThenTheSameNumberIsOneTransaction", func(t *testing.T) {
		t.Parallel()
		v := newStoppedVendor(t, nil)
		first := make(chan struct{}, 1)
		first <- struct{}{}
		create := v.Config.Handler
		v.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-first: // it is done, and its answer is lost
				create.ServeHTTP(discard{}, r)
				panic(http.ErrAbortHandler)
			default:
				create.ServeHTTP(w, r)
			}
		})
		v.Start()
		defer v.Close()
		c := newClient(t, v.URL)

		_, err := c.Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Unknown, "")
		_, err = c.Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Conflict, "4220002")
		require.Equal(t, 1, v.created())
	})
	t.Run("Case17_NumberThatWasUsedIsAConflict", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, nil)
		c := newClient(t, v.URL)
		_, err := c.Start(t.Context(), startRequest())
		require.NoError(t, err)
		_, err = c.Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Conflict, "4220002")
		require.ErrorContains(t, err, "order_id")
		require.Equal(t, 1, v.created())
		require.NotEqual(t, v.Seen()[0].Body, v.Seen()[1].Body)
	})
	t.Run("Case18_UnknownAppIsRefused", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, nil)
		_, err := newClient(t, v.URL, func(c *Config) { c.AppID = strings.Repeat("0", 32) }).Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Auth, "4010103")
	})
	t.Run("OtherKeyCannotBeOpened", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, nil)
		_, err := newClient(t, v.URL, func(c *Config) { c.AppKey = "h09acJ8QSLPw40XZxdNfLbq4hXzWInC5zXL319RdXUI=" }).Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Rejected, "4220101")
	})
}

// discard is an answer that nobody gets.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}
