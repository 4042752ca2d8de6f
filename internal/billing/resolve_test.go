package billing_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/outboxmessage"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// finance returns the context in which a person who answers for the money asks.
func (b *bundle) finance() context.Context {
	return b.as(viewer.Viewer{Role: pay.RoleFinance, Principal: "operator/shop/olga"})
}

// ends resolves a case with a key of its own.
func (b *bundle) ends(c *ent.ReviewCase, how pay.ReviewResolution) *billing.Resolved {
	b.t.Helper()
	resolved, err := b.Resolve(b.finance(), billing.Resolution{Key: uuid.NewString(), Case: c.ID.String(), Resolution: how, Note: "seen at the bank"})
	require.NoError(b.t, err)
	require.NotNil(b.t, resolved.Case)
	return resolved
}

// refusals writes errors as "CODE key path [allowed]".
func refusals(r *billing.Resolved) []string {
	var list []string
	for _, e := range r.Errors {
		line := string(e.Code) + " " + e.Key + " " + strings.Join(e.Path, ".")
		if detail, ok := e.Detail.(pay.StateDetail); ok {
			line += " " + strings.Join(detail.Allowed, ",")
		}
		list = append(list, line)
	}
	return list
}

// late makes an expired bill that money came for.
func late(b *bundle) *ent.Bill {
	b.t.Helper()
	in := b.buyPage()
	in.ExpiresIn = &pay.Period{Clock: 10 * time.Minute}
	bill := b.created(b.public(), in)
	a := b.current(bill)
	b.later(11 * time.Minute)
	b.paysOn(a, "approve")
	b.later(6 * time.Minute)
	bill = b.bill(bill.ID)
	require.Equal(b.t, pay.BillExpired, bill.Status)
	require.Equal(b.t, pay.ReviewLatePayment, bill.Edges.Reviews[0].Reason)
	return bill
}

// twoPages makes an expired bill, two pages of which may still be open.
func twoPages(b *bundle) *ent.Bill {
	b.t.Helper()
	in := b.buyPage()
	in.ExpiresIn = &pay.Period{Clock: 10 * time.Minute}
	bill := b.created(b.public(), in)
	outcome, err := b.Pay(b.guest(bill.ID), billing.NewPayment{Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: new(secondOne)}})
	require.NoError(b.t, err)
	require.Empty(b.t, outcome.Errors)
	b.later(11 * time.Minute)
	return b.bill(bill.ID)
}

// takes settles that the provider took all that the attempt asked for.
func (b *bundle) takes(a *ent.Attempt) {
	b.t.Helper()
	require.NoError(b.t, b.SettleForTest(b.program(), a.ID, providers.Result{Status: providers.Captured, Captured: a.Amount()}))
}

// mismatched makes a bill for which other money than asked for was taken.
func mismatched(b *bundle) *ent.Bill {
	b.t.Helper()
	bill := b.created(b.public(), b.buyPage())
	b.fault("charge", "wrong_amount", 1)
	b.paysOn(b.current(bill), "approve")
	b.later(5 * time.Second)
	b.healthy()
	bill = b.bill(bill.ID)
	require.Equal(b.t, pay.BillAmountMismatch, bill.Status)
	return bill
}

// heldWrong makes a bill for which less is held than was asked for, by what the
// provider says.
func heldWrong(b *bundle) *ent.Bill {
	b.t.Helper()
	in := b.buyPage()
	in.PayWith = &billing.PayWith{Provider: new(twoStage)}
	bill := b.created(b.public(), in)
	a := b.current(bill)
	b.paysOn(a, "approve")
	require.NoError(b.t, b.SettleForTest(b.program(), a.ID, providers.Result{Status: providers.Authorized, Authorized: pay.Of(98900, pay.RUB)}))
	bill = b.bill(bill.ID)
	require.Equal(b.t, pay.BillAmountMismatch, bill.Status)
	return bill
}

// Money that was taken, and what a person may do with it.
func TestService_ResolveTaken(t *testing.T) {
	t.Parallel()
	fact(t, "LateMoneyIsAccepted", func(t *testing.T, b *bundle) {
		bill := late(b)
		require.Empty(t, b.ends(bill.Edges.Reviews[0], pay.ResolveFulfil).Errors)
		b.later(0)

		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, bill.Total(), bill.Paid(), "what settle counted is not counted again")
		require.Len(t, bill.Edges.Entitlements, 1)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSuspense: 0, pay.AccountSales: 99000}, b.booked())
	})
	fact(t, "OtherAmountIsAccepted", func(t *testing.T, b *bundle) {
		bill := mismatched(b)
		require.Empty(t, b.ends(bill.Edges.Reviews[0], pay.ResolveFulfil).Errors)
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, int64(98900), bill.PaidMinor)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -98900, pay.AccountSuspense: 0, pay.AccountSales: 98900}, b.booked())
	})
	fact(t, "WhoDecidedAndWhyIsKept", func(t *testing.T, b *bundle) {
		bill := late(b)
		c := b.ends(bill.Edges.Reviews[0], pay.ResolveFulfil).Case
		require.Equal(t, pay.ResolveFulfil, *c.Resolution)
		require.Equal(t, "seen at the bank", *c.Note)
		require.Equal(t, "FINANCE operator/shop/olga", *c.ResolvedBy)
		require.WithinDuration(t, b.clock.Now(), *c.ResolvedAt, 0)
		require.Equal(t, bill.ID, c.Edges.Bill.ID)

		events := b.bill(bill.ID).Edges.Events
		last := events[len(events)-1]
		require.Equal(t, pay.BillPaid, last.To)
		require.Equal(t, "review.fulfil", last.Reason)
		require.Equal(t, "seen at the bank", *last.Note)
		require.Equal(t, pay.RoleFinance, *last.Actor)

		told, err := b.store.Read().OutboxMessage.Query().
			Where(outboxmessage.ObjectID(c.ID.String())).Order(ent.Asc(outboxmessage.FieldVersion)).All(b.program())
		require.NoError(t, err)
		require.Len(t, told, 2)
		require.Equal(t, "review_case.opened", told[0].Topic)
		require.Equal(t, "review_case.resolved", told[1].Topic)
	})
	fact(t, "MoneyThatComesOnTopIsNotAccepted", func(t *testing.T, b *bundle) {
		bill := twoPages(b)
		b.takes(bill.Edges.Attempts[0])
		b.takes(bill.Edges.Attempts[1])
		cases := b.bill(bill.ID).Edges.Reviews
		first, second := cases[0], cases[1]
		require.Empty(t, b.ends(first, pay.ResolveFulfil).Errors)
		b.later(0)
		require.Equal(t, []string{"STATE_CONFLICT review.bill_is_paid resolution REFUND_ALL,DISMISS"}, refusals(b.ends(second, pay.ResolveFulfil)))
		require.Empty(t, b.ends(second, pay.ResolveDismiss).Errors)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Len(t, bill.Edges.Entitlements, 1)
		require.Equal(t, map[pay.AccountKind]int64{
			pay.AccountClearing: -198000, pay.AccountSuspense: 99000, pay.AccountSales: 99000,
		}, b.booked())
	})
	fact(t, "MoneyAfterAnAcceptanceIsADuplicate", func(t *testing.T, b *bundle) {
		bill := twoPages(b)
		b.takes(bill.Edges.Attempts[0])
		require.Empty(t, b.ends(b.bill(bill.ID).Edges.Reviews[0], pay.ResolveFulfil).Errors)
		b.takes(bill.Edges.Attempts[1])
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, pay.ReviewDuplicatePayment, bill.Edges.Reviews[1].Reason)
		require.Len(t, bill.Edges.Entitlements, 1)
	})
	fact(t, "OtherAmountGoesBack", func(t *testing.T, b *bundle) {
		bill := mismatched(b)
		require.Empty(t, b.ends(bill.Edges.Reviews[0], pay.ResolveRefundAll).Errors)
		require.Equal(t, pay.BillAmountMismatch, b.bill(bill.ID).Status, "the money is not back yet")
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillRefunded, bill.Status)
		require.Equal(t, []int64{98900, 98900}, []int64{bill.PaidMinor, bill.RefundedMinor})
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: 0, pay.AccountSuspense: 0}, b.booked())
	})
	fact(t, "LateMoneyGoesBack", func(t *testing.T, b *bundle) {
		bill := late(b)
		require.Empty(t, b.ends(bill.Edges.Reviews[0], pay.ResolveRefundAll).Errors)
		b.later(0)
		require.Equal(t, pay.BillRefunded, b.bill(bill.ID).Status)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: 0, pay.AccountSuspense: 0}, b.booked())
	})
	fact(t, "DismissalMovesNothing", func(t *testing.T, b *bundle) {
		bill := late(b)
		require.Empty(t, b.ends(bill.Edges.Reviews[0], pay.ResolveDismiss).Errors)
		after := b.bill(bill.ID)
		require.Equal(t, pay.BillExpired, after.Status)
		require.Equal(t, bill.Version+1, after.Version, "its readers see that the case is over")
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSuspense: 99000}, b.booked())
	})
	fact(t, "OtherCurrencyPaysNoBill", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		in.ExpiresIn = &pay.Period{Clock: 10 * time.Minute}
		bill := b.created(b.public(), in)
		b.later(11 * time.Minute)
		a := b.bill(bill.ID).Edges.Attempts[0]
		require.NoError(t, b.SettleForTest(b.program(), a.ID, providers.Result{Status: providers.Captured, Captured: pay.Of(99000, pay.USD)}))
		c := b.bill(bill.ID).Edges.Reviews[0]
		require.Equal(t, []string{"STATE_CONFLICT review.other_currency resolution DISMISS"}, refusals(b.ends(c, pay.ResolveFulfil)))
	})
}

// Money of a stranger's order, which belongs to no bill.
func TestService_ResolveUnmatched(t *testing.T) {
	t.Parallel()
	fact(t, "IsClosedAndNotReturned", func(t *testing.T, b *bundle) {
		var c *ent.ReviewCase
		err := b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
			c, err = tx.ReviewCase.Create().SetID(pay.NewReviewCaseID(tx.Now)).SetMerchantID(b.merchant.ID).SetKey("UNMATCHED_PAYMENT/payture/7").
				SetReason(pay.ReviewUnmatchedPayment).SetAccount(oneStage).SetAmountMinor(500).SetCurrency(pay.RUB).
				SetDetails("test").SetOpenedAt(tx.Now).Save(ctx)
			return err
		})
		require.NoError(t, err)
		require.Equal(t, []string{"UNSUPPORTED review.refunds_unsupported resolution"}, refusals(b.ends(c, pay.ResolveRefundAll)))
		closed := b.ends(c, pay.ResolveDismiss)
		require.Empty(t, closed.Errors)
		require.Equal(t, pay.ResolveDismiss, *closed.Case.Resolution)
	})
}

// Money that is held, and not as much as was asked for.
func TestService_ResolveHeld(t *testing.T) {
	t.Parallel()
	fact(t, "HoldCannotBeAcceptedAndIsGivenBack", func(t *testing.T, b *bundle) {
		bill := heldWrong(b)
		c := bill.Edges.Reviews[0]
		require.Equal(t, []string{"STATE_CONFLICT review.nothing_taken resolution REFUND_ALL,DISMISS"}, refusals(b.ends(c, pay.ResolveFulfil)))

		require.Empty(t, b.ends(c, pay.ResolveRefundAll).Errors)
		require.Equal(t, pay.BillAmountMismatch, b.bill(bill.ID).Status, "the money is not back yet")
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.AttemptVoided, bill.Edges.Attempts[0].Status)
		require.Equal(t, pay.BillRefunded, bill.Status)
		require.Equal(t, []string{"AMOUNT_MISMATCH review.refund_all", "REFUNDED bill.refunded"}, history(bill)[len(history(bill))-2:])
		require.Empty(t, b.booked())
	})
	fact(t, "HoldThatIsGoneAlreadyIsGivenBackAtOnce", func(t *testing.T, b *bundle) {
		bill := heldWrong(b)
		b.later(8 * 24 * time.Hour)
		require.Equal(t, pay.BillAmountMismatch, b.bill(bill.ID).Status, "only a person moves it")
		require.Empty(t, b.ends(bill.Edges.Reviews[0], pay.ResolveRefundAll).Errors)
		require.Equal(t, pay.BillRefunded, b.bill(bill.ID).Status)
	})
	fact(t, "HoldThatWasTakenMeanwhileIsAccepted", func(t *testing.T, b *bundle) {
		bill := heldWrong(b)
		require.NoError(t, b.SettleForTest(b.program(), bill.Edges.Attempts[0].ID, providers.Result{Status: providers.Captured, Captured: pay.Of(98900, pay.RUB)}))
		require.Empty(t, b.ends(bill.Edges.Reviews[0], pay.ResolveFulfil).Errors, "it is taken now")
		require.Equal(t, pay.BillPaid, b.bill(bill.ID).Status)
	})
	fact(t, "HoldThatWasTakenMeanwhileGoesBackByARefund", func(t *testing.T, b *bundle) {
		bill := heldWrong(b)
		require.NoError(t, b.SettleForTest(b.program(), bill.Edges.Attempts[0].ID, providers.Result{Status: providers.Captured, Captured: pay.Of(98900, pay.RUB)}))
		require.Empty(t, b.ends(bill.Edges.Reviews[0], pay.ResolveRefundAll).Errors)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillAmountMismatch, bill.Status, "nothing is back yet")
		require.Equal(t, int64(98900), bill.RefundingMinor)
	})
}

// What was paid and could not be given.
func TestService_ResolveFulfilment(t *testing.T) {
	t.Parallel()
	failed := func(t *testing.T, b *bundle) *ent.Bill {
		t.Helper()
		b.Fulfillers[pay.ProductDirect] = refusing{}
		bill := b.created(b.public(), b.buyPage())
		b.paysOn(b.current(bill), "approve")
		for range 8 {
			b.later(15 * time.Minute)
		}
		return b.bill(bill.ID)
	}
	fact(t, "TryingAgainGivesIt", func(t *testing.T, b *bundle) {
		bill := failed(t, b)
		b.Fulfillers[pay.ProductDirect] = entitlements.New()
		require.Empty(t, b.ends(bill.Edges.Reviews[0], pay.ResolveRetryFulfilment).Errors)
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Len(t, bill.Edges.Entitlements, 1)
	})
	fact(t, "FailingAgainOpensAnotherCase", func(t *testing.T, b *bundle) {
		bill := failed(t, b)
		require.Empty(t, b.ends(bill.Edges.Reviews[0], pay.ResolveRetryFulfilment).Errors)
		b.later(0)
		require.Len(t, b.bill(bill.ID).Edges.Reviews, 1, "one try is not all of them")
		for range 8 {
			b.later(15 * time.Minute)
		}
		bill = b.bill(bill.ID)
		require.Len(t, bill.Edges.Reviews, 2)
		require.Equal(t, bill.Edges.Reviews[0].Key+"/2", bill.Edges.Reviews[1].Key)
		require.Nil(t, bill.Edges.Reviews[1].ResolvedAt)
	})
	fact(t, "NothingIsGivenTwice", func(t *testing.T, b *bundle) {
		bill := failed(t, b)
		b.Fulfillers[pay.ProductDirect] = entitlements.New()
		require.Empty(t, b.ends(bill.Edges.Reviews[0], pay.ResolveRetryFulfilment).Errors)
		b.later(0)
		again := b.ends(bill.Edges.Reviews[0], pay.ResolveRetryFulfilment)
		require.Equal(t, []string{"STATE_CONFLICT review.resolved resolution "}, refusals(again))
	})
}

// A finding that is made again after a person has ended its case.
func TestService_ResolvedFinding(t *testing.T) {
	t.Parallel()
	fact(t, "OpensAgainOnlyWhenItSaysSomethingElse", func(t *testing.T, b *bundle) {
		bill := b.created(b.public(), b.buyPage())
		a := b.current(bill)
		b.paysOn(a, "approve")
		b.later(5 * time.Second)
		says := func(amount int64) {
			require.NoError(t, b.SettleForTest(b.program(), a.ID, providers.Result{Status: providers.Captured, Captured: pay.Of(amount, pay.RUB)}))
		}
		says(98000)
		says(98000)
		cases := b.bill(bill.ID).Edges.Reviews
		require.Len(t, cases, 1)
		require.Empty(t, b.ends(cases[0], pay.ResolveDismiss).Errors)
		says(98000)
		require.Len(t, b.bill(bill.ID).Edges.Reviews, 1)
		says(97000)
		says(97000)
		require.Len(t, b.bill(bill.ID).Edges.Reviews, 2)
	})
}

// Who may end a case, and how it is asked for.
func TestService_ResolveInput(t *testing.T) {
	t.Parallel()
	fact(t, "WrongInputIsRefused", func(t *testing.T, b *bundle) {
		c := late(b).Edges.Reviews[0]
		const key = "a key"
		tests := []struct {
			name string
			in   billing.Resolution
			want string
		}{
			{"NoKey", billing.Resolution{Case: c.ID.String(), Resolution: pay.ResolveDismiss, Note: "n"}, "INVALID idempotency_key.empty idempotencyKey"},
			{"NoNote", billing.Resolution{Key: key, Case: c.ID.String(), Resolution: pay.ResolveDismiss}, "INVALID review.note_missing note"},
			{"BlankNote", billing.Resolution{Key: key, Case: c.ID.String(), Resolution: pay.ResolveDismiss, Note: " \n\t"}, "INVALID review.note_missing note"},
			{"LongNote", billing.Resolution{Key: key, Case: c.ID.String(), Resolution: pay.ResolveDismiss, Note: strings.Repeat("ж", 2001)}, "INVALID text.too_long note"},
			{"CardNumber", billing.Resolution{Key: key, Case: c.ID.String(), Resolution: pay.ResolveDismiss, Note: "paid by 4111 1111\n1111 1111"}, "INVALID text.card_number note"},
			{"ControlCharacter", billing.Resolution{Key: key, Case: c.ID.String(), Resolution: pay.ResolveDismiss, Note: "n\x00"}, "INVALID text.control_characters note"},
			{"Malformed", billing.Resolution{Key: key, Case: "nonsense", Resolution: pay.ResolveDismiss, Note: "n"}, "NOT_FOUND case.not_found case"},
			{"Unknown", billing.Resolution{Key: key, Case: pay.NewReviewCaseID(b.clock.Now()).String(), Resolution: pay.ResolveDismiss, Note: "n"}, "NOT_FOUND case.not_found case"},
			{"NotAllowed", billing.Resolution{Key: key, Case: c.ID.String(), Resolution: pay.ResolveRetryFulfilment, Note: "n"}, "STATE_CONFLICT review.resolution_not_allowed resolution FULFIL,REFUND_ALL,DISMISS"},
		}
		for _, tt := range tests {
			resolved, err := b.Resolve(b.finance(), tt.in)
			require.NoError(t, err, tt.name)
			require.Equal(t, []string{tt.want}, refusals(resolved), tt.name)
		}
		resolved, err := b.Resolve(b.finance(), billing.Resolution{Key: key, Case: c.ID.String(), Resolution: pay.ResolveDismiss, Note: "first line\nsecond\tline"})
		require.NoError(t, err)
		require.Empty(t, resolved.Errors, "what was refused used no key up")
	})
	fact(t, "OnlyFinanceAndAdminMay", func(t *testing.T, b *bundle) {
		c := late(b).Edges.Reviews[0]
		for _, role := range []pay.Role{pay.RolePublic, pay.RoleGuest, pay.RoleUser, pay.RoleServer, pay.RoleSupport} {
			resolved, err := b.Resolve(b.as(viewer.Viewer{Role: role, Principal: "caller"}), billing.Resolution{Key: uuid.NewString(), Case: c.ID.String(), Resolution: pay.ResolveDismiss, Note: "n"})
			require.NoError(t, err)
			require.Equal(t, []string{"FORBIDDEN review.not_yours_to_resolve "}, refusals(resolved), role)
		}
		resolved, err := b.Resolve(b.as(viewer.Viewer{Role: pay.RoleAdmin, Principal: "operator/shop/ann"}), billing.Resolution{Key: uuid.NewString(), Case: c.ID.String(), Resolution: pay.ResolveDismiss, Note: "n"})
		require.NoError(t, err)
		require.Equal(t, "ADMIN operator/shop/ann", *resolved.Case.ResolvedBy)
	})
	fact(t, "CaseOfAnotherMerchantIsNotThere", func(t *testing.T, b *bundle) {
		c := late(b).Edges.Reviews[0]
		stranger := b.as(viewer.Viewer{Role: pay.RoleAdmin, Merchant: b.other.ID, Principal: "operator/other/eve"})
		resolved, err := b.Resolve(stranger, billing.Resolution{Key: uuid.NewString(), Case: c.ID.String(), Resolution: pay.ResolveDismiss, Note: "n"})
		require.NoError(t, err)
		require.Equal(t, []string{"NOT_FOUND case.not_found case"}, refusals(resolved))
		require.Nil(t, resolved.Case)
	})
	fact(t, "RepeatedCallResolvesOnce", func(t *testing.T, b *bundle) {
		bill := late(b)
		in := billing.Resolution{Key: uuid.NewString(), Case: bill.Edges.Reviews[0].ID.String(), Resolution: pay.ResolveFulfil, Note: "n"}
		first, err := b.Resolve(b.finance(), in)
		require.NoError(t, err)
		require.False(t, first.Replayed)
		b.later(0)
		version := b.bill(bill.ID).Version

		again, err := b.Resolve(b.finance(), in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Empty(t, again.Errors)
		require.Equal(t, pay.BillDone, again.Case.Edges.Bill.Status, "as it is now")
		require.Equal(t, version, b.bill(bill.ID).Version)

		in.Note = "another"
		other, err := b.Resolve(b.finance(), in)
		require.NoError(t, err)
		require.Equal(t, []string{"IDEMPOTENCY_MISMATCH idempotency_key.mismatch idempotencyKey"}, refusals(other))
	})
}

// People and money that meet.
func TestService_ResolveRace(t *testing.T) {
	t.Parallel()
	fact(t, "OfManyPeopleOneWins", func(t *testing.T, b *bundle) {
		bill := late(b)
		won, lost := 0, 0
		var mu sync.Mutex
		var people sync.WaitGroup
		for range 6 {
			people.Go(func() {
				r := b.ends(bill.Edges.Reviews[0], pay.ResolveFulfil)
				mu.Lock()
				defer mu.Unlock()
				won += 1 - len(r.Errors)
				lost += len(r.Errors)
			})
		}
		people.Wait()
		require.Equal(t, 1, won)
		require.Equal(t, 5, lost)
		b.later(0)
		require.Equal(t, map[pay.AccountKind]int64{pay.AccountClearing: -99000, pay.AccountSuspense: 0, pay.AccountSales: 99000}, b.booked())
		require.Equal(t, pay.BillDone, b.bill(bill.ID).Status)
	})
	fact(t, "OneKeyManyTimesAtOnceResolvesOnce", func(t *testing.T, b *bundle) {
		bill := late(b)
		in := billing.Resolution{Key: uuid.NewString(), Case: bill.Edges.Reviews[0].ID.String(), Resolution: pay.ResolveFulfil, Note: "n"}
		var calls sync.WaitGroup
		for range 6 {
			calls.Go(func() {
				r, err := b.Resolve(b.finance(), in)
				require.NoError(t, err)
				require.Empty(t, r.Errors)
			})
		}
		calls.Wait()
		require.Equal(t, bill.Version+1, b.bill(bill.ID).Version)
	})
	fact(t, "MoneyThatComesMeanwhileIsLateOrADuplicate", func(t *testing.T, b *bundle) {
		bill := twoPages(b)
		b.takes(bill.Edges.Attempts[0])
		c := b.bill(bill.ID).Edges.Reviews[0]

		var both sync.WaitGroup
		both.Go(func() { require.Empty(t, b.ends(c, pay.ResolveFulfil).Errors) })
		both.Go(func() { b.takes(bill.Edges.Attempts[1]) })
		both.Wait()
		b.later(0)
		bill = b.bill(bill.ID)
		require.Equal(t, pay.BillDone, bill.Status)
		require.Equal(t, int64(198000), bill.PaidMinor)
		require.Len(t, bill.Edges.Reviews, 2)
		require.Contains(t, []pay.ReviewReason{pay.ReviewLatePayment, pay.ReviewDuplicatePayment}, bill.Edges.Reviews[1].Reason)
		require.Equal(t, map[pay.AccountKind]int64{
			pay.AccountClearing: -198000, pay.AccountSuspense: 99000, pay.AccountSales: 99000,
		}, b.booked())
	})
}
