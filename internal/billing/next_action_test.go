package billing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestNextActionOf(t *testing.T) {
	t.Parallel()

	now := storetest.Epoch()
	soon := now.Add(time.Minute)
	wait := &billing.NextAction{PollAfter: 2 * time.Second}
	current := func(status pay.AttemptStatus) *ent.Attempt { return &ent.Attempt{Status: status, Current: true} }
	page := &ent.Attempt{
		Status: pay.AttemptActionRequired, Current: true, SessionEndsAt: &soon,
		RedirectURL: new("https://pay.example"), RedirectMethod: new("POST"), RedirectFields: map[string]string{"b": "2", "a": "1"},
	}
	closed := *page
	closed.SessionEndsAt = &now
	superseded := *page
	superseded.Current = false

	tests := []struct {
		name     string
		bill     pay.BillStatus
		attempts []*ent.Attempt
		want     *billing.NextAction
	}{
		{"NothingWasTried", pay.BillPending, nil, nil},
		{"APageIsOpen", pay.BillPending, []*ent.Attempt{&superseded, page}, &billing.NextAction{Redirect: &billing.Redirect{
			URL: "https://pay.example", Method: "POST", Fields: []billing.FormField{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}, Expires: &soon,
		}}},
		{"ThePageIsOver", pay.BillPending, []*ent.Attempt{&closed}, nil},
		{"ThePageIsSuperseded", pay.BillPending, []*ent.Attempt{&superseded}, nil},
		{"BeingOpened", pay.BillPending, []*ent.Attempt{current(pay.AttemptCreated)}, wait},
		{"Sent", pay.BillPending, []*ent.Attempt{current(pay.AttemptSent)}, wait},
		{"InDoubt", pay.BillPending, []*ent.Attempt{current(pay.AttemptUnknown)}, wait},
		{"Declined", pay.BillPending, []*ent.Attempt{current(pay.AttemptDeclined)}, nil},
		{"PaidAndNotYetDelivered", pay.BillPaid, nil, wait},
		{"Held", pay.BillAuthorized, []*ent.Attempt{current(pay.AttemptAuthorized)}, nil},
		{"Delivered", pay.BillDone, nil, nil},
		{"Over", pay.BillExpired, []*ent.Attempt{page}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, billing.NextActionOf(&ent.Bill{Status: tt.bill}, tt.attempts, now))
		})
	}
}
