package main

// refundMutants are faults in what gives money back.
func refundMutants() []Mutant {
	billing := []string{"./internal/billing"}
	return []Mutant{
		{
			Name: "refund-sent-again-in-doubt", Harm: "A refund whose answer was lost is sent again, and the payer has their money back twice.",
			Edits: []Edit{
				{
					File: "internal/billing/refundsend.go",
					Old:  `case providers.Unknown, providers.Conflict, providers.Malformed:`,
					New:  `case providers.Malformed:`,
				},
				{
					File: "internal/billing/refundsend.go",
					Old:  `case providers.Unavailable, providers.RateLimited:`,
					New:  `case providers.Unavailable, providers.RateLimited, providers.Unknown, providers.Conflict:`,
				},
			},
			Tests: billing, Run: "TestService_RefundAnswers",
		},
		{
			Name: "refund-not-sent-untold", Harm: "A payer watches a refund that never left, and reads for a day that it is on its way.",
			Edits: []Edit{{
				File: "internal/billing/refundsend.go",
				Old:  `	if err := s.advance(ctx, tx, r.Edges.Bill, move{To: r.Edges.Bill.Status, Reason: "refund.not_sent"}); err != nil {`,
				New:  `	if err := error(nil); err != nil {`,
			}},
			Tests: billing, Run: "TestService_RefundAnswers",
		},
		{
			Name: "refunds-side-by-side", Harm: "Two refunds of one payment are out at once, and what the provider says is left tells of neither whether it was done.",
			Edits: []Edit{{
				File: "internal/billing/refundsend.go",
				Old:  `Where(attempt.ID(a.ID), attempt.StatusEQ(pay.AttemptCaptured), attempt.DoubtSinceIsNil()).`,
				New:  `Where(attempt.ID(a.ID), attempt.StatusEQ(pay.AttemptCaptured)).`,
			}},
			Tests: billing, Run: "TestService_Refund(Races|Crashes)",
		},
		{
			Name: "refund-of-what-is-on-its-way", Harm: "While one refund of everything is under way another may be asked for: more goes back than was taken.",
			Edits: []Edit{{
				File: "internal/billing/refund.go",
				Old:  `return pay.Of(a.CapturedMinor-a.RefundedMinor-a.RefundingMinor, a.Currency)`,
				New:  `return pay.Of(a.CapturedMinor-a.RefundedMinor, a.Currency)`,
			}},
			Tests: billing, Run: "TestService_Refund(Races|$)",
		},
		{
			Name: "refund-booked-as-earned", Harm: "Money that waited for a person is given back out of what was earned: the books show a loss and money that waits for ever.",
			Edits: []Edit{{
				File: "internal/billing/refundsettle.go",
				Old:  `transfer := pay.RefundTransfer(r.ID, a.Account, r.Source, amount)`,
				New:  `transfer := pay.RefundTransfer(r.ID, a.Account, pay.AccountRefunds, amount)`,
			}},
			Tests: billing, Run: "TestService_ResolveByRefund",
		},
		{
			Name: "refund-booked-under-no-key", Harm: "A refund that is recorded by its answer and by a question is booked twice: the provider seems to owe us money that it gave the payer.",
			Edits: []Edit{{
				File: "internal/pay/refund.go",
				Old: `		Key:   refundKey + refund.String(),
		Entry: EntryRefund,
		Legs: []Leg{
			{Kind: from, Amount: amount.Neg()},
			{Kind: AccountClearing,`,
				New: `		Key:   refundKey + refund.String() + amount.String(),
		Entry: EntryRefund,
		Legs: []Leg{
			{Kind: from, Amount: amount.Neg()},
			{Kind: AccountClearing,`,
			}},
			Tests: append([]string{"./internal/pay"}, billing...), Run: "Refund",
		},
		{
			Name: "refund-not-restored", Harm: "A gift whose refund the bank refused stays withdrawn: the payer has neither the gift nor the money.",
			Edits: []Edit{{
				File: "internal/billing/refundsettle.go",
				Old:  `	if err := s.withReturner(ctx, tx, b, r, Returner.Restore); err != nil {`,
				New:  `	if err := error(nil); err != nil {`,
			}},
			Tests: append([]string{"./internal/gifts", "./internal/wallets"}, billing...), Run: "Re(fund|turn|store)",
		},
		{
			Name: "refund-by-any-amount", Harm: "A provider that gave back another amount than was asked is taken at its word that nothing was given back.",
			Edits: []Edit{{
				File: "internal/pay/refund.go",
				Old:  `case err != nil, e.Left != after && e.Left != e.Taken:`,
				New:  `case err != nil:`,
			}},
			Tests: append([]string{"./internal/pay"}, billing...), Run: "Refund",
		},
		{
			Name: "refund-denied-too-early", Harm: "A provider that has not heard of a refund yet is believed; it is asked for again, and paid twice.",
			Edits: []Edit{{
				File: "internal/pay/refund.go",
				Old:  `case e.Refunding, !e.Settled, !e.Tells`,
				New:  `case e.Refunding, !e.Tells`,
			}},
			Tests: append([]string{"./internal/pay"}, billing...), Run: "Refund",
		},
		{
			Name: "refund-silence-is-no", Harm: "A provider that never tells of partial refunds is taken to deny one, and the part is given back twice.",
			Edits: []Edit{{
				File: "internal/pay/refund.go",
				Old:  `!e.Settled, !e.Tells && !after.IsZero():`,
				New:  `!e.Settled:`,
			}},
			Tests: append([]string{"./internal/pay"}, billing...), Run: "Refund",
		},
		{
			Name: "refund-old-answer", Harm: "What a provider said before a refund is held against it afterwards: an alarm about money that is where it should be.",
			Edits: []Edit{{
				File: "internal/billing/ask.go",
				Old:  `case now.RefundedMinor != a.RefundedMinor,`,
				New:  `case now.RefundedMinor < 0,`,
			}},
			Tests: billing, Run: "TestService_RefundAndOldNews",
		},
		{
			Name: "approval-by-oneself", Harm: "One person alone gives back any sum: they ask for it and approve it.",
			Edits: []Edit{{
				File: "internal/billing/refundapprove.go",
				Old:  `case isOwn(v, r):`,
				New:  `case isOwn(v, r) && false:`,
			}},
			Tests: billing, Run: "TestService_RefundApproval",
		},
		{
			Name: "refund-limit-each", Harm: "SUPPORT gives back any sum in parts, each below the limit.",
			Edits: []Edit{{
				File: "internal/billing/refundrequest.go",
				Old:  `if before+amount.Amount <= most {`,
				New:  `if amount.Amount <= most {`,
			}},
			Tests: billing, Run: "TestService_RefundLimits",
		},
		{
			Name: "approval-limit-each", Harm: "Any sum goes back without a second person, in parts.",
			Edits: []Edit{{
				File: "internal/billing/refundrequest.go",
				Old:  `w.waits = limited && w.bill.RefundedMinor+w.bill.RefundingMinor+w.amount.Amount > sum`,
				New:  `w.waits = limited && w.amount.Amount > sum`,
			}},
			Tests: billing, Run: "TestService_RefundApproval",
		},
		{
			Name: "refund-beside-a-case", Harm: "Money that a person is deciding about is given back by another; then it is accepted, too.",
			Edits: []Edit{{
				File: "internal/billing/allowed.go",
				Old:  `case hasOpen(cases, a.ID, pay.ReviewReason.DecidesMoney):`,
				New:  `case hasOpen(nil, a.ID, pay.ReviewReason.DecidesMoney):`,
			}},
			Tests: billing, Run: "Refund",
		},
		{
			Name: "refund-after-a-chargeback", Harm: "The payer's bank has taken the money back, and the payer is given it once more.",
			Edits: []Edit{{
				File: "internal/billing/refundsend.go",
				Old:  `	if contested {`,
				New:  `	if contested && false {`,
			}},
			Tests: billing, Run: "TestService_RefundApproval",
		},
		{
			Name: "given-while-it-goes-back", Harm: "What a payer bought is given while their money goes back: they have both.",
			Edits: []Edit{{
				File: "internal/billing/fulfil.go",
				Old:  `		if returning > 0 {`,
				New:  `		if returning < 0 {`,
			}},
			Tests: billing, Run: "TestService_Refund(TakesBack|Races)",
		},
		{
			Name: "refunded-page-stays-open", Harm: "Who has all of their money back keeps what they bought.",
			Edits: []Edit{{
				File: "internal/entitlements/returned.go",
				Old:  `	if !r.ReturnsAll || p.RefundPolicy == pay.RefundKeep {`,
				New:  `	if r.ReturnsAll || p.RefundPolicy == pay.RefundKeep {`,
			}},
			Tests: []string{"./internal/entitlements"},
		},
		{
			Name: "refunded-gift-stays-good", Harm: "A gift is redeemed while its money goes back to the buyer.",
			Edits: []Edit{{
				File: "internal/gifts/returned.go",
				Old:  `	return s.Void(ctx, tx, b.ID)`,
				New:  `	return nil`,
			}},
			Tests: []string{"./internal/gifts"},
		},
		{
			Name: "refunded-top-up-is-spent", Harm: "What filled a wallet is given back, and may be spent meanwhile.",
			Edits: []Edit{{
				File: "internal/wallets/returned.go",
				Old:  `	if p.RefundPolicy == pay.RefundKeep || b.UserID == nil {`,
				New:  `	if p.RefundPolicy != "" || b.UserID == nil {`,
			}},
			Tests: []string{"./internal/wallets"},
		},
		{
			Name: "old-period-ends-a-subscription", Harm: "Giving back a period of last year ends the subscription that is paid today.",
			Edits: []Edit{{
				File: "internal/subscriptions/returned.go",
				Old:  `|| given.EndsAt.Before(*st.row.CurrentPeriodEnd) {`,
				New:  `|| given.EndsAt.IsZero() {`,
			}},
			Tests: []string{"./internal/subscriptions"}, Run: "Return|Refund",
		},
		{
			Name: "bill-read-in-pieces", Harm: "A payer is shown a refund that is done beside nothing returned, and asks for it again.",
			Edits: []Edit{{
				File: "internal/billing/read.go",
				Old:  `	if !want.moves() {`,
				New:  `	if !want.moves() || true {`,
			}},
			Tests: []string{"./graph"}, Run: "TestBill_OfOneMoment",
		},
		{
			Name: "refund-of-what-was-contested", Harm: "What a bank took back already is given back once more by one person.",
			Edits: []Edit{{
				File: "internal/billing/refundrequest.go",
				Old:  `w.waits = w.waits || wasContested(cases, a.ID)`,
				New:  `w.waits = w.waits || wasContested(cases, a.ID) && false`,
			}},
			Tests: billing, Run: "TestService_RefundOfWhatWasContested",
		},
		{
			Name: "not-done-and-forgotten", Harm: "A refund that its vendor does after all is never noticed, and goes back a second time.",
			Edits: []Edit{
				{
					File: "internal/billing/refundsettle.go",
					Old:  `tx.Now.Add(lostPoll))); err != nil {`,
					New:  `tx.Now.Add(1000*lostPoll))); err != nil {`,
				},
				{
					File: "internal/billing/reconcile.go",
					Old:  `refund.StatusIn(pay.RefundSucceeded, pay.RefundFailed), refund.HasAttemptWith`,
					New:  `refund.StatusIn(pay.RefundSucceeded), refund.HasAttemptWith`,
				},
			},
			Tests: billing, Run: "TestService_RefundDoneAfterItFailed",
		},
		{
			Name: "old-failure-breaks-a-promise", Harm: "A refund that the vendor has promised is called failed for the failure of the one before, and is given again.",
			Edits: []Edit{{
				File: "internal/billing/refundsend.go",
				Old:  `		kind = kindAcceptedAgain`,
				New:  `		kind = kindAccepted`,
			}},
			Tests: billing, Run: "TestService_RefundPromisedAfterOneFailed",
		},
		{
			Name: "gift-stays-void", Harm: "A gift whose money was kept after all cannot be redeemed.",
			Edits: []Edit{{
				File: "internal/gifts/returned.go",
				Old:  `gift.StatusEQ(pay.GiftVoided)).Only(ctx)`,
				New:  `gift.StatusEQ(pay.GiftVoided), gift.VoidedAt(r.CreatedAt)).Only(ctx)`,
			}, {
				File: "internal/gifts/returned.go",
				Old: `_ *ent.Product, _ *ent.Refund) error {
	voided, err`,
				New: `_ *ent.Product, r *ent.Refund) error {
	voided, err`,
			}},
			Tests: []string{"./internal/gifts"}, Run: "Returned|Refund",
		},
		{
			Name: "contested-by-a-case", Harm: "A case gives back by one person what a bank took back already.",
			Edits: []Edit{{
				File: "internal/billing/resolutions.go",
				Old:  `w.waits = w.waits || wasContested(of.cases, w.attempt.ID)`,
				New:  `w.waits = w.waits || wasContested(of.cases, w.attempt.ID) && false`,
			}},
			Tests: billing, Run: "TestService_RefundOfWhatWasContested",
		},
		{
			Name: "late-capture-answer", Harm: "A capture's own late answer fails a refund that was done since, and it is given again.",
			Edits: []Edit{{
				File: "internal/billing/operate.go",
				Old:  `case s.isForAsking(now, result):`,
				New:  `case s.isForAsking(now, result) && false:`,
			}},
			Tests: billing, Run: "TestService_LateAnswers",
		},
		{
			Name: "case-of-money-that-is-back", Harm: "A bill that could not be delivered is never given back: its case is about the duplicate, which is back already.",
			Edits: []Edit{{
				File: "internal/billing/fulfil.go",
				Old:  `source == pay.AccountRefunds && !rest.IsZero() {`,
				New:  `source == pay.AccountRefunds && rest.Amount >= 0 {`,
			}},
			Tests: billing, Run: "TestService_PaidTwice",
		},
	}
}
