package users_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/users"
	"github.com/paygraph/paygraph/internal/viewer"
)

// bundle is one test's users, asked by the merchant's server.
type bundle struct {
	ctx     context.Context
	clock   *storetest.Clock
	service *users.Service
	server  viewer.Viewer
	keys    int
}

func setup(t *testing.T, url string) *bundle {
	t.Helper()
	clock := &storetest.Clock{}
	server := viewer.Viewer{Role: pay.RoleServer, Merchant: pay.NewMerchantID(clock.Now()), Principal: "key_1"}
	return &bundle{
		ctx: viewer.With(t.Context(), server), clock: clock, server: server,
		service: users.New(storetest.Open(t, url, clock)),
	}
}

// put upserts with a key of its own, a second later than the one before.
func (b *bundle) put(t *testing.T, in users.Upsert) *ent.User {
	t.Helper()
	b.keys++
	b.clock.Advance(time.Second)
	in.Key = "key " + strconv.Itoa(b.keys)
	made, replayed, err := b.service.Upsert(b.ctx, b.server, in)
	require.NoError(t, err)
	require.False(t, replayed)
	return made
}

func TestService_Upsert(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		made := b.put(t, users.Upsert{
			ExternalID: "alice", Email: users.Set(new("Alice@example.com")), Phone: users.Set(new("+79991234567")),
			Name: users.Set(new("Алиса")), Locale: users.Set(new("ru")),
		})
		require.Equal(t, "Alice@example.com", *made.Email)

		changed := b.put(t, users.Upsert{ExternalID: "alice", Email: users.Set(nil), Name: users.Set(new("Alice"))})
		require.Equal(t, made.ID, changed.ID)
		require.Nil(t, changed.Email, "null empties")
		require.Equal(t, "Alice", *changed.Name)
		require.Equal(t, "+79991234567", *changed.Phone, "absent keeps")
		require.Equal(t, "ru", *changed.Locale)
		require.True(t, changed.UpdatedAt.After(made.UpdatedAt))
		require.True(t, changed.CreatedAt.Equal(made.CreatedAt))
	})
}

func TestService_UpsertRepeated(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		in := users.Upsert{Key: "once", ExternalID: "alice", Name: users.Set(new("Alice"))}
		first, _, err := b.service.Upsert(b.ctx, b.server, in)
		require.NoError(t, err)
		b.put(t, users.Upsert{ExternalID: "alice", Name: users.Set(new("Bob"))})

		again, replayed, err := b.service.Upsert(b.ctx, b.server, in)
		require.NoError(t, err)
		require.True(t, replayed)
		require.Equal(t, first.ID, again.ID)
		require.Equal(t, "Bob", *again.Name, "a repeat does nothing and shows what is")

		in.Email = users.Set(nil)
		_, _, err = b.service.Upsert(b.ctx, b.server, in)
		require.Equal(t, pay.CodeIdempotencyMismatch, pay.CodeOf(err), "null is not absent")
	})
}

func TestService_UpsertRace(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		var wg sync.WaitGroup
		made, errs := make([]*ent.User, 6), make([]error, 6)
		for at := range errs {
			wg.Go(func() {
				made[at], _, errs[at] = b.service.Upsert(b.ctx, b.server, users.Upsert{Key: strconv.Itoa(at), ExternalID: "alice"})
			})
		}
		wg.Wait()
		for at := range errs {
			require.NoError(t, errs[at])
			require.Equal(t, made[0].ID, made[at].ID)
		}
	})
}

func TestService_UpsertInvalid(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	with := func(change func(*users.Upsert)) users.Upsert {
		in := users.Upsert{Key: "k", ExternalID: "alice"}
		change(&in)
		return in
	}

	tests := []struct {
		name string
		in   users.Upsert
		path string
	}{
		{"NoKey", with(func(in *users.Upsert) { in.Key = "" }), "idempotencyKey"},
		{"NoExternalID", with(func(in *users.Upsert) { in.ExternalID = "" }), "externalId"},
		{"LongExternalID", with(func(in *users.Upsert) { in.ExternalID = strings.Repeat("x", 256) }), "externalId"},
		{"NulInExternalID", with(func(in *users.Upsert) { in.ExternalID = "a\x00" }), "externalId"},
		{"Email", with(func(in *users.Upsert) { in.Email = users.Set(new("alice")) }), "email"},
		{"EmptyEmail", with(func(in *users.Upsert) { in.Email = users.Set(new("")) }), "email"},
		{"EmailWithName", with(func(in *users.Upsert) { in.Email = users.Set(new("Alice <alice@example.com>")) }), "email"},
		{"TwoEmails", with(func(in *users.Upsert) { in.Email = users.Set(new("a@example.com, b@example.com")) }), "email"},
		{"EmailWithLineBreak", with(func(in *users.Upsert) { in.Email = users.Set(new("a@example.com\r\nBcc: b@example.com")) }), "email"},
		{"PhoneWithoutPlus", with(func(in *users.Upsert) { in.Phone = users.Set(new("79991234567")) }), "phone"},
		{"PhoneWithBlanks", with(func(in *users.Upsert) { in.Phone = users.Set(new("+7 999 1234567")) }), "phone"},
		{"LongPhone", with(func(in *users.Upsert) { in.Phone = users.Set(new("+1234567890123456")) }), "phone"},
		{"EmptyName", with(func(in *users.Upsert) { in.Name = users.Set(new("")) }), "name"},
		{"Locale", with(func(in *users.Upsert) { in.Locale = users.Set(new("ru_RU")) }), "locale"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := b.service.Upsert(b.ctx, b.server, tt.in)
			var typed *pay.Error
			require.ErrorAs(t, err, &typed)
			require.Equal(t, pay.CodeInvalid, typed.Code)
			require.Equal(t, []string{tt.path}, typed.Path)
		})
	}
}

func TestService_UpsertRights(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	for _, role := range []pay.Role{pay.RolePublic, pay.RoleGuest, pay.RoleUser, pay.RoleSupport, pay.RoleFinance} {
		v := viewer.Viewer{Role: role, Merchant: b.server.Merchant, Principal: "p"}
		_, _, err := b.service.Upsert(viewer.With(t.Context(), v), v, users.Upsert{Key: "k", ExternalID: "alice"})
		require.Equal(t, pay.CodeForbidden, pay.CodeOf(err), role)
	}
}

func TestIsLocale(t *testing.T) {
	t.Parallel()

	for _, good := range []string{"ru", "en-GB", "zh-Hant-TW", "sr-Latn-RS", "es-419", "de-CH-1901", "sl-rozaj-biske", "en-US-u-ca-gregory", "en-x-shop", "zh-cmn-Hans"} {
		require.True(t, users.IsLocale(good), good)
	}
	for _, bad := range []string{"", "r", "ru_RU", "russian-", "-ru", "ru--RU", "ru RU", "русский", "en-x", strings.Repeat("en-", 20)} {
		require.False(t, users.IsLocale(bad), bad)
	}
}

func TestService_Find(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		merchant := b.server.Merchant
		alice := b.put(t, users.Upsert{ExternalID: "alice"})
		bob := b.put(t, users.Upsert{ExternalID: "bob"})
		id := alice.ID.String()
		for name, arguments := range map[string][2]*string{"ByID": {&id, nil}, "ByExternalID": {nil, new("alice")}} {
			found, err := b.service.Find(b.ctx, merchant, arguments[0], arguments[1])
			require.NoError(t, err, name)
			require.Equal(t, alice.ID, found.ID, name)
		}
		for name, arguments := range map[string][2]*string{
			"Neither": {}, "Both": {&id, new("alice")}, "Malformed": {new("alice"), nil}, "Unknown": {nil, new("Alice")},
		} {
			_, err := b.service.Find(b.ctx, merchant, arguments[0], arguments[1])
			require.Equal(t, pay.CodeNotFound, pay.CodeOf(err), name)
		}

		asAlice := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleUser, Merchant: merchant, User: alice.ID})
		_, err := b.service.User(asAlice, alice.ID)
		require.NoError(t, err)
		_, err = b.service.User(asAlice, bob.ID)
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err), "another user")
		stranger := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleAdmin, Merchant: pay.NewMerchantID(b.clock.Now())})
		_, err = b.service.ByExternalID(stranger, merchant, "alice")
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err), "another merchant's user")
	})
}

func TestService_Users(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		var want []pay.UserID
		for at := range 5 {
			want = append(want, b.put(t, users.Upsert{ExternalID: strconv.Itoa(at)}).ID)
		}
		slices.Reverse(want)

		var got []pay.UserID
		request := page.Request{First: new(2)}
		for pages := 1; ; pages++ {
			read, err := b.service.Users(b.ctx, "", request)
			require.NoError(t, err)
			for _, u := range read.Users {
				got = append(got, u.ID)
			}
			require.Equal(t, pages > 1, read.Info.HasPrevious)
			if !read.Info.HasNext {
				break
			}
			request.After = read.Info.End
		}
		require.Equal(t, want, got, "newest first, each once")

		anew, err := b.service.Users(b.ctx, "", page.Request{After: "garbage"})
		require.NoError(t, err)
		require.Len(t, anew.Users, 5)
		require.False(t, anew.Info.HasPrevious)
		_, err = b.service.Users(b.ctx, "", page.Request{First: new(0)})
		require.Equal(t, pay.CodeInvalid, pay.CodeOf(err))
	})
}

func TestService_UsersSearch(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		alice := b.put(t, users.Upsert{ExternalID: "u-1", Email: users.Set(new("Alice@Example.com")), Name: users.Set(new("Алиса Ёлкина"))})
		b.put(t, users.Upsert{ExternalID: "u-2", Email: users.Set(new("bob@example.com")), Phone: users.Set(new("+79991234567")), Name: users.Set(new("Bob 100%"))})
		b.put(t, users.Upsert{ExternalID: "u-3"})
		stranger := b.server
		stranger.Merchant = pay.NewMerchantID(b.clock.Now())
		_, _, err := b.service.Upsert(viewer.With(t.Context(), stranger), stranger, users.Upsert{Key: "k", ExternalID: "u-1"})
		require.NoError(t, err)

		tests := []struct {
			search string
			want   []string
		}{
			{search: alice.ID.String(), want: []string{"u-1"}},
			{search: "u-2", want: []string{"u-2"}},
			{search: "u-", want: nil}, // an external id is exact
			{search: "ali", want: []string{"u-1"}},
			{search: "alice@example.com", want: []string{"u-1"}},
			{search: "lice", want: nil},
			{search: "Алиса", want: []string{"u-1"}},
			{search: "алиса", want: []string{"u-1"}},
			{search: "АЛИ", want: []string{"u-1"}},
			{search: "BOB 1", want: []string{"u-2"}},
			{search: "+7999", want: []string{"u-2"}},
			{search: "%", want: nil},
			{search: "b_b", want: nil},
			{search: "' OR 1=1 --", want: nil},
		}
		for _, tt := range tests {
			t.Run(tt.search, func(t *testing.T) {
				found, err := b.service.Users(b.ctx, tt.search, page.Request{})
				require.NoError(t, err)
				var got []string
				for _, u := range found.Users {
					got = append(got, u.ExternalID)
				}
				require.Equal(t, tt.want, got)
				n, err := b.service.Count(b.ctx, tt.search)
				require.NoError(t, err)
				require.Equal(t, len(tt.want), n)
			})
		}
		for _, bad := range []string{strings.Repeat("я", 101), "a\x00", "\xff"} {
			_, err := b.service.Users(b.ctx, bad, page.Request{})
			require.Equal(t, pay.CodeInvalid, pay.CodeOf(err))
		}
		all, err := b.service.Count(b.ctx, "")
		require.NoError(t, err)
		require.Equal(t, 3, all)
	})
}
