//go:build !crashpoints

package sim

import "github.com/paygraph/paygraph/internal/crashpoint"

// atPoints reports whether this build has crash points.
const atPoints = false

// takeCrashPoints does nothing: this build has none.
func takeCrashPoints() (release func()) { return func() {} }

// onReach does nothing: this build has no crash points.
func onReach(func(crashpoint.Point)) {}
