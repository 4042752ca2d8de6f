package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// Setting is one value of the installation itself, such as the secret that the
// development keys are derived from.
type Setting struct{ ent.Schema }

// Fields of a setting.
func (Setting) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").NotEmpty().Immutable().Comment("its name"),
		field.Bytes("value").Sensitive(),
		createdAt(),
	}
}
