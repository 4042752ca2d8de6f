package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/paygraph/paygraph/internal/check"
)

func runCheck(ctx context.Context, args []string, env environment) (err error) {
	flags := newFlags(env, "check", "[--data DIR | --database URL] [--sandbox URL] [--json]",
		"Checks that the money is right: legal histories, postings that sum to zero, balances\nthat are the fold of their entries, one fulfilment a bill, and, with --sandbox, that\nwhat the providers took is what we recorded. Prints each breach and exits 1 on any.\nIt changes nothing and shares no code with what it checks.")
	database := addDatabaseFlags(flags)
	sandboxURL := flags.String("sandbox", "", "the sandbox whose book is compared; empty: that part is left out")
	asJSON := flags.Bool("json", false, "print the report as JSON")
	strict := flags.Bool("strict", false, "count money that is still being asked about as a breach too")
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
