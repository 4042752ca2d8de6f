package entitlements

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Given is what somebody is given that another person paid for.
type Given struct {
	Merchant  pay.MerchantID
	Bill      pay.BillID // what paid for it: it gives each resource once
	User      pay.UserID // who may use it
	Resources []string
	For       *pay.Period // nil: for good
}

// Give grants within tx what is given. A resource that the user may use already
// begins when that ends, so nothing of what is left is lost; without an end
// there is nothing to wait for. It returns the first entitlement, or nil when
// there was no resource. Repeating it changes nothing, and returns the same.
func (d *Direct) Give(ctx context.Context, tx *store.Tx, in Given) (*pay.EntitlementID, error) {
	if len(in.Resources) == 0 {
		return nil, nil //nolint:nilnil // nothing to give is no error
	}
	// Of two gifts that one user redeems at once, the second must see what the
	// first gave, or both would begin now. The write changes nothing and makes it
	// wait: there is no SELECT FOR UPDATE that both databases know.
	n, err := tx.Raw(ctx, `UPDATE users SET updated_at = updated_at WHERE id = ?`, in.User)
	if err != nil {
		return nil, fmt.Errorf("give to user %s: %w", in.User, err)
	}
	if n == 0 {
		return nil, fmt.Errorf("give to user %s: there is none", in.User)
	}
	given, err := tx.Entitlement.Query().Where(entitlement.BillID(in.Bill)).Order(ent.Asc(entitlement.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what bill %s gave: %w", in.Bill, err)
	}
	if len(given) > 0 {
		return &given[0].ID, nil
	}
	until, err := runningUntil(ctx, tx, in)
	if err != nil {
		return nil, err
	}
	var rows []*ent.EntitlementCreate
	for at, name := range in.Resources {
		if slices.Contains(in.Resources[:at], name) {
			continue
		}
		begins := tx.Now
		if end, running := until[name]; running && in.For != nil {
			begins = end
		}
		rows = append(rows, tx.Entitlement.Create().SetID(pay.NewEntitlementID(tx.Now)).
			SetMerchantID(in.Merchant).SetBillID(in.Bill).SetUserID(in.User).
			SetKind(kindResource).SetResource(name).
			SetGrantedAt(begins).SetNillableExpiresAt(endOf(in.For, begins)))
	}
	made, err := tx.Entitlement.CreateBulk(rows...).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("give what bill %s paid for: %w", in.Bill, err)
	}
	return &made[0].ID, nil
}

// runningUntil is when what the user may use now of the resources ends, by name.
func runningUntil(ctx context.Context, tx *store.Tx, in Given) (map[string]time.Time, error) {
	running, err := tx.Entitlement.Query().
		Where(
			entitlement.UserID(in.User), entitlement.MerchantID(in.Merchant),
			entitlement.Kind(kindResource), entitlement.ResourceIn(in.Resources...),
			entitlement.RevokedAtIsNil(), entitlement.ExpiresAtGT(tx.Now),
		).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what user %s may use: %w", in.User, err)
	}
	until := make(map[string]time.Time)
	for _, e := range running {
		if e.ExpiresAt.After(until[e.Resource]) {
			until[e.Resource] = *e.ExpiresAt
		}
	}
	return until, nil
}
