package breaker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/breaker"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestGroup_Allow(t *testing.T) {
	t.Parallel()

	const cooldown = 5 * time.Second
	setup := func() (*breaker.Group, *storetest.Clock, *[]string) {
		clock := &storetest.Clock{}
		var changes []string
		return breaker.NewGroup(breaker.Options{
			Clock: clock, Failures: 3, Cooldown: cooldown,
			OnChange: func(name string, open bool) {
				changes = append(changes, map[bool]string{true: "open ", false: "closed "}[open]+name)
			},
		}), clock, &changes
	}
	call := func(t *testing.T, g *breaker.Group, name string, o breaker.Outcome) {
		t.Helper()
		ended, ok := g.Allow(name)
		require.True(t, ok)
		ended(o)
	}
	fail := func(t *testing.T, g *breaker.Group, name string, times int) {
		t.Helper()
		for range times {
			call(t, g, name, breaker.Failed)
		}
	}
	refused := func(t *testing.T, g *breaker.Group, name string) {
		t.Helper()
		_, ok := g.Allow(name)
		require.False(t, ok)
	}

	t.Run("ARunOfFailuresOpensIt", func(t *testing.T) {
		t.Parallel()
		g, _, changes := setup()
		fail(t, g, "a", 3)
		refused(t, g, "a")
		require.Equal(t, []string{"open a"}, *changes)
	})
	t.Run("AnAnswerBetweenFailuresKeepsItClosed", func(t *testing.T) {
		t.Parallel()
		g, _, changes := setup()
		fail(t, g, "a", 2)
		call(t, g, "a", breaker.Answered)
		fail(t, g, "a", 2)
		call(t, g, "a", breaker.Unknown)
		require.Empty(t, *changes)
	})
	t.Run("AnotherNameIsAnotherBreaker", func(t *testing.T) {
		t.Parallel()
		g, _, _ := setup()
		fail(t, g, "a", 3)
		call(t, g, "b", breaker.Answered)
	})
	t.Run("OneTrialAfterTheCooldownClosesIt", func(t *testing.T) {
		t.Parallel()
		g, clock, changes := setup()
		fail(t, g, "a", 3)
		clock.Advance(cooldown - time.Second)
		refused(t, g, "a")
		clock.Advance(time.Second)
		ended, ok := g.Allow("a")
		require.True(t, ok)
		refused(t, g, "a") // while the trial is out
		ended(breaker.Answered)
		call(t, g, "a", breaker.Answered)
		require.Equal(t, []string{"open a", "closed a"}, *changes)
	})
	t.Run("AFailedTrialOpensItAgain", func(t *testing.T) {
		t.Parallel()
		g, clock, _ := setup()
		fail(t, g, "a", 3)
		clock.Advance(cooldown)
		call(t, g, "a", breaker.Failed)
		refused(t, g, "a")
		clock.Advance(cooldown)
		call(t, g, "a", breaker.Answered)
		call(t, g, "a", breaker.Answered)
	})
	t.Run("ATrialThatWasGivenUpIsFollowedByAnother", func(t *testing.T) {
		t.Parallel()
		g, clock, _ := setup()
		fail(t, g, "a", 3)
		clock.Advance(cooldown)
		call(t, g, "a", breaker.Unknown)
		call(t, g, "a", breaker.Answered)
	})
	t.Run("ALateAnswerOfBeforeDoesNotCloseIt", func(t *testing.T) {
		t.Parallel()
		g, _, _ := setup()
		late, ok := g.Allow("a")
		require.True(t, ok)
		fail(t, g, "a", 3)
		late(breaker.Answered)
		refused(t, g, "a")
	})
}
