package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// withRig starts what a mode needs, runs it, and removes the folder when all went
// well.
func withRig(ctx context.Context, c *common, name string, out io.Writer, run func(ctx context.Context, r *rig.Rig, out io.Writer) error) error {
	_, _ = fmt.Fprintf(out, "crash %s: --db %s --processes %d --clients %d --seed %d\n", name, c.db, c.processes, c.clients, c.seed)
	r, err := rig.New(ctx, c.options())
	if err != nil {
		return err
	}
	err = run(ctx, r, out)
	if closed := r.Close(); err == nil {
		err = closed
	}
	if err == nil && c.dir == "" {
		return os.RemoveAll(r.Dir)
	}
	_, _ = fmt.Fprintf(out, "everything is left in %s\n", r.Dir)
	return err
}

// rest is how the system came to rest after the faults stopped.
type rest struct {
	report   *rig.Report              // the last
	standing []rig.Breach             // of the last strict one
	broken   []rig.Breach             // of the last one of all, at rest and not strict
	after    time.Duration            // until the first strict check since which nothing stood; 0 when there was none
	last     map[string]time.Duration // when a breach of each invariant last stood
	limits   *common
}

// checker runs `paygraph check` with more arguments: rig.Rig's Check.
type checker func(ctx context.Context, args ...string) (*rig.Report, error)

// settle checks strictly, over and over, until nothing stands and the clients have
// finished, or the limit is reached. The time counts to the beginning of the first
// check since which nothing stood.
//
// What stands is what the check before has found as well: of a server that works,
// a strict check may report the job that runs at that moment, or a payment of which
// it is just being told, and next time it is another one or none. What is new in the
// last check would be forgiven so. Therefore one more check, not strict, ends it:
// there the program's own work is pending, and every breach counts.
func settle(ctx context.Context, check checker, c *common, clients <-chan struct{}, out io.Writer) (*rest, error) {
	began := time.Now()
	s := &rest{last: map[string]time.Duration{}, limits: c}
	var before *rig.Report
	for ctx.Err() == nil {
		at := time.Since(began)
		finished := isClosed(clients)
		report, err := check(ctx, "--strict")
		if err != nil {
			return nil, err
		}
		s.report, s.standing = report, standing(before, report)
		isQuiet := len(s.standing) == 0
		switch {
		case !isQuiet:
			s.after = 0
		case s.after == 0:
			s.after = max(at, 1)
		}
		if finished && isQuiet {
			s.report, err = check(ctx)
			if err != nil {
				return nil, err
			}
			s.broken = s.report.Breaches
			return s, nil
		}
		if finished && at > c.limit {
			return s, nil
		}
		counts := map[string]int{}
		for _, b := range s.standing {
			counts[b.Invariant]++
			s.last[b.Invariant] = at
		}
		if !report.OK {
			_, _ = fmt.Fprintf(out, "%5.1f s after the faults: %d breaches, standing: %v\n", at.Seconds(), len(report.Breaches), counts)
		}
		before = report
		pause(ctx, max(time.Second, 2*(time.Since(began)-at))) // leave the machine to the servers
	}
	return nil, ctx.Err()
}

// openings is the invariant of a card registration whose page was being opened when
// its process died, and whose client never came back: it moves no money, and is
// given up ten minutes later.
const openings = "registrations.pending"

// standing lists the breaches of a report that were in the one before too; all of
// them when there was none. What waits for its client is not among them.
func standing(before, now *rig.Report) []rig.Breach {
	later := slices.DeleteFunc(slices.Clone(now.Breaches), func(b rig.Breach) bool { return b.Invariant == openings })
	if before == nil {
		return later
	}
	known := map[string]bool{}
	for _, b := range before.Breaches {
		known[b.Invariant+" "+strings.Join(b.Objects, " ")] = true
	}
	var stand []rig.Breach
	for _, b := range later {
		if known[b.Invariant+" "+strings.Join(b.Objects, " ")] {
			stand = append(stand, b)
		}
	}
	return stand
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// print writes when what came right, and the breaches that stayed or came last; it
// returns how many violations that makes.
func (s *rest) print(out io.Writer) int {
	for _, name := range slices.Sorted(maps.Keys(s.last)) {
		_, _ = fmt.Fprintf(out, "  %-46s %6.1f s\n", name+" last stood at", s.last[name].Seconds())
	}
	if len(s.standing) > 0 {
		_, _ = fmt.Fprintf(out, "NOT at rest %s after the faults stopped\n", s.limits.limit)
		return printBreaches(out, s.standing)
	}
	_, _ = fmt.Fprintf(out, "at rest %.1f s after the faults stopped\n", s.after.Seconds())
	n := printBreaches(out, s.broken)
	certain := s.certain()
	_, _ = fmt.Fprintf(out, "all of it but payments that no notification told of, which polls find: %.1f s\n", certain.Seconds())
	if certain > s.limits.within {
		_, _ = fmt.Fprintf(out, "VIOLATION rest.late: it must be within %s\n", s.limits.within)
		n++
	}
	return n
}

// certain is the last time at which anything stood that must not wait for a poll's
// turn: doubt, a lease, an overdue job, a paid bill without what was bought. Money
// that was taken on an open page, and of which no notification came, is found when
// the page is asked about next.
func (s *rest) certain() time.Duration {
	var last time.Duration
	for name, at := range s.last {
		if name != "book.matched" {
			last = max(last, at)
		}
	}
	return last
}

// printBreaches writes the first of the breaches and returns how many there are.
func printBreaches(out io.Writer, breaches []rig.Breach) int {
	const most = 40
	for at, b := range breaches {
		if at == most {
			_, _ = fmt.Fprintf(out, "and %d more\n", len(breaches)-most)
			break
		}
		_, _ = fmt.Fprintf(out, "VIOLATION %s %v: %s\n", b.Invariant, b.Objects, b.Detail)
	}
	return len(breaches)
}

// conclude holds the end against what clients were told, prints the figures, and
// returns errViolated when a promise was broken.
func (t *traffic) conclude(ctx context.Context, s *rest, out io.Writer) error {
	statuses, found, err := t.readAll(ctx)
	if err != nil {
		return err
	}
	book, err := t.Sandbox.Book(ctx)
	if err != nil {
		return err
	}
	money := map[string]int{}
	for _, entry := range rig.Payments(book) {
		money["in the book: "+entry.State]++
		if entry.Captures > 1 {
			money["in the book: taken more than once"]++
		}
	}
	t.tally.print(out)
	printCounts(out, statuses)
	printCounts(out, money)
	for _, c := range s.report.Checked {
		_, _ = fmt.Fprintf(out, "  %-46s %8d\n", "checked: "+c.What, c.N)
	}
	broken := s.print(out) + t.tally.of(countNever)
	for _, v := range append(t.history.Violations(), found...) {
		_, _ = fmt.Fprintf(out, "VIOLATION %s %s: %s\n", v.Rule, v.Bill, v.Detail)
		broken++
	}
	if broken > 0 {
		violated := fmt.Errorf("%w: %d violations, seed %d", errViolated, broken, t.seed)
		return errors.Join(violated, t.history.Save(filepath.Join(t.Dir, "history.json")))
	}
	_, _ = fmt.Fprintf(out, "OK: %d payments and %d other operations, 0 violations, seed %d\n", t.tally.of(countPayments), t.tally.of(countOther), t.seed)
	return nil
}

// readAll reads everything that was ever acknowledged: it counts the statuses of
// bills, and returns what of the rest is not as clients were told.
func (t *traffic) readAll(ctx context.Context) (map[string]int, []rig.Violation, error) {
	statuses, each := map[string]int{}, map[string]string{}
	for ids := range slices.Chunk(t.history.Bills(), 100) {
		bills, err := t.apis[0].Bills(ctx, t.keys.Secret, ids)
		if err != nil {
			return nil, nil, fmt.Errorf("read the acknowledged bills: %w", err)
		}
		for at, bill := range bills {
			t.history.Final(ids[at], bill)
			if bill != nil {
				statuses["bills at last: "+bill.Status]++
				each[bill.ID] = bill.Status
			}
		}
	}
	found, periods, err := t.facts.judge(ctx, t.apis[0], t.keys.Secret, each)
	statuses["paid periods of subscriptions"] = periods
	return statuses, found, err
}
