package payelatasandbox_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/payelata/payelatasandbox"
)

func (b *bench) refund(id, ref string, amount any) answer {
	b.Helper()
	given := attrs{"amount": amount}
	if ref != "" {
		given["reference_id"] = ref
	}
	return b.api("POST", "/payment-invoices/"+id+"/refund", b.encode(attrs{"data": attrs{"type": "refund", "attributes": given}}))
}

func TestRefund(t *testing.T) {
	t.Parallel()

	t.Run("Case19_PartsAreRefundedUntilNothingIsLeft", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.paid("o1", nil)
		a := b.refund(i.ID, "r1", 30)
		require.Equal(t, http.StatusCreated, a.Status, a.Body)
		var r struct {
			Data struct {
				Type       string         `json:"type"`
				ID         string         `json:"id"`
				Attributes map[string]any `json:"attributes"`
			} `json:"data"`
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &r))
		require.Equal(t, "refunds", r.Data.Type)
		require.Regexp(t, `^ref_[A-Za-z0-9]{16}$`, r.Data.ID)
		require.Equal(t, map[string]any{
			"reference_id": "r1", "original_id": i.ID, "description": nil, "status": "processed", "amount": 30.0, "fee": 0.0,
			"currency": "USD", "created": float64(b.clock.Now().Unix()),
		}, r.Data.Attributes)
		got := b.get(i.ID).Attributes
		require.Equal(t, []string{"partially_refunded", "30"}, []string{got.Status, got.RefundedAmount.String()})
		require.Equal(t, http.StatusCreated, b.refund(i.ID, "r2", 70).Status)
		got = b.get(i.ID).Attributes
		require.Equal(t, []string{"refunded", "100", "100"}, []string{got.Status, got.RefundedAmount.String(), got.ProcessedAmount.String()})
		b.points(b.refund(i.ID, "r3", 1), "amount")
		require.Equal(t, int64(10000), b.entry().RefundedMinor)
		require.Equal(t, "refunded", b.entry().State)
	})

	t.Run("Case19_RefundWithoutAReferenceIsRefused", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.paid("o1", nil)
		b.points(b.refund(i.ID, "", 30), "reference_id")
		require.Zero(t, b.entry().RefundedMinor)
	})

	t.Run("Case19_OldModelAnswersWithTheInvoice", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{payelata: payelatasandbox.Options{OldRefunds: true}})
		i := b.paid("o1", nil)
		a := b.api("POST", "/payment-invoices/"+i.ID+"/refund", `{"data":{"type":"refund","id":"`+i.ID+`","attributes":{"amount":30}}}`)
		got := b.decode(a, http.StatusOK)
		require.Equal(t, "payment-invoices", got.Type)
		require.Equal(t, []string{i.ID, "partially_refunded", "30"}, []string{got.ID, got.Attributes.Status, got.Attributes.RefundedAmount.String()})
	})

	refused := []struct {
		name, points string
		ref          string
		amount       any
	}{
		{"MoreThanThereIs", "amount", "r9", 100.01},
		{"Nothing", "amount", "r9", 0},
		{"NoAmount", "amount", "r9", nil},
		{"RepeatedReference", "reference_id", "r1", 1},
	}
	for _, tt := range refused {
		t.Run("Refuses"+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			i := b.paid("o1", nil)
			require.Equal(t, http.StatusCreated, b.refund(b.paid("o2", nil).ID, "r1", 1).Status)
			b.points(b.refund(i.ID, tt.ref, tt.amount), tt.points)
			require.Equal(t, "processed", b.get(i.ID).Attributes.Status)
		})
	}

	t.Run("RefusesAnUnpaidInvoiceAndAnothersID", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		i := b.made(order("o1", nil))
		codes, _ := b.problems(b.refund(i.ID, "r1", 1), http.StatusUnprocessableEntity)
		require.Equal(t, []string{"invalid_state"}, codes)
		paid := b.paid("o2", nil)
		_, pointers := b.problems(b.api("POST", "/payment-invoices/"+paid.ID+"/refund",
			`{"data":{"type":"refund","id":"`+i.ID+`","attributes":{"amount":1,"reference_id":"r1"}}}`), http.StatusUnprocessableEntity)
		require.Equal(t, []string{"/data/id"}, pointers)
		_, pointers = b.problems(b.api("POST", "/payment-invoices/"+paid.ID+"/refund",
			`{"data":{"type":"payout","attributes":{"amount":1,"reference_id":"r1"}}}`), http.StatusUnprocessableEntity)
		require.Equal(t, []string{"/data/type"}, pointers)
	})

	t.Run("SlowRefundIsPendingUntilItIsDecided", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{payelata: payelatasandbox.Options{SlowRefunds: true}})
		i := b.paid("o1", nil)
		require.Contains(t, b.refund(i.ID, "r1", 30).Body, `"status":"pending"`)
		require.Equal(t, "refund_pending", b.get(i.ID).Attributes.Status)
		require.Zero(t, b.entry().RefundedMinor)
		b.points(b.refund(i.ID, "r2", 71), "amount")
		require.Equal(t, "partially_refunded", b.test("refund", `{"refund":"r1","decision":"approve"}`).Attributes.Status)
		require.Equal(t, int64(3000), b.entry().RefundedMinor)

		b.refund(i.ID, "r2", 70)
		require.Equal(t, "partially_refunded", b.test("refund", `{"refund":"r2","decision":"fail"}`).Attributes.Status, "as before")
		other := b.paid("o2", nil)
		b.refund(other.ID, "r3", 1)
		require.Equal(t, "refund_failed", b.test("refund", `{"refund":"r3","decision":"fail"}`).Attributes.Status)
		require.Equal(t, http.StatusUnprocessableEntity, b.Ask("POST", "/payelata/_test/refund", `{"refund":"r3","decision":"approve"}`).Status)
		require.Equal(t, http.StatusNotFound, b.Ask("POST", "/payelata/_test/refund", `{"refund":"r9","decision":"approve"}`).Status)
	})

	t.Run("Case20_ChargeBackIsToldAndBooked", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.listen()
		i := b.paid("o1", nil)
		b.callback()
		part := b.test("chargeback", `{"invoice":"`+i.ID+`","amountMinor":3000}`).Attributes
		require.Equal(t, []string{"partially_charged_back", "30"}, []string{part.Status, part.ChargedBackAmount.String()})
		require.Equal(t, "partially_charged_back", b.parse(b.callback().Body).Attributes.Status)
		require.NoError(t, b.vendor.ChargeBack("o1", 0))
		all := b.parse(b.callback().Body).Attributes
		require.Equal(t, []string{"charged_back", "100"}, []string{all.Status, all.ChargedBackAmount.String()})
		require.Equal(t, int64(10000), b.entry().RefundedMinor)
		require.Error(t, b.vendor.ChargeBack("o1", 0), "nothing is left")
		require.Error(t, b.vendor.ChargeBack("o2", 0), "no such invoice")
		b.points(b.refund(i.ID, "r1", 1), "amount")
	})

	t.Run("ControlsRefuseAForeignPageAndUnknownMembers", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.paid("o1", nil)
		require.Equal(t, http.StatusBadRequest, b.Ask("POST", "/payelata/_test/chargeback", `{"order":"o1"}`).Status)
		require.Equal(t, http.StatusMethodNotAllowed, b.Get("/payelata/_test/chargeback").Status)
		foreign := b.Ask("POST", "/payelata/_test/chargeback", `{"invoice":"o1"}`, "Sec-Fetch-Site", "cross-site")
		require.Equal(t, http.StatusForbidden, foreign.Status)
		require.Zero(t, b.entry().RefundedMinor)
	})
}
