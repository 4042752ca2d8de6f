package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// Mail is one mail to a person, written in the transaction of what it tells and
// sent by a job.
type Mail struct{ ent.Schema }

// Fields of a mail.
func (Mail) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.MailID{}).Immutable(),
		merchantID(),
		field.String("kind").NotEmpty().Immutable().Comment("which template"),
		field.String("key").NotEmpty().Immutable().Comment("what it tells, unique: the same news is mailed once"),
		field.String("recipient").NotEmpty().Immutable().Sensitive(),
		field.String("locale").Immutable().Comment("BCP 47"),
		field.JSON("data", json.RawMessage{}).Immutable().Sensitive().SchemaType(map[string]string{dialect.Postgres: "json"}).Comment("what the template shows"),
		field.Bytes("secret").Optional().Immutable().Sensitive().Comment("encrypted with the row's identity: a gift's code"),
		field.String("status").Comment("QUEUED, SENT, or REFUSED for good by the mail server"),
		field.Time("sent_at").Optional().Nillable(),
		field.String("last_error").Optional().Nillable(),
		createdAt(),
	}
}

// Indexes of mails.
func (Mail) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("merchant_id", "key").Unique(),
		index.Fields("status", "created_at"),
	}
}

// Annotations of mails.
func (Mail) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"mails_status": "status IN ('QUEUED', 'SENT', 'REFUSED')",
		"mails_sent":   together("status = 'SENT'", "sent_at IS NOT NULL"),
	})}
}
