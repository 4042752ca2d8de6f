package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/paygraph/paygraph/internal/check"
)

func runCheck(ctx context.Context, args []string, env environment) (err error) {
	flags := newFlags(env, "check", "[--data DIR | --database URL] [--sandbox URL] [--strict] [--json]",
		"Checks that the money is right: legal histories, postings that sum to zero, balances\nthat are the fold of their entries, one fulfilment a bill, nothing in doubt that\nnobody asks about, and, with --sandbox, that what the providers took is what we\nrecorded. Prints each breach with its ids and exits 1 on any; what the program may\nstill mend by itself is pending and fails nothing. It changes nothing and shares no\ncode with what it checks.")
	database := addDatabaseFlags(flags)
	sandboxURL := flags.String("sandbox", "", "the sandbox whose book is compared; empty: that part is left out")
	asJSON := flags.Bool("json", false, "print the report as JSON")
	strict := flags.Bool("strict", false, "for a program at rest: what is pending is a breach, and so is a job that has a lease or is overdue")
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	s, err := database.openPatiently(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	report, err := check.Run(ctx, check.Options{
		Store: s, Clock: s.Clock(), Sandbox: *sandboxURL, Strict: *strict,
		HTTP: &http.Client{Timeout: 30 * time.Second},
	})
	if err != nil {
		return err
	}
	write := report.WriteText
	if *asJSON {
		write = report.WriteJSON
	}
	if err := write(env.Stdout); err != nil {
		return err
	}
	if len(report.Breaches) > 0 {
		return errBreach
	}
	return nil
}
