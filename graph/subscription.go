package graph

import (
	"context"
	"errors"
	"log/slog"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// BillUpdated watches one bill: its present state first, then each change. Whoever
// comes back with the cursor of the present version is told of changes only.
func (r subscription) BillUpdated(ctx context.Context, rawID string, after *string) (<-chan *model.BillUpdate, error) {
	id, err := pay.ParseBillID(rawID)
	if err != nil {
		return nil, pay.NotFound("bill", "id")
	}
	w := &billWatch{r: r.Resolver, id: id, want: selected(ctx).at("bill").want(), updates: make(chan *model.BillUpdate)}
	w.hub = r.Hub.Subscribe(events.BillTopic(id)) // before the read, so that nothing is missed between
	first, err := w.read(ctx)
	if err == nil && first == nil {
		err = pay.NotFound("bill", "id")
	}
	if err != nil {
		w.hub.Close()
		return nil, err
	}
	seen, resumed := page.Find(liveBill, valueOf(after), pay.ParseBillID)
	resumed = resumed && seen.ID == id && seen.Sort <= int64(first.Version)
	w.sent = first.Version
	if resumed && seen.Sort == int64(first.Version) {
		go w.run(ctx, nil)
	} else {
		go w.run(ctx, r.update(first, billCursor(first), !resumed))
	}
	return w.updates, nil
}

// liveBill names the cursors of one bill's stream.
const liveBill = "live"

func billCursor(b *ent.Bill) string { return page.At(liveBill, int64(b.Version), b.ID.String()) }

func (r *Resolver) update(b *ent.Bill, cursor string, isSnapshot bool) *model.BillUpdate {
	return &model.BillUpdate{Cursor: cursor, Snapshot: isSnapshot, Bill: b, EmittedAt: r.Clock.Now()}
}

// untilExpiry ends ctx when its viewer's proof does.
func (r *Resolver) untilExpiry(ctx context.Context) (context.Context, context.CancelFunc) {
	expires := viewer.From(ctx).Expires
	if expires.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, expires.Sub(r.Clock.Now()))
}

// serve runs one stream until its reader or its viewer's proof ends. When the
// proof ends the transport closes the stream with its own word (4403, or
// TOKEN_EXPIRED), after which a client comes back with a new token; a stream that
// completed would tell it to stay away. So an expired stream says nothing more
// and waits for the transport.
func (r *Resolver) serve(reader context.Context, follow func(context.Context)) {
	ctx, cancel := r.untilExpiry(reader)
	defer cancel()
	follow(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		<-reader.Done()
	}
}

// billWatch is one subscription to one bill, with one goroutine. It holds no
// queue: while its reader is busy, any number of changes leave one wake-up, and
// the bill is read anew when the reader is back.
type billWatch struct {
	r       *Resolver
	id      pay.BillID
	want    billing.Want
	hub     *events.Subscription
	sent    int // the version shown last
	updates chan *model.BillUpdate
}

// read reads the bill as its viewer may see it now, or nil.
func (w *billWatch) read(ctx context.Context) (*ent.Bill, error) {
	return linkedOne(w.r.Billing.Bill(ctx, w.id.String(), w.want))
}

// run sends first, if there is one, and then every newer version that it finds
// when it is woken, until the reader or the token ends or the bill is no longer
// the viewer's to see.
func (w *billWatch) run(ctx context.Context, next *model.BillUpdate) {
	defer close(w.updates)
	w.r.serve(ctx, func(ctx context.Context) { w.follow(ctx, next) })
}

func (w *billWatch) follow(ctx context.Context, next *model.BillUpdate) {
	defer w.hub.Close()
	for {
		if next != nil {
			select {
			case w.updates <- next:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-w.hub.C():
		case <-ctx.Done():
			return
		}
		next = nil
		if w.hub.Latest() <= w.sent {
			continue
		}
		b, err := w.read(ctx)
		if b == nil || err != nil {
			w.r.logStream(ctx, err)
			return
		}
		if b.Version > w.sent {
			w.sent = b.Version
			next = w.r.update(b, billCursor(b), false)
		}
	}
}

// logStream logs why a stream ended, unless its reader is gone.
func (r *Resolver) logStream(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		r.Logger.ErrorContext(ctx, "a live stream ended", slog.String("error", err.Error()))
	}
}

// ViewerBillUpdated watches every bill of the signed-in payer.
func (r subscription) ViewerBillUpdated(ctx context.Context, after *string) (<-chan *model.BillUpdate, error) {
	id := viewer.From(ctx).User
	return r.watchFeed(ctx, events.UserTopic(id), events.UserScope(id), after, nil)
}

// MerchantBillUpdated watches every bill of the merchant that matches.
func (r subscription) MerchantBillUpdated(ctx context.Context, after *string, filter *billing.Filter) (<-chan *model.BillUpdate, error) {
	id := viewer.From(ctx).Merchant
	return r.watchFeed(ctx, events.MerchantTopic(id), events.MerchantScope(id), after, filter)
}

func (r subscription) watchFeed(ctx context.Context, topic events.Topic, scope events.Scope, after *string, filter *billing.Filter) (<-chan *model.BillUpdate, error) {
	w := &feedWatch{
		r: r.Resolver, scope: scope, filter: filter, want: selected(ctx).at("bill").want(),
		ahead: map[pay.BillID]int{}, updates: make(chan *model.BillUpdate),
	}
	w.hub = r.Hub.Subscribe(topic) // before the head is read, so that nothing is missed between
	at, known := events.DecodePosition(valueOf(after))
	if !known {
		var err error
		if at, err = r.Feed.Head(ctx); err != nil {
			w.hub.Close()
			return nil, err
		}
	}
	w.at = at
	go w.run(ctx)
	return w.updates, nil
}
