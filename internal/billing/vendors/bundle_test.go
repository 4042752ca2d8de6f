// Package vendors_test runs whole payments: the core and each vendor's adapter on one
// side, the vendor's sandbox on the other, which were written apart from the same
// specification, over real HTTP in both directions. It owns no code of the program,
// only the proof that these fit together; what one of them does alone is tested
// beside it.
//
// Start with bundle, then one vendor's file.
package vendors_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/ledgerentry"
	"github.com/paygraph/paygraph/ent/providerevent"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/entitlements"
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
	"github.com/paygraph/paygraph/providers/bisys/bisyssandbox"
	"github.com/paygraph/paygraph/providers/ktpay/ktpaysandbox"
	"github.com/paygraph/paygraph/providers/payelata/payelatasandbox"
	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The vendors' speed: how many times faster than the clock they wait.
const speed = 1000

// bundle is a payments backend without its API, on a database of its own, with the
// vendors over HTTP and the web's edge for their notifications. Everything goes by one
// clock that stands still until the test moves it.
type bundle struct {
	*billing.Service

	t        *testing.T
	store    *store.Store
	clock    *storetest.Clock
	runner   *jobs.Runner
	cards    *cards.Service
	sandbox  *sandbox.Server
	vendors  string // the sandbox's URL
	edge     *edge
	wire     *wire
	ktpay    *ktpaysandbox.Vendor
	bisys    *bisyssandbox.Vendor
	merchant *ent.Merchant
	other    *ent.Merchant // of the same shop at Bisys
}

// setup lays a backend on the database at url.
func setup(t *testing.T, url string, elata payelatasandbox.Options) *bundle {
	t.Helper()
	clock := &storetest.Clock{}
	b := &bundle{t: t, clock: clock, store: storetest.Open(t, url, clock), ktpay: ktpaysandbox.New(ktpaysandbox.Options{}), bisys: bisyssandbox.New(bisyssandbox.Options{})}
	b.edge = newEdge(t)
	b.startSandbox(elata)
	b.wire = newWire(t)
	b.seed()
	b.startServices()
	b.edge.serves(b.Service, b.store, clock)
	b.bisysNotifies(bisysAccount)
	return b
}

func (b *bundle) startSandbox(elata payelatasandbox.Options) {
	server, err := sandbox.New(sandbox.Options{Clock: b.clock, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b.t, err)
	for _, v := range []sandbox.Vendor{b.ktpay, b.bisys, payelatasandbox.New(elata), payturesandbox.New(payturesandbox.Options{})} {
		require.NoError(b.t, server.Register(v))
	}
	served := httptest.NewServer(server.Handler())
	server.SetBaseURL(served.URL)
	b.sandbox, b.vendors = server, served.URL
	b.t.Cleanup(func() {
		served.Close()
		require.NoError(b.t, server.Close(context.WithoutCancel(b.t.Context())))
	})
	b.control("clock", map[string]any{"speed": speed})
}

func (b *bundle) seed() {
	shops := merchants.New(b.store)
	var err error
	b.merchant, err = shops.Create(b.program(), merchants.NewMerchant{Code: "shop", Name: "Shop", TestMode: true})
	require.NoError(b.t, err)
	b.other, err = shops.Create(b.program(), merchants.NewMerchant{Code: "other", Name: "Other", TestMode: true})
	require.NoError(b.t, err)
	_, err = shops.AddOrigin(b.program(), b.merchant.ID, "https://shop.example", auth.NormalOrigin)
	require.NoError(b.t, err)
}

func (b *bundle) startServices() {
	silent := slog.New(slog.DiscardHandler)
	accounts, err := providers.NewAccounts(b.accounts()...)
	require.NoError(b.t, err)
	tokens, err := auth.New(auth.Options{Store: b.store, Clock: b.clock, Logger: silent, GuestKeys: [][]byte{bytes.Repeat([]byte("g"), 32)}})
	require.NoError(b.t, err)
	b.t.Cleanup(tokens.Close)
	sealed, err := vault.New(vault.Keys{Current: bytes.Repeat([]byte("v"), 32), Hash: bytes.Repeat([]byte("h"), 32)})
	require.NoError(b.t, err)
	shops, ledger, hub := merchants.New(b.store), wallets.New(b.store), events.NewHub()
	b.runner = jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Logger: silent})
	b.cards = cards.New(cards.Config{
		Store: b.store, Accounts: accounts, Merchants: shops, Wallets: ledger, Vault: sealed, Tokens: tokens,
		Feed: events.NewObjectFeed(b.store, hub, b.clock, silent), Runner: b.runner,
		CheckReturn: auth.ReturnURL, ReturnKey: returnKey(), PublicURL: b.edge.url, Logger: silent,
	})
	b.Service = billing.New(billing.Config{
		Store: b.store, Accounts: accounts, Catalogue: catalogue.New(b.store), Merchants: shops, Ledger: ledger, Cards: savedCards{b.cards},
		Tokens: tokens, Feed: events.NewFeed(b.store, hub, b.clock, silent), Runner: b.runner,
		Fulfillers:  map[pay.ProductKind]billing.Fulfiller{pay.ProductDirect: entitlements.New()},
		CheckReturn: auth.ReturnURL, ReturnKey: returnKey(), PublicURL: b.edge.url, Logger: silent,
	})
}

func returnKey() []byte { return bytes.Repeat([]byte("r"), 32) }

// savedCards is package cards as billing wants it.
type savedCards struct{ *cards.Service }

func (c savedCards) Chargeable(ctx context.Context, merchant pay.MerchantID, user pay.UserID, id pay.CardID) (billing.ChargeableCard, error) {
	account, ref, customer, card, err := c.Service.Chargeable(ctx, merchant, user, id)
	if err != nil {
		return billing.ChargeableCard{}, err
	}
	return billing.ChargeableCard{ID: card.ID, Account: account, Ref: ref, Customer: customer}, nil
}

func (b *bundle) program() context.Context { return viewer.AsProgram(b.t.Context()) }

func (b *bundle) as(role pay.Role, principal string) context.Context {
	return viewer.With(b.t.Context(), viewer.Viewer{Role: role, Merchant: b.merchant.ID, Principal: principal})
}

func (b *bundle) server() context.Context { return b.as(pay.RoleServer, "key/secret") }

// user makes a payer with a phone, by which one vendor names its customers.
func (b *bundle) user(name, phone string) *ent.User {
	b.t.Helper()
	var u *ent.User
	err := b.store.InTx(b.t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		create := tx.User.Create().SetID(pay.NewUserID(tx.Now)).SetMerchantID(b.merchant.ID).SetExternalID(name).
			SetEmail(name + "@shop.example").SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		if phone != "" {
			create.SetPhone(phone)
		}
		u, err = create.Save(ctx)
		return err
	})
	require.NoError(b.t, err)
	return u.Unwrap()
}

func (b *bundle) asUser(u *ent.User) context.Context {
	return viewer.With(b.t.Context(), viewer.Viewer{Role: pay.RoleUser, Merchant: b.merchant.ID, User: u.ID, Principal: "user/" + u.ID.String()})
}

// book is a wish for one book at a price, on a page of the account's.
func book(account string, price pay.Money) billing.NewBill {
	return billing.NewBill{
		Key: uuid.NewString(), Lines: []billing.NewLine{{Title: "A book", Quantity: 1, Unit: price}},
		Start: true, PayWith: &billing.PayWith{Provider: &account}, ReturnURL: new("https://shop.example/thanks"),
	}
}

// bills makes a bill that must come out without errors.
func (b *bundle) bills(in billing.NewBill) *ent.Bill {
	b.t.Helper()
	outcome := b.creates(in)
	require.Empty(b.t, outcome.Errors)
	return b.bill(outcome.Bill)
}

func (b *bundle) creates(in billing.NewBill) *billing.Outcome {
	b.t.Helper()
	outcome, err := b.Create(b.server(), in)
	require.NoError(b.t, err)
	return outcome
}

// bill reads a bill with everything.
func (b *bundle) bill(id pay.BillID) *ent.Bill {
	b.t.Helper()
	found, err := b.Bill(b.program(), id.String(), billing.Want{Lines: true, Attempts: true, Reviews: true, Events: true})
	require.NoError(b.t, err)
	require.NotNil(b.t, found)
	return found
}

// current is a bill's one current attempt.
func (b *bundle) current(bill *ent.Bill) *ent.Attempt {
	b.t.Helper()
	for _, a := range b.bill(bill.ID).Edges.Attempts {
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

// passes moves the clock on in steps, as a program that runs all the time sees it.
func (b *bundle) passes(d, step time.Duration) {
	b.t.Helper()
	for ; d > 0; d -= step {
		b.later(min(d, step))
	}
}

// visits plays the payer on the bill's page and returns the vendor's word for it.
func (b *bundle) visits(bill *ent.Bill, card, outcome string) string {
	b.t.Helper()
	a := b.current(bill)
	require.NotNil(b.t, a.RedirectURL)
	return b.visitsPage(*a.RedirectURL, card, outcome)
}

func (b *bundle) visitsPage(page, card, outcome string) string {
	b.t.Helper()
	state, _ := b.control("pay", map[string]any{"url": page, "card": card, "outcome": outcome})["state"].(string)
	return state
}

// bisysNotifies has Bisys' shop send its notifications to an account of ours, or to
// nobody.
func (b *bundle) bisysNotifies(account string) {
	b.t.Helper()
	address := ""
	if account != "" {
		address = b.edge.url + "/webhooks/bisys/" + account
	}
	require.NoError(b.t, b.sandbox.SetNotifyURL("bisys", "sandbox-shop", address))
}

func (b *bundle) control(path string, body map[string]any) map[string]any {
	b.t.Helper()
	return b.post("/_control/"+path, body)
}

// post drives the sandbox.
func (b *bundle) post(path string, body map[string]any) map[string]any {
	b.t.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(b.t, err)
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.vendors+path, bytes.NewReader(encoded))
	require.NoError(b.t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := outside().Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	require.Less(b.t, response.StatusCode, 300, "%s", answer)
	decoded := map[string]any{}
	if bytes.HasPrefix(answer, []byte("{")) {
		require.NoError(b.t, json.Unmarshal(answer, &decoded))
	}
	return decoded
}

// outside is a client that keeps no connections.
func outside() *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
}

// taken is the sandbox's own book of an order by its vendor's number: how often money
// was taken, what, and what was given back.
func (b *bundle) taken(order string) (captures int, captured, refunded int64) {
	b.t.Helper()
	for _, e := range b.sandbox.Book().After(0, 1000) {
		if e.OrderRef == order && e.Kind == sandbox.KindPayment {
			return e.Captures, e.CapturedMinor, e.RefundedMinor
		}
	}
	return 0, 0, 0
}

// captures counts how often any money was taken, the checks of cards left out.
func (b *bundle) captures() int {
	n := 0
	for _, e := range b.sandbox.Book().After(0, 1000) {
		if e.Kind == sandbox.KindPayment {
			n += e.Captures
		}
	}
	return n
}

func (b *bundle) reviews(reason pay.ReviewReason) []*ent.ReviewCase {
	b.t.Helper()
	list, err := b.store.Read().ReviewCase.Query().Where(reviewcase.ReasonEQ(reason)).All(b.program())
	require.NoError(b.t, err)
	return list
}

// rows counts what there is, and how often it changed, and says where each payment stands.
type rows struct {
	bills, versions, attempts, captured, entries, entitlements, refunds, cases, cards, outbox, events int

	standing []string
}

func (b *bundle) rows() rows {
	b.t.Helper()
	read, ctx := b.store.Read(), b.program()
	count := func(n int, err error) int {
		b.t.Helper()
		require.NoError(b.t, err)
		return n
	}
	bills, err := read.Bill.Query().WithAttempts().Order(ent.Asc(bill.FieldID)).All(ctx)
	require.NoError(b.t, err)
	r := rows{
		bills:        len(bills),
		attempts:     count(read.Attempt.Query().Count(ctx)),
		captured:     count(read.Attempt.Query().Where(attempt.StatusEQ(pay.AttemptCaptured)).Count(ctx)),
		entries:      count(read.LedgerEntry.Query().Count(ctx)),
		entitlements: count(read.Entitlement.Query().Count(ctx)),
		refunds:      count(read.Refund.Query().Count(ctx)),
		cases:        count(read.ReviewCase.Query().Count(ctx)),
		cards:        count(read.Card.Query().Count(ctx)),
		outbox:       count(read.OutboxMessage.Query().Count(ctx)),
		events:       count(read.ProviderEvent.Query().Count(ctx)),
	}
	for _, found := range bills {
		r.versions += found.Version
		r.standing = append(r.standing, fmt.Sprintf("%s %s, %d given back", found.ID, found.Status, found.RefundedMinor))
		for _, a := range found.Edges.Attempts {
			r.standing = append(r.standing, fmt.Sprintf("%s %s, %d held, %d taken", a.ID, a.Status, a.AuthorizedMinor, a.CapturedMinor))
		}
	}
	slices.Sort(r.standing)
	return r
}

// history writes a bill's versions as "PENDING bill.created".
func history(bill *ent.Bill) []string {
	lines := make([]string, len(bill.Edges.Events))
	for at, e := range bill.Edges.Events {
		lines[at] = string(e.To) + " " + e.Reason
	}
	return lines
}

func (b *bundle) attempt(id pay.AttemptID) *ent.Attempt {
	b.t.Helper()
	a, err := b.store.Read().Attempt.Get(b.program(), id)
	require.NoError(b.t, err)
	return a
}

// opensAgain opens a page for a bill that is there.
func (b *bundle) opensAgain(bill *ent.Bill, account string) {
	b.t.Helper()
	outcome, err := b.Pay(b.server(), billing.NewPayment{Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: &account}})
	require.NoError(b.t, err)
	require.Empty(b.t, outcome.Errors)
}

// page reads a vendor's page as a browser does.
func (b *bundle) page(address string) string {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	require.NoError(b.t, err)
	response, err := outside().Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	require.Equal(b.t, http.StatusOK, response.StatusCode)
	return string(text)
}

// reasons are why a bill's cases were opened.
func reasons(bill *ent.Bill) []pay.ReviewReason {
	var list []pay.ReviewReason
	for _, c := range bill.Edges.Reviews {
		list = append(list, c.Reason)
	}
	return list
}

// booked sums the ledger by kind of account: what each gained.
func (b *bundle) booked() map[pay.AccountKind]int64 {
	b.t.Helper()
	entries, err := b.store.Read().LedgerEntry.Query().WithAccount().Order(ent.Asc(ledgerentry.FieldID)).All(b.program())
	require.NoError(b.t, err)
	sums := map[pay.AccountKind]int64{}
	for _, entry := range entries {
		sums[entry.Edges.Account.Kind] += entry.AmountMinor
	}
	return sums
}

func (b *bundle) refund(bill *ent.Bill, amount *pay.Money) *ent.Refund {
	b.t.Helper()
	outcome := b.refunds(bill, amount)
	require.False(b.t, outcome.Refund.IsZero(), "%v", outcome.Errors)
	return b.refundOf(outcome.Refund)
}

func (b *bundle) refunds(bill *ent.Bill, amount *pay.Money) *billing.RefundOutcome {
	b.t.Helper()
	outcome, err := b.Refund(b.as(pay.RoleFinance, "person/finance"), billing.NewRefund{
		Key: uuid.NewString(), Bill: bill.ID.String(), Amount: amount, Reason: "not wanted",
	})
	require.NoError(b.t, err)
	return outcome
}

func (b *bundle) refundOf(id pay.RefundID) *ent.Refund {
	b.t.Helper()
	r, err := b.store.Read().Refund.Get(b.program(), id)
	require.NoError(b.t, err)
	return r
}

// fact runs f on a backend of its own on SQLite and on Postgres.
func fact(t *testing.T, name string, f func(t *testing.T, b *bundle)) {
	t.Helper()
	with{}.fact(t, name, f)
}

// with is how PayElata's sandbox is set up.
type with payelatasandbox.Options

func (w with) fact(t *testing.T, name string, f func(t *testing.T, b *bundle)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) { f(t, setup(t, url, payelatasandbox.Options(w))) })
	})
}

func (b *bundle) events() []*ent.ProviderEvent {
	b.t.Helper()
	list, err := b.store.Read().ProviderEvent.Query().Order(ent.Asc(providerevent.FieldID)).All(b.program())
	require.NoError(b.t, err)
	return list
}
