package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/paygraph/paygraph/internal/pay"
)

// Job is work that must be done some time, whatever crashes. A job that is done
// is deleted; one that can never be done is parked with its last error.
type Job struct{ ent.Schema }

// Fields of a job.
func (Job) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", pay.JobID{}).Immutable(),
		field.String("kind").NotEmpty().Immutable(),
		field.String("key").NotEmpty().Immutable().Comment("unique within the kind: scheduling it again changes when, not how often"),
		field.JSON("payload", json.RawMessage{}).Optional().Immutable().SchemaType(map[string]string{dialect.Postgres: "json"}),
		field.Int("priority").Default(0).Comment("lower runs first"),
		field.Time("run_at"),
		field.Time("rerun_at").Optional().Nillable().Comment("asked for while it ran: it runs again then"),
		field.Int("tries").Default(0),
		field.Int64("fence").Default(0).Comment("rises with every lease; a holder whose number is old has lost it"),
		field.Time("lease_until").Optional().Nillable().Comment("set while somebody runs it"),
		field.Time("parked_at").Optional().Nillable(),
		field.String("last_error").Optional().Nillable(),
		createdAt(),
	}
}

// Indexes of jobs.
func (Job) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("kind", "key").Unique(),
		index.Fields("run_at").Annotations(entsql.IndexWhere("parked_at IS NULL")),
		index.Fields("priority", "run_at"),
	}
}

// Annotations of jobs.
func (Job) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"jobs_parked": "parked_at IS NULL OR lease_until IS NULL",
	})}
}
