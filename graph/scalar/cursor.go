package scalar

import (
	"github.com/99designs/gqlgen/graphql"
)

// MarshalCursor writes a cursor as text.
func MarshalCursor(cursor string) graphql.Marshaler { return text(cursor) }

// UnmarshalCursor reads a cursor of at most 512 bytes without looking inside: a
// forged or an old one is for its list or stream to judge. The empty one is the
// beginning, because clients send it for "no cursor yet".
func UnmarshalCursor(v any) (string, error) {
	const longest = 512
	if s, ok := v.(string); ok && len(s) <= longest {
		return s, nil
	}
	return "", invalid("cursor", "A cursor is text of at most 512 characters, as the server gave it.")
}
