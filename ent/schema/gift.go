package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// Gift is a product paid by one person for another, behind a code.
type Gift struct{ ent.Schema }

// Fields of a gift.
func (Gift) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.GiftID{}).Immutable(),
		merchantID(),
		field.UUID("bill_id", pay.BillID{}).Immutable().Comment("what paid for it"),
		field.UUID("product_id", pay.ProductID{}).Immutable().Comment("what it gives"),
		field.UUID("buyer_id", pay.UserID{}).Optional().Nillable().Comment("null for a guest's, until the bill is claimed"),
		field.String("status").GoType(pay.GiftStatus("")),
		field.Bytes("code_hash").Immutable().Sensitive().Comment("a keyed hash, to find it by"),
		field.Bytes("code_sealed").Immutable().Sensitive().Comment("the code itself, encrypted with the row's identity"),
		field.String("recipient_email").Immutable().Sensitive(),
		field.String("message").Optional().Nillable().Immutable().Sensitive(),
		field.String("occasion").Optional().Nillable().Immutable(),
		field.Time("deliver_at").Optional().Nillable().Immutable(),
		field.UUID("redeemed_by_id", pay.UserID{}).Optional().Nillable(),
		field.Time("redeemed_at").Optional().Nillable(),
		field.UUID("subscription_id", pay.SubscriptionID{}).Optional().Nillable().Comment("the subscription that its time was added to"),
		field.Time("expires_at").Optional().Nillable().Immutable().Comment("when its code stops working"),
		field.Time("voided_at").Optional().Nillable(),
		createdAt(),
		field.Time("updated_at"),
	}
}

// Edges of a gift.
func (Gift) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("bill", Bill.Type).Field("bill_id").Unique().Required().Immutable(),
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable(),
		edge.To("buyer", User.Type).Field("buyer_id").Unique(),
		edge.To("redeemed_by", User.Type).Field("redeemed_by_id").Unique(),
		edge.To("subscription", BillingSubscription.Type).Field("subscription_id").Unique(),
	}
}

// Indexes of gifts: one a bill, and one a code.
func (Gift) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("bill_id").Unique(),
		index.Fields("code_hash").Unique(),
		index.Fields("buyer_id", "id"),
		index.Fields("redeemed_by_id", "id"),
		index.Fields("status", "expires_at"),
	}
}

// Annotations of gifts.
func (Gift) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"gifts_status":   oneOf("status", pay.GiftStatuses()),
		"gifts_redeemed": together("status = 'REDEEMED'", "redeemed_by_id IS NOT NULL AND redeemed_at IS NOT NULL"),
		"gifts_voided":   together("status = 'VOIDED'", "voided_at IS NOT NULL"),
	})}
}
