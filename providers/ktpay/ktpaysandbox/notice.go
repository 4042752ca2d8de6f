package ktpaysandbox

import (
	"encoding/json"
	"mime"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// retries are the pauses before each further attempt, each from the one before.
// The README's Russian text leaves the third blank; the source of the same page
// says 3 minutes.
func retries() []time.Duration {
	return []time.Duration{15 * time.Second, time.Minute, 3 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}
}

// notice is what the merchant is told when x comes to its end, or nothing
// (README, "Уведомление merchant'a о статусе транзакции"). Nothing signs it.
//
// updated_at of the transaction is when it last moved, and null if it never
// did; updated_at of the status is always null, as in both samples.
func (v *Vendor) notice(x *transaction) []sandbox.Notification {
	if !x.State.isFinal() {
		return nil
	}
	status := map[string]any{"status": x.State, "created_at": stamp(x.StateAt), "updated_at": nil, "error": nil}
	if x.Failure != nil {
		status["error"] = map[string]any{"error_type": x.Failure.Type, "error_message": x.Failure.Message}
	}
	body := map[string]any{
		"merchant_id": v.accounts[x.AppID].MerchantID, "order_id": x.OrderID, "description": x.Description,
		"amount": json.Number(major(x.amountNow())), "transaction_hash": x.Hash,
		"created_at": stamp(x.CreatedAt), "updated_at": nil, "status": status,
	}
	if !x.StateAt.Equal(x.CreatedAt) {
		body["updated_at"] = stamp(x.StateAt)
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // maps of text and numbers
	}
	return []sandbox.Notification{{
		Account: x.AppID, URL: x.Callbacks.Post, Header: map[string]string{"Content-Type": "application/json"},
		Body: string(text), Retries: retries(),
	}}
}

// Acknowledged reports whether a merchant's answer ends the retries: 2xx, and
// a JSON object, called so in its Content-Type, whose status is exactly "ok".
func (v *Vendor) Acknowledged(_ string, status int, contentType string, body []byte) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "application/json" || status < 200 || status > 299 {
		return false
	}
	var answer fields
	if json.Unmarshal(body, &answer) != nil {
		return false
	}
	says, _ := answer.text("status")
	return says == "ok"
}

// major writes tiyin as KTPay does, a number of tenge: 1000, 1000.5, 0.29.
func major(minor int64) string {
	s := strings.TrimRight(pay.Of(minor, pay.KZT).Decimal(), "0")
	return strings.TrimSuffix(s, ".")
}

// stamp is a time as in KTPay's samples, with Almaty's offset of their day.
func stamp(t time.Time) string {
	return t.In(almaty()).Format(time.RFC3339)
}
