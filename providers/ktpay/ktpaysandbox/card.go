package ktpaysandbox

import (
	"regexp"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// testCard is a card that the sandbox takes; see the package comment.
type testCard struct {
	pan     string
	asks3DS bool
	code    string        // the acquirer's answer; "" is yes
	again   bool          // the code blames the card's data: the payer may type it again
	state   State         // of the transaction when code ends it
	kind    string        // the error type then
	silent  time.Duration // before the bank answers
	says    string        // key of the page's explanation
}

func testCards() []testCard {
	return []testCard{
		{pan: "4111111111111111", says: "ok"},
		{pan: "5555555555554444", says: "ok"},
		{pan: "4000002500003155", asks3DS: true, says: "3ds"},
		{pan: "4000008400001629", asks3DS: true, code: "05", state: StateError, kind: errorPayment, says: "3ds-declined"},
		{pan: "4000000000000002", code: "05", state: StateError, kind: errorPayment, says: "declined"},
		{pan: "4000000000009995", code: "51", state: StateError, kind: errorPayment, says: "funds"},
		{pan: "4000000000009979", code: "43", state: StateDenied, kind: errorPayment, says: "blocked"},
		{pan: "4000000000000069", code: "54", again: true, state: StateError, kind: errorInput, says: "expired"},
		{pan: "4000000000000119", code: "91", silent: 40 * time.Second, state: StateError, kind: errorSystem, says: "silent"},
	}
}

func findCard(pan string) (testCard, bool) {
	for _, c := range testCards() {
		if c.pan == pan {
			return c, true
		}
	}
	return testCard{}, false
}

// outcomeOf is what a code does, whichever card brought it.
func outcomeOf(code string) testCard {
	for _, c := range testCards() {
		if c.code == code {
			return c
		}
	}
	return testCard{code: code, state: StateError, kind: errorPayment}
}

// The codes that the payer makes and no card has.
const (
	codeDeclined    = "05"
	codeNot3DSecure = "19" // wrong 3-D Secure: the payer said no at the bank
)

// explain is a code in the words of a notification.
func explain(code string) string {
	words := map[string]string{
		"05": "KKB rejected payment", "19": "KKB rejected payment: 3-D Secure was not passed",
		"43": "KKB rejected payment: the card is blocked", "51": "KKB rejected payment: insufficient funds",
		"54": "The card has expired", "91": "The issuer is unavailable",
	}
	return words[code] + " (" + code + ")"
}

func mask(pan string) string { return pan[:6] + "******" + pan[len(pan)-4:] }

// cardForm is what the payer typed. It lives as long as the request.
type cardForm struct{ pan, date, cvc, holder string }

var (
	cvcPattern    = regexp.MustCompile(`^\d{3}$`)
	holderPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z .'-]{2,}$`)
)

// The form's own names of its fields.
const (
	fieldPAN    = "pan"
	fieldDate   = "expiry"
	fieldCVC    = "cvc"
	fieldHolder = "holder"
)

// check finds the card and the fields that cannot be right. A number that is
// no test card is refused here, so that a real one goes no further than this.
func (f cardForm) check(now time.Time) (testCard, []string) {
	var wrong []string
	card, known := findCard(f.pan)
	if !known {
		wrong = append(wrong, fieldPAN)
	}
	if !sandbox.IsCardAhead(f.date, now) {
		wrong = append(wrong, fieldDate)
	}
	if !cvcPattern.MatchString(f.cvc) {
		wrong = append(wrong, fieldCVC)
	}
	if !holderPattern.MatchString(f.holder) {
		wrong = append(wrong, fieldHolder)
	}
	return card, wrong
}
