package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// seedObjects inserts one of everything that a user has beside bills.
func (b *town) seedObjects(ctx context.Context, t *testing.T, tx *store.Tx, merchant pay.MerchantID, user pay.UserID, name string) {
	t.Helper()
	card, registration, subscription := pay.NewCardID(tx.Now), pay.NewCardRegistrationID(tx.Now), pay.NewSubscriptionID(tx.Now)
	product, price, clock, right := pay.NewProductID(tx.Now), pay.NewPriceID(tx.Now), pay.NewTestClockID(tx.Now), pay.NewEntitlementID(tx.Now)
	b.names[card], b.names[registration], b.names[subscription], b.names[clock] = name, name, name, name
	b.names[product], b.names[price], b.names[right] = name+"'s", name+"'s", name
	b.registrations[name] = registration
	require.NoError(t, tx.Card.Create().SetID(card).SetMerchantID(merchant).SetUserID(user).SetProvider("payture").SetAccount("main").
		SetRefSealed([]byte("sealed")).SetRefHash([]byte(name)).SetStatus(pay.CardActive).SetMask("411111xxxxxx1112").
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.CardRegistration.Create().SetID(registration).SetMerchantID(merchant).SetUserID(user).SetProvider("payture").SetAccount("main").
		SetOrderNumber(registration.Suffix()).SetStatus(pay.RegistrationPending).SetVerificationMinor(1000).SetCurrency(pay.RUB).
		SetExpiresAt(tx.Now.Add(time.Hour)).SetWatchUntil(tx.Now).SetVersion(1).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.Product.Create().SetID(product).SetMerchantID(merchant).SetCode("of "+name).SetKind(pay.ProductSubscription).SetTitle("News").
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.Price.Create().SetID(price).SetMerchantID(merchant).SetProductID(product).SetAmountMinor(100).SetCurrency(pay.RUB).
		SetInterval(pay.Period{Months: 1}).SetCreatedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.BillingSubscription.Create().SetID(subscription).SetMerchantID(merchant).SetUserID(user).SetProductID(product).SetPriceID(price).
		SetStatus(pay.SubscriptionActive).SetTimeZone("UTC").SetInterval(pay.Period{Months: 1}).SetVersion(1).
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.Entitlement.Create().SetID(right).SetMerchantID(merchant).SetSubscriptionID(subscription).SetUserID(user).
		SetKind("resource").SetResource("news").SetGrantedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.TestClock.Create().SetID(clock).SetMerchantID(merchant).SetName(name).SetNow(tx.Now).SetCreatedAt(tx.Now).Exec(ctx))
}

// seedGift inserts the gift that a bill paid for; redeemed by a user, when one is
// given.
func (b *town) seedGift(ctx context.Context, t *testing.T, tx *store.Tx, merchant pay.MerchantID, bill pay.BillID, buyer, holder *pay.UserID, name string) {
	t.Helper()
	id := pay.NewGiftID(tx.Now)
	b.names[id] = name
	product, err := tx.Product.Query().First(ctx)
	require.NoError(t, err)
	create := tx.Gift.Create().SetID(id).SetMerchantID(merchant).SetBillID(bill).SetProductID(product.ID).SetNillableBuyerID(buyer).
		SetStatus(pay.GiftIssued).SetCodeHash([]byte(name)).SetCodeSealed([]byte("sealed")).SetRecipientEmail("a@b.example").
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
	if holder != nil {
		create.SetStatus(pay.GiftRedeemed).SetRedeemedByID(*holder).SetRedeemedAt(tx.Now)
	}
	require.NoError(t, create.Exec(ctx))
}

// objectReaders reads the tables of what users have beside bills.
func (b *town) objectReaders() map[string]func(context.Context) ([]string, error) {
	c := b.store.Read()
	return map[string]func(context.Context) ([]string, error){
		"Card": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.Card) any { return r.ID })(c.Card.Query().All(ctx))
		},
		"CardRegistration": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.CardRegistration) any { return r.ID })(c.CardRegistration.Query().All(ctx))
		},
		"BillingSubscription": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.BillingSubscription) any { return r.ID })(c.BillingSubscription.Query().All(ctx))
		},
		"Gift": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.Gift) any { return r.ID })(c.Gift.Query().All(ctx))
		},
		"TestClock": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.TestClock) any { return r.ID })(c.TestClock.Query().All(ctx))
		},
	}
}
