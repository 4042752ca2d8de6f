package scalar

import (
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"github.com/paygraph/paygraph/internal/pay"
)

// MarshalString writes text as JSON.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString reads text. It refuses what is not UTF-8, and NUL, which
// Postgres cannot hold and SQLite can: both databases take the same input.
func UnmarshalString(v any) (string, error) {
	s, err := graphql.UnmarshalString(v)
	if err != nil {
		return "", pay.Invalid("input.string", "Want text.").Because(err)
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return "", pay.Invalid("input.string", "Text is UTF-8 without NUL.")
	}
	return s, nil
}
