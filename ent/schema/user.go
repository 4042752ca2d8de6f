package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// User is a payer whom a merchant knows.
type User struct{ ent.Schema }

// Fields of a user.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.UserID{}).Immutable(),
		merchantID(),
		field.String("external_id").Immutable().NotEmpty().Comment("the merchant's own id of the user: the subject of its tokens"),
		field.String("email").Optional().Nillable().Sensitive(),
		field.String("phone").Optional().Nillable().Sensitive().Comment("E.164"),
		field.String("name").Optional().Nillable().Sensitive(),
		field.String("locale").Optional().Nillable().Comment("BCP 47"),
		field.UUID("test_clock_id", pay.TestClockID{}).Optional().Nillable().Comment("whose time the user's subscriptions live by, in test mode"),
		createdAt(),
		field.Time("updated_at"),
	}
}

// Edges of a user.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("wallets", Wallet.Type),
		edge.To("bills", Bill.Type),
		edge.To("entitlements", Entitlement.Type),
		edge.To("cards", Card.Type),
		edge.To("subscriptions", BillingSubscription.Type),
	}
}

// Indexes of users.
func (User) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("merchant_id", "external_id").Unique(),
		index.Fields("merchant_id", "id"),
		index.Fields("merchant_id", "email"),
	}
}
