package events

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// pageSize is how many changes Follow reads at a time.
const pageSize = 500

// pause is the least time between two reads of Follow, and between two
// announcements: a busy server spends a fixed share on them, and an idle one
// still answers the first change at once.
const pause = 5 * time.Millisecond

// Committed tells of changes right after their commit: this process's
// subscriptions at once, the other processes by Follow. It never blocks; call
// it from tx.AfterCommit.
func (f *Feed) Committed(changes ...Change) {
	f.hub.Publish(changes...)
	if !f.store.IsPostgres() {
		return
	}
	// Whoever reads the feed now may come too early for these (see Feed): Follow
	// wakes them again when the time has come.
	if f.hub.Len() > 0 {
		signal(f.look)
	}
	signal(f.announce)
}

// Ready is closed when Follow has read where it begins: what is committed from
// then on wakes, whoever commits it.
func (f *Feed) Ready() <-chan struct{} { return f.ready }

// Follow wakes this process's subscriptions for what other processes commit,
// until ctx ends, then returns nil. Run it once, and wait for Ready before the
// first subscription. It reads every Poll; on Postgres the other processes' announcements have it read
// at once, and when those cannot be had it still polls. A database that does
// not answer is asked again: nothing is passed over.
//
// A change of this process is published once more, which one object's watchers do
// not notice, and the others notice as a read of nothing.
func (f *Feed) Follow(ctx context.Context) error {
	var both sync.WaitGroup
	defer both.Wait()
	if f.store.IsPostgres() {
		both.Go(func() { f.listen(ctx) })
		both.Go(func() { f.announceAll(ctx) })
	}
	w := &follower{f: f}
	for {
		wait := f.Poll
		early, err := w.catchUp(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil && early:
			wait = min(f.Poll, pause<<min(w.early, 10)) // soon: their time comes without an announcement
			w.early++
		default:
			w.early = 0
		}
		w.notice(ctx, err)
		if !rest(ctx, pause) {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-f.look:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// follower is the state of one Follow.
type follower struct {
	f       *Feed
	at      Position
	started bool
	early   int       // reads in a row that met early changes
	failing time.Time // since when; zero: not
}

// catchUp publishes what is new. It reports whether some of it was early: its
// object's watchers have been woken, as they need no order; readers of the feed
// are when it is settled.
func (w *follower) catchUp(ctx context.Context) (early bool, err error) {
	if !w.started {
		if w.at, err = w.f.Head(ctx); err != nil {
			return false, err
		}
		w.started = true
		close(w.f.ready)
	}
	for {
		list, err := w.f.read(ctx, AllScope(), w.at, pageSize, false)
		if err != nil {
			return false, err
		}
		w.at = list.next
		w.f.hub.Publish(list.settled...)
		for _, c := range list.early {
			w.f.hub.publishOne(c)
		}
		if !list.isFull || len(list.settled) == 0 {
			return len(list.early) > 0, nil
		}
	}
}

// notice logs when the database goes away and when it is back, not each read
// between.
func (w *follower) notice(ctx context.Context, err error) {
	switch {
	case err != nil && w.failing.IsZero():
		w.failing = w.f.clock.Now()
		w.f.logger.ErrorContext(ctx, "live events cannot be read", slog.String("error", err.Error()))
	case err == nil && !w.failing.IsZero():
		w.f.logger.InfoContext(ctx, "live events are read again", slog.Duration("after", w.f.clock.Now().Sub(w.failing)))
		w.failing = time.Time{}
	}
}

// signal leaves a signal in c, which holds one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// rest waits for d and reports whether ctx is still alive.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
