//go:build crashpoints

package sim

import (
	"sync"

	"github.com/paygraph/paygraph/internal/crashpoint"
)

// atPoints reports whether this build has crash points.
const atPoints = true

//nolint:gochecknoglobals // the crash points are the process's, so one simulation at a time has them
var crashPoints sync.Mutex

// takeCrashPoints makes the crash points ours until release is called.
func takeCrashPoints() (release func()) {
	crashPoints.Lock()
	return func() {
		crashpoint.OnReach(nil)
		crashPoints.Unlock()
	}
}

// onReach has f called at every point from now on.
func onReach(f func(crashpoint.Point)) { crashpoint.OnReach(f) }
