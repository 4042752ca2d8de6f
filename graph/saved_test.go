package graph_test

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/journal"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

const hour = time.Hour

// The rows of cards, registrations, subscriptions and gifts are made here as
// their packages leave them: what is tried is how they are shown, and to whom.

// unsent is a mailer whose mail nobody reads.
type unsent struct{}

func (unsent) Queue(context.Context, *store.Tx, notify.Mail) error { return nil }

// savedCards is package cards as billing wants it.
type savedCards struct{ *cards.Service }

func (c savedCards) Chargeable(ctx context.Context, merchant pay.MerchantID, user pay.UserID, id pay.CardID) (billing.ChargeableCard, error) {
	account, ref, customer, card, err := c.Service.Chargeable(ctx, merchant, user, id)
	if err != nil {
		return billing.ChargeableCard{}, err
	}
	return billing.ChargeableCard{ID: card.ID, Account: account, Ref: ref, Customer: customer}, nil
}

func (b *bundle) inTx(f func(ctx context.Context, tx *store.Tx) error) {
	b.t.Helper()
	require.NoError(b.t, b.store.InTx(b.t.Context(), f))
}

// card saves a card of the user; the first is their default.
func (b *bundle) card(u *ent.User) *ent.Card {
	b.t.Helper()
	var made *ent.Card
	b.inTx(func(ctx context.Context, tx *store.Tx) (err error) {
		others, err := tx.Card.Query().All(ctx)
		if err != nil {
			return err
		}
		isFirst := true
		for _, c := range others {
			isFirst = isFirst && c.UserID != u.ID
		}
		made, err = tx.Card.Create().SetID(pay.NewCardID(tx.Now)).SetMerchantID(u.MerchantID).SetUserID(u.ID).
			SetProvider("scripted").SetAccount("test").SetRefSealed([]byte{1}).SetRefHash([]byte(rand.Text())).
			SetStatus(pay.CardActive).SetBrand("visa").SetMask("411111xxxxxx1111").SetExpMonth(12).SetExpYear(2030).
			SetIsDefault(isFirst).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		return err
	})
	return made
}

// registration begins the adding of a card, and tells of it.
func (b *bundle) registration(u *ent.User) *ent.CardRegistration {
	b.t.Helper()
	var made *ent.CardRegistration
	b.inTx(func(ctx context.Context, tx *store.Tx) (err error) {
		made, err = tx.CardRegistration.Create().SetID(pay.NewCardRegistrationID(tx.Now)).SetMerchantID(u.MerchantID).SetUserID(u.ID).
			SetProvider("scripted").SetAccount("test").SetOrderNumber(rand.Text()).SetStatus(pay.RegistrationActionRequired).
			SetVerificationMinor(1000).SetCurrency(pay.RUB).SetAttemptsLeft(3).SetRedirectURL("https://pay.example/add").
			SetExpiresAt(tx.Now.Add(hour)).SetWatchUntil(tx.Now.Add(2 * hour)).SetVersion(1).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		return b.journal(ctx, tx, journal.Line{Registration: made.ID, Version: 1, To: string(made.Status)}, u)
	})
	return made
}

// registered ends the registration with a card.
func (b *bundle) registered(r *ent.CardRegistration, u *ent.User) *ent.Card {
	b.t.Helper()
	c := b.card(u)
	b.inTx(func(ctx context.Context, tx *store.Tx) error {
		err := tx.CardRegistration.UpdateOneID(r.ID).SetStatus(pay.RegistrationCompleted).SetCardID(c.ID).SetResolvedAt(tx.Now).
			ClearRedirectURL().SetVersion(2).SetUpdatedAt(tx.Now).Exec(ctx)
		if err != nil {
			return err
		}
		return b.journal(ctx, tx, journal.Line{Registration: r.ID, Version: 2, From: string(r.Status), To: string(pay.RegistrationCompleted)}, u)
	})
	return c
}

// subscribed is a subscription of the user that is paid for, charged to a card.
func (b *bundle) subscribed(u *ent.User, c *ent.Card) *ent.BillingSubscription {
	b.t.Helper()
	var made *ent.BillingSubscription
	b.inTx(func(ctx context.Context, tx *store.Tx) (err error) {
		end := tx.Now.AddDate(0, 1, 0)
		made, err = tx.BillingSubscription.Create().SetID(pay.NewSubscriptionID(tx.Now)).SetMerchantID(u.MerchantID).SetUserID(u.ID).
			SetProductID(b.month.ID).SetPriceID(b.month.Edges.Prices[0].ID).SetCardID(c.ID).SetStatus(pay.SubscriptionActive).
			SetTimeZone("UTC").SetInterval(pay.Period{Months: 1}).SetAnchorAt(tx.Now).SetPeriodIndex(1).
			SetCurrentPeriodStart(tx.Now).SetCurrentPeriodEnd(end).SetVersion(1).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		return b.journal(ctx, tx, journal.Line{Subscription: made.ID, Version: 1, To: string(made.Status)}, u)
	})
	return made
}

// pastDue has a renewal of the subscription fail: its bill is open, and the card
// was declined.
func (b *bundle) pastDue(s *ent.BillingSubscription, u *ent.User, bill string) {
	b.t.Helper()
	id, err := pay.ParseBillID(bill)
	require.NoError(b.t, err)
	b.inTx(func(ctx context.Context, tx *store.Tx) error {
		err := tx.BillingSubscription.UpdateOneID(s.ID).SetStatus(pay.SubscriptionPastDue).SetPastDueSince(tx.Now).
			SetDunningTry(2).SetDunningNextAt(tx.Now.Add(72 * hour)).SetOpenBillID(id).
			SetDeclineCode("insufficient_funds").SetDeclineRetry(pay.RetryOtherMethod).SetVersion(s.Version + 1).SetUpdatedAt(tx.Now).Exec(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.Raw(ctx, `UPDATE bills SET subscription_id = ?, period_start = ? WHERE id = ?`, s.ID, tx.Now, id); err != nil {
			return err
		}
		line := journal.Line{Subscription: s.ID, Version: s.Version + 1, From: string(s.Status), To: string(pay.SubscriptionPastDue)}
		return b.journal(ctx, tx, line, u)
	})
}

func (b *bundle) journal(ctx context.Context, tx *store.Tx, l journal.Line, u *ent.User) error {
	l.Merchant, l.User, l.Reason = u.MerchantID, u.ID, "test"
	return journal.Record(ctx, tx, b.objects, l)
}

// gift is a gift that the bill paid for, and its code.
func (b *bundle) gift(bill string, buyer *pay.UserID) (*ent.Gift, pay.GiftCode) {
	b.t.Helper()
	paidBy, err := pay.ParseBillID(bill)
	require.NoError(b.t, err)
	code := pay.NewGiftCode()
	var made *ent.Gift
	b.inTx(func(ctx context.Context, tx *store.Tx) error {
		id := pay.NewGiftID(tx.Now)
		sealed, err := b.vault.Seal([]byte(code.Canonical()), id.String())
		if err != nil {
			return err
		}
		made, err = tx.Gift.Create().SetID(id).SetMerchantID(b.shop.ID).SetBillID(paidBy).SetProductID(b.month.ID).SetNillableBuyerID(buyer).
			SetStatus(pay.GiftIssued).SetCodeHash(b.vault.Hash("gift", code.Canonical())).SetCodeSealed(sealed).
			SetRecipientEmail("friend@example.com").SetMessage("Many happy returns").SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		return err
	})
	return made, code
}

// user is another user of the shop.
func (b *bundle) user() *ent.User {
	b.t.Helper()
	var made *ent.User
	b.inTx(func(ctx context.Context, tx *store.Tx) (err error) {
		made, err = tx.User.Create().SetID(pay.NewUserID(tx.Now)).SetMerchantID(b.shop.ID).SetExternalID(rand.Text()).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		return err
	})
	return made
}

// wallet is an empty wallet of the user.
func (b *bundle) wallet(u *ent.User) string {
	b.t.Helper()
	id := pay.NewWalletID(b.clock.Now())
	b.inTx(func(ctx context.Context, tx *store.Tx) error {
		return tx.Wallet.Create().SetID(id).SetMerchantID(u.MerchantID).SetUserID(u.ID).SetCurrency(pay.RUB).SetCreatedAt(tx.Now).Exec(ctx)
	})
	return id.String()
}

// paidWith says what the bill's attempts were paid with.
func (b *bundle) paidWith(bill string, c *ent.Card, wallet string) {
	b.t.Helper()
	id, err := pay.ParseBillID(bill)
	require.NoError(b.t, err)
	from, err := pay.ParseWalletID(wallet)
	require.NoError(b.t, err)
	b.inTx(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Raw(ctx, `UPDATE attempts SET card_id = ?, wallet_id = ? WHERE bill_id = ?`, c.ID, from, id)
		return err
	})
}
