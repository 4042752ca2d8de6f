package billing

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// turns remembers which order of each account was looked at last, so that those
// that the provider cannot answer about keep none of the others waiting, and what each
// look-up said.
type turns struct {
	mu    sync.Mutex
	last  map[string]string            // the id of the last event, by account
	began map[string]time.Time         // when the last round began, by account
	said  map[string]map[string]answer // of the last look-up, by account and order number
}

// answer is what a provider said of an order that is none of ours. It is remembered by
// this process while the order's hints wait; who does not know it asks again.
type answer struct {
	took    pay.Money // what was asked of the payer, when the money was taken; zero: none was
	unclear bool      // it may say more later
}

// wait is how long an account's next round has to wait yet; zero: it may begin. A last
// round of a time that is yet to come was one of a clock that was set back.
func (t *turns) wait(account string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	began, known := t.began[account]
	if !known || now.Before(began) {
		return 0
	}
	return max(0, began.Add(strangersEvery).Sub(now))
}

// next picks the events of one round, of different orders: those after the last
// one, and then from the beginning again. The round begins now, unless nothing waits.
func (t *turns) next(account string, waiting []*ent.ProviderEvent, now time.Time) []*ent.ProviderEvent {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(waiting) > 0 {
		t.began[account] = now
	}
	from := slices.IndexFunc(waiting, func(e *ent.ProviderEvent) bool { return e.ID.String() == t.last[account] }) + 1
	var round []*ent.ProviderEvent
	seen := map[string]bool{}
	for n := range waiting {
		event := waiting[(from+n)%len(waiting)]
		if seen[event.OrderNumber] || len(seen) == strangersBatch {
			continue
		}
		seen[event.OrderNumber] = true
		round = append(round, event)
		t.last[account] = event.ID.String()
	}
	return round
}

// note remembers what a look-up said.
func (t *turns) note(account, number string, r providers.Result, unclear bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.said == nil {
		t.said = map[string]map[string]answer{}
	}
	if t.said[account] == nil {
		t.said[account] = map[string]answer{}
	}
	found := answer{unclear: unclear}
	if r.Status == providers.Captured {
		found.took = askedOf(r)
	}
	t.said[account][number] = found
}

// forget drops what was said of the orders that wait no more.
func (t *turns) forget(account string, waiting []*ent.ProviderEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.said[account], func(number string, _ answer) bool {
		return !slices.ContainsFunc(waiting, func(e *ent.ProviderEvent) bool { return e.OrderNumber == number })
	})
}

// saidOf is what the last look-up of an order said; known is false before the first.
func (t *turns) saidOf(account, number string) (found answer, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, known = t.said[account][number]
	return found, known
}
