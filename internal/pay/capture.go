package pay

// Capture is what is known when a provider says that it took money for an
// attempt.
type Capture struct {
	Bill     BillStatus // where the bill stands
	Expected Money      // what was asked for: the bill's total, or what the merchant's capture named, with the vendor's commission where it adds one
	Captured Money      // what the provider took
	OtherRun bool       // test money for a live attempt, or the reverse
}

// Verdict is what follows from a Capture. The attempt itself is CAPTURED
// whatever the verdict says: the money was taken.
type Verdict struct {
	Bill    BillStatus   // where the bill moves; "" stays where it is
	Review  ReviewReason // the case that opens; "" none
	Account AccountKind  // where the money is booked: sales, or suspense until a person has looked
}

// JudgeCapture decides what captured money does to its bill. The right money for
// a bill that waits for it pays it; everything else goes to a person.
func JudgeCapture(c Capture) Verdict {
	switch c.Bill {
	case BillPending, BillAuthorized:
		switch {
		case c.Captured.Currency != c.Expected.Currency:
			return Verdict{Bill: BillAmountMismatch, Review: ReviewCurrencyMismatch, Account: AccountSuspense}
		case c.Captured.Amount != c.Expected.Amount || c.OtherRun:
			return Verdict{Bill: BillAmountMismatch, Review: ReviewAmountMismatch, Account: AccountSuspense}
		}
		return Verdict{Bill: BillPaid, Account: AccountSales}
	case BillFailed, BillExpired, BillCanceled:
		return Verdict{Review: ReviewLatePayment, Account: AccountSuspense}
	case BillPaid, BillDone, BillAmountMismatch, BillRefunded:
		return Verdict{Review: ReviewDuplicatePayment, Account: AccountSuspense}
	}
	return Verdict{Review: ReviewProviderDisagrees, Account: AccountSuspense}
}

// CaptureTransfer books captured money: the provider owes it to us, and it is
// earned or waits. Its key is the attempt's, so it is booked once.
func CaptureTransfer(attempt AttemptID, account string, to AccountKind, captured Money) Transfer {
	return Transfer{
		Key:   "capture/" + attempt.String(),
		Entry: EntryPurchase,
		Legs: []Leg{
			{Kind: AccountClearing, Owner: account, Amount: captured.Neg()},
			{Kind: to, Amount: captured},
		},
	}
}

// AcceptTransfer books that a person accepted captured money which lay on
// suspense: it is earned now. Its key is the attempt's, so it is booked once.
func AcceptTransfer(attempt AttemptID, captured Money) Transfer {
	return Transfer{
		Key:   "accept/" + attempt.String(),
		Entry: EntryAdjustment,
		Legs: []Leg{
			{Kind: AccountSuspense, Amount: captured.Neg()},
			{Kind: AccountSales, Amount: captured},
		},
	}
}

// UnmatchedTransfer books money that a provider took for an order that is not
// ours: it owes it, and a person decides to whom. Its key is the order's.
func UnmatchedTransfer(account, order string, captured Money) Transfer {
	return Transfer{
		Key:   "unmatched/" + account + "/" + order,
		Entry: EntryAdjustment,
		Legs: []Leg{
			{Kind: AccountClearing, Owner: account, Amount: captured.Neg()},
			{Kind: AccountSuspense, Amount: captured},
		},
	}
}
