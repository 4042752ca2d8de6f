package store_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

func TestStore_InSnapshot(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url, &storetest.Clock{})
		write := func(value string) {
			t.Helper()
			require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return set(ctx, tx, "name", value) }))
		}
		write("first")
		program := viewer.AsProgram(t.Context())

		t.Run("SeesOneMoment", func(t *testing.T) {
			require.NoError(t, s.InSnapshot(program, func(c *ent.Client) error {
				require.Equal(t, "first", string(c.Setting.GetX(program, "name").Value))
				write("second")
				require.Equal(t, "second", setting(t, s, "name"), "everybody else sees it")
				require.Equal(t, "first", string(c.Setting.GetX(program, "name").Value))
				return nil
			}))
			require.NoError(t, s.InSnapshot(program, func(c *ent.Client) error {
				require.Equal(t, "second", string(c.Setting.GetX(program, "name").Value))
				return nil
			}))
		})
		t.Run("RefusesWrites", func(t *testing.T) {
			require.Error(t, s.InSnapshot(program, func(c *ent.Client) error {
				return c.Setting.Create().SetID("other").SetValue(nil).SetCreatedAt(s.Clock().Now()).Exec(program)
			}))
			require.Empty(t, setting(t, s, "other"))
		})
		t.Run("LeavesNoConnectionBehind", func(t *testing.T) {
			for range 50 { // more than there are connections
				require.ErrorIs(t, s.InSnapshot(program, func(*ent.Client) error { return errOurs }), errOurs)
				require.Panics(t, func() { _ = s.InSnapshot(program, func(*ent.Client) error { panic("no reader") }) })
			}
			require.Equal(t, "second", setting(t, s, "name"))
		})
	})
}
