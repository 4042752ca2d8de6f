package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// ReviewCase is money that a person must look at.
type ReviewCase struct{ ent.Schema }

// Fields of a review case.
func (ReviewCase) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.ReviewCaseID{}).Immutable(),
		merchantID(),
		field.String("key").NotEmpty().Immutable().Comment("reason and object: the same finding opens one case"),
		field.String("reason").GoType(pay.ReviewReason("")).Immutable(),
		field.UUID("bill_id", pay.BillID{}).Optional().Nillable().Immutable(),
		field.UUID("attempt_id", pay.AttemptID{}).Optional().Nillable().Immutable(),
		field.String("account").Optional().Nillable().Immutable().Comment("the provider account's code"),
		field.Int64("amount_minor").Optional().Nillable().Immutable(),
		field.String("currency").GoType(pay.Currency("")).Optional().Nillable().Immutable(),
		field.String("details").Immutable().Comment("one or two English sentences for the person"),
		field.String("resolution").GoType(pay.ReviewResolution("")).Optional().Nillable(),
		field.String("note").Optional().Nillable(),
		field.String("resolved_by").Optional().Nillable(),
		field.Time("opened_at").Immutable(),
		field.Time("resolved_at").Optional().Nillable(),
	}
}

// Edges of a review case.
func (ReviewCase) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("bill", Bill.Type).Ref("reviews").Field("bill_id").Unique().Immutable(),
		edge.To("attempt", Attempt.Type).Field("attempt_id").Unique().Immutable(),
	}
}

// Indexes of review cases.
func (ReviewCase) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("key").Unique(),
		index.Fields("merchant_id", "resolved_at", "id"),
		index.Fields("bill_id"),
	}
}

// Annotations of review cases.
func (ReviewCase) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"review_cases_reason":     oneOf("reason", pay.ReviewReasons()),
		"review_cases_resolution": "resolution IS NULL OR " + oneOf("resolution", pay.ReviewResolutions()),
		"review_cases_resolved":   "resolution IS NULL AND resolved_at IS NULL OR resolution IS NOT NULL AND resolved_at IS NOT NULL",
	})}
}
