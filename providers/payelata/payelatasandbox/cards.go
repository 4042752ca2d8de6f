package payelatasandbox

import (
	"regexp"
	"strings"
)

// Resolutions that the code itself names; the others stand in refusals.
const (
	resolutionOK          = "ok"
	resolution3DS         = "auth_3ds_required"
	resolutionCanceled    = "client_auth_failed"
	resolutionDeclined    = "declined"
	resolutionFunds       = "insufficient_funds"
	resolutionInvalidCard = "invalid_card"
	resolutionCardStatus  = "invalid_card_status"
	resolutionCardExpired = "card_expired"
	resolutionOther       = "general_fatal_error"
)

// Expiry dates with a meaning, as MMYY.
const (
	expiryPending = "0777" // on a successful card: the bank never answers
	expiryFunds   = "0529" // on a failing card: insufficient_funds
	expiryPlain   = "1230" // no meaning
)

// testCard is a card of the platform's test connector (paycoreio/docs,
// connectors/test/test-card-numbers). Any CVV goes with it.
type testCard struct {
	pan     string
	brand   string
	issuer  string
	threeDS bool
	fails   bool // with the resolution of its expiry date
}

func testCards() []testCard {
	return []testCard{
		{pan: "5519283812030000", brand: "mastercard", issuer: "SANDBOX BANK"},
		{pan: "5123817234060000", brand: "mastercard", issuer: "FIRST DATA CORPORATION", threeDS: true},
		{pan: "4302912837020000", brand: "visa", issuer: "SANDBOX BANK", fails: true},
		{pan: "4412397212080000", brand: "visa", issuer: "SANDBOX BANK", threeDS: true, fails: true},
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

// cardByMask finds the card of an invoice or of a token: no two masks are alike.
func cardByMask(mask string) testCard {
	for _, c := range testCards() {
		if maskPAN(c.pan) == mask {
			return c
		}
	}
	return testCard{}
}

// refusals are the resolutions of the failing cards by expiry date, MMYY.
func refusals() map[string]string {
	return map[string]string{
		"0856": "access_denied", "0755": "error", "0654": "provider_error", "0553": "unknown",
		"0452": "duplicated_transaction", "0351": "auth_fatal_error", "0250": "unable_to_determine_3ds_enrolment",
		"0149": "card_is_3ds_enrolled", "1248": "card_is_not_3ds_enrolled", "1147": "issuer_decline",
		"1046": "client_auth_failed", "0945": "provider_fatal_error", "0844": "invalid_details", "0743": "invalid_pin",
		"0642": "antifraud_error", "0541": "invalid_card", "0440": "fatal_error", "0339": "unable_to_reconcile",
		"0238": "invalid_amount", "0137": "limit_violation", "1236": "functionality_is_not_permitted",
		"1135": "invalid_request", "1034": "lost_or_stolen_card", "0933": "declined", "0832": "invalid_otp",
		"0731": "invalid_3ds_code", "0630": "invalid_card_status", expiryFunds: resolutionFunds, "0428": "card_expired",
		"0327": "invalid_cvv", "0226": "invalid_pan", "0125": "invalid_credentials",
	}
}

// verdict is what the bank says of the card with an expiry date. The calendar is
// ignored: some of the dates with a meaning have passed.
func (c testCard) verdict(expiry string) string {
	if !c.fails {
		return resolutionOK
	}
	if resolution, ok := refusals()[expiry]; ok {
		return resolution
	}
	return resolutionOther
}

// maskPAN is PayElata's form of a card's name, 512381******0000.
func maskPAN(pan string) string {
	if len(pan) < 10 {
		return ""
	}
	return pan[:6] + strings.Repeat("*", len(pan)-10) + pan[len(pan)-4:]
}

// shownCard is what is kept of a card and shown in payload.payment_card.
type shownCard struct {
	Mask   string `json:"mask"`
	Holder string `json:"holder"`
	Month  string `json:"month"` // "12"
	Year   string `json:"year"`  // "30"
}

// cardForm is what the payer typed. It lives as long as the request.
type cardForm struct{ pan, expiry, cvv, holder string }

var (
	separators    = regexp.MustCompile(`[\s-]+`)
	expiryPattern = regexp.MustCompile(`^(0[1-9]|1[0-2]) ?/? ?(?:20)?(\d{2})$`)
	cvvPattern    = regexp.MustCompile(`^\d{3,4}$`)
	holderPattern = regexp.MustCompile(`^[\p{L}][\p{L} .'-]{1,60}$`)
)

// The form's fields.
const (
	fieldNumber = "card_number"
	fieldExpiry = "expiry"
	fieldCVV    = "cvv"
	fieldHolder = "card_holder"
)

// check finds the card and what is wrong with the form, by field. A number that
// is no test card is refused here, so that a real one goes no further than this.
func (f cardForm) check() (testCard, map[string]string) {
	wrong := map[string]string{}
	card, known := findCard(f.pan)
	if !known {
		wrong[fieldNumber] = "Only the test cards listed below are taken here."
	}
	if f.mmyy() == "" {
		wrong[fieldExpiry] = "Month and year, as 12/30."
	}
	if !cvvPattern.MatchString(f.cvv) {
		wrong[fieldCVV] = "Three or four digits."
	}
	if !holderPattern.MatchString(strings.TrimSpace(f.holder)) {
		wrong[fieldHolder] = "The name on the card, in letters."
	}
	return card, wrong
}

// mmyy is the expiry date as four digits, or "".
func (f cardForm) mmyy() string {
	part := expiryPattern.FindStringSubmatch(strings.TrimSpace(f.expiry))
	if part == nil {
		return ""
	}
	return part[1] + part[2]
}

// shown is what is kept of a form that was checked.
func (f cardForm) shown() shownCard {
	date := f.mmyy()
	return shownCard{Mask: maskPAN(f.pan), Holder: strings.TrimSpace(f.holder), Month: date[:2], Year: date[2:]}
}
