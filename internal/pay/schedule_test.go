package pay_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/pay"
)

func place(t require.TestingT, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	return zone
}

func period(t require.TestingT, text string) pay.Period {
	p, err := pay.ParsePeriod(text)
	require.NoError(t, err)
	return p
}

func TestSchedule_Boundary(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name, zone, anchor, interval, shift string
		want                                []string // from number 0 on, as the zone's clocks show it
	}{
		{
			name: "MonthEnds", zone: "UTC", anchor: "2027-01-31T09:00:00Z", interval: "P1M", shift: "PT0S",
			want: []string{"2027-01-31T09:00:00Z", "2027-02-28T09:00:00Z", "2027-03-31T09:00:00Z", "2027-04-30T09:00:00Z", "2027-05-31T09:00:00Z"},
		},
		{
			name: "MonthEndsInALeapYear", zone: "UTC", anchor: "2028-01-31T09:00:00Z", interval: "P1M", shift: "PT0S",
			want: []string{"2028-01-31T09:00:00Z", "2028-02-29T09:00:00Z", "2028-03-31T09:00:00Z"},
		},
		{
			name: "LeapDayByYears", zone: "UTC", anchor: "2028-02-29T12:00:00Z", interval: "P1Y", shift: "PT0S",
			want: []string{"2028-02-29T12:00:00Z", "2029-02-28T12:00:00Z", "2030-02-28T12:00:00Z", "2031-02-28T12:00:00Z", "2032-02-29T12:00:00Z"},
		},
		{
			name: "TimeOfDayIsKeptInSummer", zone: "Europe/Berlin", anchor: "2027-02-28T10:00:00+01:00", interval: "P1M", shift: "PT0S",
			want: []string{"2027-02-28T10:00:00+01:00", "2027-03-28T10:00:00+02:00", "2027-04-28T10:00:00+02:00"},
		},
		{
			name: "TimeOfDayIsKeptInWinter", zone: "Europe/Berlin", anchor: "2027-10-30T10:00:00+02:00", interval: "P1D", shift: "PT0S",
			want: []string{"2027-10-30T10:00:00+02:00", "2027-10-31T10:00:00+01:00", "2027-11-01T10:00:00+01:00"},
		},
		{
			name: "AnHourThatIsThereTwiceKeepsTheAnchor", zone: "Europe/Berlin", anchor: "2027-10-31T02:30:00+01:00", interval: "PT1H", shift: "PT0S",
			want: []string{"2027-10-31T02:30:00+01:00", "2027-10-31T03:30:00+01:00"},
		},
		{
			name: "AGiftMovesWhatComes", zone: "UTC", anchor: "2027-01-31T09:00:00Z", interval: "P1M", shift: "P1M10D",
			want: []string{"2027-03-10T09:00:00Z", "2027-04-10T09:00:00Z", "2027-05-10T09:00:00Z", "2027-06-10T09:00:00Z"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			zone := place(t, tt.zone)
			anchor, err := time.Parse(time.RFC3339, tt.anchor)
			require.NoError(t, err)
			s := pay.Schedule{Anchor: anchor, Interval: period(t, tt.interval), Shift: period(t, tt.shift), Zone: zone}
			got := []string{}
			for k := range tt.want {
				got = append(got, s.Boundary(k).In(zone).Format(time.RFC3339))
			}
			require.Equal(t, tt.want, got)
		})
	}
}

// Whatever the anchor, the interval, the gifts and the zone: boundaries rise,
// begin at the anchor, keep the day of the month where there is one and the time
// of day where there is one, and a gift moves each of them on.
func TestSchedule_Properties(t *testing.T) {
	t.Parallel()

	zones := []string{
		"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
		"Asia/Almaty", "Africa/Casablanca", "America/St_Johns", "America/Santiago", "Asia/Tehran",
	}
	intervals := []string{"PT1H", "PT36H", "P1D", "P2D", "P7D", "P30D", "P1M", "P1M1D", "P2M", "P3M", "P6M", "P1Y", "P4Y", "P1DT1H", "P1M15DT12H"}
	gifts := []string{"PT0S", "P1D", "P10D", "P1M", "P1M10D", "P1Y", "PT90M", "P1DT6H"}

	rapid.Check(t, func(t *rapid.T) {
		zone := place(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		s := pay.Schedule{
			Anchor:   pay.Instant(time.Unix(rapid.Int64Range(1_704_067_200, 1_956_528_000).Draw(t, "anchor"), 0)), // 2024 to 2031
			Interval: period(t, rapid.SampledFrom(intervals).Draw(t, "interval")),
			Zone:     zone,
		}
		require.True(t, s.Anchor.Equal(s.Boundary(0)), "the anchor is the first boundary")
		give := period(t, rapid.SampledFrom(gifts).Draw(t, "gift"))
		given := s
		given.Shift = give
		from := rapid.IntRange(0, 200).Draw(t, "from")
		last := s.Boundary(from)
		lastGiven := given.Boundary(from)
		for k := from + 1; k < from+30; k++ {
			next, nextGiven := s.Boundary(k), given.Boundary(k)
			require.True(t, next.After(last), "boundary %d, %s, is not after %s", k, next, last)
			require.True(t, nextGiven.After(lastGiven), "boundary %d with a gift, %s, is not after %s", k, nextGiven, lastGiven)
			require.Equal(t, !give.IsZero(), nextGiven.After(next), "a gift moves the end on")
			number, at := s.Next(k - 1)
			require.Equal(t, k, number)
			require.True(t, at.Equal(next))
			last, lastGiven = next, nextGiven

			if s.Interval.Clock == 0 && s.Interval.Days == 0 {
				a, b := s.Anchor.In(zone), next.In(zone)
				months := (b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month())
				lastDay := time.Date(b.Year(), b.Month()+1, 0, 12, 0, 0, 0, zone).Day()
				require.Equal(t, k*s.Interval.Months, months)
				require.Equal(t, min(a.Day(), lastDay), b.Day())
			}
			if s.Interval.Clock == 0 {
				requireTimeOfDay(t, s.Anchor.In(zone), next.In(zone))
			}
		}
	})
}

// requireTimeOfDay wants b to show the time of day of a, unless b's day does not
// have it.
func requireTimeOfDay(t *rapid.T, a, b time.Time) {
	same := time.Date(b.Year(), b.Month(), b.Day(), a.Hour(), a.Minute(), a.Second(), 0, b.Location())
	if same.Hour() != a.Hour() || same.Minute() != a.Minute() {
		return // the clocks jump over it
	}
	require.Equal(t, a.Format(time.TimeOnly), b.Format(time.TimeOnly))
}

// A zone that moves over the date line has no 30 December 2011.
func TestSchedule_NextSkipsADayThatIsNotThere(t *testing.T) {
	t.Parallel()

	zone := place(t, "Pacific/Apia")
	s := pay.Schedule{Anchor: time.Date(2011, time.December, 27, 10, 0, 0, 0, zone), Interval: pay.Period{Days: 1}, Zone: zone}
	seen := []string{}
	for k := 0; len(seen) < 5; {
		next, at := s.Next(k)
		k = next
		seen = append(seen, fmt.Sprintf("%d %s", k, at.In(zone).Format(time.DateOnly)))
	}
	require.Equal(t, []string{"1 2011-12-28", "2 2011-12-29", "3 2011-12-31", "5 2012-01-01", "6 2012-01-02"}, seen)
}
