package main

// chargeMutants are faults in what takes money from saved cards and wallets.
func chargeMutants() []Mutant {
	return []Mutant{
		{
			Name: "charge-outside-doubt", Harm: "A process that dies while a card is charged leaves a bill that may be paid a second time.",
			Edits: []Edit{{
				File: "internal/billing/open.go",
				Old:  `create.SetCardID(o.Card.ID).SetStatus(pay.AttemptSent).SetDoubtSince(tx.Now)`,
				New:  `create.SetCardID(o.Card.ID).SetStatus(pay.AttemptCreated)`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(PayByCard|ChargePeriod)",
		},
		{
			Name: "charge-lost-is-failed", Harm: "A charge whose answer was lost counts as not done, and the card is charged again.",
			Edits: []Edit{{
				File: "internal/billing/charge.go",
				Old:  `case providers.Unknown, providers.Conflict, providers.Malformed:`,
				New:  `case providers.Malformed:`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_PayByCard",
		},
		{
			Name: "charge-denied-too-early", Harm: "A provider that has not heard of a charge yet is believed, and the card is charged again.",
			Edits: []Edit{{
				File: "internal/billing/settle.go",
				Old:  `	if s.isTooEarly(a, r, tx.Now) {`,
				New:  `	if s.isTooEarly(a, r, tx.Now) && a.CardID == nil {`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_PayByCard",
		},
		{
			Name: "cancel-beside-a-charge", Harm: "A bill is canceled while its card is charged: the payer is told that nothing is taken, and it is.",
			Edits: []Edit{{
				File: "internal/billing/period.go",
				Old: `	if err := keepStill(ctx, tx, b); err != nil {
		return err
	}
	current, err`,
				New: `	current, err`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_ChargeOrCancel",
		},
		{
			Name: "charge-tried-twice", Harm: "A renewal that is run again after a crash charges its card again.",
			Edits: []Edit{{
				File: "internal/billing/period.go",
				Old: `	if known != nil || err != nil {
		return err
	}
	b, err`,
				New: `	if err != nil {
		return err
	}
	try = 1000 + int(s.now().UnixNano()%1_000_000_000) + len(s.Accounts.All())
	_ = known
	b, err`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_ChargePeriod",
		},
		{
			Name: "wallet-of-another", Harm: "A bill is paid from the wallet of another user.",
			Edits: []Edit{{
				File: "internal/billing/ways.go",
				Old:  `case w.UserID != *p.user || w.MerchantID != p.merchant:`,
				New:  `case w.MerchantID != p.merchant:`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_PayFromWallet",
		},
		{
			Name: "wallet-in-wallet", Harm: "A wallet is topped up from itself: its money counts as earned, and is there again.",
			Edits: []Edit{{
				File: "internal/billing/ways.go",
				Old:  `case p.kind == pay.ProductTopUp:`,
				New:  `case p.kind == "":`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_CreateTopUp",
		},
	}
}
