package viewer_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

func TestViewer(t *testing.T) {
	t.Parallel()

	someone := viewer.Viewer{
		Role:      pay.RoleUser,
		Merchant:  pay.NewMerchantID(time.UnixMilli(1_770_000_000_000)),
		User:      pay.NewUserID(time.UnixMilli(1_770_000_000_000)),
		Principal: "user/alice",
	}

	t.Run("NobodyMaySeeNothing", func(t *testing.T) {
		t.Parallel()
		v := viewer.From(t.Context())
		require.Equal(t, viewer.Viewer{}, v)
		require.False(t, v.IsProgram())
		require.Nil(t, v.Actor())
	})
	t.Run("IsWhoWasPut", func(t *testing.T) {
		t.Parallel()
		v := viewer.From(viewer.With(t.Context(), someone))
		require.Equal(t, someone, v)
		require.False(t, v.IsProgram())
		require.Equal(t, pay.RoleUser, *v.Actor())
	})
	t.Run("TheProgramKeepsItsCallerAsTheActor", func(t *testing.T) {
		t.Parallel()
		caller := viewer.With(t.Context(), someone)
		v := viewer.From(viewer.AsProgram(caller))
		require.True(t, v.IsProgram())
		require.Equal(t, pay.RoleUser, *v.Actor())
		require.Equal(t, someone.User, v.User)
		require.False(t, viewer.From(caller).IsProgram(), "the context outside is as it was")
	})
	t.Run("TheProgramAloneIsNoActor", func(t *testing.T) {
		t.Parallel()
		v := viewer.From(viewer.AsProgram(t.Context()))
		require.True(t, v.IsProgram())
		require.Nil(t, v.Actor())
	})
	t.Run("WithEndsTheProgram", func(t *testing.T) {
		t.Parallel()
		ctx := viewer.With(viewer.AsProgram(t.Context()), someone)
		require.False(t, viewer.From(ctx).IsProgram(), "who asks in a subscription is never the program")
	})
	t.Run("ActorIsACopy", func(t *testing.T) {
		t.Parallel()
		v := someone
		*v.Actor() = pay.RoleAdmin
		require.Equal(t, pay.RoleUser, v.Role)
	})
}
