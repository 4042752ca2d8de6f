package cards_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/card"
	"github.com/paygraph/paygraph/ent/objectevent"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/vault"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/wallets"
	"github.com/paygraph/paygraph/providers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	mainAccount  = "fake-main"
	otherAccount = "fake-other"
	plainAccount = "plain" // saves no cards
)

// bundle is the service on a database of its own, with a vendor that keeps its
// cards in memory. Everything goes by one clock that stands still until the test
// moves it.
type bundle struct {
	*cards.Service

	t        *testing.T
	store    *store.Store
	clock    *storetest.Clock
	runner   *jobs.Runner
	tokens   *auth.Authenticator
	vendor   *vendor
	observed *observer
	merchant *ent.Merchant
	other    *ent.Merchant
	user     *ent.User

	oneShop bool // the other account is at the same shop of the vendor
}

func setup(t *testing.T, url string) *bundle {
	t.Helper()
	clock := &storetest.Clock{}
	b := &bundle{t: t, clock: clock, store: storetest.Open(t, url, clock), observed: &observer{}}
	b.vendor = &vendor{clock: clock, keeps: map[string][]providers.SavedCard{}}
	shops := merchants.New(b.store)
	var err error
	b.merchant, err = shops.Create(b.program(), merchants.NewMerchant{Code: "shop", Name: "Shop", TestMode: true, DefaultProvider: mainAccount})
	require.NoError(t, err)
	b.other, err = shops.Create(b.program(), merchants.NewMerchant{Code: "other", Name: "Other", TestMode: true})
	require.NoError(t, err)
	_, err = shops.AddOrigin(b.program(), b.merchant.ID, "https://shop.example", auth.NormalOrigin)
	require.NoError(t, err)
	b.user = b.addUser(b.merchant.ID, "alice")
	silent := slog.New(slog.DiscardHandler)
	b.tokens, err = auth.New(auth.Options{Store: b.store, Clock: clock, Logger: silent, GuestKeys: [][]byte{bytes.Repeat([]byte("g"), 32)}})
	require.NoError(t, err)
	t.Cleanup(b.tokens.Close)
	b.Service, b.runner = b.process()
	return b
}

// process lays the service and its jobs on the bundle's database, as one more
// process.
func (b *bundle) process() (*cards.Service, *jobs.Runner) {
	b.t.Helper()
	second := &vendor{clock: b.clock, title: "other", keeps: map[string][]providers.SavedCard{}}
	if b.oneShop {
		second = b.vendor
	}
	accounts, err := providers.NewAccounts(
		providers.Account{Code: plainAccount, Merchant: b.merchant.ID, Provider: plain{}},
		providers.Account{Code: otherAccount, Merchant: b.merchant.ID, Provider: second},
		providers.Account{Code: mainAccount, Merchant: b.merchant.ID, Provider: b.vendor},
	)
	require.NoError(b.t, err)
	sealed, err := vault.New(vault.Keys{Current: bytes.Repeat([]byte("v"), 32), Hash: bytes.Repeat([]byte("h"), 32)})
	require.NoError(b.t, err)
	silent := slog.New(slog.DiscardHandler)
	runner := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Logger: silent})
	return cards.New(cards.Config{
		Store: b.store, Accounts: accounts, Merchants: merchants.New(b.store), Wallets: wallets.New(b.store), Vault: sealed,
		Tokens: b.tokens, Feed: events.NewFeed(b.store, events.NewHub(), b.clock, silent), Runner: runner,
		Observers: []cards.CardObserver{b.observed}, CheckReturn: auth.ReturnURL, ReturnKey: bytes.Repeat([]byte("r"), 32),
		PublicURL: "http://127.0.0.1:8080/", Logger: silent,
	}), runner
}

func (b *bundle) addUser(merchant pay.MerchantID, externalID string) *ent.User {
	b.t.Helper()
	var u *ent.User
	err := b.store.InTx(b.t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		u, err = tx.User.Create().SetID(pay.NewUserID(tx.Now)).SetMerchantID(merchant).SetExternalID(externalID).
			SetEmail(externalID + "@shop.example").SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		return err
	})
	require.NoError(b.t, err)
	return u.Unwrap()
}

func (b *bundle) as(v viewer.Viewer) context.Context {
	if v.Merchant.IsZero() {
		v.Merchant = b.merchant.ID
	}
	return viewer.With(b.t.Context(), v)
}

func (b *bundle) program() context.Context { return viewer.AsProgram(b.t.Context()) }

func (b *bundle) server() context.Context {
	return b.as(viewer.Viewer{Role: pay.RoleServer, Principal: "key/secret"})
}

func (b *bundle) alice() context.Context { return b.asUser(b.user) }

func (b *bundle) asUser(u *ent.User) context.Context {
	return b.as(viewer.Viewer{Role: pay.RoleUser, Merchant: u.MerchantID, User: u.ID, Principal: "user/" + u.ID.String()})
}

func wish() cards.NewRegistration { return cards.NewRegistration{Key: uuid.NewString()} }

// start begins a registration that must have its page, as Alice.
func (b *bundle) start(in cards.NewRegistration) *ent.CardRegistration {
	b.t.Helper()
	outcome, err := b.Start(b.alice(), in)
	require.NoError(b.t, err)
	require.Empty(b.t, outcome.Errors)
	r := b.registration(outcome.Registration)
	require.Equal(b.t, pay.RegistrationActionRequired, r.Status)
	return r
}

// backTo is a wish whose page leads back to a place of its own, so that it does
// not share the page of another.
func backTo(place string) cards.NewRegistration {
	in := wish()
	in.ReturnURL = new("https://shop.example/" + place)
	return in
}

func (b *bundle) registration(id pay.CardRegistrationID) *ent.CardRegistration {
	b.t.Helper()
	r, err := b.Registration(b.program(), id.String())
	require.NoError(b.t, err)
	require.NotNil(b.t, r)
	return r
}

func (b *bundle) finish(r *ent.CardRegistration) *cards.Outcome {
	b.t.Helper()
	outcome, err := b.Finish(b.alice(), r.ID.String())
	require.NoError(b.t, err)
	require.Equal(b.t, r.ID, outcome.Registration)
	return outcome
}

// hint notifies of a customer and reports whether it is somebody's.
func (b *bundle) hint(account, customer string) bool {
	b.t.Helper()
	known, err := b.Hint(b.t.Context(), account, customer)
	require.NoError(b.t, err)
	return known
}

// saved are Alice's cards, newest first.
func (b *bundle) saved(status ...pay.CardStatus) []*ent.Card {
	b.t.Helper()
	of, err := b.CardsOf(b.alice(), status, b.user.ID)
	require.NoError(b.t, err)
	return of[b.user.ID]
}

// withCard has Alice register one card and returns it.
func (b *bundle) withCard(ref string) *ent.Card {
	b.t.Helper()
	r := b.start(backTo(ref))
	b.vendor.adds(b.user, visa(ref))
	require.Empty(b.t, b.finish(r).Errors)
	saved := b.registration(r.ID).Edges.Card
	require.NotNil(b.t, saved)
	return saved
}

func (b *bundle) cardByID(id pay.CardID) *ent.Card {
	b.t.Helper()
	c, err := b.store.Read().Card.Query().Where(card.ID(id)).Only(b.program())
	require.NoError(b.t, err)
	return c
}

// later moves the clock on and runs what is due then.
func (b *bundle) later(d time.Duration) {
	b.t.Helper()
	b.clock.Advance(d)
	_, err := b.runner.RunDue(b.t.Context())
	require.NoError(b.t, err)
}

// history writes a registration's versions as "PENDING card_registration.created".
func (b *bundle) history(id pay.CardRegistrationID) []string {
	b.t.Helper()
	rows, err := b.store.Read().ObjectEvent.Query().Where(objectevent.RegistrationID(id)).
		Order(ent.Asc(objectevent.FieldVersion)).All(b.program())
	require.NoError(b.t, err)
	lines := make([]string, len(rows))
	for at, row := range rows {
		require.Equal(b.t, at+1, row.Version)
		lines[at] = row.To + " " + row.Reason
	}
	return lines
}

func keys(errs []*pay.Error) []string {
	list := []string{}
	for _, e := range errs {
		list = append(list, e.Key)
	}
	return list
}

// fact runs f on a backend of its own on SQLite and on Postgres.
func fact(t *testing.T, name string, f func(t *testing.T, b *bundle)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) { f(t, setup(t, url)) })
	})
}

// observer notes what it is told.
type observer struct {
	mu    sync.Mutex
	lines []string
	err   error
}

func (o *observer) CardSaved(_ context.Context, _ *store.Tx, c *ent.Card) error {
	return o.note("saved " + c.ID.String())
}

func (o *observer) CardGone(_ context.Context, _ *store.Tx, c *ent.Card) error {
	return o.note(string(c.Status) + " " + c.ID.String())
}

func (o *observer) note(line string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return o.err
	}
	o.lines = append(o.lines, line)
	return nil
}

func (o *observer) told() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.lines)
}

// vendor keeps cards in memory, by customer, and fails when it is told to.
type vendor struct {
	clock pay.Clock
	title string

	mu          sync.Mutex
	keeps       map[string][]providers.SavedCard
	started     []providers.CardRequest
	lists       int
	forgot      []string
	activates   bool               // its cards wait for ActivateCard
	activated   []string           // "ref amount" of every call
	failures    map[string][]error // by "start", "list", "remove", "activate": taken from the front
	attempts    *int
	postsForm   bool
	duringStart func()
	duringList  func()
	byPhone     bool // it knows its customers by the phone: those of one phone are one
}

// keyOf is by what the vendor knows a customer.
func (v *vendor) keyOf(c providers.Customer) string {
	if v.byPhone {
		return c.Phone
	}
	return c.ID
}

func (v *vendor) Name() providers.Name {
	if v.title != "" {
		return providers.Name(v.title)
	}
	return "fake"
}

func (v *vendor) Capabilities() providers.Capabilities {
	return providers.Capabilities{Ops: []providers.Op{providers.OpSaveCard}, SessionLife: 30 * time.Minute}
}

func (v *vendor) Start(context.Context, providers.StartRequest) (providers.Result, error) {
	return providers.Result{}, errors.New("no payments here")
}

func (v *vendor) Sync(context.Context, providers.Ref) (providers.Result, error) {
	return providers.Result{}, errors.New("no payments here")
}

func (v *vendor) StartCard(_ context.Context, r providers.CardRequest) (providers.CardSession, error) {
	v.mu.Lock()
	v.started = append(v.started, r)
	during := v.duringStart
	v.duringStart = nil
	err := v.next("start")
	session := providers.CardSession{
		Redirect:     providers.Redirect{URL: "https://vendor.example/add/" + r.OrderNumber, Method: "GET", Expires: v.clock.Now().Add(20 * time.Minute)},
		AttemptsLeft: v.attempts,
	}
	if v.postsForm {
		session.Redirect.Method = "POST"
	}
	v.mu.Unlock()
	if during != nil {
		during()
	}
	if err != nil {
		return providers.CardSession{}, err
	}
	return session, nil
}

func (v *vendor) Cards(_ context.Context, c providers.Customer) ([]providers.SavedCard, error) {
	v.mu.Lock()
	v.lists++
	during := v.duringList
	v.duringList = nil
	err := v.next("list")
	list := slices.Clone(v.keeps[v.keyOf(c)])
	v.mu.Unlock()
	if during != nil {
		during()
	}
	return list, err
}

func (v *vendor) RemoveCard(_ context.Context, c providers.Customer, ref string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.next("remove"); err != nil {
		return err
	}
	v.forgot = append(v.forgot, ref)
	v.keeps[v.keyOf(c)] = slices.DeleteFunc(v.keeps[v.keyOf(c)], func(c providers.SavedCard) bool { return c.Ref == ref })
	return nil
}

func (v *vendor) ActivateCard(_ context.Context, c providers.Customer, ref string, amount pay.Money) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.activated = append(v.activated, fmt.Sprint(ref, " ", amount.Amount))
	if err := v.next("activate"); err != nil {
		return err
	}
	if !v.activates {
		return &providers.Error{Provider: "fake", Op: providers.OpSaveCard, Kind: providers.Rejected}
	}
	list := v.keeps[v.keyOf(c)]
	list[slices.IndexFunc(list, func(c providers.SavedCard) bool { return c.Ref == ref })].Active = true
	return nil
}

// CustomerName is what notifications call a customer.
func (v *vendor) CustomerName(c providers.Customer) string { return "customer-" + c.ID }

func (v *vendor) next(op string) error {
	if len(v.failures[op]) == 0 {
		return nil
	}
	err := v.failures[op][0]
	v.failures[op] = v.failures[op][1:]
	return err
}

// fails has the next calls of op end with errors of the kinds.
func (v *vendor) fails(op string, kinds ...providers.Kind) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.failures == nil {
		v.failures = map[string][]error{}
	}
	for _, kind := range kinds {
		v.failures[op] = append(v.failures[op], &providers.Error{Provider: "fake", Op: providers.OpSaveCard, Kind: kind, Code: "VENDOR_CODE"})
	}
}

// adds plays the payer who adds a card on the page: it is the first of the list.
func (v *vendor) adds(u *ent.User, c providers.SavedCard) {
	v.mu.Lock()
	defer v.mu.Unlock()
	key := v.keyOf(customerOf(u))
	v.keeps[key] = append([]providers.SavedCard{c}, v.keeps[key]...)
}

// customerOf is the user as a vendor is told of them.
func customerOf(u *ent.User) providers.Customer {
	who := providers.Customer{ID: u.ID.Suffix()}
	if u.Phone != nil {
		who.Phone = *u.Phone
	}
	return who
}

func (v *vendor) asked() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.lists
}

func (v *vendor) requests() []providers.CardRequest {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.started)
}

func visa(ref string) providers.SavedCard {
	return providers.SavedCard{
		Ref: ref, Card: providers.Card{Brand: "visa", Mask: "411111xxxxxx1112"}, Holder: "IVAN IVANOV",
		ExpMonth: 12, ExpYear: 2030, Active: true,
	}
}

// plain takes payments and saves no cards.
type plain struct{}

func (plain) Name() providers.Name                 { return "plain" }
func (plain) Capabilities() providers.Capabilities { return providers.Capabilities{} }
func (plain) Start(context.Context, providers.StartRequest) (providers.Result, error) {
	return providers.Result{}, errors.New("nothing here")
}

func (plain) Sync(context.Context, providers.Ref) (providers.Result, error) {
	return providers.Result{}, errors.New("nothing here")
}
