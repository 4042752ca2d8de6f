package scalar

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/paygraph/paygraph/internal/pay"
)

// MarshalCurrency writes a currency's code. The empty one becomes null.
func MarshalCurrency(c pay.Currency) graphql.Marshaler {
	if c == "" {
		return graphql.Null
	}
	return text(string(c))
}

// UnmarshalCurrency reads a code that pay.ParseCurrency knows.
func UnmarshalCurrency(v any) (pay.Currency, error) {
	if s, ok := v.(string); ok {
		if c, err := pay.ParseCurrency(s); err == nil {
			return c, nil
		}
	}
	return "", invalid("currency", "A currency is a code of ISO 4217 in capital letters, such as RUB, or XTR for Telegram Stars.")
}
