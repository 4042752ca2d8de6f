package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// Job is one run of a job, as its handler sees it.
type Job struct {
	ID      pay.JobID
	Kind    Kind
	Key     string
	Payload json.RawMessage // as first scheduled; nil for none
	Tries   int             // how often it has failed so far; a killed process is no failure
}

// HandlerFunc does the job. It asks as the program itself (viewer.AsProgram).
// Its context ends before the lease does, after the policy's time-out, and when
// the process must end at once; it must return then.
//
// A job runs at least once: after a crash, or when its end could not be
// written, it runs again, so every effect must be safe to repeat. Of one job no
// two runs overlap while the clocks of all processes agree to a sixth of the
// lease.
//
// It returns nil when the job is done, Snooze to be called later, Park to never
// be called again, and any other error to be retried by the kind's policy. What
// it returns is logged and kept in the row: no secret may be in it.
type HandlerFunc func(ctx context.Context, job Job) error

// Snooze makes a handler's error that says: nothing is wrong, call me at until.
// It is not a try, and the tries so far are forgotten. Until must be later than
// now, or the job runs again at once.
func Snooze(until time.Time) error { return &snoozeError{until: pay.Instant(until)} }

// Park makes a handler's error that says: never again, unless a person or a new
// Schedule asks. The job's row stays, with err as its last error.
func Park(err error) error { return &parkError{err: err} }

type snoozeError struct{ until time.Time }

func (e *snoozeError) Error() string { return "snoozed until " + e.until.Format(time.RFC3339) }

type parkError struct{ err error }

func (e *parkError) Error() string { return fmt.Sprintf("parked: %v", e.err) }
func (e *parkError) Unwrap() error { return e.err }

func asSnooze(err error) (*snoozeError, bool) { return errors.AsType[*snoozeError](err) }
func asPark(err error) (*parkError, bool)     { return errors.AsType[*parkError](err) }

// panicError is a handler's panic. It is retried like any other error.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// call runs f for at most the time-out and makes an error of its panic.
func call(ctx context.Context, timeout time.Duration, f HandlerFunc, job Job) (err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{value: value, stack: debug.Stack()}
		}
	}()
	return f(ctx, job)
}
