package billing_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// numberer is a bank that numbers orders by itself, can be asked by its own numbers
// only, and notifies by them: a notification is the number and nothing else.
type numberer struct {
	*bank

	unclear string // a number that it fails to answer about
}

func (n *numberer) Capabilities() providers.Capabilities {
	can := n.bank.Capabilities()
	can.SyncByOurNumber = false
	can.Ops = append(can.Ops, providers.OpWebhook)
	return can
}

func (n *numberer) Sync(ctx context.Context, ref providers.Ref) (providers.Result, error) {
	if ref.ProviderRef == n.unclear {
		return providers.Result{}, &providers.Error{Provider: "bank", Op: providers.OpSync, Kind: providers.Malformed}
	}
	return n.bank.Sync(ctx, providers.Ref{OrderNumber: ref.ProviderRef})
}

func (n *numberer) ParseWebhook(_ context.Context, in providers.Notification) ([]providers.Event, providers.Reply, error) {
	return []providers.Event{{Kind: "payment", Hint: true, Ref: providers.Ref{ProviderRef: string(in.Body)}}}, providers.Reply{Status: http.StatusOK}, nil
}

// lostPayer is a payer whose bank numbers orders by itself.
type lostPayer struct {
	*payer

	vendor *numberer
}

func numbered(p *payer) *lostPayer {
	p.t.Helper()
	l := &lostPayer{payer: p, vendor: &numberer{bank: p.bank}}
	p.Service, p.runner = p.process(providers.Account{Code: "bank", Merchant: p.merchant.ID, TestMode: true, Provider: l.vendor})
	p.Cards = p.drawer
	return l
}

// loses charges the card, and the bank's answer never comes.
func (p *lostPayer) loses() *ent.Bill {
	p.t.Helper()
	p.bank.answer = func(providers.ChargeRequest) (providers.Result, error) { return lost() }
	bill := p.unpaid()
	outcome := p.pays("charge "+bill.ID.String(), bill, billing.PayWith{Card: new(p.card.String())})
	require.Equal(p.t, "payment.in_doubt", outcome.Errors[0].Key)
	return bill
}

// notes has the bank know a number as an order of so much, and notify of it.
func (p *lostPayer) notes(number string, status providers.Status, amount int64) {
	p.t.Helper()
	r := providers.Result{Status: status}
	if status == providers.Captured {
		r.Captured = pay.Of(amount, pay.RUB)
	}
	p.bank.note(number, r)
	p.tells(number)
}

func (p *lostPayer) tells(number string) {
	p.t.Helper()
	_, err := p.Notify(p.t.Context(), "bank", "bank", providers.Notification{Body: []byte(number)})
	require.NoError(p.t, err)
}

func (p *lostPayer) passes(rounds int) {
	p.t.Helper()
	for range rounds {
		p.later(10 * time.Second)
	}
}

// What comes of a charge whose answer, and with it the vendor's number, was lost.
func TestService_Adopt(t *testing.T) {
	t.Parallel()
	const price = 99000

	payerFact(t, "TheOnlyNumberThatCanBeMeantIsTaken", func(t *testing.T, owner *payer) {
		p := numbered(owner)
		bill := p.loses()
		p.notes("77", providers.Captured, price)
		p.passes(12)
		require.Equal(t, pay.BillDone, p.bill(bill.ID).Status)
		require.Empty(t, p.cases(pay.ReviewUnmatchedPayment))
	})
	payerFact(t, "ForgedOddAndOtherMoneysNumbersDoNotPreventIt", func(t *testing.T, owner *payer) {
		p := numbered(owner)
		bill := p.loses()
		p.vendor.unclear = "66"
		p.tells("66")                                 // the bank never says anything clear of it
		p.tells("55")                                 // there is no such order
		p.notes("44", providers.Pending, 0)           // the forger's own, never paid
		p.notes("33", providers.Captured, price-1000) // and one that was
		p.notes("77", providers.Captured, price)
		p.passes(12)
		require.Len(t, p.cases(pay.ReviewUnmatchedPayment), 1, "somebody's money")
		require.NotEqual(t, pay.BillDone, p.bill(bill.ID).Status, "one of them may be the charge's")
		for range 12 {
			p.later(6 * time.Minute)
		}
		require.Equal(t, pay.BillDone, p.bill(bill.ID).Status)
		require.Len(t, p.cases(pay.ReviewUnmatchedPayment), 1)
	})
	payerFact(t, "AFloodOfForgedNumbersDelaysIt", func(t *testing.T, owner *payer) {
		p := numbered(owner)
		bill := p.loses()
		p.notes("77", providers.Captured, price)
		for at := range 40 {
			p.tells(fmt.Sprint("forged-", at))
		}
		p.passes(60)
		require.Equal(t, pay.BillDone, p.bill(bill.ID).Status)
	})
	payerFact(t, "TwoOfTheSameMoneyAreForAPerson", func(t *testing.T, owner *payer) {
		p := numbered(owner)
		bill := p.loses()
		p.notes("77", providers.Captured, price)
		p.notes("88", providers.Captured, price)
		p.passes(60)
		require.NotEqual(t, pay.BillDone, p.bill(bill.ID).Status)
		for range 26 {
			p.later(time.Hour)
		}
		require.NotEqual(t, pay.BillDone, p.bill(bill.ID).Status)
		require.Len(t, p.cases(pay.ReviewUnmatchedPayment), 2)
	})
	payerFact(t, "ANumberOfAnotherMerchantsAttemptIsNotTaken", func(t *testing.T, owner *payer) {
		p := numbered(owner)
		theirs := p.loses()
		a := p.current(p.bill(theirs.ID))
		err := p.store.InTx(p.program(), func(ctx context.Context, tx *store.Tx) error { // as if it were another merchant's
			_, err := tx.Raw(ctx, `UPDATE attempts SET merchant_id = ?, account = 'of-another', provider_ref = '77' WHERE id = ?`, p.other.ID, a.ID)
			return err
		})
		require.NoError(t, err)
		bill := p.loses()
		p.notes("77", providers.Captured, price)
		p.passes(20)
		require.NotEqual(t, pay.BillDone, p.bill(bill.ID).Status)
		require.Empty(t, p.cases(pay.ReviewUnmatchedPayment), "it is known whose it is")
	})
}

// Who guesses our numbers has the provider asked, and fills no table.
func TestService_NotifyHintsInARow(t *testing.T) {
	t.Parallel()
	fact(t, "OneIsStoredInTwoSecondsAndEachIsAskedAbout", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		a := b.current(bill)
		for range 20 {
			b.notified(a)
		}
		require.Len(t, b.events(), 1)
		b.later(0)
		require.NotEqual(t, pay.BillDone, b.bill(bill.ID).Status)
		b.clock.Advance(time.Second)
		b.paysOn(a, "approve")
		b.notified(a) // the true one, right after the forged ones
		require.Len(t, b.events(), 1)
		b.later(time.Second)
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status, "it had the provider asked all the same")
		b.notified(a)
		require.Len(t, b.events(), 2)
	})
}

// A notification of another program's order long after a charge was lost is not about it.
func TestService_AdoptInTime(t *testing.T) {
	t.Parallel()
	payerFact(t, "TheNextDaysStrangerIsNotTaken", func(t *testing.T, owner *payer) {
		p := numbered(owner)
		bill := p.loses() // and it never arrived
		p.later(20 * time.Hour)
		p.notes("88", providers.Captured, 99000) // somebody else's
		p.passes(30)
		require.NotEqual(t, pay.BillDone, p.bill(bill.ID).Status, "paid with another's money")
	})
}
