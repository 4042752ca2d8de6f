package scalar

import (
	"encoding/json"
	"io"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"github.com/paygraph/paygraph/internal/pay"
)

// MarshalMinorUnits writes an amount in minor units as a JSON number. One
// beyond ±pay.MaxAmount becomes null, and so an error: a browser would round
// it without a word.
func MarshalMinorUnits(amount int64) graphql.Marshaler {
	if !fits(amount) {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = w.Write(strconv.AppendInt(scratch(w), amount, 10))
	})
}

// UnmarshalMinorUnits reads an amount in minor units from a whole number within
// ±pay.MaxAmount. Strings, fractions and exponents (`1e3`) in variables are
// refused. A whole float64 is taken, because that is what a JSON decoder
// without UseNumber makes of any number; up to pay.MaxAmount it is exact.
func UnmarshalMinorUnits(v any) (int64, error) {
	var amount int64
	switch v := v.(type) {
	case json.Number:
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil || v[0] == '+' {
			return 0, notMinorUnits()
		}
		amount = n
	case int64:
		amount = v
	case int:
		amount = int64(v)
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > pay.MaxAmount {
			return 0, notMinorUnits()
		}
		amount = int64(v)
	default:
		return 0, notMinorUnits()
	}
	if !fits(amount) {
		return 0, notMinorUnits()
	}
	return amount, nil
}

func fits(amount int64) bool { return -pay.MaxAmount <= amount && amount <= pay.MaxAmount }

func notMinorUnits() error {
	return invalid("minor_units", "An amount is a whole number of minor units between -(2^53-1) and 2^53-1, as a number and not as text.")
}
