package wallets_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

// model is what the ledger should hold: two wallets' available and held money,
// and the keys that were posted.
type model struct {
	sides  map[pay.Leg]int64 // by account: a leg without its amount
	posted map[string]bool
}

// apply posts a transfer to the model and reports whether it is a new one and
// whether every wallet stays at zero or above.
func (m *model) apply(t pay.Transfer) (isNew, covered bool) {
	if m.posted[t.Key] {
		return false, true
	}
	next := make(map[pay.Leg]int64)
	for account, amount := range m.sides {
		next[account] = amount
	}
	for _, leg := range t.Legs {
		next[side(leg)] += leg.Amount.Amount
	}
	for account, amount := range next {
		if account.Owner != "" && amount < 0 {
			return true, false
		}
	}
	m.sides = next
	m.posted[t.Key] = true
	return true, true
}

// side names a leg's account; an Owner marks a wallet's.
func side(leg pay.Leg) pay.Leg {
	account := pay.Leg{Kind: leg.Kind}
	if leg.Kind == pay.AccountWalletAvailable || leg.Kind == pay.AccountWalletHeld {
		account.Owner = leg.Owner
	}
	return account
}

// Any sequence of transfers, repeated and refused ones among them, leaves sums of
// zero and balances that are the fold of what was posted.
func TestService_PostAnySequence(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		program := viewer.AsProgram(t.Context())
		runs := 0
		rapid.Check(t, func(rt *rapid.T) {
			runs++
			b.user = b.newUser(t, "first of run "+strconv.Itoa(runs))
			first := b.mustWallet(t, pay.RUB)
			b.user = b.newUser(t, "second of run "+strconv.Itoa(runs))
			second := b.mustWallet(t, pay.RUB)
			m := &model{sides: make(map[pay.Leg]int64), posted: make(map[string]bool)}

			for range rapid.IntRange(1, 12).Draw(rt, "transfers") {
				transfer := drawTransfer(rt, runs, first, second)
				isNew, covered := m.apply(transfer)
				posted, err := b.post(transfer)
				require.Equal(rt, map[bool]pay.Code{true: "", false: pay.CodeInsufficientFunds}[covered], pay.CodeOf(err))
				require.Equal(rt, isNew && covered, posted)
			}

			for _, id := range []pay.WalletID{first, second} {
				w, err := b.service.Wallet(program, id)
				require.NoError(rt, err)
				require.Equal(rt, m.sides[pay.Leg{Kind: pay.AccountWalletAvailable, Owner: id.UUID()}], w.AvailableMinor)
				require.Equal(rt, m.sides[pay.Leg{Kind: pay.AccountWalletHeld, Owner: id.UUID()}], w.HeldMinor)
				requireFold(rt, b.entries(t, id))
			}
		})
		b.requireSound(t)
	})
}

// requireFold walks a wallet's entries from the oldest: each balance that one
// shows is the sum of the amounts so far.
func requireFold(rt *rapid.T, entries []*ent.LedgerEntry) {
	var sum int64
	for at := len(entries) - 1; at >= 0; at-- {
		sum += entries[at].AmountMinor
		shown := entries[at].BalanceAfterMinor
		require.True(rt, shown == nil || *shown == sum, "entry %d", at)
	}
}

// drawTransfer draws a transfer of two or three legs among the merchant's
// accounts and two wallets. Few keys are drawn from, so that some repeat.
func drawTransfer(rt *rapid.T, run int, first, second pay.WalletID) pay.Transfer {
	accounts := []pay.Leg{
		{Kind: pay.AccountClearing, Owner: "payture"},
		{Kind: pay.AccountSales},
		{Kind: pay.AccountWalletAvailable, Owner: first.UUID()},
		{Kind: pay.AccountWalletHeld, Owner: first.UUID()},
		{Kind: pay.AccountWalletAvailable, Owner: second.UUID()},
	}
	legs := rapid.SliceOfN(rapid.SampledFrom(accounts), 2, 3).Draw(rt, "accounts")
	var sum int64
	for at := range legs {
		amount := rapid.Int64Range(1, 1000).Draw(rt, "amount")
		if at == 0 {
			amount = -amount * int64(len(legs)) // the first gives what the others gain
		}
		if at == len(legs)-1 {
			amount = -sum
		}
		if amount == 0 {
			amount, legs[0].Amount.Amount = 1, legs[0].Amount.Amount-1
		}
		legs[at].Amount = pay.Of(amount, pay.RUB)
		sum += amount
	}
	return pay.Transfer{
		Key:   "run " + strconv.Itoa(run) + "/" + strconv.Itoa(rapid.IntRange(1, 9).Draw(rt, "key")),
		Entry: rapid.SampledFrom(pay.EntryKinds()).Draw(rt, "entry"),
		Legs:  legs,
	}
}
