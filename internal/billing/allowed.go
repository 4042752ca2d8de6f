package billing

import (
	"slices"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
)

// AllowedActions lists what role may do with b now. While money is in doubt only
// a refresh is: everything else would be refused, and nothing is refunded where
// nothing is left. Attempts are b's own.
func AllowedActions(b *ent.Bill, attempts []*ent.Attempt, role pay.Role) []pay.BillAction {
	actions := slices.DeleteFunc(b.Status.AllowedActions(role), func(a pay.BillAction) bool {
		return a == pay.ActionRefund && b.PaidMinor == b.RefundedMinor+b.RefundingMinor
	})
	inDoubt := slices.ContainsFunc(attempts, func(a *ent.Attempt) bool {
		return a.Status.MayHaveTaken() || a.DoubtSince != nil
	})
	if !inDoubt {
		return actions
	}
	return slices.DeleteFunc(actions, func(a pay.BillAction) bool { return a != pay.ActionRefresh })
}
