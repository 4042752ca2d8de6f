package graph

import (
	"context"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
)

// The fill functions read ahead what was asked for of a list of rows, in as many
// statements for all as for one, and leave it on the answer's along. What nobody
// asked for is not read; what was not read ahead, a field reads when it is come
// to.

// fillBills reads what was asked for of bills and stands in other packages'
// tables.
func (r *Resolver) fillBills(ctx context.Context, asked selection, bills []*ent.Bill) error {
	var attempts []*ent.Attempt
	for _, b := range bills {
		attempts = append(attempts, b.Edges.Attempts...)
	}
	if err := r.fillAttempts(ctx, asked.at("attempts").and(asked.at("latestAttempt")), attempts); err != nil {
		return err
	}
	if asked.has("billingSubscription") {
		found, err := r.subscriptionsByID(ctx, namedBy(bills, func(b *ent.Bill) *pay.SubscriptionID { return b.SubscriptionID })...)
		if err == nil {
			err = r.fillSubscriptions(ctx, asked.at("billingSubscription"), valuesOf(found))
		}
		if err != nil {
			return err
		}
	}
	if !asked.has("gift") {
		return nil
	}
	found, err := r.giftsOfBills(ctx, eachOf(bills, func(b *ent.Bill) pay.BillID { return b.ID })...)
	if err != nil {
		return err
	}
	return r.fillGifts(ctx, asked.at("gift"), valuesOf(found))
}

// fillAttempts reads the saved cards and the wallets that attempts were paid with.
func (r *Resolver) fillAttempts(ctx context.Context, asked selection, attempts []*ent.Attempt) error {
	if asked.has("card") {
		found, err := r.cardsByID(ctx, namedBy(attempts, func(a *ent.Attempt) *pay.CardID { return a.CardID })...)
		if err == nil {
			err = r.fillCards(ctx, asked.at("card"), valuesOf(found))
		}
		if err != nil {
			return err
		}
	}
	if !asked.at("method").has("wallet") {
		return nil
	}
	_, err := r.walletsByID(ctx, namedBy(attempts, func(a *ent.Attempt) *pay.WalletID { return a.WalletID })...)
	return err
}

// fillCards reads the subscriptions that cards pay.
func (r *Resolver) fillCards(ctx context.Context, asked selection, cards []*ent.Card) error {
	if !asked.has("billingSubscriptions") {
		return nil
	}
	byCard, err := r.subscriptionsFrom(ctx, eachOf(cards, func(c *ent.Card) pay.CardID { return c.ID })...)
	if err != nil {
		return err
	}
	return r.fillSubscriptions(ctx, asked.at("billingSubscriptions"), flat(byCard))
}

// fillSubscriptions reads what subscriptions are of, what they are for, and what
// is open of them.
func (r *Resolver) fillSubscriptions(ctx context.Context, asked selection, list []*ent.BillingSubscription) error {
	if asked.has("price") {
		if _, err := r.pricesByID(ctx, eachOf(list, func(s *ent.BillingSubscription) pay.PriceID { return s.PriceID })...); err != nil {
			return err
		}
	}
	if asked.has("user") {
		found, err := r.usersByID(ctx, eachOf(list, func(s *ent.BillingSubscription) pay.UserID { return s.UserID })...)
		if err == nil {
			err = r.fillUsers(ctx, asked.at("user"), valuesOf(found))
		}
		if err != nil {
			return err
		}
	}
	if asked.has("card") {
		found, err := r.cardsByID(ctx, namedBy(list, func(s *ent.BillingSubscription) *pay.CardID { return s.CardID })...)
		if err == nil {
			err = r.fillCards(ctx, asked.at("card"), valuesOf(found))
		}
		if err != nil {
			return err
		}
	}
	return r.shelveBills(ctx, asked.at("openBill"), namedBy(list, func(s *ent.BillingSubscription) *pay.BillID { return s.OpenBillID }))
}

// fillGifts reads what gifts give, what paid for them and who has them.
func (r *Resolver) fillGifts(ctx context.Context, asked selection, gifts []*ent.Gift) error {
	if asked.has("product") {
		if _, err := r.productsByID(ctx, eachOf(gifts, func(g *ent.Gift) pay.ProductID { return g.ProductID })...); err != nil {
			return err
		}
	}
	if asked.has("redeemedBy") {
		found, err := r.usersByID(ctx, namedBy(gifts, func(g *ent.Gift) *pay.UserID { return g.RedeemedByID })...)
		if err == nil {
			err = r.fillUsers(ctx, asked.at("redeemedBy"), valuesOf(found))
		}
		if err != nil {
			return err
		}
	}
	return r.shelveBills(ctx, asked.at("purchasedBy"), eachOf(gifts, func(g *ent.Gift) pay.BillID { return g.BillID }))
}

// shelveBills reads bills, with what was asked for of them.
func (r *Resolver) shelveBills(ctx context.Context, asked selection, ids []pay.BillID) error {
	if asked.isEmpty() {
		return nil
	}
	_, err := alongOf(ctx).bills.get(ctx, ids, func(ctx context.Context, ids []pay.BillID) (map[pay.BillID]*ent.Bill, error) {
		return r.billsOf(ctx, asked, ids)
	})
	return err
}

// fillUsers reads what was asked for of users.
func (r *Resolver) fillUsers(ctx context.Context, asked selection, users []*ent.User) error {
	ids := eachOf(users, func(u *ent.User) pay.UserID { return u.ID })
	if asked.has("wallets") {
		if err := r.fillWallets(ctx, users); err != nil {
			return err
		}
	}
	if asked.has("cards") {
		byUser, err := r.cardsOf(ctx, ids...)
		if err == nil {
			err = r.fillCards(ctx, asked.at("cards"), flat(byUser))
		}
		if err != nil {
			return err
		}
	}
	if asked.has("billingSubscriptions") {
		byUser, err := r.subscriptionsOf(ctx, ids...)
		if err == nil {
			err = r.fillSubscriptions(ctx, asked.at("billingSubscriptions"), flat(byUser))
		}
		if err != nil {
			return err
		}
	}
	for field, read := range map[string]func(context.Context, ...pay.UserID) (map[pay.UserID][]*ent.Gift, error){
		"giftsBought": r.giftsBought, "giftsReceived": r.giftsReceived,
	} {
		if !asked.has(field) {
			continue
		}
		byUser, err := read(ctx, ids...)
		if err == nil {
			err = r.fillGifts(ctx, asked.at(field), flat(byUser))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// eachOf is what of says of each row.
func eachOf[T, V any](rows []*T, of func(*T) V) []V {
	list := make([]V, len(rows))
	for at, row := range rows {
		list[at] = of(row)
	}
	return list
}

// namedBy is what of says of each row of which it says anything.
func namedBy[T, V any](rows []*T, of func(*T) *V) []V {
	var list []V
	for _, row := range rows {
		if value := of(row); value != nil {
			list = append(list, *value)
		}
	}
	return list
}

// valuesOf are the rows of a map that are there, in no order.
func valuesOf[K comparable, T any](byKey map[K]*T) []*T {
	var list []*T
	for _, row := range byKey {
		if row != nil {
			list = append(list, row)
		}
	}
	return list
}

// flat are the rows of all the lists of a map, in no order.
func flat[K comparable, T any](byKey map[K][]T) []T {
	var list []T
	for _, rows := range byKey {
		list = append(list, rows...)
	}
	return list
}
