package template

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// payment is what the vendor says of an order, and what it notifies of.
type payment struct {
	ID       string `json:"id"`
	Order    string `json:"order"`
	Amount   string `json:"amount"` // major units, decimal
	Refunded string `json:"refunded"`
	Currency string `json:"currency"`
	State    string `json:"state"`
	Code     string `json:"code"` // why it was refused
	Page     string `json:"page"`
	Test     *bool  `json:"test"`
}

// answer is a whole and documented answer: a payment, or a code of refusal.
type answer struct {
	payment payment
	code    string
}

// call sends a request and reads its answer. A payment counts with 200 only and a
// refusal with 4xx only: whatever else came is not the vendor's word.
func (c *Client) call(ctx context.Context, method, path string, body any) (answer, *wire.Failure) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return answer{}, &wire.Failure{NeverSent: true, Cause: errors.New("the request cannot be written")}
		}
	}
	got, failed := wire.Do(ctx, c.http, wire.Request{
		Method: method, URL: c.config.BaseURL + path, Body: text,
		Header: http.Header{"Authorization": {"Bearer " + string(c.config.APIKey)}, "Content-Type": {"application/json"}},
	})
	if failed != nil {
		return answer{}, failed
	}
	var told struct {
		Payment *payment `json:"payment"`
		Error   string   `json:"error"`
	}
	err := json.Unmarshal(got.Body, &told)
	switch {
	case err == nil && got.Status == http.StatusOK && told.Payment != nil && told.Payment.ID != "":
		return answer{payment: *told.Payment}, nil
	case err == nil && got.Status >= 400 && got.Status < 500 && isCode(told.Error):
		return answer{code: told.Error}, nil
	case got.Status != http.StatusOK:
		return answer{}, got.Unexpected()
	}
	return answer{}, &wire.Failure{Status: got.Status, Cause: errors.New("the answer is not of the documented form")}
}

// isCode reports whether s is one of the documented codes: what is none is shown to
// nobody, for it may repeat our request.
func isCode(s string) bool { return kindOf(s) != "" }

// kindOf is the kind of error that a documented code makes; "" for all others.
func kindOf(code string) providers.Kind {
	switch code {
	case "unauthorized":
		return providers.Auth
	case "not_found":
		return providers.NotFound
	case "duplicate_order", "wrong_state":
		return providers.Conflict
	case "invalid_request", "amount_too_high":
		return providers.Rejected
	}
	return ""
}
