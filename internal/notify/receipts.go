package notify

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/billline"
	"github.com/paygraph/paygraph/ent/user"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Receipts mails a receipt for every bill that is paid and done. It watches bills
// as billing's observer does.
type Receipts struct{ mail *Service }

// NewReceipts returns an observer of bills that queues receipts.
func NewReceipts(mail *Service) *Receipts { return &Receipts{mail: mail} }

// BillMoved queues, within tx, the receipt of a bill that tx moves from PAID to
// DONE: to the bill's own address, else to its user's, once however often it is
// called. A bill of nobody with an address gets none, and neither does one whose
// address is none: no receipt is a reason to undo what was paid for.
func (r *Receipts) BillMoved(ctx context.Context, tx *store.Tx, b *ent.Bill, from *pay.BillStatus) error {
	if !r.mail.Enabled() || b.Status != pay.BillDone || from == nil || *from != pay.BillPaid {
		return nil
	}
	to, locale, err := payerOf(ctx, tx, b)
	if err != nil {
		return fmt.Errorf("queue the receipt of bill %s: %w", b.ID, err)
	}
	if to == "" {
		return nil
	}
	if !isAddress(to) {
		r.mail.c.Logger.LogAttrs(ctx, slog.LevelWarn, "no receipt: the payer's address is none", slog.String("bill", b.ID.String()))
		return nil
	}
	lines, err := tx.BillLine.Query().Where(billline.BillID(b.ID)).Order(ent.Asc(billline.FieldPosition)).All(ctx)
	if err != nil {
		return fmt.Errorf("read the lines of bill %s: %w", b.ID, err)
	}
	receipt, err := receiptOf(tx, b, lines)
	if err != nil {
		return fmt.Errorf("queue the receipt of bill %s: %w", b.ID, err)
	}
	return r.mail.Queue(ctx, tx, Mail{
		Merchant: b.MerchantID, Kind: KindReceipt, Key: "receipt/" + b.ID.String(), To: to, Locale: locale, Data: receipt,
	})
}

// payerOf returns where the payer of a bill reads mail, "" for nowhere, and in what
// language.
func payerOf(ctx context.Context, tx *store.Tx, b *ent.Bill) (address, locale string, err error) {
	var users []*ent.User
	if b.UserID != nil {
		if users, err = tx.User.Query().Where(user.ID(*b.UserID)).All(ctx); err != nil {
			return "", "", fmt.Errorf("read user %s: %w", *b.UserID, err)
		}
	}
	locales := []*string{b.Locale}
	if b.Email != nil {
		address = *b.Email
	}
	for _, u := range users {
		locales = append(locales, u.Locale)
		if address == "" && u.Email != nil {
			address = *u.Email
		}
	}
	return address, LocaleOf(locales...), nil
}

func receiptOf(tx *store.Tx, b *ent.Bill, lines []*ent.BillLine) (Receipt, error) {
	receipt := Receipt{Bill: b.ID, Total: b.Total(), PaidAt: tx.Now, Lines: make([]Line, 0, len(lines))}
	if b.PaidAt != nil {
		receipt.PaidAt = *b.PaidAt
	}
	if b.Reference != nil {
		receipt.Reference = *b.Reference
	}
	for _, line := range lines {
		amount, err := line.Unit().Times(line.Quantity)
		if err != nil {
			return Receipt{}, fmt.Errorf("line %s: %w", line.ID, err)
		}
		receipt.Lines = append(receipt.Lines, Line{Title: line.Title, Quantity: line.Quantity, Amount: amount})
	}
	return receipt, nil
}
