package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// killer kills servers and starts them again.
type killer struct {
	must int // kills at least

	mu       sync.Mutex
	kills    int
	failed   int             // starts that ended before they were ready
	restarts []time.Duration // from start to ready
}

// run kills the servers in turn, each 100 to 800 ms after the last was ready, and
// starts them again, until enough says so; it leaves them running. Once it has
// killed as often as it must, it waits ten times as long, so that a slow machine
// comes to its payments too. It returns an error when a server ended by itself or
// did not come back.
func (k *killer) run(ctx context.Context, servers []*rig.Server, r *rand.Rand, enough func() bool) error {
	for turn := 0; !enough(); turn++ {
		life := 100*time.Millisecond + time.Duration(r.IntN(701))*time.Millisecond
		if k.count() >= k.must {
			life *= 10
		}
		pause(ctx, life)
		for _, s := range servers {
			if isClosed(s.Process().Done()) && ctx.Err() == nil {
				return fmt.Errorf("%s ended by itself: see its log", s.Name)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		s := servers[turn%len(servers)]
		if err := s.Kill(); err != nil {
			return err
		}
		if err := k.revive(ctx, s); err != nil {
			return fmt.Errorf("%s did not come back after kill %d: %w", s.Name, turn+1, err)
		}
	}
	return nil
}

// revive starts a server as a supervisor would: again when it could not, for its
// database may be too busy with what the kill left, but not for ever.
func (k *killer) revive(ctx context.Context, s *rig.Server) error {
	const tries = 5
	for n := 1; ; n++ {
		took, err := s.Restart()
		if err == nil {
			k.note(took)
			return nil
		}
		if n == tries || ctx.Err() != nil {
			return err
		}
		k.fail()
	}
}

func (k *killer) fail() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failed++
}

func (k *killer) note(took time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kills++
	k.restarts = append(k.restarts, took)
}

// forget begins to count anew.
func (k *killer) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kills, k.restarts = 0, nil
}

func (k *killer) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kills
}
