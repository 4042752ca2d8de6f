package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// IdempotencyRecord remembers what a caller's key did.
type IdempotencyRecord struct{ ent.Schema }

// Fields of an idempotency record.
func (IdempotencyRecord) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.IdempotencyRecordID{}).Immutable(),
		merchantID(),
		field.String("principal").NotEmpty().Immutable().Comment("who called: a key's or a user's id"),
		field.String("mutation").NotEmpty().Immutable(),
		field.String("key").NotEmpty().Immutable(),
		field.Bytes("input_hash").Immutable().Comment("SHA-256 of the canonical input"),
		field.String("object_id").Default("").Comment("the TypeID of what the call made"),
		field.JSON("errors", json.RawMessage{}).Optional().SchemaType(map[string]string{dialect.Postgres: "json"}).Comment("the errors a finished call answered"),
		field.Time("lease_until").Optional().Nillable().Comment("set while the call runs; when it has passed a retry takes the work over"),
		field.Time("finished_at").Optional().Nillable(),
		createdAt(),
	}
}

// Indexes of idempotency records.
func (IdempotencyRecord) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("merchant_id", "principal", "mutation", "key").Unique(),
		index.Fields("created_at"),
	}
}

// Annotations of idempotency records.
func (IdempotencyRecord) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"idempotency_records_state": "lease_until IS NULL AND finished_at IS NOT NULL OR lease_until IS NOT NULL AND finished_at IS NULL",
	})}
}
