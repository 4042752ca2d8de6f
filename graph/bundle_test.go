package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/gifts"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/subscriptions"
	"github.com/paygraph/paygraph/internal/users"
	"github.com/paygraph/paygraph/internal/vault"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/wallets"
	"github.com/paygraph/paygraph/providers"
)

// bundle is the API over real services on a database of its own, with a provider
// that answers as it is told. The clock stands still until the test moves it.
type bundle struct {
	t        *testing.T
	clock    *storetest.Clock
	store    *store.Store
	exec     *executor.Executor
	hub      *events.Hub
	feed     *events.Feed
	objects  *events.Feed
	vault    *vault.Vault
	follows  sync.Once
	runner   *jobs.Runner
	provider *scripted
	log      *bytes.Buffer // what the presenter logged

	statements atomic.Int64 // sent to the database
	between    atomic.Pointer[interruption]

	shop  *ent.Merchant
	other *ent.Merchant
	page  *ent.Product // grants pages *, 990.00 RUB
	month *ent.Product // a subscription, 199.00 RUB a month
	alice *ent.User
	bob   *ent.User
}

func setup(t *testing.T, url string) *bundle {
	t.Helper()
	b := &bundle{t: t, clock: &storetest.Clock{}, provider: newScripted(), log: &bytes.Buffer{}, hub: events.NewHub()}
	var err error
	b.store, err = store.Open(t.Context(), url, b.clock, store.WithQueryLog(b.told))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.store.Close()) })
	silent := slog.New(slog.DiscardHandler)

	shops, products, payers := merchants.New(b.store), catalogue.New(b.store), users.New(b.store)
	b.seed(shops, products, payers)
	accounts, err := providers.NewAccounts(
		providers.Account{Code: "test", Title: "Test", Merchant: b.shop.ID, TestMode: true, Provider: b.provider},
		providers.Account{Code: "held", Title: "Held", Merchant: b.shop.ID, TestMode: true, Provider: b.provider},
		providers.Account{Code: "theirs", Title: "Theirs", Merchant: b.other.ID, TestMode: true, Provider: b.provider},
	)
	require.NoError(t, err)
	tokens, err := auth.New(auth.Options{Store: b.store, Clock: b.clock, Logger: silent, GuestKeys: [][]byte{bytes.Repeat([]byte("g"), 32)}})
	require.NoError(t, err)
	t.Cleanup(tokens.Close)
	b.feed = events.NewFeed(b.store, b.hub, b.clock, silent)
	b.objects = events.NewObjectFeed(b.store, b.hub, b.clock, silent)
	b.runner = jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Logger: silent})
	ledger := wallets.New(b.store)
	b.vault, err = vault.New(vault.Keys{Current: bytes.Repeat([]byte("v"), 32), Hash: bytes.Repeat([]byte("h"), 32)})
	require.NoError(t, err)
	saved := cards.New(cards.Config{
		Store: b.store, Accounts: accounts, Merchants: shops, Wallets: ledger, Vault: b.vault, Tokens: tokens, Feed: b.objects, Runner: b.runner,
		CheckReturn: auth.ReturnURL, ReturnKey: bytes.Repeat([]byte("r"), 32), PublicURL: "http://127.0.0.1:8080", Logger: silent,
	})
	bills := billing.New(billing.Config{
		Store: b.store, Accounts: accounts, Catalogue: products, Merchants: shops, Ledger: ledger, Cards: savedCards{saved}, Tokens: tokens,
		Feed: b.feed, Runner: b.runner, Fulfillers: map[pay.ProductKind]billing.Fulfiller{pay.ProductDirect: entitlements.New()},
		Returners: map[pay.ProductKind]billing.Returner{pay.ProductDirect: entitlements.New()}, RefundRules: refundRules,
		CheckReturn: auth.ReturnURL, ReturnKey: bytes.Repeat([]byte("r"), 32), PublicURL: "http://127.0.0.1:8080", Logger: silent,
	})
	renewals := subscriptions.New(subscriptions.Config{
		Store: b.store, Runner: b.runner, Bills: bills, Cards: saved, Merchants: shops, Feed: b.objects, Logger: silent,
	})
	b.exec = executor.New(graph.NewSchema(graph.Services{
		Billing: bills, Catalogue: products, Users: payers, Wallets: ledger, Merchants: shops,
		Cards: saved, Subscriptions: renewals, Gifts: gifts.New(gifts.Config{
			Store: b.store, Runner: b.runner, Vault: b.vault, Mailer: unsent{}, Subscriptions: renewals, Entitlements: entitlements.New(), Wallets: ledger,
		}),
		Entitlements: entitlements.NewReader(b.store), Hub: b.hub, Feed: b.feed, Objects: b.objects, Clock: b.clock, Logger: silent,
	}))
	b.exec.SetErrorPresenter(graph.Presenter(slog.New(slog.NewTextHandler(b.log, nil)), store.IsAway))
	return b
}

func (b *bundle) seed(shops *merchants.Service, products *catalogue.Service, payers *users.Service) {
	ctx := viewer.AsProgram(b.t.Context())
	var err error
	b.shop, err = shops.Create(ctx, merchants.NewMerchant{Code: "shop", Name: "Shop", TestMode: true, DefaultProvider: "test"})
	require.NoError(b.t, err)
	b.other, err = shops.Create(ctx, merchants.NewMerchant{Code: "other", Name: "Other", TestMode: true})
	require.NoError(b.t, err)
	b.page, _, err = products.Upsert(b.as(pay.RoleServer), viewer.From(b.as(pay.RoleServer)), catalogue.Upsert{
		Key: uuid.NewString(), Code: "page", Kind: pay.ProductDirect, Title: "One page", Active: true,
		Prices: []catalogue.NewPrice{{Amount: pay.Of(99000, pay.RUB)}}, Grants: catalogue.Grants{Pages: new("*")},
	})
	require.NoError(b.t, err)
	b.month, _, err = products.Upsert(b.as(pay.RoleServer), viewer.From(b.as(pay.RoleServer)), catalogue.Upsert{
		Key: uuid.NewString(), Code: "month", Kind: pay.ProductSubscription, Title: "By the month", Active: true,
		Prices: []catalogue.NewPrice{{Amount: pay.Of(19900, pay.RUB), Interval: &pay.Period{Months: 1}}}, Grants: catalogue.Grants{Resources: []string{"archive"}},
	})
	require.NoError(b.t, err)
	user := func(name string) *ent.User {
		u, _, err := payers.Upsert(b.as(pay.RoleServer), viewer.From(b.as(pay.RoleServer)), users.Upsert{Key: uuid.NewString(), ExternalID: name})
		require.NoError(b.t, err)
		return u
	}
	b.alice, b.bob = user("alice"), user("bob")
}

// follow has the feed followed from now on, as a server does: on Postgres a
// change may have to wait for a transaction of somebody else's.
func (b *bundle) follow() {
	b.follows.Do(func() {
		ctx, stop := context.WithCancel(b.t.Context())
		ended := make(chan error, 2)
		go func() { ended <- b.feed.Follow(ctx) }()
		go func() { ended <- b.objects.Follow(ctx) }()
		b.t.Cleanup(func() {
			stop()
			require.NoError(b.t, errors.Join(<-ended, <-ended))
		})
	})
}

// as returns a context in which a caller of the shop asks. A USER is alice, a
// GUEST has the token of a bill that is gone.
func (b *bundle) as(role pay.Role) context.Context {
	v := viewer.Viewer{Role: role, Merchant: b.shop.ID, Principal: "caller/" + string(role)}
	switch role {
	case pay.RoleUser:
		v.User = b.alice.ID
	case pay.RoleGuest:
		v.Bill = pay.NewBillID(b.clock.Now())
	case pay.RolePublic, pay.RoleServer, pay.RoleSupport, pay.RoleFinance, pay.RoleAdmin:
	}
	return b.by(v)
}

func (b *bundle) by(v viewer.Viewer) context.Context { return viewer.With(b.t.Context(), v) }

// guest returns a context in which the holder of a bill's token asks.
func (b *bundle) guest(bill string) context.Context {
	id, err := pay.ParseBillID(bill)
	require.NoError(b.t, err)
	return b.by(viewer.Viewer{Role: pay.RoleGuest, Merchant: b.shop.ID, Bill: id, Principal: "bill/" + bill})
}

type vars map[string]any

// result is an answer as a client reads it.
type result struct {
	Data   map[string]any
	Errors gqlerror.List
}

// start begins an operation, with its variables as JSON has them.
func (b *bundle) start(ctx context.Context, query string, v vars) (graphql.ResponseHandler, context.Context) {
	b.t.Helper()
	encoded, err := json.Marshal(v)
	require.NoError(b.t, err)
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	params := &graphql.RawParams{Query: query}
	require.NoError(b.t, decoder.Decode(&params.Variables))
	ctx = graphql.StartOperationTrace(ctx)
	operation, errs := b.exec.CreateOperationContext(ctx, params)
	require.Empty(b.t, errs)
	return b.exec.DispatchOperation(ctx, operation)
}

func (b *bundle) try(ctx context.Context, query string, v vars) result {
	b.t.Helper()
	respond, ctx := b.start(ctx, query, v)
	return b.decoded(respond(ctx))
}

func (b *bundle) decoded(response *graphql.Response) result {
	b.t.Helper()
	require.NotNil(b.t, response)
	r := result{Errors: response.Errors}
	require.NoError(b.t, json.Unmarshal(response.Data, &r.Data), "%s", response.Data)
	return r
}

// do runs an operation that must have no top-level errors, and returns its data.
func (b *bundle) do(ctx context.Context, query string, v vars) map[string]any {
	b.t.Helper()
	r := b.try(ctx, query, v)
	require.Empty(b.t, r.Errors)
	return r.Data
}

// get goes down a path of keys and list indexes.
func get(t *testing.T, data any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, ok := data.(map[string]any)
			require.True(t, ok, "%v has no %q", data, step)
			data = object[step]
		case int:
			list, ok := data.([]any)
			require.True(t, ok && step < len(list), "%v has no item %d", data, step)
			data = list[step]
		}
	}
	return data
}

func text(t *testing.T, data any, path ...any) string {
	t.Helper()
	s, ok := get(t, data, path...).(string)
	require.True(t, ok, "%v is no text", get(t, data, path...))
	return s
}

const createDocument = `mutation Create($input: BillCreateInput!) { billCreate(input: $input) {
	bill { id status version } accessToken replayed errors { __typename code key path retry } } }`

// bill makes a bill and returns its id. The input is completed with a key, and
// with the page when nothing says what is bought.
func (b *bundle) bill(ctx context.Context, input vars) string {
	b.t.Helper()
	data := b.do(ctx, createDocument, vars{"input": b.input(input)})
	require.Empty(b.t, get(b.t, data, "billCreate", "errors"))
	return text(b.t, data, "billCreate", "bill", "id")
}

func (b *bundle) input(more vars) vars {
	input := vars{"idempotencyKey": uuid.NewString()}
	if _, hasLines := more["lines"]; !hasLines {
		input["product"], input["pageId"] = b.page.ID.String(), "news/42"
	}
	for name, value := range more {
		input[name] = value
	}
	return input
}

// lines are the input of a bill over an amount of the merchant's own.
func lines(amount int64) []vars {
	return []vars{{"title": "Work", "quantity": 1, "unit": vars{"amount": amount, "currency": "RUB"}}}
}

// paid has the provider say that the bill's current attempt is paid, and has the
// server ask.
func (b *bundle) paid(bill string) {
	b.t.Helper()
	b.provider.captureAll()
	b.clock.Advance(3 * time.Second) // one question in two seconds
	data := b.do(b.as(pay.RoleServer), `mutation($id: ID!) { billRefresh(bill: $id) { errors { code } bill { status } } }`, vars{"id": bill})
	require.Equal(b.t, "PAID", text(b.t, data, "billRefresh", "bill", "status"))
}

// fulfilled runs the jobs that are due.
func (b *bundle) fulfilled() {
	b.t.Helper()
	_, err := b.runner.RunDue(b.t.Context())
	require.NoError(b.t, err)
}

// refundRules are the shop's: SUPPORT gives back 100.00, and above 500.00 a second
// person approves.
func refundRules(pay.MerchantID) billing.RefundRules {
	return billing.RefundRules{
		SupportLimit: map[pay.Currency]int64{pay.RUB: 10000}, ApprovalAbove: map[pay.Currency]int64{pay.RUB: 50000},
	}
}

// scripted is a provider that answers at once, and as it was told.
type scripted struct {
	mu      sync.Mutex
	started map[string]pay.Money        // by order number
	says    map[string]providers.Result // what Sync answers
	refuses *providers.Result           // what Start answers, if set
	refunds bool                        // it can give money back
	away    bool                        // and cannot be reached to do it
}

func newScripted() *scripted {
	return &scripted{started: map[string]pay.Money{}, says: map[string]providers.Result{}}
}

func (s *scripted) Name() providers.Name { return "scripted" }

func (s *scripted) Capabilities() providers.Capabilities {
	ops := []providers.Op{providers.OpStart, providers.OpSync}
	if s.refunds {
		ops = append(ops, providers.OpRefund)
	}
	return providers.Capabilities{
		Ops: ops, PartialRefund: s.refunds, TellsRefunds: true,
		Currencies: []pay.Currency{pay.RUB}, SessionLife: time.Hour, SyncByOurNumber: true,
	}
}

func (s *scripted) Start(_ context.Context, r providers.StartRequest) (providers.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuses != nil {
		return *s.refuses, nil
	}
	s.started[r.OrderNumber] = r.Amount
	return providers.Result{
		Status: providers.ActionRequired, ProviderRef: "ref-" + r.OrderNumber,
		Redirect: &providers.Redirect{
			URL: "https://pay.example/" + r.OrderNumber, Method: "POST",
			Fields: map[string]string{"b": "2", "a": "1"}, Expires: storetest.Epoch().Add(24 * time.Hour),
		},
	}, nil
}

func (s *scripted) Sync(_ context.Context, ref providers.Ref) (providers.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if result, known := s.says[ref.OrderNumber]; known {
		return result, nil
	}
	return providers.Result{Status: providers.ActionRequired}, nil
}

// Refund gives back what it is asked to.
func (s *scripted) Refund(_ context.Context, r providers.RefundRequest) (providers.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return providers.Result{}, &providers.Error{Provider: s.Name(), Op: providers.OpRefund, Kind: providers.Unavailable}
	}
	said := s.says[r.Ref.OrderNumber]
	said.Captured.Amount -= r.Amount.Amount
	if said.Captured.IsZero() {
		said.Status = providers.Refunded
	}
	s.says[r.Ref.OrderNumber] = said
	return said, nil
}

// captureAll has every order that was started be paid.
func (s *scripted) captureAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for order, amount := range s.started {
		s.says[order] = providers.Result{Status: providers.Captured, Captured: amount, Card: &providers.Card{Brand: "mir", Mask: "220000xxxxxx0004"}}
	}
}

// fact runs f on an API of its own on SQLite and on Postgres.
func fact(t *testing.T, name string, f func(t *testing.T, b *bundle)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) { f(t, setup(t, url)) })
	})
}
