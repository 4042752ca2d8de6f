package entitlements_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

// bundle is a test's own database with one merchant and two users.
type bundle struct {
	clock    *storetest.Clock
	store    *store.Store
	reader   *entitlements.Reader
	merchant pay.MerchantID
	alice    pay.UserID
	bob      pay.UserID
}

func setup(t *testing.T, url string) *bundle {
	t.Helper()
	b := &bundle{clock: &storetest.Clock{}}
	b.store = storetest.Open(t, url, b.clock)
	b.reader = entitlements.NewReader(b.store)
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		b.merchant, b.alice, b.bob = pay.NewMerchantID(tx.Now), pay.NewUserID(tx.Now), pay.NewUserID(tx.Now)
		if err := tx.Merchant.Create().SetID(b.merchant).SetCode("shop").SetName("Shop").SetTestMode(true).SetCreatedAt(tx.Now).Exec(ctx); err != nil {
			return err
		}
		user := func(id pay.UserID, name string) *ent.UserCreate {
			return tx.User.Create().SetID(id).SetMerchantID(b.merchant).SetExternalID(name).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		}
		return tx.User.CreateBulk(user(b.alice, "alice"), user(b.bob, "bob")).Exec(ctx)
	})
	return b
}

func (b *bundle) inTx(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, b.store.InTx(t.Context(), f))
}

// product makes a DIRECT product; set says what it grants.
func (b *bundle) product(t *testing.T, code string, set func(*ent.ProductCreate)) pay.ProductID {
	t.Helper()
	var id pay.ProductID
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewProductID(tx.Now)
		create := tx.Product.Create().SetID(id).SetMerchantID(b.merchant).SetCode(code).SetKind(pay.ProductDirect).
			SetTitle("Product").SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		set(create)
		return create.Exec(ctx)
	})
	return id
}

// bill makes a paid bill; set says for whom and what page.
func (b *bundle) bill(t *testing.T, product pay.ProductID, set func(*ent.BillCreate)) pay.BillID {
	t.Helper()
	var id pay.BillID
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewBillID(tx.Now)
		create := tx.Bill.Create().SetID(id).SetMerchantID(b.merchant).SetProductID(product).SetStatus(pay.BillPaid).
			SetCurrency("RUB").SetTotalMinor(1000).SetPaidMinor(1000).SetVersion(1).
			SetExpiresAt(tx.Now.Add(time.Hour)).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		set(create)
		return create.Exec(ctx)
	})
	return id
}

// fulfil runs Fulfil as billing's job does.
func (b *bundle) fulfil(t *testing.T, id pay.BillID) {
	t.Helper()
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.Bill.Query().Where(bill.ID(id)).WithProduct().Only(ctx)
		if err != nil {
			return err
		}
		return entitlements.New().Fulfil(ctx, tx, found, found.Edges.Product)
	})
}

// granted lists what a bill has given, by kind and name.
func (b *bundle) granted(t *testing.T, id pay.BillID) []*ent.Entitlement {
	t.Helper()
	list, err := b.store.Read().Entitlement.Query().Where(entitlement.BillID(id)).
		Order(ent.Asc(entitlement.FieldKind, entitlement.FieldResource)).All(viewer.AsProgram(t.Context()))
	require.NoError(t, err)
	return list
}

func names(list []*ent.Entitlement) []string {
	all := make([]string, len(list))
	for at, e := range list {
		all[at] = e.Kind + " " + e.Resource
	}
	return all
}

// rows is what the entitlements say, every column of them.
func rows(list []*ent.Entitlement) []string {
	all := make([]string, len(list))
	for at, e := range list {
		all[at] = e.String()
	}
	return all
}

func resources(list ...string) func(*ent.ProductCreate) {
	return func(p *ent.ProductCreate) { p.SetGrantResources(list) }
}

func TestDirect_Fulfil(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		p := b.product(t, "pages", func(p *ent.ProductCreate) {
			p.SetGrantResources([]string{"news", "archive"}).SetGrantPages("articles-*").SetGrantDuration(pay.Period{Months: 1})
		})
		id := b.bill(t, p, func(c *ent.BillCreate) { c.SetUserID(b.alice).SetPageID("articles-1") })
		b.fulfil(t, id)

		list := b.granted(t, id)
		require.Equal(t, []string{"page articles-1", "resource archive", "resource news"}, names(list))
		for _, e := range list {
			require.Equal(t, b.merchant, e.MerchantID)
			require.Equal(t, b.alice, *e.UserID)
			require.True(t, storetest.Epoch().Equal(e.GrantedAt))
			require.True(t, time.Date(2026, time.April, 2, 9, 0, 0, 0, time.UTC).Equal(*e.ExpiresAt))
			require.Nil(t, e.RevokedAt)
		}

		b.clock.Advance(time.Hour)
		b.fulfil(t, id)
		require.Equal(t, rows(list), rows(b.granted(t, id)), "a second run changes nothing")
	})
}

func TestDirect_FulfilOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		p := b.product(t, "two", resources("news", "archive", "news"))
		id := b.bill(t, p, func(*ent.BillCreate) {})
		b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Entitlement.Create().SetID(pay.NewEntitlementID(tx.Now)).SetMerchantID(b.merchant).SetBillID(id).
				SetKind("resource").SetResource("archive").SetGrantedAt(tx.Now).Exec(ctx)
		})
		before := b.granted(t, id)[0].ID
		b.fulfil(t, id)

		list := b.granted(t, id)
		require.Equal(t, []string{"resource archive", "resource news"}, names(list), "what is there stays, what is missing comes")
		require.Equal(t, before, list[0].ID)
		require.Nil(t, list[1].UserID, "nobody's bill grants to nobody yet")
		require.Nil(t, list[1].ExpiresAt, "no duration is for good")
	})
}

func TestDirect_FulfilPages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		product func(*ent.ProductCreate)
		bill    func(*ent.BillCreate)
		want    []string
	}{
		{
			name:    "NoPageNamed",
			product: func(p *ent.ProductCreate) { p.SetGrantResources([]string{"news"}).SetGrantPages("*") },
			bill:    func(*ent.BillCreate) {},
			want:    []string{"resource news"},
		},
		{
			name:    "PageOnly",
			product: func(p *ent.ProductCreate) { p.SetGrantPages("*") },
			bill:    func(b *ent.BillCreate) { b.SetPageID("p1") },
			want:    []string{"page p1"},
		},
		{
			name:    "PageStaysBoughtWhenTheProductChanged",
			product: resources("news"),
			bill:    func(b *ent.BillCreate) { b.SetPageID("p1") },
			want:    []string{"page p1", "resource news"},
		},
		{
			name:    "MetadataGrantsNothing",
			product: func(p *ent.ProductCreate) { p.SetGrantPages("*") },
			bill:    func(b *ent.BillCreate) { b.SetMetadata(json.RawMessage(`{"pageId":"p1","page_id":"p1"}`)) },
			want:    []string{},
		},
		{
			name:    "NothingGranted",
			product: func(*ent.ProductCreate) {},
			bill:    func(*ent.BillCreate) {},
			want:    []string{},
		},
	}
	b := setup(t, storetest.SQLite(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id := b.bill(t, b.product(t, tt.name, tt.product), tt.bill)
			b.fulfil(t, id)
			require.Equal(t, tt.want, names(b.granted(t, id)))
		})
	}
}

func TestReader_Of(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		day := b.product(t, "day", func(p *ent.ProductCreate) {
			p.SetGrantResources([]string{"news"}).SetGrantPages("*").SetGrantDuration(pay.Period{Days: 1})
		})
		forGood := b.product(t, "for-good", resources("archive"))
		ofAlice := func(c *ent.BillCreate) { c.SetUserID(b.alice) }
		b.fulfil(t, b.bill(t, day, ofAlice))
		b.clock.Advance(time.Minute)
		taken := b.bill(t, b.product(t, "revoked", resources("films")), ofAlice)
		b.fulfil(t, taken)
		b.clock.Advance(time.Minute)
		b.fulfil(t, b.bill(t, forGood, ofAlice))
		b.clock.Advance(time.Minute)
		b.fulfil(t, b.bill(t, day, func(c *ent.BillCreate) { c.SetUserID(b.alice).SetPageID("p1") }))
		b.fulfil(t, b.bill(t, forGood, func(c *ent.BillCreate) { c.SetUserID(b.bob) }))
		b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Entitlement.Update().Where(entitlement.BillID(taken)).SetRevokedAt(tx.Now).Exec(ctx)
		})
		// The first day's grant ends at exactly this instant.
		b.clock.Advance(24*time.Hour - 3*time.Minute)

		of := func(v viewer.Viewer, kind, resource *string, active *bool) []string {
			list, err := b.reader.Of(viewer.With(t.Context(), v), b.alice, kind, resource, active)
			require.NoError(t, err)
			return names(list)
		}
		alice := viewer.Viewer{Role: pay.RoleUser, Merchant: b.merchant, User: b.alice}

		require.ElementsMatch(t, []string{"resource news", "page p1", "resource archive", "resource films", "resource news"}, of(alice, nil, nil, nil))
		require.Equal(t, []string{"resource archive", "resource films", "resource news"}, of(alice, new("resource"), nil, nil)[1:], "newest first")
		require.ElementsMatch(t, []string{"resource news", "page p1", "resource archive"}, of(alice, nil, nil, new(true)))
		require.Equal(t, []string{"resource films", "resource news"}, of(alice, nil, nil, new(false)))
		require.Equal(t, []string{"page p1"}, of(alice, new("page"), nil, nil))
		require.Equal(t, []string{"resource news"}, of(alice, new("resource"), new("news"), new(true)))
		require.Empty(t, of(alice, nil, new("p"), nil), "a resource is named exactly")

		require.Len(t, of(viewer.Viewer{Role: pay.RoleServer, Merchant: b.merchant}, nil, nil, nil), 5)
		require.Empty(t, of(viewer.Viewer{Role: pay.RoleUser, Merchant: b.merchant, User: b.bob}, nil, nil, nil), "not yours")
		require.Empty(t, of(viewer.Viewer{Role: pay.RoleServer, Merchant: pay.NewMerchantID(b.clock.Now())}, nil, nil, nil), "another merchant's")
		require.Empty(t, of(viewer.Viewer{}, nil, nil, nil), "nobody's")
	})
}
