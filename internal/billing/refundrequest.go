package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/ledgeraccount"
	"github.com/paygraph/paygraph/ent/ledgerentry"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// request judges a wish to give money back, and writes it within tx.
func (s *Service) request(ctx context.Context, tx *store.Tx, v viewer.Viewer, id pay.BillID, in NewRefund) (*ent.Refund, error) {
	b, err := tx.Bill.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read bill %s: %w", id, err)
	}
	// What was read after the bill stands: see readAbout.
	attempts, err := tx.Attempt.Query().Where(attempt.BillID(id)).Order(ent.Asc(attempt.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the attempts of bill %s: %w", id, err)
	}
	cases, err := tx.ReviewCase.Query().Where(reviewcase.BillID(id)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the cases of bill %s: %w", id, err)
	}
	a, refused := attemptToReturn(attempts, in.Attempt)
	if refused == nil {
		if err := undoubted(ctx, tx, id); err != nil {
			return nil, err
		}
		refused = s.whyNotBack(b, a, cases, v.Role)
	}
	if refused != nil {
		return nil, inState(refused, b, s.AllowedActions(b, attempts, cases, v.Role))
	}
	source, most, err := sourceOf(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	amount := most
	if in.Amount != nil {
		amount = *in.Amount
	}
	switch {
	case a.Currency != b.Currency || amount.Currency != a.Currency:
		return nil, pay.Invalid("refund.currency_differs", "The money was taken in another currency.", "amount", "currency")
	case amount.Amount < 1 || amount.Amount > most.Amount:
		return nil, pay.Invalid("refund.amount_range", fmt.Sprintf("At least 1 minor unit and at most %s, which is what is left.", most), "amount", "amount")
	}
	w := wish{bill: b, attempt: a, amount: amount, source: source, reason: in.Reason, by: personOf(v)}
	if err := s.limit(v, &w); err != nil {
		return nil, err
	}
	w.waits = w.waits || wasContested(cases, a.ID)
	return s.insertRefund(ctx, tx, w)
}

// inState says in a refusal by the state of things what the bill is, and what is
// allowed instead.
func inState(e *pay.Error, b *ent.Bill, allowed []pay.BillAction) *pay.Error {
	if e.Code != pay.CodeStateConflict {
		return e
	}
	told := *e
	told.Detail = pay.StateDetail{From: string(b.Status)}
	return allowing(&told, allowed)
}

// wish is a refund that was judged, to be written.
type wish struct {
	bill    *ent.Bill
	attempt *ent.Attempt
	amount  pay.Money
	source  pay.AccountKind // REFUNDS or SUSPENSE
	reason  string
	by      string // role and principal
	review  *pay.ReviewCaseID
	waits   bool // for a second person
}

// rules are the merchant's limits of refunds.
func (s *Service) rules(id pay.MerchantID) RefundRules {
	if s.RefundRules == nil {
		return RefundRules{}
	}
	return s.RefundRules(id)
}

// limit holds a wish against the merchant's sums for all that is given back of a bill.
func (s *Service) limit(v viewer.Viewer, w *wish) error {
	if e := s.aboveLimit(w.bill, w.amount, v.Role); e != nil {
		return e
	}
	sum, limited := s.rules(w.bill.MerchantID).ApprovalAbove[w.bill.Currency]
	w.waits = limited && w.bill.RefundedMinor+w.bill.RefundingMinor+w.amount.Amount > sum
	return nil
}

// aboveLimit returns CodeLimitExceeded when role may not give that much back of b.
func (s *Service) aboveLimit(b *ent.Bill, amount pay.Money, role pay.Role) *pay.Error {
	if role != pay.RoleSupport {
		return nil
	}
	most, before := s.rules(b.MerchantID).SupportLimit[b.Currency], b.RefundedMinor+b.RefundingMinor
	if before+amount.Amount <= most {
		return nil
	}
	e := pay.Errorf(pay.CodeLimitExceeded, "refund.above_your_limit", "SUPPORT gives back at most %s of one bill. FINANCE can give more.", pay.Of(most, b.Currency)).At("amount")
	available := pay.Of(max(most-before, 0), b.Currency)
	e.Detail, e.Retry = pay.LimitDetail{Limit: new(pay.Of(most, b.Currency)), Available: &available}, pay.DoNotRetry
	return e
}

// undoubted returns CodeConflict while a refund of the bill is in doubt.
func undoubted(ctx context.Context, tx *store.Tx, id pay.BillID) error {
	n, err := tx.Refund.Query().Where(refund.BillID(id), refund.StatusEQ(pay.RefundUnknown)).Count(ctx)
	if err != nil {
		return fmt.Errorf("look for refunds in doubt of bill %s: %w", id, err)
	}
	if n > 0 {
		return pay.Errorf(pay.CodeConflict, "refund.in_doubt", "An earlier refund of this bill may have been done. Its provider is being asked.")
	}
	return nil
}

// isContested reports whether an open case says that the provider or the payer's bank
// has taken an attempt's money back: it must not be given a second time.
func isContested(ctx context.Context, tx *store.Tx, id pay.AttemptID) (bool, error) {
	n, err := tx.ReviewCase.Query().Where(
		reviewcase.AttemptID(id), reviewcase.ResolvedAtIsNil(), reviewcase.ReasonIn(pay.ReviewProviderDisagrees, pay.ReviewChargeback),
	).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look for cases against attempt %s: %w", id, err)
	}
	return n > 0, nil
}

// sourceOf says from which ledger account an attempt's money would be given back, and
// how much there is: what lies on suspense first, else what was earned. It returns
// CodeUnsupported for money of another currency than the attempt's: what was taken
// cannot be told from what was asked for then.
func sourceOf(ctx context.Context, tx *store.Tx, a *ent.Attempt) (pay.AccountKind, pay.Money, error) {
	entries, err := tx.LedgerEntry.Query().Where(
		ledgerentry.TransferIn("capture/"+a.ID.String(), "accept/"+a.ID.String()),
		ledgerentry.HasAccountWith(ledgeraccount.KindEQ(pay.AccountSuspense)),
	).All(ctx)
	if err != nil {
		return "", pay.Money{}, fmt.Errorf("read where the money of attempt %s lies: %w", a.ID, err)
	}
	given, err := tx.Refund.Query().
		Where(refund.AttemptID(a.ID), refund.SourceEQ(pay.AccountSuspense), refund.StatusNEQ(pay.RefundFailed)).All(ctx)
	if err != nil {
		return "", pay.Money{}, fmt.Errorf("read the refunds of attempt %s: %w", a.ID, err)
	}
	waiting := int64(0)
	for _, e := range entries {
		if e.Currency != a.Currency {
			return "", pay.Money{}, unsupported("refund.other_currency", "The provider took another currency than was asked for. Give it back there.", "bill")
		}
		waiting += e.AmountMinor
	}
	for _, r := range given {
		waiting -= r.AmountMinor
	}
	if waiting > 0 {
		return pay.AccountSuspense, pay.Of(waiting, a.Currency), nil
	}
	return pay.AccountRefunds, restOf(a), nil
}

// insertRefund writes a refund within tx, withholds what the bill gave, and has it
// sent. It returns CodeUnsupported when its provider cannot do it.
func (s *Service) insertRefund(ctx context.Context, tx *store.Tx, w wish) (*ent.Refund, error) {
	if e := s.canReturn(w.attempt, w.amount); e != nil {
		return nil, e
	}
	all, err := returnsAll(ctx, tx, w)
	if err != nil {
		return nil, err
	}
	n, err := tx.Attempt.Update().
		Where(attempt.ID(w.attempt.ID), attempt.RefundedMinor(w.attempt.RefundedMinor), attempt.RefundingMinor(w.attempt.RefundingMinor)).
		AddRefundingMinor(w.amount.Amount).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("set aside %s of attempt %s: %w", w.amount, w.attempt.ID, err)
	}
	if n == 0 {
		return nil, fmt.Errorf("set aside %s of attempt %s: %w", w.amount, w.attempt.ID, store.ErrRaced)
	}
	w.attempt.RefundingMinor += w.amount.Amount
	reason, status := "refund.requested", pay.RefundRequested
	if w.waits {
		reason, status = "refund.awaits_approval", pay.RefundAwaitingApproval
	}
	err = s.advance(ctx, tx, w.bill, move{To: w.bill.Status, Reason: reason, Set: func(u *ent.BillUpdate) { u.AddRefundingMinor(w.amount.Amount) }})
	if err != nil {
		return nil, err
	}
	r, err := tx.Refund.Create().SetID(pay.NewRefundID(tx.Now)).SetMerchantID(w.bill.MerchantID).SetBillID(w.bill.ID).SetAttemptID(w.attempt.ID).
		SetNillableReviewID(w.review).SetStatus(status).SetCurrency(w.amount.Currency).SetAmountMinor(w.amount.Amount).
		SetSource(w.source).SetReturnsAll(all).SetReason(w.reason).SetRequestedBy(w.by).
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("insert a refund of attempt %s: %w", w.attempt.ID, err)
	}
	if err := s.withReturner(ctx, tx, w.bill, r, Returner.Withhold); err != nil {
		return nil, usedUp(err)
	}
	at := tx.Now.Add(refundLease)
	switch {
	case w.waits:
		at = tx.Now.Add(approvalEnds)
	case w.review != nil:
		at = tx.Now
		tx.AfterCommit(s.Runner.Wake)
	}
	return r, s.sendLater(ctx, tx, r.ID, at)
}

// usedUp is why what was bought cannot be taken back, in words for the one who gives
// back: those that it comes with may be a payer's.
func usedUp(err error) error {
	e := pay.Readable(err)
	if e == nil {
		return err
	}
	told := e.At("bill").Because(err)
	told.Retry = pay.DoNotRetry
	if e.Code != pay.CodeInsufficientFunds {
		return told
	}
	told.Key, told.Message = "refund.top_up_spent", "What this top-up brought was spent, and cannot be given back a second time."
	if limit, ok := e.Detail.(pay.LimitDetail); ok && limit.Available != nil {
		told.Message = fmt.Sprintf("What this top-up brought was spent. The wallet has %s left: no more can be given back.", limit.Available)
	}
	return told
}

// canReturn returns CodeUnsupported when the account cannot give an amount back of
// what the attempt has left.
func (s *Service) canReturn(a *ent.Attempt, amount pay.Money) *pay.Error {
	if a.WalletID != nil {
		return nil
	}
	account, known := s.Accounts.ByCode(a.Account)
	if !known {
		return unsupported("refund.account_missing", "The provider account that took the money is not configured any more.", "bill")
	}
	if _, err := providers.As[providers.Refunder](account.Provider, providers.OpRefund); err != nil {
		return unsupported("refund.unsupported", "This provider cannot give money back from here. Give it back there.", "bill").Because(err)
	}
	if amount.Amount < a.CapturedMinor-a.RefundedMinor && !account.Provider.Capabilities().PartialRefund {
		return unsupported("refund.partial_unsupported", "This provider gives back everything or nothing.", "amount")
	}
	return nil
}

// returnsAll reports whether, with the wish, nothing stays of what the bill earned.
func returnsAll(ctx context.Context, tx *store.Tx, w wish) (bool, error) {
	if w.source != pay.AccountRefunds {
		return false, nil
	}
	taken, err := tx.Attempt.Query().Where(attempt.BillID(w.bill.ID), attempt.StatusEQ(pay.AttemptCaptured)).All(ctx)
	if err != nil {
		return false, fmt.Errorf("read what was taken for bill %s: %w", w.bill.ID, err)
	}
	earned := int64(0)
	for _, a := range taken {
		source, rest, err := sourceOf(ctx, tx, a)
		if pay.CodeOf(err) == pay.CodeUnsupported {
			continue // money of another currency: nothing of it was earned
		}
		if err != nil {
			return false, err
		}
		if source == pay.AccountRefunds {
			earned += rest.Amount
		}
	}
	return w.amount.Amount == earned, nil
}

// withReturner lets who gave what the bill bought do something about it, when the
// money was earned by giving it.
func (s *Service) withReturner(ctx context.Context, tx *store.Tx, b *ent.Bill, r *ent.Refund,
	act func(Returner, context.Context, *store.Tx, *ent.Bill, *ent.Product, *ent.Refund) error,
) error {
	if b.ProductID == nil || r.Source != pay.AccountRefunds {
		return nil
	}
	p, err := tx.Product.Get(ctx, *b.ProductID)
	if err != nil {
		return fmt.Errorf("read the product of bill %s: %w", b.ID, err)
	}
	returner, known := s.Returners[p.Kind]
	if !known {
		return nil
	}
	if err := act(returner, ctx, tx, b, p, r); err != nil {
		return fmt.Errorf("take back what bill %s gave: %w", b.ID, err)
	}
	return nil
}

// The times of a refund.
const (
	refundLease  = callTimeout + 5*time.Second // how long its caller has to send it before its job does
	refundTurn   = 2 * time.Second             // the least wait for another refund of the same attempt
	approvalEnds = 7 * 24 * time.Hour          // nobody approved it
	refundTries  = 29                          // a day of them: its provider could not be reached
)

// refundAgain is when a refund that surely did not arrive is sent again: after a
// minute, twice that, and so on, an hour at most.
func refundAgain(tries int) time.Duration { return min(time.Minute<<min(tries, 6), time.Hour) }

func (s *Service) sendLater(ctx context.Context, tx *store.Tx, id pay.RefundID, at time.Time) error {
	err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobRefund, Key: id.String(), RunAt: at, Priority: priorityRefund})
	if err != nil {
		return fmt.Errorf("schedule refund %s: %w", id, err)
	}
	return nil
}
