package catalogue

import (
	"context"
	"fmt"
	"strconv"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/merchant"
	"github.com/paygraph/paygraph/ent/price"
	"github.com/paygraph/paygraph/ent/product"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Upsert is a product as it shall be from now on. What is left zero is empty in
// the product too: nothing of the present one is kept but its kind, its code and
// the prices that are listed again.
type Upsert struct {
	Key         string `json:"-"` // the idempotency key
	Code        string
	Kind        pay.ProductKind
	Title       string
	Description *string
	Prices      []NewPrice
	Grants      Grants
	Active      bool
}

// NewPrice is one price that a product shall have.
type NewPrice struct {
	Amount   pay.Money   // for a TOP_UP the least
	Interval *pay.Period // of a SUBSCRIPTION, and of nothing else
	Trial    *pay.Period // of a SUBSCRIPTION; nil: none
}

// Grants is what buying a product gives.
type Grants struct {
	Resources    []string         // of DIRECT and SUBSCRIPTION
	Pages        *string          // of DIRECT: a path.Match pattern
	Duration     *pay.Period      // of DIRECT; nil: for good
	GiftOf       *string          // of GIFT: a product's id as it was sent
	RefundPolicy pay.RefundPolicy // "": REVOKE
}

// mutation names Upsert in idempotency scopes.
const mutation = "productUpsert"

// Upsert makes the product with in's code, or changes it, and commits. A listed
// price that equals one on sale keeps its row; the others are new rows, and what
// is not listed goes off sale. Repeated with the same key it does nothing and
// returns the product as it is now, with replayed true.
//
// It returns CodeForbidden unless v is SERVER, ADMIN or the program; CodeInvalid
// with the path of the field from the root of the input, CodeNotFound for
// grants.giftOf, CodeConflict for another kind than before, and the codes of the
// key.
func (s *Service) Upsert(ctx context.Context, v viewer.Viewer, in Upsert) (_ *ent.Product, replayed bool, err error) {
	if err := mayWrite(ctx, v); err != nil {
		return nil, false, err
	}
	if err := idempotency.CheckKey(v.Role, in.Key); err != nil {
		return nil, false, err
	}
	hash, err := idempotency.HashOf(in)
	if err != nil {
		return nil, false, err
	}
	giftOf, err := in.validate()
	if err != nil {
		return nil, false, err
	}
	scope := idempotency.Scope{Merchant: v.Merchant, Principal: v.Principal, Mutation: mutation, Key: in.Key}
	made, replayed, err := idempotency.Once(ctx, s.store, scope, hash, func(ctx context.Context, tx *store.Tx) (string, error) {
		id, err := put(ctx, tx, v.Merchant, in, giftOf)
		return id.String(), err
	})
	if err != nil {
		return nil, false, fmt.Errorf("upsert product %q: %w", in.Code, err)
	}
	id, err := pay.ParseProductID(made)
	if err != nil {
		return nil, false, fmt.Errorf("upsert product %q: %w", in.Code, err)
	}
	s.cache.Forget(cacheKey{v.Merchant, id})
	found, err := s.Product(ctx, id)
	return found, replayed, err
}

func mayWrite(ctx context.Context, v viewer.Viewer) error {
	if v.Role == pay.RoleServer || v.Role == pay.RoleAdmin || viewer.From(ctx).IsProgram() {
		return nil
	}
	return pay.Errorf(pay.CodeForbidden, "product.forbidden", "Only the merchant's server and its administrators change the catalogue.")
}

// put writes the product and its prices. The product's row is written first,
// before any price is read: that holds back a second call for the same product
// until this one is done, so that two cannot both put a price on sale.
func put(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, in Upsert, giftOf *pay.ProductID) (pay.ProductID, error) {
	present, err := tx.Product.Query().Where(product.MerchantID(merchant), product.Code(in.Code)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return pay.ProductID{}, err
	}
	if present != nil && present.Kind != in.Kind {
		return pay.ProductID{}, pay.Errorf(pay.CodeConflict, "product.kind_is_fixed",
			"The product is a %s and stays one.", present.Kind).At("kind")
	}
	if err := checkGift(ctx, tx, merchant, in.Code, giftOf); err != nil {
		return pay.ProductID{}, err
	}
	if err := checkIntervals(ctx, tx, merchant, in.Prices); err != nil {
		return pay.ProductID{}, err
	}
	if present == nil {
		id, err := insert(ctx, tx, merchant, in, giftOf)
		if err != nil {
			return id, err
		}
		return id, addPrices(ctx, tx, merchant, id, in.Prices)
	}
	if err := update(ctx, tx, present.ID, in, giftOf); err != nil {
		return present.ID, err
	}
	return present.ID, replacePrices(ctx, tx, merchant, present.ID, in.Prices)
}

// checkIntervals refuses to charge real cards several times a day: PT1M for P1M is
// one letter. In test mode it is how renewals are seen.
func checkIntervals(ctx context.Context, tx *store.Tx, of pay.MerchantID, prices []NewPrice) error {
	for at, p := range prices {
		if p.Interval == nil || !(pay.Period{Days: 1}).IsLongerThan(*p.Interval) {
			continue
		}
		testing, err := tx.Merchant.Query().Where(merchant.ID(of), merchant.TestMode(true)).Count(ctx)
		if err != nil {
			return fmt.Errorf("read merchant %s: %w", of, err)
		}
		if testing == 0 {
			return pay.Invalid("price.interval_short", "An interval is at least a day.", "prices", strconv.Itoa(at), "interval")
		}
	}
	return nil
}

// checkGift reports whether the product that a gift gives is the merchant's and
// can be given.
func checkGift(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, code string, giftOf *pay.ProductID) error {
	if giftOf == nil {
		return nil
	}
	given, err := tx.Product.Query().Where(product.ID(*giftOf), product.MerchantID(merchant)).Only(ctx)
	if ent.IsNotFound(err) {
		return pay.NotFound("product", "grants", "giftOf")
	}
	if err != nil {
		return err
	}
	if given.Kind == pay.ProductGift || given.Code == code {
		return pay.Invalid("product.gift_of_a_gift", "A gift cannot give another gift.", "grants", "giftOf")
	}
	if given.Kind == pay.ProductDirect && len(given.GrantResources) == 0 {
		return pay.Invalid("product.gift_of_nothing", "A gift gives the resources of a product, and this one opens none: a page is named by who buys it.", "grants", "giftOf")
	}
	return nil
}

func insert(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, in Upsert, giftOf *pay.ProductID) (pay.ProductID, error) {
	id := pay.NewProductID(tx.Now)
	return id, tx.Product.Create().
		SetID(id).
		SetMerchantID(merchant).
		SetCode(in.Code).
		SetKind(in.Kind).
		SetTitle(in.Title).
		SetNillableDescription(in.Description).
		SetActive(in.Active).
		SetGrantResources(in.Grants.Resources).
		SetNillableGrantPages(in.Grants.Pages).
		SetNillableGrantDuration(in.Grants.Duration).
		SetNillableGiftOfID(giftOf).
		SetRefundPolicy(in.Grants.refundPolicy()).
		SetCreatedAt(tx.Now).
		SetUpdatedAt(tx.Now).
		Exec(ctx)
}

func update(ctx context.Context, tx *store.Tx, id pay.ProductID, in Upsert, giftOf *pay.ProductID) error {
	change := tx.Product.Update().
		Where(product.ID(id)).
		SetTitle(in.Title).
		SetActive(in.Active).
		SetGrantResources(in.Grants.Resources).
		SetRefundPolicy(in.Grants.refundPolicy()).
		SetUpdatedAt(tx.Now).
		SetNillableDescription(in.Description).
		SetNillableGrantPages(in.Grants.Pages).
		SetNillableGrantDuration(in.Grants.Duration).
		SetNillableGiftOfID(giftOf)
	// What is not given is emptied. Ent takes a value or a clearing, not both.
	if in.Description == nil {
		change.ClearDescription()
	}
	if in.Grants.Pages == nil {
		change.ClearGrantPages()
	}
	if in.Grants.Duration == nil {
		change.ClearGrantDuration()
	}
	if giftOf == nil {
		change.ClearGiftOf()
	}
	return change.Exec(ctx)
}

// replacePrices takes off sale what is not listed and adds what is not there.
func replacePrices(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, id pay.ProductID, listed []NewPrice) error {
	onSale, err := tx.Price.Query().Where(price.ProductID(id), price.Active(true)).All(ctx)
	if err != nil {
		return err
	}
	var kept []pay.PriceID
	var added []NewPrice
	for _, want := range listed {
		if same := want.among(onSale); same != nil {
			kept = append(kept, same.ID)
		} else {
			added = append(added, want)
		}
	}
	if len(kept) < len(onSale) {
		gone := tx.Price.Update().Where(price.ProductID(id), price.Active(true), price.IDNotIn(kept...))
		if err := gone.SetActive(false).Exec(ctx); err != nil {
			return err
		}
	}
	return addPrices(ctx, tx, merchant, id, added)
}

func addPrices(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, id pay.ProductID, added []NewPrice) error {
	if len(added) == 0 {
		return nil
	}
	rows := make([]*ent.PriceCreate, len(added))
	for at, p := range added {
		rows[at] = tx.Price.Create().
			SetID(pay.NewPriceID(tx.Now)).
			SetMerchantID(merchant).
			SetProductID(id).
			SetAmountMinor(p.Amount.Amount).
			SetCurrency(p.Amount.Currency).
			SetNillableInterval(p.Interval).
			SetNillableTrial(p.Trial).
			SetActive(true).
			SetCreatedAt(tx.Now)
	}
	return tx.Price.CreateBulk(rows...).Exec(ctx)
}

// among returns the price that equals p in everything, or nil.
func (p NewPrice) among(list []*ent.Price) *ent.Price {
	for _, present := range list {
		if present.Amount() == p.Amount && equal(present.Interval, p.Interval) && equal(present.Trial, p.Trial) {
			return present
		}
	}
	return nil
}

func equal(a, b *pay.Period) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func (g Grants) refundPolicy() pay.RefundPolicy {
	if g.RefundPolicy == "" {
		return pay.RefundRevoke
	}
	return g.RefundPolicy
}
