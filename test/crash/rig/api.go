package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ErrLost says that a call got no answer that can be read: it may have been done,
// and it may not.
var ErrLost = errors.New("the answer was lost")

// RefusedError is an answer without data: the call was refused or broke as a whole.
type RefusedError struct{ Codes []string }

// Error lists the codes of the answer.
func (r *RefusedError) Error() string { return fmt.Sprintf("the API answered errors: %v", r.Codes) }

// API is a client of one server's API. It never repeats a call by itself.
type API struct {
	Base string // the server's URL, without a path

	http *http.Client
}

// NewAPI returns a client whose calls wait no longer than timeout.
func NewAPI(base string, timeout time.Duration) *API {
	return &API{Base: base, http: newHTTP(timeout)}
}

// Bill is a bill as the API shows it.
type Bill struct {
	ID         string
	Status     string
	Version    int
	NextAction struct{ URL string }
	Reviews    []struct{ Reason, Status string }
	Attempts   []struct{ Status, Account string }

	Entitlements []struct{ ID, Kind, Resource string }
}

// UserError is one of a payload's errors.
type UserError struct{ Code, Key, Message, Retry string }

// Answer is the payload of a mutation of a bill.
type Answer struct {
	Bill        *Bill
	AccessToken string
	Replayed    bool
	Errors      []UserError
}

// Codes lists the codes of the errors.
func (a *Answer) Codes() []string {
	codes := make([]string, len(a.Errors))
	for at, e := range a.Errors {
		codes[at] = e.Code
	}
	return codes
}

// IsFinal reports whether the same call with the same key need not be repeated.
func (a *Answer) IsFinal() bool {
	return !slices.ContainsFunc(a.Errors, func(e UserError) bool {
		return e.Retry == "RETRY_SAME_KEY" || e.Code == "IDEMPOTENCY_IN_FLIGHT"
	})
}

// State says in a word or two what was answered: the codes of the errors, or the
// bill's status.
func (a *Answer) State() string {
	switch {
	case len(a.Errors) > 0:
		return strings.Join(a.Codes(), " ")
	case a.Bill == nil:
		return "no bill"
	}
	return a.Bill.Status
}

const payload = `{ accessToken replayed bill { id status version nextAction { ... on RedirectAction { url } } } errors { code key message retry } }`

// Create calls billCreate.
func (a *API) Create(ctx context.Context, token string, input map[string]any) (*Answer, error) {
	return a.mutate(ctx, token, `mutation($i: BillCreateInput!) { answer: billCreate(input: $i) `+payload+` }`, map[string]any{"i": input})
}

// Pay calls billPay with a provider account.
func (a *API) Pay(ctx context.Context, token, key, bill, account string) (*Answer, error) {
	input := map[string]any{"idempotencyKey": key, "bill": bill, "payWith": map[string]string{"provider": account}}
	return a.mutate(ctx, token, `mutation($i: BillPayInput!) { answer: billPay(input: $i) `+payload+` }`, map[string]any{"i": input})
}

// Refresh calls billRefresh.
func (a *API) Refresh(ctx context.Context, token, bill string) (*Answer, error) {
	return a.mutate(ctx, token, `mutation($b: ID!) { answer: billRefresh(bill: $b) `+payload+` }`, map[string]any{"b": bill})
}

// Cancel calls billCancel.
func (a *API) Cancel(ctx context.Context, token, key, bill string) (*Answer, error) {
	return a.mutate(ctx, token, `mutation($k: ID!, $b: ID!) { answer: billCancel(idempotencyKey: $k, bill: $b) `+payload+` }`, map[string]any{"k": key, "b": bill})
}

// Capture calls billCapture for all that is held.
func (a *API) Capture(ctx context.Context, token, key, bill string) (*Answer, error) {
	return a.mutate(ctx, token, `mutation($k: ID!, $b: ID!) { answer: billCapture(idempotencyKey: $k, bill: $b) `+payload+` }`, map[string]any{"k": key, "b": bill})
}

func (a *API) mutate(ctx context.Context, token, document string, variables map[string]any) (*Answer, error) {
	var data struct{ Answer *Answer }
	if err := a.Do(ctx, token, document, variables, &data); err != nil {
		return nil, err
	}
	return data.Answer, nil
}

// Bills reads up to 100 bills with the secret key; one that is not there is nil.
func (a *API) Bills(ctx context.Context, secret string, ids []string) ([]*Bill, error) {
	var data struct{ Nodes []*Bill }
	const document = `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Bill { id status version nextAction { ... on RedirectAction { url } } entitlements { id kind resource } } } }`
	if err := a.Do(ctx, secret, document, map[string]any{"ids": ids}, &data); err != nil {
		return nil, err
	}
	if len(data.Nodes) != len(ids) {
		return nil, fmt.Errorf("read %d bills: %d nodes came back", len(ids), len(data.Nodes))
	}
	return data.Nodes, nil
}

// Product returns the id of the demo shop's page access.
func (a *API) Product(ctx context.Context, token string) (string, error) {
	var data struct{ Product *struct{ ID string } }
	if err := a.Do(ctx, token, `{ product(code: "page-access") { id } }`, nil, &data); err != nil {
		return "", err
	}
	if data.Product == nil {
		return "", errors.New("the demo shop sells no page access")
	}
	return data.Product.ID, nil
}

// Do posts one document and reads the data of its answer. It returns ErrLost when
// none came, and *RefusedError when the answer has top-level errors.
func (a *API) Do(ctx context.Context, token, document string, variables map[string]any, data any) error {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Base+"/graphql", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	status, text, err := a.send(request)
	if err != nil {
		return err
	}
	var reply struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Extensions struct {
				Code string `json:"code"`
			} `json:"extensions"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(text, &reply); err != nil || (status != http.StatusOK && len(reply.Errors) == 0) {
		return fmt.Errorf("%w: HTTP %d", ErrLost, status)
	}
	if len(reply.Errors) > 0 {
		r := &RefusedError{}
		for _, e := range reply.Errors {
			r.Codes = append(r.Codes, e.Extensions.Code)
		}
		return r
	}
	return json.Unmarshal(reply.Data, data)
}

// Notify posts Payture's unsigned notification about an order and returns the
// HTTP status.
func (a *API) Notify(ctx context.Context, orderRef string) (int, error) {
	body := "Notification=EnginePaySuccess&Success=True&ErrCode=NONE&MerchantContract=Merchant&OrderId=" + orderRef
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Base+"/webhooks/payture/payture", bytes.NewBufferString(body))
	if err != nil {
		return 0, fmt.Errorf("write the notification: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, _, err := a.send(request)
	return status, err
}

// Return follows a payer's way back from the provider's page, as far as our part
// of it, and returns the HTTP status.
func (a *API) Return(ctx context.Context, url string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, fmt.Errorf("write the return: %w", err)
	}
	status, _, err := a.send(request)
	return status, err
}

func (a *API) send(request *http.Request) (int, []byte, error) {
	response, err := a.http.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	return response.StatusCode, text, nil
}
