package billing

import "sync"

// perAccount is how many jobs may wait on one provider account at a time: a dead
// provider keeps so many workers busy and no more, and the others go on.
const perAccount = 3

// lanes counts, by account, the jobs that wait on it in this process.
type lanes struct {
	mu   sync.Mutex
	busy map[string]int
}

// enter takes a place and reports whether there was one; leave gives it back.
func (l *lanes) enter(account string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[account] >= perAccount {
		return false
	}
	if l.busy == nil {
		l.busy = map[string]int{}
	}
	l.busy[account]++
	return true
}

func (l *lanes) leave(account string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy[account]--
}
