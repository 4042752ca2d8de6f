package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// Refund is money on its way back to the one who paid. Each try to send it is an
// Operation on its attempt; the row is committed before the first.
type Refund struct{ ent.Schema }

// Fields of a refund.
func (Refund) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.RefundID{}).Immutable(),
		merchantID(),
		field.UUID("bill_id", pay.BillID{}).Immutable(),
		field.UUID("attempt_id", pay.AttemptID{}).Immutable().Comment("the capture that is given back"),
		field.UUID("review_id", pay.ReviewCaseID{}).Optional().Nillable().Immutable().Comment("the case whose resolution asked for it"),
		field.UUID("operation_id", pay.OperationID{}).Optional().Nillable().Comment("its last try at the provider"),
		field.String("status").GoType(pay.RefundStatus("")),
		currency(),
		field.Int64("amount_minor").Immutable(),
		field.String("source").GoType(pay.AccountKind("")).Immutable().Comment("the ledger account that gives: REFUNDS for what was earned, SUSPENSE for what waited for a person"),
		field.Bool("returns_all").Immutable().Comment("nothing of the bill's money stays: what was bought is taken back, as its product says"),
		field.String("reason").NotEmpty().Immutable(),
		field.String("requested_by").NotEmpty().Immutable().Comment("role and principal"),
		field.String("approved_by").Optional().Nillable(),
		field.Int("tries").Default(0).Comment("how often it was sent and surely did not arrive"),
		field.String("decline_code").Optional().Nillable(),
		field.String("decline_provider_code").Optional().Nillable(),
		field.String("decline_message").Optional().Nillable(),
		field.String("decline_retry").GoType(pay.Retry("")).Optional().Nillable(),
		createdAt(),
		field.Time("updated_at"),
		field.Time("resolved_at").Optional().Nillable(),
	}
}

// Edges of a refund.
func (Refund) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("bill", Bill.Type).Ref("refunds").Field("bill_id").Unique().Required().Immutable(),
		edge.From("attempt", Attempt.Type).Ref("refunds").Field("attempt_id").Unique().Required().Immutable(),
	}
}

// Indexes of refunds.
func (Refund) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("bill_id", "status"), // two columns, so that SQLite, which keeps no figures, looks here for a bill's refunds of a status
		index.Fields("attempt_id", "id"),
		index.Fields("review_id"),
		index.Fields("status", "updated_at"),
		index.Fields("operation_id").Unique(),
	}
}

// Annotations of refunds.
func (Refund) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"refunds_status":   oneOf("status", pay.RefundStatuses()),
		"refunds_source":   "source IN ('REFUNDS', 'SUSPENSE')",
		"refunds_amount":   "amount_minor > 0",
		"refunds_resolved": "resolved_at IS NULL AND status NOT IN ('SUCCEEDED', 'FAILED') OR resolved_at IS NOT NULL AND status IN ('SUCCEEDED', 'FAILED')",
	})}
}
