package points

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// keeper starts a server again whenever it ends, without the variables of its
// first start, and notes how it ended.
type keeper struct {
	server *rig.Server

	mu      sync.Mutex
	crashes int  // deaths by SIGKILL
	ordered bool // somebody has asked it to end in order
	wrong   error
	done    chan struct{}
	stop    context.CancelFunc
}

// keep begins to watch a server. Crashes is how often it has died already.
func keep(ctx context.Context, server *rig.Server, crashes int) *keeper {
	ctx, stop := context.WithCancel(ctx)
	k := &keeper{server: server, crashes: crashes, done: make(chan struct{}), stop: stop}
	go func() {
		defer close(k.done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-k.server.Process().Done():
			}
			if err := k.revive(); err != nil {
				k.mu.Lock()
				k.wrong = err
				k.mu.Unlock()
				return
			}
		}
	}()
	return k
}

// revive judges the end of the server and starts it again.
func (k *keeper) revive() error {
	err := k.server.Process().Ended()
	k.mu.Lock()
	killed := rig.WasKilled(err)
	if killed {
		k.crashes++
	}
	crashes, ordered := k.crashes, k.ordered
	k.ordered = false
	k.mu.Unlock()
	switch {
	case killed && crashes > 1:
		return errors.New("the server died by SIGKILL again, without a crash point")
	case !killed && !ordered:
		return fmt.Errorf("the server ended by itself: %w", orZero(err))
	case !killed && err != nil:
		return fmt.Errorf("the server was asked to end and did it badly: %w", err)
	}
	for range startTries {
		if _, err = k.server.Restart(noVariables()...); !errors.Is(err, rig.ErrEnded) || rig.WasKilled(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("start the server again: %w", err)
	}
	return nil
}

// noVariables is not nil: Restart would take those of the first start.
func noVariables() []string { return []string{} }

// term has the server end in order. It is started again like after a crash.
func (k *keeper) term() error {
	k.mu.Lock()
	k.ordered = true
	k.mu.Unlock()
	return k.server.Process().Term()
}

// state is how often the server died at a point, and what went wrong with it.
func (k *keeper) state() (crashes int, wrong error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.crashes, k.wrong
}

// close ends the watch and the server.
func (k *keeper) close() error {
	k.stop()
	<-k.done
	return k.server.Kill()
}

func orZero(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}
