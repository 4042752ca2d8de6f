package pay_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestReviewReason_AllowedResolutions(t *testing.T) {
	t.Parallel()

	const (
		fulfil  = pay.ResolveFulfil
		excess  = pay.ResolveRefundExcess
		all     = pay.ResolveRefundAll
		retry   = pay.ResolveRetryFulfilment
		dismiss = pay.ResolveDismiss
	)
	want := map[pay.ReviewReason][]pay.ReviewResolution{
		pay.ReviewAmountMismatch:    {fulfil, excess, all, dismiss},
		pay.ReviewCurrencyMismatch:  {all, dismiss},
		pay.ReviewDuplicatePayment:  {fulfil, all, dismiss},
		pay.ReviewLatePayment:       {fulfil, all, dismiss},
		pay.ReviewInDoubt:           {fulfil, dismiss},
		pay.ReviewProviderDisagrees: {dismiss},
		pay.ReviewFulfilmentFailed:  {retry, all, dismiss},
		pay.ReviewChargeback:        {dismiss},
		pay.ReviewModeration:        {dismiss},
		pay.ReviewUnmatchedPayment:  {all, dismiss},
	}
	require.Len(t, want, len(pay.ReviewReasons()))
	for _, reason := range pay.ReviewReasons() {
		t.Run(string(reason), func(t *testing.T) {
			require.Equal(t, want[reason], reason.AllowedResolutions())
			require.Subset(t, pay.ReviewResolutions(), reason.AllowedResolutions())
		})
	}
	require.Nil(t, pay.ReviewReason("NO_REASON").AllowedResolutions())
}

func TestReviewReason_Money(t *testing.T) {
	t.Parallel()

	of := func(is func(pay.ReviewReason) bool) (list []pay.ReviewReason) {
		for _, reason := range append(pay.ReviewReasons(), "NO_REASON") {
			if is(reason) {
				list = append(list, reason)
			}
		}
		return list
	}
	came := []pay.ReviewReason{pay.ReviewAmountMismatch, pay.ReviewCurrencyMismatch, pay.ReviewDuplicatePayment, pay.ReviewLatePayment}
	gone := []pay.ReviewReason{pay.ReviewProviderDisagrees, pay.ReviewChargeback}
	require.Equal(t, came, of(pay.ReviewReason.IsOfMoneyThatCame))
	require.Equal(t, gone, of(pay.ReviewReason.SaysMoneyIsGone))
	require.ElementsMatch(t, append(append(came, gone...), pay.ReviewInDoubt), of(pay.ReviewReason.DecidesMoney))
}

func TestReviewReason_OpensAgain(t *testing.T) {
	t.Parallel()

	var again []pay.ReviewReason
	for _, reason := range pay.ReviewReasons() {
		if reason.OpensAgain() {
			again = append(again, reason)
		}
	}
	require.Equal(t, []pay.ReviewReason{pay.ReviewInDoubt, pay.ReviewFulfilmentFailed}, again)
}

// The tables' CHECK constraints are made of these lists: a word that is missing
// or twice in one breaks a migration or a write.
func TestWords_StandOnceEach(t *testing.T) {
	t.Parallel()

	lists := map[string][]string{
		"BillStatuses":      words(pay.BillStatuses()),
		"AttemptStatuses":   words(pay.AttemptStatuses()),
		"OperationStatuses": words(pay.OperationStatuses()),
		"ProductKinds":      words(pay.ProductKinds()),
		"RefundPolicies":    words(pay.RefundPolicies()),
		"MethodKinds":       words(pay.MethodKinds()),
		"AccountKinds":      words(pay.AccountKinds()),
		"EntryKinds":        words(pay.EntryKinds()),
		"ReviewReasons":     words(pay.ReviewReasons()),
		"ReviewResolutions": words(pay.ReviewResolutions()),
		"Roles":             words(pay.Roles()),
	}
	for name, list := range lists {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			for _, word := range list {
				require.Regexp(t, `^[A-Z]+(_[A-Z]+)*$`, word)
				require.NotContains(t, seen, word)
				seen[word] = true
			}
			require.NotEmpty(t, seen)
		})
	}
}
