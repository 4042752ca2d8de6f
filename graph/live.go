package graph

import (
	"context"
	"errors"
	"log/slog"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// BillUpdated watches one bill: its present state first, then each change. Whoever
// comes back with the cursor of the present version is told of changes only.
func (r subscription) BillUpdated(ctx context.Context, rawID string, after *string) (<-chan *model.BillUpdate, error) {
	id, err := pay.ParseBillID(rawID)
	if err != nil {
		return nil, pay.NotFound("bill", "id")
	}
	want := selected(ctx).at("bill").want()
	return watchObject(ctx, r.Resolver, object[ent.Bill, model.BillUpdate]{
		name: "bill", id: id.String(), topic: events.BillTopic(id),
		version: billVersion, show: r.billUpdate,
		read: func(ctx context.Context) (*ent.Bill, error) {
			return linkedOne(r.Billing.Bill(ctx, rawID, want))
		},
	}, after)
}

// CardRegistrationUpdated watches one card registration, as BillUpdated a bill.
func (r subscription) CardRegistrationUpdated(ctx context.Context, rawID string, after *string) (<-chan *model.CardRegistrationUpdate, error) {
	id, err := pay.ParseCardRegistrationID(rawID)
	if err != nil {
		return nil, pay.NotFound("registration", "id")
	}
	return watchObject(ctx, r.Resolver, object[ent.CardRegistration, model.CardRegistrationUpdate]{
		name: "registration", id: id.String(), topic: events.RegistrationTopic(id),
		version: func(c *ent.CardRegistration) int { return c.Version },
		read:    func(ctx context.Context) (*ent.CardRegistration, error) { return r.Cards.Registration(ctx, rawID) },
		show: func(c *ent.CardRegistration, cursor string, isSnapshot bool) *model.CardRegistrationUpdate {
			return &model.CardRegistrationUpdate{Cursor: cursor, Snapshot: isSnapshot, Registration: c, EmittedAt: r.Clock.Now()}
		},
	}, after)
}

// BillingSubscriptionUpdated watches one subscription, as BillUpdated a bill.
func (r subscription) BillingSubscriptionUpdated(ctx context.Context, rawID string, after *string) (<-chan *model.BillingSubscriptionUpdate, error) {
	id, err := pay.ParseSubscriptionID(rawID)
	if err != nil {
		return nil, pay.NotFound("subscription", "id")
	}
	return watchObject(ctx, r.Resolver, object[ent.BillingSubscription, model.BillingSubscriptionUpdate]{
		name: "subscription", id: id.String(), topic: events.SubscriptionTopic(id),
		version: subscriptionVersion, show: r.subscriptionUpdate,
		read: func(ctx context.Context) (*ent.BillingSubscription, error) {
			return r.Subscriptions.Subscription(ctx, rawID)
		},
	}, after)
}

// ViewerBillUpdated watches every bill of the signed-in payer.
func (r subscription) ViewerBillUpdated(ctx context.Context, after *string) (<-chan *model.BillUpdate, error) {
	id := viewer.From(ctx).User
	return watchFeed(ctx, r.Resolver, r.billsLike(ctx, nil), events.UserTopic(id), events.UserScope(id), after)
}

// MerchantBillUpdated watches every bill of the merchant that matches.
func (r subscription) MerchantBillUpdated(ctx context.Context, after *string, filter *billing.Filter) (<-chan *model.BillUpdate, error) {
	id := viewer.From(ctx).Merchant
	return watchFeed(ctx, r.Resolver, r.billsLike(ctx, filter), events.MerchantTopic(id), events.MerchantScope(id), after)
}

// billsLike are the bills that match, with what was asked for of each.
func (r *Resolver) billsLike(ctx context.Context, filter *billing.Filter) kind[pay.BillID, ent.Bill, model.BillUpdate] {
	want := selected(ctx).at("bill").want()
	return kind[pay.BillID, ent.Bill, model.BillUpdate]{
		feed: r.Feed, version: billVersion, show: r.billUpdate,
		of: func(c events.Change) pay.BillID { return c.Bill },
		id: func(b *ent.Bill) pay.BillID { return b.ID },
		read: func(ctx context.Context, ids []pay.BillID) ([]*ent.Bill, error) {
			bills, err := r.Billing.Matching(ctx, ids, filter, want)
			return linked(bills...), err
		},
	}
}

// ViewerBillingSubscriptionUpdated watches every subscription of the signed-in
// payer.
func (r subscription) ViewerBillingSubscriptionUpdated(ctx context.Context, after *string) (<-chan *model.BillingSubscriptionUpdate, error) {
	id := viewer.From(ctx).User
	return watchFeed(ctx, r.Resolver, kind[pay.SubscriptionID, ent.BillingSubscription, model.BillingSubscriptionUpdate]{
		feed: r.Objects, version: subscriptionVersion, show: r.subscriptionUpdate,
		of:   func(c events.Change) pay.SubscriptionID { return c.Subscription },
		id:   func(s *ent.BillingSubscription) pay.SubscriptionID { return s.ID },
		read: r.Subscriptions.SubscriptionsByID,
	}, events.UserSubscriptionsTopic(id), events.SubscriptionScope(id), after)
}

func billVersion(b *ent.Bill) int { return b.Version }

func (r *Resolver) billUpdate(b *ent.Bill, cursor string, isSnapshot bool) *model.BillUpdate {
	return &model.BillUpdate{Cursor: cursor, Snapshot: isSnapshot, Bill: b, EmittedAt: r.Clock.Now()}
}

func subscriptionVersion(s *ent.BillingSubscription) int { return s.Version }

func (r *Resolver) subscriptionUpdate(s *ent.BillingSubscription, cursor string, isSnapshot bool) *model.BillingSubscriptionUpdate {
	return &model.BillingSubscriptionUpdate{Cursor: cursor, Snapshot: isSnapshot, BillingSubscription: s, EmittedAt: r.Clock.Now()}
}

// untilExpiry ends ctx when its viewer's proof does.
func (r *Resolver) untilExpiry(ctx context.Context) (context.Context, context.CancelFunc) {
	expires := viewer.From(ctx).Expires
	if expires.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, expires.Sub(r.Clock.Now()))
}

// serve runs one stream until its reader or its viewer's proof ends. When the
// proof ends the transport closes the stream with its own word (4403, or
// TOKEN_EXPIRED), after which a client comes back with a new token; a stream that
// completed would tell it to stay away. So an expired stream says nothing more
// and waits for the transport.
func (r *Resolver) serve(reader context.Context, follow func(context.Context)) {
	ctx, cancel := r.untilExpiry(reader)
	defer cancel()
	follow(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		<-reader.Done()
	}
}

// logStream logs why a stream ended, unless its reader is gone.
func (r *Resolver) logStream(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		r.Logger.ErrorContext(ctx, "a live stream ended", slog.String("error", err.Error()))
	}
}
