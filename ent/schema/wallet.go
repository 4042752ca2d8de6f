package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// Wallet is a user's stored value in one currency: the only balances that are
// stored. Its two amounts are the fold of its ledger entries.
type Wallet struct{ ent.Schema }

// Fields of a wallet.
func (Wallet) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.WalletID{}).Immutable(),
		merchantID(),
		field.UUID("user_id", pay.UserID{}).Immutable(),
		currency(),
		amount("available_minor"),
		amount("held_minor"),
		createdAt(),
	}
}

// Edges of a wallet.
func (Wallet) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("wallets").Field("user_id").Unique().Required().Immutable(),
	}
}

// Indexes of wallets.
func (Wallet) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "currency").Unique()}
}

// Annotations of wallets.
func (Wallet) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"wallets_available": "available_minor >= 0",
		"wallets_held":      "held_minor >= 0",
	})}
}
