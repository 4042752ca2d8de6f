package graph

import (
	"context"

	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
)

// object is one thing that can be watched: a row of type T, shown in messages of
// type U.
type object[T, U any] struct {
	name    string // in "there is no such bill"
	id      string
	topic   events.Topic
	read    func(ctx context.Context) (*T, error) // as its viewer may see it now, or nil
	version func(*T) int
	show    func(row *T, cursor string, isSnapshot bool) *U
}

// liveObject names the cursors of one object's stream.
const liveObject = "live"

func (o object[T, U]) cursor(row *T) string { return page.At(liveObject, int64(o.version(row)), o.id) }

// watchObject begins a stream of one object: its present state, then each change.
// Who comes back with the cursor of an earlier message gets no snapshot: the first
// message is the next change, or the present state when that is newer.
func watchObject[T, U any](ctx context.Context, r *Resolver, o object[T, U], after *string) (<-chan *U, error) {
	w := &objectWatch[T, U]{object: o, r: r, updates: make(chan *U)}
	w.hub = r.Hub.Subscribe(o.topic) // before the read, so that nothing is missed between
	first, err := o.read(ctx)
	if err == nil && first == nil {
		err = pay.NotFound(o.name, "id")
	}
	if err != nil {
		w.hub.Close()
		return nil, err
	}
	w.sent = o.version(first)
	seen, resumed := page.Find(liveObject, valueOf(after), asText)
	resumed = resumed && seen.ID == o.id && seen.Sort <= int64(w.sent)
	if resumed && seen.Sort == int64(w.sent) {
		go w.run(ctx, nil)
	} else {
		go w.run(ctx, o.show(first, o.cursor(first), !resumed))
	}
	return w.updates, nil
}

func asText(id string) (string, error) { return id, nil }

// objectWatch is one subscription to one object, with one goroutine. It holds no
// queue: while its reader is busy, any number of changes leave one wake-up, and
// the object is read anew when the reader is back.
type objectWatch[T, U any] struct {
	object[T, U]
	r       *Resolver
	hub     *events.Subscription
	sent    int // the version shown last
	updates chan *U
}

// run sends next, if there is one, and then every newer version that it finds
// when it is woken, until the reader or the token ends or the object is no longer
// the viewer's to see.
func (w *objectWatch[T, U]) run(ctx context.Context, next *U) {
	defer close(w.updates)
	w.r.serve(ctx, func(ctx context.Context) { w.follow(ctx, next) })
}

func (w *objectWatch[T, U]) follow(ctx context.Context, next *U) {
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
		row, err := w.read(ctx)
		if row == nil || err != nil {
			w.r.logStream(ctx, err)
			return
		}
		if w.version(row) > w.sent {
			w.sent = w.version(row)
			next = w.show(row, w.cursor(row), false)
		}
	}
}
