package pay

import "time"

// Clock tells the time. Everything below cmd takes one, so that a test decides
// what now is.
type Clock interface {
	// Now returns the present instant. Callers that store it use Instant.
	Now() time.Time
}

// ClockFunc makes a Clock of a function, as http.HandlerFunc does of a handler.
type ClockFunc func() time.Time

// Now calls f.
func (f ClockFunc) Now() time.Time { return f() }

// Instant returns t as every table stores it: in UTC and whole microseconds.
// SQLite and Postgres cut finer times differently, so they are cut here, once.
func Instant(t time.Time) time.Time {
	return t.UTC().Truncate(time.Microsecond)
}
