package schema

import (
	"fmt"
	"strings"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"

	"github.com/paygraph/paygraph/internal/pay"
)

// checks returns the CHECK constraints of a table, by name. On a field ent
// would ignore them.
func checks(byName map[string]string) schema.Annotation {
	return entsql.Checks(byName)
}

// oneOf is the CHECK of a column that holds one of a closed list of words.
func oneOf[T ~string](column string, values []T) string {
	quoted := make([]string, len(values))
	for at, value := range values {
		quoted[at] = "'" + string(value) + "'"
	}
	return fmt.Sprintf("%s IN (%s)", column, strings.Join(quoted, ", "))
}

// together is the CHECK that two conditions are both true or both false.
func together(a, b string) string {
	return fmt.Sprintf("%s AND %s OR NOT (%[1]s) AND NOT (%[2]s)", a, b)
}

// amount is a column of minor units.
func amount(name string) ent.Field {
	return field.Int64(name).Default(0)
}

// currency is the currency of every amount in its row.
func currency() ent.Field {
	return field.String("currency").GoType(pay.Currency("")).MaxLen(3).Immutable()
}

// createdAt is when the row was inserted, by the service's clock.
func createdAt() ent.Field {
	return field.Time("created_at").Immutable()
}

// merchantID is the owner of the row: what keeps merchants apart.
func merchantID() ent.Field {
	return field.UUID("merchant_id", pay.MerchantID{}).Immutable()
}
