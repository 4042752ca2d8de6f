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
	perAccount = 3               // jobs that wait on a slow account at a time
	longWait   = time.Second     // an account that took so long for an answer is slow
	laneFull   = 5 * time.Second // until a job that was not let in tries again
)

// lanes notes how the accounts answer the jobs of this process.
type lanes struct {
	clock pay.Clock

	mu   sync.Mutex
	lane map[string]*lane
}

// lane is one account's.
type lane struct {
	since []time.Time // the beginnings of the waits that are not over
	slow  bool        // the last wait that was over was long
}

// enter reports whether one more job may wait on the account. If so, leave must be
// called when it does not any more.
func (l *lanes) enter(account string) (leave func(), ok bool) {
	began := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.lane[account]
	if a == nil {
		a = &lane{}
		l.lane[account] = a
	}
	isLong := func(since time.Time) bool { return began.Sub(since) >= longWait }
	if len(a.since) >= perAccount && (a.slow || slices.ContainsFunc(a.since, isLong)) {
		return nil, false
	}
	a.since = append(a.since, began)
	return func() {
		took := l.clock.Now().Sub(began)
		l.mu.Lock()
		defer l.mu.Unlock()
		a.slow = took >= longWait
		if at := slices.Index(a.since, began); at >= 0 {
			a.since = slices.Delete(a.since, at, at+1)
		}
	}, true
}
