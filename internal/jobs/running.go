package jobs

import (
	"sync"

	"github.com/paygraph/paygraph/internal/pay"
)

// running is the set of the jobs that this process runs. It is what a jump of
// the clock cannot change, as it can what a lease means.
type running struct {
	mu  sync.Mutex
	set map[pay.JobID]struct{}
}

func (r *running) add(list []claimed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range list {
		r.set[c.ID] = struct{}{}
	}
}

func (r *running) remove(c claimed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.set, c.ID)
}

// ids returns the set's members, as a statement's arguments.
func (r *running) ids() []any {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]any, 0, len(r.set))
	for id := range r.set {
		list = append(list, id)
	}
	return list
}
