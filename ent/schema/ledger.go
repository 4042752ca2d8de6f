package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// LedgerAccount is one side that money can be on. Its id is derived from its
// words, so whoever first needs it may make it.
type LedgerAccount struct{ ent.Schema }

// Fields of a ledger account.
func (LedgerAccount) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.LedgerAccountID{}).Immutable(),
		merchantID(),
		field.String("kind").GoType(pay.AccountKind("")).Immutable(),
		currency(),
		field.String("owner").Default("").Immutable().Comment("a provider account's code or a wallet's id; empty for the merchant's own"),
		createdAt(),
	}
}

// Indexes of ledger accounts.
func (LedgerAccount) Indexes() []ent.Index {
	return []ent.Index{index.Fields("merchant_id", "kind", "currency", "owner").Unique()}
}

// Annotations of ledger accounts.
func (LedgerAccount) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"ledger_accounts_kind": oneOf("kind", pay.AccountKinds()),
	})}
}

// LedgerEntry is one leg of a transfer. Entries are only ever inserted, by
// internal/wallets; those of one transfer sum to zero in each currency.
type LedgerEntry struct{ ent.Schema }

// Fields of a ledger entry.
func (LedgerEntry) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.LedgerEntryID{}).Immutable(),
		merchantID(),
		field.String("transfer").NotEmpty().Immutable().Comment("the deterministic key that the legs share"),
		field.Int("leg").Immutable(),
		field.UUID("account_id", pay.LedgerAccountID{}).Immutable(),
		field.String("kind").GoType(pay.EntryKind("")).Immutable(),
		field.Int64("amount_minor").Immutable().Comment("signed: positive when the account gains"),
		currency(),
		field.UUID("wallet_id", pay.WalletID{}).Optional().Nillable().Immutable(),
		field.Int64("balance_after_minor").Optional().Nillable().Immutable().Comment("what the wallet has, available and held, after this entry; null when the transfer leaves that as it was, and for other accounts"),
		field.UUID("bill_id", pay.BillID{}).Optional().Nillable().Immutable(),
		createdAt(),
	}
}

// Edges of a ledger entry.
func (LedgerEntry) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("account", LedgerAccount.Type).Field("account_id").Unique().Required().Immutable(),
		edge.To("bill", Bill.Type).Field("bill_id").Unique().Immutable(),
		edge.To("wallet", Wallet.Type).Field("wallet_id").Unique().Immutable(),
	}
}

// Indexes of ledger entries.
func (LedgerEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("transfer", "leg").Unique(),
		index.Fields("account_id", "id"),
		index.Fields("wallet_id", "id"),
		index.Fields("bill_id"),
	}
}

// Annotations of ledger entries.
func (LedgerEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"ledger_entries_kind":   oneOf("kind", pay.EntryKinds()),
		"ledger_entries_amount": "amount_minor <> 0",
	})}
}
