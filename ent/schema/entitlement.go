package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// Entitlement is something a buyer may use. The unique indexes are what makes
// fulfilment happen once.
type Entitlement struct{ ent.Schema }

// Fields of an entitlement.
func (Entitlement) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.EntitlementID{}).Immutable(),
		merchantID(),
		field.UUID("bill_id", pay.BillID{}).Optional().Nillable().Immutable().Comment("what paid for it; null for a subscription's, which many bills pay"),
		field.UUID("subscription_id", pay.SubscriptionID{}).Optional().Nillable().Immutable().Comment("the subscription that it lasts as long as"),
		field.UUID("user_id", pay.UserID{}).Optional().Nillable(),
		field.String("kind").NotEmpty().Immutable().Comment("resource or page"),
		field.String("resource").Default("").Immutable(),
		field.Time("granted_at").Immutable(),
		field.Time("expires_at").Optional().Nillable(),
		field.Time("revoked_at").Optional().Nillable(),
	}
}

// Edges of an entitlement.
func (Entitlement) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("bill", Bill.Type).Ref("entitlements").Field("bill_id").Unique().Immutable(),
		edge.To("subscription", BillingSubscription.Type).Field("subscription_id").Unique().Immutable(),
		edge.From("user", User.Type).Ref("entitlements").Field("user_id").Unique(),
	}
}

// Indexes of entitlements.
func (Entitlement) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("bill_id", "kind", "resource").Unique(),
		index.Fields("subscription_id", "kind", "resource").Unique(),
		index.Fields("user_id", "id"),
	}
}

// Annotations of entitlements.
func (Entitlement) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"entitlements_source": together("bill_id IS NULL", "subscription_id IS NOT NULL"),
	})}
}
