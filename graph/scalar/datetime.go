package scalar

import (
	"io"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/paygraph/paygraph/internal/pay"
)

// MarshalDateTime writes an instant in UTC with six digits of fraction. The
// zero time and years that four digits cannot write become null.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	if !isInstant(t) {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = w.Write(t.UTC().AppendFormat(scratch(w), `"2006-01-02T15:04:05.000000Z"`))
	})
}

// UnmarshalDateTime reads an instant as RFC 3339 writes it, with any offset,
// and returns it in UTC, cut to whole microseconds. A time without an offset,
// a 30 February and anything else that is not an instant is refused.
func UnmarshalDateTime(v any) (time.Time, error) {
	const longest = len("2006-01-02T15:04:05.000000000000+00:00")
	if s, ok := v.(string); ok && len(s) <= longest {
		t, err := time.Parse(time.RFC3339, s)
		if err == nil && isStrict(s) && isInstant(t) {
			return pay.Instant(t), nil
		}
	}
	return time.Time{}, invalid("date_time", "An instant is written as RFC 3339 has it, such as 2026-11-21T10:15:00Z.")
}

// isInstant reports whether t can be written and read back.
func isInstant(t time.Time) bool {
	year := t.UTC().Year()
	return 1 <= year && year <= 9999 && !pay.Instant(t).IsZero()
}

// isStrict refuses what time.Parse takes and RFC 3339 does not: an hour of one
// digit, a comma before the fraction, an offset of a day (go.dev/issue/54580).
// It relies on time.Parse having taken s.
func isStrict(s string) bool {
	if s[len("2006-01-02T15")] != ':' || strings.IndexByte(s, ',') >= 0 {
		return false
	}
	if strings.HasSuffix(s, "Z") {
		return true
	}
	offset := s[len(s)-len("00:00"):]
	return offset[:2] <= "23" && offset[3:] <= "59"
}
