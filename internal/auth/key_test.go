package auth_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

func TestNewKey(t *testing.T) {
	t.Parallel()

	tests := []struct {
		role     pay.Role
		testMode bool
		shape    string
	}{
		{pay.RolePublic, true, `^pk_test_[0-9a-z]{40}$`},
		{pay.RolePublic, false, `^pk_live_[0-9a-z]{40}$`},
		{pay.RoleServer, true, `^sk_test_[0-9a-z]{40}$`},
		{pay.RoleServer, false, `^sk_live_[0-9a-z]{40}$`},
	}
	for _, tt := range tests {
		t.Run(tt.shape, func(t *testing.T) {
			key, err := auth.NewKey(tt.role, tt.testMode)
			require.NoError(t, err)
			require.Regexp(t, tt.shape, key.Text)
			require.Len(t, key.Hash, 32)
			require.Equal(t, key.Text[:12], key.Hint)
			other, err := auth.NewKey(tt.role, tt.testMode)
			require.NoError(t, err)
			require.NotEqual(t, key.Text, other.Text)
		})
	}

	t.Run("OtherRolesHaveNoKeys", func(t *testing.T) {
		_, err := auth.NewKey(pay.RoleAdmin, true)
		require.Error(t, err)
	})
	t.Run("PrintsItsHintOnly", func(t *testing.T) {
		key, err := auth.NewKey(pay.RoleServer, true)
		require.NoError(t, err)
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "key", key)
		printed := fmt.Sprintf("%v %+v %#v %s %s", key, key, key, key, log.String())
		require.NotContains(t, printed, key.Text)
		require.Equal(t, 5, strings.Count(printed, key.Hint))
	})
}

func TestDerivedKey(t *testing.T) {
	t.Parallel()
	merchant, other := pay.NewMerchantID(storetest.Epoch()), pay.NewMerchantID(storetest.Epoch())
	derive := func(secret []byte, role pay.Role, testMode bool, merchant pay.MerchantID) string {
		key, err := auth.DerivedKey(secret, role, testMode, merchant)
		require.NoError(t, err)
		return key.Text
	}
	first := derive(devSecret(), pay.RoleServer, true, merchant)

	require.Equal(t, first, derive(devSecret(), pay.RoleServer, true, merchant))
	require.NotEqual(t, first, derive(devSecret(), pay.RoleServer, true, other))
	require.NotEqual(t, first, derive(bytes.Repeat([]byte("x"), 32), pay.RoleServer, true, merchant))
	require.NotEqual(t, first[len("sk_test_"):], derive(devSecret(), pay.RolePublic, true, merchant)[len("pk_test_"):])
	require.NotEqual(t, first[len("sk_test_"):], derive(devSecret(), pay.RoleServer, false, merchant)[len("sk_live_"):])
}

func TestAuthenticator_Keys(t *testing.T) {
	t.Parallel()

	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)

		t.Run("KeyIsItsRoleOfItsMerchant", func(t *testing.T) {
			public, publicID := b.addKey(t, pay.RolePublic)
			v, err := b.Authenticate(t.Context(), public.Text)
			require.NoError(t, err)
			require.Equal(t, viewer.Viewer{Role: pay.RolePublic, Merchant: b.merchant, Principal: "key/" + publicID.String()}, v)
			secret, secretID := b.addKey(t, pay.RoleServer)
			v, err = b.Authenticate(t.Context(), secret.Text)
			require.NoError(t, err)
			require.Equal(t, viewer.Viewer{Role: pay.RoleServer, Merchant: b.merchant, Principal: "key/" + secretID.String()}, v)
		})

		t.Run("OnlyTheHashIsStored", func(t *testing.T) {
			key, id := b.addKey(t, pay.RoleServer)
			row, err := b.store.Read().APIKey.Get(viewer.AsProgram(t.Context()), id)
			require.NoError(t, err)
			require.Equal(t, key.Hash, row.Hash)
			require.NotContains(t, fmt.Sprint(row), key.Text[len(key.Hint):])
		})

		t.Run("StoredTwiceIsOneKey", func(t *testing.T) {
			key, id := b.addKey(t, pay.RoleServer)
			b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
				row, err := auth.CreateKey(ctx, tx, b.merchant, key)
				require.NoError(t, err)
				require.Equal(t, id, row.ID)
				return nil
			})
		})

		t.Run("RevokedKeyIsRefusedWithinFiveSeconds", func(t *testing.T) {
			key, id := b.addKey(t, pay.RoleServer)
			_, err := b.Authenticate(t.Context(), key.Text)
			require.NoError(t, err)
			b.inTx(t, func(ctx context.Context, tx *store.Tx) error { return auth.RevokeKey(ctx, tx, b.merchant, id) })
			b.clock.Advance(5 * time.Second)
			b.refused(t, key.Text, "auth.unknown_key")

			b.inTx(t, func(ctx context.Context, tx *store.Tx) error { // again: nothing changes
				if err := auth.RevokeKey(ctx, tx, b.merchant, id); err != nil {
					return err
				}
				row, err := auth.CreateKey(ctx, tx, b.merchant, key)
				require.NoError(t, err)
				require.NotNil(t, row.RevokedAt, "storing a revoked key again must not bring it back")
				return nil
			})
			b.refused(t, key.Text, "auth.unknown_key")
		})

		t.Run("ClockSetBackKeepsNoRevokedKeyAlive", func(t *testing.T) {
			key, id := b.addKey(t, pay.RoleServer)
			_, err := b.Authenticate(t.Context(), key.Text)
			require.NoError(t, err)
			b.inTx(t, func(ctx context.Context, tx *store.Tx) error { return auth.RevokeKey(ctx, tx, b.merchant, id) })
			b.clock.Advance(-time.Hour)
			b.refused(t, key.Text, "auth.unknown_key")
			b.clock.Advance(time.Hour)
		})

		t.Run("AnotherMerchantRevokesNothing", func(t *testing.T) {
			_, id := b.addKey(t, pay.RoleServer)
			other := b.addMerchant(t, "other", true)
			err := b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				return auth.RevokeKey(ctx, tx, other, id)
			})
			require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		})

		t.Run("LiveMerchantTakesNoTestKey", func(t *testing.T) {
			live := b.addMerchant(t, "live", false)
			key, err := auth.NewKey(pay.RoleServer, true)
			require.NoError(t, err)
			err = b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := auth.CreateKey(ctx, tx, live, key)
				return err
			})
			require.Equal(t, pay.CodeConflict, pay.CodeOf(err))
		})

		t.Run("KeyOfAnotherMerchantIsNotTaken", func(t *testing.T) {
			key, _ := b.addKey(t, pay.RoleServer)
			second := b.addMerchant(t, "second", true)
			err := b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := auth.CreateKey(ctx, tx, second, key)
				return err
			})
			require.Equal(t, pay.CodeConflict, pay.CodeOf(err))
		})

		t.Run("UnknownMerchantGetsNoKey", func(t *testing.T) {
			key, err := auth.NewKey(pay.RoleServer, true)
			require.NoError(t, err)
			err = b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := auth.CreateKey(ctx, tx, pay.NewMerchantID(tx.Now), key)
				return err
			})
			require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		})
	})
}

// What cannot be judged is not refused: a client must not throw a good token
// away because the database was out of reach.
func TestAuthenticator_DatabaseOutOfReach(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	key, _ := b.addKey(t, pay.RoleServer)
	expires := b.clock.Now().Add(time.Hour)
	bearers := map[string]string{
		"Key":        key.Text,
		"GuestToken": b.GuestToken(b.merchant, b.addBill(t), 1, expires),
		"JWT":        b.devToken(t, auth.DevClaims{Merchant: b.merchant, Role: pay.RoleUser, Subject: "alice", Expires: expires}),
	}
	require.NoError(t, b.store.Close())

	for name, bearer := range bearers {
		t.Run(name, func(t *testing.T) {
			_, err := b.Authenticate(t.Context(), bearer)
			require.Equal(t, pay.CodeInternal, pay.CodeOf(err))
			require.NotContains(t, err.Error(), bearer)
		})
	}
	t.Run("ForgeryIsStillRefused", func(t *testing.T) {
		b.refused(t, "gt_"+strings.Repeat("A", 96), "auth.bad_signature")
	})
}

func TestAuthenticator_ForgedKeys(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	key, _ := b.addKey(t, pay.RolePublic)
	secret := key.Text[len("pk_test_"):]

	tests := []struct{ name, bearer, want string }{
		{"AnotherSecret", "pk_test_" + strings.Repeat("0", 40), "auth.unknown_key"},
		{"PublishableAsSecret", "sk_test_" + secret, "auth.unknown_key"},
		{"TestAsLive", "pk_live_" + secret, "auth.unknown_key"},
		{"UpperCase", "pk_test_" + strings.ToUpper(secret), "auth.unknown_key"},
		{"HintOnly", key.Hint, "auth.malformed"},
		{"PrefixOnly", "pk_test_", "auth.malformed"},
		{"NoMode", "pk_" + secret, "auth.malformed"},
		{"UnknownMode", "pk_beta_" + secret, "auth.malformed"},
		{"OneCharacterMore", key.Text + "0", "auth.malformed"},
		{"OneCharacterLess", key.Text[:len(key.Text)-1], "auth.malformed"},
		{"TrailingSpace", key.Text + " ", "auth.malformed"},
		{"TrailingNewline", key.Text + "\n", "auth.malformed"},
		{"TrailingNUL", key.Text + "\x00", "auth.malformed"},
		{"SQL", "pk_test_' OR 1=1 --", "auth.malformed"},
		{"Wildcard", "pk_test_" + strings.Repeat("%", 40), "auth.malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { b.refused(t, tt.bearer, tt.want) })
	}
}
