package graph

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Gift is the gift with a code, or null. Who has the code may look, and may have
// the code said again; everything else is shown as to anybody else.
func (r query) Gift(ctx context.Context, code string) (*ent.Gift, error) {
	found, err := r.Gifts.ByCode(ctx, code)
	if found == nil || err != nil {
		return nil, err
	}
	if spelled, err := pay.ParseGiftCode(code); err == nil {
		alongOf(ctx).codes.put(found.ID, spelled.Reveal())
	}
	return found, nil
}

// GiftsBought are what the user paid for.
func (r userFields) GiftsBought(ctx context.Context, u *ent.User) ([]*ent.Gift, error) {
	byUser, err := r.giftsBought(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	return listed(byUser[u.ID]), r.fillGifts(ctx, selected(ctx), byUser[u.ID])
}

// GiftsReceived are what the user redeemed.
func (r userFields) GiftsReceived(ctx context.Context, u *ent.User) ([]*ent.Gift, error) {
	byUser, err := r.giftsReceived(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	return listed(byUser[u.ID]), r.fillGifts(ctx, selected(ctx), byUser[u.ID])
}

func (r *Resolver) giftsBought(ctx context.Context, ids ...pay.UserID) (map[pay.UserID][]*ent.Gift, error) {
	return alongOf(ctx).giftsBought.get(ctx, ids, func(ctx context.Context, ids []pay.UserID) (map[pay.UserID][]*ent.Gift, error) {
		return r.Gifts.BoughtBy(ctx, ids...)
	})
}

func (r *Resolver) giftsReceived(ctx context.Context, ids ...pay.UserID) (map[pay.UserID][]*ent.Gift, error) {
	return alongOf(ctx).giftsReceived.get(ctx, ids, func(ctx context.Context, ids []pay.UserID) (map[pay.UserID][]*ent.Gift, error) {
		return r.Gifts.ReceivedBy(ctx, ids...)
	})
}

func (r *Resolver) giftsOfBills(ctx context.Context, ids ...pay.BillID) (map[pay.BillID]*ent.Gift, error) {
	return alongOf(ctx).giftOfBill.get(ctx, ids, func(ctx context.Context, ids []pay.BillID) (map[pay.BillID]*ent.Gift, error) {
		return r.Gifts.OfBills(ctx, ids...)
	})
}

// Code is the gift's code, for its buyer and its holder.
func (r giftFields) Code(ctx context.Context, g *ent.Gift) (*string, error) {
	if known, _ := alongOf(ctx).codes.pick([]pay.GiftID{g.ID}); known[g.ID] != "" {
		return new(known[g.ID]), nil
	}
	return r.Gifts.CodeFor(ctx, g)
}

// Product is what the gift gives.
func (r giftFields) Product(ctx context.Context, g *ent.Gift) (*ent.Product, error) {
	found, err := r.productsByID(ctx, g.ProductID)
	if found[g.ProductID] == nil && err == nil {
		return nil, fmt.Errorf("gift %s: its product cannot be seen", g.ID)
	}
	return found[g.ProductID], err
}

// RecipientEmail is where the gift is sent: for its buyer and the merchant's side.
func (r giftFields) RecipientEmail(ctx context.Context, g *ent.Gift) (*string, error) {
	v := viewer.From(ctx)
	isBuyer := g.BuyerID != nil && *g.BuyerID == v.User || v.Role == pay.RoleGuest && g.BillID == v.Bill
	if !v.Role.IsMerchantSide() && !isBuyer {
		return nil, nil
	}
	return &g.RecipientEmail, nil
}

// PurchasedBy is the bill that paid for the gift. Who has come with a code has no
// right to it.
func (r giftFields) PurchasedBy(ctx context.Context, g *ent.Gift) (*ent.Bill, error) {
	return r.billBeside(ctx, &g.BillID)
}

// RedeemedBy is who redeemed the gift, as far as the caller may see them.
func (r giftFields) RedeemedBy(ctx context.Context, g *ent.Gift) (*ent.User, error) {
	return r.userOf(ctx, g.RedeemedByID)
}

// GiftRedeem takes a gift.
func (r mutation) GiftRedeem(ctx context.Context, in model.GiftRedeemInput) (*model.GiftPayload, error) {
	o, err := r.Gifts.Redeem(ctx, in.IdempotencyKey, in.Code)
	if err != nil {
		return nil, err
	}
	shown := &model.GiftPayload{Replayed: o.Replayed}
	if shown.Errors, err = r.shownList(ctx, o.Errors); err != nil {
		return nil, err
	}
	asked := selected(ctx)
	if asked.has("gift") && !o.Gift.IsZero() {
		if shown.Gift, err = only(r.Gifts.GiftsByID(ctx, []pay.GiftID{o.Gift})); err != nil {
			return nil, err
		}
	}
	if asked.has("billingSubscription") {
		if shown.BillingSubscription, err = r.subscriptionOf(ctx, o.Subscription); err != nil {
			return nil, err
		}
	}
	if asked.has("entitlement") && o.Entitlement != nil {
		if shown.Entitlement, err = only(r.Entitlements.ByID(ctx, []pay.EntitlementID{*o.Entitlement})); err != nil {
			return nil, err
		}
	}
	if asked.has("wallet") {
		shown.Wallet, err = r.walletOf(ctx, o.Wallet)
	}
	return shown, err
}

// only is the one row that was asked for, or nil.
func only[T any](rows []*T, err error) (*T, error) {
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}
