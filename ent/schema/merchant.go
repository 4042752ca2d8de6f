package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// Merchant is a shop: the owner of everything else.
type Merchant struct{ ent.Schema }

// Fields of a merchant.
func (Merchant) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.MerchantID{}).Immutable(),
		field.String("code").Immutable().NotEmpty().Comment("a short name for the command line, unique in the installation"),
		field.String("name").NotEmpty(),
		field.Bool("test_mode").Immutable().Comment("no real money: its provider accounts are test accounts"),
		field.String("time_zone").Default("UTC").Comment("IANA name; when a day begins for this merchant"),
		field.String("default_provider").Optional().Comment("the provider account's code used when a payer names none"),
		createdAt(),
	}
}

// Edges of a merchant.
func (Merchant) Edges() []ent.Edge {
	return []ent.Edge{edge.To("origins", Origin.Type)}
}

// Indexes of merchants.
func (Merchant) Indexes() []ent.Index {
	return []ent.Index{index.Fields("code").Unique()}
}

// Origin is a web origin that a merchant registered: payers are sent back only
// to pages below one of them.
type Origin struct{ ent.Schema }

// Fields of an origin.
func (Origin) Fields() []ent.Field {
	return []ent.Field{
		merchantID(),
		field.String("origin").NotEmpty().Immutable().Comment("scheme://host[:port], lower case, without a path"),
		createdAt(),
	}
}

// Edges of an origin.
func (Origin) Edges() []ent.Edge {
	return []ent.Edge{edge.From("merchant", Merchant.Type).Ref("origins").Field("merchant_id").Unique().Required().Immutable()}
}

// Indexes of origins.
func (Origin) Indexes() []ent.Index {
	return []ent.Index{index.Fields("merchant_id", "origin").Unique()}
}
