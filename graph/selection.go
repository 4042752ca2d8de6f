package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// A selection is what was asked for of one object: its fields with theirs, through
// fragments, with @skip and @include decided. Services are told by it what to
// read along with a row, so that a page takes as many statements as it has kinds
// of things, however many rows.
type selection struct {
	operation *graphql.OperationContext
	sets      []ast.SelectionSet
	refunds   bool // the caller is one who may give money back
}

// selected is what was asked for of the field that is being resolved.
func selected(ctx context.Context) selection {
	field := graphql.GetFieldContext(ctx)
	return selection{
		operation: graphql.GetOperationContext(ctx), sets: []ast.SelectionSet{field.Field.Selections},
		refunds: pay.ActionRefund.IsFor(viewer.From(ctx).Role),
	}
}

// at goes down a path of fields. Aliases of one field are taken together.
func (s selection) at(path ...string) selection {
	for _, name := range path {
		var below []ast.SelectionSet
		s.each(func(field graphql.CollectedField) {
			if field.Name == name {
				below = append(below, field.Selections)
			}
		})
		s.sets = below
	}
	return s
}

// and is what was asked for by either of two paths.
func (s selection) and(other selection) selection {
	s.sets = append(s.sets[:len(s.sets):len(s.sets)], other.sets...)
	return s
}

// rows is what was asked for of the rows of a connection.
func (s selection) rows() selection { return s.at("nodes").and(s.at("edges", "node")) }

// has reports whether one of the fields was asked for.
func (s selection) has(names ...string) bool {
	found := false
	s.each(func(field graphql.CollectedField) {
		for _, name := range names {
			found = found || field.Name == name
		}
	})
	return found
}

// isEmpty reports whether nothing was asked for.
func (s selection) isEmpty() bool { return len(s.sets) == 0 }

// each visits the fields. No type is named, so the fragments of all types count:
// behind Node that may ask for a little too much, and never for too little.
func (s selection) each(visit func(graphql.CollectedField)) {
	for _, set := range s.sets {
		for _, field := range graphql.CollectFields(s.operation, set, nil) {
			visit(field)
		}
	}
}

// want is what has to be read along with a bill of which this was asked for.
func (s selection) want() billing.Want {
	var w billing.Want
	s.each(func(field graphql.CollectedField) {
		switch field.Name {
		case "product":
			w.Product = true
		case "payer":
			w.User = true
		case "lines":
			w.Lines = true
		case "attempts", "latestAttempt", "nextAction":
			w.Attempts = true
		case "allowedActions":
			w.Attempts = true
			w.Reviews = w.Reviews || s.refunds // a case may decide about its money
		case "reviews", "reviewReason":
			w.Reviews = true
		case "refunds":
			w.Refunds, w.Attempts = true, true
		case "entitlements":
			w.Entitlements = true
		case "history":
			w.Events = true
		}
	})
	w.Attempts = w.Attempts || s.at("reviews").has("allowedResolutions", "attempt")
	// An attempt, a case, a refund and an entitlement lead back to the bill itself.
	for _, name := range []string{"attempts", "latestAttempt", "reviews", "refunds", "entitlements"} {
		if back := s.at(name, "bill"); !back.isEmpty() {
			w = union(w, back.want())
		}
	}
	return w
}

func union(a, b billing.Want) billing.Want {
	return billing.Want{
		Product:      a.Product || b.Product,
		User:         a.User || b.User,
		Lines:        a.Lines || b.Lines,
		Attempts:     a.Attempts || b.Attempts,
		Reviews:      a.Reviews || b.Reviews,
		Refunds:      a.Refunds || b.Refunds,
		Entitlements: a.Entitlements || b.Entitlements,
		Events:       a.Events || b.Events,
	}
}
