package billing

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// evidence is a proven event's result as its row keeps it until a job settles it.
// The names are of the database: a row may be older than the program.
type evidence struct {
	Status      providers.Status `json:"status"`
	ProviderRef string           `json:"provider_ref,omitempty"`
	RawStatus   string           `json:"raw_status,omitempty"`
	Authorized  amount           `json:"authorized,omitzero"`
	Captured    amount           `json:"captured,omitzero"`
	Fee         amount           `json:"fee,omitzero"`
	Decline     *refusal         `json:"decline,omitempty"`
	SessionOver bool             `json:"session_over,omitempty"`
	Moderated   bool             `json:"moderated,omitempty"`
	Refunding   bool             `json:"refunding,omitempty"`
	RefundLost  bool             `json:"refund_failed,omitempty"`
	TestMode    *bool            `json:"test_mode,omitempty"`
	Card        *shownCard       `json:"card,omitempty"`
	At          time.Time        `json:"at,omitzero"`
}

type amount struct {
	Minor    int64        `json:"minor"`
	Currency pay.Currency `json:"currency"`
}

type refusal struct {
	Code         string    `json:"code"`
	ProviderCode string    `json:"provider_code,omitempty"`
	Message      string    `json:"message,omitempty"`
	Retry        pay.Retry `json:"retry,omitempty"`
}

type shownCard struct {
	Brand string `json:"brand,omitempty"`
	Mask  string `json:"mask,omitempty"`
}

// encodeEvidence writes what a proven event says. A redirect is no evidence and is
// left out; so is a saved card, whose id is a secret: asking tells it again.
func encodeEvidence(r providers.Result) (json.RawMessage, error) {
	e := evidence{
		Status: r.Status, ProviderRef: r.ProviderRef, RawStatus: r.RawStatus,
		Authorized: amount{r.Authorized.Amount, r.Authorized.Currency},
		Captured:   amount{r.Captured.Amount, r.Captured.Currency},
		Fee:        amount{r.Fee.Amount, r.Fee.Currency},
		Decline:    (*refusal)(r.Decline), SessionOver: r.SessionOver, Moderated: r.Moderated, Refunding: r.Refunding, RefundLost: r.RefundFailed, TestMode: r.TestMode,
		Card: (*shownCard)(r.Card), At: r.At,
	}
	raw, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode an event's result: %w", err)
	}
	return raw, nil
}

// decodeEvidence reads what encodeEvidence wrote.
func decodeEvidence(raw json.RawMessage) (providers.Result, error) {
	var e evidence
	if err := json.Unmarshal(raw, &e); err != nil {
		return providers.Result{}, fmt.Errorf("decode an event's result: %w", err)
	}
	return providers.Result{
		Status: e.Status, ProviderRef: e.ProviderRef, RawStatus: e.RawStatus,
		Authorized: pay.Of(e.Authorized.Minor, e.Authorized.Currency),
		Captured:   pay.Of(e.Captured.Minor, e.Captured.Currency),
		Fee:        pay.Of(e.Fee.Minor, e.Fee.Currency),
		Decline:    (*providers.Decline)(e.Decline), SessionOver: e.SessionOver, Moderated: e.Moderated, Refunding: e.Refunding, RefundFailed: e.RefundLost, TestMode: e.TestMode,
		Card: (*providers.Card)(e.Card), At: e.At,
	}, nil
}
