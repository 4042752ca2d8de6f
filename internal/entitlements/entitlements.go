// Package entitlements grants what a paid bill opens and answers what a user may
// use. It owns the rows of entitlements that products of kind DIRECT give, and
// those that redeemed gifts give.
//
// It knows no status of a bill and moves none: billing calls Fulfil in the
// transaction that makes the bill DONE, and the unique index on (bill, kind,
// resource) is what makes a second run change nothing. Start with Direct; what
// gifts give is in give.go.
package entitlements

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// The kinds of entitlements.
const (
	kindResource = "resource" // a name from the product's grants
	kindPage     = "page"     // the page that was named when buying
)

// Direct fulfils bills for products of kind DIRECT. It holds nothing and is safe
// for concurrent use.
type Direct struct{}

// New returns the fulfiller of DIRECT products.
func New() *Direct { return &Direct{} }

// Fulfil grants within tx every resource of the product p, and the page that the
// bill b names, from now for as long as the product says. It is one statement,
// and repeating it changes nothing.
//
// The page is the bill's own field and never its metadata. It was judged against
// the product's pattern when the bill was made, so a product that was edited
// since does not take away what was paid for.
func (d *Direct) Fulfil(ctx context.Context, tx *store.Tx, b *ent.Bill, p *ent.Product) error {
	rows := make([]*ent.EntitlementCreate, 0, len(p.GrantResources)+1)
	for _, name := range p.GrantResources {
		rows = append(rows, grant(tx, b, p, kindResource, name))
	}
	if b.PageID != nil {
		rows = append(rows, grant(tx, b, p, kindPage, *b.PageID))
	}
	if len(rows) == 0 {
		return nil
	}
	err := tx.Entitlement.CreateBulk(rows...).
		OnConflictColumns(entitlement.FieldBillID, entitlement.FieldKind, entitlement.FieldResource).
		DoNothing().Exec(ctx)
	if err != nil {
		return fmt.Errorf("grant product %s: %w", p.ID, err)
	}
	return nil
}

// grant is one row to be.
func grant(tx *store.Tx, b *ent.Bill, p *ent.Product, kind, resource string) *ent.EntitlementCreate {
	return tx.Entitlement.Create().SetID(pay.NewEntitlementID(tx.Now)).
		SetMerchantID(b.MerchantID).SetBillID(b.ID).SetNillableUserID(b.UserID).
		SetKind(kind).SetResource(resource).
		SetGrantedAt(tx.Now).SetNillableExpiresAt(endOf(p.GrantDuration, tx.Now))
}

// endOf is when what begins at an instant ends, or nil when it never does.
func endOf(lasts *pay.Period, begins time.Time) *time.Time {
	if lasts == nil {
		return nil
	}
	ends := pay.Instant(lasts.AddTo(begins))
	return &ends
}
