// Package journal writes the versions of card registrations and billing
// subscriptions: for each one a line of its history, a message to the outside
// and, after the commit, the push to those who watch. It is to them what
// billing's history is to a bill, and it knows no more of them than their ids.
//
// Start with Record.
package journal

import (
	"context"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Feed tells live subscriptions, after a commit, what changed.
type Feed interface {
	Committed(changes ...events.Change)
}

// Line is one version of an object. Exactly one of the two ids is set.
type Line struct {
	Registration pay.CardRegistrationID
	Subscription pay.SubscriptionID
	Merchant     pay.MerchantID
	User         pay.UserID
	Version      int    // of the object, after the change
	From         string // its status before; "" for a new one
	To           string // its status now
	Reason       string // a stable word: "subscription.renewed"
}

// Record writes the line within tx, in the transaction of the change itself, and
// has the feed told after the commit. A version is written once: its unique index
// refuses a second.
func Record(ctx context.Context, tx *store.Tx, feed Feed, l Line) error {
	object, prefix := l.Registration.String(), "card_registration"
	create := tx.ObjectEvent.Create().SetMerchantID(l.Merchant).SetUserID(l.User).
		SetVersion(l.Version).SetTo(l.To).SetReason(l.Reason).
		SetNillableActor(viewer.From(ctx).Actor()).SetAt(tx.Now)
	if l.From != "" {
		create.SetFrom(l.From)
	}
	if l.Subscription.IsZero() {
		create.SetRegistrationID(l.Registration)
	} else {
		object, prefix = l.Subscription.String(), "billing_subscription"
		create.SetSubscriptionID(l.Subscription)
	}
	if err := create.Exec(ctx); err != nil {
		return fmt.Errorf("write version %d of %s: %w", l.Version, object, err)
	}
	err := tx.OutboxMessage.Create().SetID(pay.NewOutboxMessageID(tx.Now)).SetMerchantID(l.Merchant).
		SetTopic(prefix + "." + topic(l)).SetObjectID(object).SetVersion(l.Version).SetCreatedAt(tx.Now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the message of version %d of %s: %w", l.Version, object, err)
	}
	change := events.Change{Registration: l.Registration, Subscription: l.Subscription, Merchant: l.Merchant, User: l.User, Version: l.Version}
	tx.AfterCommit(func() { feed.Committed(change) })
	return nil
}

// topic is the second word of what a version tells the outside: created, its new
// status, or updated when that stayed.
func topic(l Line) string {
	switch l.From {
	case "":
		return "created"
	case l.To:
		return "updated"
	}
	return strings.ToLower(l.To)
}
