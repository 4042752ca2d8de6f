package subscriptions_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/subscriptions"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/wallets"
	"github.com/paygraph/paygraph/providers"
)

// The engine on billing itself, with a bank behind a provider: what fakeBills
// promises is what billing does.
func TestService_OnBilling(t *testing.T) {
	t.Parallel()

	fact(t, "APeriodIsChargedFulfilledAndRenewed", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		sub := b.subscribed(b.monthly)
		b.later(0)
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
		b.until(b.now(sub.ID).CurrentPeriodEnd.Add(62 * day))
		require.Equal(t, []string{"paid to 2026-04-02", "paid to 2026-05-02", "paid to 2026-06-02", "paid to 2026-07-02"}, b.covered(sub.ID))
		require.Equal(t, 4, bank.charged())
		for _, one := range b.billsOf(sub.ID) {
			require.Equal(t, pay.BillDone, one.Status)
		}
	})
	fact(t, "RefusalsAreRetriedThenTheBillIsCanceled", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		sub := b.subscribed(b.monthly)
		b.later(0)
		bank.says(providers.Result{Status: providers.Declined, SessionOver: true, Decline: &providers.Decline{
			Code: "insufficient_funds", ProviderCode: "51", Message: "There is not enough money.", Retry: pay.RetryOtherMethod,
		}}, nil)
		end := *b.now(sub.ID).CurrentPeriodEnd
		b.until(end.Add(2 * day))
		due := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionPastDue, due.Status)
		require.Equal(t, 2, due.DunningTry)
		require.Equal(t, "51", *due.DeclineProviderCode)
		b.until(end.Add(15 * day))
		require.Equal(t, 5, bank.charged())
		require.Equal(t, pay.SubscriptionCanceled, b.now(sub.ID).Status)
		require.Equal(t, pay.BillCanceled, b.billsOf(sub.ID)[1].Status)
	})
	fact(t, "AnAnswerThatWasLostIsAskedForAndNotChargedAgain", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		sub := b.subscribed(b.monthly)
		b.later(0)
		bank.says(providers.Result{}, &providers.Error{Provider: "payture", Op: providers.OpChargeSaved, Kind: providers.Unknown})
		end := *b.now(sub.ID).CurrentPeriodEnd
		b.until(end.Add(2 * time.Hour))
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
		require.Equal(t, 2, bank.charged())
		bank.knows(true)
		b.until(end.Add(5 * time.Hour))
		require.Equal(t, []string{"paid to 2026-04-02", "paid to 2026-05-02"}, b.covered(sub.ID))
		require.Equal(t, 2, bank.charged())
	})
	fact(t, "ARemovedCardAsksNobody", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		sub := b.subscribed(b.monthly)
		b.later(0)
		b.removeCard(b.card)
		b.until(*b.now(sub.ID).CurrentPeriodEnd)
		require.Equal(t, pay.DeclineCardRemoved, *b.now(sub.ID).DeclineCode)
		require.Equal(t, 1, bank.charged())
	})
	fact(t, "APageThatIsPaidAlreadyIsNotChargedBeside", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		sub := b.pastDue(bank)
		b.opensPage(sub)
		bank.paysOnPages() // the notification is lost, and no poll comes before the retry
		b.clock.Advance(b.now(sub).DunningNextAt.Sub(b.clock.Now()))
		require.NoError(t, b.Step(t.Context(), sub))
		require.Equal(t, 2, bank.charged())
		b.later(time.Minute)
		require.Equal(t, pay.SubscriptionActive, b.now(sub).Status)
		cases, err := b.store.Read().ReviewCase.Query().Count(viewer.AsProgram(t.Context()))
		require.NoError(t, err)
		require.Zero(t, cases)
	})
	fact(t, "APageThatWasOpenedMinutesAgoIsWaitedFor", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		sub := b.pastDue(bank)
		bank.says(providers.Result{Status: providers.Captured}, nil)
		b.clock.Advance(b.now(sub).DunningNextAt.Sub(b.clock.Now()) - time.Minute)
		b.opensPage(sub)
		b.clock.Advance(time.Minute)
		require.NoError(t, b.Step(t.Context(), sub))
		require.Equal(t, 2, bank.charged())
		require.True(t, b.now(sub).NextActionAt.Equal(b.clock.Now().Add(billing.PageInUse)))
		b.clock.Advance(billing.PageInUse)
		require.NoError(t, b.Step(t.Context(), sub))
		require.Equal(t, 3, bank.charged())
		b.later(time.Minute)
		require.Equal(t, pay.SubscriptionActive, b.now(sub).Status)
	})
	fact(t, "ByATestClockThereIsNoSuchWait", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		clock, u := b.newClock("soon", b.clock.Now())
		sub := b.subscribedBy(u)
		b.later(0)
		end := b.now(sub).CurrentPeriodEnd.UTC()
		bank.says(tooLittle(), nil)
		b.advance(clock, end)
		b.opensPage(sub)
		bank.says(providers.Result{Status: providers.Captured}, nil)
		b.advance(clock, end.Add(2*day))
		require.Equal(t, pay.SubscriptionActive, b.now(sub).Status)
	})
	fact(t, "AnAccountThatIsNotSetUpIsAnOutage", func(t *testing.T, b *bundle) {
		b.useBilling()
		sub := b.subscribed(b.monthly)
		b.later(0)
		end := *b.now(sub.ID).CurrentPeriodEnd
		b.keepsAt("gone")
		b.until(end)
		for range 20 {
			b.later(time.Hour)
		}
		away := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionActive, away.Status, "nobody is past due by it")
		require.Equal(t, pay.DeclineProviderUnavailable, *away.DeclineCode)
		require.NotNil(t, away.DunningNextAt)
		for range 8 {
			b.later(time.Hour)
		}
		due := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionPastDue, due.Status, "after a day of it somebody is told")
		require.NotNil(t, due.DunningNextAt)
		b.keepsAt("fake")
		b.until(end.Add(9 * day))
		require.Equal(t, pay.SubscriptionActive, b.now(sub.ID).Status)
		require.Equal(t, []string{"paid to 2026-04-02", "paid to 2026-05-02"}, b.covered(sub.ID))
	})
	fact(t, "ARefusalAfterSuchAnOutageIsTheFirst", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		sub := b.subscribed(b.monthly)
		b.later(0)
		bank.says(tooLittle(), nil)
		b.keepsAt("gone")
		b.until(*b.now(sub.ID).CurrentPeriodEnd)
		for range 10 {
			b.later(time.Hour)
		}
		b.keepsAt("fake")
		b.later(time.Hour)
		due := b.now(sub.ID)
		require.Equal(t, pay.SubscriptionPastDue, due.Status)
		require.True(t, due.DunningNextAt.Equal(due.PastDueSince.Add(day)))
	})
	fact(t, "AnAccountThatHoldsMoneyFirstIsRefused", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		sub := b.subscribed(b.monthly)
		b.later(0)
		bank.twoStage = true
		other := b.newCard(b.user)
		o, err := b.ChangeCard(b.as(b.user), uuid.NewString(), sub.ID.String(), other.ID.String(), false)
		require.Equal(t, "subscription.two_stage", b.refused(o, err))
		eve := b.newUser("eve")
		in := subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String(), PayWith: &billing.PayWith{Provider: new("fake")}}
		o, err = b.Create(b.as(eve), in)
		require.Equal(t, "subscription.two_stage", b.refused(o, err))
		in.Key, in.PayWith, in.Card = uuid.NewString(), nil, new(b.newCard(eve).ID.String())
		o, err = b.Create(b.as(eve), in)
		require.Equal(t, "subscription.two_stage", b.refused(o, err))
	})
	fact(t, "NorIsABillPaidByHandThere", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		money := b.Bills.(*billing.Service) //nolint:errcheck,forcetypeassert // a test
		open := b.now(b.pastDue(bank)).OpenBillID
		bank.twoStage = true
		for _, with := range []*billing.PayWith{nil, {Provider: new("fake")}, {Card: new(b.card.ID.String())}} {
			outcome, err := money.Pay(b.as(b.user), billing.NewPayment{Key: uuid.NewString(), Bill: open.String(), PayWith: with})
			require.NoError(t, err)
			require.Equal(t, "subscription.two_stage", outcome.Errors[0].Key)
		}
	})
	fact(t, "WhatIsHeldForOneThatIsOverCanBeGivenBack", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		money := b.Bills.(*billing.Service) //nolint:errcheck,forcetypeassert // a test
		sub := b.subscribed(b.monthly)
		b.later(0)
		bank.says(providers.Result{Status: providers.Authorized}, nil) // it was set up otherwise meanwhile
		b.until(*b.now(sub.ID).CurrentPeriodEnd)
		held := b.billsOf(sub.ID)[1]
		require.Equal(t, pay.BillAuthorized, held.Status)
		outcome, err := money.Cancel(b.server(), "live", held.ID.String())
		require.NoError(t, err)
		require.Equal(t, "bill.of_subscription", outcome.Errors[0].Key, "its subscription is to be ended first")

		b.ok(b.Cancel(b.as(b.user), uuid.NewString(), sub.ID.String(), false))
		outcome, err = money.Cancel(b.as(b.user), uuid.NewString(), held.ID.String())
		require.NoError(t, err)
		require.Equal(t, "bill.cancel_not_yours", outcome.Errors[0].Key)
		for range 2 { // the replay, too
			outcome, err = money.Cancel(b.server(), "over", held.ID.String())
			require.NoError(t, err)
			require.Empty(t, outcome.Errors)
		}
		require.Equal(t, pay.BillCanceled, b.billsOf(sub.ID)[1].Status)
		b.later(day)
		require.Equal(t, pay.SubscriptionCanceled, b.now(sub.ID).Status)
	})
	fact(t, "TwoProcessesChargeOnce", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		sub := b.subscribed(b.monthly)
		b.later(0)
		b.clock.Advance(b.now(sub.ID).CurrentPeriodEnd.Sub(b.clock.Now()))
		var racers sync.WaitGroup
		for range 6 {
			racers.Go(func() {
				if err := b.Step(t.Context(), sub.ID); err != nil {
					t.Errorf("step: %v", err)
				}
			})
		}
		racers.Wait()
		b.later(time.Minute)
		require.Equal(t, 2, bank.charged())
		require.Len(t, b.periods(sub.ID), 2)
	})
	fact(t, "AYearOfATestClockPassesAtOnce", func(t *testing.T, b *bundle) {
		bank := b.useBilling()
		start := time.Date(2028, time.January, 31, 9, 0, 0, 0, time.UTC)
		clock, u := b.newClock("leap", start)
		sub := b.subscribedBy(u)
		b.later(0)
		b.advance(clock, start.AddDate(1, 0, 0))
		require.Len(t, b.periods(sub), 13)
		require.Equal(t, 13, bank.charged())
	})
	fact(t, "WhatCannotBePaidIsRefusedBeforeAnythingIsThere", func(t *testing.T, b *bundle) {
		b.useBilling()
		in := subscriptions.NewSubscription{
			Key: uuid.NewString(), Price: b.monthly.ID.String(), PayWith: &billing.PayWith{Provider: new("nobody")},
			ReturnURL: new("https://evil.example/"), Payer: billing.Payer{Phone: new("12")},
		}
		o, err := b.Create(b.as(b.user), in)
		require.NoError(t, err)
		fields := [][]string{}
		for _, e := range o.Errors {
			fields = append(fields, e.Path)
		}
		require.Equal(t, [][]string{{"payer", "phone"}, {"returnUrl"}, {"payWith", "provider"}}, fields)
		of, err := b.SubscriptionsOf(b.server(), b.user.ID)
		require.NoError(t, err)
		require.Empty(t, of)
	})
	fact(t, "AFirstPaymentOnAPageWaitsForItsPayer", func(t *testing.T, b *bundle) {
		b.useBilling()
		in := subscriptions.NewSubscription{Key: uuid.NewString(), Price: b.monthly.ID.String(), PayWith: &billing.PayWith{Provider: new("fake")}}
		sub := b.ok(b.Create(b.as(b.user), in))
		require.Equal(t, pay.SubscriptionIncomplete, sub.Status)
		page, err := b.store.Read().Attempt.Query().Where(attempt.HasBillWith(bill.ID(*sub.OpenBillID))).Only(viewer.AsProgram(t.Context()))
		require.NoError(t, err)
		require.Equal(t, pay.AttemptActionRequired, page.Status)
		require.True(t, page.SavesCard)
		b.until(b.clock.Now().Add(26 * time.Hour))
		require.Equal(t, pay.SubscriptionEnded, b.now(sub.ID).Status)
	})
}

// tooLittle is a refusal that may pass.
func tooLittle() providers.Result {
	return providers.Result{Status: providers.Declined, SessionOver: true, Decline: &providers.Decline{
		Code: "insufficient_funds", ProviderCode: "51", Message: "There is not enough money.", Retry: pay.RetryOtherMethod,
	}}
}

// pastDue returns a subscription whose renewal was refused and is tried again in a
// day.
func (b *bundle) pastDue(bank *bank) pay.SubscriptionID {
	b.t.Helper()
	sub := b.subscribed(b.monthly)
	b.later(0)
	bank.says(tooLittle(), nil)
	b.until(*b.now(sub.ID).CurrentPeriodEnd)
	require.Equal(b.t, pay.SubscriptionPastDue, b.now(sub.ID).Status)
	require.Equal(b.t, 2, bank.charged())
	return sub.ID
}

// opensPage has the payer come by the link of a mail.
func (b *bundle) opensPage(id pay.SubscriptionID) {
	b.t.Helper()
	refused, err := b.Bills.OpenPage(b.t.Context(), *b.now(id).OpenBillID, billing.PageRequest{})
	require.NoError(b.t, err)
	require.Empty(b.t, refused)
}

// keepsAt moves the bundle's card to a provider account.
func (b *bundle) keepsAt(account string) {
	b.t.Helper()
	b.tx(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Raw(ctx, `UPDATE cards SET account = ? WHERE id = ?`, account, b.card.ID)
		return err
	})
}

// useBilling lays the engine on billing's own service, and returns the bank behind
// it.
func (b *bundle) useBilling() *bank {
	b.t.Helper()
	silent := slog.New(slog.DiscardHandler)
	vendor := &bank{
		result: providers.Result{Status: providers.Captured},
		orders: map[string]pay.Money{}, pages: map[string]pay.Money{}, held: map[string]pay.Money{},
	}
	accounts, err := providers.NewAccounts(providers.Account{Code: "fake", Title: "Fake", Merchant: b.merchant.ID, TestMode: true, Provider: vendor})
	require.NoError(b.t, err)
	tokens, err := auth.New(auth.Options{Store: b.store, Clock: b.clock, Logger: silent, GuestKeys: [][]byte{bytes.Repeat([]byte("g"), 32)}})
	require.NoError(b.t, err)
	b.t.Cleanup(tokens.Close)
	feed := events.NewFeed(b.store, events.NewHub(), b.clock, silent)
	b.runner = jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Logger: silent})
	engine := &lazy{}
	money := billing.New(billing.Config{
		Store: b.store, Accounts: accounts, Catalogue: catalogue.New(b.store), Merchants: merchants.New(b.store),
		Ledger: wallets.New(b.store), Cards: &billingCards{fakeCards{b.store}}, Tokens: tokens, Feed: feed, Runner: b.runner,
		Fulfillers: map[pay.ProductKind]billing.Fulfiller{pay.ProductSubscription: engine}, Observers: []billing.Observer{engine},
		CheckReturn: auth.ReturnURL, ReturnKey: bytes.Repeat([]byte("r"), 32), PublicURL: "http://127.0.0.1:8080", Logger: silent,
	})
	b.Service = subscriptions.New(subscriptions.Config{
		Store: b.store, Runner: b.runner, Bills: money, Cards: &fakeCards{b.store}, Merchants: merchants.New(b.store), Mailer: b.mails, Feed: feed,
	})
	engine.Service = b.Service
	return vendor
}

// lazy is the engine before it is there: billing and it know each other.
type lazy struct{ *subscriptions.Service }

// billingCards is fakeCards as billing wants it.
type billingCards struct{ fakeCards }

func (c *billingCards) Chargeable(ctx context.Context, merchant pay.MerchantID, owner pay.UserID, id pay.CardID) (billing.ChargeableCard, error) {
	account, ref, customer, _, err := c.fakeCards.Chargeable(ctx, merchant, owner, id)
	return billing.ChargeableCard{ID: id, Account: account, Ref: ref, Customer: customer}, err
}

func (c *billingCards) CustomerOf(context.Context, pay.UserID) (providers.Customer, error) {
	return providers.Customer{ID: "customer"}, nil
}

func (c *billingCards) Hint(context.Context, string, string) (bool, error) { return false, nil }

func (c *billingCards) SaveLater(context.Context, *store.Tx, string, pay.UserID) error { return nil }

func (c *billingCards) SavePaid(context.Context, *store.Tx, string, pay.UserID, providers.SavedCard) error {
	return nil
}

// bank is a provider that charges saved cards as it is told to.
type bank struct {
	mu     sync.Mutex
	result providers.Result
	err    error
	known  bool // it says that what it was asked for was paid
	orders map[string]pay.Money

	twoStage bool
	pages    map[string]pay.Money // that were opened
	paid     map[string]pay.Money // of these
	held     map[string]pay.Money // of what it was asked for
}

func (b *bank) says(r providers.Result, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.result, b.err = r, err
}

func (b *bank) knows(known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known = known
}

func (b *bank) charged() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.orders)
}

func (b *bank) Name() providers.Name { return "payture" }

func (b *bank) Capabilities() providers.Capabilities {
	return providers.Capabilities{
		Ops: []providers.Op{
			providers.OpStart, providers.OpSync, providers.OpChargeSaved, providers.OpSaveCard, providers.OpCapture, providers.OpVoid,
		},
		TwoStage: b.twoStage, SyncByOurNumber: true, SessionLife: time.Hour, SettlingTime: time.Minute,
	}
}

func (b *bank) Start(_ context.Context, r providers.StartRequest) (providers.Result, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pages[r.OrderNumber] = r.Amount
	return providers.Result{Status: providers.ActionRequired, Redirect: &providers.Redirect{URL: "https://bank.example/" + r.OrderNumber, Method: "GET"}}, nil
}

func (b *bank) Charge(_ context.Context, r providers.ChargeRequest) (providers.Result, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, twice := b.orders[r.OrderNumber]; twice {
		return providers.Result{}, fmt.Errorf("order %s was charged twice", r.OrderNumber)
	}
	b.orders[r.OrderNumber] = r.Amount
	result := b.result
	switch {
	case result.Status == providers.Captured && result.Captured.IsZero():
		result.Captured = r.Amount
	case result.Status == providers.Authorized:
		result.Authorized, b.held[r.OrderNumber] = r.Amount, r.Amount
	}
	return result, b.err
}

func (b *bank) Sync(_ context.Context, ref providers.Ref) (providers.Result, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	amount, charged := b.orders[ref.OrderNumber]
	onPage, paid := b.paid[ref.OrderNumber]
	held, isHeld := b.held[ref.OrderNumber]
	switch {
	case paid:
		return providers.Result{Status: providers.Captured, Captured: onPage}, nil
	case isHeld:
		return providers.Result{Status: providers.Authorized, Authorized: held}, nil
	case !charged:
		return providers.Result{Status: providers.ActionRequired}, nil
	case !b.known && b.err != nil:
		return providers.Result{Status: providers.Pending}, nil
	case b.result.Status == providers.Declined:
		return b.result, nil
	}
	return providers.Result{Status: providers.Captured, Captured: amount}, nil
}

func (b *bank) Capture(context.Context, providers.Ref, string, pay.Money) (providers.Result, error) {
	return providers.Result{}, &providers.Error{Provider: "payture", Op: providers.OpCapture, Kind: providers.Unsupported}
}

func (b *bank) Void(_ context.Context, ref providers.Ref, _ string) (providers.Result, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.held, ref.OrderNumber)
	return providers.Result{Status: providers.Voided}, nil
}

// paysOnPages has the payer pay on every page that was opened. Nobody is told.
func (b *bank) paysOnPages() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.paid = maps.Clone(b.pages)
}

func (b *bank) StartCard(context.Context, providers.CardRequest) (providers.CardSession, error) {
	return providers.CardSession{}, nil
}

func (b *bank) Cards(context.Context, providers.Customer) ([]providers.SavedCard, error) {
	return nil, nil
}
func (b *bank) RemoveCard(context.Context, providers.Customer, string) error { return nil }
