package billing

import (
	"maps"
	"slices"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
)

// NextAction is what the payer of a bill has to do now: go to a page, or, when
// Redirect is nil, wait.
type NextAction struct {
	Redirect  *Redirect
	PollAfter time.Duration // how long to wait before reading the bill again
}

// Redirect is a provider's page.
type Redirect struct {
	URL     string
	Method  string      // GET, or POST with Fields as a form
	Fields  []FormField // by name
	Expires *time.Time  // nil: not told
}

// FormField is one hidden field of a form.
type FormField struct{ Name, Value string }

// pollAfter is what a payer without live updates waits: an opening or a
// fulfilment takes about a second.
const pollAfter = 2 * time.Second

// NextActionOf returns what the payer of b has to do at now, or nil when there
// is nothing: the bill is over, or waits for its merchant or for a new billPay.
// Attempts are b's own.
func NextActionOf(b *ent.Bill, attempts []*ent.Attempt, now time.Time) *NextAction {
	switch b.Status {
	case pay.BillPending:
	case pay.BillPaid:
		return &NextAction{PollAfter: pollAfter}
	case pay.BillAuthorized, pay.BillDone, pay.BillAmountMismatch, pay.BillFailed, pay.BillExpired, pay.BillCanceled, pay.BillRefunded:
		return nil
	}
	at := slices.IndexFunc(attempts, func(a *ent.Attempt) bool { return a.Current })
	if at < 0 {
		return nil
	}
	current := attempts[at]
	switch current.Status {
	case pay.AttemptActionRequired:
		return redirectTo(current, now)
	case pay.AttemptCreated, pay.AttemptSent, pay.AttemptUnknown:
		return &NextAction{PollAfter: pollAfter}
	case pay.AttemptAuthorized, pay.AttemptCaptured, pay.AttemptDeclined, pay.AttemptFailed, pay.AttemptVoided, pay.AttemptExpired:
		return nil
	}
	return nil
}

// redirectTo is the way to the attempt's page while that can be paid.
func redirectTo(a *ent.Attempt, now time.Time) *NextAction {
	if a.RedirectURL == nil || a.SessionEndsAt != nil && !now.Before(*a.SessionEndsAt) {
		return nil
	}
	page := &Redirect{URL: *a.RedirectURL, Method: "GET", Expires: a.SessionEndsAt}
	if a.RedirectMethod != nil {
		page.Method = *a.RedirectMethod
	}
	for _, name := range slices.Sorted(maps.Keys(a.RedirectFields)) {
		page.Fields = append(page.Fields, FormField{Name: name, Value: a.RedirectFields[name]})
	}
	return &NextAction{Redirect: page}
}
