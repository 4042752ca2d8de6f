package journal_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/objectevent"
	"github.com/paygraph/paygraph/ent/outboxmessage"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/journal"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

// told is a feed that remembers.
type told struct{ changes []events.Change }

func (f *told) Committed(changes ...events.Change) { f.changes = append(f.changes, changes...) }

func TestRecord(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url, &storetest.Clock{})
		feed := &told{}
		at := storetest.Epoch()
		line := journal.Line{
			Subscription: pay.NewSubscriptionID(at), Merchant: pay.NewMerchantID(at), User: pay.NewUserID(at),
			Version: 1, To: "ACTIVE", Reason: "subscription.created",
		}
		record := func(l journal.Line) error {
			ctx := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleServer})
			return s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return journal.Record(ctx, tx, feed, l) })
		}
		require.NoError(t, record(line))
		require.True(t, store.IsUniqueViolation(record(line)), "a version is written once")
		line.Version, line.From, line.Reason = 2, "ACTIVE", "subscription.renewed"
		require.NoError(t, record(line))
		line.Version, line.To = 3, "CANCELED"
		require.NoError(t, record(line))
		registration := journal.Line{
			Registration: pay.NewCardRegistrationID(at), Merchant: line.Merchant, User: line.User, Version: 1, To: "PENDING", Reason: "card_registration.created",
		}
		require.NoError(t, record(registration))

		program := viewer.AsProgram(t.Context())
		lines, err := s.Read().ObjectEvent.Query().Order(ent.Asc(objectevent.FieldID)).All(program)
		require.NoError(t, err)
		require.Len(t, lines, 4)
		require.Nil(t, lines[0].From)
		require.Equal(t, pay.RoleServer, *lines[0].Actor)
		require.Equal(t, "ACTIVE", *lines[1].From)
		require.Equal(t, registration.Registration, *lines[3].RegistrationID)
		sent, err := s.Read().OutboxMessage.Query().Order(ent.Asc(outboxmessage.FieldID)).All(program)
		require.NoError(t, err)
		topics := []string{}
		for _, m := range sent {
			topics = append(topics, m.Topic)
		}
		require.Equal(t, []string{
			"billing_subscription.created", "billing_subscription.updated", "billing_subscription.canceled", "card_registration.created",
		}, topics)
		require.Len(t, feed.changes, 4, "what is not committed is not told")
		require.Equal(t, 3, feed.changes[2].Version)
		require.Equal(t, line.Subscription, feed.changes[2].Subscription)
	})
}
