package notify_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// bill makes a bill of two lines; set says whose.
func (b *bundle) bill(t *testing.T, set func(*ent.BillCreate)) (id pay.BillID) {
	t.Helper()
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewBillID(tx.Now)
		create := tx.Bill.Create().SetID(id).SetMerchantID(b.merchant).SetStatus(pay.BillDone).SetCurrency(pay.RUB).
			SetTotalMinor(2500).SetPaidMinor(2500).SetPaidAt(tx.Now.Add(-time.Hour)).SetVersion(3).
			SetExpiresAt(tx.Now.Add(time.Hour)).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		set(create)
		if err := create.Exec(ctx); err != nil {
			return err
		}
		line := func(position, quantity int, title string, unit int64) *ent.BillLineCreate {
			return tx.BillLine.Create().SetID(pay.NewBillLineID(tx.Now)).SetBillID(id).SetPosition(position).
				SetTitle(title).SetQuantity(quantity).SetUnitMinor(unit).SetCurrency(pay.RUB)
		}
		return tx.BillLine.CreateBulk(line(1, 1, "Second", 500), line(0, 2, "First", 1000)).Exec(ctx)
	})
	return id
}

func (b *bundle) user(t *testing.T, email, locale string) (id pay.UserID) {
	t.Helper()
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewUserID(tx.Now)
		return tx.User.Create().SetID(id).SetMerchantID(b.merchant).SetExternalID(id.String()).SetEmail(email).SetLocale(locale).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
	})
	return id
}

// moved tells the observer that the bill came from a status.
func (b *bundle) moved(t *testing.T, id pay.BillID, from *pay.BillStatus) {
	t.Helper()
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.Bill.Query().Where(bill.ID(id)).Only(ctx)
		if err != nil {
			return err
		}
		return notify.NewReceipts(b.mail).BillMoved(ctx, tx, found, from)
	})
}

func TestReceipts_BillMoved(t *testing.T) {
	t.Parallel()
	paid, pending, done := pay.BillPaid, pay.BillPending, pay.BillDone

	t.Run("ADoneBillGetsOneReceipt", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url, nil)
			id := b.bill(t, func(c *ent.BillCreate) { c.SetEmail(payer).SetLocale("ru").SetReference("A-17") })
			b.moved(t, id, &paid)
			b.moved(t, id, &paid)
			require.Equal(t, 1, b.runDue(t))
			got := b.sink.Messages()
			require.Len(t, got, 1)
			require.Equal(t, "receipt/"+id.String(), b.rows(t)[0].Key)
			require.Equal(t, []string{payer}, got[0].To)
			require.Equal(t, "Shop: платёж 25,00 ₽ получен", got[0].Subject)
			require.Contains(t, got[0].Text, "First × 2: 20,00\u00a0₽\nSecond: 5,00\u00a0₽\nИтого: 25,00\u00a0₽\n")
			require.Contains(t, got[0].Text, "Оплачено: 2\u00a0марта 2026 года, 11:00\u00a0(UTC+3)\nЗаказ: A-17\nНомер платежа: "+id.String())
		})
	})

	t.Run("OnlyTheMoveFromPaidToDone", func(t *testing.T) {
		t.Parallel()
		b := setup(t, storetest.SQLite(t), nil)
		id := b.bill(t, func(c *ent.BillCreate) { c.SetEmail(payer) })
		other := b.bill(t, func(c *ent.BillCreate) { c.SetEmail(payer).SetStatus(pay.BillPaid) })
		b.moved(t, id, nil)
		b.moved(t, id, &done)
		b.moved(t, id, &pending)
		b.moved(t, other, &paid)
		b.moved(t, other, &pending)
		require.Empty(t, b.rows(t))
	})

	t.Run("TheUsersAddressIsForBillsWithoutOne", func(t *testing.T) {
		t.Parallel()
		b := setup(t, storetest.SQLite(t), nil)
		user := b.user(t, "user@example.org", "kk-KZ")
		b.moved(t, b.bill(t, func(c *ent.BillCreate) { c.SetUserID(user) }), &paid)
		b.moved(t, b.bill(t, func(c *ent.BillCreate) { c.SetUserID(user).SetEmail(payer).SetLocale("uk") }), &paid)
		b.moved(t, b.bill(t, func(c *ent.BillCreate) { c.SetUserID(user).SetEmail(payer).SetLocale("de") }), &paid)
		rows := b.rows(t)
		require.Equal(t, []string{"user@example.org", payer, payer}, []string{rows[0].Recipient, rows[1].Recipient, rows[2].Recipient})
		require.Equal(t, []string{"kk", "uk", "kk"}, []string{rows[0].Locale, rows[1].Locale, rows[2].Locale})
	})

	// What was bought is granted in the same transaction.
	t.Run("NoReceiptIsNoReasonToUndo", func(t *testing.T) {
		t.Parallel()
		b := setup(t, storetest.SQLite(t), nil)
		b.moved(t, b.bill(t, func(*ent.BillCreate) {}), &paid)
		b.moved(t, b.bill(t, func(c *ent.BillCreate) { c.SetEmail("canary at example") }), &paid)
		user := b.user(t, "", "en")
		b.moved(t, b.bill(t, func(c *ent.BillCreate) { c.SetUserID(user) }), &paid)
		require.Empty(t, b.rows(t))
		require.Contains(t, b.log.String(), "no receipt")
		b.quiet(t)
	})
}
