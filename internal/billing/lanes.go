package billing

import (
	"slices"
	"sync"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// A slow provider keeps so many workers waiting and no more, and the jobs of the
// others go on. One that answers in time is asked by as many as there are.
const (
	perAccount = 3               // jobs that wait on one account for long, at a time
	longWait   = time.Second     // what is long
	laneFull   = 5 * time.Second // until a job that was not let in tries again
)

// lanes notes, by account, since when the jobs of this process wait on it.
type lanes struct {
	clock pay.Clock

	mu      sync.Mutex
	waiting map[string][]time.Time
}

// enter reports whether one more job may wait on the account. If so, leave must be
// called when it does not any more.
func (l *lanes) enter(account string) (leave func(), ok bool) {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	long := 0
	for _, since := range l.waiting[account] {
		if now.Sub(since) >= longWait {
			long++
		}
	}
	if long >= perAccount {
		return nil, false
	}
	l.waiting[account] = append(l.waiting[account], now)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		list := l.waiting[account]
		if at := slices.Index(list, now); at >= 0 {
			l.waiting[account] = slices.Delete(list, at, at+1)
		}
	}, true
}
