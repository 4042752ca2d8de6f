package vault_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/vault"
)

// Whose row a value is of, in these tests.
const (
	row     = "card_01jnb5r8w0000000000000000a"
	another = "card_01jnb5r8w0000000000000000b"
)

func key(letter string) []byte { return bytes.Repeat([]byte(letter), 32) }

func open(t *testing.T, current string, older ...string) *vault.Vault {
	t.Helper()
	keys := vault.Keys{Current: key(current), Hash: key("h")}
	for _, letter := range older {
		keys.Older = append(keys.Older, key(letter))
	}
	v, err := vault.New(keys)
	require.NoError(t, err)
	return v
}

func TestNew(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name string
		keys vault.Keys
		want string
	}{
		{"NoKeys", vault.Keys{}, "the vault's hash key is too short"},
		{"ShortHash", vault.Keys{Current: key("a"), Hash: make([]byte, 31)}, "the vault's hash key is too short"},
		{"NoCurrent", vault.Keys{Older: [][]byte{key("a")}, Hash: key("h")}, "key 0 of the vault is too short"},
		{"ShortCurrent", vault.Keys{Current: make([]byte, 31), Hash: key("h")}, "key 0 of the vault is too short"},
		{"ShortOlder", vault.Keys{Current: key("a"), Older: [][]byte{key("b"), []byte("c")}, Hash: key("h")}, "key 2 of the vault is too short"},
		{"TheSameTwice", vault.Keys{Current: key("a"), Older: [][]byte{key("b"), key("a")}, Hash: key("h")}, "key 2 of the vault is given twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := vault.New(tt.keys)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "aaaa", "an error holds no key")
		})
	}
}

func TestVault_Seal(t *testing.T) {
	t.Parallel()
	v := open(t, "a")
	secret := []byte("2f6ad1b4-the-provider's-own-id")
	sealed, err := v.Seal(secret, row)
	require.NoError(t, err)

	t.Run("OpensForItsRow", func(t *testing.T) {
		t.Parallel()
		plain, err := v.Open(sealed, row)
		require.NoError(t, err)
		require.Equal(t, secret, plain)
		require.NotContains(t, string(sealed), "provider")
	})
	t.Run("DoesNotOpenForAnotherRow", func(t *testing.T) {
		t.Parallel()
		_, err := v.Open(sealed, another)
		require.ErrorIs(t, err, vault.ErrSealed)
		require.NotContains(t, err.Error(), string(secret))
	})
	t.Run("NoByteOfItMayChange", func(t *testing.T) {
		t.Parallel()
		for at := range sealed {
			changed := bytes.Clone(sealed)
			changed[at] ^= 1
			_, err := v.Open(changed, row)
			require.ErrorIs(t, err, vault.ErrSealed, at)
		}
		for cut := range sealed {
			_, err := v.Open(sealed[:cut], row)
			require.ErrorIs(t, err, vault.ErrSealed, cut)
		}
	})
	t.Run("SealingTwiceGivesTwoValues", func(t *testing.T) {
		t.Parallel()
		again, err := v.Seal(secret, row)
		require.NoError(t, err)
		require.NotEqual(t, sealed, again)
	})
	t.Run("NothingCanBeSealed", func(t *testing.T) {
		t.Parallel()
		empty, err := v.Seal(nil, row)
		require.NoError(t, err)
		plain, err := v.Open(empty, row)
		require.NoError(t, err)
		require.Empty(t, plain)
	})
	t.Run("ItNeedsARow", func(t *testing.T) {
		t.Parallel()
		_, err := v.Seal(secret, "")
		require.ErrorContains(t, err, "identity")
		_, err = v.Open(sealed, "")
		require.ErrorContains(t, err, "identity")
	})
}

func TestVault_KeysRotate(t *testing.T) {
	t.Parallel()
	before, during, after := open(t, "a"), open(t, "b", "a"), open(t, "b")
	old, err := before.Seal([]byte("old"), row)
	require.NoError(t, err)
	fresh, err := during.Seal([]byte("fresh"), row)
	require.NoError(t, err)

	plain, err := during.Open(old, row)
	require.NoError(t, err)
	require.Equal(t, "old", string(plain))
	plain, err = after.Open(fresh, row)
	require.NoError(t, err, "the current key seals")
	require.Equal(t, "fresh", string(plain))
	_, err = before.Open(fresh, row)
	require.ErrorIs(t, err, vault.ErrSealed)
	_, err = after.Open(old, row)
	require.ErrorIs(t, err, vault.ErrSealed, "a key that is gone opens nothing")

	require.Equal(t, before.Hash("card", "x"), after.Hash("card", "x"), "what was hashed is found again")
}

// A value that an earlier version sealed opens for ever: the derivation of keys
// is part of what the database holds.
func TestVault_OpensWhatWasSealedBefore(t *testing.T) {
	t.Parallel()
	sealed, err := hex.DecodeString(sealedBefore)
	require.NoError(t, err)
	plain, err := open(t, "a").Open(sealed, row)
	require.NoError(t, err)
	require.Equal(t, "kept since the first version", string(plain))
	require.Equal(t, hashedBefore, hex.EncodeToString(open(t, "a").Hash("card", "kept")))
}

func TestVault_Hash(t *testing.T) {
	t.Parallel()
	v := open(t, "a")
	require.Len(t, v.Hash("card", "x"), 32)
	require.Equal(t, v.Hash("card", "x"), open(t, "a").Hash("card", "x"))
	require.NotEqual(t, v.Hash("card", "x"), v.Hash("gift", "x"), "domains are apart")
	require.NotEqual(t, v.Hash("card", "x"), v.Hash("car", "dx"), "the domain ends where it ends")
	other, err := vault.New(vault.Keys{Current: key("a"), Hash: key("i")})
	require.NoError(t, err)
	require.NotEqual(t, v.Hash("card", "x"), other.Hash("card", "x"))
}

const (
	sealedBefore = "01036397ee0579495f880a4d9df95fa7089699bee5c191624e9d1bf3add9a8c7e24ba24061f99370c3c1f7fb31ba219820dc327a44cb8656d26c2157fa"
	hashedBefore = "44b765fb9ffc85ddbf4ab04b41573ef47055f73ccd42ae7c5f4ca7e26a7a1551"
)
