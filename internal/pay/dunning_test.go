package pay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestDunningPolicy_Judge(t *testing.T) {
	t.Parallel()

	p := pay.DefaultDunning()
	since := time.Date(2027, time.March, 31, 9, 0, 0, 0, time.UTC)
	on := func(days int) time.Time { return since.Add(time.Duration(days) * day) }
	never := time.Time{}
	tests := []struct {
		name           string
		code           string
		tries, outages int
		since, now     time.Time
		next           time.Time
		wantsNoPastDue bool
	}{
		{name: "FirstRefusal", code: "insufficient_funds", tries: 1, since: never, now: since, next: on(1)},
		{name: "Second", code: "insufficient_funds", tries: 2, since: since, now: on(1), next: on(3)},
		{name: "Third", code: "issuer_declined", tries: 3, since: since, now: on(3), next: on(7)},
		{name: "FourthIsTheLast", code: "issuer_declined", tries: 4, since: since, now: on(7), next: never},
		{name: "OneByHandAfterThatIsNoneMore", code: "issuer_declined", tries: 5, since: since, now: on(9), next: never},
		{name: "UnknownCodesAreTriedAgain", code: "some_new_word", tries: 1, since: never, now: since, next: on(1)},
		{name: "ADowntimeIsNoBurst", code: "insufficient_funds", tries: 1, since: since, now: on(5), next: on(7)},
		{name: "AfterALongDowntimeNoneIsLeft", code: "insufficient_funds", tries: 1, since: since, now: on(12), next: never},
		{name: "AStolenCardIsNotTriedAgain", code: "stolen_card", tries: 1, since: never, now: since, next: never},
		{name: "ARemovedCardIsNotTriedAgain", code: pay.DeclineCardRemoved, tries: 1, since: never, now: since, next: never},
		{name: "ThePayerIsWaitedFor", code: pay.DeclineAuthenticationRequired, tries: 1, since: never, now: since, next: never},
		{name: "AnOutageIsNoRefusal", code: pay.DeclineProviderUnavailable, tries: 1, outages: 1, since: never, now: since, next: since.Add(time.Hour), wantsNoPastDue: true},
		{name: "OutagesDoNotUseRetriesUp", code: "insufficient_funds", tries: 9, outages: 8, since: never, now: since, next: on(1)},
		{name: "AnOutageOfADayIsARefusal", code: pay.DeclineProviderUnavailable, tries: 25, outages: 25, since: never, now: since, next: on(1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			next, isRefusal := p.Judge(tt.code, tt.tries, tt.outages, tt.since, tt.now)
			require.Equal(t, tt.next, next)
			require.Equal(t, !tt.wantsNoPastDue, isRefusal)
		})
	}
	require.Equal(t, 4, p.MaxCharges())
}

func TestIsRefusal(t *testing.T) {
	t.Parallel()

	require.True(t, pay.IsRefusal("insufficient_funds"))
	require.True(t, pay.IsRefusal(pay.DeclineCardRemoved))
	require.False(t, pay.IsRefusal(pay.DeclineProviderUnavailable))
	require.False(t, pay.IsRefusal(pay.DeclineUnpaid))
	require.False(t, pay.IsRefusal(""))
}
