package pay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestParsePeriod(t *testing.T) {
	t.Parallel()

	tests := []struct {
		text    string
		want    pay.Period
		written string
	}{
		{"P1M", pay.Period{Months: 1}, "P1M"},
		{"P12M", pay.Period{Months: 12}, "P1Y"},
		{"P1Y", pay.Period{Months: 12}, "P1Y"},
		{"P1Y6M", pay.Period{Months: 18}, "P1Y6M"},
		{"P18M", pay.Period{Months: 18}, "P1Y6M"},
		{"P7D", pay.Period{Days: 7}, "P7D"},
		{"P1W", pay.Period{Days: 7}, "P7D"},
		{"P1W1D", pay.Period{Days: 8}, "P8D"},
		{"PT30M", pay.Period{Clock: 30 * time.Minute}, "PT30M"},
		{"PT90M", pay.Period{Clock: 90 * time.Minute}, "PT1H30M"},
		{"PT24H", pay.Period{Clock: 24 * time.Hour}, "PT24H"},
		{"PT90S", pay.Period{Clock: 90 * time.Second}, "PT1M30S"},
		{"P1Y2M3W4DT5H6M7S", pay.Period{Months: 14, Days: 25, Clock: 5*time.Hour + 6*time.Minute + 7*time.Second}, "P1Y2M25DT5H6M7S"},
		{"P01M", pay.Period{Months: 1}, "P1M"},
		{"P0D", pay.Period{}, "PT0S"},
		{"PT0S", pay.Period{}, "PT0S"},
		{"P100000D", pay.Period{Days: 100_000}, "P100000D"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			period, err := pay.ParsePeriod(tt.text)
			require.NoError(t, err)
			require.Equal(t, tt.want, period)
			require.Equal(t, tt.written, period.String())
			require.Equal(t, tt.want == pay.Period{}, period.IsZero())
		})
	}
}

func TestParsePeriod_Refused(t *testing.T) {
	t.Parallel()

	for _, text := range []string{
		"", "P", "PT", "P1YT", "T1H", "1M", "p1m", "P1", "PM", "P1S", "P1H", "PT1D", "PT1Y", "P1M1Y", "P1D1W", "PT1M1H", "P1M1M",
		"-P1M", "P-1M", "+P1M", "P+1M", "P1.5M", "P0.5D", "PT1,5H", "P1M ", " P1M", "P 1M", "P1M\x00", "P٣M",
		"PT1HT1M", "P100001D", "P99999999999999999999D", "P1é",
		"P0000000000000000000000000000000000000000000000000000000000000001D", // longer than 64
	} {
		t.Run(text, func(t *testing.T) {
			_, err := pay.ParsePeriod(text)
			require.ErrorIs(t, err, pay.ErrMalformedPeriod)
		})
	}
}

// Whatever is read is written so that it is read again as the same, here and in
// the database.
func FuzzParsePeriod(f *testing.F) {
	for _, text := range []string{"P1M", "P1Y2M3W4DT5H6M7S", "PT0S", "P0D", "P", "PT", "P100000Y", "P1T1H"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		period, err := pay.ParsePeriod(text)
		if err != nil {
			require.ErrorIs(t, err, pay.ErrMalformedPeriod)
			return
		}
		moved := period.AddTo(time.Date(2026, time.January, 31, 12, 0, 0, 0, time.UTC))
		require.False(t, moved.Before(time.Date(2026, time.January, 31, 12, 0, 0, 0, time.UTC)))
		if period.Months/12 > 100_000 || period.Days > 100_000 || period.Clock > 100_000*time.Hour {
			return // the sum of parts is over what one part may be: written, and not read again
		}
		again, err := pay.ParsePeriod(period.String())
		require.NoError(t, err)
		require.Equal(t, period, again)
	})
}

func TestPeriod_Columns(t *testing.T) {
	t.Parallel()

	t.Run("RoundTrip", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			period := pay.Period{
				Months: rapid.IntRange(0, 1200).Draw(t, "months"),
				Days:   rapid.IntRange(0, 1000).Draw(t, "days"),
				Clock:  time.Duration(rapid.IntRange(0, 1_000_000).Draw(t, "seconds")) * time.Second,
			}
			stored, err := period.Value()
			require.NoError(t, err)
			text, ok := stored.(string)
			require.True(t, ok)
			for _, column := range []any{text, []byte(text)} {
				scanned := pay.Period{Months: 99}
				require.NoError(t, scanned.Scan(column))
				require.Equal(t, period, scanned)
			}
		})
	})
	t.Run("RefusesTheRest", func(t *testing.T) {
		t.Parallel()
		for _, column := range []any{nil, 7, "", "P1X", []byte("1M")} {
			var scanned pay.Period
			require.ErrorIs(t, scanned.Scan(column), pay.ErrMalformedPeriod)
		}
	})
}

func TestPeriod_AddTo(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, from, period, want string }{
		{"Month", "2026-03-15T10:00:00Z", "P1M", "2026-04-15T10:00:00Z"},
		{"EndOfJanuary", "2026-01-31T10:00:00Z", "P1M", "2026-02-28T10:00:00Z"},
		{"EndOfJanuaryInALeapYear", "2028-01-31T10:00:00Z", "P1M", "2028-02-29T10:00:00Z"},
		{"EndOfJanuaryTwoMonths", "2026-01-31T10:00:00Z", "P2M", "2026-03-31T10:00:00Z"},
		{"ShorterMonth", "2026-05-31T10:00:00Z", "P1M", "2026-06-30T10:00:00Z"},
		{"LeapDayAndAYear", "2028-02-29T10:00:00Z", "P1Y", "2029-02-28T10:00:00Z"},
		{"LeapDayAndFourYears", "2028-02-29T10:00:00Z", "P4Y", "2032-02-29T10:00:00Z"},
		{"NoLeapDayIn2100", "2096-02-29T10:00:00Z", "P4Y", "2100-02-28T10:00:00Z"},
		{"OverTheYear", "2026-12-31T23:59:59Z", "P2M", "2027-02-28T23:59:59Z"},
		{"ManyMonths", "2026-01-31T00:00:00Z", "P13M", "2027-02-28T00:00:00Z"},
		{"Days", "2026-02-27T10:00:00Z", "P3D", "2026-03-02T10:00:00Z"},
		{"MonthsBeforeDays", "2026-01-31T10:00:00Z", "P1M1D", "2026-03-01T10:00:00Z"},
		{"Clock", "2026-12-31T23:30:00Z", "PT30M", "2027-01-01T00:00:00Z"},
		{"Nothing", "2026-01-31T10:00:00.123456Z", "PT0S", "2026-01-31T10:00:00.123456Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from, err := time.Parse(time.RFC3339, tt.from)
			require.NoError(t, err)
			period, err := pay.ParsePeriod(tt.period)
			require.NoError(t, err)
			require.Equal(t, tt.want, period.AddTo(from).Format(time.RFC3339Nano))
		})
	}

	t.Run("ASeriesFromItsAnchorKeepsTheDay", func(t *testing.T) {
		t.Parallel()
		anchor := time.Date(2026, time.January, 31, 9, 0, 0, 0, time.UTC)
		days := []int{}
		for n := range 12 {
			days = append(days, pay.Period{Months: n}.AddTo(anchor).Day())
		}
		require.Equal(t, []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}, days)
	})
	t.Run("AMidnightThatIsLeftOutIsTheSameDaysFirstHour", func(t *testing.T) {
		t.Parallel()
		santiago, err := time.LoadLocation("America/Santiago")
		require.NoError(t, err)
		anchor := time.Date(2024, time.September, 2, 0, 0, 0, 0, santiago)
		for _, years := range []int{5, 11} { // then 2 September is a Sunday, and the clocks go on at midnight
			at := pay.Period{Months: 12 * years}.AddTo(anchor)
			require.Equal(t, []int{2, 1}, []int{at.Day(), at.Hour()}, at)
		}
		first := time.Date(2024, time.October, 1, 0, 0, 0, 0, santiago)
		require.Equal(t, 1, pay.Period{Months: 1}.AddTo(first).Day())
	})
	t.Run("ADayKeepsTheHourWhereClocksChange", func(t *testing.T) {
		t.Parallel()
		berlin := time.FixedZone("CET", 3600)
		if loaded, err := time.LoadLocation("Europe/Berlin"); err == nil {
			berlin = loaded
		}
		before := time.Date(2026, time.March, 28, 10, 0, 0, 0, berlin) // the clocks go on in the night
		require.Equal(t, 10, pay.Period{Days: 1}.AddTo(before).Hour())
		require.Equal(t, 24*time.Hour, pay.Period{Clock: 24 * time.Hour}.AddTo(before).Sub(before))
	})
}
