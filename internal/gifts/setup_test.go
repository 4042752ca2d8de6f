package gifts_test

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/billingsubscription"
	"github.com/paygraph/paygraph/ent/gift"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/gifts"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/vault"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/wallets"
)

// bundle is a test's own database with one merchant, who sells gifts.
type bundle struct {
	*gifts.Service
	clock    *storetest.Clock
	store    *store.Store
	runner   *jobs.Runner
	post     *post
	running  *running
	merchant pay.MerchantID
	buyer    pay.UserID
	keys     int
	address  string // where requests come from
}

func setup(t testing.TB, url string, change ...func(*gifts.Config)) *bundle {
	t.Helper()
	b := &bundle{clock: &storetest.Clock{}, post: &post{}, running: &running{}}
	b.store = storetest.Open(t, url, b.clock)
	b.runner = jobs.New(jobs.Options{Store: b.store, Clock: b.clock})
	safe, err := vault.New(vault.Keys{Current: make([]byte, 32), Hash: make([]byte, 32)})
	require.NoError(t, err)
	config := gifts.Config{
		Store: b.store, Runner: b.runner, Vault: safe, Mailer: b.post, Subscriptions: b.running,
		Entitlements: entitlements.New(), Wallets: wallets.New(b.store),
		Validity: gifts.DefaultValidity(), RedeemURL: "/redeem",
		Address: func(context.Context) string { return b.address },
	}
	for _, f := range change {
		f(&config)
	}
	b.Service = gifts.New(config)
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		b.merchant = pay.NewMerchantID(tx.Now)
		return tx.Merchant.Create().SetID(b.merchant).SetCode("shop-" + b.merchant.String()).SetName("Shop").SetTestMode(true).SetCreatedAt(tx.Now).Exec(ctx)
	})
	b.buyer = b.user(t, "buyer", func(u *ent.UserCreate) { u.SetName("Alice").SetEmail("alice@shop.example").SetLocale("kk-KZ") })
	return b
}

func (b *bundle) inTx(t testing.TB, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, b.store.InTx(context.Background(), f))
}

func (b *bundle) user(t testing.TB, name string, set ...func(*ent.UserCreate)) pay.UserID {
	t.Helper()
	var id pay.UserID
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewUserID(tx.Now)
		create := tx.User.Create().SetID(id).SetMerchantID(b.merchant).SetExternalID(name).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		for _, f := range set {
			f(create)
		}
		return create.Exec(ctx)
	})
	return id
}

// as is the context of a signed-in user of the merchant.
func (b *bundle) as(user pay.UserID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{Role: pay.RoleUser, Merchant: b.merchant, User: user, Principal: "user/" + user.String()})
}

func (b *bundle) product(t testing.TB, kind pay.ProductKind, set ...func(*ent.ProductCreate)) pay.ProductID {
	t.Helper()
	var id pay.ProductID
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewProductID(tx.Now)
		create := tx.Product.Create().SetID(id).SetMerchantID(b.merchant).SetCode(id.String()).SetKind(kind).
			SetTitle("The " + string(kind)).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		for _, f := range set {
			f(create)
		}
		return create.Exec(ctx)
	})
	return id
}

func resources(names ...string) func(*ent.ProductCreate) {
	return func(p *ent.ProductCreate) { p.SetGrantResources(names) }
}

func lasting(p pay.Period) func(*ent.ProductCreate) {
	return func(c *ent.ProductCreate) { c.SetGrantDuration(p) }
}

func (b *bundle) price(t testing.TB, product pay.ProductID, amount pay.Money, interval *pay.Period) pay.PriceID {
	t.Helper()
	var id pay.PriceID
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewPriceID(tx.Now)
		return tx.Price.Create().SetID(id).SetMerchantID(b.merchant).SetProductID(product).SetAmountMinor(amount.Amount).
			SetCurrency(amount.Currency).SetNillableInterval(interval).SetCreatedAt(tx.Now).Exec(ctx)
	})
	return id
}

// monthly is a product that is sold by the month.
func (b *bundle) monthly(t testing.TB, names ...string) pay.ProductID {
	t.Helper()
	id := b.product(t, pay.ProductSubscription, resources(names...))
	b.price(t, id, pay.Of(990_00, pay.RUB), &pay.Period{Months: 1})
	return id
}

// pass is a product that opens the news for thirty days.
func (b *bundle) pass(t testing.TB) pay.ProductID {
	t.Helper()
	return b.product(t, pay.ProductDirect, resources("news"), lasting(pay.Period{Days: 30}))
}

// order makes a paid bill of the buyer for a gift of product.
func (b *bundle) order(t testing.TB, product pay.ProductID, order billing.GiftOrder, set ...func(*ent.BillCreate)) pay.BillID {
	t.Helper()
	giving := b.product(t, pay.ProductGift, func(p *ent.ProductCreate) { p.SetGiftOfID(product) })
	raw, err := json.Marshal(order)
	require.NoError(t, err)
	var id pay.BillID
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewBillID(tx.Now)
		create := tx.Bill.Create().SetID(id).SetMerchantID(b.merchant).SetProductID(giving).SetUserID(b.buyer).SetStatus(pay.BillPaid).
			SetCurrency(pay.RUB).SetTotalMinor(990_00).SetPaidMinor(990_00).SetVersion(1).SetGift(raw).
			SetExpiresAt(tx.Now.Add(time.Hour)).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		for _, f := range set {
			f(create)
		}
		return create.Exec(ctx)
	})
	return id
}

func nobodys(c *ent.BillCreate) { c.Mutation().ResetUser() }

// fulfil runs Fulfil as billing's job does.
func (b *bundle) fulfil(id pay.BillID) error {
	return b.store.InTx(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.Bill.Query().Where(bill.ID(id)).WithProduct().Only(ctx)
		if err != nil {
			return err
		}
		return b.Fulfil(ctx, tx, found, found.Edges.Product)
	})
}

// gift reads the gift of a bill, every column of it.
func (b *bundle) gift(t testing.TB, id pay.BillID) *ent.Gift {
	t.Helper()
	g, err := b.store.Read().Gift.Query().Where(gift.BillID(id)).Only(viewer.AsProgram(context.Background()))
	require.NoError(t, err)
	return g
}

// code is what the buyer reads.
func (b *bundle) code(t testing.TB, g *ent.Gift) string {
	t.Helper()
	text, err := b.CodeFor(b.as(*g.BuyerID), g)
	require.NoError(t, err)
	require.NotNil(t, text)
	return *text
}

// give buys a gift of product and returns it with its code.
func (b *bundle) give(t testing.TB, product pay.ProductID) (*ent.Gift, string) {
	t.Helper()
	id := b.order(t, product, billing.GiftOrder{RecipientEmail: "bob@mail.example"})
	require.NoError(t, b.fulfil(id))
	g := b.gift(t, id)
	return g, b.code(t, g)
}

// redeem redeems a code under a new key.
func (b *bundle) redeem(t testing.TB, user pay.UserID, code string) *gifts.Outcome {
	t.Helper()
	b.keys++
	out, err := b.Redeem(b.as(user), "key "+strconv.Itoa(b.keys), code)
	require.NoError(t, err)
	return out
}

// requireRefused wants one error and nothing given.
func requireRefused(t testing.TB, out *gifts.Outcome, code pay.Code, key string) {
	t.Helper()
	require.Len(t, out.Errors, 1)
	require.Equal(t, []string{string(code), key}, []string{string(out.Errors[0].Code), out.Errors[0].Key})
	require.Equal(t, &gifts.Outcome{Errors: out.Errors}, out)
}

// uses lists what a user may use, as "news 2026-03-02..2026-04-02".
func (b *bundle) uses(t testing.TB, user pay.UserID) []string {
	t.Helper()
	list, err := entitlements.NewReader(b.store).Of(b.as(user), user, nil, nil, nil)
	require.NoError(t, err)
	texts := make([]string, len(list))
	for at, e := range list {
		end := "for good"
		if e.ExpiresAt != nil {
			end = e.ExpiresAt.UTC().Format(time.DateOnly)
		}
		texts[at] = e.Resource + " " + e.GrantedAt.UTC().Format(time.DateOnly) + ".." + end
	}
	slices.Sort(texts)
	return texts
}

func (b *bundle) runDue(t testing.TB) {
	t.Helper()
	_, err := b.runner.RunDue(context.Background())
	require.NoError(t, err)
}

// post is where mails are queued. It keeps what was committed.
type post struct {
	mu     sync.Mutex
	mails  []notify.Mail
	refuse bool // every address is none
}

func (p *post) Queue(_ context.Context, tx *store.Tx, m notify.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse {
		return pay.Invalid("email.malformed", "This is not an e-mail address.", "email")
	}
	tx.AfterCommit(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.mails = append(p.mails, m)
	})
	return nil
}

// take returns what was mailed since it was last asked.
func (p *post) take() []notify.Mail {
	p.mu.Lock()
	defer p.mu.Unlock()
	mails := p.mails
	p.mails = nil
	return mails
}

// running adds time to subscriptions, as package subscriptions does, by a line in
// a list.
type running struct {
	mu    sync.Mutex
	added []string
	err   error
}

func (r *running) AddTime(ctx context.Context, tx *store.Tx, user pay.UserID, product pay.ProductID, give pay.Period, _ pay.BillID) (*ent.BillingSubscription, error) {
	if r.err != nil {
		return nil, r.err
	}
	live, err := tx.BillingSubscription.Query().
		Where(billingsubscription.UserID(user), billingsubscription.ProductID(product), billingsubscription.StatusEQ(pay.SubscriptionActive)).All(ctx)
	if err != nil || len(live) == 0 {
		return nil, err
	}
	tx.AfterCommit(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.added = append(r.added, give.String())
	})
	return live[0], nil
}

// subscribe has a user subscribe to a product.
func (b *bundle) subscribe(t testing.TB, user pay.UserID, product pay.ProductID) pay.SubscriptionID {
	t.Helper()
	price := b.price(t, product, pay.Of(990_00, pay.USD), &pay.Period{Months: 1})
	var id pay.SubscriptionID
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewSubscriptionID(tx.Now)
		return tx.BillingSubscription.Create().SetID(id).SetMerchantID(b.merchant).SetUserID(user).SetProductID(product).SetPriceID(price).
			SetStatus(pay.SubscriptionActive).SetTimeZone("UTC").SetInterval(pay.Period{Months: 1}).SetVersion(1).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
	})
	return id
}
