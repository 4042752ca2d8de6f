package pay_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestSubscriptionStatus_CanBecome(t *testing.T) {
	t.Parallel()

	const (
		trialing = pay.SubscriptionTrialing
		active   = pay.SubscriptionActive
		pastDue  = pay.SubscriptionPastDue
		paused   = pay.SubscriptionPaused
		canceled = pay.SubscriptionCanceled
		ended    = pay.SubscriptionEnded
	)
	tests := []struct {
		from pay.SubscriptionStatus
		want []pay.SubscriptionStatus
		live bool
	}{
		{pay.SubscriptionIncomplete, []pay.SubscriptionStatus{active, canceled, ended}, true},
		{trialing, []pay.SubscriptionStatus{active, pastDue, paused, canceled, ended}, true},
		{active, []pay.SubscriptionStatus{pastDue, paused, canceled}, true},
		{pastDue, []pay.SubscriptionStatus{active, canceled}, true},
		{paused, []pay.SubscriptionStatus{trialing, active, canceled}, true},
		{canceled, nil, false},
		{ended, nil, false},
	}
	require.Len(t, tests, len(pay.SubscriptionStatuses()))
	live := []pay.SubscriptionStatus{}
	for _, tt := range tests {
		t.Run(string(tt.from), func(t *testing.T) {
			require.Equal(t, tt.want, reachable(pay.SubscriptionStatuses(), tt.from, pay.SubscriptionStatus.CanBecome))
			require.Equal(t, tt.live, tt.from.IsLive())
		})
	}
	for _, s := range pay.SubscriptionStatuses() {
		if s.IsLive() {
			live = append(live, s)
		}
	}
	require.Equal(t, pay.LiveSubscriptionStatuses(), live)
}

func TestSubscriptionStatus_AllowedActions(t *testing.T) {
	t.Parallel()

	const (
		cancel = pay.SubscriptionCancel
		resume = pay.SubscriptionResume
		pause  = pay.SubscriptionPause
		card   = pay.SubscriptionChangeCard
	)
	type actions = []pay.SubscriptionAction
	tests := []struct {
		status        pay.SubscriptionStatus
		going, ending actions
	}{
		{pay.SubscriptionIncomplete, actions{cancel, card}, actions{cancel, resume, card}},
		{pay.SubscriptionTrialing, actions{cancel, pause, card}, actions{cancel, resume, card}},
		{pay.SubscriptionActive, actions{cancel, pause, card}, actions{cancel, resume, card}},
		{pay.SubscriptionPastDue, actions{cancel, card}, actions{cancel, resume, card}},
		{pay.SubscriptionPaused, actions{cancel, resume, card}, actions{cancel, resume, card}},
		{pay.SubscriptionCanceled, nil, nil},
		{pay.SubscriptionEnded, nil, nil},
	}
	require.Len(t, tests, len(pay.SubscriptionStatuses()))
	for _, tt := range tests {
		t.Run(string(tt.status), func(t *testing.T) {
			require.Equal(t, tt.going, tt.status.AllowedActions(false))
			require.Equal(t, tt.ending, tt.status.AllowedActions(true))
		})
	}
}
