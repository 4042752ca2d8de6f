package main

// jobMutants are faults in who runs what, and how often.
func jobMutants() []Mutant {
	return []Mutant{
		{
			Name: "fence-unchecked", Harm: "A process that was asleep writes over what another has done in its place.",
			Edits: []Edit{{
				File: "internal/jobs/finish.go",
				Old:  `AND fence = ? AND lease_until IS NOT NULL`,
				New:  `AND fence >= ? AND lease_until IS NOT NULL`,
			}},
			Tests: []string{"./internal/jobs"},
		},
		{
			Name: "lease-not-extended", Harm: "A long job is taken away from who runs it, and runs twice at a time.",
			Edits: []Edit{{
				File: "internal/jobs/lease.go",
				Old:  `time.AfterFunc(r.o.Lease/3, l.extend)`,
				New:  `time.AfterFunc(r.o.Lease*30, l.extend)`,
			}},
			Tests: []string{"./internal/jobs"}, Run: "TestLease",
		},
		{
			Name: "lease-not-respected", Harm: "Two processes run the same job at the same time.",
			Edits: []Edit{{
				File: "internal/jobs/claim.go",
				Old:  `(lease_until IS NULL OR lease_until <= ? OR lease_until > ?)`,
				New:  `(lease_until IS NULL OR lease_until <= ? OR lease_until > ? OR lease_until IS NOT NULL)`,
			}},
			Tests: []string{"./internal/jobs"}, Run: "TestRunner_(DatabaseAway|TwoProcesses)",
		},
		{
			Name: "claim-unlocked", Harm: "Two processes on one Postgres claim the same jobs.",
			Edits: []Edit{{
				File: "internal/jobs/claim.go",
				Old:  `ORDER BY run_at LIMIT ? FOR UPDATE SKIP LOCKED`,
				New:  `ORDER BY run_at LIMIT ?`,
			}},
			Tests: []string{"./internal/jobs"},
		},
		{
			Name: "rerun-lost", Harm: "News that comes while a job runs is thrown away with the job.",
			Edits: []Edit{{
				File: "internal/jobs/finish.go",
				Old:  "`DELETE FROM jobs`+ours+` AND rerun_at IS NULL`",
				New:  "`DELETE FROM jobs`+ours",
			}},
			Tests: []string{"./internal/jobs"},
		},
		{
			Name: "poison-never-parked", Harm: "A job that can never succeed is tried for ever and nobody is told.",
			Edits: []Edit{{
				File: "internal/jobs/policy.go",
				Old:  `park:    parked || p.isLast(try),`,
				New:  `park:    parked,`,
			}},
			Tests: []string{"./internal/jobs"},
		},
	}
}
