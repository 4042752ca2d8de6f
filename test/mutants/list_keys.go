package main

// keyMutants are faults in what makes a call safe to repeat.
func keyMutants() []Mutant {
	return []Mutant{
		{
			Name: "key-other-input", Harm: "A key that was used before answers another wish with the old bill.",
			Edits: []Edit{{
				File: "internal/idempotency/idempotency.go",
				Old:  `if !h.equals(found.InputHash) {`,
				New:  `if len(found.InputHash) == 0 {`,
			}},
			Tests: []string{"./internal/idempotency"},
		},
		{
			Name: "key-outside", Harm: "The work is committed, the key's record is not: the repetition does it again.",
			Edits: []Edit{{
				File: "internal/idempotency/idempotency.go",
				Old: `			id := pay.NewIdempotencyRecordID(tx.Now)
			if err := record(tx, id, scope, h, objectID).SetFinishedAt(tx.Now).Exec(ctx); err != nil {
				return fmt.Errorf("finish %s on %q: %w", scope.Mutation, objectID, err)
			}
			return nil
		})
`,
				New: `			return nil
		})
		if err == nil {
			err = s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				return record(tx, pay.NewIdempotencyRecordID(tx.Now), scope, h, objectID).SetFinishedAt(tx.Now).Exec(ctx)
			})
		}
`,
			}},
			Tests: []string{"./internal/idempotency"},
		},
		{
			Name: "key-never-taken-over", Harm: "A call that died with its process keeps its key for ever: the payer can never go on.",
			Edits: []Edit{{
				File: "internal/idempotency/idempotency.go",
				Old:  `until != nil && until.After(now) && !until.After(now.Add(maxLease))`,
				New:  `until != nil && !until.After(now.Add(maxLease))`,
			}},
			Tests: []string{"./internal/idempotency"},
		},
		{
			Name: "key-taken-over-twice", Harm: "Two repetitions of a call that died both go on with its work.",
			Edits: []Edit{{
				File: "internal/idempotency/idempotency.go",
				Old: `idempotencyrecord.FinishedAtIsNil(),
			idempotencyrecord.Or(idempotencyrecord.LeaseUntilLTE(tx.Now), idempotencyrecord.LeaseUntilGT(tx.Now.Add(maxLease)))).`,
				New: `idempotencyrecord.FinishedAtIsNil()).`,
			}},
			Tests: []string{"./internal/idempotency"},
		},
		{
			Name: "try-again-is-final", Harm: "The answer says to try again with the same key, and that key answers so for ever.",
			Edits: []Edit{{
				File: "internal/idempotency/claim.go",
				Old:  `if e.Retry == pay.RetrySameKey {`,
				New:  `if e == nil {`,
			}},
			Tests: []string{"./internal/billing"}, Run: "TestService_(Keys|Breaker|Opening|Create)",
		},
		{
			Name: "twin-is-refused", Harm: "A refund that was sent twice at once answers that nothing is left, and invites to another key.",
			Edits: []Edit{{
				File: "internal/idempotency/idempotency.go",
				Old:  `return keys.afterRefusal(ctx, scope, h, err)`,
				New:  `return "", false, err`,
			}},
			Tests: []string{"./internal/idempotency"}, Run: "TestOnce",
		},
	}
}
