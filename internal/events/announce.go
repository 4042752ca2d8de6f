package events

import (
	"context"
	"log/slog"
	"net/url"
	"time"

	"github.com/lib/pq"
)

// How long to wait before the listening connection is made again.
const (
	minReconnect = 100 * time.Millisecond
	maxReconnect = 2 * time.Second
)

// announceAll tells the other processes of commits, one notification for all
// since the last, until ctx ends. It is sent after the commit and not within
// it, because Postgres commits the transactions that notify one after the
// other.
func (f *Feed) announceAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.announce:
		}
		_ = f.notify(ctx) // what is not sent is made up for by the others' polls
		if !rest(ctx, pause) {
			return
		}
	}
}

// notify sends one notification, in one round trip.
func (f *Feed) notify(ctx context.Context) error {
	rows, err := f.store.Query(ctx, `SELECT pg_notify('`+f.stream.channel+`', '`+f.name+`')`)
	if err != nil {
		return err
	}
	defer rows.Close()
	return rows.Err()
}

// listen has Follow read when another process announces, until ctx ends. It is
// this process's one listening connection for the stream, and connects again for
// ever.
func (f *Feed) listen(ctx context.Context) {
	l := pq.NewListener(withTimeout(f.store.URL()), minReconnect, maxReconnect, f.connection(ctx))
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = l.Close()
	})
	defer stop()
	if err := l.Listen(f.stream.channel); err != nil && ctx.Err() == nil {
		f.logger.WarnContext(ctx, "announcements cannot be had, live events are polled", slog.String("error", err.Error()))
	}
	for n := range l.NotificationChannel() { // until it is closed; nil after a reconnection
		if n == nil || n.Extra != f.name {
			signal(f.look)
		}
	}
	<-closed
}

// connection logs when the listening connection goes away and when it is back.
// It is called by the listener's one goroutine.
func (f *Feed) connection(ctx context.Context) pq.EventCallbackType {
	lost := false
	return func(event pq.ListenerEventType, _ error) {
		switch event {
		case pq.ListenerEventConnected, pq.ListenerEventReconnected:
			if lost {
				f.logger.InfoContext(ctx, "announcements are back")
			}
			lost = false
		case pq.ListenerEventDisconnected, pq.ListenerEventConnectionAttemptFailed:
			if !lost && ctx.Err() == nil {
				f.logger.WarnContext(ctx, "announcements were lost, live events are polled")
			}
			lost = true
		}
	}
}

// withTimeout bounds how long a connection attempt of raw may take, because it
// also delays the end.
func withTimeout(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw // the store has opened it, so it can be read
	}
	q := u.Query()
	if !q.Has("connect_timeout") {
		q.Set("connect_timeout", "5")
	}
	u.RawQuery = q.Encode()
	return u.String()
}
