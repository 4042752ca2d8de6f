package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// Product is something a merchant sells, and what buying it grants.
type Product struct{ ent.Schema }

// Fields of a product.
func (Product) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.ProductID{}).Immutable(),
		merchantID(),
		field.String("code").NotEmpty().Immutable(),
		field.String("kind").GoType(pay.ProductKind("")).Immutable(),
		field.String("title").NotEmpty(),
		field.String("description").Optional().Nillable(),
		field.Bool("active").Default(true),
		field.Strings("grant_resources").Optional().Comment("what the buyer is entitled to, always"),
		field.String("grant_pages").Optional().Nillable().Comment("a glob; the buyer names one page that matches it"),
		field.String("grant_duration").GoType(pay.Period{}).Optional().Nillable().Comment("how long a DIRECT grant lasts; null is for good"),
		field.UUID("gift_of_id", pay.ProductID{}).Optional().Nillable().Comment("what a GIFT gives"),
		field.String("refund_policy").GoType(pay.RefundPolicy("")).Default(string(pay.RefundRevoke)),
		createdAt(),
		field.Time("updated_at"),
	}
}

// Edges of a product.
func (Product) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("prices", Price.Type),
		edge.To("gifts", Product.Type).From("gift_of").Field("gift_of_id").Unique(),
	}
}

// Indexes of products.
func (Product) Indexes() []ent.Index {
	return []ent.Index{index.Fields("merchant_id", "code").Unique()}
}

// Annotations of products.
func (Product) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"products_kind":          oneOf("kind", pay.ProductKinds()),
		"products_refund_policy": oneOf("refund_policy", pay.RefundPolicies()),
	})}
}

// Price is one price of a product. Its amount never changes: a changed price is
// a new row, and those who bought at the old one keep it.
type Price struct{ ent.Schema }

// Fields of a price.
func (Price) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.PriceID{}).Immutable(),
		merchantID(),
		field.UUID("product_id", pay.ProductID{}).Immutable(),
		field.Int64("amount_minor").Immutable().Comment("for a TOP_UP the least that may be named"),
		currency(),
		field.String("interval").GoType(pay.Period{}).Optional().Nillable().Immutable().Comment("of a subscription's renewals"),
		field.String("trial").GoType(pay.Period{}).Optional().Nillable().Immutable(),
		field.Bool("active").Default(true),
		createdAt(),
	}
}

// Edges of a price.
func (Price) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("product", Product.Type).Ref("prices").Field("product_id").Unique().Required().Immutable(),
	}
}

// Indexes of prices.
func (Price) Indexes() []ent.Index {
	return []ent.Index{index.Fields("product_id")}
}

// Annotations of prices.
func (Price) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{"prices_amount": "amount_minor > 0"})}
}
