package gifts

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/ent/gift"
	"github.com/paygraph/paygraph/ent/ledgerentry"
	"github.com/paygraph/paygraph/ent/price"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// give gives a user within tx what a gift is for, in the transaction that made
// it theirs. The gift comes with its product and its bill.
func (s *Service) give(ctx context.Context, tx *store.Tx, g *ent.Gift, user pay.UserID) (*Outcome, error) {
	product := g.Edges.Product
	switch product.Kind {
	case pay.ProductSubscription:
		return s.giveTime(ctx, tx, g, user)
	case pay.ProductDirect:
		return s.giveUse(ctx, tx, g, user, product.GrantDuration)
	case pay.ProductTopUp:
		return s.giveMoney(ctx, tx, g, user)
	case pay.ProductGift:
	}
	return nil, fmt.Errorf("give gift %s: nobody gives a %s", g.ID, product.Kind)
}

// giveTime adds one interval to the user's subscription. Who has none may use
// what subscribers may, for as long.
func (s *Service) giveTime(ctx context.Context, tx *store.Tx, g *ent.Gift, user pay.UserID) (*Outcome, error) {
	p, err := priceOf(ctx, tx, g)
	if err != nil {
		return nil, err
	}
	if p.Interval == nil {
		return nil, fmt.Errorf("give gift %s: price %s has no interval", g.ID, p.ID)
	}
	running, err := s.Subscriptions.AddTime(ctx, tx, user, g.ProductID, *p.Interval, g.BillID)
	if err != nil {
		return nil, fmt.Errorf("give gift %s: %w", g.ID, err)
	}
	if running == nil {
		return s.giveUse(ctx, tx, g, user, p.Interval)
	}
	if err := tx.Gift.Update().Where(gift.ID(g.ID)).SetSubscriptionID(running.ID).Exec(ctx); err != nil {
		return nil, fmt.Errorf("note the subscription of gift %s: %w", g.ID, err)
	}
	return &Outcome{Gift: g.ID, Subscription: &running.ID}, nil
}

// giveUse lets the user use what the product opens, for a time or for good.
func (s *Service) giveUse(ctx context.Context, tx *store.Tx, g *ent.Gift, user pay.UserID, lasts *pay.Period) (*Outcome, error) {
	first, err := s.Entitlements.Give(ctx, tx, entitlements.Given{
		Merchant: g.MerchantID, Bill: g.BillID, User: user, Resources: g.Edges.Product.GrantResources, For: lasts,
	})
	if err != nil {
		return nil, fmt.Errorf("give gift %s: %w", g.ID, err)
	}
	if first == nil {
		e := pay.Errorf(pay.CodeStateConflict, "gift.gives_nothing", "This gift adds time to a subscription, and you have none yet.").At("code")
		e.Detail = pay.StateDetail{From: string(g.Status), Allowed: []string{}}
		return nil, e
	}
	return &Outcome{Gift: g.ID, Entitlement: first}, nil
}

// giveMoney credits the user's wallet with what the bill earned, in its currency. While
// some of that is on its way back it returns CodeConflict: how much stays is not known.
func (s *Service) giveMoney(ctx context.Context, tx *store.Tx, g *ent.Gift, user pay.UserID) (*Outcome, error) {
	returning, err := tx.Refund.Query().Where(
		refund.BillID(g.BillID), refund.SourceEQ(pay.AccountRefunds), refund.StatusNotIn(pay.RefundSucceeded, pay.RefundFailed),
	).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for refunds of gift %s: %w", g.ID, err)
	}
	if returning > 0 {
		return nil, pay.Errorf(pay.CodeConflict, "gift.refund_under_way", "Part of what was paid for this gift is on its way back. Try again later.").At("code")
	}
	earned, err := s.Wallets.Earned(ctx, tx, g.Edges.Bill)
	if err != nil {
		return nil, fmt.Errorf("give gift %s: %w", g.ID, err)
	}
	w, err := s.Wallets.WalletOf(ctx, tx, g.MerchantID, user, earned.Currency)
	if err != nil {
		return nil, fmt.Errorf("give gift %s: %w", g.ID, err)
	}
	transfer := pay.GiftTransfer(g.ID, w.ID, earned)
	if _, err := s.Wallets.Post(ctx, tx, g.MerchantID, &g.BillID, transfer); err != nil {
		return nil, fmt.Errorf("give gift %s: %w", g.ID, err)
	}
	return &Outcome{Gift: g.ID, Wallet: &w.ID}, nil
}

// priceOf is the price that says how much time a gift gives: of those that the product
// had when the gift was paid for, the one that costs what was paid: a gift sold at
// the yearly price gives a year. Else the first that is still on sale, in the
// bill's currency rather than in another; when none is on sale any more it is the
// last that was.
func priceOf(ctx context.Context, tx *store.Tx, g *ent.Gift) (*ent.Price, error) {
	list, err := tx.Price.Query().
		Where(price.ProductID(g.ProductID), price.CreatedAtLTE(g.CreatedAt)).
		Order(ent.Asc(price.FieldID)).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the prices of gift %s: %w", g.ID, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("give gift %s: product %s had no price", g.ID, g.ProductID)
	}
	number := func(is bool) int {
		if is {
			return 1
		}
		return 0
	}
	best := slices.MinFunc(list, func(a, b *ent.Price) int {
		age := slices.Index(list, a) - slices.Index(list, b)
		if !a.Active && !b.Active {
			age = -age
		}
		return cmp.Or(
			number(b.Amount() == g.Edges.Bill.Total())-number(a.Amount() == g.Edges.Bill.Total()),
			number(b.Currency == g.Edges.Bill.Currency)-number(a.Currency == g.Edges.Bill.Currency),
			number(b.Active)-number(a.Active),
			age,
		)
	})
	return best, nil
}

// given reads what a redeemed gift gave. The gift comes with its product; ctx
// asks as the program.
func given(ctx context.Context, db *ent.Client, g *ent.Gift) (*Outcome, error) {
	out := &Outcome{Gift: g.ID, Subscription: g.SubscriptionID}
	if out.Subscription != nil {
		return out, nil
	}
	if g.Edges.Product.Kind == pay.ProductTopUp {
		leg, err := db.LedgerEntry.Query().
			Where(ledgerentry.Transfer(pay.GiftTransfer(g.ID, pay.WalletID{}, pay.Money{}).Key), ledgerentry.WalletIDNotNil()).
			Only(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the money of gift %s: %w", g.ID, err)
		}
		out.Wallet = leg.WalletID
		return out, nil
	}
	first, err := db.Entitlement.Query().Where(entitlement.BillID(g.BillID)).Order(ent.Asc(entitlement.FieldID)).First(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what gift %s gave: %w", g.ID, err)
	}
	out.Entitlement = &first.ID
	return out, nil
}
