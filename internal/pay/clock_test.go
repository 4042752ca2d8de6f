package pay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestInstant(t *testing.T) {
	t.Parallel()

	moscow := time.FixedZone("MSK", 3*3600)
	at := time.Date(2026, time.March, 2, 12, 0, 0, 123_456_789, moscow)
	require.Equal(t, time.Date(2026, time.March, 2, 9, 0, 0, 123_456_000, time.UTC), pay.Instant(at))
	require.Equal(t, pay.Instant(at), pay.Instant(pay.Instant(at)))
	require.Equal(t, at, pay.ClockFunc(func() time.Time { return at }).Now())
}
