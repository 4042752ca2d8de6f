package payelata

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func TestReadInvoice(t *testing.T) {
	t.Parallel()

	t.Run("Sample", func(t *testing.T) {
		t.Parallel()
		i, err := readInvoice([]byte(golden(t, "invoice.json")))
		require.NoError(t, err)
		require.Equal(t, invoiceID, i.id)
		require.EqualValues(t, order, i.ReferenceID)
		require.EqualValues(t, hostedPage, i.Flow.value.Action)
		require.True(t, i.Flow.told)
		require.False(t, i.Payload.told)
		require.False(t, i.Metadata.told)
	})
	t.Run("ByteOrderMark", func(t *testing.T) {
		t.Parallel()
		_, err := readInvoice([]byte("\ufeff" + golden(t, "invoice.json")))
		require.NoError(t, err)
	})
	t.Run("NumbersMayBeStringsAndFlagsNumbers", func(t *testing.T) {
		t.Parallel()
		result, err := syncOne(t, false, paid(), change{
			"processed_amount": "100.00", "amount": "100", "payment_amount": raw("1e2"), "refunded_amount": "0", "test_mode": 1, "moderation_required": "false", "processed": "1585175099",
		})
		require.NoError(t, err)
		require.Equal(t, pay.Of(10000, pay.USD), result.Captured)
		require.True(t, *result.TestMode)
		require.EqualValues(t, 1585175099, result.At.Unix())
	})
	t.Run("FlagThatIsNotToldIsNotKnown", func(t *testing.T) {
		t.Parallel()
		result, err := syncOne(t, false, paid(), change{"test_mode": nil, "moderation_required": nil, "updated": "yesterday", "processed": -5})
		require.NoError(t, err)
		require.Nil(t, result.TestMode)
		require.True(t, result.At.IsZero())
	})

	senseless := []struct{ name, body string }{
		{"Empty", ``},
		{"Null", `null`},
		{"Text", `"cpi"`},
		{"TwoDocuments", `{"data":{}} {}`},
		{"WithComments", "{\"data\":{} // a comment\n}"},
		{"NoData", `{}`},
		{"DataIsNull", `{"data":null}`},
		{"OtherType", `{"data":{"type":"payout-invoices","id":"cpi_1","attributes":{"status":"processed"}}}`},
		{"NoAttributes", `{"data":{"type":"payment-invoices","id":"cpi_1","attributes":[]}}`},
		{"NoStatus", `{"data":{"type":"payment-invoices","id":"cpi_1","attributes":{"status":{}}}}`},
		{"NoID", `{"data":{"type":"payment-invoices","attributes":{"status":"processed"}}}`},
		{"OddID", `{"data":{"type":"payment-invoices","id":"cpi_1/refund","attributes":{"status":"processed"}}}`},
		{"IDOfAnotherKind", `{"data":{"type":"payment-invoices","id":"cgi_1","attributes":{"status":"processed"}}}`},
		{"ErrorBesideIt", `{"error":"x","data":{"type":"payment-invoices","id":"cpi_1","attributes":{"status":"processed"}}}`},
		{"ErrorsBesideIt", `{"errors":[{}],"data":{"type":"payment-invoices","id":"cpi_1","attributes":{"status":"processed"}}}`},
	}
	for _, tt := range senseless {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readInvoice([]byte(tt.body))
			require.Error(t, err)
		})
	}
	t.Run("EmptyErrorsAreNone", func(t *testing.T) {
		t.Parallel()
		for _, errors := range []string{`null`, `[]`, `{}`, `""`, `false`} {
			_, err := readInvoice([]byte(`{"errors":` + errors + `,"error":` + errors + `,"data":{"type":"payment-invoices","id":"cpi_1","attributes":{"status":"processed"}}}`))
			require.NoError(t, err)
		}
	})
}

func TestReadRefusal(t *testing.T) {
	t.Parallel()

	c := newClient(t, "https://payelata.example")
	tests := []struct {
		name, body string
		ours       bool
		code       string
	}{
		{"JSONAPI", `{"errors":[{"status":"422","code":"Required","title":"x","source":{"pointer":"/data/attributes/amount"}}]}`, true, "required"},
		{"OneObject", `{"errors":{"code":"required"}}`, true, "required"},
		{"ByAttribute", `{"errors":{"amount":["The amount is required."]}}`, true, ""},
		{"Words", `{"errors":["forbidden"]}`, true, "forbidden"},
		{"Platform", `{"request_id":"1","error_type":"validation","error_codes":["invalid_amount","x"]}`, true, "invalid_amount"},
		{"TypeOnly", `{"error_type":"validation"}`, true, "validation"},
		{"Prose", `{"error":"Something went wrong"}`, true, ""},
		{"Digits", `{"error":"a5123817234060000"}`, true, ""},
		{"HTML", `<html></html>`, false, ""},
		{"NoError", `{"data":{}}`, false, ""},
		{"Empty", ``, false, ""},
		{"Number", `7`, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, ours := readRefusal([]byte(tt.body))
			require.Equal(t, tt.ours, ours)
			require.Equal(t, tt.code, c.code(r))
		})
	}
}

// Whatever an answer is, nothing panics, and an invoice that is read has an id that
// is safe in an address. Money is never more than was told.
func FuzzReadInvoice(f *testing.F) {
	f.Add([]byte(golden(f, "invoice.json")))
	f.Add([]byte(anInvoice(f, paid(), change{"payload": raw(golden(f, "payload.json")), "payment_amount": "1e2"})))
	f.Add([]byte(anInvoice(f, partly(), change{"charged_back_amount": 10.0999999999999996})))
	f.Add([]byte(`{"data":{"type":"payment-invoices","id":"cpi_1","attributes":{"status":"processed","currency":"USD","reference_id":"a","processed_amount":1e-5}}}`))
	f.Add([]byte(`{"errors":[[{"code":{}}]],"error":{"code":[]},"data":[{"type":7}]}`))
	f.Add([]byte(aRefund("created")))
	f.Add([]byte(`{"auth_payload":{"action":"x","params":{"a":[]}}}`))
	c := newClient(f, "https://payelata.example")
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _ = readInvoices(body)
		_, _ = readRefund(body)
		_, _ = readSale(body)
		if r, ours := readRefusal(body); ours {
			require.LessOrEqual(t, len(c.code(r)), 48)
		}
		i, err := readInvoice(body)
		if err != nil {
			return
		}
		require.Regexp(t, `^cpi_[A-Za-z0-9]{1,64}$`, i.id)
		result, err := c.judge(t.Context(), providers.Ref{OrderNumber: order}, i)
		if err != nil {
			require.Equal(t, providers.Malformed, providers.KindOf(err))
			return
		}
		require.NotEmpty(t, result.Status)
		require.GreaterOrEqual(t, result.Captured.Amount, int64(0))
		require.LessOrEqual(t, result.Captured.Amount, int64(pay.MaxAmount))
		require.Equal(t, result.Status == providers.Declined, result.SessionOver)
	})
}
