package billing

import (
	"context"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Approve lets a refund go that waits for a second person. Repeating it with the same
// key approves once. It waits on the provider and must not be called inside a
// transaction.
//
// Outcome.Errors: CodeForbidden unless the viewer is FINANCE or ADMIN and another
// person than who asked for it, CodeNotFound, CodeStateConflict when it waits for
// nobody, those of the key, and those of the sending as for Refund.
func (s *Service) Approve(ctx context.Context, key, rawID string) (*RefundOutcome, error) {
	found, replayed, err := s.decide(ctx, decision{
		mutation: "refundApprove", key: key, refund: rawID, input: map[string]string{"refund": rawID}, act: s.approve,
	})
	if found == nil {
		return refuseRefund(err)
	}
	return s.afterRequest(ctx, found.BillID, rawID, replayed, err)
}

// Reject ends a refund that waits for a second person: it is FAILED, as if nobody had
// approved it in time, and what it spoke for is there again. The one who asked for it
// may withdraw it by this, too. The reason is the merchant's: it stands in the bill's
// history. Repeating it with the same key rejects once; of an approval and a rejection at
// once one wins.
//
// Outcome.Errors: CodeForbidden unless the viewer is FINANCE or ADMIN, CodeInvalid for
// the reason, CodeNotFound, CodeStateConflict when it waits for nobody, and those of the
// key.
func (s *Service) Reject(ctx context.Context, key, rawID, reason string) (*RefundOutcome, error) {
	found, replayed, err := s.decide(ctx, decision{
		mutation: "refundReject", key: key, refund: rawID, reason: &reason,
		input: map[string]string{"refund": rawID, "reason": reason},
		act: func(ctx context.Context, tx *store.Tx, v viewer.Viewer, r *ent.Refund) error {
			return s.reject(ctx, tx, v, r, reason)
		},
	})
	switch e := pay.Readable(err); {
	case found == nil:
		return refuseRefund(err)
	case e != nil:
		return &RefundOutcome{Bill: found.BillID, Errors: asList(e)}, nil
	case err != nil:
		return nil, err
	}
	return &RefundOutcome{Refund: found.ID, Bill: found.BillID, Replayed: replayed}, nil
}

// decision is a person's word about a refund that waits for one.
type decision struct {
	mutation string // its name in idempotency scopes
	key      string
	refund   string  // its id, as it came
	reason   *string // when there has to be one
	input    map[string]string
	act      func(ctx context.Context, tx *store.Tx, v viewer.Viewer, r *ent.Refund) error
}

// decide carries a decision out, once for its key. The refund is nil when there is none
// for the viewer, or when the call is refused for another reason than its state.
func (s *Service) decide(ctx context.Context, d decision) (of *ent.Refund, replayed bool, err error) {
	v := viewer.From(ctx)
	if v.Role != pay.RoleFinance && v.Role != pay.RoleAdmin {
		return nil, false, pay.Errorf(pay.CodeForbidden, "refund.not_yours_to_approve", "Only FINANCE and ADMIN approve refunds, or turn them down.")
	}
	if err := idempotency.CheckKey(v.Role, d.key); err != nil {
		return nil, false, err
	}
	if d.reason != nil {
		if err := checkReason(*d.reason); err != nil {
			return nil, false, err
		}
	}
	found, err := s.refundSeen(ctx, d.refund)
	if err != nil {
		return nil, false, err
	}
	if found == nil {
		return nil, false, pay.NotFound("refund", "refund")
	}
	hash, err := idempotency.HashOf(d.input)
	if err != nil {
		return nil, false, fmt.Errorf("hash the input of %s: %w", d.mutation, err)
	}
	scope := idempotency.Scope{Merchant: v.Merchant, Principal: v.Principal, Mutation: d.mutation, Key: d.key}
	err = store.Again(func() error {
		_, replayed, err = idempotency.Once(ctx, s.Store, scope, hash, func(ctx context.Context, tx *store.Tx) (string, error) {
			r, err := readRefund(ctx, tx, found.ID)
			if err != nil {
				return "", err
			}
			if r.Status != pay.RefundAwaitingApproval {
				e := pay.Errorf(pay.CodeStateConflict, "refund.waits_for_nobody", "The refund is %s: it waits for nobody's approval.", r.Status).At("refund")
				e.Detail = pay.StateDetail{From: string(r.Status)}
				return "", e
			}
			return d.refund, d.act(ctx, tx, v, r)
		})
		return err
	})
	return found, replayed, err
}

// approve moves a refund that waits on to be sent.
func (s *Service) approve(ctx context.Context, tx *store.Tx, v viewer.Viewer, r *ent.Refund) error {
	contested, err := isContested(ctx, tx, r.AttemptID)
	switch {
	case err != nil:
		return err
	case isOwn(v, r):
		return pay.Errorf(pay.CodeForbidden, "refund.own_request", "Another person than the one who asked for it has to approve it.").At("refund")
	case contested:
		e := pay.Errorf(pay.CodeStateConflict, "refund.case_is_open", "A review case says that this money was taken back already. Resolve it first.").At("refund")
		e.Detail = pay.StateDetail{From: string(r.Status)}
		return e
	}
	err = moveRefund(ctx, tx, r, pay.RefundRequested, func(u *ent.RefundUpdate) { u.SetApprovedBy(personOf(v)) })
	if err != nil {
		return err
	}
	if err := s.sendLater(ctx, tx, r.ID, tx.Now.Add(refundLease)); err != nil {
		return err
	}
	return s.advance(ctx, tx, r.Edges.Bill, move{To: r.Edges.Bill.Status, Reason: "refund.approved"})
}

// reject ends a refund that waits: turned down, or withdrawn by who asked for it.
func (s *Service) reject(ctx context.Context, tx *store.Tx, v viewer.Viewer, r *ent.Refund, reason string) error {
	why := providers.Decline{Code: "rejected", Message: "The refund was turned down before it was sent."}
	if isOwn(v, r) {
		why = providers.Decline{Code: "withdrawn", Message: "The refund was withdrawn before it was sent."}
	}
	tx.AfterCommit(func() {
		s.Logger.InfoContext(ctx, "a refund is turned down", "refund", r.ID, "role", v.Role)
	})
	return s.endRefund(ctx, tx, r, why, "", move{Reason: "refund.rejected", Note: reason})
}

// isOwn reports whether the viewer asked for a refund, in whatever role.
func isOwn(v viewer.Viewer, r *ent.Refund) bool {
	_, principal, _ := strings.Cut(r.RequestedBy, " ")
	return principal == v.Principal
}
