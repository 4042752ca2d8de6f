package gqlhttp

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// ask puts a document before a guard with default limits.
func ask(t testing.TB, query string, mayIntrospect bool) *gqlerror.Error {
	t.Helper()
	g := &Guard{MayIntrospect: func(context.Context) bool { return mayIntrospect }}
	require.NoError(t, g.Validate(nil))
	return g.MutateOperationParameters(context.Background(), &graphql.RawParams{Query: query})
}

func nested(depth int) string { return strings.Repeat("{ a ", depth) + strings.Repeat("}", depth) }

// chain is n fragments of which each spreads the next one twice.
func chain(n int) string {
	var b strings.Builder
	b.WriteString("{ ...F0 }")
	for i := range n {
		fmt.Fprintf(&b, " fragment F%d on T { ...F%d ...F%d }", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on T { a }", n)
	return b.String()
}

func TestGuard_Refuses(t *testing.T) {
	t.Parallel()

	hidden := chain(12)
	for i := range 12 {
		hidden += fmt.Sprintf(" query fragment($F%d: ID) { a }", i)
	}
	tests := []struct {
		name, query, limit string
		max, value         int
	}{
		{"Bytes", "{ a } #" + strings.Repeat("x", 16<<10), "bytes", 16384, 16391},
		{"Literal", `{ a(s: "` + strings.Repeat("x", 16<<10) + `") }`, "bytes", 16384, 16396},
		{"Tokens", "{" + strings.Repeat(" a b c d e f g h i j", 50) + "}", "tokens", 500, 501},
		{"ManyTokens", "{" + strings.Repeat(" a b c d e f g h i j", 700) + "}", "tokens", 500, 501},
		{"Repeats", "{" + strings.Repeat(" a", 5000) + "}", "repeats", 100, 101},
		{"ListLiteral", "{ a(l: " + strings.Repeat("[", 600) + strings.Repeat("]", 600) + ") }", "tokens", 500, 501},
		{"Depth", nested(13), "depth", 12, 13},
		{"DepthOfInlineFragments", "{" + strings.Repeat(" ... on T {", 12) + " a" + strings.Repeat("}", 13), "depth", 12, 13},
		{"DepthThroughFragments", "{ a { b { c { d { e { f { ...F } } } } } } } fragment F on T { a { b { c { d { e { f { g } } } } } } }", "depth", 12, 13},
		{"DepthInLaterOperation", "query A { a } query B " + nested(13), "depth", 12, 13},
		{"Spreads", "{" + strings.Repeat(" ...F", 41) + "} fragment F on T { a }", "spreads", 40, 41},
		{"Expansions", chain(9), "expansions", 200, 1023},
		{"ExpansionsBeyondCounting", strings.ReplaceAll(chain(9), "F0 }", "F0 } { ...F0 }"), "expansions", 200, 1023},
		{"ExpansionsUnused", strings.Replace(chain(9), "{ ...F0 }", "{ a }", 1), "expansions", 200, 1022},
		{"ExpansionsHiddenByOperations", hidden, "expansions", 200, 8191},
		{"Aliases", "{" + strings.Repeat(" a: b", 16) + "}", "aliases", 15, 16},
		{"Directives", "{ a" + strings.Repeat(" @skip(if: true)", 11) + "}", "directives", 10, 11},
		{"LimitBeforeSyntaxError", "{" + strings.Repeat(" a: b", 16) + " \x00", "aliases", 15, 16},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := ask(t, tt.query, false)
			require.NotNil(t, err)
			require.Equal(t, map[string]any{"code": CodeQueryTooComplex, "limit": tt.limit, "max": tt.max, "value": tt.value}, err.Extensions)
			require.Contains(t, err.Message, tt.limit)
		})
	}
}

func TestGuard_LetsPass(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, query string }{
		{"Depth12", nested(12)},
		{"Tokens500", "{ a b c d e f g h" + strings.Repeat(" a b c d e f g h i j", 49) + "}"},
		{"HundredRepeats", "{" + strings.Repeat(" a", 100) + "}"},
		{"FortySpreads", "{" + strings.Repeat(" ...F", 40) + "} fragment F on T { a }"},
		{"FifteenAliases", "{" + strings.Repeat(" a: b", 15) + "}"},
		{"ArgumentsAreNoAliases", "{ a(" + strings.Repeat("b: 1 ", 30) + ") }"},
		{"VariablesAreNoAliases", "query(" + strings.Repeat("$b: ID ", 30) + ") { a }"},
		{"ObjectsAreNoDepth", "{ a(in: " + strings.Repeat("{a: ", 20) + "1" + strings.Repeat("}", 20) + ") }"},
		{"DefaultsAreNoDepth", "query($in: T = " + strings.Repeat("{a: ", 20) + "1" + strings.Repeat("}", 20) + ") " + nested(12)},
		{"InlineFragmentsAreNoSpreads", "{" + strings.Repeat(" ... on T { a }", 60) + "}"},
		{"StringsAreOneToken", `{ a(s: "{{{{{{{{{{{{{ ...a ...b @c @d") }`},
		{"CommentsAreFree", "{ a } " + strings.Repeat("# {{{{{{{{{{{{{{{\n", 400)},
		{"TwoOperations", "query A " + nested(12) + " query B " + nested(12)},
		{"FragmentUsedOften", "{ a { ...M } b { ...M } c { ...M } } fragment M on Money { amount currency }"},
		{"Cycle", "{ ...A } fragment A on T { ...B } fragment B on T { ...A }"},
		{"SelfCycle", "{ ...A } fragment A on T { a { ...A } }"},
		{"UnknownFragment", "{ ...A }"},
		{"OperationNamedFragment", "query fragment { a }"},
		{"Typename", "{ __typename a { __typename } }"},
		{"SchemaInAString", `{ a(s: "__schema") }`},
		{"Empty", ""},
		{"Garbage", "}}}} ) ) {{{{ \x00"},
		{"OpenString", `{ a(s: "`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Nil(t, ask(t, tt.query, false))
		})
	}
}

func introspection(t testing.TB) string {
	t.Helper()
	query, err := os.ReadFile("testdata/introspection.graphql")
	require.NoError(t, err)
	return string(query)
}

func TestGuard_Introspection(t *testing.T) {
	t.Parallel()

	t.Run("StandardQueryPassesForThoseWhoMay", func(t *testing.T) {
		t.Parallel()
		require.Nil(t, ask(t, introspection(t), true))
	})
	t.Run("IsRefusedToOthers", func(t *testing.T) {
		t.Parallel()
		for _, query := range []string{introspection(t), "{ __schema { types { name } } }", `{ a __type(name: "T") { name } }`} {
			require.Equal(t, map[string]any{"code": CodeIntrospectionDisabled}, ask(t, query, false).Extensions)
		}
	})
	t.Run("HasItsOwnDepth", func(t *testing.T) {
		t.Parallel()
		require.Nil(t, ask(t, "{ __schema "+nested(19)+"}", true))
		require.Equal(t, "depth", ask(t, "{ __schema "+nested(20)+"}", true).Extensions["limit"])
		require.Nil(t, ask(t, "{ a "+nested(11)+"}", true))
		require.Equal(t, "depth", ask(t, "{ a "+nested(12)+"}", true).Extensions["limit"])
	})
	t.Run("SwitchFollowsTheViewer", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		require.JSONEq(t, `{"data":{"__schema":true}}`, e.post(t, `{"query":"{ __schema { types { name } } }"}`).body)
	})
}

func TestGuard_RefusalReachesTheClient(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)

	const want = `[{"message":"The document has more aliases than allowed: at least 16, limit 15.","extensions":{"code":"QUERY_TOO_COMPLEX","limit":"aliases","max":15,"value":16,"requestId":"req-1"}}]`
	query := "{" + strings.Repeat(" a: boom", 16) + "}"
	require.JSONEq(t, `{"errors":`+want+`}`, e.post(t, `{"query":"`+query+`"}`).body)
	c := e.dialAcked(t)
	c.subscribe("b", query)
	c.expect(`{"id":"b","type":"error","payload":` + want + `}`)
	s := e.stream(t, query)
	line, err := s.lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "event: next\n", line)
	line, err = s.lines.ReadString('\n')
	require.NoError(t, err)
	require.JSONEq(t, `{"errors":`+want+`}`, strings.TrimPrefix(line, "data: "))
}

func FuzzGuard(f *testing.F) {
	f.Add(chain(5))
	f.Add("query fragment($A: ID) { ...A } fragment A on T { a }")
	f.Add("{ a(x: {b: [1, \"\"\"c\"\"\"]}) @d }")
	f.Add(introspection(f))
	f.Fuzz(func(t *testing.T, query string) {
		first, second := ask(t, query, true), ask(t, query, true)
		require.Equal(t, first, second)
	})
}

func BenchmarkGuard(b *testing.B) {
	documents := []struct{ name, query string }{
		{"Bill", `query Bill($id: ID!) { bill(id: $id) { id status version total { amount currency exponent decimal } lines { product { id name } quantity price { amount currency } } attempts { id status provider } createdAt expiresAt } }`},
		{"Introspection", introspection(b)},
		{"AliasBomb", "{" + strings.Repeat(" a: boom", 2000) + "}"},
		{"DepthBomb", nested(3000)},
		{"FragmentBomb", chain(19)},
		{"TokenBomb", "{" + strings.Repeat("a b c d ", 2000) + "}"},
		{"LiteralBomb", `{ a(s: """` + strings.Repeat(`\"""`, 4000) + `""") }`},
		{"HugeLiteral", strings.Repeat("x", 64<<10)},
	}
	for _, d := range documents {
		b.Run(d.name, func(b *testing.B) {
			g := &Guard{MayIntrospect: func(context.Context) bool { return true }}
			require.NoError(b, g.Validate(nil))
			b.ReportAllocs()
			for b.Loop() {
				_ = g.MutateOperationParameters(context.Background(), &graphql.RawParams{Query: d.query})
			}
		})
	}
}
