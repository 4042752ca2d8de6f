package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
)

// comparison collects where a schema departs from the contract in a way that a
// client written against the contract would notice.
type comparison struct {
	contract *ast.Schema
	schema   *ast.Schema
	breaches []string
}

// breachesOf compares schema with contract. The schema may lack whole types and
// root fields, which come later, but no part of a type that it has. It may add
// to the contract what no client is forced to know.
func breachesOf(contract, schema *ast.Schema) []string {
	c := &comparison{contract: contract, schema: schema}
	for name, want := range contract.Types {
		if got := schema.Types[name]; got != nil && !want.BuiltIn {
			c.definition(want, got)
		}
	}
	for name, want := range contract.Directives {
		got := schema.Directives[name]
		if got == nil {
			c.breach("@%s is missing", name)
			continue
		}
		c.arguments("@"+name, want.Arguments, got.Arguments)
		if !slices.Equal(want.Locations, got.Locations) || want.IsRepeatable != got.IsRepeatable {
			c.breach("@%s stands elsewhere than in the contract", name)
		}
	}
	slices.Sort(c.breaches)
	return c.breaches
}

func (c *comparison) breach(format string, args ...any) {
	c.breaches = append(c.breaches, fmt.Sprintf(format, args...))
}

func (c *comparison) definition(want, got *ast.Definition) {
	if want.Kind != got.Kind {
		c.breach("%s is %s, not %s", want.Name, got.Kind, want.Kind)
		return
	}
	for _, name := range want.Interfaces {
		if !slices.Contains(got.Interfaces, name) {
			c.breach("%s does not implement %s", want.Name, name)
		}
	}
	for _, name := range want.Types {
		if !slices.Contains(got.Types, name) {
			c.breach("%s has no member %s", want.Name, name)
		}
	}
	for _, value := range want.EnumValues {
		if got.EnumValues.ForName(value.Name) == nil {
			c.breach("%s has no value %s", want.Name, value.Name)
		}
	}
	if (want.Directives.ForName("oneOf") == nil) != (got.Directives.ForName("oneOf") == nil) {
		c.breach("%s differs in @oneOf", want.Name)
	}
	c.fields(want, got)
}

func (c *comparison) fields(want, got *ast.Definition) {
	isRoot := want == c.contract.Query || want == c.contract.Mutation || want == c.contract.Subscription
	for _, field := range ownFields(want) {
		name := want.Name + "." + field.Name
		has := got.Fields.ForName(field.Name)
		switch {
		case has != nil:
			c.value(name, field.Type, has.Type, field.DefaultValue, has.DefaultValue)
			c.arguments(name, field.Arguments, has.Arguments)
		case !isRoot:
			c.breach("%s is missing", name)
		}
	}
	for _, field := range ownFields(got) {
		added := want.Fields.ForName(field.Name) == nil
		if added && got.Kind == ast.InputObject && isDemanded(field.Type, field.DefaultValue) {
			c.breach("%s.%s is added and old clients do not send it", got.Name, field.Name)
		}
		if added && got.Kind == ast.Interface {
			c.breach("%s.%s is added to an interface", got.Name, field.Name)
		}
	}
}

func (c *comparison) arguments(owner string, want, got ast.ArgumentDefinitionList) {
	for _, arg := range want {
		name := fmt.Sprintf("%s(%s:)", owner, arg.Name)
		has := got.ForName(arg.Name)
		if has == nil {
			c.breach("%s is missing", name)
			continue
		}
		c.value(name, arg.Type, has.Type, arg.DefaultValue, has.DefaultValue)
	}
	for _, arg := range got {
		if want.ForName(arg.Name) == nil && isDemanded(arg.Type, arg.DefaultValue) {
			c.breach("%s(%s:) is added and old clients do not send it", owner, arg.Name)
		}
	}
}

func (c *comparison) value(name string, wantType, gotType *ast.Type, wantDefault, gotDefault *ast.Value) {
	if wantType.String() != gotType.String() {
		c.breach("%s is %s, not %s", name, gotType, wantType)
	}
	if defaultText(wantDefault) != defaultText(gotDefault) {
		c.breach("%s defaults to %q, not %q", name, defaultText(gotDefault), defaultText(wantDefault))
	}
}

func defaultText(v *ast.Value) string {
	if v == nil {
		return ""
	}
	return v.String()
}

// isDemanded reports whether a caller has to send a value.
func isDemanded(t *ast.Type, fallback *ast.Value) bool { return t.NonNull && fallback == nil }

func TestSchema_KeepsTheContract(t *testing.T) {
	t.Parallel()

	contract, schema := loadSchema(t, "testdata/contract.graphql"), publicSchema(t)
	require.Empty(t, breachesOf(contract, schema))
}

// A root field that is not contracted is a decision for the contract first. Test
// clocks were added beside it: they are of test mode, and no client needs them. So was
// refundReject, for a second person's no: a client that knows only the contract lets a
// week end what nobody approves.
func TestSchema_AddsNothingAtTheRoot(t *testing.T) {
	t.Parallel()

	contracted := rootFields(loadSchema(t, "testdata/contract.graphql"))
	contracted["Mutation.refundReject"] = nil
	for name := range rootFields(publicSchema(t)) {
		if !strings.HasPrefix(name, "Mutation.testClock") {
			require.Contains(t, contracted, name)
		}
	}
}

func TestSchema_HasOnlyWhatCanBeReached(t *testing.T) {
	t.Parallel()

	schema := publicSchema(t)
	reached := map[string]bool{}
	reach(schema, schema.Query.Name, reached)
	reach(schema, schema.Mutation.Name, reached)
	reach(schema, schema.Subscription.Name, reached)
	for _, directive := range schema.Directives {
		for _, arg := range directive.Arguments {
			reach(schema, arg.Type.Name(), reached)
		}
	}
	for name, def := range schema.Types {
		require.True(t, def.BuiltIn || reached[name], "%s is in the schema and nothing leads to it", name)
	}
}

// reach marks a type and all that its fields, arguments and members lead to.
// Types behind Node are not followed: each must be reachable by a field as well.
func reach(schema *ast.Schema, name string, reached map[string]bool) {
	if reached[name] {
		return
	}
	reached[name] = true
	def := schema.Types[name]
	for _, field := range ownFields(def) {
		reach(schema, field.Type.Name(), reached)
		for _, arg := range field.Arguments {
			reach(schema, arg.Type.Name(), reached)
		}
	}
	if def.IsAbstractType() && name != "Node" {
		for _, member := range schema.GetPossibleTypes(def) {
			reach(schema, member.Name, reached)
		}
	}
}

// The comparison itself has to notice each kind of breach.
func TestBreachesOf(t *testing.T) {
	t.Parallel()

	const contract = `
		directive @auth(any: [String!]!) on FIELD_DEFINITION
		type Query { bill(id: ID!, first: Int = 20): Bill  later: String }
		type Bill { id: ID!  lines: [String!]! }
		input Pay @oneOf { card: ID  wallet: ID }
		input Make { key: ID!  start: Boolean = true }
		enum Status { NEW OLD }
		union Next = Bill
		interface Node { id: ID! }`
	tests := []struct {
		name   string
		schema string
		want   []string
	}{
		{"same without what comes later", `
			directive @auth(any: [String!]!) on FIELD_DEFINITION
			type Query { bill(id: ID!, first: Int = 20): Bill }
			type Bill { id: ID!  lines: [String!]! }`, nil},
		{"harmless additions", `
			directive @auth(any: [String!]!) on FIELD_DEFINITION
			type Query { bill(id: ID!, first: Int = 20, note: String): Bill }
			type Bill { id: ID!  lines: [String!]!  note: String }
			input Make { key: ID!  start: Boolean = true  note: String }
			enum Status { NEW OLD LOST }`, nil},
		{"weaker and other types", `
			directive @auth(any: [String!]!) on FIELD_DEFINITION
			type Query { bill(id: ID, first: Int = 10): Bill! }
			type Bill { id: ID!  lines: [String]! }`, []string{
			`Bill.lines is [String]!, not [String!]!`,
			`Query.bill is Bill!, not Bill`,
			`Query.bill(first:) defaults to "10", not "20"`,
			`Query.bill(id:) is ID, not ID!`,
		}},
		{"missing parts", `
			type Query { bill(id: ID!): Bill }
			type Bill { id: ID! }
			input Pay { card: ID  wallet: ID }
			enum Status { NEW }
			union Next = Query`, []string{
			`@auth is missing`,
			`Bill.lines is missing`,
			`Next has no member Bill`,
			`Pay differs in @oneOf`,
			`Query.bill(first:) is missing`,
			`Status has no value OLD`,
		}},
		{"demands on old clients", `
			directive @auth(any: [String!]!) on FIELD_DEFINITION
			type Query { bill(id: ID!, first: Int = 20, note: String!): Bill }
			type Bill { id: ID!  lines: [String!]! }
			input Make { key: ID!  start: Boolean = true  note: String! }
			interface Node { id: ID!  note: String }
			scalar Status`, []string{
			`Make.note is added and old clients do not send it`,
			`Node.note is added to an interface`,
			`Query.bill(note:) is added and old clients do not send it`,
			`Status is SCALAR, not ENUM`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			require.Equal(t, tt.want, breachesOf(parseSchema(t, contract), parseSchema(t, tt.schema)))
		})
	}
}
