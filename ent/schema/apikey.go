package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// APIKey lets a merchant's page or server in. The key itself is never stored.
type APIKey struct{ ent.Schema }

// Fields of an api key.
func (APIKey) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.APIKeyID{}).Immutable(),
		merchantID(),
		field.String("role").GoType(pay.Role("")).Immutable().Comment("PUBLIC for a publishable key, SERVER for a secret one"),
		field.Bytes("hash").Immutable().Comment("SHA-256 of the key: it has 160 random bits, so a slow hash adds nothing"),
		field.String("hint").Immutable().Comment("the first characters, to tell keys apart in a list"),
		createdAt(),
		field.Time("revoked_at").Optional().Nillable(),
	}
}

// Indexes of api keys.
func (APIKey) Indexes() []ent.Index {
	return []ent.Index{index.Fields("hash").Unique(), index.Fields("merchant_id")}
}

// Annotations of api keys.
func (APIKey) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"api_keys_role": oneOf("role", []pay.Role{pay.RolePublic, pay.RoleServer}),
	})}
}
