package subscriptions

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// kindResource is the kind of what a subscription opens: a name from the product's
// grants.
const kindResource = "resource"

// grant lets the subscription's user use what the product opens until an instant:
// one row for each resource, whose end moves. What was revoked holds again, as it
// was paid for anew.
func (s *Service) grant(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription, sold *ent.Product, until time.Time) error {
	rows := make([]*ent.EntitlementCreate, len(sold.GrantResources))
	for n, name := range sold.GrantResources {
		rows[n] = tx.Entitlement.Create().SetID(pay.NewEntitlementID(tx.Now)).
			SetMerchantID(row.MerchantID).SetSubscriptionID(row.ID).SetUserID(row.UserID).
			SetKind(kindResource).SetResource(name).SetGrantedAt(tx.Now).SetExpiresAt(pay.Instant(until))
	}
	if len(rows) == 0 {
		return nil
	}
	err := tx.Entitlement.CreateBulk(rows...).
		OnConflictColumns(entitlement.FieldSubscriptionID, entitlement.FieldKind, entitlement.FieldResource).
		Update(func(u *ent.EntitlementUpsert) { u.SetExpiresAt(pay.Instant(until)).ClearRevokedAt() }).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("grant what subscription %s opens: %w", row.ID, err)
	}
	return nil
}

// lengthen lets what was granted last until an instant, where it would end before.
func (s *Service) lengthen(ctx context.Context, tx *store.Tx, id pay.SubscriptionID, until time.Time) error {
	err := tx.Entitlement.Update().
		Where(entitlement.SubscriptionID(id), entitlement.ExpiresAtLT(pay.Instant(until))).
		SetExpiresAt(pay.Instant(until)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("lengthen what subscription %s opens: %w", id, err)
	}
	return nil
}

// shorten ends what was granted at an instant, where it would last longer.
func (s *Service) shorten(ctx context.Context, tx *store.Tx, id pay.SubscriptionID, until time.Time) error {
	err := tx.Entitlement.Update().
		Where(entitlement.SubscriptionID(id), entitlement.ExpiresAtGT(pay.Instant(until))).
		SetExpiresAt(pay.Instant(until)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("shorten what subscription %s opens: %w", id, err)
	}
	return nil
}

// revoke takes back at an instant what was granted and may be used then. What ended
// before stays as it was.
func (s *Service) revoke(ctx context.Context, tx *store.Tx, id pay.SubscriptionID, now time.Time) error {
	now = pay.Instant(now)
	err := tx.Entitlement.Update().
		Where(entitlement.SubscriptionID(id), entitlement.ExpiresAtGTE(now), entitlement.RevokedAtIsNil()).
		SetExpiresAt(now).SetRevokedAt(tx.Now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("revoke what subscription %s opens: %w", id, err)
	}
	return nil
}
