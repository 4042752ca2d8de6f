package graph

import (
	"context"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/pay"
)

// feedPage is how many changes a stream reads at a time, and so how many bills a
// slow reader may be shown as they were when the page was read.
const feedPage = 25

// feedWatch is one subscription to many bills, with one goroutine. It goes
// through the feed at its reader's pace: what changed while the reader was busy
// is read when it is back, and several versions of a bill are shown as the
// latest.
type feedWatch struct {
	r       *Resolver
	scope   events.Scope
	filter  *billing.Filter
	want    billing.Want
	hub     *events.Subscription
	at      events.Position    // the stream has shown everything up to here
	ahead   map[pay.BillID]int // versions shown that the feed has yet to come to
	updates chan *model.BillUpdate
}

// run shows the changes after the position until the reader or the token ends.
func (w *feedWatch) run(ctx context.Context) {
	defer close(w.updates)
	w.r.serve(ctx, w.follow)
}

func (w *feedWatch) follow(ctx context.Context) {
	defer w.hub.Close()
	for {
		changes, next, err := w.r.Feed.After(ctx, w.scope, w.at, feedPage)
		if err == nil {
			err = w.show(ctx, w.unseen(latest(changes)))
		}
		if err != nil {
			w.r.logStream(ctx, err)
			return
		}
		w.at = next
		if len(changes) > 0 {
			continue
		}
		select {
		case <-w.hub.C():
		case <-ctx.Done():
			return
		}
	}
}

// latest keeps the last change of each bill, in the order of the feed.
func latest(changes []events.Change) []events.Change {
	last := make(map[pay.BillID]int, len(changes))
	for at, c := range changes {
		last[c.Bill] = at
	}
	kept := changes[:0]
	for at, c := range changes {
		if last[c.Bill] == at {
			kept = append(kept, c)
		}
	}
	return kept
}

// unseen leaves out the changes that the reader has seen: a bill is shown as it
// is when it is read, which may be ahead of the feed.
func (w *feedWatch) unseen(changes []events.Change) []events.Change {
	var fresh []events.Change
	for _, c := range changes {
		shown, isAhead := w.ahead[c.Bill]
		if isAhead && shown <= c.Version {
			delete(w.ahead, c.Bill)
		}
		if !isAhead || shown < c.Version {
			fresh = append(fresh, c)
		}
	}
	return fresh
}

// show reads the bills that changed, as the viewer may see them now, and sends
// those that match. Each message has the position of its own change.
func (w *feedWatch) show(ctx context.Context, changes []events.Change) error {
	if len(changes) == 0 {
		return nil
	}
	ids := make([]pay.BillID, len(changes))
	for at, c := range changes {
		ids[at] = c.Bill
	}
	bills, err := w.r.Billing.Matching(ctx, ids, w.filter, w.want)
	if err != nil {
		return err
	}
	byID := make(map[pay.BillID]*ent.Bill, len(bills))
	for _, b := range linked(bills...) {
		byID[b.ID] = b
	}
	for _, c := range changes {
		b := byID[c.Bill]
		if b == nil {
			continue
		}
		select {
		case w.updates <- w.r.update(b, c.Position().Encode(), false):
		case <-ctx.Done():
			return ctx.Err()
		}
		if b.Version > c.Version {
			w.ahead[b.ID] = b.Version
		}
	}
	return nil
}
