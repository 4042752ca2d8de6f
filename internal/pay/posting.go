package pay

import "fmt"

// AccountKind is what a ledger account stands for.
type AccountKind string

// The kinds of ledger accounts. Balances of all but wallets are a consequence
// of entries and are stored nowhere.
const (
	AccountClearing        AccountKind = "CLEARING"         // where money comes from, one per provider account: below zero is what it owes us
	AccountSales           AccountKind = "SALES"            // what bills earned
	AccountSuspense        AccountKind = "SUSPENSE"         // money that waits for a person: mismatch, late, duplicate, unmatched
	AccountRefunds         AccountKind = "REFUNDS"          // what was given back
	AccountFees            AccountKind = "FEES"             // commissions
	AccountReceivable      AccountKind = "RECEIVABLE"       // what payers owe: chargebacks, revoked top-ups
	AccountWalletAvailable AccountKind = "WALLET_AVAILABLE" // what a wallet may spend
	AccountWalletHeld      AccountKind = "WALLET_HELD"      // what a wallet has set aside
)

// AccountKinds lists every kind.
func AccountKinds() []AccountKind {
	return []AccountKind{
		AccountClearing, AccountSales, AccountSuspense, AccountRefunds,
		AccountFees, AccountReceivable, AccountWalletAvailable, AccountWalletHeld,
	}
}

// EntryKind is why a ledger entry was written.
type EntryKind string

// The kinds of ledger entries.
const (
	EntryTopUp      EntryKind = "TOP_UP"
	EntryPurchase   EntryKind = "PURCHASE"
	EntryRefund     EntryKind = "REFUND"
	EntryGift       EntryKind = "GIFT"
	EntryHold       EntryKind = "HOLD"
	EntryRelease    EntryKind = "RELEASE"
	EntryAdjustment EntryKind = "ADJUSTMENT"
)

// EntryKinds lists every kind.
func EntryKinds() []EntryKind {
	return []EntryKind{EntryTopUp, EntryPurchase, EntryRefund, EntryGift, EntryHold, EntryRelease, EntryAdjustment}
}

// Leg is one side of a transfer: an amount that an account gains (positive) or
// gives (negative).
type Leg struct {
	Kind   AccountKind
	Owner  string // the provider account's code or the wallet's id; "" for the merchant's own
	Amount Money
}

// Transfer is money moving between accounts. Key names it for ever, so that it
// is written once however often it is tried: "capture/att_01…".
type Transfer struct {
	Key   string
	Entry EntryKind
	Legs  []Leg
}

// Validate reports what is wrong with t: no key, fewer than two legs, a leg of
// nothing, or legs that do not sum to zero in each currency.
func (t Transfer) Validate() error {
	if t.Key == "" || len(t.Legs) < 2 {
		return fmt.Errorf("transfer %q: it needs a key and two legs, it has %d", t.Key, len(t.Legs))
	}
	sums := make(map[Currency]Money)
	for at, leg := range t.Legs {
		if leg.Amount.IsZero() {
			return fmt.Errorf("transfer %q: leg %d moves nothing", t.Key, at)
		}
		currency := leg.Amount.Currency
		sum, err := Of(sums[currency].Amount, currency).Add(leg.Amount)
		if err != nil {
			return fmt.Errorf("transfer %q: leg %d: %w", t.Key, at, err)
		}
		sums[currency] = sum
	}
	for currency, sum := range sums {
		if !sum.IsZero() {
			return fmt.Errorf("transfer %q: %s does not balance: %d over", t.Key, currency, sum.Amount)
		}
	}
	return nil
}
