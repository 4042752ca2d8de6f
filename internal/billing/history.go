package billing

import (
	"context"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// A move is one new version of a bill. To may be the status it has: something
// about the bill changed that its readers want to see.
type move struct {
	To     pay.BillStatus
	Reason string // a stable word: "payment.captured", "bill.expired"
	Note   string // what a person wrote; usually ""
	Set    func(*ent.BillUpdate)
}

// advance makes the next version of b within tx: the row by one guarded UPDATE,
// its line in the history, the message to the outside, and the push after the
// commit. It returns store.ErrRaced when b is not the newest version any more. b is
// brought up to date.
//
// The guard is in the UPDATE, not in a read before it: SQLite has no SELECT FOR
// UPDATE, and this holds on both databases.
func (s *Service) advance(ctx context.Context, tx *store.Tx, b *ent.Bill, m move) error {
	from := b.Status
	if m.To != from && !from.CanBecome(m.To) {
		return pay.Errorf(pay.CodeStateConflict, "bill.cannot_move", "A bill that is %s cannot become %s.", from, m.To)
	}
	update := tx.Bill.Update().
		Where(bill.ID(b.ID), bill.Version(b.Version), bill.StatusEQ(from)).
		SetStatus(m.To).SetVersion(b.Version + 1).SetUpdatedAt(tx.Now)
	if m.Set != nil {
		m.Set(update)
	}
	moved, err := update.Save(ctx)
	if err != nil {
		return fmt.Errorf("move bill %s to %s: %w", b.ID, m.To, err)
	}
	if moved == 0 {
		return fmt.Errorf("move bill %s to %s: %w", b.ID, m.To, store.ErrRaced)
	}
	b.Status, b.Version, b.UpdatedAt = m.To, b.Version+1, tx.Now
	return s.record(ctx, tx, b, &from, m)
}

// record writes the history line and the outbox message of the version that b
// has now, and wakes its readers after the commit.
func (s *Service) record(ctx context.Context, tx *store.Tx, b *ent.Bill, from *pay.BillStatus, m move) error {
	line := tx.BillEvent.Create().
		SetBillID(b.ID).SetMerchantID(b.MerchantID).SetNillableUserID(b.UserID).
		SetVersion(b.Version).SetNillableFrom(from).SetTo(b.Status).
		SetReason(m.Reason).SetNillableActor(viewer.From(ctx).Actor()).SetAt(tx.Now)
	if m.Note != "" {
		line.SetNote(m.Note)
	}
	if err := line.Exec(ctx); err != nil {
		return fmt.Errorf("write version %d of bill %s: %w", b.Version, b.ID, err)
	}
	err := tx.OutboxMessage.Create().
		SetID(pay.NewOutboxMessageID(tx.Now)).SetMerchantID(b.MerchantID).
		SetTopic(topic(from, b.Status)).SetObjectID(b.ID.String()).SetVersion(b.Version).
		SetCreatedAt(tx.Now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the message of version %d of bill %s: %w", b.Version, b.ID, err)
	}
	change := events.Change{Bill: b.ID, Merchant: b.MerchantID, Version: b.Version}
	if b.UserID != nil {
		change.User = *b.UserID
	}
	tx.AfterCommit(func() { s.Feed.Committed(change) })
	return s.tell(ctx, tx, b, from)
}

// topic names what a version tells the outside: bill.created, bill.paid, or
// bill.updated when the status stayed.
func topic(from *pay.BillStatus, to pay.BillStatus) string {
	switch {
	case from == nil:
		return "bill.created"
	case *from == to:
		return "bill.updated"
	default:
		return "bill." + strings.ToLower(string(to))
	}
}
