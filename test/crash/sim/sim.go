// Package sim plays months of a shop's life in seconds: the real services on
// SQLite in memory, Payture's sandbox behind an in-memory transport, payers,
// merchants, notifications, faults, clock jumps and deaths of the process, all by
// one injected clock and one seeded source of chance. When the days are over and
// the faults stop, the invariants of money must hold, and what a payer was told
// must be true.
//
// One seed is one goroutine's work at a time, so a seed always gives the same
// trace and the same hash of it. While a provider is being called, other things of
// that moment happen first: a notification, a second tab, a due job. That is how
// one thread plays many.
//
// The process dies inside provider calls in every build, and at the points of
// package crashpoint in one with the tag crashpoints. Those are the process's own,
// so Run plays one seed after another, and Main starts a process for each core.
//
// It changes nothing of the services and is for tests only. Start with Run, then
// world.go, shop.go and judge.go.
package sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/paygraph/paygraph/internal/store"
)

// Options say what is played.
type Options struct {
	First  uint64 // the first seed
	Seeds  int    // how many; 0: 1
	Stride int    // from one seed to the next; 0: 1
	Days   int    // of traffic, before two quiet ones; 0: 30

	Trace io.Writer       // gets the whole trace; nil: nobody
	Each  func(r *Result) // called after each seed; nil: nobody

	meddle func(ctx context.Context, s *store.Store) error // runs once, after three quarters of the days: how a test proves that a breach is seen
}

// Result is how one seed went.
type Result struct {
	Seed          uint64   `json:"seed"`
	Bills         int      `json:"bills"`         // that the shop acknowledged
	Payments      int      `json:"payments"`      // captures in the sandbox's book
	Reviews       int      `json:"reviews"`       // review cases
	Cards         int      `json:"cards"`         // that were saved
	Renewals      int      `json:"renewals"`      // paid periods of subscriptions
	Gifts         int      `json:"gifts"`         // that were redeemed
	Refunds       int      `json:"refunds"`       // that the shop was told of
	Crashes       int      `json:"crashes"`       // deaths of the process
	Faults        int      `json:"faults"`        // calls of a provider that went wrong
	Jumps         int      `json:"jumps"`         // of the program's clock
	Notifications int      `json:"notifications"` // that reached the program
	Hash          string   `json:"hash"`          // of the trace, SHA-256 in hex
	Breaches      []string `json:"breaches"`      // what does not hold; empty is right
	Tail          []string `json:"tail"`          // the end of the trace when something does not hold
}

// Report is how all seeds went.
type Report struct {
	Seeds, Bills, Payments, Reviews, Cards, Renewals, Gifts, Refunds, Crashes, Faults, Jumps, Notifications int

	Hash   string    // SHA-256 over the seeds' hashes, in the order of the seeds
	Failed []*Result // the seeds with breaches
}

// Run plays the seeds, one after another. An error means that it could not be
// played (or that ctx ended); a breach is in the report. It takes no part of the
// process for itself but, with the tag crashpoints, the crash points: calls wait
// for each other.
func Run(ctx context.Context, o Options) (Report, error) {
	o.Seeds, o.Stride = max(o.Seeds, 1), max(o.Stride, 1)
	if o.Days <= 0 {
		o.Days = 30
	}
	dir, err := memoryDir()
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	template, err := migrated(ctx, dir)
	if err != nil {
		return Report{}, err
	}
	defer takeCrashPoints()()

	var total totals
	for n := range o.Seeds {
		seed := o.First + uint64(n*o.Stride) //nolint:gosec // both are small and positive
		r, err := play(ctx, o, dir, template, seed)
		if err != nil {
			return total.report(), fmt.Errorf("play seed %d: %w", seed, err)
		}
		total.add(r)
		if o.Each != nil {
			o.Each(r)
		}
	}
	return total.report(), nil
}

// totals gathers results in the order of their seeds.
type totals struct {
	sum    Report
	hashes []byte
}

func (t *totals) add(r *Result) {
	t.sum.Seeds++
	t.sum.Bills += r.Bills
	t.sum.Payments += r.Payments
	t.sum.Reviews += r.Reviews
	t.sum.Cards += r.Cards
	t.sum.Renewals += r.Renewals
	t.sum.Gifts += r.Gifts
	t.sum.Refunds += r.Refunds
	t.sum.Crashes += r.Crashes
	t.sum.Faults += r.Faults
	t.sum.Jumps += r.Jumps
	t.sum.Notifications += r.Notifications
	t.hashes = append(t.hashes, r.Hash...)
	if len(r.Breaches) > 0 {
		t.sum.Failed = append(t.sum.Failed, r)
	}
}

func (t *totals) report() Report {
	sum := sha256.Sum256(t.hashes)
	t.sum.Hash = hex.EncodeToString(sum[:])
	return t.sum
}

// play plays one seed on a database of its own.
func play(ctx context.Context, o Options, dir string, template []byte, seed uint64) (_ *Result, err error) {
	w, err := newWorld(ctx, o, dir, template, seed)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	w.shop()
	if err := w.run(); err != nil {
		return nil, err
	}
	return w.judge()
}
