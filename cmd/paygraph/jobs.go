package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// jobsReport is what `paygraph jobs list --json` prints.
type jobsReport struct {
	Parked  []jobs.ParkedJob  `json:"parked"`  // the longest parked first, no more than --limit
	Failing []jobs.FailingJob `json:"failing"` // those that failed most often first, no more than --limit
	Kinds   []jobs.KindCounts `json:"kinds"`   // all jobs, counted
}

func runJobsList(ctx context.Context, args []string, env environment) error {
	flags := newFlags(env, "jobs list", "[--data DIR | --database URL] [--limit N] [--json]",
		"Lists the parked jobs, which gave up and wait for a person: id, kind, key, tries,\nsince when, last error; then the failing ones, which are tried again by themselves\nand have failed five times in a row at least. Then counts the jobs of each kind:\nwaiting, of those overdue, running, parked, failing. Many overdue jobs of a server that is up mean that it cannot keep\npace, or that its database does not answer. It changes nothing.")
	database := addDatabaseFlags(flags)
	limit := flags.Int("limit", 100, "list no more parked jobs, and no more failing ones, than this")
	asJSON := flags.Bool("json", false, "print one JSON object")
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	if *limit < 1 {
		_, _ = fmt.Fprintf(flags.Output(), "paygraph %s: --limit is 1 or more\n\n", flags.Name())
		flags.Usage()
		return errMisused
	}
	return withStore(ctx, env, database, func(ctx context.Context, s *store.Store) error {
		var report jobsReport
		var err error
		if report.Parked, err = jobs.Parked(ctx, s, *limit); err != nil {
			return err
		}
		if report.Failing, err = jobs.Failing(ctx, s, *limit); err != nil {
			return err
		}
		if report.Kinds, err = jobs.Counts(ctx, s); err != nil {
			return err
		}
		if *asJSON {
			encoder := json.NewEncoder(env.Stdout)
			encoder.SetIndent("", "  ")
			return encoder.Encode(report)
		}
		report.write(env)
		return nil
	})
}

func (r jobsReport) write(env environment) {
	for _, p := range r.Parked {
		_, _ = fmt.Fprintf(env.Stdout, "%s\t%s\t%s\t%d tries\t%s\t%s\n",
			p.ID, p.Kind, p.Key, p.Tries, p.ParkedAt.Format(time.RFC3339), p.LastError)
	}
	for _, f := range r.Failing {
		_, _ = fmt.Fprintf(env.Stdout, "%s\t%s\t%s\t%d tries\tfailing, again at %s\t%s\n",
			f.ID, f.Kind, f.Key, f.Tries, f.RunAt.Format(time.RFC3339), f.LastError)
	}
	var parked, failing int64
	for _, k := range r.Kinds {
		parked += k.Parked
		failing += k.Failing
		_, _ = fmt.Fprintf(env.Stdout, "%s\t%d waiting\t%d overdue\t%d running\t%d parked\t%d failing\n",
			k.Kind, k.Waiting, k.Overdue, k.Running, k.Parked, k.Failing)
	}
	if hidden := parked - int64(len(r.Parked)); hidden > 0 {
		_, _ = fmt.Fprintf(env.Stderr, "%d more are parked: a higher --limit lists them\n", hidden)
	}
	if hidden := failing - int64(len(r.Failing)); hidden > 0 {
		_, _ = fmt.Fprintf(env.Stderr, "%d more are failing: a higher --limit lists them\n", hidden)
	}
	if failing > 0 {
		_, _ = fmt.Fprintln(env.Stderr, "failing jobs are tried again by themselves: take the cause of their errors away")
	}
	if parked > 0 {
		_, _ = fmt.Fprintln(env.Stderr, "when the cause of an error is gone, run its job again: paygraph jobs retry ID... or --all")
	}
}

func runJobsRetry(ctx context.Context, args []string, env environment) error {
	flags := newFlags(env, "jobs retry", "[--data DIR | --database URL] ID... | --all",
		"Has parked jobs run again, now and with all their tries: a running server finds them\nwithin a second. Prints the id of each. See paygraph jobs list for the ids and for why\nthey were parked: a job whose cause is still there is parked again.")
	database := addDatabaseFlags(flags)
	all := flags.Bool("all", false, "every parked job")
	ids, err := parseJobIDs(flags, args, all)
	if err != nil {
		return err
	}
	return withStore(ctx, env, database, func(ctx context.Context, s *store.Store) error {
		if *all {
			n, err := jobs.RetryAll(ctx, s)
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(env.Stdout, "%d jobs run again\n", n)
			return nil
		}
		var refused []error
		for _, id := range ids {
			if err := jobs.Retry(ctx, s, id); err != nil {
				refused = append(refused, errors.New(explain(err))) // the others go on
				continue
			}
			_, _ = fmt.Fprintln(env.Stdout, id)
		}
		if len(refused) > 0 {
			return fmt.Errorf("%w\n`paygraph jobs list` lists the parked jobs", errors.Join(refused...))
		}
		return nil
	})
}

// parseJobIDs reads the flags and one id at least, or none with --all.
func parseJobIDs(flags *flag.FlagSet, args []string, all *bool) ([]pay.JobID, error) {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, errMisused // the flag package has said what is wrong
	}
	misused := func(what string) error {
		_, _ = fmt.Fprintf(flags.Output(), "paygraph %s: %s\n\n", flags.Name(), what)
		flags.Usage()
		return errMisused
	}
	if *all != (flags.NArg() == 0) {
		return nil, misused("want the ids of parked jobs, or --all")
	}
	ids := make([]pay.JobID, flags.NArg())
	for at, text := range flags.Args() {
		if err := ids[at].UnmarshalText([]byte(text)); err != nil || ids[at].IsZero() {
			return nil, misused(fmt.Sprintf("%q is no job's id: want job_ and 26 characters, as paygraph jobs list prints them", text))
		}
	}
	return ids, nil
}

// withStore opens the database for a command that works on it alone.
func withStore(ctx context.Context, env environment, d databaseFlags, f func(context.Context, *store.Store) error) (err error) {
	s, err := d.open(ctx, env, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return f(ctx, s)
}
