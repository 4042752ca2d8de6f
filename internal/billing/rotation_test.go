package billing_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
)

// addresses are the tokens of ours that somebody outside has.
type addresses struct{ onReturn, onNotice, toPay string }

func (b *bundle) addresses(bill *ent.Bill) addresses {
	b.t.Helper()
	a, pay := b.current(bill).ID, b.PayURL(bill.ID)
	return addresses{b.ReturnTokenForTest(a), b.NotifyTokenForTest(a), pay[strings.LastIndex(pay, "/")+1:]}
}

// good reports which of the tokens are taken: return page, notification, pay link.
func (b *bundle) good(a addresses) []bool {
	b.t.Helper()
	_, returned := b.Return(b.t.Context(), a.onReturn)
	_, notified := b.NotifyOrder(b.t.Context(), "payture", oneStage, a.onNotice, paidNotice("of-the-address"))
	_, paid := b.FollowPayURL(b.t.Context(), a.toPay)
	return []bool{returned == nil, notified == nil, paid == nil}
}

// The return key is changed while payers are on the pages of providers.
func TestService_ReturnKeyIsChanged(t *testing.T) {
	t.Parallel()
	fact(t, "AddressesOfTheOldOneStayGood", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		before, old := b.addresses(bill), b.ReturnKey
		b.ReturnKey, b.OldKeys = bytes.Repeat([]byte("n"), 32), [][]byte{[]byte("of no interest"), old}
		require.Equal(t, []bool{true, true, true}, b.good(before))

		after := b.addresses(bill)
		require.NotEqual(t, before, after)
		require.Equal(t, []bool{true, true, true}, b.good(after), "and the new one signs")
		b.ReturnKey, b.OldKeys = old, nil
		require.Equal(t, []bool{false, false, false}, b.good(after))
	})
	fact(t, "AddressesOfADroppedOneAreNot", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		before := b.addresses(bill)
		b.ReturnKey = bytes.Repeat([]byte("n"), 32)
		require.Equal(t, []bool{false, false, false}, b.good(before))
	})
}
