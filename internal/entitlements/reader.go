package entitlements

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Reader answers what users may use. It is safe for concurrent use.
type Reader struct{ store *store.Store }

// NewReader returns a reader of s.
func NewReader(s *store.Store) *Reader { return &Reader{store: s} }

// Of returns the entitlements of a user that the viewer in ctx may see, newest
// first. Kind and resource narrow when they are given, to exactly that. Active
// asks for what holds now, by the store's clock (true), or only for what was
// revoked or has run out (false); nil asks for both. What ends at an instant no
// longer holds at it.
func (r *Reader) Of(ctx context.Context, user pay.UserID, kind, resource *string, active *bool) ([]*ent.Entitlement, error) {
	q := r.store.Read().Entitlement.Query().Where(entitlement.UserID(user))
	if kind != nil {
		q.Where(entitlement.Kind(*kind))
	}
	if resource != nil {
		q.Where(entitlement.Resource(*resource))
	}
	if active != nil {
		q.Where(r.holds(*active))
	}
	list, err := q.Order(ent.Desc(entitlement.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the entitlements of user %s: %w", user, err)
	}
	return list, nil
}

// holds is the condition of what may be used now, or of the rest.
func (r *Reader) holds(now bool) predicate.Entitlement {
	at := pay.Instant(r.store.Clock().Now())
	if now {
		return entitlement.And(
			entitlement.RevokedAtIsNil(),
			entitlement.Or(entitlement.ExpiresAtIsNil(), entitlement.ExpiresAtGT(at)),
		)
	}
	return entitlement.Or(entitlement.RevokedAtNotNil(), entitlement.ExpiresAtLTE(at))
}
