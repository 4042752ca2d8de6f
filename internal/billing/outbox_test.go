package billing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/outboxmessage"
	"github.com/paygraph/paygraph/internal/pay"
)

// Every version of a bill has one message to the outside, written with it.
func TestService_Outbox(t *testing.T) {
	t.Parallel()
	fact(t, "EachVersionHasOneMessage", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "approve")
		b.later(firstAsk)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)

		messages, err := b.store.Read().OutboxMessage.Query().Where(outboxmessage.ObjectID(bill.ID.String())).
			Order(ent.Asc(outboxmessage.FieldVersion)).All(b.program())
		require.NoError(t, err)
		topics := make([]string, len(messages))
		for at, m := range messages {
			require.Equal(t, at+1, m.Version)
			require.Equal(t, b.merchant.ID, m.MerchantID)
			topics[at] = m.Topic
		}
		require.Equal(t, []string{"bill.created", "bill.updated", "bill.paid", "bill.done"}, topics)
		require.Len(t, topics, bill.Version)
	})
}
