package pay

// TopUpTransfer books that a paid bill filled a wallet: what the bill earned is
// its payer's to spend. Its key is the bill's, so it is booked once.
func TopUpTransfer(bill BillID, wallet WalletID, amount Money) Transfer {
	return creditTransfer(TopUpKey(bill), EntryTopUp, wallet, amount)
}

// TopUpKey is the key of a bill's TopUpTransfer.
func TopUpKey(bill BillID) string { return "top_up/" + bill.String() }

// GiftTransfer books that a gift of money was redeemed into a wallet. Its key is
// the gift's, so it is booked once.
func GiftTransfer(gift GiftID, wallet WalletID, amount Money) Transfer {
	return creditTransfer("gift/"+gift.String(), EntryGift, wallet, amount)
}

// creditTransfer moves what a bill earned into a wallet: nothing is sold until it
// is spent.
func creditTransfer(key string, entry EntryKind, wallet WalletID, amount Money) Transfer {
	return Transfer{
		Key:   key,
		Entry: entry,
		Legs: []Leg{
			{Kind: AccountSales, Amount: amount.Neg()},
			{Kind: AccountWalletAvailable, Owner: wallet.UUID(), Amount: amount},
		},
	}
}
