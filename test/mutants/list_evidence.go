package main

// evidenceMutants are faults in what is believed, kept and asked of people.
func evidenceMutants() []Mutant {
	return []Mutant{
		{
			Name: "acknowledged-before-stored", Harm: "The provider is told that we have its notification, we lose it, and it is never sent again.",
			Edits: []Edit{{
				File: "internal/billing/notified.go",
				Old: `		if err := s.takeEvent(ctx, account, event, body, n.Order != nil); err != nil {
			return providers.Reply{}, err
		}
`,
				New: `		go func() { _ = s.takeEvent(context.WithoutCancel(ctx), account, event, body, n.Order != nil) }()
`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Notify|Refused)",
		},
		{
			Name: "signed-events-repeat", Harm: "One notification that is sent a thousand times makes a thousand rows and jobs.",
			Edits: []Edit{{
				File: "internal/billing/notified.go",
				Old:  `SetEventKey(event.Key)`,
				New:  `SetEventKey(event.Key + id.Suffix())`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_NotifySigned",
		},
		{
			Name: "hints-deduplicated", Harm: "Somebody sends a forged hint first, and the provider's own is thrown away.",
			Edits: []Edit{{
				File: "internal/billing/notified.go",
				Old:  `create.SetEventKey("hint/" + id.String())`,
				New:  `create.SetEventKey("hint/" + event.Ref.OrderNumber)`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Asked|Notify)",
		},
		{
			Name: "early-event-dropped", Harm: "A signed event that is faster than our own commit is taken for another program's.",
			Edits: []Edit{{
				File: "internal/billing/notified.go",
				Old:  `if a == nil && s.now().Before(event.ReceivedAt.Add(eventPatience)) {`,
				New:  `if a == nil && s.now().Before(event.ReceivedAt) {`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_NotifySigned",
		},
		{
			Name: "strangers-money", Harm: "Money at the provider that belongs to no bill of ours is nobody's.",
			Edits: []Edit{{
				File: "internal/billing/strangers.go",
				Old:  `if r.Status != providers.Captured || r.Captured.IsZero() {`,
				New:  `if r.Status != providers.Refunded || r.Captured.IsZero() {`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_Notify",
		},
		{
			Name: "answer-of-another-order", Harm: "A payer pays a cheap order and shows its answer for a dear one.",
			Edits: []Edit{{
				File: "providers/payture/sync.go",
				Old:  `if !answer.isFor(ref.OrderNumber) {`,
				New:  `if answer.get("OrderId") == "none" {`,
			}, {
				File: "providers/payture/sync.go",
				Old:  `if !answer.repeats("OrderId", ref.OrderNumber) {`,
				New:  `if answer.get("OrderId") == "none" {`,
			}},
			Tests: []string{"./providers/payture"},
		},
		{
			Name: "success-is-enough", Harm: "Success=True with a state that nobody has heard of counts as paid.",
			Edits: []Edit{{
				File: "providers/payture/states.go",
				Old: `	return stateUnknown
}`,
				New: `	return stateCharged
}`,
			}},
			Tests: []string{"./providers/payture"},
		},
		{
			Name: "resolved-twice", Harm: "A case that one person has ended is ended again by another, in another way, and both are carried out.",
			Edits: []Edit{{
				File: "internal/billing/resolve.go",
				Old:  `case c.Resolution != nil:`,
				New:  `case c.Resolution != nil && *c.Resolution == "":`,
			}, {
				File: "internal/billing/resolve.go",
				Old:  `Where(reviewcase.ID(id), reviewcase.ResolvedAtIsNil())`,
				New:  `Where(reviewcase.ID(id))`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_Resolve",
		},
		{
			Name: "resolved-guard", Harm: "Two people end one case in the same instant, on Postgres.",
			Edits: []Edit{{
				File: "internal/billing/resolve.go",
				Old:  `Where(reviewcase.ID(id), reviewcase.ResolvedAtIsNil())`,
				New:  `Where(reviewcase.ID(id))`,
			}},
			Tests:    []string{"./internal/billing"},
			Run:      "TestService_ResolveRace",
			Accepted: "two more guards stand behind it, the bill's version and the one message that a case's version may have, and either undoes the second person's work",
		},
		{
			Name: "resolved-without-note", Harm: "Nobody can say later why a case was ended.",
			Edits: []Edit{{
				File: "internal/billing/resolve.go",
				Old:  `if strings.TrimSpace(text) == "" {`,
				New:  `if text == "none" {`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_ResolveInput",
		},
		{
			Name: "resolve-role", Harm: "Support, who may only look, gives money away.",
			Edits: []Edit{{
				File: "internal/billing/resolve.go",
				Old:  `if v.Role != pay.RoleFinance && v.Role != pay.RoleAdmin {`,
				New:  `if v.Role == pay.RolePublic {`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_ResolveInput",
		},
		{
			Name: "auth-directive", Harm: "A payer calls what is for the merchant.",
			Edits: []Edit{{
				File: "graph/auth.go",
				Old:  `case !slices.Contains(roles, role):`,
				New:  `case !slices.Contains(roles, role) && role == pay.RolePublic:`,
			}},
			Tests: []string{"./graph"},
		},
		{
			Name: "others-bills", Harm: "Every signed-in user reads every bill of the shop.",
			Edits: []Edit{{
				File: "internal/store/access.go",
				Old:  `return bill.And(bill.MerchantID(v.Merchant), bill.UserID(v.User))`,
				New:  `return bill.MerchantID(v.Merchant)`,
			}},
			Tests: []string{"./internal/store"}, Run: "Access|Read|Sees",
		},
		{
			Name: "others-wallets", Harm: "Every signed-in user reads everybody's wallet.",
			Edits: []Edit{{
				File: "internal/store/access.go",
				Old:  `q.Where(wallet.MerchantID(v.Merchant), ownOr(v, wallet.UserID))`,
				New:  `q.Where(wallet.MerchantID(v.Merchant))`,
			}},
			Tests: []string{"./internal/store"},
		},
		{
			Name: "return-token-compare", Harm: "The code of a return page is compared in a time that depends on how much of it is right.",
			Edits: []Edit{{
				File: "internal/billing/returned.go",
				Old:  `hmac.Equal([]byte(token), []byte(addressTokenBy(key, what, id)))`,
				New:  `(token == addressTokenBy(key, what, id))`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Guest|Way|Pay)",
			Accepted: "the answers are the same, and nanoseconds cannot be told from noise on a shared machine; it is held by review",
		},
	}
}
