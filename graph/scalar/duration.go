package scalar

import (
	"io"

	"github.com/99designs/gqlgen/graphql"

	"github.com/paygraph/paygraph/internal/pay"
)

// MarshalDuration writes a period as ISO 8601 has it, its months and days as
// months and days.
func MarshalDuration(p pay.Period) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		// A period has letters and digits only: nothing needs an escape.
		_, _ = w.Write(append(append(append(scratch(w), '"'), p.String()...), '"'))
	})
}

// UnmarshalDuration reads what pay.ParsePeriod takes: whole numbers without a
// sign, such as P1M or PT30M. Whether a period of no length makes sense is for
// the field to say.
func UnmarshalDuration(v any) (pay.Period, error) {
	if s, ok := v.(string); ok {
		if p, err := pay.ParsePeriod(s); err == nil {
			return p, nil
		}
	}
	return pay.Period{}, invalid("duration", "A length of time is written as ISO 8601 has it, in whole numbers, such as P1M or PT30M.")
}
