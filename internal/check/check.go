// Package check proves that the database keeps the rules of money: it is what
// `paygraph check` runs. It owns the invariants (check.go lists them all) and a
// reader of the sandbox's book, the one truth that is not ours.
//
// It shares no code with what writes: raw SQL of its own, its own table of legal
// moves and its own client for the book, so that a mistake there is not repeated
// here. Of internal/pay it uses the ids, the clock and how money is written. It
// changes nothing.
//
// Each invariant is one statement, and so one snapshot: it may run beside a
// server that works, and the invariants beside each other. Start with Run and the
// list of invariants.
package check

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Options say what is checked.
type Options struct {
	Store   *store.Store // on Postgres opened with statement_timeout=0 when the database is large: a statement reads whole tables
	Sandbox string       // base URL of the sandbox whose book is compared; "": the book is skipped, and the report says so
	HTTP    *http.Client // asks for the book; nil: one with a time-out of its own
	Clock   pay.Clock    // says what is young enough to be pending; nil: the store's
	Strict  bool         // what is pending is a breach, and no job is due or leased: for a program at rest
}

// grace is how long after the last news about a watched attempt its money may
// still be on its way to us.
const grace = 60 * time.Second

// checker is the check of one invariant, and report its part of the report.
type checker struct {
	Options
	report *Report
}

// An invariant is one promise about the stored data.
type invariant struct {
	name  string
	check func(c *checker, ctx context.Context, name string) error
}

// invariants lists the promises in the order in which they are checked and
// reported. The names are stable: machines read them.
func invariants() []invariant {
	return []invariant{
		{"history.steps", (*checker).historySteps},
		{"history.current", (*checker).historyCurrent},
		{"outbox.complete", (*checker).outboxComplete},
		{"postings.balanced", (*checker).postingsBalanced},
		{"postings.account", (*checker).postingsAccount},
		{"wallets.balance", (*checker).walletsBalance},
		{"wallets.entries", (*checker).walletsEntries},
		{"entitlements.once", (*checker).entitlementsOnce},
		{"entitlements.paid", (*checker).entitlementsPaid},
		{"entitlements.complete", (*checker).entitlementsComplete},
		{"captures.posted", (*checker).capturesPosted},
		{"captures.settled", (*checker).capturesSettled},
		{"captures.amount", (*checker).capturesAmount},
		{"captures.single", (*checker).capturesSingle},
		{"bills.paid", (*checker).billsPaid},
		{"bills.held", (*checker).billsHeld},
		{"holds.known", (*checker).holdsKnown},
		{"attempts.current", (*checker).attemptsCurrent},
		{"operations.open", (*checker).operationsOpen},
		{"jobs.parked", (*checker).jobsParked},
		{"idempotency.once", (*checker).idempotencyOnce},
		{"captures.account", (*checker).capturesAccount},
		{"captures.unmatched", (*checker).capturesUnmatched},
		{"bills.mismatch", (*checker).billsMismatch},
		{"bills.refunded", (*checker).billsRefunded},
		{"bills.returned", (*checker).billsReturned},
		{"attempts.refunded", (*checker).attemptsRefunded},
		{"refunds.owner", (*checker).refundsOwner},
		{"refunds.posted", (*checker).refundsPosted},
		{"refunds.source", (*checker).refundsSource},
		{"refunds.sent", (*checker).refundsSent},
		{"refunds.out", (*checker).refundsOut},
		{"refunds.due", (*checker).refundsDue},
		{"refunds.keys", (*checker).refundsKeys},
		{"refunds.withheld", (*checker).refundsWithheld},
		{"refunds.revoked", (*checker).refundsRevoked},
		{"bills.fulfilled", (*checker).billsFulfilled},
		{"bills.expired", (*checker).billsExpired},
		{"attempts.owner", (*checker).attemptsOwner},
		{"attempts.state", (*checker).attemptsState},
		{"attempts.certain", (*checker).attemptsCertain},
		{"jobs.rest", (*checker).jobsRest},
		{"idempotency.objects", (*checker).idempotencyObjects},
		{"events.once", (*checker).eventsOnce},
		{"events.processed", (*checker).eventsProcessed},
		{"events.settled", (*checker).eventsSettled},
		{"reviews.once", (*checker).reviewsOnce},
		{"reviews.resolved", (*checker).reviewsResolved},
		{"reviews.owner", (*checker).reviewsOwner},
		{"reviews.carried", (*checker).reviewsCarried},
		{"attempts.wallet", (*checker).attemptsWallet},
		{"captures.wallet", (*checker).capturesWallet},
		{"topups.posted", (*checker).topUpsPosted},
		{"gifts.issued", (*checker).giftsIssued},
		{"gifts.codes", (*checker).giftsCodes},
		{"gifts.effect", (*checker).giftsEffect},
		{"periods.chain", (*checker).periodsChain},
		{"periods.paid", (*checker).periodsPaid},
		{"periods.complete", (*checker).periodsComplete},
		{"subscriptions.open", (*checker).subscriptionsOpen},
		{"subscriptions.state", (*checker).subscriptionsState},
		{"subscriptions.history", (*checker).subscriptionsHistory},
		{"subscriptions.access", (*checker).subscriptionsAccess},
		{"subscriptions.due", (*checker).subscriptionsDue},
		{"charges.tries", (*checker).chargesTries},
		{"charges.card", (*checker).chargesCard},
		{"cards.default", (*checker).cardsDefault},
		{"cards.mask", (*checker).cardsMask},
		{"registrations.card", (*checker).registrationsCard},
		{"registrations.history", (*checker).registrationsHistory},
		{"registrations.pending", (*checker).registrationsPending},
		{"mails.once", (*checker).mailsOnce},
		{"mails.queued", (*checker).mailsQueued},
		{"book.matched", (*checker).bookMatched},
	}
}

// Run checks every invariant and returns what it found. Breaches are in the
// report; an error means that the check itself could not be done. Run only reads
// and may be repeated.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Store == nil {
		return nil, errors.New("check: no database was given")
	}
	if o.Clock == nil {
		o.Clock = o.Store.Clock()
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: bookTimeout}
	}
	counts := &checker{Options: o, report: &Report{}}
	if err := counts.count(ctx); err != nil {
		return nil, fmt.Errorf("count what there is to check: %w", err)
	}
	parts, err := runAll(ctx, o)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		counts.report.append(part)
	}
	return counts.report, nil
}

// sideBySide is how many invariants are checked at a time.
const sideBySide = 2

// runAll checks every invariant and returns the reports in the order of the list.
// It begins at the end: the book is by far the longest, and a processor would wait
// for it if it came last.
func runAll(ctx context.Context, o Options) ([]*Report, error) {
	list := invariants()
	parts := make([]*Report, len(list))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sideBySide)
	for at, i := range slices.Backward(list) {
		parts[at] = &Report{}
		group.Go(func() error {
			c := &checker{Options: o, report: parts[at]}
			if err := i.check(c, ctx, i.name); err != nil {
				return fmt.Errorf("check %s: %w", i.name, err)
			}
			inOrder(c.report.Breaches)
			inOrder(c.report.Pending)
			return nil
		})
	}
	return parts, group.Wait()
}

// inOrder sorts findings by what they are about, so that two reports can be
// compared.
func inOrder(list []Breach) {
	slices.SortStableFunc(list, func(a, b Breach) int { return slices.Compare(a.Objects, b.Objects) })
}

// tables are the tables that are checked, as the report calls their rows.
func tables() [][2]string {
	return [][2]string{
		{"bills", "bills"},
		{"versions of bills", "bill_events"},
		{"outbox messages", "outbox_messages"},
		{"ledger entries", "ledger_entries"},
		{"wallets", "wallets"},
		{"entitlements", "entitlements"},
		{"attempts", "attempts"},
		{"operations", "operations"},
		{"refunds", "refunds"},
		{"review cases", "review_cases"},
		{"jobs", "jobs"},
		{"idempotency records", "idempotency_records"},
		{"provider events", "provider_events"},
		{"cards", "cards"},
		{"card registrations", "card_registrations"},
		{"subscriptions", "billing_subscriptions"},
		{"periods", "subscription_periods"},
		{"versions of objects", "object_events"},
		{"gifts", "gifts"},
		{"mails", "mails"},
	}
}

func (c *checker) count(ctx context.Context) error {
	for _, table := range tables() {
		err := c.each(ctx, `SELECT COUNT(*) FROM `+table[1], func(rows *sql.Rows) error {
			var n int64
			err := rows.Scan(&n)
			c.report.count(table[0], n)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// anyID is below every id, as SQL: what is compared with it is read by the index
// of its column, past the rows that name nothing there, which in a large table are
// most. Where a small table and a large one meet they are written small CROSS JOIN
// large: SQLite then reads them in that order.
const anyID = `'00000000-0000-0000-0000-000000000000'`

// each runs a query and calls f for every row, one at a time.
func (c *checker) each(ctx context.Context, query string, f func(rows *sql.Rows) error, args ...any) (err error) {
	rows, err := c.Store.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// wrongOfBill runs a query of what is wrong: the id of an object, its bill's and the
// words.
func wrongOfBill[I fmt.Stringer](ctx context.Context, c *checker, name, query string) error {
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id I
		var bill pay.BillID
		var wrong string
		if err := rows.Scan(&id, &bill, &wrong); err != nil {
			return err
		}
		c.report.breach(name, wrong, id.String(), bill.String())
		return nil
	})
}
