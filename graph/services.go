package graph

import (
	"context"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/gifts"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/subscriptions"
)

// Cards keeps saved cards. What reads shows only what its viewer may see.
type Cards interface {
	Start(ctx context.Context, in cards.NewRegistration) (*cards.Outcome, error)
	Finish(ctx context.Context, rawID string) (*cards.Outcome, error)
	Remove(ctx context.Context, key, rawCard string) (*cards.CardOutcome, error)
	SetDefault(ctx context.Context, key, rawCard string) (*cards.CardOutcome, error)

	// Registration returns nil when there is none for its viewer.
	Registration(ctx context.Context, rawID string) (*ent.CardRegistration, error)
	RegistrationsByID(ctx context.Context, ids []pay.CardRegistrationID) ([]*ent.CardRegistration, error)
	CardsByID(ctx context.Context, ids []pay.CardID) ([]*ent.Card, error)
	// CardsOf returns users' cards, newest first, of any status when none is named.
	CardsOf(ctx context.Context, status []pay.CardStatus, users ...pay.UserID) (map[pay.UserID][]*ent.Card, error)
}

// Subscriptions renews what users pay for period by period, and keeps test
// clocks. What reads shows only what its viewer may see.
type Subscriptions interface {
	Create(ctx context.Context, in subscriptions.NewSubscription) (*subscriptions.Outcome, error)
	Cancel(ctx context.Context, key, rawID string, atPeriodEnd bool) (*subscriptions.Outcome, error)
	Resume(ctx context.Context, key, rawID string) (*subscriptions.Outcome, error)
	Pause(ctx context.Context, key, rawID string, until *time.Time) (*subscriptions.Outcome, error)
	ChangeCard(ctx context.Context, key, rawID, rawCard string, retryNow bool) (*subscriptions.Outcome, error)

	// Subscription returns nil when there is none for its viewer.
	Subscription(ctx context.Context, rawID string) (*ent.BillingSubscription, error)
	SubscriptionsByID(ctx context.Context, ids []pay.SubscriptionID) ([]*ent.BillingSubscription, error)
	SubscriptionsOf(ctx context.Context, users ...pay.UserID) (map[pay.UserID][]*ent.BillingSubscription, error)
	OfCards(ctx context.Context, cards ...pay.CardID) (map[pay.CardID][]*ent.BillingSubscription, error)
	List(ctx context.Context, f *subscriptions.Filter, want page.Request) (subscriptions.Page, error)
	Count(ctx context.Context, f *subscriptions.Filter) (int, error)
	// DunningOf returns nil when no renewal has failed.
	DunningOf(s *ent.BillingSubscription) *subscriptions.Dunning

	CreateClock(ctx context.Context, key, name string, now *time.Time) (*subscriptions.ClockOutcome, error)
	AdvanceClock(ctx context.Context, key, rawID string, to time.Time) (*subscriptions.ClockOutcome, error)
	AttachUser(ctx context.Context, key, rawClock, rawUser string) (*subscriptions.ClockOutcome, error)
	// Clock returns nil when there is none for its viewer.
	Clock(ctx context.Context, rawID string) (*ent.TestClock, error)
}

// Gifts keeps gifts and their codes. What reads shows only what its viewer may
// see, but for ByCode.
type Gifts interface {
	Redeem(ctx context.Context, key, code string) (*gifts.Outcome, error)
	// ByCode returns the gift to whoever has its code, nil when there is none.
	ByCode(ctx context.Context, code string) (*ent.Gift, error)
	// CodeFor returns nil to those who may not have the code.
	CodeFor(ctx context.Context, g *ent.Gift) (*string, error)
	GiftsByID(ctx context.Context, ids []pay.GiftID) ([]*ent.Gift, error)
	OfBills(ctx context.Context, bills ...pay.BillID) (map[pay.BillID]*ent.Gift, error)
	BoughtBy(ctx context.Context, users ...pay.UserID) (map[pay.UserID][]*ent.Gift, error)
	ReceivedBy(ctx context.Context, users ...pay.UserID) (map[pay.UserID][]*ent.Gift, error)
}
