package billing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/ledgerentry"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/wallets"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payture"
	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// bundle is a whole payments backend without its API: the services on a database
// of their own, and Payture's sandbox over HTTP as the other side. Everything
// goes by one clock that stands still until the test moves it.
type bundle struct {
	*billing.Service

	t        *testing.T
	store    *store.Store
	clock    *storetest.Clock
	runner   *jobs.Runner
	sandbox  string // its URL
	merchant *ent.Merchant
	page     *ent.Product // grants pages *, 990.00 RUB
	resource *ent.Product // grants a resource for a month, 100.00 RUB and 5.00 USD
	other    *ent.Merchant
}

// The accounts of the merchant, all at the same sandbox.
const (
	oneStage   = "payture"
	secondOne  = "payture-second"
	twoStage   = "payture-two-stage"
	secondHeld = "payture-second-two-stage"
)

// setup lays a backend on the database at url. Wrap, when given, stands between
// the services and the adapters of the first and the two-stage account.
func setup(t *testing.T, url string, wrap ...func(providers.Provider) providers.Provider) *bundle {
	t.Helper()
	clock := &storetest.Clock{}
	b := &bundle{t: t, clock: clock, store: storetest.Open(t, url, clock)}
	b.startSandbox()
	b.seed()

	first, held := b.adapter(false), b.adapter(true)
	for _, w := range wrap {
		first, held = w(first), w(held)
	}
	b.Service, b.runner = b.process(
		providers.Account{Code: oneStage, Merchant: b.merchant.ID, TestMode: true, Provider: first},
		providers.Account{Code: secondOne, Merchant: b.merchant.ID, TestMode: true, Provider: b.adapter(false)},
		providers.Account{Code: twoStage, Merchant: b.merchant.ID, TestMode: true, Provider: held},
		providers.Account{Code: secondHeld, Merchant: b.merchant.ID, TestMode: true, Provider: b.adapter(true)},
	)
	return b
}

// process lays the services and their jobs on the bundle's database, as one more
// process that is configured with those accounts.
func (b *bundle) process(list ...providers.Account) (*billing.Service, *jobs.Runner) {
	b.t.Helper()
	accounts, err := providers.NewAccounts(list...)
	require.NoError(b.t, err)
	silent := slog.New(slog.DiscardHandler)
	tokens, err := auth.New(auth.Options{Store: b.store, Clock: b.clock, Logger: silent, GuestKeys: [][]byte{bytes.Repeat([]byte("g"), 32)}})
	require.NoError(b.t, err)
	b.t.Cleanup(tokens.Close)
	runner := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Logger: silent})
	return billing.New(billing.Config{
		Store: b.store, Accounts: accounts, Catalogue: catalogue.New(b.store), Merchants: merchants.New(b.store),
		Ledger: wallets.New(b.store), Tokens: tokens, Feed: events.NewFeed(b.store, events.NewHub(), b.clock, silent),
		Runner: runner, Fulfillers: map[pay.ProductKind]billing.Fulfiller{pay.ProductDirect: entitlements.New()},
		CheckReturn: auth.ReturnURL, ReturnKey: bytes.Repeat([]byte("r"), 32), PublicURL: "http://127.0.0.1:8080", Logger: silent,
	}), runner
}

func (b *bundle) startSandbox() {
	server, err := sandbox.New(sandbox.Options{Clock: b.clock, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b.t, err)
	require.NoError(b.t, server.Register(payturesandbox.New(payturesandbox.Options{})))
	web := httptest.NewServer(server.Handler())
	server.SetBaseURL(web.URL)
	b.sandbox = web.URL
	b.t.Cleanup(func() {
		web.Close()
		require.NoError(b.t, server.Close(context.WithoutCancel(b.t.Context())))
	})
}

func (b *bundle) adapter(twoStage bool) providers.Provider {
	p, err := payture.New(
		payture.Config{BaseURL: b.sandbox + "/payture", Key: "Merchant", Password: "123", TwoStage: twoStage, TestMode: true},
		providers.Deps{HTTP: &http.Client{}, Clock: b.clock},
	)
	require.NoError(b.t, err)
	return p
}

func (b *bundle) seed() {
	ctx := viewer.AsProgram(b.t.Context())
	shops := merchants.New(b.store)
	var err error
	b.merchant, err = shops.Create(ctx, merchants.NewMerchant{Code: "shop", Name: "Shop", TestMode: true, DefaultProvider: oneStage})
	require.NoError(b.t, err)
	b.other, err = shops.Create(ctx, merchants.NewMerchant{Code: "other", Name: "Other", TestMode: true})
	require.NoError(b.t, err)
	_, err = shops.AddOrigin(ctx, b.merchant.ID, "https://shop.example", auth.NormalOrigin)
	require.NoError(b.t, err)
	b.page = b.product(catalogue.Upsert{
		Code: "page", Kind: pay.ProductDirect, Title: "One page", Active: true,
		Prices: []catalogue.NewPrice{{Amount: pay.Of(99000, pay.RUB)}},
		Grants: catalogue.Grants{Pages: new("*")},
	})
	b.resource = b.product(catalogue.Upsert{
		Code: "archive", Kind: pay.ProductDirect, Title: "The archive", Active: true,
		Prices: []catalogue.NewPrice{{Amount: pay.Of(10000, pay.RUB)}, {Amount: pay.Of(500, pay.USD)}},
		Grants: catalogue.Grants{Resources: []string{"archive"}, Duration: &pay.Period{Months: 1}},
	})
}

func (b *bundle) product(in catalogue.Upsert) *ent.Product {
	b.t.Helper()
	in.Key = uuid.NewString()
	p, _, err := catalogue.New(b.store).Upsert(b.server(), viewer.From(b.server()), in)
	require.NoError(b.t, err)
	return p
}

// as returns a context in which the role asks for the merchant.
func (b *bundle) as(v viewer.Viewer) context.Context {
	if v.Merchant.IsZero() {
		v.Merchant = b.merchant.ID
	}
	return viewer.With(b.t.Context(), v)
}

// program returns the context in which the program itself asks.
func (b *bundle) program() context.Context { return viewer.AsProgram(b.t.Context()) }

func (b *bundle) public() context.Context {
	return b.as(viewer.Viewer{Role: pay.RolePublic, Principal: "key/public"})
}

func (b *bundle) server() context.Context {
	return b.as(viewer.Viewer{Role: pay.RoleServer, Principal: "key/secret"})
}

func (b *bundle) guest(id pay.BillID) context.Context {
	return b.as(viewer.Viewer{Role: pay.RoleGuest, Bill: id, Principal: "bill/" + id.String()})
}

// user makes a payer and returns the context in which they ask.
func (b *bundle) user(externalID string) (context.Context, *ent.User) {
	b.t.Helper()
	var u *ent.User
	err := b.store.InTx(b.t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		u, err = tx.User.Create().SetID(pay.NewUserID(tx.Now)).SetMerchantID(b.merchant.ID).SetExternalID(externalID).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		return err
	})
	require.NoError(b.t, err)
	return b.as(viewer.Viewer{Role: pay.RoleUser, User: u.ID, Principal: "user/" + u.ID.String()}), u.Unwrap()
}

// buyPage is a guest's wish for one page.
func (b *bundle) buyPage() billing.NewBill {
	return billing.NewBill{
		Key: uuid.NewString(), Product: new(b.page.ID.String()), PageID: new("news/42"), Start: true,
		ReturnURL: new("https://shop.example/thanks"),
	}
}

// created makes a bill that must come out without errors.
func (b *bundle) created(ctx context.Context, in billing.NewBill) *ent.Bill {
	b.t.Helper()
	outcome, err := b.Create(ctx, in)
	require.NoError(b.t, err)
	require.Empty(b.t, outcome.Errors)
	return b.bill(outcome.Bill)
}

// bill reads a bill with everything, as the program.
func (b *bundle) bill(id pay.BillID) *ent.Bill {
	b.t.Helper()
	want := billing.Want{Lines: true, Attempts: true, Reviews: true, Entitlements: true, Events: true}
	found, err := b.Bill(viewer.AsProgram(b.t.Context()), id.String(), want)
	require.NoError(b.t, err)
	require.NotNil(b.t, found)
	return found
}

// current is the bill's one current attempt.
func (b *bundle) current(bill *ent.Bill) *ent.Attempt {
	b.t.Helper()
	for _, a := range bill.Edges.Attempts {
		if a.Current {
			return a
		}
	}
	require.Fail(b.t, "the bill has no current attempt")
	return nil
}

// later moves the clock on and runs what is due then.
func (b *bundle) later(d time.Duration) {
	b.t.Helper()
	b.clock.Advance(d)
	_, err := b.runner.RunDue(b.t.Context())
	require.NoError(b.t, err)
}

// paysOn plays the payer on the attempt's page and returns the vendor's word.
func (b *bundle) paysOn(a *ent.Attempt, outcome string) string {
	b.t.Helper()
	require.NotNil(b.t, a.RedirectURL)
	answer := b.control(http.MethodPost, "/_control/pay", map[string]any{"url": *a.RedirectURL, "outcome": outcome})
	state, _ := answer["state"].(string)
	return state
}

// fault has the sandbox misbehave.
func (b *bundle) fault(op, fault string, count int) {
	b.t.Helper()
	b.control(http.MethodPost, "/_control/faults", map[string]any{"provider": "payture", "op": op, "fault": fault, "rate": 1, "count": count})
}

func (b *bundle) healthy() {
	b.t.Helper()
	b.control(http.MethodDelete, "/_control/faults", nil)
}

func (b *bundle) control(method, path string, body any) map[string]any {
	b.t.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(b.t, err)
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.sandbox+path, bytes.NewReader(encoded))
	require.NoError(b.t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	require.Less(b.t, response.StatusCode, 300, "%s", answer)
	decoded := map[string]any{}
	if strings.HasPrefix(string(answer), "{") {
		require.NoError(b.t, json.Unmarshal(answer, &decoded))
	}
	return decoded
}

// notified plays Payture's notification about an attempt, true or forged.
func (b *bundle) notified(a *ent.Attempt) {
	b.t.Helper()
	reply, err := b.Notify(b.t.Context(), "payture", a.Account, paidNotice(a.OrderNumber))
	require.NoError(b.t, err)
	require.Equal(b.t, http.StatusOK, reply.Status)
}

// paidNotice is what Payture sends when an order was paid.
func paidNotice(order string) providers.Notification {
	body := "Notification=EnginePaySuccess&Success=True&ErrCode=NONE&OrderId=" + order + "&Amount=1&MerchantContract=Merchant"
	return providers.Notification{Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(body)}
}

// booked sums the ledger by kind of account: what each gained.
func (b *bundle) booked() map[pay.AccountKind]int64 {
	b.t.Helper()
	entries, err := b.store.Read().LedgerEntry.Query().WithAccount().Order(ent.Asc(ledgerentry.FieldID)).All(viewer.AsProgram(b.t.Context()))
	require.NoError(b.t, err)
	sums := map[pay.AccountKind]int64{}
	for _, entry := range entries {
		sums[entry.Edges.Account.Kind] += entry.AmountMinor
	}
	return sums
}

// history writes a bill's versions as "PENDING bill.created".
func history(bill *ent.Bill) []string {
	lines := make([]string, len(bill.Edges.Events))
	for at, e := range bill.Edges.Events {
		lines[at] = string(e.To) + " " + e.Reason
	}
	return lines
}

// codes are the codes of an outcome's errors.
func codes(o *billing.Outcome) []pay.Code {
	list := []pay.Code{}
	for _, e := range o.Errors {
		list = append(list, e.Code)
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

// create makes a bill as whom the function says.
func create(t *testing.T, b *bundle, in billing.NewBill, as func() context.Context) *billing.Outcome {
	t.Helper()
	outcome, err := b.Create(as(), in)
	require.NoError(t, err)
	return outcome
}
