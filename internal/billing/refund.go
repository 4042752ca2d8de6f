package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// NewRefund is one wish to give money back. Ids are as they came.
type NewRefund struct {
	Key     string `json:"-"`
	Bill    string
	Attempt *string    // nil: the one that took money, when one did
	Amount  *pay.Money // nil: all that is left
	Reason  string
}

// RefundOutcome is what a mutation of a refund came to. With a refund, Errors are what
// became of its sending: the refund is there, and its status is the truth.
type RefundOutcome struct {
	Refund   pay.RefundID // zero when there is none
	Bill     pay.BillID   // zero when it is not the caller's to see
	Errors   []*pay.Error
	Replayed bool
}

// RefundRules are a merchant's limits, in minor units by currency. They count all
// that is given back of one bill, so that many small refunds are none around them.
type RefundRules struct {
	SupportLimit  map[pay.Currency]int64 // what SUPPORT may give back; nothing in a currency without an entry
	ApprovalAbove map[pay.Currency]int64 // above it a second person approves; nobody need in a currency without an entry
}

// Returner takes back what a bill gave, when its money is given back. It is
// registered by the kind of product, as a Fulfiller is; a kind without one keeps what
// it gave. Everything happens within the caller's transaction, and never calls a
// provider.
type Returner interface {
	// Withhold is called before the provider hears of a refund: what was bought must
	// not be used up meanwhile. It returns an error for a person, CodeConflict or
	// CodeInsufficientFunds, when it was used up already; nothing is refunded then.
	Withhold(ctx context.Context, tx *store.Tx, b *ent.Bill, p *ent.Product, r *ent.Refund) error
	// Restore undoes Withhold: the refund was not done.
	Restore(ctx context.Context, tx *store.Tx, b *ent.Bill, p *ent.Product, r *ent.Refund) error
	// Returned is called when the money is back. Whether what was bought ends then, the
	// refund (ReturnsAll) and the product (RefundPolicy) say.
	Returned(ctx context.Context, tx *store.Tx, b *ent.Bill, p *ent.Product, r *ent.Refund) error
}

// refundMutation is its name in idempotency scopes.
const refundMutation = "refundCreate"

// Refund gives money back that a bill's attempt took: all that is left of it, or
// less, until nothing is. The row is committed before the provider hears of it, and
// sent at once, or by a job when this process dies; a refund whose sending is in doubt
// is never sent again, the provider is asked. Above the merchant's sum it waits for
// Approve.
//
// Repeating it with the same key and input gives back once. It waits on the provider
// and must not be called inside a transaction. Outcome.Errors without a refund:
// CodeForbidden, CodeNotFound (bill, attempt), CodeInvalid (reason, amount, attempt),
// CodeStateConflict when nothing can be returned or a review case decides about the
// money, CodeConflict while money is in doubt and for what was used up (a redeemed
// gift), CodeInsufficientFunds for a spent top-up, CodeLimitExceeded, CodeUnsupported
// before any call, and those of the key. With a refund: CodeDeclined, and
// CodeProviderUnavailable while it is in doubt or its provider cannot be reached; none
// for one that waits its turn behind another.
func (s *Service) Refund(ctx context.Context, in NewRefund) (*RefundOutcome, error) {
	v := viewer.From(ctx)
	if !pay.ActionRefund.IsFor(v.Role) {
		return refuseRefund(pay.Errorf(pay.CodeForbidden, "refund.not_yours", "Only the merchant's side gives money back."))
	}
	if err := idempotency.CheckKey(v.Role, in.Key); err != nil {
		return refuseRefund(err)
	}
	if err := checkReason(in.Reason); err != nil {
		return refuseRefund(err)
	}
	hash, err := idempotency.HashOf(in)
	if err != nil {
		return nil, fmt.Errorf("hash the input of %s: %w", refundMutation, err)
	}
	b, refused, err := s.visible(ctx, in.Bill, "bill")
	if err != nil {
		return nil, err
	}
	if refused != nil {
		return &RefundOutcome{Errors: refused.Errors}, nil
	}
	scope := idempotency.Scope{Merchant: v.Merchant, Principal: v.Principal, Mutation: refundMutation, Key: in.Key}
	var made string
	var replayed bool
	err = store.Again(func() error {
		made, replayed, err = idempotency.Once(ctx, s.Store, scope, hash, func(ctx context.Context, tx *store.Tx) (string, error) {
			r, err := s.request(ctx, tx, v, b.ID, in)
			crashpoint.Here(crashpoint.RefundRequesting)
			if err != nil {
				return "", err
			}
			return r.ID.String(), nil
		})
		return err
	})
	return s.afterRequest(ctx, b.ID, made, replayed, err)
}

// afterRequest sends a refund that was just requested, and says what became of it.
func (s *Service) afterRequest(ctx context.Context, bill pay.BillID, made string, replayed bool, err error) (*RefundOutcome, error) {
	if e := pay.Readable(err); e != nil {
		return &RefundOutcome{Bill: bill, Errors: asList(e)}, nil
	}
	if err != nil {
		return nil, err
	}
	id, err := pay.ParseRefundID(made)
	if err != nil {
		return nil, fmt.Errorf("read what a refund's key made: %w", err)
	}
	out := &RefundOutcome{Refund: id, Bill: bill, Replayed: replayed}
	crashpoint.Here(crashpoint.RefundRequested)
	if !replayed {
		// From here on the work is finished even if the caller hangs up.
		switch err := s.sendRefund(context.WithoutCancel(ctx), id); {
		case errors.Is(err, errRefundBusy):
			s.Logger.InfoContext(ctx, "a refund waits its turn", "refund", id)
		case err != nil:
			s.Logger.WarnContext(ctx, "a refund is left to its job", "refund", id, "error", err)
		}
	}
	r, err := s.Store.Read().Refund.Get(viewer.AsProgram(ctx), id)
	if err != nil {
		return nil, fmt.Errorf("read refund %s: %w", id, err)
	}
	out.Errors = asList(whatOf(r))
	return out, nil
}

// whatOf is what a caller should know of a refund that is not done. One that was not
// tried yet only waits its turn behind another of its attempt, or for its job: that it
// is REQUESTED says all.
func whatOf(r *ent.Refund) *pay.Error {
	var e *pay.Error
	switch r.Status {
	case pay.RefundFailed:
		return &pay.Error{
			Code: pay.CodeDeclined, Key: "decline." + deref(r.DeclineCode), Message: deref(r.DeclineMessage), Retry: pay.RetryNewKey,
			Detail: pay.DeclineDetail{DeclineCode: deref(r.DeclineCode), ProviderCode: deref(r.DeclineProviderCode), Attempt: r.AttemptID},
		}
	case pay.RefundUnknown:
		e = pay.Errorf(pay.CodeProviderUnavailable, "refund.in_doubt", "The provider did not answer clearly. It is being asked; the refund says what became of it.")
	case pay.RefundRequested:
		if r.Tries == 0 {
			return nil
		}
		e = pay.Errorf(pay.CodeProviderUnavailable, "refund.waits", "The provider could not be reached. The refund is sent again without you, and says what became of it.")
	case pay.RefundAwaitingApproval, pay.RefundSent, pay.RefundSucceeded:
		return nil
	}
	e.Retry = pay.DoNotRetry
	return e
}

func refuseRefund(err error) (*RefundOutcome, error) {
	if e := pay.Readable(err); e != nil {
		return &RefundOutcome{Errors: asList(e)}, nil
	}
	return nil, err
}

// checkReason refuses a reason that says nothing, is too long or holds a card number.
func checkReason(reason string) error {
	return checkWords("reason", "refund.reason_missing", "Write why: the payer and the next person will ask.", reason)
}

// personOf is who acts, as reviews and refunds keep it.
func personOf(v viewer.Viewer) string { return string(v.Role) + " " + v.Principal }

// refundSeen returns a refund that the viewer may see, nil when there is none.
func (s *Service) refundSeen(ctx context.Context, rawID string) (*ent.Refund, error) {
	id, err := pay.ParseRefundID(rawID)
	if err != nil {
		return nil, nil //nolint:nilnil,nilerr // no such refund
	}
	found, err := s.RefundsByID(ctx, []pay.RefundID{id})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// RefundsByID returns those of the refunds that the viewer may see, with their bills
// and attempts, in no order.
func (s *Service) RefundsByID(ctx context.Context, ids []pay.RefundID) ([]*ent.Refund, error) {
	found, err := s.Store.Read().Refund.Query().Where(refund.IDIn(ids...)).WithBill().WithAttempt().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d refunds: %w", len(ids), err)
	}
	return found, nil
}

// attemptToReturn finds the attempt whose money goes back among those of a bill: the
// one that was named, or the only one that has any.
func attemptToReturn(attempts []*ent.Attempt, named *string) (*ent.Attempt, *pay.Error) {
	var taken, left []*ent.Attempt
	for _, a := range attempts {
		if a.Status != pay.AttemptCaptured || a.CapturedMinor == 0 {
			continue
		}
		if named != nil && a.ID.String() == *named {
			return a, nil
		}
		taken = append(taken, a)
		if restOf(a).Amount > 0 {
			left = append(left, a)
		}
	}
	switch {
	case named != nil:
		return nil, pay.NotFound("attempt", "attempt")
	case len(taken) == 0:
		return nil, pay.Errorf(pay.CodeStateConflict, "refund.nothing_taken", "No money was taken for this bill, so none can be given back.").At("bill")
	case len(left) > 1:
		return nil, pay.Invalid("refund.attempt_missing", "More than one attempt took money for this bill. Name the one whose money goes back.", "attempt")
	case len(left) == 0:
		return taken[0], nil
	}
	return left[0], nil
}

// restOf is what an attempt took and no refund has given back or speaks for.
func restOf(a *ent.Attempt) pay.Money {
	return pay.Of(a.CapturedMinor-a.RefundedMinor-a.RefundingMinor, a.Currency)
}
