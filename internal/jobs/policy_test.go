package jobs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestPolicy(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name   string
		policy Policy
		delays []time.Duration // after try 1, 2, …
		last   int             // the first try that is the last; 0: none of the first 1000
	}{
		{name: "ZeroTriesOnce", policy: Policy{}, delays: []time.Duration{time.Minute}, last: 1},
		{
			name:   "OneMoreTryThanDelays",
			policy: Policy{Delays: []time.Duration{time.Second, time.Hour}},
			delays: []time.Duration{time.Second, time.Hour},
			last:   3,
		},
		{
			name:   "LastDelayRepeats",
			policy: Policy{Delays: []time.Duration{time.Second, time.Hour}, Last: 5},
			delays: []time.Duration{time.Second, time.Hour, time.Hour, time.Hour},
			last:   5,
		},
		{
			name:   "BelowZeroIsForEver",
			policy: Policy{Delays: []time.Duration{time.Second}, Last: -1},
			delays: []time.Duration{time.Second, time.Second},
			last:   0,
		},
		{
			name:   "LastMayCutDelays",
			policy: Policy{Delays: []time.Duration{time.Second, time.Hour}, Last: 1},
			delays: []time.Duration{time.Second},
			last:   1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id := pay.NewJobID(time.Unix(0, 0))
			for at, want := range tt.delays {
				require.Equal(t, want, tt.policy.delay(id, at+1))
			}
			last := 0
			for try := 1000; try > 0; try-- {
				last = map[bool]int{true: try, false: last}[tt.policy.isLast(try)]
			}
			require.Equal(t, tt.last, last)
		})
	}
}

// The jitter spreads jobs that failed together, and is no chance: the same job
// and try wait the same.
func TestPolicy_Jitter(t *testing.T) {
	t.Parallel()

	p := Policy{Delays: []time.Duration{time.Hour}, Last: -1, Jitter: 10}
	seen := map[time.Duration]bool{}
	for range 100 {
		id := pay.NewJobID(time.Unix(0, 0))
		d := p.delay(id, 1)
		require.Equal(t, d, p.delay(id, 1))
		require.GreaterOrEqual(t, d, time.Hour)
		require.Less(t, d, time.Hour+6*time.Minute)
		seen[d] = true
	}
	require.Greater(t, len(seen), 50)
}

func TestPatient(t *testing.T) {
	t.Parallel()

	p := Patient()
	p.Jitter = 0
	var total time.Duration
	try := 1
	for ; !p.isLast(try); try++ {
		total += p.delay(pay.JobID{}, try)
	}
	require.Equal(t, 3, int(total/(24*time.Hour)), "days until it is parked")
}
