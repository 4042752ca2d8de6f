package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// OutboxMessage is something the outside must be told, written in the
// transaction that made it true: one row per object and version.
type OutboxMessage struct{ ent.Schema }

// Fields of an outbox message.
func (OutboxMessage) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.OutboxMessageID{}).Immutable(),
		merchantID(),
		field.String("topic").NotEmpty().Immutable().Comment("e.g. bill.paid"),
		field.String("object_id").NotEmpty().Immutable().Comment("the TypeID of what changed"),
		field.Int("version").Immutable(),
		field.JSON("payload", json.RawMessage{}).Optional().Immutable().SchemaType(map[string]string{dialect.Postgres: "json"}),
		createdAt(),
		field.Time("dispatched_at").Optional().Nillable(),
	}
}

// Indexes of outbox messages.
func (OutboxMessage) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("object_id", "version").Unique(),
		index.Fields("dispatched_at", "id"),
	}
}
