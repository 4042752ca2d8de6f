package graph_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// What is selected below a bill is read along with it wherever a bill stands, and
// not field by field.
func TestStatements(t *testing.T) {
	t.Parallel()

	const shown = `{ id product { title } attempts { status } latestAttempt { id } nextAction { __typename } lines { title } payer { id } }`
	const along = 7 // BEGIN, the bill, product, prices, attempts, lines, payer

	fact(t, "OfAQuery", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RoleUser), nil)
		const bill, node = `query($id: ID!) { bill(id: $id) ` + shown + ` }`, `query($id: ID!) { node(id: $id) { ... on Bill ` + shown + ` } }`
		require.EqualValues(t, 1, b.taken(func() {
			b.do(b.as(pay.RoleUser), `query($id: ID!) { bill(id: $id) { id total { amount } } }`, vars{"id": id})
		}))
		require.EqualValues(t, along, b.taken(func() { b.do(b.as(pay.RoleUser), bill, vars{"id": id}) }))
		require.EqualValues(t, along, b.taken(func() { b.do(b.as(pay.RoleUser), node, vars{"id": id}) }))
	})

	fact(t, "OfAPayload", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RoleUser), nil)
		refresh := func(selection string) int64 {
			return b.taken(func() {
				b.do(b.as(pay.RoleUser), `mutation($id: ID!) { billRefresh(bill: $id) { ...P } } fragment P on BillPayload { `+selection+` }`, vars{"id": id})
			})
		}
		refresh("replayed") // the first asks the provider, the next ones are too soon
		require.EqualValues(t, along, refresh("bill "+shown)-refresh("replayed"))
	})

	fact(t, "OfAMessage", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RoleUser), nil)
		ctx := b.as(pay.RoleUser)
		require.EqualValues(t, along, b.taken(func() {
			next, ctx := b.start(ctx, `subscription($id: ID!) { billUpdated(id: $id) { bill `+shown+` } }`, vars{"id": id})
			require.NotNil(t, next(ctx))
		}))
	})

	fact(t, "OfAReviewCase", func(t *testing.T, b *bundle) {
		for range 3 {
			id := b.bill(b.as(pay.RoleUser), nil)
			b.provider.says[order(t, b, id)] = mismatched()
			b.do(b.as(pay.RoleServer), `mutation($id: ID!) { billRefresh(bill: $id) { bill { status } } }`, vars{"id": id})
		}
		const query = `query($n: Int) { reviewCases(first: $n) { nodes { bill ` + shown + ` attempt { bill { lines { title } } } } } }`
		require.Equal(t, b.counted(t, query, 1), b.counted(t, query, 3))

		const allowed = `query($n: Int) { reviewCases(first: $n) { nodes { id allowedResolutions } } }`
		require.EqualValues(t, 6, b.counted(t, allowed, 1), "the cases, their bills and attempts; BEGIN, the bills again with all their cases")
		require.EqualValues(t, 6, b.counted(t, allowed, 3))
		ids, ok := get(t, b.do(b.as(pay.RoleSupport), allowed, vars{"n": 3}), "reviewCases", "nodes").([]any)
		require.True(t, ok)
		var named []string
		for _, one := range ids {
			named = append(named, text(t, one, "id"))
		}
		const nodes = `query($ids: [ID!]!) { nodes(ids: $ids) { ... on ReviewCase { allowedResolutions bill { reviews { allowedResolutions attempt { id } } } } } }`
		ask := func(ids []string) int64 {
			return b.taken(func() { b.do(b.as(pay.RoleSupport), nodes, vars{"ids": ids}) })
		}
		require.Equal(t, ask(named[:1]), ask(named))
	})
}

// interruption is what happens once, before a statement that reads a table is sent.
type interruption struct {
	table string
	do    func()
}

// told hears of each statement before it is sent.
func (b *bundle) told(statement string) {
	b.statements.Add(1)
	i := b.between.Load()
	if i != nil && strings.Contains(strings.ReplaceAll(statement, "`", `"`), `FROM "`+i.table+`"`) && b.between.CompareAndSwap(i, nil) {
		i.do()
	}
}

// taken is how many statements f takes.
func (b *bundle) taken(f func()) int64 {
	before := b.statements.Load()
	f()
	return b.statements.Load() - before
}
