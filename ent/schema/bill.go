package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// Bill is one thing to pay for. Its status moves only by a guarded UPDATE in
// internal/billing, together with a row of BillEvent.
type Bill struct{ ent.Schema }

// Fields of a bill.
func (Bill) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.BillID{}).Immutable(),
		merchantID(),
		field.UUID("user_id", pay.UserID{}).Optional().Nillable().Comment("the payer, when known; a guest's bill has none until it is claimed"),
		field.UUID("product_id", pay.ProductID{}).Optional().Nillable().Immutable(),
		field.UUID("price_id", pay.PriceID{}).Optional().Nillable().Immutable(),
		field.String("status").GoType(pay.BillStatus("")),
		currency(),
		field.Int64("total_minor").Immutable(),
		amount("paid_minor"),
		amount("refunded_minor"),
		amount("refunding_minor"), // of what was paid, what refunds that are not over speak for
		field.String("email").Optional().Nillable().Immutable().Sensitive().Comment("a guest's, for the receipt"),
		field.String("page_id").Optional().Nillable().Immutable().Comment("the page that a product with grant_pages was bought for"),
		field.String("reference").Optional().Nillable().Immutable().Comment("the merchant's own number"),
		field.String("locale").Optional().Nillable().Immutable(),
		field.String("return_url").Optional().Nillable().Immutable(),
		field.JSON("metadata", json.RawMessage{}).Optional().Immutable().
			SchemaType(map[string]string{dialect.Postgres: "json"}).Comment("inert; json, not jsonb, so that numbers stay as they were written"),
		field.JSON("gift", json.RawMessage{}).Optional().Immutable().Sensitive().
			SchemaType(map[string]string{dialect.Postgres: "json"}).Comment("who is given a GIFT product, as the buyer wrote it"),
		field.UUID("subscription_id", pay.SubscriptionID{}).Optional().Nillable().Immutable().Comment("whose period it pays"),
		field.Time("period_start").Optional().Nillable().Immutable(),
		field.Time("period_end").Optional().Nillable().Immutable(),
		field.Int("version").Comment("rises by one with every row of bill_events"),
		field.Int("token_version").Default(1).Comment("raising it revokes every guest token of the bill"),
		field.Time("paid_at").Optional().Nillable(),
		field.Time("expires_at").Immutable(),
		createdAt(),
		field.Time("updated_at"),
	}
}

// Edges of a bill.
func (Bill) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("bills").Field("user_id").Unique(),
		edge.To("product", Product.Type).Field("product_id").Unique().Immutable(),
		edge.To("price", Price.Type).Field("price_id").Unique().Immutable(),
		edge.To("lines", BillLine.Type),
		edge.To("attempts", Attempt.Type),
		edge.To("events", BillEvent.Type),
		edge.To("reviews", ReviewCase.Type),
		edge.To("refunds", Refund.Type),
		edge.To("entitlements", Entitlement.Type),
	}
}

// Indexes of bills: one for each order and filter of the lists, all ending in
// the id, which breaks ties and carries the page's cursor.
func (Bill) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("merchant_id", "reference").Unique(),
		index.Fields("merchant_id", "id"),
		index.Fields("merchant_id", "status", "id"),
		index.Fields("merchant_id", "updated_at", "id"),
		index.Fields("merchant_id", "total_minor", "id"),
		index.Fields("merchant_id", "expires_at", "id"),
		index.Fields("merchant_id", "email"),
		index.Fields("user_id", "id"),
		index.Fields("product_id", "id"),
		index.Fields("subscription_id", "period_start").Unique(),
	}
}

// Annotations of bills.
func (Bill) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"bills_status":    oneOf("status", pay.BillStatuses()),
		"bills_total":     "total_minor > 0 AND total_minor <= 9007199254740991",
		"bills_paid":      "paid_minor >= 0",
		"bills_refunded":  "refunded_minor >= 0 AND refunded_minor <= paid_minor",
		"bills_refunding": "refunding_minor >= 0 AND refunded_minor + refunding_minor <= paid_minor",
		"bills_version":   "version >= 1",
	})}
}

// BillLine is one line of what a bill is for.
type BillLine struct{ ent.Schema }

// Fields of a bill's line.
func (BillLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.BillLineID{}).Immutable(),
		field.UUID("bill_id", pay.BillID{}).Immutable(),
		field.Int("position").Immutable(),
		field.String("title").NotEmpty().Immutable(),
		field.Int("quantity").Immutable(),
		field.Int64("unit_minor").Immutable(),
		currency(),
		field.String("tax").Optional().Nillable().Immutable(),
	}
}

// Edges of a bill's line.
func (BillLine) Edges() []ent.Edge {
	return []ent.Edge{edge.From("bill", Bill.Type).Ref("lines").Field("bill_id").Unique().Required().Immutable()}
}

// Indexes of bills' lines.
func (BillLine) Indexes() []ent.Index {
	return []ent.Index{index.Fields("bill_id", "position").Unique()}
}

// Annotations of bills' lines.
func (BillLine) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"bill_lines_quantity": "quantity > 0",
		"bill_lines_unit":     "unit_minor > 0",
	})}
}

// BillEvent is one version of a bill: what changed, why and by whom. Rows are
// only ever inserted. They are the bill's history and, in the order of
// (txid, id), the feed that live subscriptions follow.
type BillEvent struct{ ent.Schema }

// Fields of a bill's event.
func (BillEvent) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").Immutable().Comment("a sequence: on Postgres numbers may commit out of order, hence txid"),
		field.UUID("bill_id", pay.BillID{}).Immutable(),
		merchantID(),
		field.UUID("user_id", pay.UserID{}).Optional().Nillable().Immutable().Comment("the payer at that time"),
		field.Int("version").Immutable(),
		field.String("from").GoType(pay.BillStatus("")).Optional().Nillable().Immutable(),
		field.String("to").GoType(pay.BillStatus("")).Immutable(),
		field.String("reason").NotEmpty().Immutable(),
		field.String("actor").GoType(pay.Role("")).Optional().Nillable().Immutable().Comment("null when the program itself acted"),
		field.String("note").Optional().Nillable().Immutable(),
		field.Time("at").Immutable(),
		field.Int64("txid").Optional().Immutable().Comment("the transaction's id on Postgres, 0 on SQLite: a feed reads only below the oldest one running").
			Annotations(entsql.DefaultExprs(map[string]string{
				dialect.Postgres: "pg_current_xact_id()::text::bigint",
				dialect.SQLite:   "0",
			})),
	}
}

// Edges of a bill's event.
func (BillEvent) Edges() []ent.Edge {
	return []ent.Edge{edge.From("bill", Bill.Type).Ref("events").Field("bill_id").Unique().Required().Immutable()}
}

// Indexes of bills' events.
func (BillEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("bill_id", "version").Unique(),
		index.Fields("txid", "id"),
		index.Fields("merchant_id", "txid", "id"),
		index.Fields("user_id", "txid", "id"),
	}
}

// Annotations of bills' events.
func (BillEvent) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"bill_events_from": `"from" IS NULL OR ` + oneOf(`"from"`, pay.BillStatuses()),
		"bill_events_to":   oneOf(`"to"`, pay.BillStatuses()),
	})}
}
