package main

import (
	"testing"
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

	tests := []struct {
		name        string
		before, now *rig.Report
		want        []rig.Breach
	}{
		{name: "FirstCheckStandsAsItIs", now: &rig.Report{Breaches: []rig.Breach{lost, passing}}, want: []rig.Breach{lost, passing}},
		{name: "WhatIsFoundAgainStands", before: &rig.Report{Breaches: []rig.Breach{lost, passing}}, now: &rig.Report{Breaches: []rig.Breach{still, next}}, want: []rig.Breach{still}},
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

func TestPercentile(t *testing.T) {
	t.Parallel()
	require.Zero(t, percentile(nil, 0.99))
	times := []time.Duration{4, 1, 3, 2}
	require.Equal(t, time.Duration(3), percentile(times, 0.5))
	require.Equal(t, time.Duration(4), percentile(times, 0.99))
}
