package ktpaysandbox

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWords(t *testing.T) {
	t.Parallel()

	t.Run("BothLanguagesSayTheSame", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, slices.Sorted(maps.Keys(english())), slices.Sorted(maps.Keys(russian())))
	})

	for _, c := range testCards() {
		t.Run("CardIsExplained"+c.pan, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, english(), "card-"+c.says)
		})
	}

	for _, code := range []string{codeDeclined, codeNot3DSecure, "43", "51", "54", "91"} {
		t.Run("CodeIsExplained"+code, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, english(), "reason-"+code)
			require.Greater(t, len(explain(code)), len(" (00)"))
		})
	}
}

func TestBuiltInKey(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	var v struct {
		SecretKey string `json:"secret_key_b64"`
		PublicKey string `json:"public_key_b64"`
	}
	require.NoError(t, json.Unmarshal(text, &v))
	public, err := builtInKey().public()
	require.NoError(t, err)
	require.Equal(t, v.PublicKey, base64.StdEncoding.EncodeToString(public[:]))
	require.Equal(t, builtInSecret, v.SecretKey)
}
