package main

// storeMutants are faults in what a commit is worth.
func storeMutants() []Mutant {
	return []Mutant{
		{
			Name: "synchronous-off", Harm: "The power fails, and payments that were acknowledged are gone.",
			Edits: []Edit{{
				File: "internal/store/driver.go",
				Old:  `synchronous := "FULL"`,
				New:  `synchronous := "OFF"`,
			}},
			Tests: []string{"./internal/store"}, Run: "Durable",
		},
		{
			Name: "synchronous-normal", Harm: "As before, and whoever asks the database is told that all is well: only counting its fsyncs tells.",
			Edits: []Edit{{
				File: "internal/store/driver.go",
				Old:  `synchronous := "FULL"`,
				New:  `synchronous := "NORMAL"`,
			}, {
				File: "internal/store/durable.go",
				Old:  `"PRAGMA synchronous": "2"`,
				New:  `"PRAGMA synchronous": "1"`,
			}},
			Tests: []string{"./internal/store"}, Run: "Durable|Syncs",
		},
		{
			Name: "durability-unasked", Harm: "A server that moves real money starts on a Postgres that forgets.",
			Edits: []Edit{{
				File: "cmd/paygraph/serve.go",
				Old:  `if err != nil || c.Mode != config.Live {`,
				New:  `if err != nil || c.Mode != "" {`,
			}},
			Tests: []string{"./cmd/paygraph"}, Run: "TestServe_Durable",
		},
		{
			Name: "blind-retry", Harm: "A commit whose answer was lost is made a second time.",
			Edits: []Edit{{
				File: "internal/store/tx.go",
				Old:  `if try == maxTries || !wasUndone(err) || ctx.Err() != nil {`,
				New:  `if try == maxTries || ctx.Err() != nil {`,
			}},
			Tests: []string{"./internal/store"}, Run: "TestStore_InTx",
		},
		{
			Name: "after-commit-always", Harm: "What must wait for a commit happens although it never came.",
			Edits: []Edit{{
				File: "internal/store/tx.go",
				Old: `	if err := f(ctx, tx); err != nil {
		return nil, err`,
				New: `	if err := f(ctx, tx); err != nil {
		for _, after := range tx.afterCommit {
			after()
		}
		return nil, err`,
			}},
			Tests: []string{"./internal/store"}, Run: "TestStore_InTx",
		},
	}
}
