package payturesandbox

import (
	"regexp"
	"strings"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// testCard is a card of Payture's test environment (docs, test-cards, and the
// 2019 recordings for those that the page no longer shows).
type testCard struct {
	pan         string
	cvc         string // the one that works; "" means 123
	cvcOptional bool
	expired     bool // its own date, 09/11, has passed
	threeDS     bool
	tryFails    Code  // Pay or Block is refused
	failsAbove  int64 // tryFails strikes above this many kopecks only
	addable     bool  // tryFails spares eWallet's Add, so that a saved card can be refused later
	cvcAlways   bool  // its bank refuses a charge without CVC: NoCVV="false" in GetList
	wants3DS    bool  // its bank refuses a recurring charge, which has no 3-D Secure
	chargeFails Code
	unblockFail Code
	refundFails Code
	slow        string // the step that takes 40 s: block, charge, unblock, refund
	says        string // key of the page's explanation
	saysSaved   string // the same where a card is saved, if it differs
}

func testCards() []testCard {
	return []testCard{
		{pan: "4111111111111112", cvcOptional: true, says: "ok"},
		{pan: "4011111111111112", cvcOptional: true, says: "ok"},
		{pan: "5218851946955484", cvcOptional: true, says: "ok"},
		{pan: "4111111111100031", cvcOptional: true, says: "ok"},
		{pan: "4111111111100023", cvcAlways: true, says: "ok-cvc", saysSaved: "cvc-later"},
		{pan: "4111111111111111", threeDS: true, says: "3ds"},
		{pan: "5486732058864471", threeDS: true, wants3DS: true, says: "3ds", saysSaved: "3ds-later"},
		{pan: "2202208311110010", threeDS: true, says: "3ds"},
		{pan: "2202201111110010", threeDS: true, says: "3ds"},
		{pan: "6390028880000000010", threeDS: true, says: "3ds"},
		{pan: "6390020000000000010", threeDS: true, says: "3ds"},
		{pan: "676280000000000011", threeDS: true, says: "3ds"},
		{pan: "676280651854600010", threeDS: true, says: "3ds"},
		{pan: "4111111111111114", threeDS: true, tryFails: CodeThreeDSFail, says: "3ds-fail"},
		{pan: "4111111111111115", threeDS: true, tryFails: CodeThreeDSFail, says: "3ds-fail"},
		{pan: "3300000000000001", cvc: "521", tryFails: CodeAmountExceed, says: "funds"},
		{pan: "4111101000000046", tryFails: CodeAmountExceed, failsAbove: 10_000, says: "funds-100"},
		{pan: "4400000000000008", cvc: "521", expired: true, tryFails: CodeWrongExpireDate, says: "expiry"},
		{pan: "5500000000000004", cvc: "521", tryFails: CodeIssuerBlockedCard, says: "blocked"},
		{pan: "4111111111100072", tryFails: CodeIssuerBlockedCard, addable: true, says: "blocked", saysSaved: "blocked-later"},
		{pan: "6600000000000001", cvc: "374", tryFails: CodeIssuerCardFail, says: "issuer"},
		{pan: "4111111111100080", tryFails: CodeIssuerCardFail, addable: true, says: "issuer", saysSaved: "issuer-later"},
		{pan: "4111111111100056", tryFails: CodeProcessingError, addable: true, says: "processing", saysSaved: "processing-later"},
		{pan: "4111111111100221", chargeFails: CodeProcessingError, says: "charge-fail"},
		{pan: "4111111111100627", unblockFail: CodeProcessingError, says: "unblock-fail"},
		{pan: "4111111111102029", refundFails: CodeProcessingError, says: "refund-fail"},
		{pan: "4100401111100062", slow: "block", says: "slow-block"},
		{pan: "4100401111100328", slow: "charge", says: "slow-charge"},
		{pan: "4100401111100724", slow: "unblock", says: "slow-unblock"},
		{pan: "4100401111103025", slow: "refund", says: "slow-refund"},
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

// cardByMask finds the card of an order or of a customer, of which only the
// mask is kept. Where two cards have one mask, they behave alike.
func cardByMask(mask string) testCard {
	for _, c := range testCards() {
		if maskPAN(c.pan) == mask {
			return c
		}
	}
	return testCard{}
}

func (c testCard) code() string {
	if c.cvc == "" {
		return "123"
	}
	return c.cvc
}

// date is an expiry date that works for the card, as the page takes it.
func (c testCard) date(now time.Time) string {
	if c.expired {
		return "09/11"
	}
	return "12/" + now.AddDate(3, 0, 0).Format("06")
}

// maskPAN is Payture's form of a card's name, 411111xxxxxx1112.
func maskPAN(pan string) string {
	if len(pan) < 10 {
		return ""
	}
	return pan[:6] + strings.Repeat("x", len(pan)-10) + pan[len(pan)-4:]
}

// cardForm is what the payer typed. It lives as long as the request.
type cardForm struct {
	pan, date, cvc, holder string

	saved bool // it is the customer's saved card, and only cvc was typed
}

// cardFault is a field of the form that cannot be right, and its code. No
// attempt is used up by it.
type cardFault struct {
	field string // the form's own name for it
	code  Code
}

var (
	holderPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z .'-]*$`)
	digits        = regexp.MustCompile(`^\d{3}$`)
)

// check finds the card and everything wrong with the form. A number that is no
// test card is refused here, so that a real one goes no further than this.
func (f cardForm) check(now time.Time) (testCard, []cardFault) {
	var wrong []cardFault
	card, known := findCard(f.pan)
	if !known {
		wrong = append(wrong, cardFault{"CardNumber", CodeWrongCardPAN})
	}
	if !card.expired && !sandbox.IsCardAhead(f.date, now) || card.expired && sandbox.MonthYear(f.date) == "" {
		wrong = append(wrong, cardFault{"DateTo", CodeWrongExpireDate})
	}
	if !digits.MatchString(f.cvc) && (f.cvc != "" || !card.cvcOptional) {
		wrong = append(wrong, cardFault{"SecureCode", CodeWrongCVV})
	}
	letters := 0
	for _, c := range f.holder {
		if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			letters++
		}
	}
	if letters < 3 || !holderPattern.MatchString(f.holder) {
		wrong = append(wrong, cardFault{"CardHolder", CodeWrongCardholder})
	}
	return card, wrong
}

// refusal is why the bank refuses amount kopecks on the card, or "". adding
// is eWallet's check of a card.
func (c testCard) refusal(f cardForm, amount int64, adding bool) Code {
	spared := adding && c.addable
	switch {
	case c.tryFails != "" && amount > c.failsAbove && !spared:
		return c.tryFails
	case f.cvc != "" && f.cvc != c.code():
		return CodeWrongCVV
	}
	return ""
}
