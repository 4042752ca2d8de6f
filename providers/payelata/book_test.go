package payelata

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paygraph/paygraph/providers/vendortest"
)

// book is a vendor that remembers its invoices: as much of one as the cases need.
type book struct {
	mu       sync.Mutex
	invoices []change
	refunds  map[string]bool
	loses    bool   // makes an invoice and answers 502
	resolves string // what a sale comes to; "" is paid
}

// change changes the only invoice there is.
func (b *book) change(with change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, value := range with {
		b.invoices[0][name] = value
	}
}

func (b *book) serve(t *testing.T) *vendortest.Server {
	t.Helper()
	b.refunds = map[string]bool{}
	return vendortest.New(t, func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		status, answer := b.answer(t, r, body)
		says(status, answer)(w, r)
	})
}

const refusedWith = `{"errors":[{"status":"422","code":"%s","source":{"pointer":"/data/attributes/%s"}}]}`

func (b *book) answer(t *testing.T, r *http.Request, body []byte) (status int, text string) {
	t.Helper()
	var sent struct {
		Data struct{ Attributes change }
	}
	_ = json.Unmarshal(body, &sent)
	asked := sent.Data.Attributes
	switch _, key, _ := r.BasicAuth(); {
	case r.Method+r.URL.Path == "POST"+onSale:
		if !strings.Contains(r.Header.Get("Authorization"), canaryBearer) {
			return 401, ``
		}
		b.sell()
		return 201, aSale
	case key != canaryKey:
		return 401, `{"errors":[{"status":"401","code":"unauthorized"}]}`
	case r.Method+r.URL.Path == "POST"+onInvoices:
		return b.make(t, asked)
	case r.Method+r.URL.Path == "GET"+onInvoices:
		var found []string
		for _, each := range b.invoices {
			if each["reference_id"] == r.URL.Query().Get("filter[reference_id]") {
				found = append(found, anInvoice(t, each))
			}
		}
		return 200, aList(t, found...)
	case len(b.invoices) == 0 || !strings.HasPrefix(r.URL.Path, onInvoice):
		return 404, `{"errors":[{"status":"404","code":"not_found"}]}`
	case r.Method == http.MethodPost:
		return b.refund(asked)
	}
	return 200, anInvoice(t, b.invoices[0])
}

func (b *book) make(t *testing.T, asked change) (status int, text string) {
	t.Helper()
	options, _ := asked["gateway_options"].(map[string]any)
	customer, _ := asked["customer"].(map[string]any)
	switch {
	case slices.ContainsFunc(b.invoices, func(i change) bool { return i["reference_id"] == asked["reference_id"] }):
		return 422, fmt.Sprintf(refusedWith, "duplicate", "reference_id")
	case options != nil && customer["reference_id"] == nil:
		return 422, fmt.Sprintf(refusedWith, "required", "customer/reference_id")
	case asked["token"] != nil && (asked["token"] != cardToken || customer["reference_id"] != customerID):
		return 422, fmt.Sprintf(refusedWith, "invalid", "token")
	}
	made := change{
		"reference_id": asked["reference_id"], "amount": asked["amount"], "payment_amount": asked["amount"], "currency": asked["currency"],
		"test_mode": asked["test_mode"], "metadata": asked["metadata"],
	}
	b.invoices = append(b.invoices, made)
	if b.loses {
		b.loses = false
		return 502, `<html>Bad Gateway</html>`
	}
	return 201, anInvoice(t, made)
}

func (b *book) sell() {
	i := b.invoices[0]
	i["status"], i["processed_amount"] = "processed", i["amount"]
	if b.resolves != "" {
		i["status"], i["resolution"], i["processed_amount"] = "process_failed", b.resolves, nil
	}
}

func (b *book) refund(asked change) (status int, text string) {
	i := b.invoices[0]
	taken, _ := i["processed_amount"].(float64)
	before, _ := i["refunded_amount"].(float64)
	amount, _ := asked["amount"].(float64)
	reference, _ := asked["reference_id"].(string)
	switch {
	case reference == "":
		return 422, fmt.Sprintf(refusedWith, "required", "reference_id")
	case b.refunds[reference]:
		return 422, fmt.Sprintf(refusedWith, "duplicate", "reference_id")
	case before+amount > taken:
		return 422, fmt.Sprintf(refusedWith, "limit", "amount")
	}
	b.refunds[reference] = true
	i["refunded_amount"], i["status"] = before+amount, "partially_refunded"
	if before+amount == taken {
		i["status"] = "refunded"
	}
	return 201, fmt.Sprintf(`{"data":{"type":"refunds","id":"ref_1","attributes":{"reference_id":%q,"original_id":%q,"status":"processed","amount":%v,"currency":"USD"}}}`, reference, invoiceID, amount)
}

func (b *book) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.invoices)
}
