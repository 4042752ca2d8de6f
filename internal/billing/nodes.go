package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/pay"
)

// AttemptsByID returns those of the attempts that the viewer may see, with their
// bills, in no order.
func (s *Service) AttemptsByID(ctx context.Context, ids []pay.AttemptID) ([]*ent.Attempt, error) {
	found, err := s.Store.Read().Attempt.Query().Where(attempt.IDIn(ids...)).WithBill().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d attempts: %w", len(ids), err)
	}
	return found, nil
}

// ReviewsByID returns those of the review cases that the viewer may see, with
// their bills and attempts, in no order.
func (s *Service) ReviewsByID(ctx context.Context, ids []pay.ReviewCaseID) ([]*ent.ReviewCase, error) {
	found, err := s.Store.Read().ReviewCase.Query().Where(reviewcase.IDIn(ids...)).WithBill().WithAttempt().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d review cases: %w", len(ids), err)
	}
	return found, nil
}

// EntitlementsByID returns those of the entitlements that the viewer may see, in
// no order.
func (s *Service) EntitlementsByID(ctx context.Context, ids []pay.EntitlementID) ([]*ent.Entitlement, error) {
	found, err := s.Store.Read().Entitlement.Query().Where(entitlement.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d entitlements: %w", len(ids), err)
	}
	return found, nil
}

// EntitlementFilter narrows a user's entitlements. Nil does not narrow.
type EntitlementFilter struct {
	Kind     *string
	Resource *string
	Active   *bool // true: what holds now; false: what has expired or was revoked
}

// EntitlementsOf returns what the user may use or could, newest first, as the
// viewer may see it.
func (s *Service) EntitlementsOf(ctx context.Context, user pay.UserID, f EntitlementFilter) ([]*ent.Entitlement, error) {
	q := s.Store.Read().Entitlement.Query().Where(entitlement.UserID(user))
	if f.Kind != nil {
		q.Where(entitlement.Kind(*f.Kind))
	}
	if f.Resource != nil {
		q.Where(entitlement.Resource(*f.Resource))
	}
	if f.Active != nil {
		q.Where(holdsAt(s.now(), *f.Active))
	}
	found, err := q.Order(ent.Desc(entitlement.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the entitlements of %s: %w", user, err)
	}
	return found, nil
}

func holdsAt(now time.Time, active bool) predicate.Entitlement {
	holds := entitlement.And(
		entitlement.RevokedAtIsNil(),
		entitlement.Or(entitlement.ExpiresAtIsNil(), entitlement.ExpiresAtGT(now)),
	)
	if active {
		return holds
	}
	return entitlement.Or(entitlement.RevokedAtNotNil(), entitlement.ExpiresAtLTE(now))
}
