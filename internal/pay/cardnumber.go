package pay

// HoldsCardNumber reports whether s contains what is very likely a card number:
// 13 to 19 digits, perhaps parted by single blanks or hyphens, that begin like
// one of the card schemes' numbers and pass the Luhn check. Other digits may
// stand before it and after it, as an expiry date does. Fields of free text
// refuse such input, so that a number typed into the wrong box is never stored.
func HoldsCardNumber(s string) bool {
	digits := make([]byte, 0, 32)
	groups := make([]int, 0, 8) // where each group of digits begins
	for at := 0; at <= len(s); at++ {
		switch {
		case isDigitAt(s, at):
			if !isDigitAt(s, at-1) {
				groups = append(groups, len(digits))
			}
			digits = append(digits, s[at]-'0')
		case len(digits) > 0 && at < len(s) && (s[at] == ' ' || s[at] == '-') && isDigitAt(s, at+1):
		default:
			if isCardNumber(digits) || isCardNumberAmong(digits, groups) {
				return true
			}
			digits, groups = digits[:0], groups[:0]
		}
	}
	return false
}

func isDigitAt(s string, at int) bool {
	return at >= 0 && at < len(s) && s[at] >= '0' && s[at] <= '9'
}

// isCardNumberAmong reports whether some of the groups, one after the other, are
// a card number. Groups of one and two digits are no part of one here: they are
// days, months and numbers of a list.
func isCardNumberAmong(digits []byte, groups []int) bool {
	const least = 3
	for first, from := range groups {
		for last := first; last < len(groups); last++ {
			to := len(digits)
			if last+1 < len(groups) {
				to = groups[last+1]
			}
			if to-groups[last] < least || to-from > 19 {
				break
			}
			if isCardNumber(digits[from:to]) {
				return true
			}
		}
	}
	return false
}

func isCardNumber(digits []byte) bool {
	if len(digits) < 13 || len(digits) > 19 {
		return false
	}
	switch two := int(digits[0])*10 + int(digits[1]); {
	case digits[0] == 4 && (len(digits) == 13 || len(digits) == 16 || len(digits) == 19): // Visa
	case two >= 51 && two <= 55 && len(digits) == 16: // Mastercard
	case two >= 22 && two <= 27 && len(digits) == 16: // Mastercard's second range, and Mir
	case (two == 34 || two == 37) && len(digits) == 15: // American Express
	case two == 62 || two == 35 || two == 36 || two == 50 || two >= 56 && two <= 69: // UnionPay, JCB, Diners, Maestro, Discover
	default:
		return false
	}
	sum := 0
	for at := range digits {
		digit := int(digits[len(digits)-1-at])
		if at%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return sum%10 == 0
}
