package main

// doubtMutants are faults in what is done when nobody knows whether money moved,
// and in what is asked, when, and of whom.
func doubtMutants() []Mutant {
	return []Mutant{
		{
			Name: "lost-reply-is-unavailable", Harm: "A capture whose answer was lost counts as not done; it is done again, or the payer is told that nothing was taken.",
			Edits: []Edit{{
				File: "providers/wire/failure.go",
				Old: `		return providers.Unavailable
	}
	return providers.Unknown
}`,
				New: `		return providers.Unavailable
	}
	return providers.Unavailable
}`,
			}},
			Tests: []string{"./providers/wire", "./providers/payture"},
		},
		{
			Name: "unknown-is-failed", Harm: "A capture in doubt is recorded as failed, and may be made a second time.",
			Edits: []Edit{{
				File: "internal/billing/operate.go",
				Old:  `case providers.Unknown, providers.Conflict:`,
				New:  `case providers.Conflict:`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Hold|Doubt)",
		},
		{
			Name: "unknown-blocks-nothing", Harm: "While nobody knows whether the money was taken, the payer is sent to pay again.",
			Edits: []Edit{{
				File: "internal/billing/open.go",
				Old:  `case current.Status.MayHaveTaken() || current.Status == pay.AttemptAuthorized:`,
				New:  `case current.Status == pay.AttemptAuthorized:`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Hold|Doubt|Opening|Pay)",
		},
		{
			Name: "doubt-blocks-no-hold", Harm: "A hold is captured while the capture of another for the same bill is in doubt: the payer pays twice.",
			Edits: []Edit{{
				File: "internal/billing/hold.go",
				Old:  `	if doubted > 0 {`,
				New:  `	if doubted > 1 {`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Hold|Doubt|LateHold)",
		},
		{
			Name: "capture-sent-again", Harm: "A capture in doubt is sent again to a provider that does not know a repetition when it sees one.",
			Edits: []Edit{{
				File: "internal/billing/operate.go",
				Old:  `		return call(ctx, account.Provider, refOf(a), handle)`,
				New: `		ref := refOf(a)
		if result, err := call(ctx, account.Provider, ref, handle); err == nil {
			return result, nil
		}
		return call(ctx, account.Provider, ref, handle)`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Hold|Doubt)",
		},
		{
			Name: "opening-sent-without-end", Harm: "A provider that does not answer is sent one new order number after another, each a page that can be paid.",
			Edits: []Edit{{
				File: "internal/billing/open.go",
				Old:  `again := answer.inDoubt && try < openingTries`,
				New:  `again := answer.inDoubt && try < 4*openingTries`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Opening|Breaker)",
		},
		{
			Name: "doubt-since-crash", Harm: "A process dies during a capture, and the hold looks as if nothing had been sent: it is captured or released again.",
			Edits: []Edit{{
				File: "internal/billing/operate.go",
				Old: `attempt.StatusEQ(pay.AttemptAuthorized)).
		SetDoubtSince(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return fmt.Errorf("watch`,
				New: `attempt.StatusEQ(pay.AttemptAuthorized)).
		SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return fmt.Errorf("watch`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Hold|Doubt)",
		},
		{
			Name: "not-found-at-once", Harm: "The provider has not heard of our capture yet, and we take that for never: the bill is paid a second time.",
			Edits: []Edit{{
				File: "internal/billing/ask.go",
				Old:  `case !s.hasSettled(a, tx.Now) || !a.Status.MayHaveTaken()`,
				New:  `case !a.Status.MayHaveTaken()`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Asked|OldNews)",
		},
		{
			Name: "still-held-at-once", Harm: "The provider has not done our capture yet, and we take it for refused: it is made a second time.",
			Edits: []Edit{{
				File: "internal/billing/settle.go",
				Old: `	if !s.hasSettled(a, tx.Now) {
		return nil
	}
`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Doubt|Hold)",
		},
		{
			Name: "no-case-after-a-day", Harm: "Money stays in doubt for ever and nobody is told.",
			Edits: []Edit{{
				File: "internal/billing/watch.go",
				Old:  `inDoubt := a.DoubtSince != nil && !s.now()`,
				New:  `inDoubt := a.DoubtSince == nil && !s.now()`,
			}, {
				File: "internal/billing/watch.go",
				Old:  `.Before(a.DoubtSince.Add(doubtEnds))`,
				New:  `.Before(a.CreatedAt.Add(100 * doubtEnds))`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_Doubt",
		},
		{
			Name: "outage-over-unnoticed", Harm: "After an outage each payment in doubt waits for its own next question, ten minutes or an hour away.",
			Edits: []Edit{{
				File: "internal/billing/watch.go",
				Old:  `return s.askAllInDoubt(ctx, job.Key)`,
				New:  `return nil`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Asked|Doubt)",
		},
		{
			Name: "start-takes-nothing-up", Harm: "What a killed process left in doubt waits for its old turn.",
			Edits: []Edit{{
				File: "internal/billing/sweep.go",
				Old: `	for _, account := range s.Accounts.All() {
		if err := s.askAllInDoubt(ctx, account.Code); err != nil {
			return err
		}
	}
`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Doubt|Sweep)",
		},
		{
			Name: "nobody-polls", Harm: "A payment whose notification is lost is never found.",
			Edits: []Edit{{
				File: "internal/billing/open.go",
				Old:  `return a, s.askAt(ctx, tx, id, tx.Now.Add(firstAsk))`,
				New:  `return a, nil`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Way|Opening)",
		},
		{
			Name: "old-page-unwatched", Harm: "A page that we gave up is paid in some tab, and the money is never seen.",
			Edits: []Edit{{
				File: "internal/billing/open.go",
				Old:  `SetWatchUntil(tx.Now.Add(o.Account.Provider.Capabilities().SessionLife + watchAfter))`,
				New:  `SetWatchUntil(tx.Now.Add(o.Account.Provider.Capabilities().SessionLife / 1000))`,
			}, {
				File: "internal/billing/opened.go",
				Old:  `.SetWatchUntil(ends.Add(watchAfter))`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Way|Opening|WrongMoney)",
		},
		{
			Name: "expires-in-doubt", Harm: "A bill whose money may have been taken runs out, and its payer is told to start again.",
			Edits: []Edit{{
				File: "internal/billing/period.go",
				Old:  `		if a.Status.MayHaveTaken() {`,
				New:  `		if a.Status == pay.AttemptSent {`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Doubt|Way|Hold)",
		},
		{
			Name: "expires-early", Harm: "A clock that was set back lets a bill run out before its time.",
			Edits: []Edit{{
				File: "internal/billing/expire.go",
				Old:  `case tx.Now.Before(b.ExpiresAt):`,
				New:  `case b.ExpiresAt.IsZero():`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_JobsOutOfTurn",
		},
		{
			Name: "reconcile-sees-nothing", Harm: "The provider has another sum than our books, and nobody is told.",
			Edits: []Edit{{
				File: "internal/billing/settle.go",
				Old:  `if captured == left || captured == a.Captured() && !s.tellsRefunds(a.Account) {`,
				New:  `if captured.Currency == left.Currency {`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Reconcile|Way|NotifySigned)",
		},
		{
			Name: "old-news", Harm: "An answer that was under way while the capture was recorded raises a false alarm about it.",
			Edits: []Edit{{
				File: "internal/billing/ask.go",
				Old: `		case isOldNews(now, result.Status, *a.AskedAt):
			return nil
`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_OldNews",
		},
		{
			Name: "breaker-counts-declines", Harm: "Ten payers without money close the shop for everybody.",
			Edits: []Edit{{
				File: "internal/billing/call.go",
				Old: `	}
	return breaker.Answered`,
				New: `	}
	return breaker.Failed`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_Breaker",
		},
		{
			Name: "breaker-stops-questions", Harm: "A provider that was away is not asked about the money in doubt when it is back.",
			Edits: []Edit{{
				File: "internal/billing/ask.go",
				Old:  `	result, err := account.Provider.Sync(call, refOf(a))`,
				New: `	result, err := s.guarded(call, account, providers.OpStart, func() (providers.Result, error) {
		return account.Provider.Sync(call, refOf(a))
	})`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Asked|Breaker)",
		},
		{
			Name: "late-answer-believed", Harm: "A process that stood still settles what was true before it, and a charge that was done is made again.",
			Edits: []Edit{{
				File: "internal/billing/ask.go",
				Old:  `isHeldUp(tx.Now.Sub(*a.AskedAt)) && provesAbsence(now, result.Status, kind):`,
				New:  `isHeldUp(tx.Now.Sub(*a.AskedAt)) && provesAbsence(now, result.Status, kind) && false:`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_LateAnswers",
		},
		{
			Name: "stranger-of-the-next-day", Harm: "A bill whose charge was lost is paid with the money of somebody else's order of a day later.",
			Edits: []Edit{{
				File: "internal/billing/adopt.go",
				Old:  `const adoptWithin = time.Hour`,
				New:  `const adoptWithin = 24 * time.Hour`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_Adopt",
		},
		{
			Name: "strangers-at-any-pace", Harm: "A flood of forged numbers makes us ask the provider five times as often as it should.",
			Edits: []Edit{{
				File: "internal/billing/strangers.go",
				Old:  `if wait := s.strangers.wait(account.Code, s.now()); wait > 0 {`,
				New:  `if wait := s.strangers.wait(account.Code, s.now()); wait > strangersEvery {`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_StrangersPace",
		},
	}
}
