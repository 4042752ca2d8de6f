package billing_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// charges makes a charge of a subscription that nobody waits for.
func (p *payer) charges(b *ent.Bill) error {
	return p.ChargePeriod(p.program(), b.ID, p.card, 1, providers.ByMerchant, billing.Payer{}, nil)
}

// isPaidOn has the payer pay on a page, of which nobody is told.
func (p *payer) isPaidOn(page *ent.Attempt) {
	p.bank.note(page.OrderNumber, providers.Result{Status: providers.Captured, Captured: page.Amount()})
}

// A charge beside a page that may be paid already.
func TestService_AskedBeforeACharge(t *testing.T) {
	t.Parallel()
	payerFact(t, "APageThatIsPaidIsFoundByAChargeThatNobodyWaitsFor", func(t *testing.T, p *payer) {
		bill := p.created(p.ctx, p.buyPage())
		p.isPaidOn(p.current(bill))
		p.clock.Advance(11 * time.Minute)
		require.Equal(t, pay.CodeStateConflict, pay.CodeOf(p.charges(bill)))
		require.Empty(t, p.bank.calls)
		paid := p.bill(bill.ID)
		require.Equal(t, pay.BillPaid, paid.Status)
		require.Empty(t, paid.Edges.Reviews)
	})
	payerFact(t, "APageThatWasSupersededIsFoundToo", func(t *testing.T, p *payer) {
		bill := p.created(p.ctx, p.buyPage())
		page := p.current(bill)
		p.bank.answer = func(providers.ChargeRequest) (providers.Result, error) {
			return providers.Result{Status: providers.Declined, Decline: &providers.Decline{Code: "insufficient_funds", Message: "Too little."}}, nil
		}
		p.pays(uuid.NewString(), bill, p.byCard())
		p.isPaidOn(page)
		p.bank.answer = nil
		p.clock.Advance(11 * time.Minute)
		require.Equal(t, pay.CodeStateConflict, pay.CodeOf(p.charges(bill)))
		require.Equal(t, 1, p.bank.taken())
	})
	payerFact(t, "AProviderThatDoesNotAnswerIsWaitedFor", func(t *testing.T, p *payer) {
		bill := p.created(p.ctx, p.buyPage())
		p.clock.Advance(11 * time.Minute)
		p.bank.away = true
		for range 3 {
			require.Equal(t, pay.CodeConflict, pay.CodeOf(p.charges(bill)))
			p.clock.Advance(time.Hour)
		}
		p.bank.away = false
		require.NoError(t, p.charges(bill))
		require.Len(t, p.bank.calls, 1)
	})
	payerFact(t, "APaymentThatIsBeingMadeIsWaitedFor", func(t *testing.T, p *payer) {
		bill := p.created(p.ctx, p.buyPage())
		p.bank.note(p.current(bill).OrderNumber, providers.Result{Status: providers.Pending})
		p.clock.Advance(11 * time.Minute)
		require.Equal(t, pay.CodeConflict, pay.CodeOf(p.charges(bill)))
		require.Empty(t, p.bank.calls)
	})
	payerFact(t, "APageThatWasOpenedMinutesAgoIsWaitedFor", func(t *testing.T, p *payer) {
		bill := p.created(p.ctx, p.buyPage())
		p.clock.Advance(billing.PageInUse - time.Second)
		refused := p.charges(bill)
		require.Equal(t, pay.CodeConflict, pay.CodeOf(refused))
		require.Equal(t, "bill.page_in_use", pay.Readable(refused).Key)
		p.clock.Advance(3 * time.Second)
		require.NoError(t, p.charges(bill))
		require.Len(t, p.bank.calls, 1)
	})
	payerFact(t, "APayersCardAndWalletFindThePaidPage", func(t *testing.T, p *payer) {
		w := p.filled(p.user.ID, pay.Of(100000, pay.RUB))
		for _, with := range []billing.PayWith{p.byCard(), byWallet(w)} {
			bill := p.created(p.ctx, p.buyPage())
			p.isPaidOn(p.current(bill))
			outcome := p.pays(uuid.NewString(), bill, with)
			require.Equal(t, "bill.already_paid", outcome.Errors[0].Key)
			require.Empty(t, p.bill(bill.ID).Edges.Reviews)
		}
		require.Empty(t, p.bank.calls)
		require.Equal(t, int64(100000), p.wallet(w.ID).AvailableMinor)
	})
	payerFact(t, "APayerIsNotHeldUpByAProviderThatDoesNotAnswer", func(t *testing.T, p *payer) {
		bill := p.created(p.ctx, p.buyPage())
		p.bank.away = true
		require.Empty(t, p.pays(uuid.NewString(), bill, p.byCard()).Errors)
		require.Equal(t, pay.BillPaid, p.bill(bill.ID).Status)
	})
}

// A call that is repeated because its process died in the middle of a charge.
func TestService_ChargeWhoseProcessDied(t *testing.T) {
	t.Parallel()
	refused := providers.Result{Status: providers.Declined, SessionOver: true, Decline: &providers.Decline{
		Code: "insufficient_funds", ProviderCode: "51", Message: "Too little.", Retry: pay.RetryOtherMethod,
	}}
	// dies makes a call whose process dies while the bank is asked for money.
	dies := func(p *payer, f func()) {
		p.bank.answer = func(providers.ChargeRequest) (providers.Result, error) {
			runtime.Goexit()
			return providers.Result{}, nil
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			f()
		}()
		<-ended
		p.bank.answer = nil
	}
	// found lets what became of the charge be found, and the key's lease run out.
	found := func(p *payer) {
		for range 8 {
			p.later(15 * time.Second)
		}
	}
	payerFact(t, "IsToldOfTheRefusalAndNotChargedAgain", func(t *testing.T, p *payer) {
		bill, key := p.unpaid(), uuid.NewString()
		dies(p, func() { p.pays(key, bill, p.byCard()) })
		p.bank.note(p.bank.calls[0].OrderNumber, refused)
		found(p)
		for range 2 {
			outcome := p.pays(key, bill, p.byCard())
			require.Equal(t, "decline.insufficient_funds", outcome.Errors[0].Key)
		}
		require.True(t, p.pays(key, bill, p.byCard()).Replayed)
		require.Len(t, p.bank.calls, 1)
		require.Empty(t, p.pays(uuid.NewString(), bill, p.byCard()).Errors, "another key is another wish")
	})
	payerFact(t, "IsToldThatNothingWasTaken", func(t *testing.T, p *payer) {
		bill, key := p.unpaid(), uuid.NewString()
		dies(p, func() { p.pays(key, bill, p.byCard()) }) // and the bank never heard of it
		found(p)
		require.Equal(t, "provider.unavailable", p.pays(key, bill, p.byCard()).Errors[0].Key)
		require.Len(t, p.bank.calls, 1)
	})
	payerFact(t, "OfACreationToo", func(t *testing.T, p *payer) {
		in := p.buyPage()
		in.PayWith = new(p.byCard())
		dies(p, func() { _, _ = p.Create(p.ctx, in) }) // it never returns
		p.bank.note(p.bank.calls[0].OrderNumber, refused)
		found(p)
		outcome, err := p.Create(p.ctx, in)
		require.NoError(t, err)
		require.Equal(t, "decline.insufficient_funds", outcome.Errors[0].Key)
		require.Equal(t, p.open(t), outcome.Bill)
		require.Len(t, p.bank.calls, 1)
	})
}
