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

// Attempt is one try to pay a bill through one provider account. Its row is
// committed before the provider hears of it.
type Attempt struct{ ent.Schema }

// Fields of an attempt.
func (Attempt) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.AttemptID{}).Immutable(),
		merchantID(),
		field.UUID("bill_id", pay.BillID{}).Immutable(),
		field.String("provider").Immutable().Comment("the vendor's code, e.g. payture"),
		field.String("account").Immutable().Comment("the provider account's code"),
		field.String("order_number").Immutable().Comment("ours at the vendor, derived from the id"),
		field.String("method_kind").GoType(pay.MethodKind("")).Default(string(pay.MethodCard)),
		field.UUID("card_id", pay.CardID{}).Optional().Nillable().Immutable().Comment("the saved card that it charges"),
		field.UUID("wallet_id", pay.WalletID{}).Optional().Nillable().Immutable().Comment("the wallet that it is paid from"),
		field.Bool("saves_card").Default(false).Immutable().Comment("what pays is saved as a card of the payer"),
		field.Int("charge_try").Optional().Nillable().Immutable().Comment("which charge of a subscription's bill: each is made once"),
		field.String("status").GoType(pay.AttemptStatus("")),
		field.Bool("current").Comment("the bill's one attempt that a payer is sent to; a superseded one is only watched"),
		field.Bool("test_mode").Immutable(),
		currency(),
		field.Int64("amount_minor").Immutable(),
		amount("fee_minor"),
		amount("authorized_minor"),
		amount("captured_minor"),
		amount("refunded_minor"),  // of what was captured, what is back
		amount("refunding_minor"), // of what was captured, what refunds that are not over speak for
		field.String("provider_ref").Optional().Nillable(),
		field.String("provider_status").Optional().Nillable().Comment("the vendor's own word"),
		field.String("redirect_url").Optional().Nillable().Sensitive().Comment("where the payer goes; whoever has it can pay"),
		field.String("redirect_method").Optional().Nillable(),
		field.JSON("redirect_fields", map[string]string{}).Optional().Sensitive(),
		field.String("return_url").Optional().Nillable().Immutable().Comment("the merchant's page that the payer comes back to"),
		field.Time("session_ends_at").Optional().Nillable().Comment("when what was opened can no longer be paid"),
		field.Time("watch_until").Comment("money is looked for until then, whatever became of the bill"),
		field.Time("asked_at").Optional().Nillable().Comment("when the vendor was last asked"),
		field.Time("doubt_since").Optional().Nillable().Comment("since when money may have moved that we know nothing of: an operation on a hold is out, or its answer was lost"),
		field.String("card_brand").Optional().Nillable(),
		field.String("card_mask").Optional().Nillable().Sensitive(),
		field.String("decline_code").Optional().Nillable(),
		field.String("decline_provider_code").Optional().Nillable(),
		field.String("decline_message").Optional().Nillable(),
		field.String("decline_retry").GoType(pay.Retry("")).Optional().Nillable(),
		createdAt(),
		field.Time("updated_at"),
		field.Time("resolved_at").Optional().Nillable().Comment("when it left the open statuses"),
	}
}

// Edges of an attempt.
func (Attempt) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("bill", Bill.Type).Ref("attempts").Field("bill_id").Unique().Required().Immutable(),
		edge.To("operations", Operation.Type),
		edge.To("refunds", Refund.Type),
	}
}

// Indexes of attempts.
func (Attempt) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("account", "order_number").Unique(),
		index.Fields("bill_id").Unique().StorageKey("attempts_one_current").Annotations(entsql.IndexWhere("current")),
		index.Fields("bill_id", "id"),
		index.Fields("bill_id", "charge_try").Unique(),
		index.Fields("card_id"),
		index.Fields("merchant_id", "provider_ref"),
		index.Fields("status", "watch_until"),
		index.Fields("account", "doubt_since").StorageKey("attempts_in_doubt").Annotations(entsql.IndexWhere("doubt_since IS NOT NULL")),
		index.Fields("account", "resolved_at").StorageKey("attempts_resolved").Annotations(entsql.IndexWhere("resolved_at IS NOT NULL")),
	}
}

// Annotations of attempts.
func (Attempt) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"attempts_status":   oneOf("status", pay.AttemptStatuses()),
		"attempts_method":   oneOf("method_kind", pay.MethodKinds()),
		"attempts_amount":   "amount_minor > 0",
		"attempts_refunded": "refunded_minor >= 0 AND refunding_minor >= 0 AND refunded_minor + refunding_minor <= captured_minor",
		"attempts_captured": "captured_minor >= 0 AND authorized_minor >= 0 AND fee_minor >= 0",
	})}
}

// Operation is one write to a provider: committed before its call, with the
// amount, and resolved by its answer or by asking.
type Operation struct{ ent.Schema }

// Fields of an operation. What the vendor calls an idempotency handle is derived
// from the id.
func (Operation) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.OperationID{}).Immutable(),
		field.UUID("attempt_id", pay.AttemptID{}).Immutable(),
		field.String("kind").GoType(pay.OperationKind("")).Immutable(),
		field.String("status").GoType(pay.OperationStatus("")),
		field.Int64("amount_minor").Immutable(),
		currency(),
		field.String("actor").GoType(pay.Role("")).Optional().Nillable().Immutable(),
		field.String("error_kind").Optional().Nillable().Comment("why it is FAILED or UNKNOWN"),
		field.String("error_code").Optional().Nillable(),
		createdAt(),
		field.Time("resolved_at").Optional().Nillable(),
	}
}

// Edges of an operation.
func (Operation) Edges() []ent.Edge {
	return []ent.Edge{edge.From("attempt", Attempt.Type).Ref("operations").Field("attempt_id").Unique().Required().Immutable()}
}

// Indexes of operations.
func (Operation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("attempt_id").Unique().StorageKey("operations_one_open").
			Annotations(entsql.IndexWhere("resolved_at IS NULL")),
		index.Fields("attempt_id", "id"),
		index.Fields("status", "created_at"),
	}
}

// Annotations of operations.
func (Operation) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"operations_kind": oneOf("kind", []pay.OperationKind{
			pay.OperationStart, pay.OperationCharge, pay.OperationCapture, pay.OperationVoid, pay.OperationRefund,
		}),
		"operations_status": oneOf("status", pay.OperationStatuses()),
	})}
}
