package points

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// want is what must be true of a flow when all has come to rest.
type want struct {
	bill         string   // "": the flow makes none
	status       string   // of the bill
	entitlements int      // that the bill granted
	taken        []int64  // what the provider's book has as taken, of each order, rising
	returned     []int64  // and as given back
	reviews      []string // reason, and resolution when it is ended, of each case

	more int64                                               // bills beside that one
	also func(ctx context.Context) (wrong string, err error) // nil: nothing else has to be true
}

// bills is how many bills there must be in all.
func (w want) bills() int64 {
	if w.bill == "" {
		return w.more
	}
	return 1 + w.more
}

// missing says what of w is not true yet; "" when nothing.
func (v *visit) missing(ctx context.Context, w want) (string, error) {
	if w.bill != "" {
		bills, err := v.api.Bills(ctx, v.keys.Secret, []string{w.bill})
		switch {
		case err != nil:
			return "", err
		case bills[0] == nil:
			return "the bill is not there", nil
		case bills[0].Status != w.status:
			return fmt.Sprintf("the bill is %s, want %s", bills[0].Status, w.status), nil
		case len(bills[0].Entitlements) != w.entitlements:
			return fmt.Sprintf("the bill granted %d entitlements, want %d", len(bills[0].Entitlements), w.entitlements), nil
		}
	}
	if w.also != nil {
		if wrong, err := w.also(ctx); wrong != "" || err != nil {
			return wrong, err
		}
	}
	cases, err := v.reviews(ctx)
	if err != nil {
		return "", err
	}
	reviews := make([]string, len(cases))
	for at, r := range cases {
		reviews[at] = strings.TrimSpace(r.Reason + " " + r.Resolution)
	}
	slices.Sort(reviews)
	if !slices.Equal(reviews, w.reviews) {
		return fmt.Sprintf("review cases %v, want %v", reviews, w.reviews), nil
	}
	book, err := v.sandbox.Book(ctx)
	if err != nil {
		return "", err
	}
	if wrong := judgeReturned(book, w.returned); wrong != "" {
		return wrong, nil
	}
	return judgeBook(book, w.taken), nil
}

// judgeReturned holds the provider's book against what should have been given back.
func judgeReturned(book []rig.Capture, want []int64) string {
	returned := []int64{}
	for _, entry := range rig.Payments(book) {
		if entry.RefundedMinor > 0 {
			returned = append(returned, entry.RefundedMinor)
		}
	}
	slices.Sort(returned)
	if !slices.Equal(returned, want) {
		return fmt.Sprintf("the provider gave back %v, want %v", returned, want)
	}
	return ""
}

// judgeBook holds the provider's book against what should have been taken.
func judgeBook(book []rig.Capture, want []int64) string {
	taken := []int64{}
	for _, entry := range rig.Payments(book) {
		if entry.Captures > 1 {
			return fmt.Sprintf("the money of order %s was taken %d times", entry.OrderRef, entry.Captures)
		}
		if entry.CapturedMinor > 0 {
			taken = append(taken, entry.CapturedMinor)
		}
	}
	slices.Sort(taken)
	if !slices.Equal(taken, want) {
		return fmt.Sprintf("the provider took %v, want %v", taken, want)
	}
	if held := heldIn(book); len(held) > 0 {
		return fmt.Sprintf("the provider still holds money for %v", held)
	}
	return ""
}

// heldIn lists the orders that money is held for and not taken.
func heldIn(book []rig.Capture) []string {
	var orders []string
	for _, entry := range book {
		if entry.State == "Authorized" {
			orders = append(orders, entry.OrderRef)
		}
	}
	return orders
}

// rest waits until w is true and the check finds nothing, and returns what still
// was not so at the limit; nil when all was.
func (v *visit) rest(ctx context.Context, w want, limit time.Duration, check func(ctx context.Context) (*rig.Report, error)) ([]string, error) {
	end := time.Now().Add(limit)
	for wait := 200 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		var wrong []string
		missing, err := v.missing(ctx, w)
		switch {
		case err != nil && isLost(err):
			wrong = append(wrong, "the program does not answer: "+err.Error())
		case err != nil:
			return nil, err
		case missing != "":
			wrong = append(wrong, missing)
		}
		if late := time.Now().After(end); late || len(wrong) == 0 {
			report, err := check(ctx)
			if err != nil {
				return nil, err
			}
			wrong = append(wrong, breaches(report)...)
			if n := report.Count("bills"); n != w.bills() {
				wrong = append(wrong, fmt.Sprintf("there are %d bills, want %d", n, w.bills()))
			}
			if late || len(wrong) == 0 {
				return wrong, nil
			}
		}
		if pause(ctx, wait); ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
}

// breaches lists what a check found, a line each.
func breaches(r *rig.Report) []string {
	lines := make([]string, len(r.Breaches))
	for at, b := range r.Breaches {
		lines[at] = fmt.Sprintf("%s %v: %s", b.Invariant, b.Objects, b.Detail)
	}
	return lines
}
