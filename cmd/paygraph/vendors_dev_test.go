package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// demoWay is an account of the demo shop: a way to pay there.
type demoWay struct {
	vendor     providers.Name
	account    providers.DemoAccount
	currencies []pay.Currency
	holds      bool // it takes no money before the shop says so
}

// demoWays are all accounts that the vendors bring to the demo shop, in its order.
func demoWays(t *testing.T) []demoWay {
	t.Helper()
	var all []demoWay
	for _, v := range vendors() {
		for _, account := range v.Demo("http://127.0.0.1:1") {
			p, err := account.Open(providers.Deps{HTTP: &http.Client{}, Clock: systemClock(), Logger: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			can := p.Capabilities()
			currencies := can.Currencies
			if currencies == nil { // it takes any
				currencies = []pay.Currency{pay.RUB}
			}
			all = append(all, demoWay{vendor: v.Name, account: account, currencies: currencies, holds: can.TwoStage})
		}
	}
	return all
}

// sellsEverywhere puts one page on sale in each currency that a way takes, and returns
// the product.
func (p *program) sellsEverywhere(ways []demoWay) string {
	p.t.Helper()
	prices := map[pay.Currency]any{}
	for _, w := range ways {
		for _, currency := range w.currencies {
			prices[currency] = map[string]any{"amount": map[string]any{"amount": 1000, "currency": currency}}
		}
	}
	list := []any{}
	for _, price := range prices {
		list = append(list, price)
	}
	var made struct {
		ProductUpsert struct {
			Product *struct{ ID string }
			Errors  []struct{ Code, Message string }
		}
	}
	p.ask(p.ready["secret_key"], `mutation($input: ProductUpsertInput!) { productUpsert(input: $input) { product { id } errors { code message } } }`, map[string]any{
		"input": map[string]any{
			"idempotencyKey": uuid.NewString(), "code": "page-anywhere", "kind": "DIRECT", "title": "One page", "prices": list,
			"grants": map[string]any{"pages": "*"},
		},
	}, &made)
	require.Empty(p.t, made.ProductUpsert.Errors)
	return made.ProductUpsert.Product.ID
}

// paysAt plays the payer at any provider's sandbox, and returns the order's number.
func (p *program) paysAt(redirectURL, outcome string) string {
	p.t.Helper()
	body, err := json.Marshal(map[string]string{"url": redirectURL, "outcome": outcome})
	require.NoError(p.t, err)
	var paid struct{ State, OrderRef string }
	p.post(p.ready["sandbox"]+"/_control/pay", "", body, &paid)
	require.NotEmpty(p.t, paid.State)
	return paid.OrderRef
}

// A guest of the demo shop pays through every provider of the program, in every
// currency that it takes there.
func TestDev_EveryVendorTakesMoney(t *testing.T) {
	t.Parallel()

	ways := demoWays(t)
	databases(t, func(t *testing.T, flags []string) {
		box := start(t, "sandbox", "--addr", "127.0.0.1:0")
		p := startDev(t, append([]string{"--sandbox", "http://" + box.ready["addr"]}, flags...)...)
		product := p.sellsEverywhere(ways)
		paid := map[providers.Name]int{}
		for _, w := range slices.DeleteFunc(slices.Clone(ways), func(w demoWay) bool { return w.holds }) {
			for _, currency := range w.currencies {
				made := p.buy(uuid.NewString(), map[string]any{"product": product, "currency": currency, "payWith": map[string]any{"provider": w.account.Code}}).BillCreate
				s := p.socket(made.AccessToken)
				s.watch("1", map[string]any{"id": made.Bill.ID})
				s.next()
				p.paysAt(made.Bill.NextAction.URL, "approve")
				_, last := s.untilDone()
				require.Equal(t, "page", last.Bill.Entitlements[0].Kind, w.account.Code)
				require.NoError(t, s.conn.Close())
				paid[w.vendor]++
				t.Logf("%s takes %s", w.account.Code, currency)
			}
		}
		for _, v := range vendors() {
			require.Positive(t, paid[v.Name], "%s has no account in the demo shop that takes money at once: add one to its Vendor.Demo", v.Name)
		}
		require.Equal(t, exitOK, p.end(), "%s", p.stderr) // at rest, nothing is left undone
		report, _, code := execute(t, append([]string{"check", "--sandbox", p.ready["sandbox"], "--strict"}, flags...)...)
		require.Equal(t, exitOK, code, report)
		require.Contains(t, report, "0 breaches")
	})
}

// Without a wish, the first account that takes the currency is opened; and the
// providers query tells which there are.
func TestDev_ProvidersOfTheDemoShop(t *testing.T) {
	t.Parallel()

	type provider struct {
		Code       string
		Sandbox    bool
		Currencies []pay.Currency
	}
	var want []provider
	first, ways := map[pay.Currency]string{}, demoWays(t)
	for _, w := range ways {
		want = append(want, provider{w.account.Code, true, w.currencies})
		for _, currency := range w.currencies {
			if first[currency] == "" {
				first[currency] = w.account.Code
			}
		}
	}
	p := startDev(t, "--data", t.TempDir())
	var answer struct{ Providers []provider }
	p.ask(p.ready["publishable_key"], `{ providers { code sandbox currencies } }`, nil, &answer)
	require.Equal(t, want, answer.Providers)

	document := strings.Replace(buyDocument, "bill { id", "bill { attempts { provider { code } } id", 1)
	product := p.sellsEverywhere(ways)
	for currency, account := range first {
		input := map[string]any{"idempotencyKey": uuid.NewString(), "product": product, "currency": currency, "pageId": "articles/42"}
		var made struct {
			BillCreate struct {
				Bill struct {
					Attempts []struct{ Provider struct{ Code string } }
				}
			}
		}
		p.ask(p.ready["secret_key"], document, map[string]any{"input": input}, &made)
		require.Len(t, made.BillCreate.Bill.Attempts, 1)
		require.Equal(t, account, made.BillCreate.Bill.Attempts[0].Provider.Code)
	}
}

// forgedNotices are what a stranger may send about an order whose number is known:
// the words of every vendor's kind, none of them proven.
func forgedNotices(order string) []string {
	var all []string
	for _, state := range []string{"paid", "payed", "Charged", "completed", "processed", "success", "SUCCEEDED"} {
		all = append(
			all,
			fmt.Sprintf(`{"id":%[1]q,"order":%[1]q,"order_id":%[1]q,"orderId":%[1]q,"amount":"10.00","currency":"RUB","state":%[2]q,"status":%[2]q,"test":true}`, order, state),
			fmt.Sprintf(`{"data":{"id":%[1]q,"type":"payment","attributes":{"reference_id":%[1]q,"status":%[2]q,"amount":10}}}`, order, state),
			fmt.Sprintf(`OrderId=%s&State=%s&Success=True&Amount=1000`, order, state),
			fmt.Sprintf(`<Notice Success="True" OrderId=%q State=%q Amount="1000"/>`, order, state),
		)
	}
	return all
}

// A stranger who knows an order's number has none of the accounts believe that it was
// paid; what is special about each vendor is in internal/billing/vendors and in the
// suite of package providertest.
func TestDev_NoVendorsNoticeIsBelievedUnproven(t *testing.T) {
	t.Parallel()

	ways := demoWays(t)
	data := t.TempDir()
	p := startDev(t, "--data", data)
	product := p.sellsEverywhere(ways)
	for _, w := range ways {
		made := p.buy(uuid.NewString(), map[string]any{"product": product, "currency": w.currencies[0], "payWith": map[string]any{"provider": w.account.Code}}).BillCreate
		order := p.paysAt(made.Bill.NextAction.URL, "abandon")
		require.NotEmpty(t, order, w.account.Code)
		for at, body := range forgedNotices(order) {
			address := "http://" + p.ready["addr"] + "/webhooks/" + string(w.vendor) + "/" + w.account.Code
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
			require.NoError(t, err)
			request.Header.Set("Content-Type", []string{"application/json", "application/vnd.api+json", "application/x-www-form-urlencoded", "text/xml"}[at%4])
			request.Header.Set("X-Signature", strings.Repeat("ab", 32))
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
		}
		var asked struct {
			BillRefresh struct{ Bill struct{ Status string } }
		}
		p.ask(made.AccessToken, `mutation($bill: ID!) { billRefresh(bill: $bill) { bill { status } } }`, map[string]any{"bill": made.Bill.ID}, &asked)
		require.Equal(t, "PENDING", asked.BillRefresh.Bill.Status, w.account.Code)
	}
	require.Equal(t, exitOK, p.end(), "%s", p.stderr)
	report, _, code := execute(t, "check", "--data", data)
	require.Equal(t, exitOK, code, report)
}
