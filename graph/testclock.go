package graph

import (
	"context"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/subscriptions"
)

// TestClockCreate makes a test clock.
func (r mutation) TestClockCreate(ctx context.Context, key, name string, now *time.Time) (*model.TestClockPayload, error) {
	outcome, err := r.Subscriptions.CreateClock(ctx, key, name, now)
	return r.clockPayload(ctx, outcome, err)
}

// TestClockAdvance moves a test clock on.
func (r mutation) TestClockAdvance(ctx context.Context, key, clock string, to time.Time) (*model.TestClockPayload, error) {
	outcome, err := r.Subscriptions.AdvanceClock(ctx, key, clock, to)
	return r.clockPayload(ctx, outcome, err)
}

// TestClockAttach has a user live by a test clock.
func (r mutation) TestClockAttach(ctx context.Context, key, clock, user string) (*model.TestClockPayload, error) {
	outcome, err := r.Subscriptions.AttachUser(ctx, key, clock, user)
	return r.clockPayload(ctx, outcome, err)
}

// clocksByID reads test clocks one by one: there are a handful, and nobody pages
// through them.
func (r *Resolver) clocksByID(ctx context.Context, ids []pay.TestClockID) ([]*ent.TestClock, error) {
	var found []*ent.TestClock
	for _, id := range ids {
		clock, err := r.Subscriptions.Clock(ctx, id.String())
		if err != nil {
			return nil, err
		}
		if clock != nil {
			found = append(found, clock)
		}
	}
	return found, nil
}

// clockPayload shows what a mutation of a clock came to.
func (r *Resolver) clockPayload(ctx context.Context, o *subscriptions.ClockOutcome, err error) (*model.TestClockPayload, error) {
	if err != nil {
		return nil, err
	}
	shown := &model.TestClockPayload{Replayed: o.Replayed}
	if shown.Errors, err = r.shownList(ctx, o.Errors); err != nil {
		return nil, err
	}
	asked := selected(ctx)
	if asked.has("clock") && !o.Clock.IsZero() {
		if shown.Clock, err = r.Subscriptions.Clock(ctx, o.Clock.String()); err != nil {
			return nil, err
		}
	}
	if asked.has("user") && !o.User.IsZero() {
		shown.User, err = r.userOf(ctx, &o.User)
	}
	return shown, err
}
