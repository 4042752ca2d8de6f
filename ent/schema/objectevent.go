package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// ObjectEvent is one version of a card registration or a billing subscription:
// what BillEvent is to a bill, history and feed in one. Rows are only ever
// inserted.
type ObjectEvent struct{ ent.Schema }

// Fields of an object's event. Exactly one of the two ids is set.
func (ObjectEvent) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").Immutable(),
		merchantID(),
		field.UUID("user_id", pay.UserID{}).Immutable(),
		field.UUID("registration_id", pay.CardRegistrationID{}).Optional().Nillable().Immutable(),
		field.UUID("subscription_id", pay.SubscriptionID{}).Optional().Nillable().Immutable(),
		field.Int("version").Immutable(),
		field.String("from").Optional().Nillable().Immutable(),
		field.String("to").NotEmpty().Immutable(),
		field.String("reason").NotEmpty().Immutable(),
		field.String("actor").GoType(pay.Role("")).Optional().Nillable().Immutable().Comment("null when the program itself acted"),
		field.Time("at").Immutable(),
		field.Int64("txid").Optional().Immutable().Comment("as in bill_events").
			Annotations(entsql.DefaultExprs(map[string]string{
				dialect.Postgres: "pg_current_xact_id()::text::bigint",
				dialect.SQLite:   "0",
			})),
	}
}

// Indexes of objects' events.
func (ObjectEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("registration_id", "version").Unique(),
		index.Fields("subscription_id", "version").Unique(),
		index.Fields("txid", "id"),
		index.Fields("user_id", "txid", "id"),
	}
}

// Annotations of objects' events.
func (ObjectEvent) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"object_events_one": together("registration_id IS NULL", "subscription_id IS NOT NULL"),
	})}
}
