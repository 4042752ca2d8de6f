package graph

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Node is any object by its id, or null.
func (r query) Node(ctx context.Context, id string) (model.Node, error) {
	found, err := r.nodes(ctx, []string{id}, selected(ctx))
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// Nodes are several objects by their ids, in their order.
func (r query) Nodes(ctx context.Context, ids []string) ([]model.Node, error) {
	if len(ids) > page.Most {
		return nil, pay.Errorf(pay.CodeInvalid, "ids.too_many", "At most %d ids at a time.", page.Most).At("ids")
	}
	return r.nodes(ctx, ids, selected(ctx))
}

// nodes finds objects by the prefixes of their ids, with as many reads as there
// are types among them. What is malformed, unknown or not the caller's is nil.
func (r *Resolver) nodes(ctx context.Context, ids []string, asked selection) ([]model.Node, error) {
	byPrefix := make(map[string][]string)
	for _, id := range ids {
		prefix := pay.Prefix(id)
		byPrefix[prefix] = append(byPrefix[prefix], id)
	}
	found := make(map[string]model.Node, len(ids))
	for prefix, same := range byPrefix {
		if err := r.nodesOf(ctx, prefix, same, asked, found); err != nil {
			return nil, err
		}
	}
	list := make([]model.Node, len(ids))
	for at, id := range ids {
		list[at] = found[id]
	}
	return list, nil
}

// nodesOf puts into found the objects of one table.
func (r *Resolver) nodesOf(ctx context.Context, prefix string, ids []string, asked selection, found map[string]model.Node) error {
	switch prefix {
	case "bill":
		return collect(ctx, found, ids, pay.ParseBillID, func(ctx context.Context, ids []pay.BillID) ([]*ent.Bill, error) {
			bills, err := r.Billing.BillsByID(ctx, ids, asked.want())
			if err != nil {
				return nil, err
			}
			return bills, r.fillBills(ctx, asked, linked(bills...))
		}, func(b *ent.Bill) pay.BillID { return b.ID })
	case "att":
		return collect(ctx, found, ids, pay.ParseAttemptID, r.Billing.AttemptsByID, func(a *ent.Attempt) pay.AttemptID { return a.ID })
	case "rev":
		return collect(ctx, found, ids, pay.ParseReviewCaseID, filled(asked, r.Billing.ReviewsByID, r.fillCases), func(c *ent.ReviewCase) pay.ReviewCaseID { return c.ID })
	case "ref":
		return collect(ctx, found, ids, pay.ParseRefundID, r.Billing.RefundsByID, func(f *ent.Refund) pay.RefundID { return f.ID })
	case "ent":
		return collect(ctx, found, ids, pay.ParseEntitlementID, r.Entitlements.ByID, func(e *ent.Entitlement) pay.EntitlementID { return e.ID })
	case "prod":
		return collect(ctx, found, ids, pay.ParseProductID, r.Catalogue.ProductsByID, func(p *ent.Product) pay.ProductID { return p.ID })
	case "price":
		return collect(ctx, found, ids, pay.ParsePriceID, r.Catalogue.PricesByID, func(p *ent.Price) pay.PriceID { return p.ID })
	case "user":
		return collect(ctx, found, ids, pay.ParseUserID, filled(asked, r.Users.UsersByID, r.fillUsers), func(u *ent.User) pay.UserID { return u.ID })
	case "wal":
		return collect(ctx, found, ids, pay.ParseWalletID, r.Wallets.WalletsByID, func(w *ent.Wallet) pay.WalletID { return w.ID })
	case "le":
		return collect(ctx, found, ids, pay.ParseLedgerEntryID, r.Wallets.EntriesByID, func(e *ent.LedgerEntry) pay.LedgerEntryID { return e.ID })
	case "card":
		return collect(ctx, found, ids, pay.ParseCardID, filled(asked, r.Cards.CardsByID, r.fillCards), func(c *ent.Card) pay.CardID { return c.ID })
	case "creg":
		return collect(ctx, found, ids, pay.ParseCardRegistrationID, r.Cards.RegistrationsByID, func(c *ent.CardRegistration) pay.CardRegistrationID { return c.ID })
	case "sub":
		return collect(ctx, found, ids, pay.ParseSubscriptionID, filled(asked, r.Subscriptions.SubscriptionsByID, r.fillSubscriptions), func(s *ent.BillingSubscription) pay.SubscriptionID { return s.ID })
	case "gift":
		return collect(ctx, found, ids, pay.ParseGiftID, filled(asked, r.Gifts.GiftsByID, r.fillGifts), func(g *ent.Gift) pay.GiftID { return g.ID })
	case "clock":
		return collect(ctx, found, ids, pay.ParseTestClockID, r.clocksByID, func(c *ent.TestClock) pay.TestClockID { return c.ID })
	case "mer":
		return collect(ctx, found, ids, pay.ParseMerchantID, r.ownMerchant, func(m *ent.Merchant) pay.MerchantID { return m.ID })
	}
	return nil
}

// filled is a read that also reads ahead what was asked for of its rows.
func filled[ID, T any](
	asked selection, read func(context.Context, []ID) ([]*T, error), fill func(context.Context, selection, []*T) error,
) func(context.Context, []ID) ([]*T, error) {
	return func(ctx context.Context, ids []ID) ([]*T, error) {
		rows, err := read(ctx, ids)
		if err != nil {
			return nil, err
		}
		return rows, fill(ctx, asked, rows)
	}
}

// collect reads the objects of one table and puts them into found by the text of
// their ids.
func collect[ID fmt.Stringer, T any](
	ctx context.Context, found map[string]model.Node, texts []string,
	parse func(string) (ID, error), read func(context.Context, []ID) ([]*T, error), idOf func(*T) ID,
) error {
	var ids []ID
	for _, text := range texts {
		if id, err := parse(text); err == nil {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := read(ctx, ids)
	if err != nil {
		return err
	}
	for _, row := range rows {
		found[idOf(row).String()] = row
	}
	return nil
}

// ownMerchant is the caller's merchant, when it is among the ids.
func (r *Resolver) ownMerchant(ctx context.Context, ids []pay.MerchantID) ([]*ent.Merchant, error) {
	own := viewer.From(ctx).Merchant
	for _, id := range ids {
		if id == own {
			m, err := orNull(r.Merchants.Cached(ctx, own))
			if m == nil || err != nil {
				return nil, err
			}
			return []*ent.Merchant{m}, nil
		}
	}
	return nil, nil
}
