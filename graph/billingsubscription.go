package graph

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/subscriptions"
)

// BillingSubscription is one subscription, or null.
func (r query) BillingSubscription(ctx context.Context, id string) (*ent.BillingSubscription, error) {
	return r.Subscriptions.Subscription(ctx, id)
}

// BillingSubscriptions are the merchant's, newest first.
func (r query) BillingSubscriptions(ctx context.Context, first *int, after *string, filter *model.BillingSubscriptionFilter) (*model.BillingSubscriptionConnection, error) {
	found, err := r.Subscriptions.List(ctx, subscriptionFilter(filter), pageOf(first, after))
	if err != nil {
		return nil, err
	}
	if err := r.fillSubscriptions(ctx, selected(ctx).rows(), found.Rows); err != nil {
		return nil, err
	}
	return model.NewBillingSubscriptionConnection(found.Rows, found.Info, found.Cursor, filter), nil
}

// TotalCount counts the whole list.
func (r subscriptionPageFields) TotalCount(ctx context.Context, c *model.BillingSubscriptionConnection) (int, error) {
	return r.Subscriptions.Count(ctx, subscriptionFilter(c.Filter))
}

func subscriptionFilter(in *model.BillingSubscriptionFilter) *subscriptions.Filter {
	if in == nil {
		return nil
	}
	return &subscriptions.Filter{Status: in.Status, User: in.User, Price: in.Price}
}

// BillingSubscriptions are the user's, newest first.
func (r userFields) BillingSubscriptions(ctx context.Context, u *ent.User) ([]*ent.BillingSubscription, error) {
	byUser, err := r.subscriptionsOf(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	return listed(byUser[u.ID]), r.fillSubscriptions(ctx, selected(ctx), byUser[u.ID])
}

// subscriptionsOf reads the subscriptions of users.
func (r *Resolver) subscriptionsOf(ctx context.Context, ids ...pay.UserID) (map[pay.UserID][]*ent.BillingSubscription, error) {
	return alongOf(ctx).subscriptionsOf.get(ctx, ids, func(ctx context.Context, ids []pay.UserID) (map[pay.UserID][]*ent.BillingSubscription, error) {
		return r.Subscriptions.SubscriptionsOf(ctx, ids...)
	})
}

// subscriptionsFrom reads the subscriptions that are charged to cards.
func (r *Resolver) subscriptionsFrom(ctx context.Context, ids ...pay.CardID) (map[pay.CardID][]*ent.BillingSubscription, error) {
	return alongOf(ctx).subscriptionsFrom.get(ctx, ids, func(ctx context.Context, ids []pay.CardID) (map[pay.CardID][]*ent.BillingSubscription, error) {
		return r.Subscriptions.OfCards(ctx, ids...)
	})
}

// subscriptionOf reads one subscription, or nil.
func (r *Resolver) subscriptionOf(ctx context.Context, id *pay.SubscriptionID) (*ent.BillingSubscription, error) {
	if id == nil {
		return nil, nil
	}
	found, err := r.subscriptionsByID(ctx, *id)
	return found[*id], err
}

// User is who pays and uses it. Whoever sees a subscription sees its user.
func (r subscriptionFields) User(ctx context.Context, s *ent.BillingSubscription) (*ent.User, error) {
	user, err := r.userOf(ctx, &s.UserID)
	if user == nil && err == nil {
		return nil, fmt.Errorf("subscription %s: its user cannot be seen", s.ID)
	}
	return user, err
}

// Price is what it costs, and how often.
func (r subscriptionFields) Price(ctx context.Context, s *ent.BillingSubscription) (*ent.Price, error) {
	found, err := r.pricesByID(ctx, s.PriceID)
	if found[s.PriceID] == nil && err == nil {
		return nil, fmt.Errorf("subscription %s: its price cannot be seen", s.ID)
	}
	return found[s.PriceID], err
}

// Card is the card charged at renewals.
func (r subscriptionFields) Card(ctx context.Context, s *ent.BillingSubscription) (*ent.Card, error) {
	return r.cardOf(ctx, s.CardID)
}

// NextChargeAt is when the card is charged next.
func (r subscriptionFields) NextChargeAt(_ context.Context, s *ent.BillingSubscription) (*time.Time, error) {
	return subscriptions.NextChargeAt(s), nil
}

// AllowedActions is what the caller can do with it as it stands.
func (r subscriptionFields) AllowedActions(ctx context.Context, s *ent.BillingSubscription) ([]string, error) {
	if !r.may(ctx, mayManageSubscriptions) {
		return []string{}, nil
	}
	return subscriptions.AllowedActions(s), nil
}

// OpenBill is the unpaid bill of its first or next period.
func (r subscriptionFields) OpenBill(ctx context.Context, s *ent.BillingSubscription) (*ent.Bill, error) {
	return r.billBeside(ctx, s.OpenBillID)
}

// Dunning is how far the retries of a failed renewal are.
func (r subscriptionFields) Dunning(_ context.Context, s *ent.BillingSubscription) (*model.Dunning, error) {
	dunning := r.Subscriptions.DunningOf(s)
	if dunning == nil {
		return nil, nil
	}
	shown := &model.Dunning{Attempt: dunning.Attempt, MaxAttempts: dunning.MaxAttempts, NextRetryAt: dunning.NextRetryAt}
	if dunning.Declined {
		shown.LastDecline = shownDecline(s.DeclineCode, s.DeclineProviderCode, s.DeclineMessage, s.DeclineRetry)
	}
	return shown, nil
}

// Bills are the subscription's, newest first.
func (r subscriptionFields) Bills(ctx context.Context, s *ent.BillingSubscription, first *int, after *string) (*model.BillConnection, error) {
	own := &billing.Filter{Subscription: new(s.ID.String())}
	return r.billPage(ctx, billing.ListRequest{Request: pageOf(first, after), Filter: own})
}

// BillingSubscriptionCreate subscribes a user to a price.
func (r mutation) BillingSubscriptionCreate(ctx context.Context, in model.BillingSubscriptionCreateInput) (*model.BillingSubscriptionPayload, error) {
	outcome, err := r.Subscriptions.Create(ctx, subscriptions.NewSubscription{
		Key: in.IdempotencyKey, Price: in.Price, Card: in.Card, PayWith: payWithOf(in.PayWith),
		Payer: r.payerOf(ctx, in.Payer), ReturnURL: in.ReturnURL, User: in.User,
	})
	return r.subscriptionPayload(ctx, outcome, err)
}

// BillingSubscriptionCancel ends a subscription.
func (r mutation) BillingSubscriptionCancel(ctx context.Context, key, id string, atPeriodEnd *bool) (*model.BillingSubscriptionPayload, error) {
	outcome, err := r.Subscriptions.Cancel(ctx, key, id, atPeriodEnd == nil || *atPeriodEnd)
	return r.subscriptionPayload(ctx, outcome, err)
}

// BillingSubscriptionResume undoes a pause or a planned end.
func (r mutation) BillingSubscriptionResume(ctx context.Context, key, id string) (*model.BillingSubscriptionPayload, error) {
	outcome, err := r.Subscriptions.Resume(ctx, key, id)
	return r.subscriptionPayload(ctx, outcome, err)
}

// BillingSubscriptionPause stops charging until it is resumed.
func (r mutation) BillingSubscriptionPause(ctx context.Context, key, id string, until *time.Time) (*model.BillingSubscriptionPayload, error) {
	outcome, err := r.Subscriptions.Pause(ctx, key, id, until)
	return r.subscriptionPayload(ctx, outcome, err)
}

// BillingSubscriptionChangeCard has the renewals charged to another card.
func (r mutation) BillingSubscriptionChangeCard(ctx context.Context, key, id, card string, retryNow *bool) (*model.BillingSubscriptionPayload, error) {
	outcome, err := r.Subscriptions.ChangeCard(ctx, key, id, card, retryNow == nil || *retryNow)
	return r.subscriptionPayload(ctx, outcome, err)
}

// subscriptionPayload shows what a mutation of a subscription came to, read again
// as the caller may see it; on a replay too.
func (r *Resolver) subscriptionPayload(ctx context.Context, o *subscriptions.Outcome, err error) (*model.BillingSubscriptionPayload, error) {
	if err != nil {
		return nil, err
	}
	shown := &model.BillingSubscriptionPayload{Replayed: o.Replayed}
	if shown.Errors, err = r.shownList(ctx, o.Errors); err != nil {
		return nil, err
	}
	asked := selected(ctx)
	if asked.has("billingSubscription") && !o.Subscription.IsZero() {
		if shown.BillingSubscription, err = r.subscriptionOf(ctx, &o.Subscription); err != nil {
			return nil, err
		}
	}
	if bill := asked.at("firstBill"); !bill.isEmpty() && !o.FirstBill.IsZero() {
		shown.FirstBill, err = linkedOne(r.Billing.Bill(ctx, o.FirstBill.String(), bill.want()))
	}
	return shown, err
}
