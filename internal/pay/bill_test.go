package pay_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// reachable lists, in the order of all, what may follow from.
func reachable[S any](all []S, from S, may func(from, to S) bool) []S {
	var list []S
	for _, to := range all {
		if may(from, to) {
			list = append(list, to)
		}
	}
	return list
}

func TestBillStatus_CanBecome(t *testing.T) {
	t.Parallel()

	resolved := []pay.BillStatus{pay.BillPaid, pay.BillRefunded} // by a person's resolution
	tests := []struct {
		from pay.BillStatus
		want []pay.BillStatus
	}{
		{pay.BillPending, []pay.BillStatus{pay.BillAuthorized, pay.BillPaid, pay.BillAmountMismatch, pay.BillFailed, pay.BillExpired, pay.BillCanceled}},
		{pay.BillAuthorized, []pay.BillStatus{pay.BillPaid, pay.BillAmountMismatch, pay.BillExpired, pay.BillCanceled}},
		{pay.BillPaid, []pay.BillStatus{pay.BillDone, pay.BillRefunded}},
		{pay.BillDone, []pay.BillStatus{pay.BillRefunded}},
		{pay.BillAmountMismatch, resolved},
		{pay.BillFailed, resolved},
		{pay.BillExpired, resolved},
		{pay.BillCanceled, resolved},
		{pay.BillRefunded, nil},
		{"NO_STATUS", nil},
	}
	require.Len(t, tests, len(pay.BillStatuses())+1)
	for _, tt := range tests {
		t.Run(string(tt.from), func(t *testing.T) {
			require.Equal(t, tt.want, reachable(pay.BillStatuses(), tt.from, pay.BillStatus.CanBecome))
			require.False(t, tt.from.CanBecome(tt.from), "staying is no move")
			require.Equal(t, tt.from == pay.BillPending, tt.from.IsPayable())
		})
	}
}

func TestBillStatus_AllowedActions(t *testing.T) {
	t.Parallel()

	const (
		pays     = pay.ActionPay
		refresh  = pay.ActionRefresh
		cancel   = pay.ActionCancel
		captures = pay.ActionCapture
		refunds  = pay.ActionRefund
	)
	type byRole map[pay.Role][]pay.BillAction
	onlyRefresh := byRole{
		pay.RoleGuest: {refresh}, pay.RoleUser: {refresh}, pay.RoleServer: {refresh},
		pay.RoleSupport: {refresh}, pay.RoleFinance: {refresh}, pay.RoleAdmin: {refresh},
	}
	paid := byRole{
		pay.RoleGuest: {refresh}, pay.RoleUser: {refresh}, pay.RoleServer: {refresh, refunds},
		pay.RoleSupport: {refresh, refunds}, pay.RoleFinance: {refresh, refunds}, pay.RoleAdmin: {refresh, refunds},
	}
	tests := []struct {
		status pay.BillStatus
		want   byRole
	}{
		{pay.BillPending, byRole{
			pay.RoleGuest: {pays, refresh, cancel}, pay.RoleUser: {pays, refresh, cancel}, pay.RoleServer: {pays, refresh, cancel},
			pay.RoleSupport: {refresh, cancel}, pay.RoleFinance: {refresh, cancel}, pay.RoleAdmin: {pays, refresh, cancel},
		}},
		{pay.BillAuthorized, byRole{
			pay.RoleGuest: {refresh}, pay.RoleUser: {refresh}, pay.RoleServer: {refresh, captures, cancel},
			pay.RoleSupport: {refresh, cancel}, pay.RoleFinance: {refresh, captures, cancel}, pay.RoleAdmin: {refresh, captures, cancel},
		}},
		{pay.BillPaid, paid},
		{pay.BillDone, paid},
		{pay.BillAmountMismatch, onlyRefresh},
		{pay.BillFailed, onlyRefresh},
		{pay.BillExpired, onlyRefresh},
		{pay.BillCanceled, onlyRefresh},
		{pay.BillRefunded, byRole{}},
	}
	require.Len(t, tests, len(pay.BillStatuses()))
	for _, tt := range tests {
		for _, role := range pay.Roles() { // PUBLIC stands in no row: it sees no bill
			t.Run(string(tt.status)+"_"+string(role), func(t *testing.T) {
				require.Equal(t, tt.want[role], tt.status.AllowedActions(role))
			})
		}
	}
}

func TestBillAction_IsFor(t *testing.T) {
	t.Parallel()

	anyMerchantSide := []pay.Role{pay.RoleServer, pay.RoleSupport, pay.RoleFinance, pay.RoleAdmin}
	everybodyKnown := append([]pay.Role{pay.RoleGuest, pay.RoleUser}, anyMerchantSide...)
	tests := []struct {
		action pay.BillAction
		want   []pay.Role
	}{
		{pay.ActionPay, []pay.Role{pay.RoleGuest, pay.RoleUser, pay.RoleServer, pay.RoleAdmin}},
		{pay.ActionRefresh, everybodyKnown},
		{pay.ActionCancel, everybodyKnown},
		{pay.ActionCapture, []pay.Role{pay.RoleServer, pay.RoleFinance, pay.RoleAdmin}},
		{pay.ActionRefund, anyMerchantSide},
		{pay.ActionClaim, []pay.Role{pay.RoleUser}},
		{"no_action", nil},
	}
	for _, tt := range tests {
		t.Run(string(tt.action), func(t *testing.T) {
			var roles []pay.Role
			for _, role := range pay.Roles() {
				if tt.action.IsFor(role) {
					roles = append(roles, role)
				}
			}
			require.Equal(t, tt.want, roles)
		})
	}
}

func TestRole(t *testing.T) {
	t.Parallel()

	tests := []struct {
		role           pay.Role
		isPerson       bool
		isMerchantSide bool
	}{
		{pay.RolePublic, false, false},
		{pay.RoleGuest, false, false},
		{pay.RoleUser, false, false},
		{pay.RoleServer, false, true},
		{pay.RoleSupport, true, true},
		{pay.RoleFinance, true, true},
		{pay.RoleAdmin, true, true},
		{"", false, false},
	}
	require.Len(t, tests, len(pay.Roles())+1)
	for _, tt := range tests {
		t.Run(string(tt.role), func(t *testing.T) {
			require.Equal(t, tt.isPerson, tt.role.IsPerson())
			require.Equal(t, tt.isMerchantSide, tt.role.IsMerchantSide())
		})
	}
}
