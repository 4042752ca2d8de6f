package pay

// HoldsCardNumber reports whether s contains what is very likely a card number:
// 13 to 19 digits, perhaps parted by single blanks or hyphens, that begin like
// one of the card schemes' numbers and pass the Luhn check. Fields of free text
// refuse such input, so that a number typed into the wrong box is never stored.
func HoldsCardNumber(s string) bool {
	digits := make([]byte, 0, 32)
	for at := 0; at <= len(s); at++ {
		switch {
		case at < len(s) && s[at] >= '0' && s[at] <= '9':
			digits = append(digits, s[at]-'0')
		case at < len(s) && (s[at] == ' ' || s[at] == '-') && len(digits) > 0 && at+1 < len(s) && s[at+1] >= '0' && s[at+1] <= '9':
		default:
			if isCardNumber(digits) {
				return true
			}
			digits = digits[:0]
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
