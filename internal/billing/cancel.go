package billing

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Cancel ends a bill that is not paid: a PENDING one at once, an AUTHORIZED one
// by giving the hold back, which only the merchant's side may. A page that is
// still open in some tab is watched; money from it opens a review case. The bill of
// a subscription ends with that; only what is still held for one that is over can be
// given back here.
//
// Repeating it with the same key returns the same result. It may wait on the
// provider and must not be called inside a transaction. Outcome.Errors:
// CodeNotFound, CodeStateConflict when the bill is paid or over, CodeConflict
// while money is in doubt, CodeForbidden, CodeProviderUnavailable.
func (s *Service) Cancel(ctx context.Context, key, rawID string) (*Outcome, error) {
	c, done, err := s.claimKey(ctx, "billCancel", key, struct{ Bill string }{rawID})
	if done != nil || err != nil {
		return done, err
	}
	b, refused, err := s.visible(ctx, rawID, "bill")
	if refused != nil || err != nil {
		return refused, err
	}
	releasable, err := s.isReleasable(ctx, c, b)
	if err != nil {
		return nil, err
	}
	if b.SubscriptionID != nil && !releasable {
		e := pay.Errorf(pay.CodeStateConflict, "bill.of_subscription", "This bill pays a subscription's period. Cancel the subscription.")
		e.Retry, e.Detail = pay.DoNotRetry, pay.StateDetail{From: string(b.Status), Allowed: []string{}}
		return &Outcome{Bill: b.ID, Errors: asList(e)}, nil
	}
	if b.Status == pay.BillPending {
		if err := s.askBeforeCancel(ctx, b.ID); err != nil {
			return nil, err
		}
		if b, err = s.Store.Read().Bill.Get(ctx, b.ID); err != nil {
			return nil, fmt.Errorf("read bill again: %w", err)
		}
	}
	switch {
	case b.Status == pay.BillPending:
		return s.cancelPending(ctx, c, b.ID)
	case b.Status == pay.BillAuthorized && !viewer.From(ctx).Role.IsMerchantSide():
		e := pay.Errorf(pay.CodeForbidden, "bill.cancel_not_yours", "Only the merchant may give a hold back.")
		return &Outcome{Bill: b.ID, Errors: asList(e)}, nil
	case b.Status == pay.BillAuthorized || c.IsTakenOver():
		return s.operate(ctx, c, b, pay.OperationVoid, b.Total(), void)
	}
	return &Outcome{Bill: b.ID, Errors: asList(notAllowed(ctx, b, pay.ActionCancel))}, nil
}

// isReleasable reports whether money is held, or was when this call began, for a
// subscription's bill that nothing will become of any more: the subscription is over.
func (s *Service) isReleasable(ctx context.Context, c *idempotency.Claim, b *ent.Bill) (bool, error) {
	if b.SubscriptionID == nil || b.Status != pay.BillAuthorized && !c.IsTakenOver() {
		return false, nil
	}
	of, err := s.Store.Read().BillingSubscription.Get(viewer.AsProgram(ctx), *b.SubscriptionID)
	if err != nil {
		return false, fmt.Errorf("read the subscription of bill %s: %w", b.ID, err)
	}
	return !of.Status.IsLive(), nil
}

func void(ctx context.Context, p providers.Provider, ref providers.Ref, handle string) (providers.Result, error) {
	voider, err := providers.As[providers.Voider](p, providers.OpVoid)
	if err != nil {
		return providers.Result{}, err
	}
	return voider.Void(ctx, ref, handle)
}

// askBeforeCancel asks about the page that may be open, so that a payer who has
// just paid is not told that the bill is canceled. A provider that cannot be
// asked does not hold the cancel up.
func (s *Service) askBeforeCancel(ctx context.Context, id pay.BillID) error {
	current, err := s.Store.Read().Attempt.Query().
		Where(attempt.BillID(id), attempt.Current(true), attempt.StatusEQ(pay.AttemptActionRequired)).
		Only(viewer.AsProgram(ctx))
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the current attempt of bill %s: %w", id, err)
	}
	if _, err := s.ask(ctx, current.ID); err != nil {
		s.Logger.WarnContext(ctx, "a provider could not be asked before a cancel", "attempt", current.ID, "error", err)
	}
	return nil
}

func (s *Service) cancelPending(ctx context.Context, c *idempotency.Claim, id pay.BillID) (*Outcome, error) {
	err := s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := c.Begin(ctx, tx, id.String()); err != nil {
			return err
		}
		b, err := tx.Bill.Get(ctx, id)
		if err != nil {
			return fmt.Errorf("read bill %s: %w", id, err)
		}
		if b.Status != pay.BillPending {
			return notAllowed(ctx, b, pay.ActionCancel)
		}
		if err := s.endPending(ctx, tx, b, move{To: pay.BillCanceled, Reason: "bill.canceled"}); err != nil {
			return err
		}
		err = c.Finish(ctx, tx)
		crashpoint.Here(crashpoint.Canceling)
		return err
	})
	crashpoint.Here(crashpoint.Canceled)
	return s.ended(ctx, c, id, nil, err)
}
