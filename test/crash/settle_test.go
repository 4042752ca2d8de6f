package main

import (
	"bytes"
	"context"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/test/crash/rig"
)

func TestStanding(t *testing.T) {
	t.Parallel()
	lost := rig.Breach{Invariant: "book.matched", Objects: []string{"att_1", "bill_1"}, Detail: "for 1 s"}
	still := rig.Breach{Invariant: "book.matched", Objects: []string{"att_1", "bill_1"}, Detail: "for 2 s"}
	passing := rig.Breach{Invariant: "jobs.rest", Objects: []string{"job_1"}}
	next := rig.Breach{Invariant: "jobs.rest", Objects: []string{"job_2"}}
	opening := rig.Breach{Invariant: openings, Objects: []string{"creg_1"}}

	tests := []struct {
		name        string
		before, now *rig.Report
		want        []rig.Breach
	}{
		{name: "FirstCheckStandsAsItIs", now: &rig.Report{Breaches: []rig.Breach{lost, passing}}, want: []rig.Breach{lost, passing}},
		{name: "WhatIsFoundAgainStands", before: &rig.Report{Breaches: []rig.Breach{lost, passing}}, now: &rig.Report{Breaches: []rig.Breach{still, next}}, want: []rig.Breach{still}},
		{name: "WhatWaitsForItsClientDoesNotStand", before: &rig.Report{Breaches: []rig.Breach{opening, lost}}, now: &rig.Report{Breaches: []rig.Breach{opening, lost}}, want: []rig.Breach{lost}},
		{name: "WhatIsNewDoesNotStand", before: &rig.Report{}, now: &rig.Report{Breaches: []rig.Breach{lost}}},
		{name: "WhatIsGoneDoesNotStand", before: &rig.Report{Breaches: []rig.Breach{lost}}, now: &rig.Report{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, standing(tt.before, tt.now))
		})
	}
}

// The reports come in turn: the strict checks, the last of which repeats, and then
// the one that is not strict.
func TestSettle(t *testing.T) {
	t.Parallel()
	money := rig.Breach{Invariant: "book.matched", Objects: []string{"att_1", "bill_1"}, Detail: "it took 5.00 RUB"}
	job := rig.Breach{Invariant: "jobs.rest", Objects: []string{"job_1"}}
	next := rig.Breach{Invariant: "jobs.rest", Objects: []string{"job_2"}}
	of := func(breaches ...rig.Breach) *rig.Report {
		return &rig.Report{OK: len(breaches) == 0, Breaches: breaches}
	}

	tests := []struct {
		name       string
		strict     []*rig.Report
		last       *rig.Report
		violations int
		says       string
		after      time.Duration
	}{
		{name: "QuietAtOnce", strict: []*rig.Report{of()}, last: of(), says: "at rest 0.0 s", after: 1},
		{name: "WhatPassesIsForgiven", strict: []*rig.Report{of(job), of(next)}, last: of(), says: "at rest 1.0 s", after: time.Second},
		{name: "PendingMayStay", strict: []*rig.Report{of()}, last: &rig.Report{OK: true, Pending: []rig.Breach{money}}, says: "at rest", after: 1},
		{
			name: "MoneyInTheLastCheckIsNotForgiven", strict: []*rig.Report{of(job), of(money)}, last: of(money),
			violations: 1, says: "VIOLATION book.matched [att_1 bill_1]: it took 5.00 RUB", after: time.Second,
		},
		{name: "WhatStaysIsNotAtRest", strict: []*rig.Report{of(money)}, violations: 1, says: "NOT at rest 1m0s"},
		{
			name: "LateIsAViolation", strict: append(slices.Repeat([]*rig.Report{of(job)}, 40), of()), last: of(),
			violations: 1, says: "VIOLATION rest.late", after: 40 * time.Second,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				clients := make(chan struct{})
				close(clients)
				limits := &common{within: 30 * time.Second, limit: time.Minute}
				s, err := settle(t.Context(), inTurn(tt.strict, tt.last), limits, clients, io.Discard)
				require.NoError(t, err)
				require.Equal(t, tt.after, s.after)
				var out bytes.Buffer
				require.Equal(t, tt.violations, s.print(&out))
				require.Contains(t, out.String(), tt.says)
			})
		})
	}

	t.Run("RestThatEndsDoesNotCount", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			clients := make(chan struct{})
			time.AfterFunc(35*time.Second+time.Millisecond, func() { close(clients) })
			var strict []*rig.Report
			for second := range 40 {
				strict = append(strict, map[bool]*rig.Report{true: of(job), false: of()}[second >= 20 && second < 33])
			}
			s, err := settle(t.Context(), inTurn(strict, of()), &common{within: 30 * time.Second, limit: time.Minute}, clients, io.Discard)
			require.NoError(t, err)
			require.Equal(t, 33*time.Second, s.after, "at second 0 nothing stood either")
			var out bytes.Buffer
			require.Equal(t, 1, s.print(&out))
			require.Contains(t, out.String(), "VIOLATION rest.late")
		})
	})
}

// inTurn is a check that finds what it is given: one of the strict reports after
// the other, and last without --strict.
func inTurn(strict []*rig.Report, last *rig.Report) checker {
	return func(_ context.Context, args ...string) (*rig.Report, error) {
		if !slices.Contains(args, "--strict") {
			return last, nil
		}
		now := strict[0]
		strict = strict[min(1, len(strict)-1):]
		return now, nil
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	require.Zero(t, percentile(nil, 0.99))
	times := []time.Duration{4, 1, 3, 2}
	require.Equal(t, time.Duration(3), percentile(times, 0.5))
	require.Equal(t, time.Duration(4), percentile(times, 0.99))
}
