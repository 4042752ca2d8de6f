package idempotency_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// onlyOnce is work that can be done once, by anybody: it is refused from then on.
func onlyOnce(ctx context.Context, tx *store.Tx) (string, error) {
	n, err := tx.Raw(ctx, `INSERT INTO settings (id, value, created_at) VALUES ('work', ?, ?) ON CONFLICT (id) DO NOTHING`, []byte("done"), tx.Now)
	if err == nil && n == 0 {
		err = pay.Errorf(pay.CodeStateConflict, "work.done", "It is done already.")
	}
	return "user_1", err
}

// answer is what a call came to.
type answer struct {
	id       string
	replayed bool
	code     pay.Code
}

// Of one call that is sent twice at once, the second looks at its key before the
// first commits, and is refused what the first has done. Both get the same answer.
func TestOnce_RefusedWhatItsTwinDid(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		input string
		want  answer
	}{
		{"TheSameCall", "input", answer{"user_1", true, ""}},
		{"OtherInput", "other input", answer{"", false, pay.CodeIdempotencyMismatch}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				b := setup(t, url)
				looked, ended := make(chan struct{}, 8), make(chan answer, 1)
				twin, err := store.Open(t.Context(), url, b.clock, store.WithQueryLog(func(statement string) {
					if strings.HasPrefix(statement, "SELECT") {
						looked <- struct{}{}
					}
				}))
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, twin.Close()) })

				id, replayed, err := idempotency.Once(t.Context(), b.store, b.scope, b.hash, func(ctx context.Context, tx *store.Tx) (string, error) {
					id, err := onlyOnce(ctx, tx)
					go func() {
						id, replayed, err := idempotency.Once(t.Context(), twin, b.scope, hash(t, tt.input), onlyOnce)
						ended <- answer{id, replayed, pay.CodeOf(err)}
					}()
					<-looked
					return id, err
				})
				require.NoError(t, err)
				require.False(t, replayed)
				require.Equal(t, "user_1", id)
				require.Equal(t, tt.want, <-ended)
			})
		})
	}
}
