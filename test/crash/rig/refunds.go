package rig

import "context"

// Refund is money on its way back, as the API shows it.
type Refund struct {
	ID     string
	Status string
}

// IsOver reports whether nothing will become of the refund any more.
func (r *Refund) IsOver() bool { return r.Status == "SUCCEEDED" || r.Status == "FAILED" }

const refundFields = `refund { id status }`

// Refund calls refundCreate for a bill in roubles; amount 0 is all that is left.
func (a *API) Refund(ctx context.Context, token, key, bill string, amount int64) (*Payload, error) {
	return a.RefundIn(ctx, token, key, bill, amount, "RUB")
}

// RefundIn is Refund for a bill in any currency.
func (a *API) RefundIn(ctx context.Context, token, key, bill string, amount int64, currency string) (*Payload, error) {
	input := map[string]any{"idempotencyKey": key, "bill": bill, "reason": "The customer has changed their mind."}
	if amount > 0 {
		input["amount"] = map[string]any{"amount": amount, "currency": currency}
	}
	return a.change(ctx, token, "refundCreate", "RefundCreateInput", refundFields, input)
}

// Approve calls refundApprove.
func (a *API) Approve(ctx context.Context, token, key, refund string) (*Payload, error) {
	return a.Change(ctx, token, `$k: ID!, $r: ID!`, `refundApprove(idempotencyKey: $k, refund: $r)`, refundFields, map[string]any{"k": key, "r": refund})
}

// RefundOf reads a refund; nil when it is not there.
func (a *API) RefundOf(ctx context.Context, token, id string) (*Refund, error) {
	var data struct{ Node *Refund }
	err := a.Do(ctx, token, `query($i: ID!) { node(id: $i) { ... on Refund { id status } } }`, map[string]any{"i": id}, &data)
	return data.Node, err
}

// RefundsOf reads the refunds of a bill, in the order in which they were asked for.
func (a *API) RefundsOf(ctx context.Context, token, bill string) ([]Refund, error) {
	var data struct{ Node *struct{ Refunds []Refund } }
	err := a.Do(ctx, token, `query($b: ID!) { node(id: $b) { ... on Bill { refunds { id status } } } }`, map[string]any{"b": bill}, &data)
	if err != nil || data.Node == nil {
		return nil, err
	}
	return data.Node.Refunds, nil
}

// CasesOf reads the open review cases of a bill, as a person sees them.
func (a *API) CasesOf(ctx context.Context, operator, bill string) ([]string, error) {
	var data struct {
		Node *struct {
			Reviews []struct{ ID, Resolution string }
		}
	}
	if err := a.Do(ctx, operator, `query($b: ID!) { node(id: $b) { ... on Bill { reviews { id resolution } } } }`, map[string]any{"b": bill}, &data); err != nil || data.Node == nil {
		return nil, err
	}
	var open []string
	for _, c := range data.Node.Reviews {
		if c.Resolution == "" {
			open = append(open, c.ID)
		}
	}
	return open, nil
}

// Resolve calls reviewResolve.
func (a *API) Resolve(ctx context.Context, operator, key, id, resolution string) (*Payload, error) {
	in := map[string]any{"idempotencyKey": key, "case": id, "resolution": resolution, "note": "Looked at the provider's own page."}
	return a.change(ctx, operator, "reviewResolve", "ReviewResolveInput", `case { id }`, in)
}
