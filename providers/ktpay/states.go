package ktpay

import (
	"strings"
	"unicode"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// state is a transaction's status at KTPay.
type state string

// The states (KTWidget docs, statuses of a transaction). Only the last three are
// final, and only those are notified.
const (
	statePending    state = "pending"    // the payer has typed in no card yet
	stateAuthorized state = "authorized" // the money is held; KTPay goes on by itself
	stateSuccess    state = "success"    // it went well, the clearing is not over
	stateCompleted  state = "completed"  // cleared
	stateError      state = "error"      // it broke
	stateDenied     state = "denied"     // refused by the acquirer, the service or KTPay
)

// stateOf reads a state's word, whatever its case. A word that is not known stays
// as it is, written so that it can be part of a key; "" says that there is none.
func stateOf(raw string) state {
	const longest = 40
	word := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' {
			return r
		}
		return '_'
	}, strings.ToLower(strings.TrimSpace(raw)))
	if runes := []rune(word); len(runes) > longest {
		word = string(runes[:longest])
	}
	return state(word)
}

// judge turns a state into a Result. What is made of three of them is our choice:
//
//   - authorized: the money is held, and it is KTPay who captures it; a hold that
//     we could not capture must not look like one that waits for us. Pending.
//   - success: the payment went well, what is left is the bank's bookkeeping. Captured.
//   - a word that we do not know is never money and never an end. Pending.
//
// It returns an error when money is told and its amount cannot be read.
func (n notification) judge() (providers.Result, error) {
	known := stateOf(n.Status.Status)
	result := providers.Result{Status: providers.Pending, ProviderRef: n.Hash, RawStatus: string(known), At: timeOf(n.Status.CreatedAt)}
	switch known {
	case stateSuccess, stateCompleted:
		amount, err := readAmount(n.Amount)
		if err != nil {
			return providers.Result{}, err
		}
		result.Status, result.Captured, result.Authorized = providers.Captured, amount, pay.Of(0, pay.KZT)
	case stateError, stateDenied:
		kind, text := n.Status.problem()
		result.Status, result.SessionOver, result.Decline = providers.Declined, true, declineOf(kind, text)
		if shown := shownText(text); shown != "" {
			result.RawStatus += ": " + shown
		}
	case statePending, stateAuthorized:
	}
	return result, nil
}

// isKnown reports whether the state is one of the documented.
func (s state) isKnown() bool {
	switch s {
	case statePending, stateAuthorized, stateSuccess, stateCompleted, stateError, stateDenied:
		return true
	}
	return false
}

// shownText is KTPay's text of an error as support may read it: one line, and
// nothing that has the digits of a card's number.
func shownText(text string) string {
	const (
		longest   = 120
		cardsHave = 12 // digits at least
	)
	digits := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
	if len([]rune(digits)) >= cardsHave {
		return ""
	}
	return wire.OneLine(text, longest)
}
