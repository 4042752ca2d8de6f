package main

// moneyMutants are faults in what captured money does.
func moneyMutants() []Mutant {
	return []Mutant{
		{
			Name: "settle-guards", Harm: "Two notifications at once both settle one payment, and it is booked as paid twice over.",
			Edits: []Edit{
				{
					File: "internal/billing/settle.go",
					Old:  `tx.Attempt.Update().Where(attempt.ID(a.ID), attempt.StatusEQ(a.Status)).SetStatus(to)`,
					New:  `tx.Attempt.Update().Where(attempt.ID(a.ID)).SetStatus(to)`,
				},
				{
					File: "internal/billing/history.go",
					Old:  `Where(bill.ID(b.ID), bill.Version(b.Version), bill.StatusEQ(from))`,
					New:  `Where(bill.ID(b.ID))`,
				},
			},
			Tests: []string{"./internal/billing"}, Run: "TestService_SettleAtOnce",
		},
		{
			Name: "bill-guard", Harm: "Two payments of one bill at once both find it unpaid, and the second is nobody's.",
			Edits: []Edit{{
				File: "internal/billing/history.go",
				Old:  `Where(bill.ID(b.ID), bill.Version(b.Version), bill.StatusEQ(from))`,
				New:  `Where(bill.ID(b.ID))`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_SettleAtOnce",
		},
		{
			Name: "capture-recorded-already", Harm: "A notification that comes twice turns a paid bill into a duplicate payment that somebody must look at.",
			Edits: []Edit{{
				File: "internal/billing/settle.go",
				Old:  `	if isKnown {`,
				New:  `	if isKnown && false {`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Notify|Way|OldNews)",
		},
		{
			Name: "amount-check", Harm: "A payer who pays 1.00 for a bill of 990.00 gets what the bill is for.",
			Edits: []Edit{{
				File: "internal/pay/capture.go",
				Old:  `case c.Captured.Amount != c.Expected.Amount || c.OtherRun:`,
				New:  `case c.OtherRun:`,
			}},
			Tests: []string{"./internal/pay"},
		},
		{
			Name: "currency-check", Harm: "A payer who pays 990 of a cheap currency gets what costs 990 of a dear one.",
			Edits: []Edit{{
				File: "internal/pay/capture.go",
				Old:  `case c.Captured.Currency != c.Expected.Currency:`,
				New:  `case c.Captured.Currency == "":`,
			}},
			Tests: []string{"./internal/pay"},
		},
		{
			Name: "test-money", Harm: "A test card buys for real.",
			Edits: []Edit{{
				File: "internal/pay/capture.go",
				Old:  `case c.Captured.Amount != c.Expected.Amount || c.OtherRun:`,
				New:  `case c.Captured.Amount != c.Expected.Amount:`,
			}},
			Tests: []string{"./internal/pay"},
		},
		{
			Name: "test-money-unseen", Harm: "The provider says that the money is test money, and nobody listens.",
			Edits: []Edit{{
				File: "internal/billing/settle.go",
				Old:  `OtherRun: r.TestMode != nil && *r.TestMode != a.TestMode,`,
				New:  `OtherRun: false,`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_TestMoney",
		},
		{
			Name: "late-money-pays", Harm: "Money that comes after a bill was canceled pays it behind its merchant's back.",
			Edits: []Edit{{
				File: "internal/pay/capture.go",
				Old:  `return Verdict{Review: ReviewLatePayment, Account: AccountSuspense}`,
				New:  `return Verdict{Account: AccountSales}`,
			}},
			Tests: []string{"./internal/pay"},
		},
		{
			Name: "posting-sign", Harm: "The books say that the shop owes the provider what it has earned.",
			Edits: []Edit{{
				File: "internal/pay/capture.go",
				Old: `{Kind: AccountClearing, Owner: account, Amount: captured.Neg()},
			{Kind: to, Amount: captured},`,
				New: `{Kind: AccountClearing, Owner: account, Amount: captured},
			{Kind: to, Amount: captured.Neg()},`,
			}},
			Tests: []string{"./internal/pay"},
		},
		{
			Name: "posting-unbalanced", Harm: "Money appears in the books from nowhere.",
			Edits: []Edit{{
				File: "internal/pay/posting.go",
				Old:  `if !sum.IsZero() {`,
				New:  `if sum.Amount > 1 {`,
			}},
			Tests: []string{"./internal/pay"},
		},
		{
			Name: "posting-twice", Harm: "A transfer that is posted again is an error, and whoever repeats it after a lost answer is stuck.",
			Edits: []Edit{{
				File: "internal/wallets/post.go",
				Old:  `if err != nil || before > 0 {`,
				New:  `if err != nil || before > 99 {`,
			}},
			Tests: []string{"./internal/wallets"},
		},
		{
			Name: "wallet-overdraft", Harm: "A wallet spends what it does not have.",
			Edits: []Edit{
				{
					File: "internal/wallets/balance.go",
					Old:  `AND available_minor >= ? AND`,
					New:  `AND available_minor + 1000000 >= ? AND`,
				},
				{
					File: "ent/migrate/sqlite/20261122000000_initial.sql",
					Old:  `CHECK (available_minor >= 0)`,
					New:  `CHECK (available_minor >= -1000000)`,
				},
				{
					File: "ent/migrate/postgres/20261122000000_initial.sql",
					Old:  `CHECK (available_minor >= 0)`,
					New:  `CHECK (available_minor >= -1000000)`,
				},
			},
			Tests: []string{"./internal/wallets"},
		},
		{
			Name: "float-decimal", Harm: "An amount goes through a float and loses a kopeck.",
			Edits: []Edit{{
				File: "internal/pay/money.go",
				Old:  `amount, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", exponent-len(fraction)), 10, 64)`,
				New: `major, err := strconv.ParseFloat(strings.TrimPrefix(s, "-"), 64)
	amount := int64(major * math.Pow10(exponent))`,
			}},
			Tests: []string{"./internal/pay"},
		},
		{
			Name: "float-wire", Harm: "What the provider says that it took goes through a float of roubles, and a right payment looks wrong.",
			Edits: []Edit{{
				File: "providers/payture/wire.go",
				Old: `n, err := strconv.ParseInt(s, 10, 64)
	return n, err`,
				New: `kopecks, err := strconv.ParseFloat(s, 64)
	n := int64(kopecks / 100 * 100)
	return n, err`,
			}},
			Tests: []string{"./providers/payture"},
		},
		{
			Name: "fulfil-twice", Harm: "A bill that is DONE is given again each time its job runs.",
			Edits: []Edit{{
				File: "internal/billing/fulfil.go",
				Old: `		if b.Status != pay.BillPaid {
			return nil
		}
`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(JobsOutOfTurn|Fulfil)",
		},
		{
			Name: "fulfil-outside", Harm: "A bill is DONE before it was fulfilled: a crash, or an error, leaves its payer with nothing.",
			Edits: []Edit{{
				File: "internal/billing/fulfil.go",
				Old: `			if err := fulfiller.Fulfil(ctx, tx, b, product); err != nil {
				return fmt.Errorf("fulfil bill %s: %w", id, err)
			}
`,
				New: `			tx.AfterCommit(func() {
				_ = s.Store.InTx(ctx, func(ctx context.Context, own *store.Tx) error { return fulfiller.Fulfil(ctx, own, b, product) })
			})
`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Fulfil|Refused)",
		},
		{
			Name: "entitlement-key", Harm: "A job that runs again gives the same thing twice.",
			Edits: []Edit{
				{
					File: "internal/entitlements/entitlements.go",
					Old: `tx.Entitlement.CreateBulk(rows...).
		OnConflictColumns(entitlement.FieldBillID, entitlement.FieldKind, entitlement.FieldResource).
		DoNothing().Exec(ctx)`,
					New: `tx.Entitlement.CreateBulk(rows...).
		OnConflictColumns(entitlement.FieldID).
		DoNothing().Exec(ctx)`,
				},
				{
					File: "ent/migrate/sqlite/20261122000000_initial.sql",
					Old:  "CREATE UNIQUE INDEX `entitlement_bill_id_kind_resource`",
					New:  "CREATE INDEX `entitlement_bill_id_kind_resource`",
				},
				{
					File: "ent/migrate/postgres/20261122000000_initial.sql",
					Old:  `CREATE UNIQUE INDEX "entitlement_bill_id_kind_resource"`,
					New:  `CREATE INDEX "entitlement_bill_id_kind_resource"`,
				},
			},
			Tests: []string{"./internal/entitlements"},
		},
		{
			Name: "release-others", Harm: "Two holds for one bill: one is taken, the other ties the payer's money up until it lapses.",
			Edits: []Edit{{
				File: "internal/billing/settle.go",
				Old: `	if err := s.releaseOthers(ctx, tx, b, a); err != nil {
		return err
	}
`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Hold|LateHold|Doubt)",
		},
		{
			Name: "outbox-row", Harm: "The merchant is never told of a payment.",
			Edits: []Edit{{
				File: "internal/billing/history.go",
				Old: `	err := tx.OutboxMessage.Create().
		SetID(pay.NewOutboxMessageID(tx.Now)).SetMerchantID(b.MerchantID).
		SetTopic(topic(from, b.Status)).SetObjectID(b.ID.String()).SetVersion(b.Version).
		SetCreatedAt(tx.Now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the message of version %d of bill %s: %w", b.Version, b.ID, err)
	}
`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_Outbox",
		},
		{
			Name: "push-before-commit", Harm: "A screen is told of a payment that is not there yet, or never will be, and is not told again.",
			Edits: []Edit{{
				File: "internal/billing/history.go",
				Old:  `tx.AfterCommit(func() { s.Feed.Committed(change) })`,
				New:  `s.Feed.Committed(change)`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_Refused",
		},
	}
}
