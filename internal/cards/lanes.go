package cards

import (
	"sync"
	"time"
)

// However slow an account is, so many workers wait for it and no more: those that
// find money must not wait for cards.
const (
	perAccount = 2           // jobs of cards that wait on one account at a time
	laneFull   = time.Second // until a job that was not let in tries again
)

// lanes counts the jobs of this process that wait, by account.
type lanes struct {
	mu      sync.Mutex
	waiting map[string]int
}

// enter reports whether one more job may wait on the account. If so, leave must be
// called when it does not any more.
func (l *lanes) enter(account string) (leave func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == nil {
		l.waiting = map[string]int{}
	}
	if l.waiting[account] >= perAccount {
		return nil, false
	}
	l.waiting[account]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.waiting[account]--
	}, true
}
