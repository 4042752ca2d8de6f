package users

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"entgo.io/ent/dialect/sql"

	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/ent/user"
	"github.com/paygraph/paygraph/internal/pay"
)

const longestSearch = 100

// matches is the predicate of a search: an exact id or external id, or the
// beginning of an e-mail address, a name or a phone number, capital letters or
// not. It returns CodeInvalid for a text that is too long or cannot be printed.
func matches(search string) ([]predicate.User, error) {
	if search == "" {
		return nil, nil
	}
	if !utf8.ValidString(search) || utf8.RuneCountInString(search) > longestSearch || strings.ContainsFunc(search, unicode.IsControl) {
		return nil, pay.Invalid("search.malformed", "A search is 1 to 100 printable characters.", "search")
	}
	either := []predicate.User{
		user.ExternalID(search),
		begins(user.FieldEmail, search),
		begins(user.FieldName, search),
		begins(user.FieldPhone, search),
	}
	if id, err := pay.ParseUserID(search); err == nil {
		either = append(either, user.ID(id))
	}
	return []predicate.User{user.Or(either...)}, nil
}

// begins matches a column that begins with the text. The databases disagree on
// what LIKE and lower() do to letters outside ASCII, so the usual spellings of
// the text are compared as they are, and lower() is left the ASCII ones.
func begins(column, text string) predicate.User {
	length := utf8.RuneCountInString(text)
	first, size := utf8.DecodeRuneInString(text)
	spellings := []any{text, strings.ToLower(text), strings.ToUpper(text), string(unicode.ToTitle(first)) + strings.ToLower(text[size:])}
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString("substr(").Ident(s.C(column)).WriteString(", 1, ").Arg(length).WriteString(") IN (").Args(spellings...)
			b.WriteString(") OR substr(lower(").Ident(s.C(column)).WriteString("), 1, ").Arg(length).WriteString(") = ").Arg(strings.ToLower(text))
		}))
	}
}
