package idempotency

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// answered is a typed error as a record keeps it. The names are the table's: a
// change must go on reading what was written before.
type answered struct {
	Code    pay.Code  `json:"code"`
	Key     string    `json:"key"`
	Message string    `json:"message"`
	Path    []string  `json:"path,omitempty"`
	Retry   pay.Retry `json:"retry"`

	// At most one of them, the detail of this kind of error.
	State       *answeredState       `json:"state,omitempty"`
	Idempotency *answeredIdempotency `json:"idempotency,omitempty"`
	Decline     *answeredDecline     `json:"decline,omitempty"`
	Limit       *answeredLimit       `json:"limit,omitempty"`
}

// The details of pay with names of our own: a field that is renamed there no
// longer converts, and somebody decides about the records that are kept.
type (
	answeredState struct {
		From    string   `json:"from"`
		Allowed []string `json:"allowed"`
	}
	answeredIdempotency struct {
		OriginalID string `json:"originalId"`
	}
	answeredDecline struct {
		DeclineCode  string        `json:"declineCode"`
		ProviderCode string        `json:"providerCode"`
		Attempt      pay.AttemptID `json:"attempt"`
	}
	answeredLimit struct {
		RetryAfterNanos time.Duration  `json:"retryAfterNanos"`
		Limit           *answeredMoney `json:"limit,omitempty"`
		Available       *answeredMoney `json:"available,omitempty"`
	}
	answeredMoney struct {
		Amount   int64        `json:"amount"`
		Currency pay.Currency `json:"currency"`
	}
)

// EncodeErrors writes the typed errors of an answer for Finish, with their
// details and without their causes, which are for the log only. It returns nil
// for none.
func EncodeErrors(list []*pay.Error) json.RawMessage {
	if len(list) == 0 {
		return nil
	}
	stored := make([]answered, len(list))
	for at, e := range list {
		stored[at] = answered{Code: e.Code, Key: e.Key, Message: e.Message, Path: e.Path, Retry: e.Retry}
		stored[at].setDetail(e.Detail)
	}
	text, _ := json.Marshal(stored) // text, numbers and ids: none of them can refuse
	return text
}

// DecodeErrors reads what EncodeErrors wrote; nothing stored gives none.
func DecodeErrors(text json.RawMessage) ([]*pay.Error, error) {
	if len(text) == 0 {
		return nil, nil
	}
	var stored []answered
	if err := json.Unmarshal(text, &stored); err != nil {
		return nil, fmt.Errorf("decode the errors of an idempotency record: %w", err)
	}
	list := make([]*pay.Error, len(stored))
	for at, a := range stored {
		list[at] = &pay.Error{Code: a.Code, Key: a.Key, Message: a.Message, Path: a.Path, Retry: a.Retry, Detail: a.detail()}
	}
	return list, nil
}

func (a *answered) setDetail(detail pay.Detail) {
	switch d := detail.(type) {
	case pay.StateDetail:
		state := answeredState(d)
		a.State = &state
	case pay.IdempotencyDetail:
		first := answeredIdempotency(d)
		a.Idempotency = &first
	case pay.DeclineDetail:
		decline := answeredDecline(d)
		a.Decline = &decline
	case pay.LimitDetail:
		a.Limit = &answeredLimit{
			RetryAfterNanos: d.RetryAfter,
			Limit:           (*answeredMoney)(d.Limit),
			Available:       (*answeredMoney)(d.Available),
		}
	}
}

func (a *answered) detail() pay.Detail {
	switch {
	case a.State != nil:
		return pay.StateDetail(*a.State)
	case a.Idempotency != nil:
		return pay.IdempotencyDetail(*a.Idempotency)
	case a.Decline != nil:
		return pay.DeclineDetail(*a.Decline)
	case a.Limit != nil:
		return pay.LimitDetail{
			RetryAfter: a.Limit.RetryAfterNanos,
			Limit:      (*pay.Money)(a.Limit.Limit),
			Available:  (*pay.Money)(a.Limit.Available),
		}
	}
	return nil
}
