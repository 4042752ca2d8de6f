package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/billevent"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/check"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// judge says what does not hold at the end: by the invariants, and by what this
// world knows by itself.
func (w *world) judge() (*Result, error) {
	report, err := check.Run(w.ctx, check.Options{
		Store: w.store, Sandbox: sandboxURL, HTTP: w.control, Clock: w.clock, Strict: true,
	})
	if err != nil {
		return nil, fmt.Errorf("check the end: %w", err)
	}
	for _, b := range report.Breaches {
		w.breach("%s %s: %s", b.Invariant, w.withoutIDs(b.Objects), b.Detail)
	}
	all, err := w.store.Read().Bill.Query().Order(ent.Asc(bill.FieldID)).
		WithAttempts(func(q *ent.AttemptQuery) { q.Order(ent.Asc(attempt.FieldID)) }).
		WithReviews(func(q *ent.ReviewCaseQuery) { q.Order(ent.Asc(reviewcase.FieldID)) }).
		WithEvents(func(q *ent.BillEventQuery) { q.Order(ent.Asc(billevent.FieldVersion)) }).
		WithEntitlements().All(w.program())
	if err != nil {
		return nil, fmt.Errorf("read the end: %w", err)
	}
	bills := map[pay.BillID]*ent.Bill{}
	for _, b := range all {
		bills[b.ID] = b
		w.result.Reviews += len(b.Edges.Reviews)
		w.describe(b)
		w.judgeBill(b)
	}
	for _, c := range w.customers {
		c.judge(bills)
	}
	w.judgeBook(all)
	if err := w.judgeMembers(); err != nil {
		return nil, err
	}
	w.result.Hash = w.trace.hash()
	if len(w.result.Breaches) > 0 {
		w.result.Tail = w.trace.tail
	}
	return w.result, nil
}

// judgeRecovery says what is still in doubt shortly after the faults stopped: the
// first answer has everything asked about again. A process that is down just then
// has not begun to, and a case IN_DOUBT is a person's.
func (w *world) judgeRecovery() error {
	if w.dead || w.failed != nil {
		return w.failed
	}
	doubted, err := w.store.Read().Attempt.Query().
		Where(attempt.StatusIn(pay.AttemptSent, pay.AttemptUnknown), attempt.DoubtSinceLT(w.clock.Now().Add(-recovery))).
		WithBill(func(q *ent.BillQuery) { q.WithReviews() }).
		Order(ent.Asc(attempt.FieldID)).All(w.program())
	if err != nil {
		return fmt.Errorf("look for doubt after the faults: %w", err)
	}
	for _, a := range doubted {
		if !hasCase(a.Edges.Bill, pay.ReviewInDoubt) {
			w.breach("%s is %s %s after the faults stopped", w.trace.name("order", a.OrderNumber), a.Status, recovery)
		}
	}
	return nil
}

// describe writes a bill's end into the trace.
func (w *world) describe(b *ent.Bill) {
	var text strings.Builder
	fmt.Fprintf(&text, "end of bill %s: %s %d of %d:", w.trace.name("bill", b.ID.String()), b.Status, b.PaidMinor, b.TotalMinor)
	for _, e := range b.Edges.Events {
		fmt.Fprintf(&text, " %s %s,", e.To, e.Reason)
	}
	for _, a := range b.Edges.Attempts {
		fmt.Fprintf(&text, " %s %s %s %d,", w.trace.name("order", a.OrderNumber), a.Account, a.Status, a.CapturedMinor)
	}
	for _, r := range b.Edges.Reviews {
		fmt.Fprintf(&text, " review %s %t,", r.Reason, r.ResolvedAt == nil)
	}
	fmt.Fprintf(&text, " %d entitlements", len(b.Edges.Entitlements))
	w.say("%s", text.String())
}

// judgeBill says what is wrong with a bill at rest, two days after all faults.
func (w *world) judgeBill(b *ent.Bill) {
	name := w.trace.name("bill", b.ID.String())
	now := w.clock.Now()
	if b.Status == pay.BillPending && now.After(b.ExpiresAt.Add(time.Hour)) {
		w.breach("bill %s is PENDING, and expired at %s", name, b.ExpiresAt)
	}
	if b.Status == pay.BillPaid && !hasCase(b, pay.ReviewFulfilmentFailed) {
		w.breach("bill %s is PAID, and nobody gives what it is for", name)
	}
	for _, a := range b.Edges.Attempts {
		order := w.trace.name("order", a.OrderNumber)
		switch {
		case a.Status == pay.AttemptUnknown && !hasCase(b, pay.ReviewInDoubt):
			w.breach("%s of bill %s is UNKNOWN, without a case IN_DOUBT", order, name)
		case a.Status == pay.AttemptCreated, a.Status == pay.AttemptSent:
			w.breach("%s of bill %s is %s still", order, name, a.Status)
		case a.Status == pay.AttemptActionRequired && now.After(a.WatchUntil.Add(time.Hour)):
			w.breach("%s of bill %s is ACTION_REQUIRED, and its watch ended at %s", order, name, a.WatchUntil)
		}
	}
}

// hasCase reports whether an open review case has one of the reasons; any, when
// none is named.
func hasCase(b *ent.Bill, reasons ...pay.ReviewReason) bool {
	return slices.ContainsFunc(b.Edges.Reviews, func(r *ent.ReviewCase) bool {
		return r.ResolvedAt == nil && (len(reasons) == 0 || slices.Contains(reasons, r.Reason))
	})
}

// judge compares what the customer was told with what is.
func (c *customer) judge(bills map[pay.BillID]*ent.Bill) {
	if c.bill.IsZero() {
		return
	}
	b := bills[c.bill]
	if b == nil {
		c.w.breach("bill %s was acknowledged, and is gone", c.w.trace.name("bill", c.bill.String()))
		return
	}
	name := c.w.trace.name("bill", b.ID.String())
	toldPaid := c.told == pay.BillPaid || c.told == pay.BillDone
	if toldPaid && b.Status != pay.BillDone && b.Status != pay.BillRefunded && !hasCase(b) {
		c.w.breach("the payer of bill %s was told %s, and it is %s without a review case", name, c.told, b.Status)
	}
	if b.Version < c.version {
		c.w.breach("the payer of bill %s saw version %d, and it is at %d", name, c.version, b.Version)
	}
}

// judgeBook compares the provider's own book with the bills: money of a bill is
// what its attempts took, each order once, and money beyond one payment has an
// open case.
func (w *world) judgeBook(bills []*ent.Bill) {
	const page = 1000
	taken := map[string]sandbox.Entry{}
	for after := int64(0); ; {
		entries := w.vendor.Book().After(after, page)
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			after = e.Seq
			if e.Captures > 0 && e.Kind != "verification" {
				taken[e.OrderRef] = e
			}
		}
	}
	w.result.Payments = len(taken)
	for _, b := range bills {
		name := w.trace.name("bill", b.ID.String())
		var times, sum int64
		for _, a := range b.Edges.Attempts {
			if a.WalletID != nil { // no provider took part
				sum += a.CapturedMinor
				if a.CapturedMinor > 0 {
					times++
				}
				continue
			}
			e, ok := taken[a.OrderNumber]
			if !ok {
				continue
			}
			delete(taken, a.OrderNumber)
			times += int64(e.Captures)
			sum += e.CapturedMinor
		}
		if sum != b.PaidMinor && !hasCase(b) {
			w.breach("the provider took %d for bill %s, which counts %d", sum, name, b.PaidMinor)
		}
		if times > 1 && !hasCase(b) {
			w.breach("the provider took money %d times for bill %s, without a review case", times, name)
		}
	}
	left := make([]sandbox.Entry, 0, len(taken))
	for _, e := range taken {
		left = append(left, e)
	}
	slices.SortFunc(left, func(a, b sandbox.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, e := range left {
		w.breach("the provider took %d for %s, which belongs to no bill", e.CapturedMinor, w.trace.name("order", e.OrderRef))
	}
}

// withoutIDs writes the objects of a finding by their numbers, where they have
// some.
func (w *world) withoutIDs(objects []string) string {
	words := make([]string, len(objects))
	for at, o := range objects {
		switch {
		case strings.HasPrefix(o, "bill_"):
			words[at] = w.trace.name("bill", o)
		case len(o) == 26:
			words[at] = w.trace.name("order", o)
		case strings.HasPrefix(o, "att_"):
			words[at] = w.trace.name("order", strings.TrimPrefix(o, "att_"))
		default:
			kind, _, _ := strings.Cut(o, "_")
			words[at] = kind
		}
	}
	return strings.Join(words, " ")
}

// firstLine is the part of a text that a line of the trace has room for.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
