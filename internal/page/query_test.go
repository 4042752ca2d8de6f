package page_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent/user"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

// A list that is sorted by an instant which several rows share is walked row by
// row in both directions, each row once.
func TestBeyond(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		clock := &storetest.Clock{}
		s := storetest.Open(t, url, clock)
		merchant := pay.NewMerchantID(clock.Now())
		// Whole seconds and fractions: the databases write them differently.
		for at, moved := range []time.Duration{0, 0, time.Microsecond, 500 * time.Millisecond, time.Second, time.Second} {
			require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				return tx.User.Create().SetID(pay.NewUserID(tx.Now)).SetMerchantID(merchant).SetExternalID(strconv.Itoa(at)).
					SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now.Add(moved)).Exec(ctx)
			}))
		}
		walk := func(descending bool) (seen []pay.UserID) {
			columns := []string{user.FieldUpdatedAt, user.FieldID}
			cursor := ""
			for {
				query := s.Read().User.Query().Order(page.Order(descending, columns...)).Limit(2)
				if place, ok := page.Find("users", cursor, pay.ParseUserID); ok {
					query.Where(page.Beyond(descending, columns, place.Time(), place.ID))
				}
				rows, err := query.All(viewer.AsProgram(t.Context()))
				require.NoError(t, err)
				rows, more := page.Cut(rows, 1)
				seen = append(seen, rows[0].ID)
				if !more {
					return seen
				}
				cursor = page.AtTime("users", rows[0].UpdatedAt, rows[0].ID.String())
			}
		}
		up, down := walk(false), walk(true)
		require.Len(t, up, 6)
		slices.Reverse(down)
		require.Equal(t, up, down)
	})
}
