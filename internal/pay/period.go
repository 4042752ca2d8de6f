package pay

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Period is a length of time as a calendar has it: months and days do not have
// a fixed number of hours, so they are kept apart from the rest. It is read and
// written as an ISO 8601 duration: P1M, P1Y, P7D, PT30M.
type Period struct {
	Months int           // a year is twelve
	Days   int           // a week is seven
	Clock  time.Duration // hours, minutes and seconds
}

// ErrMalformedPeriod is the cause of every failure to read a period.
var ErrMalformedPeriod = errors.New("not an ISO 8601 duration such as P1M or PT30M")

// most keeps every part of a period within what a calendar can add.
const most = 100_000

// ParsePeriod reads an ISO 8601 duration of whole numbers, designators in their
// order (Y M W D, then T with H M S). It refuses signs, fractions and an empty
// period.
func ParsePeriod(s string) (Period, error) {
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || len(s) > 64 {
		return Period{}, ErrMalformedPeriod
	}
	date, clock, timed := strings.Cut(rest, "T")
	var p Period
	ok = readParts(date, "YMWD", func(unit byte, n int) {
		switch unit {
		case 'Y':
			p.Months += 12 * n
		case 'M':
			p.Months += n
		case 'W':
			p.Days += 7 * n
		case 'D':
			p.Days += n
		}
	})
	ok = ok && readParts(clock, "HMS", func(unit byte, n int) {
		switch unit {
		case 'H':
			p.Clock += time.Duration(n) * time.Hour
		case 'M':
			p.Clock += time.Duration(n) * time.Minute
		case 'S':
			p.Clock += time.Duration(n) * time.Second
		}
	})
	if !ok || rest == "" || timed && clock == "" {
		return Period{}, ErrMalformedPeriod
	}
	return p, nil
}

// readParts reads numbers followed by a unit each; units must rise in order.
func readParts(s, units string, add func(unit byte, n int)) bool {
	for s != "" {
		end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
		if end < 1 {
			return false
		}
		at := strings.IndexByte(units, s[end])
		n, err := strconv.Atoi(s[:end])
		if at < 0 || err != nil || n > most {
			return false
		}
		add(s[end], n)
		units, s = units[at+1:], s[end+1:]
	}
	return true
}

// IsZero reports whether the period has no length.
func (p Period) IsZero() bool { return p == Period{} }

// IsLongerThan reports whether the period is longer than another, counted from the
// beginning of a year that is none too short.
func (p Period) IsLongerThan(other Period) bool {
	from := time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)
	return p.AddTo(from).After(other.AddTo(from))
}

// AddTo returns t moved on by the period. Months keep the day and are cut to
// the end of a shorter month (31 January and a month is 28 February), so a
// series is computed from its anchor, never from its last date. A time of day that a
// change of the clocks leaves out is as much later as they were put forward: a day
// whose midnight is left out begins at one.
func (p Period) AddTo(t time.Time) time.Time {
	year, month, day := t.Date()
	first := time.Date(year, month+time.Month(p.Months), 1, 0, 0, 0, 0, time.UTC)
	lastDay := first.AddDate(0, 1, -1).Day()
	hour, minute, second := t.Clock()
	wall := time.Date(first.Year(), first.Month(), min(day, lastDay), hour, minute, second, t.Nanosecond(), time.UTC)
	return onTheWall(wall.AddDate(0, 0, p.Days), t.Location()).Add(p.Clock)
}

// onTheWall is when the clocks of a zone show what wall shows in UTC.
func onTheWall(wall time.Time, zone *time.Location) time.Time {
	year, month, day := wall.Date()
	hour, minute, second := wall.Clock()
	at := time.Date(year, month, day, hour, minute, second, wall.Nanosecond(), zone)
	if h, m, s := at.Clock(); at.Day() == day && h == hour && m == minute && s == second {
		return at
	}
	// They show it never. time.Date may answer an hour before, which may be the day before.
	_, offset := at.Add(-24 * time.Hour).Zone()
	return wall.Add(-time.Duration(offset) * time.Second).In(zone)
}

// String writes an ISO 8601 duration in one way: P1Y for twelve months, P7D for
// a week, PT0S for nothing. It leaves out fractions of a second.
func (p Period) String() string {
	var b strings.Builder
	b.WriteByte('P')
	part := func(n int, unit byte) {
		if n != 0 {
			b.WriteString(strconv.Itoa(n))
			b.WriteByte(unit)
		}
	}
	part(p.Months/12, 'Y')
	part(p.Months%12, 'M')
	part(p.Days, 'D')
	if p.Clock != 0 {
		b.WriteByte('T')
		part(int(p.Clock/time.Hour), 'H')
		part(int(p.Clock%time.Hour/time.Minute), 'M')
		part(int(p.Clock%time.Minute/time.Second), 'S')
	}
	if b.Len() == 1 {
		return "PT0S"
	}
	return b.String()
}

// Value stores the period as its text.
func (p Period) Value() (driver.Value, error) { return p.String(), nil }

// Scan reads the period from its text.
func (p *Period) Scan(src any) error {
	var text string
	switch v := src.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return fmt.Errorf("scan period: %w: it is a %T", ErrMalformedPeriod, src)
	}
	parsed, err := ParsePeriod(text)
	if err != nil {
		return fmt.Errorf("scan period %q: %w", clip(text), err)
	}
	*p = parsed
	return nil
}
