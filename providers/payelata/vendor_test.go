package payelata

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/providertest"
)

// The order that every canned answer is about, and secrets that are easy to find
// where they must not be.
const (
	order        = "0198c0ffee0000000000000abc"
	invoiceID    = "cpi_ADzwZTG99f3q3utQ"
	customerID   = "0198c0ffee0000000000000cus"
	handle       = "0198c0ffee0000000000000ref"
	cardToken    = "4c9jHUgeL1SD7g5byDYn9Gc0RC60NN3x"
	canaryKey    = "sk_test_canary-7f3a"
	canarySigner = "sk_test_canary-callback-91bd"
	canaryBearer = "CANARY-BEARER"
	hostedPage   = "https://cardgate.example.io/hpp/cgi_ZzhRb7xLro7cIf0N"
)

// says answers everything with the same status and body.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// saysBy answers by method and path, "GET /api/x", others with 404.
func saysBy(answers map[string]http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if answer, ok := answers[r.Method+" "+r.URL.Path]; ok {
			answer(w, r)
			return
		}
		says(http.StatusNotFound, `{"errors":[{"status":"404","code":"not_found"}]}`)(w, r)
	}
}

// Where the private API and the card gate are at the fake vendor.
const (
	onInvoices = "/api/payment-invoices"
	onInvoice  = onInvoices + "/" + invoiceID
	onRefund   = onInvoice + "/refund"
	onSale     = "/gate/payment/sale"
)

func golden(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(text)
}

// change is what a canned invoice has instead of the sample's attributes.
type change map[string]any

// raw stands in a change as it is written.
func raw(text string) json.RawMessage { return json.RawMessage(text) }

// anInvoice is the vendor's sample with other attributes.
func anInvoice(t testing.TB, changes ...change) string {
	t.Helper()
	var document map[string]any
	require.NoError(t, json.Unmarshal([]byte(golden(t, "invoice.json")), &document))
	data, _ := document["data"].(map[string]any)
	attributes, _ := data["attributes"].(map[string]any)
	for _, each := range changes {
		for name, value := range each {
			attributes[name] = value
		}
	}
	text, err := json.Marshal(document)
	require.NoError(t, err)
	return string(text)
}

// aList is a list of whole documents' data.
func aList(t testing.TB, documents ...string) string {
	t.Helper()
	list := []json.RawMessage{}
	for _, each := range documents {
		var document struct {
			Data json.RawMessage `json:"data"`
		}
		require.NoError(t, json.Unmarshal([]byte(each), &document))
		list = append(list, document.Data)
	}
	text, err := json.Marshal(map[string]any{"data": list})
	require.NoError(t, err)
	return string(text)
}

// paid is an invoice of 100 that was paid.
func paid() change {
	return change{"status": "processed", "processed": 1585175099, "updated": 1585175100, "processed_amount": 100}
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func testConfig(base string) Config {
	return Config{
		BaseURL: base + "/api", CardGateURL: base + "/gate", Account: "shop-account",
		APIKey: canaryKey, CallbackKey: canarySigner, TestMode: true, Tokenize: true,
		Services: map[pay.Currency]string{pay.USD: "payment_card_usd_hpp", pay.EUR: "payment_card_eur_hpp", "KWD": "payment_card_kwd_hpp", "JPY": "payment_card_jpy_hpp"},
	}
}

func testDeps() providers.Deps {
	return providers.Deps{HTTP: &http.Client{Transport: &http.Transport{}}, Clock: pay.ClockFunc(func() time.Time { return noon })}
}

func newClient(t testing.TB, base string) *Client {
	t.Helper()
	deps := testDeps()
	t.Cleanup(deps.HTTP.CloseIdleConnections)
	c, err := New(testConfig(base), deps)
	require.NoError(t, err)
	return c
}

func startRequest() providers.StartRequest {
	return providers.StartRequest{
		OrderNumber: order, Amount: pay.Of(10000, pay.USD), Description: "A page",
		ReturnURL: "https://shop.example/return/tok", NotifyURL: "https://pay.example/webhooks/payelata/main",
	}
}

func chargeRequest() providers.ChargeRequest {
	return providers.ChargeRequest{
		OrderNumber: order, Handle: handle, Amount: pay.Of(10000, pay.USD), Customer: providers.Customer{ID: customerID, Email: "canary@example.com"},
		CardRef: cardToken, Description: "A renewal", NotifyURL: "https://pay.example/webhooks/payelata/main", Initiator: providers.ByMerchant,
	}
}

func refundRequest() providers.RefundRequest {
	return providers.RefundRequest{
		Ref: providers.Ref{OrderNumber: order, ProviderRef: invoiceID}, Handle: handle,
		Amount: pay.Of(3000, pay.USD), Taken: pay.Of(10000, pay.USD), Reason: "Returned",
	}
}

// requireError checks an adapter's error and that it tells no secret.
func requireError(t testing.TB, err error, op providers.Op, kind providers.Kind, code string) {
	t.Helper()
	providertest.RequireError(t, err, providers.Error{Provider: Name, Op: op, Kind: kind, Code: code})
	requireNoSecret(t, err.Error())
}

func requireNoSecret(t testing.TB, text string) {
	t.Helper()
	require.NotContains(t, strings.ToLower(text), "canary")
	require.NotContains(t, text, cardToken)
	require.NotContains(t, strings.ToLower(text), strings.ToLower(cardToken))
}
