package graph

import (
	"context"

	"github.com/paygraph/paygraph/internal/events"
)

// kind is what can be watched by the many: rows of type T, shown in messages of
// type U.
type kind[ID comparable, T, U any] struct {
	feed    *events.Feed
	of      func(events.Change) ID
	id      func(*T) ID
	version func(*T) int
	read    func(ctx context.Context, ids []ID) ([]*T, error) // those that match, as their viewer may see them now, in no order
	show    func(row *T, cursor string, isSnapshot bool) *U
}

// watchFeed begins a stream of the changes of the scope: those after a cursor, or
// from now on.
func watchFeed[ID comparable, T, U any](
	ctx context.Context, r *Resolver, k kind[ID, T, U], topic events.Topic, scope events.Scope, after *string,
) (<-chan *U, error) {
	w := &feedWatch[ID, T, U]{kind: k, r: r, scope: scope, ahead: map[ID]int{}, updates: make(chan *U)}
	w.hub = r.Hub.Subscribe(topic) // before the head is read, so that nothing is missed between
	at, known := events.DecodePosition(valueOf(after))
	if !known {
		var err error
		if at, err = k.feed.Head(ctx); err != nil {
			w.hub.Close()
			return nil, err
		}
	}
	w.at = at
	go w.run(ctx)
	return w.updates, nil
}

// feedPage is how many changes a stream reads at a time, and so how many rows a
// slow reader may be shown as they were when the page was read.
const feedPage = 25

// feedWatch is one subscription to many rows, with one goroutine. It goes through
// the feed at its reader's pace: what changed while the reader was busy is read
// when it is back, and several versions of a row are shown as the latest.
type feedWatch[ID comparable, T, U any] struct {
	kind[ID, T, U]
	r       *Resolver
	scope   events.Scope
	hub     *events.Subscription
	at      events.Position // the stream has shown everything up to here
	ahead   map[ID]int      // versions shown that the feed has yet to come to
	updates chan *U
}

// run shows the changes after the position until the reader or the token ends.
func (w *feedWatch[ID, T, U]) run(ctx context.Context) {
	defer close(w.updates)
	w.r.serve(ctx, w.follow)
}

func (w *feedWatch[ID, T, U]) follow(ctx context.Context) {
	defer w.hub.Close()
	for {
		changes, next, err := w.feed.After(ctx, w.scope, w.at, feedPage)
		if err == nil {
			err = w.tell(ctx, w.unseen(w.latest(changes)))
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

// latest keeps the last change of each row, in the order of the feed.
func (w *feedWatch[ID, T, U]) latest(changes []events.Change) []events.Change {
	last := make(map[ID]int, len(changes))
	for at, c := range changes {
		last[w.of(c)] = at
	}
	kept := changes[:0]
	for at, c := range changes {
		if last[w.of(c)] == at {
			kept = append(kept, c)
		}
	}
	return kept
}

// unseen leaves out the changes that the reader has seen: a row is shown as it is
// when it is read, which may be ahead of the feed.
func (w *feedWatch[ID, T, U]) unseen(changes []events.Change) []events.Change {
	var fresh []events.Change
	for _, c := range changes {
		shown, isAhead := w.ahead[w.of(c)]
		if isAhead && shown <= c.Version {
			delete(w.ahead, w.of(c))
		}
		if !isAhead || shown < c.Version {
			fresh = append(fresh, c)
		}
	}
	return fresh
}

// tell reads the rows that changed, as the viewer may see them now, and sends
// those that match. Each message has the position of its own change.
func (w *feedWatch[ID, T, U]) tell(ctx context.Context, changes []events.Change) error {
	if len(changes) == 0 {
		return nil
	}
	ids := make([]ID, len(changes))
	for at, c := range changes {
		ids[at] = w.of(c)
	}
	rows, err := w.read(ctx, ids)
	if err != nil {
		return err
	}
	byID := make(map[ID]*T, len(rows))
	for _, row := range rows {
		byID[w.id(row)] = row
	}
	for _, c := range changes {
		row := byID[w.of(c)]
		if row == nil {
			continue
		}
		select {
		case w.updates <- w.show(row, c.Position().Encode(), false):
		case <-ctx.Done():
			return ctx.Err()
		}
		if w.version(row) > c.Version {
			w.ahead[w.of(c)] = w.version(row)
		}
	}
	return nil
}
