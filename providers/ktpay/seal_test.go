package ktpay

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/nacl/box"
)

func TestClient_Seal(t *testing.T) {
	t.Parallel()

	t.Run("Case01_BoxesOfLibsodiumOpenOrFail", func(t *testing.T) {
		t.Parallel()
		read := readSamples(t)
		require.Len(t, read.Vectors, 8)
		public, secret := read.keys(t)
		opens := []bool{true, true, false, false, false, false, false, true} // 5 is in the other base64, 7 is no JSON
		for at, vector := range read.Vectors {
			text, ok := openBox(vector.Sealed, public, secret)
			require.Equal(t, opens[at], ok, "vector %d: %s", at, vector.Note)
			require.True(t, vector.Plaintext == "" || vector.Plaintext == text, "vector %d", at)
		}
	})
	t.Run("Case02_OurBoxOpensByTheDefinitionOfLibsodium", func(t *testing.T) {
		t.Parallel()
		// libsodium docs, sealed boxes: ephemeral_pk ‖ box(m, pk, ephemeral_sk,
		// nonce = blake2b(ephemeral_pk ‖ pk)).
		const text = "Оплата заказа ₸ «тест»"
		sealed, err := newClient(t, "http://127.0.0.1").seal([]byte(text))
		require.NoError(t, err)
		raw, err := base64.StdEncoding.DecodeString(string(sealed))
		require.NoError(t, err)
		require.Len(t, raw, len(text)+48)
		public, secret := readSamples(t).keys(t)
		hash, err := blake2b.New(24, nil)
		require.NoError(t, err)
		_, _ = hash.Write(raw[:32])
		_, _ = hash.Write(public[:])
		opened, ok := box.Open(nil, raw[32:], (*[24]byte)(hash.Sum(nil)), (*[32]byte)(raw[:32]), secret)
		require.True(t, ok)
		require.Equal(t, text, string(opened))
	})
	t.Run("TwoBoxesOfOneTextDiffer", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, "http://127.0.0.1")
		one, err := c.seal([]byte("x"))
		require.NoError(t, err)
		other, err := c.seal([]byte("x"))
		require.NoError(t, err)
		require.NotEqual(t, one, other)
	})
}
