package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// ProviderEvent is a notification of a provider as it came, stored before it is
// acknowledged and read by a job.
type ProviderEvent struct{ ent.Schema }

// Fields of a provider's event.
func (ProviderEvent) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.ProviderEventID{}).Immutable(),
		merchantID(),
		field.String("account").NotEmpty().Immutable(),
		field.String("event_key").NotEmpty().Immutable().Comment("the vendor's own key of a signed event; a hint has a fresh one, for a forged twin must not swallow it"),
		field.String("kind").Default("").Immutable(),
		field.String("order_number").Default("").Immutable(),
		field.Bool("hint").Immutable().Comment("it proves nothing"),
		field.Bytes("body").Immutable().Sensitive(),
		field.JSON("result", json.RawMessage{}).Optional().Immutable().Sensitive().
			SchemaType(map[string]string{dialect.Postgres: "json"}).Comment("what a proven event says, in our words; null for a hint"),
		field.Time("received_at").Immutable(),
		field.Time("processed_at").Optional().Nillable().Comment("null while it waits: for its job, or for the attempt that it is about"),
		field.String("outcome").Optional().Nillable().Comment("what became of it, as one word"),
	}
}

// Indexes of providers' events.
func (ProviderEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("account", "event_key").Unique(),
		index.Fields("account", "order_number"),
		index.Fields("account", "received_at").StorageKey("provider_events_waiting").Annotations(entsql.IndexWhere("processed_at IS NULL")),
	}
}
