package pay

// ReviewReason says why a person must look at money.
type ReviewReason string

// The reasons of a review case.
const (
	ReviewAmountMismatch    ReviewReason = "AMOUNT_MISMATCH"    // other amount than asked for
	ReviewCurrencyMismatch  ReviewReason = "CURRENCY_MISMATCH"  // other currency than asked for
	ReviewDuplicatePayment  ReviewReason = "DUPLICATE_PAYMENT"  // a second attempt took money for a paid bill
	ReviewLatePayment       ReviewReason = "LATE_PAYMENT"       // money for a bill that was expired, canceled or failed
	ReviewInDoubt           ReviewReason = "IN_DOUBT"           // nobody could say for a day whether money moved
	ReviewProviderDisagrees ReviewReason = "PROVIDER_DISAGREES" // the provider's book differs from ours, unexplained
	ReviewFulfilmentFailed  ReviewReason = "FULFILMENT_FAILED"  // paid, and what was bought could not be given
	ReviewChargeback        ReviewReason = "CHARGEBACK"         // the payer's bank took money back
	ReviewModeration        ReviewReason = "MODERATION"         // the provider holds the payment for its own check
	ReviewUnmatchedPayment  ReviewReason = "UNMATCHED_PAYMENT"  // money at a provider that belongs to no bill of ours
)

// ReviewReasons lists every reason.
func ReviewReasons() []ReviewReason {
	return []ReviewReason{
		ReviewAmountMismatch, ReviewCurrencyMismatch, ReviewDuplicatePayment, ReviewLatePayment, ReviewInDoubt,
		ReviewProviderDisagrees, ReviewFulfilmentFailed, ReviewChargeback, ReviewModeration, ReviewUnmatchedPayment,
	}
}

// ReviewResolution is how a person ends a review case.
type ReviewResolution string

// The resolutions of a review case.
const (
	ResolveFulfil          ReviewResolution = "FULFIL"           // accept the money as it is and give what was bought; in doubt: the money was seen
	ResolveRefundExcess    ReviewResolution = "REFUND_EXCESS"    // return what is too much, fulfil the rest
	ResolveRefundAll       ReviewResolution = "REFUND_ALL"       // return everything
	ResolveRetryFulfilment ReviewResolution = "RETRY_FULFILMENT" // try again to give what was bought
	ResolveDismiss         ReviewResolution = "DISMISS"          // nothing need be done; in doubt: no money moved; the note says why
)

// ReviewResolutions lists every resolution.
func ReviewResolutions() []ReviewResolution {
	return []ReviewResolution{ResolveFulfil, ResolveRefundExcess, ResolveRefundAll, ResolveRetryFulfilment, ResolveDismiss}
}

// AllowedResolutions lists how a case of reason r may end.
func (r ReviewReason) AllowedResolutions() []ReviewResolution {
	switch r {
	case ReviewAmountMismatch:
		return []ReviewResolution{ResolveFulfil, ResolveRefundExcess, ResolveRefundAll, ResolveDismiss}
	case ReviewLatePayment, ReviewDuplicatePayment: // a duplicate, when the first money was wrong or only held
		return []ReviewResolution{ResolveFulfil, ResolveRefundAll, ResolveDismiss}
	case ReviewCurrencyMismatch, ReviewUnmatchedPayment:
		return []ReviewResolution{ResolveRefundAll, ResolveDismiss}
	case ReviewFulfilmentFailed:
		return []ReviewResolution{ResolveRetryFulfilment, ResolveRefundAll, ResolveDismiss}
	case ReviewInDoubt:
		return []ReviewResolution{ResolveFulfil, ResolveDismiss}
	case ReviewProviderDisagrees, ReviewChargeback, ReviewModeration:
		return []ReviewResolution{ResolveDismiss}
	}
	return nil
}

// OpensAgain reports whether the same words found again, after a person ended
// their case, are a new finding. A fulfilment that was tried again has failed
// again, and doubt that was ended has begun anew; everything else is what a
// person has looked at.
func (r ReviewReason) OpensAgain() bool {
	return r == ReviewFulfilmentFailed || r == ReviewInDoubt
}

// DecidesMoney reports whether the money that a case of reason r is about is nobody's
// to give back while it is open: how it ends decides about that, too.
func (r ReviewReason) DecidesMoney() bool {
	switch r {
	case ReviewAmountMismatch, ReviewCurrencyMismatch, ReviewDuplicatePayment, ReviewLatePayment,
		ReviewInDoubt, ReviewProviderDisagrees, ReviewChargeback:
		return true
	case ReviewFulfilmentFailed, ReviewModeration, ReviewUnmatchedPayment:
		return false
	}
	return false
}

// SaysMoneyIsGone reports whether a case of reason r says that the provider or the
// payer's bank took money back: it must not be given a second time.
func (r ReviewReason) SaysMoneyIsGone() bool {
	return r == ReviewProviderDisagrees || r == ReviewChargeback
}

// IsOfMoneyThatCame reports whether a case of reason r is about money that came and
// did not fit: its amount is what was taken.
func (r ReviewReason) IsOfMoneyThatCame() bool {
	return r == ReviewAmountMismatch || r == ReviewCurrencyMismatch || r == ReviewDuplicatePayment || r == ReviewLatePayment
}
