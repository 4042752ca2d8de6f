package pay

// WalletHoldTransfer sets money of a wallet aside for an attempt. Its key is the
// attempt's, so it is booked once.
func WalletHoldTransfer(attempt AttemptID, wallet WalletID, amount Money) Transfer {
	return walletMove("hold/"+attempt.String(), EntryHold, wallet, AccountWalletAvailable, AccountWalletHeld, amount)
}

// WalletCaptureTransfer books that money which was set aside in a wallet paid for
// something: it leaves the wallet. Its key is the attempt's, the same as that of a
// capture at a provider.
func WalletCaptureTransfer(attempt AttemptID, wallet WalletID, to AccountKind, amount Money) Transfer {
	return Transfer{
		Key:   "capture/" + attempt.String(),
		Entry: EntryPurchase,
		Legs: []Leg{
			{Kind: AccountWalletHeld, Owner: wallet.UUID(), Amount: amount.Neg()},
			{Kind: to, Amount: amount},
		},
	}
}
