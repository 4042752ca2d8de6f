package subscriptions_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/ent/objectevent"
	"github.com/paygraph/paygraph/ent/subscriptionperiod"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/subscriptions"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

const (
	day  = 24 * time.Hour
	zone = "Europe/Berlin"
)

// bundle is the engine on a database of its own, with a bank that says yes until
// it is told otherwise.
type bundle struct {
	*subscriptions.Service

	t        testing.TB
	store    *store.Store
	clock    *storetest.Clock
	runner   *jobs.Runner
	bills    *fakeBills
	mails    *mailbox
	merchant *ent.Merchant
	product  *ent.Product
	monthly  *ent.Price // 990.00 RUB a month
	trial    *ent.Price // 10.00 USD a month for the same product, after a week for nothing
	user     *ent.User
	card     *ent.Card // of the user, and their default one
}

func setup(t testing.TB, url string) *bundle {
	t.Helper()
	clock := &storetest.Clock{}
	b := &bundle{t: t, clock: clock, store: storetest.Open(t, url, clock), mails: &mailbox{}}
	b.bills = &fakeBills{
		store: b.store, settles: true, charges: map[pay.BillID]int{},
		bank: func(*ent.Bill, int) answer { return approved },
	}
	b.Service, b.runner = b.process()
	b.bills.observer, b.bills.fulfil = b.Service, b.Service

	ctx := viewer.AsProgram(t.Context())
	var err error
	b.merchant, err = merchants.New(b.store).Create(ctx, merchants.NewMerchant{Code: "shop", Name: "Shop", TestMode: true, TimeZone: zone})
	require.NoError(t, err)
	b.product = b.offers("club", catalogue.NewPrice{Amount: pay.Of(99000, pay.RUB), Interval: months(1)},
		catalogue.NewPrice{Amount: pay.Of(1000, pay.USD), Interval: months(1), Trial: &pay.Period{Days: 7}})
	for _, p := range b.product.Edges.Prices {
		if p.Trial == nil {
			b.monthly = p
		} else {
			b.trial = p
		}
	}
	b.user = b.newUser("ann")
	b.card = b.newCard(b.user)
	return b
}

// process is one more process on the bundle's database.
func (b *bundle) process() (*subscriptions.Service, *jobs.Runner) {
	silent := slog.New(slog.DiscardHandler)
	runner := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Logger: silent})
	return subscriptions.New(subscriptions.Config{
		Store: b.store, Runner: runner, Bills: b.bills, Cards: &fakeCards{store: b.store},
		Merchants: merchants.New(b.store), Mailer: b.mails,
		Feed:   events.NewFeed(b.store, events.NewHub(), b.clock, silent),
		PayURL: func(id pay.BillID) string { return "/pay/" + id.String() },
	}), runner
}

func months(n int) *pay.Period { return &pay.Period{Months: n} }

// offers puts a SUBSCRIPTION product on sale.
func (b *bundle) offers(code string, prices ...catalogue.NewPrice) *ent.Product {
	b.t.Helper()
	v := viewer.Viewer{Role: pay.RoleServer, Merchant: b.merchant.ID, Principal: "key/secret"}
	p, _, err := catalogue.New(b.store).Upsert(viewer.With(b.t.Context(), v), v, catalogue.Upsert{
		Key: uuid.NewString(), Code: code, Kind: pay.ProductSubscription, Title: "The club", Active: true, Prices: prices,
		Grants: catalogue.Grants{Resources: []string{"club"}},
	})
	require.NoError(b.t, err)
	return p
}

func (b *bundle) tx(f func(ctx context.Context, tx *store.Tx) error) {
	b.t.Helper()
	require.NoError(b.t, b.store.InTx(b.t.Context(), f))
}

func (b *bundle) newUser(name string) *ent.User {
	b.t.Helper()
	var u *ent.User
	b.tx(func(ctx context.Context, tx *store.Tx) (err error) {
		u, err = tx.User.Create().SetID(pay.NewUserID(tx.Now)).SetMerchantID(b.merchant.ID).SetExternalID(name).
			SetEmail(name + "@example.com").SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		return err
	})
	return u.Unwrap()
}

// newCard saves a card of the user; their first one is the default.
func (b *bundle) newCard(u *ent.User) *ent.Card {
	b.t.Helper()
	var c *ent.Card
	b.tx(func(ctx context.Context, tx *store.Tx) (err error) {
		id := pay.NewCardID(tx.Now)
		others, err := tx.Card.Query().All(ctx)
		if err != nil {
			return err
		}
		isFirst := true
		for _, other := range others {
			isFirst = isFirst && other.UserID != u.ID
		}
		c, err = tx.Card.Create().SetID(id).SetMerchantID(b.merchant.ID).SetUserID(u.ID).SetProvider("fake").SetAccount("fake").
			SetRefSealed([]byte{1}).SetRefHash(id.Bytes()).SetStatus(pay.CardActive).SetMask("411111******1111").
			SetIsDefault(isFirst).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		return err
	})
	return c.Unwrap()
}

func (b *bundle) removeCard(c *ent.Card) {
	b.t.Helper()
	b.tx(func(ctx context.Context, tx *store.Tx) error {
		err := tx.Card.UpdateOneID(c.ID).SetStatus(pay.CardRemoved).SetRemovedAt(tx.Now).SetIsDefault(false).Exec(ctx)
		if err != nil {
			return err
		}
		return b.CardGone(ctx, tx, c)
	})
}

// as returns the context in which a user of the merchant asks.
func (b *bundle) as(u *ent.User) context.Context {
	return viewer.With(b.t.Context(), viewer.Viewer{Role: pay.RoleUser, Merchant: b.merchant.ID, User: u.ID, Principal: "user/" + u.ID.String()})
}

func (b *bundle) server() context.Context {
	return viewer.With(b.t.Context(), viewer.Viewer{Role: pay.RoleServer, Merchant: b.merchant.ID, Principal: "key/secret"})
}

// subscribed begins a subscription of the bundle's user that must come out without
// errors, and has what follows done.
func (b *bundle) subscribed(p *ent.Price) *ent.BillingSubscription {
	b.t.Helper()
	o, err := b.Create(b.as(b.user), subscriptions.NewSubscription{Key: uuid.NewString(), Price: p.ID.String()})
	require.NoError(b.t, err)
	require.Empty(b.t, o.Errors)
	return b.now(o.Subscription)
}

// later moves the clock on and does everything that is due.
func (b *bundle) later(d time.Duration) {
	b.t.Helper()
	b.clock.Advance(d)
	_, err := b.runner.RunDue(b.t.Context())
	require.NoError(b.t, err)
}

// until moves the clock to an instant in small steps, as time passes.
func (b *bundle) until(at time.Time) {
	b.t.Helper()
	for b.clock.Now().Before(at) {
		b.later(min(6*time.Hour, at.Sub(b.clock.Now())))
	}
}

// now reads a subscription.
func (b *bundle) now(id pay.SubscriptionID) *ent.BillingSubscription {
	b.t.Helper()
	row, err := b.Subscription(viewer.AsProgram(b.t.Context()), id.String())
	require.NoError(b.t, err)
	require.NotNil(b.t, row)
	return row
}

// ok wants a mutation to have been done.
func (b *bundle) ok(o *subscriptions.Outcome, err error) *ent.BillingSubscription {
	b.t.Helper()
	require.NoError(b.t, err)
	require.Empty(b.t, o.Errors)
	return b.now(o.Subscription)
}

// refused wants a mutation to have been refused with a key.
func (b *bundle) refused(o *subscriptions.Outcome, err error) string {
	b.t.Helper()
	require.NoError(b.t, err)
	require.Len(b.t, o.Errors, 1)
	return o.Errors[0].Key
}

// periods reads a subscription's periods and wants each to begin where the one
// before it ended.
func (b *bundle) periods(id pay.SubscriptionID) []*ent.SubscriptionPeriod {
	b.t.Helper()
	list, err := b.store.Read().SubscriptionPeriod.Query().Where(subscriptionperiod.SubscriptionID(id)).
		Order(ent.Asc(subscriptionperiod.FieldStartsAt)).All(viewer.AsProgram(b.t.Context()))
	require.NoError(b.t, err)
	for n := 1; n < len(list); n++ {
		require.True(b.t, list[n-1].EndsAt.Equal(list[n].StartsAt), "period %d of %s ends %s and the next begins %s", n-1, id, list[n-1].EndsAt, list[n].StartsAt)
	}
	return list
}

// covered describes the periods: their kind and end, by the merchant's calendar.
func (b *bundle) covered(id pay.SubscriptionID) []string {
	b.t.Helper()
	where, err := time.LoadLocation(zone)
	require.NoError(b.t, err)
	words := []string{}
	for _, p := range b.periods(id) {
		words = append(words, fmt.Sprintf("%s to %s", p.Kind, p.EndsAt.In(where).Format(time.DateOnly)))
	}
	return words
}

// billsOf reads a subscription's bills, oldest period first.
func (b *bundle) billsOf(id pay.SubscriptionID) []*ent.Bill {
	b.t.Helper()
	list, err := b.store.Read().Bill.Query().Where(bill.SubscriptionID(id)).Order(ent.Asc(bill.FieldPeriodStart)).All(viewer.AsProgram(b.t.Context()))
	require.NoError(b.t, err)
	return list
}

// access is until when the subscription's one resource may be used.
func (b *bundle) access(id pay.SubscriptionID) time.Time {
	b.t.Helper()
	row, err := b.store.Read().Entitlement.Query().Where(entitlement.SubscriptionID(id)).Only(viewer.AsProgram(b.t.Context()))
	require.NoError(b.t, err)
	return row.ExpiresAt.UTC()
}

// history reads the reasons of a subscription's versions, which have no gap.
func (b *bundle) history(id pay.SubscriptionID) []string {
	b.t.Helper()
	list, err := b.store.Read().ObjectEvent.Query().Where(objectevent.SubscriptionID(id)).Order(ent.Asc(objectevent.FieldVersion)).All(viewer.AsProgram(b.t.Context()))
	require.NoError(b.t, err)
	words := make([]string, len(list))
	for n, line := range list {
		require.Equal(b.t, n+1, line.Version)
		words[n] = line.Reason
	}
	return words
}

// fakeCards judges as package cards does, by the card's row.
type fakeCards struct{ store *store.Store }

func (f *fakeCards) Chargeable(ctx context.Context, merchant pay.MerchantID, owner pay.UserID, id pay.CardID) (string, string, providers.Customer, *ent.Card, error) {
	c, err := f.store.Read().Card.Get(viewer.AsProgram(ctx), id)
	switch {
	case ent.IsNotFound(err), err == nil && (c.UserID != owner || c.MerchantID != merchant):
		return "", "", providers.Customer{}, nil, pay.NotFound("card")
	case err != nil:
		return "", "", providers.Customer{}, nil, err
	case c.Status == pay.CardRemoved:
		return "", "", providers.Customer{}, nil, pay.Errorf(pay.CodeStateConflict, "card.removed", "The card was removed.")
	}
	return c.Account, "ref", providers.Customer{}, c, nil
}

// mailbox keeps the mails that were queued, once for each key.
type mailbox struct {
	mu   sync.Mutex
	sent []notify.Mail
}

func (m *mailbox) Queue(_ context.Context, _ *store.Tx, mail notify.Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, known := range m.sent {
		if known.Key == mail.Key {
			return nil
		}
	}
	m.sent = append(m.sent, mail)
	return nil
}

// kinds lists what was mailed.
func (m *mailbox) kinds() []notify.Kind {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := []notify.Kind{}
	for _, mail := range m.sent {
		list = append(list, mail.Kind)
	}
	return list
}
