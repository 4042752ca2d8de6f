package catalogue_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

// bundle is one test's catalogue, asked by the merchant's server.
type bundle struct {
	ctx      context.Context
	clock    *storetest.Clock
	store    *store.Store
	service  *catalogue.Service
	merchant pay.MerchantID
	server   viewer.Viewer
	keys     int
}

func setup(t *testing.T, url string) *bundle {
	t.Helper()
	clock := &storetest.Clock{}
	s := storetest.Open(t, url, clock)
	merchant := pay.NewMerchantID(clock.Now())
	server := viewer.Viewer{Role: pay.RoleServer, Merchant: merchant, Principal: "key_1"}
	return &bundle{
		ctx: viewer.With(t.Context(), server), clock: clock, store: s,
		service: catalogue.New(s), merchant: merchant, server: server,
	}
}

// put upserts with a key of its own, a second later than the one before.
func (b *bundle) put(t *testing.T, in catalogue.Upsert) *ent.Product {
	t.Helper()
	b.keys++
	b.clock.Advance(time.Second)
	in.Key = "key " + strconv.Itoa(b.keys)
	made, replayed, err := b.service.Upsert(b.ctx, b.server, in)
	require.NoError(t, err)
	require.False(t, replayed)
	return made
}

// as returns a context in which a caller of the merchant asks.
func (b *bundle) as(t *testing.T, role pay.Role) context.Context {
	t.Helper()
	return viewer.With(t.Context(), viewer.Viewer{Role: role, Merchant: b.merchant})
}

func rub(amount int64) catalogue.NewPrice {
	return catalogue.NewPrice{Amount: pay.Of(amount, pay.RUB)}
}

func page(prices ...catalogue.NewPrice) catalogue.Upsert {
	return catalogue.Upsert{
		Code: "page", Kind: pay.ProductDirect, Title: "A page", Active: true,
		Prices: prices, Grants: catalogue.Grants{Pages: new("*")},
	}
}

func every(amount int64, interval string) catalogue.NewPrice {
	period, err := pay.ParsePeriod(interval)
	if err != nil {
		panic(err)
	}
	p := rub(amount)
	p.Interval = &period
	return p
}

func ids(prices []*ent.Price) []pay.PriceID {
	list := make([]pay.PriceID, len(prices))
	for at, p := range prices {
		list[at] = p.ID
	}
	return list
}

func TestService_Upsert(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		month, err := pay.ParsePeriod("P1M")
		require.NoError(t, err)
		in := page(rub(9900), catalogue.NewPrice{Amount: pay.Of(199, pay.EUR)})
		in.Description, in.Grants.Duration, in.Grants.Resources = new("Long"), &month, []string{"archive"}
		made := b.put(t, in)
		require.Equal(t, "page", made.Code)
		require.Equal(t, "Long", *made.Description)
		require.Equal(t, month, *made.GrantDuration)
		require.Equal(t, []string{"archive"}, made.GrantResources)
		require.Equal(t, pay.RefundRevoke, made.RefundPolicy)
		require.Len(t, made.Edges.Prices, 2)
		require.Equal(t, pay.Of(199, pay.EUR), made.Edges.Prices[0].Amount(), "by currency")

		changed := b.put(t, page(rub(12000), catalogue.NewPrice{Amount: pay.Of(199, pay.EUR)}))
		require.Equal(t, made.ID, changed.ID)
		require.Nil(t, changed.Description, "what is not given is emptied")
		require.Nil(t, changed.GrantDuration)
		require.Empty(t, changed.GrantResources)
		require.True(t, made.CreatedAt.Equal(changed.CreatedAt))
		require.True(t, changed.UpdatedAt.After(made.UpdatedAt))
		require.Equal(t, made.Edges.Prices[0].ID, changed.Edges.Prices[0].ID, "an equal price keeps its row")
		require.NotEqual(t, made.Edges.Prices[1].ID, changed.Edges.Prices[1].ID, "a changed one is a new row")
		require.Equal(t, pay.Of(12000, pay.RUB), changed.Edges.Prices[1].Amount())

		old, err := b.service.Price(b.ctx, made.Edges.Prices[1].ID)
		require.NoError(t, err)
		require.False(t, old.Active)
		require.Equal(t, pay.Of(9900, pay.RUB), old.Amount())
		require.Equal(t, made.ID, old.Edges.Product.ID)

		unlisted := b.put(t, page(rub(12000)))
		require.Equal(t, []pay.PriceID{changed.Edges.Prices[1].ID}, ids(unlisted.Edges.Prices))
	})
}

func TestService_UpsertRepeated(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		in := page(rub(9900))
		in.Key = "once"
		first, replayed, err := b.service.Upsert(b.ctx, b.server, in)
		require.NoError(t, err)
		require.False(t, replayed)

		again, replayed, err := b.service.Upsert(b.ctx, b.server, in)
		require.NoError(t, err)
		require.True(t, replayed)
		require.Equal(t, first.ID, again.ID)
		require.Equal(t, ids(first.Edges.Prices), ids(again.Edges.Prices))

		in.Title = "Another"
		_, _, err = b.service.Upsert(b.ctx, b.server, in)
		require.Equal(t, pay.CodeIdempotencyMismatch, pay.CodeOf(err))
	})
}

// However many write a product at once, it has one price on sale per currency.
func TestService_UpsertRace(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for at := range errs {
			wg.Go(func() {
				in := page(rub(int64(100 + at)))
				in.Key = strconv.Itoa(at)
				_, _, errs[at] = b.service.Upsert(b.ctx, b.server, in)
			})
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		list, err := b.service.Products(b.ctx, nil, nil)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Len(t, list[0].Edges.Prices, 1)
	})
}

func TestService_UpsertGift(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		archive := page(rub(9900))
		archive.Code, archive.Key, archive.Grants.Resources = "archive", "archive", []string{"archive"}
		given := b.put(t, archive)
		onePage := page(rub(9900))
		onePage.Code, onePage.Key = "one-page", "one-page"
		pageOnly := b.put(t, onePage)
		gift := catalogue.Upsert{
			Code: "gift", Kind: pay.ProductGift, Title: "A gift", Active: true, Prices: []catalogue.NewPrice{rub(9900)},
			Grants: catalogue.Grants{GiftOf: new(given.ID.String())},
		}
		made := b.put(t, gift)
		require.Equal(t, given.ID, made.Edges.GiftOf.ID)
		require.Len(t, made.Edges.GiftOf.Edges.Prices, 1)

		refused := func(giftOf string, v viewer.Viewer) *pay.Error {
			in := gift
			in.Key, in.Code, in.Grants.GiftOf = giftOf, "second", &giftOf
			_, _, err := b.service.Upsert(viewer.With(t.Context(), v), v, in)
			var typed *pay.Error
			require.ErrorAs(t, err, &typed)
			require.Equal(t, []string{"grants", "giftOf"}, typed.Path)
			return typed
		}
		stranger := b.server
		stranger.Merchant = pay.NewMerchantID(b.clock.Now())
		require.Equal(t, pay.CodeInvalid, refused(made.ID.String(), b.server).Code, "a gift of a gift")
		require.Equal(t, "product.gift_of_nothing", refused(pageOnly.ID.String(), b.server).Key)
		require.Equal(t, pay.CodeNotFound, refused(pay.NewProductID(b.clock.Now()).String(), b.server).Code)
		require.Equal(t, pay.CodeNotFound, refused("nonsense", b.server).Code)
		require.Equal(t, pay.CodeNotFound, refused(given.ID.String(), stranger).Code, "another merchant's product")
	})
}

func TestService_UpsertKind(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		b.put(t, page(rub(9900)))
		in := page(rub(9900))
		in.Kind, in.Grants, in.Key = pay.ProductTopUp, catalogue.Grants{}, "other"
		_, _, err := b.service.Upsert(b.ctx, b.server, in)
		var typed *pay.Error
		require.ErrorAs(t, err, &typed)
		require.Equal(t, pay.CodeConflict, typed.Code)
		require.Equal(t, []string{"kind"}, typed.Path)
	})
}

func TestService_UpsertRights(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	in := page(rub(9900))
	in.Key = "k"
	for _, role := range pay.Roles() {
		v := viewer.Viewer{Role: role, Merchant: b.merchant, Principal: string(role)}
		_, _, err := b.service.Upsert(viewer.With(t.Context(), v), v, in)
		mayWrite := role == pay.RoleServer || role == pay.RoleAdmin
		require.Equal(t, map[bool]pay.Code{true: "", false: pay.CodeForbidden}[mayWrite], pay.CodeOf(err), role)
	}
	seed := viewer.Viewer{Merchant: b.merchant, Principal: "seed"}
	_, _, err := b.service.Upsert(viewer.AsProgram(viewer.With(t.Context(), seed)), seed, in)
	require.NoError(t, err, "the program itself seeds a catalogue")
}

func TestService_Products(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		first := b.put(t, page(rub(9900)))
		second := b.put(t, catalogue.Upsert{
			Code: "monthly", Kind: pay.ProductSubscription, Title: "Monthly", Active: false,
			Prices: []catalogue.NewPrice{every(100000, "P1Y"), every(9900, "P1M"), every(3000, "P1W")},
		})
		require.Equal(t, pay.Of(3000, pay.RUB), second.Edges.Prices[0].Amount(), "the shortest interval first")
		require.Equal(t, pay.Of(100000, pay.RUB), second.Edges.Prices[2].Amount())

		list := func(ctx context.Context, kinds []pay.ProductKind, active *bool) []pay.ProductID {
			products, err := b.service.Products(ctx, kinds, active)
			require.NoError(t, err)
			var list []pay.ProductID
			for _, p := range products {
				list = append(list, p.ID)
			}
			return list
		}
		page, user := b.as(t, pay.RolePublic), b.as(t, pay.RoleUser)
		require.Equal(t, []pay.ProductID{first.ID, second.ID}, list(b.ctx, nil, nil))
		require.Equal(t, []pay.ProductID{second.ID}, list(b.ctx, nil, new(false)))
		require.Equal(t, []pay.ProductID{first.ID}, list(b.ctx, nil, new(true)))
		require.Equal(t, []pay.ProductID{second.ID}, list(b.ctx, []pay.ProductKind{pay.ProductSubscription, pay.ProductGift}, nil))
		require.Empty(t, list(b.ctx, []pay.ProductKind{}, nil), "of no kind")
		require.Equal(t, []pay.ProductID{first.ID}, list(page, nil, nil), "payers see what is on sale")
		require.Empty(t, list(user, nil, new(false)))
		require.Empty(t, list(viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleServer, Merchant: pay.NewMerchantID(b.clock.Now())}), nil, nil))
	})
}

func TestService_Find(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		made := b.put(t, page(rub(9900)))
		id := made.ID.String()
		for name, arguments := range map[string][2]*string{"ByID": {&id, nil}, "ByCode": {nil, new("page")}} {
			found, err := b.service.Find(b.ctx, arguments[0], arguments[1])
			require.NoError(t, err, name)
			require.Equal(t, made.ID, found.ID, name)
			require.Len(t, found.Edges.Prices, 1, name)
		}
		for name, arguments := range map[string][2]*string{
			"Neither": {}, "Both": {&id, new("page")}, "Malformed": {new("page"), nil}, "Unknown": {nil, new("x")},
		} {
			_, err := b.service.Find(b.ctx, arguments[0], arguments[1])
			require.Equal(t, pay.CodeNotFound, pay.CodeOf(err), name)
		}
		stranger := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleAdmin, Merchant: pay.NewMerchantID(b.clock.Now())})
		_, err := b.service.Product(stranger, made.ID)
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		_, err = b.service.Price(stranger, made.Edges.Prices[0].ID)
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
	})
}

func TestService_Cached(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		made := b.put(t, page(rub(9900)))
		elsewhere := catalogue.New(b.store)
		cached := func(s *catalogue.Service) *ent.Product {
			p, err := s.Cached(t.Context(), b.merchant, made.ID)
			require.NoError(t, err)
			return p
		}
		first, second := cached(b.service), cached(b.service)
		require.Same(t, first, second, "read once")
		require.Len(t, cached(elsewhere).Edges.Prices, 1)

		b.put(t, page(rub(12000)))
		require.Len(t, cached(b.service).Edges.Prices, 2, "the writer sees all prices at once")
		require.Len(t, cached(elsewhere).Edges.Prices, 1)
		b.clock.Advance(5 * time.Second)
		require.Len(t, cached(elsewhere).Edges.Prices, 2, "the other process sees them in 5 s")

		_, err := b.service.Cached(t.Context(), pay.NewMerchantID(b.clock.Now()), made.ID)
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err), "another merchant's product")
	})
}
