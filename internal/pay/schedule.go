package pay

import "time"

// Schedule is what the boundaries of a subscription's periods are computed from:
//
//	boundary k = anchor + (k × interval + shift)
//
// Each is computed from the anchor and never from the boundary before it, so a
// series from 31 January has 28 February, 31 March and 30 April. Days begin, and
// the time of day is kept where clocks change, in the zone; months come before
// days, days before hours, as Period.AddTo has it.
type Schedule struct {
	Anchor   time.Time
	Interval Period // longer than nothing
	Shift    Period // time that gifts have added since the anchor
	Zone     *time.Location
}

// Boundary returns the k-th boundary as an Instant; the 0th is the anchor and the
// shift.
func (s Schedule) Boundary(k int) time.Time {
	length := s.Interval.times(k).Plus(s.Shift)
	if length.Months == 0 && length.Days == 0 {
		// Not over the wall clock: where an hour is there twice, it would be the other one.
		return Instant(s.Anchor.Add(length.Clock))
	}
	return Instant(length.AddTo(s.Anchor.In(s.Zone)))
}

// Next returns the first boundary after the k-th that is later than it, and its
// number. That is number k+1 but where a zone skips a whole day.
func (s Schedule) Next(k int) (int, time.Time) {
	from := s.Boundary(k)
	for {
		k++
		if at := s.Boundary(k); at.After(from) || s.Interval.IsZero() {
			return k, at
		}
	}
}

// Plus returns the period that is as long as both.
func (p Period) Plus(other Period) Period {
	return Period{Months: p.Months + other.Months, Days: p.Days + other.Days, Clock: p.Clock + other.Clock}
}

func (p Period) times(n int) Period {
	return Period{Months: n * p.Months, Days: n * p.Days, Clock: time.Duration(n) * p.Clock}
}
