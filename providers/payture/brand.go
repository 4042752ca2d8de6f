package payture

import "strconv"

// brandOf tells a card's brand from the first digits of its mask, by the ranges
// that ISO/IEC 7812 registrants publish; "" when they are hidden or of none of
// the brands that are met here. Payture itself does not name brands.
func brandOf(mask string) string {
	const digits = 4
	if len(mask) < digits {
		return ""
	}
	first, err := strconv.Atoi(mask[:digits])
	if err != nil {
		return ""
	}
	switch two := first / 100; {
	case first >= 2200 && first <= 2204:
		return "mir"
	case first >= 2221 && first <= 2720, two >= 51 && two <= 55:
		return "mastercard"
	case first >= 3528 && first <= 3589:
		return "jcb"
	case two == 34, two == 37:
		return "amex"
	case two == 36, two == 38, two == 39, first >= 3000 && first <= 3059:
		return "diners"
	case two/10 == 4:
		return "visa"
	case two == 62, two == 81:
		return "unionpay"
	case two == 50, two >= 56 && two <= 69:
		return "maestro"
	}
	return ""
}
