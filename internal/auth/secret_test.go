package auth_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestInstallationSecret(t *testing.T) {
	t.Parallel()

	storetest.Each(t, func(t *testing.T, url string) {
		clock := &storetest.Clock{}
		first, second := storetest.Open(t, url, clock), storetest.Open(t, url, clock)

		t.Run("RacingProcessesAgree", func(t *testing.T) {
			type answer struct {
				secret []byte
				err    error
			}
			answers := make(chan answer)
			for at := range 16 {
				s := []*store.Store{first, second}[at%2]
				go func() {
					secret, err := auth.InstallationSecret(t.Context(), s, "dev")
					answers <- answer{secret, err}
				}()
			}
			seen := map[string]bool{}
			for range 16 {
				got := <-answers
				require.NoError(t, got.err)
				require.Len(t, got.secret, 32)
				seen[string(got.secret)] = true
			}
			require.Len(t, seen, 1)
		})

		t.Run("NamesHaveSecretsOfTheirOwn", func(t *testing.T) {
			one, err := auth.InstallationSecret(t.Context(), first, "one")
			require.NoError(t, err)
			two, err := auth.InstallationSecret(t.Context(), first, "two")
			require.NoError(t, err)
			require.NotEqual(t, one, two)
		})

		t.Run("SpoiltSecretIsAnError", func(t *testing.T) {
			require.NoError(t, first.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				return tx.Setting.Create().SetID("spoilt").SetValue([]byte("short")).SetCreatedAt(tx.Now).Exec(ctx)
			}))
			_, err := auth.InstallationSecret(t.Context(), first, "spoilt")
			require.ErrorContains(t, err, "5 bytes")
			require.NotContains(t, err.Error(), "short")
		})
	})
}
