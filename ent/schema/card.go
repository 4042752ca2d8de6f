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

// Card is a card saved at a provider account. Its number never was here, and
// the provider's own id of it is encrypted.
type Card struct{ ent.Schema }

// Fields of a saved card.
func (Card) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.CardID{}).Immutable(),
		merchantID(),
		field.UUID("user_id", pay.UserID{}).Immutable(),
		field.String("provider").Immutable(),
		field.String("account").Immutable().Comment("the provider account's code: the only one that can charge it"),
		field.Bytes("ref_sealed").Immutable().Sensitive().Comment("the provider's id of the card, encrypted with the row's identity"),
		field.Bytes("ref_hash").Immutable().Sensitive().Comment("a keyed hash of it, to know the card again"),
		field.String("status").GoType(pay.CardStatus("")),
		field.String("brand").Default(""),
		field.String("mask").Sensitive().Comment("at most the first six and the last four digits"),
		field.String("holder").Optional().Nillable().Sensitive(),
		field.Int("exp_month").Optional().Nillable(),
		field.Int("exp_year").Optional().Nillable(),
		field.Bool("is_default").Default(false),
		field.Bool("requires_cvv").Default(false),
		field.Time("removing_since").Optional().Nillable().Comment("set while the provider has still to be told of the removal"),
		createdAt(),
		field.Time("updated_at"),
		field.Time("removed_at").Optional().Nillable(),
	}
}

// Edges of a saved card.
func (Card) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("cards").Field("user_id").Unique().Required().Immutable(),
	}
}

// Indexes of saved cards. A card that is removed and added again is a new row.
func (Card) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "account", "ref_hash").Unique().StorageKey("cards_one_live").Annotations(entsql.IndexWhere("removed_at IS NULL")),
		index.Fields("ref_hash", "provider").StorageKey("cards_whose"),
		index.Fields("user_id").Unique().StorageKey("cards_one_default").Annotations(entsql.IndexWhere("is_default")),
		index.Fields("user_id", "id"),
		index.Fields("status", "exp_year", "exp_month").StorageKey("cards_expiring"),
	}
}

// Annotations of saved cards.
func (Card) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"cards_status":  oneOf("status", pay.CardStatuses()),
		"cards_removed": together("status = 'REMOVED'", "removed_at IS NOT NULL"),
		"cards_default": "NOT is_default OR status <> 'REMOVED'",
		"cards_month":   "exp_month IS NULL OR exp_month BETWEEN 1 AND 12",
	})}
}

// CardRegistration is one payer's way through a provider's page that adds a card.
type CardRegistration struct{ ent.Schema }

// Fields of a card registration.
func (CardRegistration) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.CardRegistrationID{}).Immutable(),
		merchantID(),
		field.UUID("user_id", pay.UserID{}).Immutable(),
		field.String("provider").Immutable(),
		field.String("account").Immutable(),
		field.String("order_number").Immutable().Comment("ours at the vendor, derived from the id"),
		field.String("status").GoType(pay.CardRegistrationStatus("")),
		field.Int64("verification_minor").Immutable().Comment("held for a moment to try the card, then given back"),
		currency(),
		field.Int("attempts_left").Optional().Nillable(),
		field.Strings("known_refs").Optional().Immutable().Sensitive().Comment("keyed hashes of the cards that were there before"),
		field.String("redirect_url").Optional().Nillable().Sensitive(),
		field.String("return_url").Optional().Nillable().Immutable(),
		field.UUID("card_id", pay.CardID{}).Optional().Nillable(),
		field.String("failure_code").Optional().Nillable(),
		field.String("failure_provider_code").Optional().Nillable(),
		field.String("failure_message").Optional().Nillable(),
		field.String("failure_retry").GoType(pay.Retry("")).Optional().Nillable(),
		field.Time("asked_at").Optional().Nillable().Comment("when the provider's list was last read for it"),
		field.Time("expires_at").Comment("when no card can be added by it any more"),
		field.Time("watch_until").Comment("the list is read until then"),
		field.Int("version"),
		createdAt(),
		field.Time("updated_at"),
		field.Time("resolved_at").Optional().Nillable(),
	}
}

// Edges of a card registration.
func (CardRegistration) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("card", Card.Type).Field("card_id").Unique(),
	}
}

// Indexes of card registrations.
func (CardRegistration) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "id"),
		index.Fields("account", "order_number").Unique(),
	}
}

// Annotations of card registrations.
func (CardRegistration) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"card_registrations_status":  oneOf("status", pay.CardRegistrationStatuses()),
		"card_registrations_card":    together("status = 'COMPLETED'", "card_id IS NOT NULL"),
		"card_registrations_version": "version >= 1",
	})}
}
