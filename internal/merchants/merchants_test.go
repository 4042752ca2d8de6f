package merchants_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

func lower(raw string) (string, error) { return strings.ToLower(raw), nil }

func origins(m *ent.Merchant) []string {
	list := make([]string, len(m.Edges.Origins))
	for at, o := range m.Edges.Origins {
		list[at] = o.Origin
	}
	return list
}

// setup opens the service twice, as two processes on one database would.
func setup(t *testing.T, url string) (ctx context.Context, clock *storetest.Clock, here, there *merchants.Service) {
	t.Helper()
	clock = &storetest.Clock{}
	s := storetest.Open(t, url, clock)
	return viewer.AsProgram(t.Context()), clock, merchants.New(s), merchants.New(s)
}

func TestService_Create(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		ctx, clock, here, _ := setup(t, url)
		made, err := here.Create(ctx, merchants.NewMerchant{Code: "books", Name: "Книги", TestMode: true, TimeZone: "Europe/Moscow", DefaultProvider: "payture"})
		require.NoError(t, err)
		require.Equal(t, "Книги", made.Name)
		require.True(t, made.TestMode)
		require.Equal(t, "Europe/Moscow", made.TimeZone)
		require.Equal(t, "payture", made.DefaultProvider)
		require.True(t, clock.Now().Equal(made.CreatedAt))

		_, err = here.Create(ctx, merchants.NewMerchant{Code: "books", Name: "Again"})
		require.Equal(t, pay.CodeConflict, pay.CodeOf(err))

		clock.Advance(time.Second)
		second, err := here.Create(ctx, merchants.NewMerchant{Code: "films", Name: "Films"})
		require.NoError(t, err)
		require.Equal(t, "UTC", second.TimeZone)

		list, err := here.List(ctx)
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, made.ID, list[0].ID)

		found, err := here.ByCode(ctx, "films")
		require.NoError(t, err)
		require.Equal(t, second.ID, found.ID)
	})
}

func TestService_CreateInvalid(t *testing.T) {
	t.Parallel()
	ctx, _, here, _ := setup(t, storetest.SQLite(t))

	tests := []struct {
		name string
		in   merchants.NewMerchant
		path string
	}{
		{name: "NoCode", in: merchants.NewMerchant{Name: "n"}, path: "code"},
		{name: "CodeInCapitals", in: merchants.NewMerchant{Code: "Books", Name: "n"}, path: "code"},
		{name: "LongCode", in: merchants.NewMerchant{Code: strings.Repeat("b", 64), Name: "n"}, path: "code"},
		{name: "NoName", in: merchants.NewMerchant{Code: "b", Name: " "}, path: "name"},
		{name: "NameWithNul", in: merchants.NewMerchant{Code: "b", Name: "a\x00"}, path: "name"},
		{name: "NameNotUTF8", in: merchants.NewMerchant{Code: "b", Name: "\xff"}, path: "name"},
		{name: "UnknownZone", in: merchants.NewMerchant{Code: "b", Name: "n", TimeZone: "Mars/Olympus"}, path: "timeZone"},
		{name: "LocalZone", in: merchants.NewMerchant{Code: "b", Name: "n", TimeZone: "Local"}, path: "timeZone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := here.Create(ctx, tt.in)
			var typed *pay.Error
			require.ErrorAs(t, err, &typed)
			require.Equal(t, pay.CodeInvalid, typed.Code)
			require.Equal(t, []string{tt.path}, typed.Path)
		})
	}
}

func TestService_Merchant(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		ctx, clock, here, _ := setup(t, url)
		own, err := here.Create(ctx, merchants.NewMerchant{Code: "own", Name: "Own"})
		require.NoError(t, err)
		others, err := here.Create(ctx, merchants.NewMerchant{Code: "others", Name: "Others"})
		require.NoError(t, err)

		asServer := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleServer, Merchant: own.ID})
		_, err = here.Merchant(asServer, own.ID)
		require.NoError(t, err)
		_, err = here.Merchant(asServer, others.ID)
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		_, err = here.Merchant(ctx, pay.NewMerchantID(clock.Now()))
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		list, err := here.List(asServer)
		require.NoError(t, err)
		require.Len(t, list, 1)
	})
}

func TestService_AddOrigin(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		ctx, clock, here, there := setup(t, url)
		m, err := here.Create(ctx, merchants.NewMerchant{Code: "books", Name: "Books"})
		require.NoError(t, err)
		cachedThere, err := there.Cached(t.Context(), m.ID)
		require.NoError(t, err)
		require.Empty(t, origins(cachedThere))

		for range 2 { // a repeat adds nothing
			added, err := here.AddOrigin(ctx, m.ID, "https://SHOP.example", lower)
			require.NoError(t, err)
			require.Equal(t, "https://shop.example", added)
		}
		cachedHere, err := here.Cached(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"https://shop.example"}, origins(cachedHere), "the writer sees it at once")

		cachedThere, err = there.Cached(t.Context(), m.ID)
		require.NoError(t, err)
		require.Empty(t, origins(cachedThere))
		clock.Advance(5 * time.Second)
		cachedThere, err = there.Cached(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"https://shop.example"}, origins(cachedThere), "the other process sees it in 5 s")

		refused := pay.Invalid("origin", "No.")
		_, err = here.AddOrigin(ctx, m.ID, "x", func(string) (string, error) { return "", refused })
		require.ErrorIs(t, err, refused)
		_, err = here.AddOrigin(ctx, pay.NewMerchantID(clock.Now()), "https://shop.example", lower)
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		_, err = here.Cached(t.Context(), pay.NewMerchantID(clock.Now()))
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
	})
}
