//go:build crashpoints

package crashpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

//nolint:gochecknoglobals // a crash is the process's, as is the variable that asks for it
var (
	target, nth = parse(os.Getenv(Variable))
	reached     atomic.Int64
	instead     atomic.Pointer[func(Point)]
	trace       = os.Getenv(TraceVariable)
)

// parse reads the variable: a point, and which time it is meant.
func parse(value string) (Point, int64) {
	name, count, numbered := strings.Cut(value, "#")
	if !numbered {
		return Point(name), 1
	}
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || n < 1 {
		panic(Variable + ": want a point, or a point, # and a number from 1")
	}
	return Point(name), n
}

// OnReach has f called at every point instead, until f is nil again. A simulation
// decides there, and ends the work by a panic of its own.
func OnReach(f func(Point)) {
	if f == nil {
		instead.Store(nil)
		return
	}
	instead.Store(&f)
}

// Here ends the process as kill -9 does, when p is the point that was asked for.
func Here(p Point) {
	if f := instead.Load(); f != nil {
		(*f)(p)
		return
	}
	if trace != "" {
		note(p)
	}
	if p != target || reached.Add(1) != nth {
		return
	}
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // until the signal arrives
}

// note adds p to the trace: one write a point, so that lines of goroutines do not
// mix.
func note(p Point) {
	f, err := os.OpenFile(trace, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // the test names the file
	if err != nil {
		panic(TraceVariable + ": " + err.Error())
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteString(string(p) + "\n"); err != nil {
		panic(TraceVariable + ": " + err.Error())
	}
}
