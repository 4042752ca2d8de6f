package bisyssandbox

import (
	"regexp"
	"strings"
)

// When a test card's bank asks for 3-D Secure though the card is saved. Which
// cards do is our choice: the seed says only that some payments must.
const (
	asksNever    = iota
	asksAtOnce   // the creation says so, and each status
	asksAtStatus // the creation answers as usual, each status says so
)

// The only answers that the test cards' banks know (seed, "Тестовые карты").
const (
	securePassword = "12345678"
	goodCode       = "123" // any other code of three digits is RC=05
)

// testCard is a card of the demo zone. Its date has passed and is taken all the
// same: the calendar is not looked at, but no other date will do.
type testCard struct {
	pan        string
	date       string // MM/YY
	scheme     string // cardType of a list
	brand      string // on the form
	plain      bool   // the form asks for no 3-D Secure
	asksCharge int
	says       string // key of the form's explanation
}

// testCards lists the seed's six, and the older demo card of a sibling.
func testCards() []testCard {
	return []testCard{
		{pan: "4111111111111111", date: "12/24", scheme: "visa", brand: "Visa", says: "3ds"},
		{pan: "5479270000000000", date: "03/22", scheme: "master_card", brand: "Mastercard", asksCharge: asksAtOnce, says: "3ds-charge"},
		{pan: "6011000000000004", date: "12/24", scheme: "maestro", brand: "Maestro", says: "3ds"},
		{pan: "2201382000000013", date: "12/24", scheme: "mir", brand: "Мир", says: "3ds"},
		{pan: "2201382000000062", date: "12/24", scheme: "mir", brand: "Мир", asksCharge: asksAtStatus, says: "3ds-status"},
		{pan: "2201382000000039", date: "12/24", scheme: "mir", brand: "Мир", says: "3ds"},
		{pan: "4000000000000002", date: "01/21", scheme: "visa", brand: "Visa", plain: true, says: "plain"},
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

// cardByMask finds the card of which only the mask is kept; no two share one.
func cardByMask(mask string) testCard {
	for _, c := range testCards() {
		if maskPAN(c.pan) == mask {
			return c
		}
	}
	return testCard{scheme: "undefined"}
}

// maskPAN is bisys' form of a card's number, 400000******0002.
func maskPAN(pan string) string {
	if len(pan) < 10 {
		return ""
	}
	return pan[:6] + "******" + pan[len(pan)-4:]
}

var (
	datePattern   = regexp.MustCompile(`^(\d{1,2})[ /]*(?:20)?(\d{2})$`)
	holderPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z .'-]+$`)
	codePattern   = regexp.MustCompile(`^\d{3}$`)
	separators    = regexp.MustCompile(`[\s-]+`)
)

// cardForm is what the payer typed. It lives as long as the request.
type cardForm struct{ pan, exp, holder, secret string }

// check finds the card and the names of the fields that cannot be right. The
// payment is not touched by them. A number that is no test card ends here, so
// that a real one goes no further.
func (f cardForm) check() (testCard, []string) {
	var wrong []string
	known, ok := findCard(separators.ReplaceAllString(f.pan, ""))
	if !ok {
		wrong = append(wrong, "pan")
	}
	date := monthYear(f.exp)
	if date == "" || ok && date != known.date {
		wrong = append(wrong, "exp")
	}
	if !holderPattern.MatchString(strings.TrimSpace(f.holder)) {
		wrong = append(wrong, "holder")
	}
	if !codePattern.MatchString(f.secret) {
		wrong = append(wrong, "secret")
	}
	return known, wrong
}

// monthYear reads "MM YY", with or without a stroke, as MM/YY.
func monthYear(s string) string {
	part := datePattern.FindStringSubmatch(strings.TrimSpace(s))
	if part == nil {
		return ""
	}
	return strings.Repeat("0", 2-len(part[1])) + part[1] + "/" + part[2]
}
