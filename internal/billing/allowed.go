package billing

import (
	"slices"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
)

// AllowedActions lists what role may do with b now. While money is in doubt only
// a refresh is: everything else would be refused, or has to wait. A refund is there
// when some money can go back, whatever the status; see whyNotBack, which admits the
// call, too. Attempts and cases are b's own; who gives no refunds may leave the cases
// out.
func (s *Service) AllowedActions(b *ent.Bill, attempts []*ent.Attempt, cases []*ent.ReviewCase, role pay.Role) []pay.BillAction {
	actions := slices.DeleteFunc(b.Status.AllowedActions(role), func(a pay.BillAction) bool { return a == pay.ActionRefund })
	inDoubt := slices.ContainsFunc(attempts, func(a *ent.Attempt) bool {
		return a.Status.MayHaveTaken() || a.DoubtSince != nil
	})
	if inDoubt {
		return slices.DeleteFunc(actions, func(a pay.BillAction) bool { return a != pay.ActionRefresh })
	}
	if slices.ContainsFunc(attempts, func(a *ent.Attempt) bool { return s.whyNotBack(b, a, cases, role) == nil }) {
		actions = append(actions, pay.ActionRefund)
	}
	return actions
}

// whyNotBack returns why role can have nothing given back of what attempt a of b took,
// as far as a bill tells that was read with its cases; nil when some of it can go back.
// What it leaves open: another refund's doubt, what lies on suspense, and whether what
// was bought is used up.
func (s *Service) whyNotBack(b *ent.Bill, a *ent.Attempt, cases []*ent.ReviewCase, role pay.Role) *pay.Error {
	left := restOf(a)
	switch {
	case !pay.ActionRefund.IsFor(role):
		return pay.Errorf(pay.CodeForbidden, "refund.not_yours", "Only the merchant's side gives money back.")
	case a.Status != pay.AttemptCaptured || left.Amount <= 0:
		return pay.Errorf(pay.CodeStateConflict, "refund.nothing_left", "Nothing is left that could be given back.").At("bill")
	case hasOpen(cases, a.ID, pay.ReviewReason.DecidesMoney):
		return pay.Errorf(pay.CodeStateConflict, "refund.case_is_open", "A review case decides about this money. Resolve it: it can give the money back, too.").At("bill")
	case role == pay.RoleSupport && wasContested(cases, a.ID):
		return pay.Errorf(pay.CodeStateConflict, "refund.was_contested", "This money may have been taken back already. FINANCE can look and give it back.").At("bill")
	case isOfOtherCurrency(cases, a):
		return unsupported("refund.other_currency", "The provider took another currency than was asked for. Give it back there.", "bill")
	}
	least := pay.Of(min(s.leastBack(a), left.Amount), a.Currency)
	if e := s.canReturn(a, least); e != nil {
		return e
	}
	return s.aboveLimit(b, least, role)
}

// leastBack is the least that an attempt's account can give back, in minor units: 1, or
// all that it has of one that gives back everything or nothing.
func (s *Service) leastBack(a *ent.Attempt) int64 {
	account, known := s.Accounts.ByCode(a.Account)
	if a.WalletID != nil || !known || account.Provider.Capabilities().PartialRefund {
		return 1
	}
	return a.CapturedMinor - a.RefundedMinor
}

// hasOpen reports whether one of the cases is open, about the attempt, and of such a
// reason.
func hasOpen(cases []*ent.ReviewCase, id pay.AttemptID, such func(pay.ReviewReason) bool) bool {
	return slices.ContainsFunc(cases, func(c *ent.ReviewCase) bool {
		return c.ResolvedAt == nil && c.AttemptID != nil && *c.AttemptID == id && such(c.Reason)
	})
}

// wasContested reports whether a bank or the provider has ever said that an attempt's
// money was taken back. A person who took note of it has booked nothing, so what is left
// by our own books may be gone: two persons decide.
func wasContested(cases []*ent.ReviewCase, id pay.AttemptID) bool {
	return slices.ContainsFunc(cases, func(c *ent.ReviewCase) bool {
		return c.AttemptID != nil && *c.AttemptID == id && c.Reason.SaysMoneyIsGone()
	})
}

// isOfOtherCurrency reports whether a case says that what an attempt took was of
// another currency than it asked for.
func isOfOtherCurrency(cases []*ent.ReviewCase, a *ent.Attempt) bool {
	return slices.ContainsFunc(cases, func(c *ent.ReviewCase) bool {
		about := c.AttemptID != nil && *c.AttemptID == a.ID && c.Reason.IsOfMoneyThatCame()
		return about && c.Currency != nil && *c.Currency != a.Currency
	})
}

// AllowedResolutions lists how case c may be ended now, nothing once it is. Its bill,
// its attempt and all of the bill's cases are given; nil when it has none. Resolve goes
// by the same rule.
func (s *Service) AllowedResolutions(c *ent.ReviewCase, b *ent.Bill, a *ent.Attempt, cases []*ent.ReviewCase) []pay.ReviewResolution {
	allowed := []pay.ReviewResolution{}
	if c.ResolvedAt != nil {
		return allowed
	}
	for _, how := range c.Reason.AllowedResolutions() {
		if s.whyNotEnd(c, b, a, cases, how) == nil {
			allowed = append(allowed, how)
		}
	}
	return allowed
}

// whyNotEnd returns why case c does not end like that, as far as what is given tells;
// nil when nothing there speaks against it.
func (s *Service) whyNotEnd(c *ent.ReviewCase, b *ent.Bill, a *ent.Attempt, cases []*ent.ReviewCase, how pay.ReviewResolution) *pay.Error {
	switch {
	case !slices.Contains(c.Reason.AllowedResolutions(), how):
		return cannotEnd("review.resolution_not_allowed", string(c.Reason), "A case of %s does not end by %s.", c.Reason, how)
	case how == pay.ResolveDismiss:
		return nil
	case b == nil || a == nil:
		return refundsUnsupported()
	}
	switch how {
	case pay.ResolveFulfil:
		if c.Reason != pay.ReviewInDoubt {
			return whyNotAccept(c, b, a, cases)
		}
		if !isAbout(c, a) {
			return cannotEnd("review.doubt_is_over", string(a.Status), "The provider has said since what became of the payment: it is %s.", a.Status)
		}
	case pay.ResolveRetryFulfilment:
		if b.Status != pay.BillPaid {
			return cannotEnd("review.nothing_to_give", string(b.Status), "The bill is %s, so there is nothing to give any more.", b.Status)
		}
	case pay.ResolveRefundAll:
		return s.whyNotAllBack(c, b, a, cases)
	case pay.ResolveRefundExcess:
		return s.whyNotExcessBack(c, b, a, cases)
	case pay.ResolveDismiss:
	}
	return nil
}

// whyNotAccept returns why the money that a case is about cannot pay its bill.
func whyNotAccept(c *ent.ReviewCase, b *ent.Bill, a *ent.Attempt, cases []*ent.ReviewCase) *pay.Error {
	isContradicted := slices.ContainsFunc(cases, func(other *ent.ReviewCase) bool {
		about := other.ID != c.ID && other.AttemptID != nil && *other.AttemptID == a.ID && other.Reason.SaysMoneyIsGone()
		return about && (other.ResolvedAt == nil || !other.OpenedAt.Before(c.OpenedAt))
	})
	switch {
	case a.Status != pay.AttemptCaptured || restOf(a).IsZero():
		return cannotEnd("review.nothing_taken", string(a.Status), "No money was taken, so none can be accepted; what is held can be given back.")
	case c.Currency != nil && *c.Currency != b.Currency:
		return cannotEnd("review.other_currency", string(b.Status), "The money is in %s and the bill in %s, so it cannot pay it.", *c.Currency, b.Currency)
	case isContradicted:
		return cannotEnd("review.money_is_gone", string(a.Status), "Another case says that the provider or the payer's bank took this money back.")
	case !awaitsPerson(b.Status):
		return cannotEnd("review.bill_is_paid", string(b.Status), "The bill is %s: it was paid by other money, and this comes on top.", b.Status)
	}
	return nil
}

// whyNotAllBack returns why the money that a case is about cannot go back. What is only
// held, or gone already, can.
func (s *Service) whyNotAllBack(c *ent.ReviewCase, b *ent.Bill, a *ent.Attempt, cases []*ent.ReviewCase) *pay.Error {
	left := restOf(a)
	switch {
	case a.Status != pay.AttemptCaptured:
		return nil
	case a.CapturedMinor == 0: // its provider does not say where the payer's money is
		return refundsUnsupported()
	case left.IsZero() && c.Reason == pay.ReviewFulfilmentFailed && b.Status == pay.BillPaid: // by other money, for which something is owed
		return cannotEnd("review.nothing_left", string(b.Status), "All of this payment is back, and the bill is still %s.", b.Status)
	case left.IsZero():
		return nil
	case hasOpen(cases, a.ID, pay.ReviewReason.SaysMoneyIsGone):
		return cannotEnd("review.money_is_gone", string(a.Status), "Another case says that the provider or the payer's bank took this money back.")
	case c.Currency != nil && *c.Currency != a.Currency || isOfOtherCurrency(cases, a):
		return refundsUnsupported()
	}
	if e := s.canReturn(a, left); e != nil {
		return refundsUnsupported().Because(e)
	}
	return nil
}

// whyNotExcessBack returns why what is above a bill's total cannot go back and the rest
// pay the bill.
func (s *Service) whyNotExcessBack(c *ent.ReviewCase, b *ent.Bill, a *ent.Attempt, cases []*ent.ReviewCase) *pay.Error {
	kept, excess := excessOf(b, a)
	if excess.Amount <= 0 {
		return cannotEnd("review.no_excess", string(b.Status), "%s was taken and %s asked for, so nothing is too much.", a.Captured(), kept)
	}
	if e := whyNotAccept(c, b, a, cases); e != nil {
		return e
	}
	if e := s.canReturn(a, excess); e != nil {
		return refundsUnsupported().Because(e)
	}
	return nil
}

// excessOf parts what an attempt took: the bill's total with the vendor's commission,
// and what is above it.
func excessOf(b *ent.Bill, a *ent.Attempt) (kept, excess pay.Money) {
	kept = pay.Of(b.TotalMinor+a.FeeMinor, b.Currency)
	return kept, pay.Of(a.CapturedMinor-kept.Amount, b.Currency)
}
