package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// BillingSubscription is a product that a user pays for period by period. Its
// periods are computed from the anchor, never from the last date:
// boundary k = anchor + (k × interval + shift).
type BillingSubscription struct{ ent.Schema }

// Fields of a billing subscription.
func (BillingSubscription) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.SubscriptionID{}).Immutable(),
		merchantID(),
		field.UUID("user_id", pay.UserID{}).Immutable(),
		field.UUID("product_id", pay.ProductID{}).Immutable(),
		field.UUID("price_id", pay.PriceID{}).Immutable().Comment("stays when the catalogue's price changes"),
		field.UUID("card_id", pay.CardID{}).Optional().Nillable().Comment("null: the payer pays each bill"),
		field.String("status").GoType(pay.SubscriptionStatus("")),
		field.String("time_zone").Immutable().Comment("the merchant's, by which days begin"),
		field.String("interval").GoType(pay.Period{}).Immutable(),
		field.Time("anchor_at").Optional().Nillable().Comment("what the periods are computed from: the first paid instant, or the trial's end"),
		field.String("shift").GoType(pay.Period{}).Optional().Nillable().Comment("time that gifts and pauses added since the anchor"),
		field.Int("period_index").Default(0).Comment("the present period ends at boundary period_index"),
		field.Time("current_period_start").Optional().Nillable(),
		field.Time("current_period_end").Optional().Nillable(),
		field.Time("trial_end").Optional().Nillable(),
		field.Time("next_action_at").Optional().Nillable().Comment("when something is due by itself: a charge, a retry, an end; null when nothing is"),
		field.Bool("cancel_at_period_end").Default(false),
		field.Time("cancel_at").Optional().Nillable(),
		field.Time("paused_at").Optional().Nillable(),
		field.Time("paused_until").Optional().Nillable(),
		field.Time("ended_at").Optional().Nillable(),
		field.Time("past_due_since").Optional().Nillable(),
		field.Int("dunning_try").Default(0).Comment("how many charges of the open bill have been tried"),
		field.Time("dunning_next_at").Optional().Nillable(),
		field.String("decline_code").Optional().Nillable(),
		field.String("decline_provider_code").Optional().Nillable(),
		field.String("decline_message").Optional().Nillable(),
		field.String("decline_retry").GoType(pay.Retry("")).Optional().Nillable(),
		field.UUID("open_bill_id", pay.BillID{}).Optional().Nillable().Comment("the unpaid bill of the next or first period"),
		field.UUID("test_clock_id", pay.TestClockID{}).Optional().Nillable().Immutable().Comment("whose time it lives by; null is the real one"),
		field.Int("version"),
		createdAt(),
		field.Time("updated_at"),
	}
}

// Edges of a billing subscription.
func (BillingSubscription) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("subscriptions").Field("user_id").Unique().Required().Immutable(),
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable(),
		edge.To("price", Price.Type).Field("price_id").Unique().Required().Immutable(),
		edge.To("card", Card.Type).Field("card_id").Unique(),
	}
}

// Indexes of billing subscriptions.
func (BillingSubscription) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("merchant_id", "id"),
		index.Fields("merchant_id", "status", "id"),
		index.Fields("user_id", "id"),
		index.Fields("user_id", "product_id"),
		index.Fields("price_id", "id"),
		index.Fields("card_id"),
		index.Fields("test_clock_id", "next_action_at").Annotations(entsql.IndexWhere("test_clock_id IS NOT NULL")),
	}
}

// Annotations of billing subscriptions.
func (BillingSubscription) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"billing_subscriptions_status":  oneOf("status", pay.SubscriptionStatuses()),
		"billing_subscriptions_version": "version >= 1",
		"billing_subscriptions_ended":   together("status IN ('CANCELED', 'ENDED')", "ended_at IS NOT NULL"),
		"billing_subscriptions_dunning": "dunning_try >= 0",
	})}
}

// SubscriptionPeriod is one stretch of time that a subscription covers. Rows are
// only ever inserted, each beginning where the one before it ended.
type SubscriptionPeriod struct{ ent.Schema }

// Fields of a period.
func (SubscriptionPeriod) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").Immutable(),
		field.UUID("subscription_id", pay.SubscriptionID{}).Immutable(),
		field.String("kind").Immutable().Comment("trial, paid, gift or pause"),
		field.Time("starts_at").Immutable(),
		field.Time("ends_at").Immutable(),
		field.UUID("bill_id", pay.BillID{}).Optional().Nillable().Immutable().Comment("what paid for it: a paid period's own bill, a gift's"),
		createdAt(),
	}
}

// Edges of a period.
func (SubscriptionPeriod) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("subscription", BillingSubscription.Type).Field("subscription_id").Unique().Required().Immutable(),
	}
}

// Indexes of periods: one begins at an instant, and one bill pays one.
func (SubscriptionPeriod) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("subscription_id", "starts_at").Unique(),
		index.Fields("bill_id").Unique().Annotations(entsql.IndexWhere("bill_id IS NOT NULL")),
	}
}

// Annotations of periods.
func (SubscriptionPeriod) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"subscription_periods_kind":  "kind IN ('trial', 'paid', 'gift', 'pause')",
		"subscription_periods_order": "ends_at > starts_at",
	})}
}

// TestClock is a time of its own, for test mode only: it moves when it is told
// to, and the users attached to it live by it.
type TestClock struct{ ent.Schema }

// Fields of a test clock.
func (TestClock) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.TestClockID{}).Immutable(),
		merchantID(),
		field.String("name").NotEmpty().Immutable(),
		field.Time("now").Comment("what time it is there; never goes back"),
		field.Time("advancing_to").Optional().Nillable().Comment("set while it moves"),
		createdAt(),
	}
}

// Indexes of test clocks.
func (TestClock) Indexes() []ent.Index { return []ent.Index{index.Fields("merchant_id", "id")} }
