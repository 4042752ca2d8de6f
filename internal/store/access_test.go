package store_test

import (
	"context"
	"database/sql"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

// town is a database with two shops. The first has the users alice and bob, each
// with a bill and a wallet, and a guest's bill; the other has carol.
type town struct {
	store      *store.Store
	shop, mall pay.MerchantID
	alice      pay.UserID
	carol      pay.UserID
	aliceBill  pay.BillID
	guestBill  pay.BillID
	names      map[any]string // of rows, by id: whose they are

	registrations map[string]pay.CardRegistrationID // by whose they are
}

func newTown(t *testing.T, url string) *town {
	t.Helper()
	b := &town{store: storetest.Open(t, url, &storetest.Clock{}), names: map[any]string{}, registrations: map[string]pay.CardRegistrationID{}}
	require.NoError(t, b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		b.shop, b.mall = pay.NewMerchantID(tx.Now), pay.NewMerchantID(tx.Now)
		b.seedShop(ctx, t, tx, b.shop, "shop")
		b.seedShop(ctx, t, tx, b.mall, "mall")
		b.alice = b.seedUser(ctx, t, tx, b.shop, "alice")
		bob := b.seedUser(ctx, t, tx, b.shop, "bob")
		b.carol = b.seedUser(ctx, t, tx, b.mall, "carol")
		b.aliceBill = b.seedBill(ctx, t, tx, b.shop, &b.alice, "alice")
		bobs := b.seedBill(ctx, t, tx, b.shop, &bob, "bob")
		b.guestBill = b.seedBill(ctx, t, tx, b.shop, nil, "guest")
		carols := b.seedBill(ctx, t, tx, b.mall, &b.carol, "carol")
		b.seedObjects(ctx, t, tx, b.shop, b.alice, "alice")
		b.seedObjects(ctx, t, tx, b.shop, bob, "bob")
		b.seedObjects(ctx, t, tx, b.mall, b.carol, "carol")
		b.seedGift(ctx, t, tx, b.shop, b.aliceBill, &b.alice, nil, "alice")
		b.seedGift(ctx, t, tx, b.shop, bobs, &bob, &b.alice, "bob, to alice")
		b.seedGift(ctx, t, tx, b.shop, b.guestBill, nil, &bob, "guest, to bob")
		b.seedGift(ctx, t, tx, b.mall, carols, &b.carol, nil, "carol")
		return nil
	}))
	return b
}

func (b *town) seedShop(ctx context.Context, t *testing.T, tx *store.Tx, id pay.MerchantID, name string) {
	t.Helper()
	product, price := pay.NewProductID(tx.Now), pay.NewPriceID(tx.Now)
	b.names[id], b.names[product], b.names[price] = name, name, name
	require.NoError(t, tx.Merchant.Create().SetID(id).SetCode(name).SetName(name).SetTestMode(true).SetCreatedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.Origin.Create().SetMerchantID(id).SetOrigin("https://"+name+".example").SetCreatedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.Product.Create().SetID(product).SetMerchantID(id).SetCode("pages").SetKind(pay.ProductDirect).SetTitle("Pages").
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.Price.Create().SetID(price).SetMerchantID(id).SetProductID(product).SetAmountMinor(100).SetCurrency(pay.RUB).
		SetCreatedAt(tx.Now).Exec(ctx))
	b.seedEntry(ctx, t, tx, id, nil, name)
}

func (b *town) seedUser(ctx context.Context, t *testing.T, tx *store.Tx, merchant pay.MerchantID, name string) pay.UserID {
	t.Helper()
	id, wallet := pay.NewUserID(tx.Now), pay.NewWalletID(tx.Now)
	b.names[id], b.names[wallet] = name, name
	require.NoError(t, tx.User.Create().SetID(id).SetMerchantID(merchant).SetExternalID(name).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.Wallet.Create().SetID(wallet).SetMerchantID(merchant).SetUserID(id).SetCurrency(pay.RUB).SetCreatedAt(tx.Now).Exec(ctx))
	b.seedEntry(ctx, t, tx, merchant, &wallet, name)
	return id
}

// seedEntry inserts a ledger entry, of a wallet or of the shop's own sales.
func (b *town) seedEntry(ctx context.Context, t *testing.T, tx *store.Tx, merchant pay.MerchantID, wallet *pay.WalletID, name string) {
	t.Helper()
	id, account := pay.NewLedgerEntryID(tx.Now), pay.LedgerAccountIDOf(merchant, pay.AccountSales, pay.RUB, name)
	b.names[id] = name
	require.NoError(t, tx.LedgerAccount.Create().SetID(account).SetMerchantID(merchant).SetKind(pay.AccountSales).SetCurrency(pay.RUB).SetOwner(name).SetCreatedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.LedgerEntry.Create().SetID(id).SetMerchantID(merchant).SetTransfer(name).SetLeg(0).SetAccountID(account).SetKind(pay.EntryPurchase).
		SetAmountMinor(1).SetCurrency(pay.RUB).SetNillableWalletID(wallet).SetCreatedAt(tx.Now).Exec(ctx))
}

// seedBill inserts a bill with one of everything that belongs to a bill.
func (b *town) seedBill(ctx context.Context, t *testing.T, tx *store.Tx, merchant pay.MerchantID, user *pay.UserID, name string) pay.BillID {
	t.Helper()
	id, line, attempt := pay.NewBillID(tx.Now), pay.NewBillLineID(tx.Now), pay.NewAttemptID(tx.Now)
	entitlement, review := pay.NewEntitlementID(tx.Now), pay.NewReviewCaseID(tx.Now)
	b.names[id], b.names[line], b.names[attempt], b.names[entitlement], b.names[review] = name, name, name, name, name
	back := pay.NewRefundID(tx.Now)
	b.names[back] = name
	require.NoError(t, tx.Bill.Create().SetID(id).SetMerchantID(merchant).SetNillableUserID(user).SetStatus(pay.BillPending).SetCurrency(pay.RUB).
		SetTotalMinor(100).SetVersion(1).SetExpiresAt(tx.Now.Add(time.Hour)).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.BillLine.Create().SetID(line).SetBillID(id).SetPosition(0).SetTitle("Pages").SetQuantity(1).SetUnitMinor(100).SetCurrency(pay.RUB).Exec(ctx))
	require.NoError(t, tx.BillEvent.Create().SetBillID(id).SetMerchantID(merchant).SetVersion(1).SetTo(pay.BillPending).SetReason(name).SetAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.Attempt.Create().SetID(attempt).SetMerchantID(merchant).SetBillID(id).SetProvider("payture").SetAccount("main").
		SetOrderNumber(attempt.Suffix()).SetStatus(pay.AttemptActionRequired).SetCurrent(true).SetTestMode(true).SetAmountMinor(100).SetCurrency(pay.RUB).
		SetWatchUntil(tx.Now).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.Entitlement.Create().SetID(entitlement).SetMerchantID(merchant).SetBillID(id).SetNillableUserID(user).SetKind("page").SetGrantedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.ReviewCase.Create().SetID(review).SetMerchantID(merchant).SetKey(name).SetReason(pay.ReviewLatePayment).SetBillID(id).
		SetAttemptID(attempt).SetDetails("Late.").SetOpenedAt(tx.Now).Exec(ctx))
	require.NoError(t, tx.Refund.Create().SetID(back).SetMerchantID(merchant).SetBillID(id).SetAttemptID(attempt).SetStatus(pay.RefundRequested).
		SetCurrency(pay.RUB).SetAmountMinor(1).SetSource(pay.AccountRefunds).SetReturnsAll(false).SetReason("Sorry.").SetRequestedBy("ADMIN").
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx))
	return id
}

// named returns whose the rows are, sorted.
func named[E any](b *town, id func(E) any) func([]E, error) ([]string, error) {
	return func(rows []E, err error) ([]string, error) {
		list := []string{}
		for _, row := range rows {
			list = append(list, b.names[id(row)])
		}
		slices.Sort(list)
		return list, err
	}
}

// readers reads each table that somebody may read, as whoever asks in ctx.
func (b *town) readers() map[string]func(context.Context) ([]string, error) {
	c := b.store.Read()
	all := map[string]func(context.Context) ([]string, error){
		"Merchant": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.Merchant) any { return r.ID })(c.Merchant.Query().All(ctx))
		},
		"Origin": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.Origin) any { return r.ID })(c.Origin.Query().All(ctx))
		},
		"Product": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.Product) any { return r.ID })(c.Product.Query().All(ctx))
		},
		"Price": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.Price) any { return r.ID })(c.Price.Query().All(ctx))
		},
		"Bill": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.Bill) any { return r.ID })(c.Bill.Query().All(ctx))
		},
		"BillLine": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.BillLine) any { return r.ID })(c.BillLine.Query().All(ctx))
		},
		"Attempt": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.Attempt) any { return r.ID })(c.Attempt.Query().All(ctx))
		},
		"BillEvent": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.BillEvent) any { return r.BillID })(c.BillEvent.Query().All(ctx))
		},
		"Entitlement": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.Entitlement) any { return r.ID })(c.Entitlement.Query().All(ctx))
		},
		"ReviewCase": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.ReviewCase) any { return r.ID })(c.ReviewCase.Query().All(ctx))
		},
		"Refund": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.Refund) any { return r.ID })(c.Refund.Query().All(ctx))
		},
		"User": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.User) any { return r.ID })(c.User.Query().All(ctx))
		},
		"Wallet": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.Wallet) any { return r.ID })(c.Wallet.Query().All(ctx))
		},
		"LedgerEntry": func(ctx context.Context) ([]string, error) {
			return named(b, func(r *ent.LedgerEntry) any { return r.ID })(c.LedgerEntry.Query().All(ctx))
		},
	}
	maps.Copy(all, b.objectReaders())
	return all
}

// closed reads each table that nobody reads but the program.
func (b *town) closed() map[string]func(context.Context) error {
	c := b.store.Read()
	return map[string]func(context.Context) error{
		"APIKey":             func(ctx context.Context) error { _, err := c.APIKey.Query().Count(ctx); return err },
		"IdempotencyRecord":  func(ctx context.Context) error { _, err := c.IdempotencyRecord.Query().Count(ctx); return err },
		"Mail":               func(ctx context.Context) error { _, err := c.Mail.Query().Count(ctx); return err },
		"ObjectEvent":        func(ctx context.Context) error { _, err := c.ObjectEvent.Query().Count(ctx); return err },
		"SubscriptionPeriod": func(ctx context.Context) error { _, err := c.SubscriptionPeriod.Query().Count(ctx); return err },
		"Job":                func(ctx context.Context) error { _, err := c.Job.Query().Count(ctx); return err },
		"LedgerAccount":      func(ctx context.Context) error { _, err := c.LedgerAccount.Query().Count(ctx); return err },
		"Operation":          func(ctx context.Context) error { _, err := c.Operation.Query().Count(ctx); return err },
		"OutboxMessage":      func(ctx context.Context) error { _, err := c.OutboxMessage.Query().Count(ctx); return err },
		"ProviderEvent":      func(ctx context.Context) error { _, err := c.ProviderEvent.Query().Count(ctx); return err },
		"Setting":            func(ctx context.Context) error { _, err := c.Setting.Query().Count(ctx); return err },
	}
}

// ofBill are the tables whose rows are seen with their bill.
func ofBill() []string {
	return []string{"Bill", "BillLine", "Attempt", "BillEvent", "Entitlement", "Refund"}
}

// Each table and each role, with what is one's own, another payer's of the same
// shop and another shop's. What is not yours is not there.
func TestAccess(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := newTown(t, url)

		sees := func(own []string, more map[string][]string) map[string][]string {
			catalogue := []string{"shop", "alice's", "bob's"}
			want := map[string][]string{"Merchant": {"shop"}, "Product": catalogue, "Price": catalogue}
			for _, table := range ofBill() {
				want[table] = own
			}
			for table, rows := range more {
				want[table] = rows
			}
			return want
		}
		whole := sees([]string{"alice", "bob", "guest"}, map[string][]string{
			"ReviewCase": {"alice", "bob", "guest"}, "User": {"alice", "bob"}, "Wallet": {"alice", "bob"},
			"LedgerEntry": {"alice", "bob", "shop"}, "Entitlement": {"alice", "alice", "bob", "bob", "guest"},
			"Card": {"alice", "bob"}, "CardRegistration": {"alice", "bob"}, "BillingSubscription": {"alice", "bob"},
			"Gift": {"alice", "bob, to alice", "guest, to bob"}, "TestClock": {"alice", "bob"},
		})
		tests := []struct {
			name string
			who  viewer.Viewer
			want map[string][]string // no line: no row
		}{
			{"PUBLIC", viewer.Viewer{Role: pay.RolePublic, Merchant: b.shop}, sees(nil, nil)},
			{"GUEST", viewer.Viewer{Role: pay.RoleGuest, Merchant: b.shop, Bill: b.guestBill}, sees([]string{"guest"}, map[string][]string{
				"Gift": {"guest, to bob"},
			})},
			{"GUESTOfAUsersBill", viewer.Viewer{Role: pay.RoleGuest, Merchant: b.shop, Bill: b.aliceBill}, sees([]string{"alice"}, map[string][]string{
				"Gift": {"alice"},
			})},
			{"GUESTOfARegistration", viewer.Viewer{Role: pay.RoleGuest, Merchant: b.shop, Registration: b.registrations["bob"]}, sees(nil, map[string][]string{
				"CardRegistration": {"bob"},
			})},
			{"GUESTOfNoBill", viewer.Viewer{Role: pay.RoleGuest, Merchant: b.shop, Bill: pay.NewBillID(storetest.Epoch())}, sees(nil, nil)},
			{"USER", viewer.Viewer{Role: pay.RoleUser, Merchant: b.shop, User: b.alice}, sees([]string{"alice"}, map[string][]string{
				"User": {"alice"}, "Wallet": {"alice"}, "LedgerEntry": {"alice"}, "Entitlement": {"alice", "alice"},
				"Card": {"alice"}, "CardRegistration": {"alice"}, "BillingSubscription": {"alice"}, "Gift": {"alice", "bob, to alice"},
			})},
			{"USEROfAnotherShop", viewer.Viewer{Role: pay.RoleUser, Merchant: b.shop, User: b.carol}, sees(nil, nil)},
			{"SERVER", viewer.Viewer{Role: pay.RoleServer, Merchant: b.shop}, whole},
			{"SUPPORT", viewer.Viewer{Role: pay.RoleSupport, Merchant: b.shop}, whole},
			{"FINANCE", viewer.Viewer{Role: pay.RoleFinance, Merchant: b.shop}, whole},
			{"ADMIN", viewer.Viewer{Role: pay.RoleAdmin, Merchant: b.shop}, whole},
			{"SERVEROfNoShop", viewer.Viewer{Role: pay.RoleServer, Merchant: pay.NewMerchantID(storetest.Epoch())}, nil},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				ctx := viewer.With(t.Context(), tt.who)
				for table, read := range b.readers() {
					rows, err := read(ctx)
					require.NoError(t, err, table)
					require.ElementsMatch(t, tt.want[table], rows, table)
				}
				for table, read := range b.closed() {
					require.ErrorContains(t, read(ctx), "nobody has decided who may", table)
				}
			})
		}

		t.Run("NobodySeesNothing", func(t *testing.T) {
			for table, read := range b.readers() {
				rows, _ := read(t.Context()) // some are an error: a zero id is never sent
				require.Empty(t, rows, table)
			}
			for table, read := range b.closed() {
				require.Error(t, read(t.Context()), table)
			}
		})
		t.Run("TheProgramSeesAll", func(t *testing.T) {
			ctx := viewer.AsProgram(viewer.With(t.Context(), viewer.Viewer{Role: pay.RolePublic, Merchant: b.shop}))
			rows, err := b.readers()["Bill"](ctx)
			require.NoError(t, err)
			require.Equal(t, []string{"alice", "bob", "carol", "guest"}, rows)
			for table, read := range b.closed() {
				require.NoError(t, read(ctx), table)
			}
		})
		t.Run("EdgesCountsAndSumsAreNarrowedToo", func(t *testing.T) {
			ctx := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleUser, Merchant: b.shop, User: b.alice})
			bills, err := b.store.Read().Bill.Query().WithLines().WithAttempts().WithReviews().WithUser().All(ctx)
			require.NoError(t, err)
			require.Len(t, bills, 1)
			require.Len(t, bills[0].Edges.Lines, 1)
			require.Len(t, bills[0].Edges.Attempts, 1)
			require.Empty(t, bills[0].Edges.Reviews, "a review is the merchant's affair")
			require.Equal(t, b.alice, bills[0].Edges.User.ID)
			reviews, err := bills[0].QueryReviews().Count(ctx)
			require.NoError(t, err)
			require.Zero(t, reviews)
			n, err := b.store.Read().Bill.Query().Count(ctx)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			sum, err := b.store.Read().Bill.Query().Aggregate(ent.Count()).Int(ctx)
			require.NoError(t, err)
			require.Equal(t, 1, sum)
			_, err = b.store.Read().Bill.Get(ctx, b.guestBill)
			require.True(t, ent.IsNotFound(err), "not yours and not there answer alike")
		})
	})
}

// A new table is in one of the two lists above, so somebody has decided.
func TestAccess_EveryTable(t *testing.T) {
	t.Parallel()

	b := &town{store: storetest.Open(t, storetest.SQLite(t), &storetest.Clock{})}
	var decided, tables []string
	for table := range b.readers() {
		decided = append(decided, table)
	}
	for table := range b.closed() {
		decided = append(decided, table)
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[ent.Client]()) {
		if field.Type.Kind() == reflect.Pointer && strings.HasSuffix(field.Type.Elem().Name(), "Client") {
			tables = append(tables, field.Name)
		}
	}
	require.ElementsMatch(t, tables, decided)
}

// Whoever asks, and however, a write outside InTx is refused.
func TestStore_WritesOutsideInTx(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := newTown(t, url)
		c := b.store.Read()
		asAdmin := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleAdmin, Merchant: b.shop})
		for name, ctx := range map[string]context.Context{"AsNobody": t.Context(), "AsAdmin": asAdmin, "AsTheProgram": viewer.AsProgram(asAdmin)} {
			t.Run(name, func(t *testing.T) {
				const refused = "a write must run inside store.InTx"
				now := storetest.Epoch()
				require.ErrorContains(t, c.User.Create().SetID(pay.NewUserID(now)).SetMerchantID(b.shop).SetExternalID("mallory").SetCreatedAt(now).SetUpdatedAt(now).Exec(ctx), refused)
				require.ErrorContains(t, c.Bill.Update().SetStatus(pay.BillPaid).Exec(ctx), refused)
				require.ErrorContains(t, c.Bill.UpdateOneID(b.aliceBill).SetStatus(pay.BillPaid).Exec(ctx), refused)
				_, err := c.ReviewCase.Delete().Exec(ctx)
				require.ErrorContains(t, err, refused)
				_, err = c.ExecContext(ctx, `DELETE FROM review_cases`)
				require.ErrorContains(t, err, refused)
			})
		}
		paid, err := c.Bill.Query().Count(viewer.AsProgram(t.Context()))
		require.NoError(t, err)
		require.Equal(t, 4, paid)
		rows, err := b.readers()["Bill"](viewer.AsProgram(t.Context()))
		require.NoError(t, err)
		require.Len(t, rows, 4)
	})
}

// SQLite has a pool for readers, and what reads through it cannot write, raw SQL
// included. (Postgres has one pool; there only the review of raw SQL helps.)
func TestStore_QueryOnlyReads(t *testing.T) {
	t.Parallel()

	s := storetest.Open(t, storetest.SQLite(t), &storetest.Clock{})
	for _, statement := range []string{
		`DELETE FROM settings RETURNING id`,
		`INSERT INTO settings (id, value, created_at) VALUES ('x', 'y', '2026-03-02') RETURNING id`,
	} {
		err := drain(s.Query(t.Context(), statement))
		require.ErrorContains(t, err, "readonly")
	}
}

// drain reads rows to their end: some statements fail on the way only.
func drain(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		continue
	}
	return rows.Err()
}
