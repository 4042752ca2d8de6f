package billing_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// A bill paid by a saved card.
func TestService_PayByCard(t *testing.T) {
	t.Parallel()
	payerFact(t, "TakesTheMoneyOnce", func(t *testing.T, p *payer) {
		bill := p.unpaid()
		key := uuid.NewString()
		require.Empty(t, p.pays(key, bill, p.byCard()).Errors)
		require.True(t, p.pays(key, bill, p.byCard()).Replayed)
		p.later(time.Second)
		paid := p.bill(bill.ID)
		require.Equal(t, pay.BillDone, paid.Status)
		require.Len(t, p.bank.calls, 1)
		require.Equal(t, providers.ByPayer, p.bank.calls[0].Initiator)
		require.Equal(t, "ref of "+p.card.String(), p.bank.calls[0].CardRef)
		require.Equal(t, &p.card, p.current(paid).CardID)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSales: 99000}, p.booked())
	})
	payerFact(t, "InTheSameCallAsTheBill", func(t *testing.T, p *payer) {
		in := p.buyPage()
		in.PayWith = new(p.byCard())
		bill := p.created(p.ctx, in)
		require.Equal(t, pay.BillPaid, bill.Status)
		require.Len(t, p.bank.calls, 1)
	})
	payerFact(t, "RefusalLeavesTheBillPayable", func(t *testing.T, p *payer) {
		p.bank.answer = func(providers.ChargeRequest) (providers.Result, error) {
			return providers.Result{Status: providers.Declined, Decline: &providers.Decline{Code: "insufficient_funds", ProviderCode: "51", Message: "Too little.", Retry: pay.RetryOtherMethod}}, nil
		}
		bill := p.unpaid()
		outcome := p.pays(uuid.NewString(), bill, p.byCard())
		require.Equal(t, []pay.Code{pay.CodeDeclined}, codes(outcome))
		refused := p.bill(bill.ID)
		require.Equal(t, pay.BillPending, refused.Status)
		require.Equal(t, pay.AttemptDeclined, refused.Edges.Attempts[0].Status)
		p.bank.answer = nil
		require.Empty(t, p.pays(uuid.NewString(), bill, p.byCard()).Errors)
		require.Equal(t, pay.BillPaid, p.bill(bill.ID).Status)
	})
	payerFact(t, "LostAnswerBlocksUntilItIsFound", func(t *testing.T, p *payer) {
		p.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
			p.bank.take(r)
			return lost()
		}
		bill := p.unpaid()
		outcome := p.pays(uuid.NewString(), bill, p.byCard())
		require.Equal(t, "payment.in_doubt", outcome.Errors[0].Key)
		require.Equal(t, pay.AttemptUnknown, p.current(p.bill(bill.ID)).Status)
		require.Equal(t, []pay.Code{pay.CodeConflict}, codes(p.pays(uuid.NewString(), bill, p.byCard())))
		p.later(3 * time.Second)
		p.later(time.Second)
		require.Equal(t, pay.BillDone, p.bill(bill.ID).Status)
		require.Equal(t, 1, p.bank.taken())
	})
	payerFact(t, "WhatNeverArrivedIsGivenUpAfterTheSettlingTime", func(t *testing.T, p *payer) {
		p.bank.answer = func(providers.ChargeRequest) (providers.Result, error) { return lost() }
		bill := p.unpaid()
		p.pays(uuid.NewString(), bill, p.byCard())
		for range 4 {
			p.later(15 * time.Second)
			require.Equal(t, pay.AttemptUnknown, p.current(p.bill(bill.ID)).Status, "it may still be on its way")
		}
		p.later(30 * time.Second)
		given := p.bill(bill.ID)
		require.Equal(t, pay.AttemptFailed, given.Edges.Attempts[0].Status)
		require.Equal(t, pay.BillPending, given.Status)
	})
	payerFact(t, "ExpiredWordOfAChargeUnderWayIsNotBelieved", func(t *testing.T, p *payer) {
		asked := false
		p.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
			p.bank.note(r.OrderNumber, providers.Result{Status: providers.Expired}) // it has no order of that number yet
			bill := p.open(t)
			p.clock.Advance(3 * time.Second)
			_, err := p.Refresh(p.ctx, bill.String())
			require.NoError(t, err)
			require.Equal(t, pay.AttemptSent, p.current(p.bill(bill)).Status)
			asked = true
			return p.bank.take(r), nil
		}
		bill := p.unpaid()
		require.Empty(t, p.pays(uuid.NewString(), bill, p.byCard()).Errors)
		require.True(t, asked)
		paid := p.bill(bill.ID)
		require.Equal(t, pay.BillPaid, paid.Status)
		require.Len(t, paid.Edges.Attempts, 1)
	})
	payerFact(t, "SurelyNotDoneMayBeTriedAgain", func(t *testing.T, p *payer) {
		p.bank.answer = func(providers.ChargeRequest) (providers.Result, error) {
			return providers.Result{}, &providers.Error{Provider: "bank", Op: providers.OpChargeSaved, Kind: providers.Unavailable}
		}
		bill := p.unpaid()
		require.Equal(t, []pay.Code{pay.CodeProviderUnavailable}, codes(p.pays(uuid.NewString(), bill, p.byCard())))
		require.Equal(t, pay.AttemptFailed, p.bill(bill.ID).Edges.Attempts[0].Status)
		p.bank.answer = nil
		require.Empty(t, p.pays(uuid.NewString(), bill, p.byCard()).Errors)
	})
	payerFact(t, "OwnerProvesOnAPage", func(t *testing.T, p *payer) {
		var order string
		p.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
			order = r.OrderNumber
			page := providers.Redirect{URL: "https://bank.example/prove", Method: "POST", Fields: map[string]string{"PaReq": "x"}}
			return p.bank.note(order, providers.Result{Status: providers.ActionRequired, Redirect: &page}), nil
		}
		bill := p.unpaid()
		require.Empty(t, p.pays(uuid.NewString(), bill, p.byCard()).Errors)
		waiting := p.bill(bill.ID)
		next := billing.NextActionOf(waiting, waiting.Edges.Attempts, p.clock.Now())
		require.Equal(t, "https://bank.example/prove", next.Redirect.URL)
		p.bank.note(order, providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.RUB)})
		p.later(6 * time.Second)
		p.later(time.Second)
		require.Equal(t, pay.BillDone, p.bill(bill.ID).Status)
	})
	payerFact(t, "BankThatWantsToSeeTheOwnerOpensAPage", func(t *testing.T, p *payer) {
		p.bank.answer = func(providers.ChargeRequest) (providers.Result, error) {
			return providers.Result{Status: providers.Declined, Decline: &providers.Decline{Code: "authentication_required", Message: "Prove it.", Retry: pay.RetryOtherMethod}}, nil
		}
		bill := p.unpaid()
		key := uuid.NewString()
		for range 2 { // the replay tells the same
			outcome := p.pays(key, bill, p.byCard())
			require.Equal(t, "decline.authentication_required", outcome.Errors[0].Key)
		}
		waiting := p.bill(bill.ID)
		next := billing.NextActionOf(waiting, waiting.Edges.Attempts, p.clock.Now())
		require.Equal(t, "https://bank.example/pay", next.Redirect.URL)
		require.Len(t, p.bank.started, 1)
	})
	payerFact(t, "HeldAndCapturedByTheMerchant", func(t *testing.T, p *payer) {
		p.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
			return p.bank.note(r.OrderNumber, providers.Result{Status: providers.Authorized, Authorized: r.Amount}), nil
		}
		bill := p.unpaid()
		require.Empty(t, p.pays(uuid.NewString(), bill, p.byCard()).Errors)
		require.Equal(t, pay.BillAuthorized, p.bill(bill.ID).Status)
		outcome, err := p.Capture(p.server(), billing.NewCapture{Key: "capture", Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		require.Equal(t, pay.BillPaid, p.bill(bill.ID).Status)
	})
	payerFact(t, "CardOfAnotherIsNoCard", func(t *testing.T, p *payer) {
		bill := p.unpaid()
		for _, card := range []string{pay.NewCardID(p.clock.Now()).String(), "card_x", ""} {
			outcome := p.pays(uuid.NewString(), bill, billing.PayWith{Card: &card})
			require.Equal(t, []pay.Code{pay.CodeNotFound}, codes(outcome))
			require.Equal(t, []string{"payWith", "card"}, outcome.Errors[0].Path)
		}
		require.Empty(t, p.bank.calls)
	})
	payerFact(t, "DoubtKeepsTheBillFromExpiringAndFromCancel", func(t *testing.T, p *payer) {
		p.bank.answer = func(r providers.ChargeRequest) (providers.Result, error) {
			p.bank.note(r.OrderNumber, providers.Result{Status: providers.Pending})
			return lost()
		}
		bill := p.unpaid()
		p.pays(uuid.NewString(), bill, p.byCard())
		outcome, err := p.Cancel(p.ctx, "cancel", bill.ID.String())
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeConflict}, codes(outcome))
		p.later(2 * time.Hour)
		require.Equal(t, pay.BillPending, p.bill(bill.ID).Status)
	})
}

// A cancel and a charge at the same time: one of them is refused.
func TestService_ChargeOrCancel(t *testing.T) {
	t.Parallel()
	payerFact(t, "NeverBoth", func(t *testing.T, p *payer) {
		for at := range 40 {
			bill := p.unpaid()
			var both sync.WaitGroup
			both.Go(func() {
				_, _ = p.Cancel(p.ctx, "cancel "+strconv.Itoa(at), bill.ID.String()) // may come too late
			})
			both.Go(func() {
				_, _ = p.Pay(p.ctx, billing.NewPayment{Key: "pay " + strconv.Itoa(at), Bill: bill.ID.String(), PayWith: new(p.byCard())}) // so may this
			})
			both.Wait()
			ended := p.bill(bill.ID)
			require.Empty(t, ended.Edges.Reviews, "canceled and charged all the same")
			require.Contains(t, []pay.BillStatus{pay.BillPaid, pay.BillCanceled}, ended.Status)
		}
	})
}

// open returns the one unpaid bill of the payer's.
func (p *payer) open(t *testing.T) pay.BillID {
	t.Helper()
	b, err := p.store.Read().Bill.Query().Only(p.ctx)
	require.NoError(t, err)
	return b.ID
}

// What pays on a page and is saved as a card.
func TestService_SaveCard(t *testing.T) {
	t.Parallel()
	payerFact(t, "IsSavedWhenItHasPaid", func(t *testing.T, p *payer) {
		in := p.buyPage()
		in.SaveCard = true
		bill := p.created(p.ctx, in)
		require.Equal(t, p.user.ID.Suffix(), p.bank.started[0].SaveFor.ID)
		require.Zero(t, p.drawer.saved)
		p.bank.note(p.current(bill).OrderNumber, providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.RUB)})
		p.later(6 * time.Second)
		require.Equal(t, 1, p.drawer.saved)
	})
	payerFact(t, "NeedsSomebodyToSaveItFor", func(t *testing.T, p *payer) {
		in := p.buyPage()
		in.SaveCard = true
		outcome, err := p.Create(p.public(), in)
		require.NoError(t, err)
		require.Equal(t, "card.saving_needs_user", outcome.Errors[0].Key)
	})
}

// The charges of a subscription's bill.
func TestService_ChargePeriod(t *testing.T) {
	t.Parallel()
	payerFact(t, "EachTryIsMadeOnceHoweverOften", func(t *testing.T, p *payer) {
		p.bank.answer = func(providers.ChargeRequest) (providers.Result, error) {
			return providers.Result{Status: providers.Declined, Decline: &providers.Decline{Code: "insufficient_funds", Message: "Too little."}}, nil
		}
		bill := p.unpaid()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_ = p.ChargePeriod(p.program(), bill.ID, p.card, 1, providers.ByMerchant, billing.Payer{}, nil) // all but one come too late
			})
		}
		all.Wait()
		require.Len(t, p.bank.calls, 1)
		require.NoError(t, p.ChargePeriod(p.program(), bill.ID, p.card, 1, providers.ByMerchant, billing.Payer{}, nil))
		require.Len(t, p.bank.calls, 1)
		first, err := p.AttemptOfTry(p.program(), bill.ID, 1)
		require.NoError(t, err)
		require.Equal(t, pay.AttemptDeclined, first.Status)

		p.bank.answer = nil
		require.NoError(t, p.ChargePeriod(p.program(), bill.ID, p.card, 2, providers.ByMerchant, billing.Payer{}, nil))
		require.Equal(t, pay.BillPaid, p.bill(bill.ID).Status)
		require.Equal(t, pay.CodeStateConflict, pay.CodeOf(p.ChargePeriod(p.program(), bill.ID, p.card, 3, providers.ByMerchant, billing.Payer{}, nil)))
	})
}
