package graph

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// requireRole is @auth: it opens a root field to the roles named. Which rows a
// role then sees is the store's to say.
func requireRole(ctx context.Context, _ any, next graphql.Resolver, roles []pay.Role) (any, error) {
	role := viewer.From(ctx).Role
	switch {
	case role == "":
		return nil, pay.Errorf(pay.CodeUnauthenticated, "auth.missing", "Send a key or a token: Authorization: Bearer ….")
	case !slices.Contains(roles, role):
		return nil, pay.Errorf(pay.CodeForbidden, "auth.role", "This is not for callers of role %s.", role)
	}
	if isMutation(ctx) {
		alongOf(ctx).clear() // what an earlier field of the operation has read is of before this one
	}
	return next(ctx)
}

// CheckAuth reports every root field of the schema that says nobody may call it,
// or does not say who may. A server must not start with such a schema.
func CheckAuth(schema *ast.Schema) error {
	var open []error
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		if root == nil {
			continue
		}
		for _, field := range root.Fields {
			if isIntrospection(field.Name) {
				continue
			}
			if len(rolesOf(field)) == 0 {
				open = append(open, fmt.Errorf("%s.%s has no @auth", root.Name, field.Name))
			}
		}
	}
	return errors.Join(open...)
}

func isIntrospection(name string) bool { return len(name) > 2 && name[:2] == "__" }

// rolesOf reads a field's @auth.
func rolesOf(field *ast.FieldDefinition) []pay.Role {
	rule := field.Directives.ForName("auth")
	if rule == nil {
		return nil
	}
	anyOf := rule.Arguments.ForName("any")
	if anyOf == nil {
		return nil
	}
	var roles []pay.Role
	for _, child := range anyOf.Value.Children {
		roles = append(roles, pay.Role(child.Value.Raw))
	}
	return roles
}

// What a role may do is asked by these words of Viewer.permissions.
const (
	mayFinishCards         = "cards.finish"
	mayManageSubscriptions = "subscriptions.manage"
)

// may reports whether the caller's role may do what the word of Viewer.permissions
// says.
func (r *Resolver) may(ctx context.Context, word string) bool {
	return slices.Contains(r.permissions[viewer.From(ctx).Role], word)
}

// asHolder returns the context in which the fields of bill id are read. A PUBLIC
// page may read no bill; the only one that it can have in hand is the one that it
// has just created, with the access token to it in the same answer. It reads that
// bill as the token's holder.
func asHolder(ctx context.Context, id pay.BillID) context.Context {
	v := viewer.From(ctx)
	if v.Role != pay.RolePublic {
		return ctx
	}
	v.Role, v.Bill = pay.RoleGuest, id
	return viewer.With(ctx, v)
}
