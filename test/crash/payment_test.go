package main

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// plans are the first payments of a seed.
func plans(seed uint64, count int) []plan {
	t := &traffic{seed: seed, keys: rig.Keys{Publishable: "pk", Secret: "sk"}}
	list := make([]plan, count)
	for n := range list {
		list[n] = t.plan(t.random(uint64(n)))
	}
	return list
}

func TestPlan(t *testing.T) {
	t.Parallel()

	t.Run("SameSeedSamePayments", func(t *testing.T) {
		t.Parallel()
		first := plans(7, 200)
		require.Equal(t, first, plans(7, 200))
		require.NotEqual(t, first, plans(8, 200))
	})

	t.Run("KeysAreUUIDsAndDiffer", func(t *testing.T) {
		t.Parallel()
		keys := map[string]bool{}
		for _, p := range plans(7, 1000) {
			require.NoError(t, uuid.Validate(p.key))
			keys[p.key] = true
		}
		require.Len(t, keys, 1000)
	})

	t.Run("EverythingIsPlannedForSomebody", func(t *testing.T) {
		t.Parallel()
		seen := map[string]bool{}
		mark := func(name string, is bool) { seen[name] = seen[name] || is }
		for _, p := range plans(7, 500) {
			for _, word := range []string{p.token, p.account, p.outcome, p.ends} {
				mark(word, true)
			}
			mark("switches", p.switches)
			mark("pays both", p.paysBoth)
			mark("cancels", p.cancels)
			mark("repeats", p.copies > 1)
		}
		for _, want := range []string{
			"pk", "sk", oneStage, twoStage, rig.Approve, rig.Decline, rig.Abandon, "capture", "cancel", "switches", "pays both", "cancels", "repeats",
		} {
			require.True(t, seen[want], want)
		}
	})
}
